"""Advice: the one schema for a 135-million-parameter model and for a frontier model.

Advice is an input like a fill: typed, bounded, dated, journaled. Every field is an enum or a
bounded integer and may abstain (None). It never carries a side, a quantity or a price. What does
not fit is rejected whole with a reason; nothing is repaired by guessing.
"""

from __future__ import annotations

import json
from collections.abc import Set
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import msgspec

from steersman.domain.facts import STATE_FACTS
from steersman.domain.impact import ImpactEstimate
from steersman.domain.market import MarketView, NewsItem, Regime, Signals
from steersman.domain.order import AlgoName, ParentOrder, Progress, Style

__all__ = [
    "BOUNDS",
    "EVIDENCE_MAX",
    "FACT_ID_CHARS_MAX",
    "RAW_CHARS_MAX",
    "REASONING_CHARS_MAX",
    "REPLY_CHARS_MAX",
    "Action",
    "Advice",
    "Answer",
    "Direction",
    "NoAdvice",
    "Origin",
    "Question",
    "Severity",
    "TrackRecord",
    "Usage",
    "parse_advice",
]

REASONING_CHARS_MAX: Final = 600
RAW_CHARS_MAX: Final = 4_000
REPLY_CHARS_MAX: Final = 32_768  # no advice takes as much, however it is written
EVIDENCE_MAX: Final = 16
FACT_ID_CHARS_MAX: Final = 64
BOUNDS: Final = {"pace_pct": (0, 200), "impact_pct": (50, 200), "ttl_s": (1, 3600)}
"""Least and most of each number of an advice."""


class Action(StrEnum):
    """What to do with the schedule: follow it, wait, or complete as early as allowed."""

    CONTINUE = "continue"
    HOLD = "hold"
    FINISH = "finish"


class Direction(StrEnum):
    """Where news points for the price."""

    UP = "up"
    FLAT = "flat"
    DOWN = "down"


class Severity(StrEnum):
    """How much the news matters."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"


class Origin(StrEnum):
    """Where a field of an advice comes from."""

    MODEL = "model"
    RULE = "rule"
    DEFAULT = "default"


class Advice(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, kw_only=True):
    """A bounded turn of the wheel; None in a field means the advisor abstains there.

    `pace_pct` 0..200 scales the next target, `impact_pct` 50..200 multiplies the impact estimate,
    `ttl_s` 1..3600 counts from when the question was asked, `evidence` names the facts relied on,
    `reasoning` is for people. `provenance` maps field names to their origin.
    Raises ValueError where a bound does not hold.
    """

    action: Action = Action.CONTINUE
    base: AlgoName | None = None
    pace_pct: int | None = None
    style: Style | None = None
    impact_pct: int | None = None
    regime: Regime | None = None
    news_direction: Direction | None = None
    news_severity: Severity | None = None
    ttl_s: int = 120
    evidence: tuple[str, ...] = ()
    reasoning: str = ""
    provenance: dict[str, Origin] = {}

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            _bounded(name, getattr(self, name), low, high)
        if self.base is AlgoName.ADAPTIVE:
            raise ValueError("base must be a classic algorithm")
        if len(self.evidence) > EVIDENCE_MAX:
            raise ValueError(f"evidence names more than {EVIDENCE_MAX} facts")
        if any(len(fact) > FACT_ID_CHARS_MAX for fact in self.evidence):
            raise ValueError(f"a fact's id is longer than {FACT_ID_CHARS_MAX} characters")
        if not self.provenance.keys() <= set(self.__struct_fields__):
            raise ValueError("provenance names something that is not a field")
        for text in (*self.evidence, self.reasoning):
            text.encode()  # what is not Unicode raises, and could not be journaled
        if len(self.reasoning) > REASONING_CHARS_MAX:
            raise ValueError(f"reasoning is longer than {REASONING_CHARS_MAX} characters")

    @property
    def leaning(self) -> int:
        """Whether it asks for more speed (1), less (-1) or the schedule's own (0)."""
        if self.action is not Action.CONTINUE:
            return 1 if self.action is Action.FINISH else -1
        pace_pct = 100 if self.pace_pct is None else self.pace_pct
        return (pace_pct > 100) - (pace_pct < 100)

    def unknown_evidence(self, fact_ids: Set[str]) -> str | None:
        """Return the first fact it names that was not given, or None."""
        return next((fact for fact in self.evidence if fact not in fact_ids), None)


