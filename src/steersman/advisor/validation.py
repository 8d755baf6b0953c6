"""What every answer goes through before the engine sees it, by one written table.

A reply that is no advice within its bounds has been refused by `domain.advice.parse_advice`; what
is one is checked here against its question and facts. A check rejects the advice or clamps it:
takes back the part that does not hold. Both are counted by the check's name. The engine's judge,
in the fold, has the last word; its own checks stand in the table, too.

Pure: the same answer to the same question is validated the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from steersman.advisor.context import gather
from steersman.advisor.grounding import ungrounded
from steersman.domain.advice import Action, Advice, Answer, Direction, NoAdvice, Origin, Question
from steersman.domain.market import Regime
from steersman.signals.agreement import market_agrees

__all__ = ["TABLE", "Act", "Check", "Checked", "validated"]

FABRICATED_MIN: Final = 2  # one wrong figure may be a slip


class Act(StrEnum):
    """What a check does to an advice that does not pass it."""

    REJECT = "reject"
    CLAMP = "clamp"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table: `fails_if` and `then` are for people, `place` is who checks."""

    name: str
    place: str
    act: Act
    fails_if: str
    then: str


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer as the engine gets it, and the names of the checks that it did not pass."""

    answer: Answer
    checks: tuple[str, ...]


def _row(name: str, place: str, act: Act, fails_if: str, then: str = "nothing changes") -> Check:
    return Check(name, place, act, fails_if, then)


_REPLY, _FACTS, _ENGINE = "reply", "facts", "engine"

TABLE: Final = (
    _row("size", _REPLY, Act.REJECT, "the reply is longer than 32,768 characters"),
    _row("json", _REPLY, Act.REJECT, "it is not one JSON text (NaN and keys told twice included)"),
    _row("schema", _REPLY, Act.REJECT, "a field is unknown, of another type or of no known word"),
    _row("bounds", _REPLY, Act.REJECT, "a number, a list or a text is beyond its bounds"),
    _row("evidence", _FACTS, Act.REJECT, "it names a fact that was not given"),
    _row("contradiction", _FACTS, Act.REJECT, "hold with a pace above 100, finish with one below"),
    _row(
        "fabrication",
        _FACTS,
        Act.REJECT,
        "two or more of the numbers in its reasoning, and most of them, were not told",
    ),
    _row(
        "regime",
        _FACTS,
        Act.CLAMP,
        "the regime it names is not the one that is measured",
        "the regime is dropped",
    ),
    _row(
        "news_evidence",
        _FACTS,
        Act.CLAMP,
        "it reads news up or down and names nothing that was told as evidence",
        "the reading is dropped, and the turn too unless the market asks for it",
    ),
    _row(
        "mirror",
        _FACTS,
        Act.CLAMP,
        "it turns against its own reading of the news, and the market does not ask for it",
        "the schedule's own pace",
    ),
    _row(
        "grounding",
        _FACTS,
        Act.CLAMP,
        "a number in its reasoning was not told",
        "the reasoning is withheld",
    ),
    _row("late", _ENGINE, Act.REJECT, "it comes after the timeout or its own time to live"),
    _row("stale", _ENGINE, Act.REJECT, "the market has moved on since the question"),
    _row("ttl", _ENGINE, Act.CLAMP, "its time to live is beyond advice_ttl_max_s", "it is cut"),
    _row(
        "finish_zone",
        _ENGINE,
        Act.CLAMP,
        "it holds while the time left is needed to send the rest",
        "the schedule goes on",
    ),
    _row(
        "text_alone",
        _ENGINE,
        Act.CLAMP,
        "a model that was given texts turns, and nothing in the market asks for it",
        "half the envelope",
    ),
)
"""Every check in the order it is made, wherever that is; docs/validation.md prints it."""

Outcome = Advice | str
"""What a check leaves of an advice, or why it is rejected."""


def validated(answer: Answer, question: Question) -> Checked:
    """Return the answer as far as it holds, and the checks it did not pass.

    Whatever text is left in it can be journaled.
    """
    answer = replace(answer, raw=_encodable(answer.raw))
    said = answer.said
    if isinstance(said, NoAdvice):
        said = replace(said, why=_encodable(said.why))
        return Checked(replace(answer, said=said), (said.check,) if said.check else ())
    failed: list[str] = []
    for name, check in _CHECKS:
        left = check(said, answer, question)
        if isinstance(left, str):
            refused = NoAdvice("invalid", left, name)
            return Checked(replace(answer, said=refused), (*failed, name))
        if left is not said:
            failed.append(name)
            said = left
    return Checked(replace(answer, said=said), tuple(failed))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _evidence(advice: Advice, answer: Answer, question: Question) -> Outcome:
    unknown = advice.unknown_evidence(question.fact_ids)
    return advice if unknown is None else f"evidence {unknown[:40]!r} is not among the facts given"


def _contradiction(advice: Advice, answer: Answer, question: Question) -> Outcome:
    pace_pct = 100 if advice.pace_pct is None else advice.pace_pct
    holds = advice.action is Action.HOLD and pace_pct > 100
    finishes = advice.action is Action.FINISH and pace_pct < 100
    if holds or finishes:
        return f"it contradicts itself: {advice.action.value} at a pace of {pace_pct} %"
    return advice


def _fabrication(advice: Advice, answer: Answer, question: Question) -> Outcome:
    invented, quoted = _invented(advice, answer, question)
    if len(invented) >= FABRICATED_MIN and 2 * len(invented) > quoted:
        return f"{len(invented)} of {quoted} numbers in its reasoning were not told"
    return advice


def _grounding(advice: Advice, answer: Answer, question: Question) -> Outcome:
    invented, _ = _invented(advice, answer, question)
    return replace(advice, reasoning="") if invented else advice


def _invented(advice: Advice, answer: Answer, question: Question) -> tuple[list[str], int]:
    """Return the numbers in the reasoning that were not told; code may quote what a model read."""
    by_code = advice.provenance.get("reasoning") is Origin.RULE
    measured = answer.raw if by_code else ""
    invented, quoted = ungrounded(advice, question, gather(question), measured)
    return [number.words for number in invented], quoted


def _regime(advice: Advice, answer: Answer, question: Question) -> Outcome:
    claimed: Regime | None = advice.regime
    return advice if claimed in (None, question.regime) else replace(advice, regime=None)


def _news_evidence(advice: Advice, answer: Answer, question: Question) -> Outcome:
    told = {item.id for item in question.news}
    if not _news_sign(advice) or told & set(advice.evidence):
        return advice
    left = replace(advice, news_direction=None, news_severity=None)
    return left if _asked_for(advice, question) else _straight(left)


def _mirror(advice: Advice, answer: Answer, question: Question) -> Outcome:
    against = _news_sign(advice) * question.parent.side.sign * advice.leaning < 0
    return _straight(advice) if against and not _asked_for(advice, question) else advice


def _news_sign(advice: Advice) -> int:
    return {Direction.UP: 1, Direction.DOWN: -1}.get(advice.news_direction or Direction.FLAT, 0)


def _asked_for(advice: Advice, question: Question) -> bool:
    return market_agrees(
        advice.leaning,
        question.parent.side,
        question.view,
        question.signals,
        question.regime,
        question.asked_ns,
    )


def _straight(advice: Advice) -> Advice:
    """Return the advice without its turn."""
    pace_pct = None if advice.pace_pct is None else 100
    return replace(advice, action=Action.CONTINUE, pace_pct=pace_pct)


_CHECKS: Final[tuple[tuple[str, Callable[[Advice, Answer, Question], Outcome]], ...]] = (
    ("evidence", _evidence),
    ("contradiction", _contradiction),
    ("fabrication", _fabrication),
    ("regime", _regime),
    ("news_evidence", _news_evidence),
    ("mirror", _mirror),
    ("grounding", _grounding),
)
