"""Compose an `Advice` from signals, market features and, where something read them, headlines.

The composition is code, the same for every reader: a small model reads text into enums, this
module turns enums and numbers into a bounded advice. Without readings it is the `rules` advisor,
which is also what stands in when a model fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from steersman.advisor.fusion import fuse
from steersman.domain.advice import (
    REASONING_CHARS_MAX,
    Action,
    Advice,
    Answer,
    Direction,
    Origin,
    Question,
    Severity,
)
from steersman.domain.instrument import Category
from steersman.domain.market import NewsItem, Regime
from steersman.domain.order import Style
from steersman.domain.units import MINUTE_NS, Side
from steersman.signals.crypto import lean_on
from steersman.signals.lean import DEFAULT_RULES, Lean, SignalRules
from steersman.signals.regimes import lean_on_regime
from steersman.signals.sessions import lean_on_session

__all__ = ["NewsReading", "ReadingAdvisor", "RulesAdvisor", "compose", "fresh_news"]

NEWS_FRESH_NS: Final = 15 * MINUTE_NS
NEWS_TURN_PCT: Final = {Severity.NONE: 0, Severity.MINOR: 40, Severity.MAJOR: 80}
PROBABILITY_MIN: Final = 0.5
FLOW_STRONG: Final = 0.5
FLOW_TURN_PCT: Final = 15
_EQUITY: Final = f".{Category.EQUITY.value}"  # a session of its own, known to its curve
PACE_MIN_PCT: Final = 20
PACE_MAX_PCT: Final = 180


@dataclass(frozen=True, slots=True)
class NewsReading:
    """One headline read into enums, with the probability of its direction."""

    item: NewsItem
    direction: Direction
    severity: Severity
    probability: float


@runtime_checkable
class ReadingAdvisor(Protocol):
    """An advisor that reads headlines, and leaves the rest of its advice to `compose`."""

    @property
    def name(self) -> str: ...

    def read(self, question: Question) -> tuple[NewsReading, ...]:
        """Return a reading of each headline that is worth one."""
        ...

    def advise_on(self, question: Question, readings: tuple[NewsReading, ...]) -> Answer:
        """Answer as if the headlines had been read like this."""
        ...


class RulesAdvisor:
    """The advisor made of rules alone (F17, F18); it reads no text."""

    name = "rules-2"

    def __init__(self, rules: SignalRules = DEFAULT_RULES) -> None:
        self._rules = rules

    def advise(self, question: Question) -> Answer:
        """Answer from signals and market features."""
        return self.advise_on(question, self.read(question))

    def read(self, question: Question) -> tuple[NewsReading, ...]:
        """Return nothing: no text is read."""
        return ()

    def advise_on(self, question: Question, readings: tuple[NewsReading, ...]) -> Answer:
        """Compose an advice of readings and the rest."""
        return Answer(compose(question, readings, Origin.RULE, self._rules))


def fresh_news(question: Question) -> tuple[NewsItem, ...]:
    """Return the headlines worth reading by time: recent, and of what was told the best."""
    told = fuse(question.news, question.asked_ns).items
    fresh = [item for item in told if question.asked_ns - item.received_ns <= NEWS_FRESH_NS]
    return tuple(sorted(fresh, key=lambda item: item.received_ns))


def compose(
    question: Question,
    readings: tuple[NewsReading, ...],
    origin: Origin,
    rules: SignalRules = DEFAULT_RULES,
) -> Advice:
    """Turn signals, regime, flow and readings into one advice; `origin` says who read the news.

    Turns add up in percentage points of pace around 100 and are bounded to 20..180: the wheel is
    never put hard over by rules. News counts by severity and probability, the strongest reading
    alone, so that many headlines saying the same do not add up.
    """
    side = question.parent.side
    turn, reasons, evidence = 0.0, [], []
    style: Style | None = None
    provenance = {"pace_pct": Origin.RULE, "reasoning": Origin.RULE}
    view = question.view
    regime: Regime | None = None
    for fact, lean in _leans(question, rules):
        if fact == "regime":
            regime, provenance = question.regime, provenance | {"regime": Origin.RULE}
        turn += 0 if lean.pace_pct is None else lean.pace_pct - 100
        style = lean.style or style
        reasons.append(lean.reason)
        evidence.append(fact)
    if abs(view.flow_imbalance) >= FLOW_STRONG:
        agrees = view.flow_imbalance * side.sign > 0
        turn += FLOW_TURN_PCT if agrees else -FLOW_TURN_PCT
        reasons.append(f"order flow {view.flow_imbalance:+.2f}: {'join' if agrees else 'wait'}")
        evidence.append("view")
    reading = _strongest(readings)
    direction = severity = None
    if reading is not None:
        direction, severity = reading.direction, reading.severity
        news_turn = _news_turn(reading, side)
        turn += news_turn
        evidence.append(reading.item.id)
        word = "faster" if news_turn > 0 else "slower"
        reasons.append(
            f"news reads {direction.value}, {severity.value} ({reading.probability:.2f}): "
            f"{word}: {reading.item.text[:120]!r}"
        )
        provenance |= {"news_direction": origin, "news_severity": origin}
    pace = round(min(PACE_MAX_PCT, max(PACE_MIN_PCT, 100 + turn)))
    if not reasons:
        reasons.append("nothing speaks against the schedule")
    return Advice(
        action=Action.CONTINUE,
        pace_pct=pace,
        style=style,
        regime=regime,
        news_direction=direction,
        news_severity=severity,
        ttl_s=120,
        evidence=tuple(dict.fromkeys(evidence)),
        reasoning="; ".join(reasons)[:REASONING_CHARS_MAX],
        provenance=provenance,
    )


def _leans(question: Question, rules: SignalRules) -> Iterator[tuple[str, Lean]]:
    """Yield what each rule that applies says, with the id of the fact it rests on."""
    view, side, at_ns = question.view, question.parent.side, question.asked_ns
    if question.signals is not None:
        for lean in lean_on(question.signals, view, side, at_ns, rules):
            yield "signals", lean
    regime = lean_on_regime(question.regime, side, view.trend_bps, rules)
    if regime is not None:
        yield "regime", regime
    if not question.parent.instrument.endswith(_EQUITY):
        session = lean_on_session(at_ns, rules)
        if session is not None:
            yield "session", session


def _strongest(readings: tuple[NewsReading, ...]) -> NewsReading | None:
    weighed = [
        reading
        for reading in readings
        if reading.direction is not Direction.FLAT
        and reading.severity is not Severity.NONE
        and reading.probability >= PROBABILITY_MIN
    ]
    # The newest wins a tie: later items stand later and `max` keeps the first of equals.
    return max(reversed(weighed), key=_weight, default=None)


def _weight(reading: NewsReading) -> float:
    return NEWS_TURN_PCT[reading.severity] * reading.probability


def _news_turn(reading: NewsReading, side: Side) -> float:
    sign = 1 if reading.direction is Direction.UP else -1
    return sign * side.sign * _weight(reading)