class NoAdvice(msgspec.Struct, frozen=True, tag=True):
    """There is no usable answer, and `why` in words for people.

    `kind` is timeout, invalid, unavailable, or declined: not given, and at no other time either.
    `check` names what an invalid one was refused by (advisor/validation.py has the table).
    """

    kind: str
    why: str
    check: str = ""


class Usage(msgspec.Struct, frozen=True):
    """What an answer took, and what made it: nothing of it depends on how fast a machine is.

    `prompt_version` and `model_hash` name the words and the weights (or the provider's name of
    them), tokens are as the provider counts them, `cost_usd` what it charges by the configured
    prices, `cached` whether no model was asked because the same question had been answered.
    """

    prompt_version: str = ""
    model_hash: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = Decimal(0)
    cached: bool = False


class TrackRecord(msgspec.Struct, frozen=True, gc=False):
    """How an advisor's past turns were judged: counts of right, wrong and undecided ones."""

    right: int = 0
    wrong: int = 0
    undecided: int = 0


class Answer(msgspec.Struct, frozen=True):
    """What an advisor said, what it took, and the model's own words (`raw`, for the record)."""

    said: Advice | NoAdvice
    usage: Usage = Usage()
    raw: str = ""


class Question(msgspec.Struct, frozen=True):
    """All that an advisor is told when it is asked about one parent order.

    `regime` is the state of the market in force, as the engine holds it.
    """

    ask_id: str
    asked_ns: int
    parent: ParentOrder
    progress: Progress
    view: MarketView
    news: tuple[NewsItem, ...]
    signals: Signals | None
    impact: ImpactEstimate | None = None
    regime: Regime = Regime.CALM

    @property
    def fact_ids(self) -> frozenset[str]:
        """The ids that an answer may name as evidence."""
        return STATE_FACTS | {item.id for item in self.news}


def parse_advice(raw: bytes | str | dict[str, Any]) -> Advice | NoAdvice:
    """Turn a model's reply into `Advice`, or say in one line why it is not one.

    Accepts JSON text or an already decoded object. Integers must be integers (no 1e30, no "100"),
    unknown fields are refused, and so are keys told twice and anything not finite. What a reply
    says is the model's, whatever it says of its provenance.
    """
    try:
        if isinstance(raw, dict):
            advice = msgspec.convert(raw, Advice, strict=True)
        elif len(raw) > REPLY_CHARS_MAX:
            return NoAdvice("invalid", f"longer than {REPLY_CHARS_MAX} characters", "size")
        else:
            advice = msgspec.json.decode(raw, type=Advice, strict=True)
            json.loads(raw, object_pairs_hook=_unique)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return NoAdvice("invalid", " ".join(str(error).split())[:200], _failed(error))
    said = {
        name: Origin.MODEL
        for name in Advice.__struct_fields__
        if name != "provenance" and getattr(advice, name) != getattr(_NOTHING_SAID, name)
    }
    return msgspec.structs.replace(advice, provenance=said)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    """Raise ValueError for a key that is told twice: which of the two was meant?"""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ValueError(f"the key {name[:40]!r} is told twice")
        seen.add(name)


def _failed(error: Exception) -> str:
    """Return the check that a reply failed: is it JSON, of the right shape, within the bounds?"""
    if not isinstance(error, msgspec.ValidationError):
        return "json"
    beyond = isinstance(error.__cause__, ValueError) or "out of range" in str(error)
    return "bounds" if beyond else "schema"


def _bounded(name: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise ValueError(f"{name} must lie between {low} and {high}, got {value}")


_NOTHING_SAID: Final = Advice()
