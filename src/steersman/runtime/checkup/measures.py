"""What the suite measures of an advisor (F27), each with its interval and its target.

Shares have a 95 % interval by Wilson. Targets are those of F27 where it has one; they are reported
as met or not by the figure itself, whatever its interval.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from steersman.advisor.validation import Checked
from steersman.domain.advice import Advice, Answer
from steersman.models.inference import wilson_interval
from steersman.runtime.checkup.situations import Situation

__all__ = [
    "HEADERS",
    "STABLE_PCT",
    "Measure",
    "Said",
    "changed",
    "checks_failed",
    "latencies",
    "mirrored",
    "right",
    "rows",
    "sensitive",
    "share",
    "spent",
]

HEADERS: Final = ("measure", "n>", "value>", "95 % interval>", "target", "")
STABLE_PCT: Final = 20  # a pace that differs by more than this is another one


@dataclass(frozen=True, slots=True)
class Said:
    """What an advisor said to one question: as it came, as it was checked, how long it took.

    `fresh` tells whether the question held a text that had not been put before: who has read all
    of it already may remember the answer.
    """

    came: Answer
    checked: Checked
    wall_s: float
    fresh: bool
    quoted: int
    invented: int

    @property
    def advice(self) -> Advice | None:
        """The advice that is left, or None."""
        said = self.checked.answer.said
        return said if isinstance(said, Advice) else None

    @property
    def leaning(self) -> int:
        """Where it turns; no advice leaves the schedule alone."""
        return 0 if self.advice is None else self.advice.leaning

    @property
    def pace_pct(self) -> int:
        """The pace it asks for."""
        pace_pct = None if self.advice is None else self.advice.pace_pct
        return 100 if pace_pct is None else pace_pct


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: over `n` observations, with its interval, and whether it meets its target."""

    name: str
    n: int
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    target: str = ""
    met: bool | None = None

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)


def share(
    name: str,
    hits: int,
    n: int,
    *,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> Measure:
    """Return a share in percent, with the target that it be at least, at most or below a share."""
    value = hits / n if n else None
    low, high = wilson_interval(hits, n)
    target, met = "", None
    if least is not None:
        target, met = f">= {least:.0%}", None if value is None else value >= least
    elif most is not None:
        target, met = f"<= {most:.0%}", None if value is None else value <= most
    elif below is not None:
        target, met = f"< {below:.0%}", None if value is None else value < below
    percent = None if value is None else 100 * value
    return Measure(name, n, percent, "%", 100 * low, 100 * high, target, met)


def latencies(said: Sequence[Said]) -> tuple[Measure, Measure]:
    """Return the median and the 95th percentile of the time to answer (ms), by nearest rank.

    Only questions with a text that is new count.
    """
    times = sorted(one.wall_s for one in said if one.fresh)
    p50, p95 = (times[max(0, math.ceil(q * len(times)) - 1)] for q in (0.5, 0.95))
    n = len(times)
    return (
        Measure("decision latency, median", n, p50 * 1e3, "ms"),
        Measure("decision latency, p95", n, p95 * 1e3, "ms", target="< 5 s", met=p95 < 5),
    )


def right(suite: Iterable[tuple[Situation, Said]]) -> Measure:
    """Return how often the turn is the one that the situation asks for."""
    hits = [said.leaning == situation.wants for situation, said in suite]
    return share("decision quality", sum(hits), len(hits), least=0.80)


def mirrored(suite: Sequence[tuple[Situation, Said]]) -> Measure:
    """Return how often the other side of the same situation gets the opposite turn."""
    leanings: dict[str, list[int]] = {}
    for situation, said in suite:
        if situation.pair:
            leanings.setdefault(situation.pair, []).append(said.leaning)
    hits = [buyer == -seller for buyer, seller in leanings.values()]
    return share("mirror consistency", sum(hits), len(hits), least=0.90)


def sensitive(suite: Sequence[tuple[Situation, Said]]) -> Measure:
    """Return how often contrary news, or a contrary market, gets another turn."""
    by_name = {situation.name: said.leaning for situation, said in suite}
    hits = [
        by_name[situation.name] != by_name[situation.opposite]
        for situation, _ in suite
        if situation.opposite and situation.name < situation.opposite
    ]
    return share("sensitivity to contrary facts", sum(hits), len(hits), least=0.80)


def changed(before: Said, after: Said) -> bool:
    """Tell whether an advice is another one: it turns elsewhere, or much further."""
    if before.leaning != after.leaning:
        return True
    return abs(before.pace_pct - after.pace_pct) > STABLE_PCT


def spent(said: Sequence[Said]) -> tuple[Measure, ...]:
    """Return what an answer takes: tokens and money."""
    n = len(said)
    usages = [one.came.usage for one in said]
    figures = (
        ("tokens in, a decision", sum(usage.tokens_in for usage in usages) / n, "tokens"),
        ("tokens out, a decision", sum(usage.tokens_out for usage in usages) / n, "tokens"),
        ("cost of a decision", float(sum(usage.cost_usd for usage in usages)) / n, "USD"),
    )
    return tuple(Measure(name, n, value, unit) for name, value, unit in figures)


def checks_failed(said: Iterable[Said]) -> Counter[str]:
    """Count by name what answers did not pass."""
    return Counter(name for one in said for name in one.checked.checks)


def rows(measures: Iterable[Measure]) -> list[tuple[str, ...]]:
    """Return the figures for people."""
    return [
        (
            measure.name,
            str(measure.n),
            _figure(measure.value, measure.unit),
            _between(measure),
            measure.target,
            {None: "", True: "met", False: "not met"}[measure.met],
        )
        for measure in measures
    ]


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "unknown"
    digits = {"%": ".1f", "ms": ",.2f", "USD": ".5f"}.get(unit, ".0f")
    return f"{value:{digits}} {unit}".rstrip()


def _between(measure: Measure) -> str:
    if measure.low is None or measure.high is None or not measure.n:
        return ""
    return f"{measure.low:.1f} to {measure.high:.1f}"
