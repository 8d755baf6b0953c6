"""Who answers an order's questions: advisors by name behind a supervisor, or an earlier run.

`A` is one advisor, `A,B` two: the second is asked where the first fails or is slow. The controls
that advice is measured against are built here; the others in `runtime.advisors`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from steersman.advisor.base import Advisor, AnswerSource
from steersman.advisor.controls import (
    EarlierContext,
    KeywordAdvisor,
    NeutralAdvisor,
    OracleAdvisor,
    RandomAdvisor,
    ShuffledAdvisor,
)
from steersman.advisor.latency import Latency, Measured
from steersman.advisor.recorded import RecordedAnswers
from steersman.advisor.rules import ReadingAdvisor, RulesAdvisor
from steersman.advisor.scripted import ScriptedAdvisor
from steersman.advisor.supervisor import Supervisor
from steersman.config import Settings
from steersman.domain.limits import SafetyLimits
from steersman.domain.units import MS_NS
from steersman.errors import ConfigError, DataError, UsageError
from steersman.journal import read
from steersman.runtime.advisors import LATENCY, LLM, Built, build_advisor, check_name
from steersman.runtime.oracle import Truth
from steersman.runtime.sibling import Sibling
from steersman.runtime.texts import parse_spread
from steersman.signals.lean import SignalRules
from steersman.venues.simulated import SimulatedVenue

__all__ = [
    "PLAIN_CONTROLS",
    "RECORDED",
    "Setting",
    "answers_for",
    "build",
    "check_advisors",
    "parse_answer_latency",
]

RECORDED: Final = "recorded:"
MEASURED: Final = "measured"
PLAIN_CONTROLS: Final = ("neutral", "random", "shuffled", "keyword")
WITH_VALUE: Final = ("oracle:", "scripted:", RECORDED)


@dataclass(frozen=True, slots=True)
class Setting:
    """What advisors are built for: the run's seed, limits and settings, its market to branch.

    `venue` is None where the future cannot be known: on a recording. `say` gets one line for
    anything a person should know. `sibling` makes another market of the same kind, where one can be
    made.
    """

    seed: int
    limits: SafetyLimits
    settings: Settings
    venue: SimulatedVenue | None
    say: Callable[[str], None]
    sibling: Callable[[], SimulatedVenue] | None = None

    @property
    def rules(self) -> SignalRules:
        """The thresholds of the rules."""
        return self.settings.signals()


def check_advisors(text: str) -> str:
    """Return the names of advisors that can be built; raise UsageError for any other."""
    names = text.split(",")
    alone = [name for name in names if name == "none" or name.startswith(RECORDED)]
    if len(names) > 2 or (len(names) == 2 and (alone or names[0] == names[1])):
        raise UsageError(
            f"{text[:60]!r} are not one advisor or two",
            "name one, or two such as embedded,keyword; none and a record stand alone",
        )
    for name in names:
        if name.startswith("oracle:"):
            _probability(name)
        elif name not in PLAIN_CONTROLS and not any(
            name.startswith(kind) and name != kind for kind in WITH_VALUE
        ):
            check_name(name)
    return text


def parse_answer_latency(text: str) -> tuple[float, float] | None:
    """Return median in ms and deviation of the logarithm of a text such as 250ms~0.4.

    None is what was `measured`. Raises UsageError for anything else.
    """
    if text == MEASURED:
        return None
    ns, log_sd = parse_spread(text)
    return ns / MS_NS, log_sd


def answers_for(text: str, latency: str | None, setting: Setting) -> AnswerSource:
    """Return what answers the questions of a run whose advisors were checked.

    Raises UsageError for an oracle on a recording and for a latency of a record, DataError or
    JournalError for a file that cannot be read.
    """
    if text.startswith(RECORDED):
        if latency is not None:
            raise UsageError("a record has the latencies it had", "leave --advisor-latency out")
        journal = Path(text.removeprefix(RECORDED))
        return RecordedAnswers(record.message() for record in read(journal))
    built = [build(name, setting) for name in _names(text, setting.settings)]
    asked = [
        (one.advisor, _latency(one, latency, setting.seed, leg))
        for one, leg in zip(built, ("latency", "second"), strict=False)
    ]
    advisor, first = asked[0]
    return Supervisor(
        advisor,
        RulesAdvisor(setting.rules),
        first,
        float(setting.limits.llm_timeout_s),
        asked[1] if len(asked) == 2 else None,
    )


def _names(text: str, settings: Settings) -> list[str]:
    """Return the advisors that are asked: those named, or one and what its table hedges it with."""
    names = text.split(",")
    table = text.removeprefix(LLM)
    if text == f"{LLM}{table}" and table in settings.advisors():
        hedge = settings.advisor(table).hedge
        if hedge == table:  # it would be counted twice, each time within the order's limits
            raise ConfigError(f"[advisors.{table}] hedges itself", "name another table's model")
        return [text, f"{LLM}{hedge}"] if hedge else names
    return names


def _latency(built: Built, text: str | None, seed: int, leg: str) -> Latency | Measured:
    given = (built.median_ms, built.log_sd) if text is None else parse_answer_latency(text)
    return Measured() if given is None else Latency(*given, seed, leg)


def build(name: str, setting: Setting) -> Built:
    """Return one advisor of a name that was checked, a control or another, but no record."""
    kind, _, value = name.partition(":")
    if kind in ("random", "shuffled"):
        inner = build_advisor("embedded", setting.settings, setting.say)
        setting.say(f"{kind}: after {inner.advisor.name}")
        return replace(inner, advisor=_placebo(kind, inner.advisor, setting))
    advisor: Advisor
    match kind:
        case "neutral":
            advisor = NeutralAdvisor()
        case "keyword":
            advisor = KeywordAdvisor(setting.rules)
        case "oracle":
            advisor = _oracle(name, setting)
        case "scripted":
            advisor = ScriptedAdvisor(_replies(Path(value)))
        case _:
            return build_advisor(name, setting.settings, setting.say)
    return Built(advisor, *LATENCY["rules"])


def _placebo(kind: str, matched: Advisor, setting: Setting) -> Advisor:
    """Return the control that turns after `matched`, the embedded reader or the rules."""
    if kind == "random":
        assert isinstance(matched, ReadingAdvisor)
        return RandomAdvisor(matched, setting.seed)
    elsewhere = EarlierContext() if setting.sibling is None else Sibling(setting.sibling)
    return ShuffledAdvisor(matched, elsewhere)


def _oracle(name: str, setting: Setting) -> OracleAdvisor:
    if setting.venue is None:
        raise UsageError(
            "nobody knows the future of a recorded market: no oracle", "use --market generated"
        )
    return OracleAdvisor(Truth(setting.venue), _probability(name), setting.seed)


def _probability(name: str) -> float:
    try:
        p = float(name.removeprefix("oracle:"))
    except ValueError:
        p = math.nan
    if not 0.0 <= p <= 1.0:
        raise UsageError(
            f"{name[:60]!r} is not an oracle", "give the share it is right, such as oracle:0.7"
        )
    return p


def _replies(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {error}", "give a UTF-8 file with one reply a line") from None
    return [line for line in lines if line.strip()]
