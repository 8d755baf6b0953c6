"""The targets of execution (F26) and of the advisor (F27), each with what was measured.

A target is met or not; it is never tuned to. What orders alone cannot tell, because it needs the
same orders without the advice or other futures of the market, is not measurable here and says so.
Orders that have not ended are no observations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from steersman.domain.messages import ParentState
from steersman.tca.decisions import Decision, adaptations
from steersman.tca.frames import frame_of, html_of
from steersman.tca.intervals import Estimate, mean_of, quantile_of, share_of
from steersman.tca.judged import judged
from steersman.tca.measure import CostReport

__all__ = [
    "TARGETS",
    "Evidence",
    "Metric",
    "Target",
    "Verdict",
    "in_percent",
    "judge",
    "verdict",
]

Verdict = Literal["met", "not met", "undecided", "not measurable"]
Measure = Callable[[Sequence["Evidence"]], Estimate | None]
PAIRED: Final = "needs the same orders without the advice: steersman study"
BRANCHED: Final = (
    "right / (right + wrong) of the decisions that were judged in other futures of the market "
    "(steersman run --judge); undecided ones are neither"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One order that has ended, and the decisions about it."""

    report: CostReport
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What a metric should be: above `least`, below `most`, or between; in `unit`."""

    key: str
    group: Literal["F26", "F27"]
    title: str
    unit: str
    least: float | None
    most: float | None

    @property
    def text(self) -> str:
        """The target in words."""
        if self.least == self.most:
            return f"{self.least:g}{self.unit}"
        if self.least is not None and self.most is not None:
            return f"{self.least:g} to {self.most:g}{self.unit}"
        if self.most is not None:
            return f"< {self.most:g}{self.unit}"
        return f"> {self.least:g}{self.unit}"

    def holds(self, value: float) -> bool:
        """Tell whether a value meets it."""
        if self.least is not None and self.most is not None:
            return self.least <= value <= self.most
        return value < self.most if self.most is not None else value > (self.least or 0.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """A target and what was measured; `note` says what the value is, or why there is none."""

    target: Target
    measured: Estimate | None
    verdict: Verdict
    note: str

    def document(self) -> dict[str, str | float | int | None]:
        """Return it as plain values."""
        found = self.measured
        return {
            "key": self.target.key,
            "feature": self.target.group,
            "title": self.target.title,
            "target": self.target.text,
            "value": None if found is None else found.value,
            "low": None if found is None else found.low,
            "high": None if found is None else found.high,
            "n": 0 if found is None else found.n,
            "verdict": self.verdict,
            "note": self.note,
        }

    def to_polars(self) -> Any:
        """Return it as a polars DataFrame of one row; UsageError where polars is not installed."""
        return frame_of([self.document()])

    def _repr_html_(self) -> str:
        return html_of([self.document()], self.target.title)


def judge(evidence: Sequence[Evidence]) -> tuple[Metric, ...]:
    """Return every metric of F26 and F27."""
    return tuple(_judged(target, measure, note, evidence) for target, measure, note in TARGETS)


def _judged(
    target: Target, measure: Measure | None, note: str, evidence: Sequence[Evidence]
) -> Metric:
    found = measure(evidence) if measure is not None else None
    if found is None:
        absent = note if measure is None else f"{note}; nothing to measure it from"
        return Metric(target, None, "not measurable", absent)
    return Metric(target, found, verdict(target, found), note)


def verdict(target: Target, found: Estimate) -> Verdict:
    """Say whether an estimate meets a target; undecided where only a part of its interval does.

    An interval without an upper end reaches beyond every bound.
    """
    ends = [found.low, found.high]
    if ends == [None, None]:
        return "met" if target.holds(found.value) else "not met"
    low = float("-inf") if found.low is None else found.low
    high = float("inf") if found.high is None else found.high
    if target.holds(low) and target.holds(high):
        return "met"
    if target.holds(low) or target.holds(high):
        return "undecided"
    above = target.most is not None and low >= target.most
    below = target.least is not None and high <= target.least
    return "not met" if above or below else "undecided"


def _mean(figure: Callable[[Evidence], float | None]) -> Measure:
    def measure(evidence: Sequence[Evidence]) -> Estimate | None:
        return mean_of([value for one in evidence if (value := figure(one)) is not None])

    return measure


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def in_percent(found: Estimate | None) -> Estimate | None:
    """Return an estimate of a share in percent."""
    if found is None:
        return None
    return Estimate(100 * found.value, _percent(found.low), _percent(found.high), found.n)


def _completed(evidence: Sequence[Evidence]) -> Estimate | None:
    hits = sum(
        one.report.state is ParentState.COMPLETED and (one.report.early_s or 0.0) >= 0
        for one in evidence
    )
    if len(evidence) == 1:
        return Estimate(100.0 * hits, None, None, 1)
    return in_percent(share_of(hits, len(evidence)))


def _latency(evidence: Sequence[Evidence]) -> Estimate | None:
    return quantile_of([d.latency_ms / 1e3 for one in evidence for d in one.decisions], 0.95)


def _adaptations(one: Evidence) -> float | None:
    return float(adaptations(one.decisions)) if one.report.advice.asked else None


def _coherent(evidence: Sequence[Evidence]) -> Estimate | None:
    judged = [d.coherent for one in evidence for d in one.decisions if d.coherent is not None]
    return in_percent(share_of(sum(judged), len(judged)))


def _right(evidence: Sequence[Evidence]) -> Estimate | None:
    found = judged(decision for one in evidence for decision in one.decisions)
    return None if found is None else in_percent(found.share_right)


def _fallback(evidence: Sequence[Evidence]) -> Estimate | None:
    judged = [decision.fallback for one in evidence for decision in one.decisions]
    return in_percent(share_of(sum(judged), len(judged)))


TARGETS: Final[tuple[tuple[Target, Measure | None, str], ...]] = (
    (
        Target("is_bps", "F26", "Implementation shortfall", " bps", None, 10),
        _mean(lambda one: one.report.is_bps),
        "of the decision value, fees and what was not filled included",
    ),
    (
        Target("vwap_bps", "F26", "VWAP slippage", " bps", None, 5),
        _mean(lambda one: one.report.benchmarks.vwap.slippage_bps),
        "against the interval VWAP, own volume in it",
    ),
    (
        Target("arrival_bps", "F26", "Arrival slippage", " bps", None, 15),
        _mean(lambda one: one.report.benchmarks.arrival.slippage_bps),
        "of what was filled, without fees",
    ),
    (
        Target("participation_pct", "F26", "Participation", " %", 5, 15),
        _mean(lambda one: _percent(one.report.participation)),
        "own / (own + others) while the order ran",
    ),
    (
        Target("fill_rate_pct", "F26", "Fill rate", " %", 95, None),
        _mean(lambda one: _percent(one.report.fill_rate)),
        "filled / ordered",
    ),
    (
        Target("completion_pct", "F26", "Completed by the deadline", " %", 100, 100),
        _completed,
        "orders completed / ordered; however many were, they do not prove that all will be",
    ),
    (
        Target("spread_capture_pct", "F26", "Spread captured by limit orders", " %", 30, None),
        _mean(lambda one: _percent(one.report.maker_spread_capture)),
        "earned by maker fills against the mid just before, of the half-spreads quoted then; needs "
        "a full tape",
    ),
    (Target("llm_value_bps", "F26", "Value added by the model", " bps", 3, None), None, PAIRED),
    (
        Target("decision_latency_s", "F27", "Decision latency, 95th percentile", " s", None, 5),
        _latency,
        "from question to answer, market time",
    ),
    (
        Target("decision_quality_pct", "F27", "Right decisions", " %", 80, None),
        _right,
        BRANCHED,
    ),
    (
        Target("adaptations", "F27", "Adaptations per order", "", 2, 5),
        _mean(_adaptations),
        "decisions that passed and asked for something new",
    ),
    (
        Target("reasoning_pct", "F27", "Coherent reasoning", " %", 90, None),
        _coherent,
        "answers that failed no check of their form and of their words against the facts",
    ),
    (
        Target("fallback_pct", "F27", "Fallback rate", " %", None, 10),
        _fallback,
        "decisions that a rule made in the model's place",
    ),
    (Target("is_saving_pct", "F27", "Saving against TWAP", " %", 20, None), None, PAIRED),
)
"""Each target, how it is measured from orders that ended (None: it cannot be), and a note."""
