"""The regimes of a generated market: which one when, and what each changes in the flow.

The schedule is drawn beforehand, on a stream of its own: a semi-Markov chain over calm, trends,
volatile and thin times, with the calendar's regimes on top (the weekend, the minutes around
funding) and a shock after each major headline. Liquidation cascades are not scheduled: they happen
where the price reaches a cluster. Nobody is told any of it; `hidden` is for measuring afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.advice import Severity
from steersman.domain.instrument import Category
from steersman.domain.units import HOUR_NS, MINUTE_NS
from steersman.errors import UsageError
from steersman.venues import latent as l_
from steersman.venues.derivatives import FUNDING_EVERY_NS
from steersman.venues.draws import REGIMES, Stream, normal
from steersman.venues.news import Truth
from steersman.venues.parameters import P_CLUSTERS
from steersman.venues.presets import FlowPreset

__all__ = [
    "HiddenRegime",
    "RegimeName",
    "cascades",
    "make_plan",
    "parse_regime",
    "plan_after",
    "with_clusters",
]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
DAY_NS: Final = 24 * HOUR_NS


class RegimeName(StrEnum):
    """What may be asked for: one regime throughout, or transitions between all of them."""

    MIXED = "mixed"
    CALM = "calm"
    TREND_UP = "trend_up"
    TREND_DOWN = "trend_down"
    VOLATILE = "volatile"
    THIN = "thin"
    NEWS = "news"
    FUNDING = "funding"
    CASCADE = "cascade"
    WEEKEND = "weekend"


@dataclass(frozen=True, slots=True)
class HiddenRegime:
    """The truth: this regime held from `from_ns` to `to_ns`; several may overlap."""

    name: RegimeName
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class _Change:
    """What a regime adds to the flow; `drift` in deviations of the price per root hour, an hour."""

    volatility: float = 0.0  # logs
    activity: float = 0.0
    depth: float = 0.0
    drift: float = 0.0
    pull: float = 0.0  # of ordinary moves, on the signs of takers
    jumps: float = 0.0  # in times of the ordinary


_CHANGES: Final = {
    RegimeName.CALM: _Change(volatility=-0.2, activity=-0.1),
    RegimeName.TREND_UP: _Change(volatility=0.1, activity=0.2, drift=1.5, pull=0.05),
    RegimeName.TREND_DOWN: _Change(volatility=0.2, activity=0.2, drift=-1.5, pull=-0.05),
    RegimeName.VOLATILE: _Change(volatility=0.6, activity=0.35, depth=-0.3, jumps=2.0),
    RegimeName.THIN: _Change(volatility=0.1, activity=-0.6, depth=-0.7),
    RegimeName.NEWS: _Change(volatility=0.7, activity=0.8, depth=-0.6, jumps=4.0),
    RegimeName.FUNDING: _Change(volatility=0.15, activity=0.4, depth=-0.1),
    RegimeName.CASCADE: _Change(volatility=0.2, depth=-0.3),
    RegimeName.WEEKEND: _Change(volatility=-0.35, activity=-0.6, depth=-0.4),
}
_CHAIN: Final = (  # name, median minutes, chance to be the next
    (RegimeName.CALM, 60.0, 0.40),
    (RegimeName.TREND_UP, 25.0, 0.16),
    (RegimeName.TREND_DOWN, 25.0, 0.16),
    (RegimeName.VOLATILE, 25.0, 0.16),
    (RegimeName.THIN, 30.0, 0.12),
)
_MEDIAN_MINUTES: Final = {name: minutes for name, minutes, _ in _CHAIN}
_SPREAD: Final = 0.6  # of the logarithm of a duration
_SHOCK_CHANCE: Final = 0.125  # of a major item; about one in two hours
_SHOCK_NS: Final = 8 * MINUTE_NS
_BEFORE_FUNDING_NS: Final = 10 * MINUTE_NS
_AFTER_FUNDING_NS: Final = 5 * MINUTE_NS
_CRYPTO_ONLY: Final = (RegimeName.WEEKEND,)
_PERPETUAL_ONLY: Final = (RegimeName.FUNDING, RegimeName.CASCADE)


def parse_regime(name: str, preset: FlowPreset) -> RegimeName:
    """Return the regime of that name; raise UsageError where there is none for this instrument."""
    known = [
        one
        for one in RegimeName
        if not (one in _PERPETUAL_ONLY and not preset.perpetual)
        and not (one in _CRYPTO_ONLY and preset.category is Category.EQUITY)
    ]
    if name not in known:
        market = f"{preset.symbol}.{preset.category.value}"
        raise UsageError(f"{market} has no regime {name!r}", f"choose one of {', '.join(known)}")
    return RegimeName(name)


def with_clusters(params: F64, preset: FlowPreset, regime: RegimeName) -> F64:
    """Return the parameters with as many clusters of liquidations as the regime has."""
    changed = params.copy()
    if preset.perpetual and regime in (RegimeName.MIXED, RegimeName.CASCADE):
        changed[P_CLUSTERS] = preset.clusters_per_hour / 3_600.0
    if regime is RegimeName.CASCADE:  # many, near and large
        changed[P_CLUSTERS] *= 5.0
        changed[P_CLUSTERS + 1] *= 0.3
        changed[P_CLUSTERS + 3] *= 3.0
    return changed


def make_plan(
    seed: int,
    start_ns: int,
    end_ns: int,
    preset: FlowPreset,
    regime: RegimeName,
    news: tuple[Truth, ...],
) -> tuple[F64, tuple[HiddenRegime, ...]]:
    """Return the rows of `Script.plan` and the truth they were made from, both by start."""
    spans = [HiddenRegime(regime, start_ns, end_ns)]
    if regime is RegimeName.MIXED:
        spans = _chain(seed, start_ns, end_ns) + _calendar(start_ns, end_ns, preset)
    if regime is RegimeName.NEWS:
        spans = []
    return _plan(spans + _shocks(seed, end_ns, regime, news), preset, regime)


def plan_after(
    before: Sequence[HiddenRegime],
    seed: int,
    from_ns: int,
    end_ns: int,
    preset: FlowPreset,
    regime: RegimeName,
    published: Sequence[Truth],
    coming: Sequence[Truth],
) -> tuple[F64, tuple[HiddenRegime, ...]]:
    """Return what `make_plan` does for a market whose spans were those `before` up to `from_ns`.

    The calendar and the shocks after `published` headlines stay. The chain goes on in the regime in
    force; when that ends is drawn anew, given that it has not ended yet: nobody can know it.
    """
    known = {one.from_ns for one in published}
    spans = [span for span in before if span.name is not RegimeName.NEWS or span.from_ns in known]
    if regime is RegimeName.MIXED:
        begun = [one for one in spans if one.name in _MEDIAN_MINUTES and one.from_ns <= from_ns]
        begun[-1] = _lasting(seed, len(begun) - 1, begun[-1], from_ns, end_ns)
        rest = [one for one in spans if one.name not in _MEDIAN_MINUTES]
        spans = _chain(seed, begun[-1].to_ns, end_ns, begun) + rest
    return _plan(spans + _shocks(seed, end_ns, regime, coming), preset, regime)


def _plan(
    spans: list[HiddenRegime], preset: FlowPreset, regime: RegimeName
) -> tuple[F64, tuple[HiddenRegime, ...]]:
    """Return the rows of these spans, and the spans, by start."""
    spans = sorted(spans, key=lambda span: (span.from_ns, span.to_ns))
    hour_ticks = preset.ticks(_hour_bps(preset))
    rows = [
        (
            span.from_ns, span.to_ns, change.volatility, change.activity, change.depth,
            change.drift * hour_ticks / 3_600.0, change.pull, change.jumps,
        )
        for span in sorted(_apart(spans), key=lambda span: span.from_ns)
        for change in [_change(span.name, regime)]
    ]  # fmt: skip
    return np.array(rows, np.float64).reshape(-1, 8), tuple(spans)


def cascades(flow_i: I64, flow_f: F64) -> tuple[HiddenRegime, ...]:
    """Return the last liquidation cascades; one that is going on ends with the flow's clock."""
    begun = int(flow_i[l_.CASCADES])
    spans = []
    for n in range(max(0, begun - l_.CASCADE_MOST), begun):
        at = l_.CASCADE + 2 * (n % l_.CASCADE_MOST)
        from_ns = int(flow_f[at])
        to_ns = max(from_ns, int(flow_f[at + 1]) or int(flow_i[l_.CLOCK]))
        spans.append(HiddenRegime(RegimeName.CASCADE, from_ns, to_ns))
    return tuple(spans)


def _apart(spans: Sequence[HiddenRegime]) -> Iterator[HiddenRegime]:
    """Yield what of each span is new: two shocks at a time shock no more than one.

    Added up, five of them at once would leave a fiftieth of the book and forty times the moves.
    """
    until_ns: dict[RegimeName, int] = {}
    for span in spans:
        from_ns = max(span.from_ns, until_ns.get(span.name, span.from_ns))
        if from_ns < span.to_ns:
            until_ns[span.name] = span.to_ns
            yield HiddenRegime(span.name, from_ns, span.to_ns)


def _change(name: RegimeName, regime: RegimeName) -> _Change:
    """Return what a regime changes; a market that is calm throughout is the preset itself."""
    return _Change() if regime is RegimeName.CALM else _CHANGES[name]


def _shocks(
    seed: int, end_ns: int, regime: RegimeName, news: Sequence[Truth]
) -> list[HiddenRegime]:
    """Return the shocks after headlines; most regimes have none."""
    if regime not in (RegimeName.MIXED, RegimeName.NEWS):
        return []
    return [
        HiddenRegime(RegimeName.NEWS, one.from_ns, min(end_ns, one.from_ns + _SHOCK_NS))
        for one in news
        if _is_shock(seed, one, regime) and one.from_ns < end_ns
    ]


def _is_shock(seed: int, truth: Truth, regime: RegimeName) -> bool:
    """Tell whether an item makes the market nervous: some major ones, true or not."""
    if truth.severity is not Severity.MAJOR or truth.stale:
        return False
    chance = 1.0 if regime is RegimeName.NEWS else _SHOCK_CHANCE
    return Stream(seed, REGIMES).uniform(int(truth.id[1:]), 2) < chance


def _hour_bps(preset: FlowPreset) -> float:
    """Return the deviation of the price over an hour; the latent walk alone is about half of it."""
    return 200.0 * preset.sigma_annual_pct * math.sqrt(3_600.0 / preset.trading_s_per_year)


def _chain(
    seed: int, at_ns: int, end_ns: int, begun: Sequence[HiddenRegime] = ()
) -> list[HiddenRegime]:
    """Draw which regime follows which, and for how long, from `at_ns` on; none follows itself.

    The spans that have `begun` before come first.
    """
    draw = Stream(seed, REGIMES)
    spans = list(begun)
    while at_ns < end_ns:
        others = [one for one in _CHAIN if not spans or one[0] is not spans[-1].name]
        n = len(spans)
        u = draw.uniform(n, 0) * sum(share for *_, share in others)
        name, minutes = others[-1][:2]
        for one, median, share in others:
            if u < share:
                name, minutes = one, median
                break
            u -= share
        lasts = minutes * math.exp(_SPREAD * draw.normal(n, 1))
        until_ns = min(end_ns, at_ns + int(lasts * MINUTE_NS))
        spans.append(HiddenRegime(name, at_ns, until_ns))
        at_ns = until_ns
    return spans


def _lasting(seed: int, n: int, span: HiddenRegime, at_ns: int, end_ns: int) -> HiddenRegime:
    """Draw anew when span `n` of the chain ends, given that it lasts until `at_ns` at least."""
    minutes, age = _MEDIAN_MINUTES[span.name], (at_ns - span.from_ns) / MINUTE_NS
    older = 1.0  # the share of such spans that grow older than this one
    if age > 0.0:
        older = 0.5 * math.erfc(math.log(age / minutes) / (_SPREAD * math.sqrt(2.0)))
    z = -normal(older * Stream(seed, REGIMES).uniform(n, 1))
    until_ns = span.from_ns + int(minutes * math.exp(_SPREAD * z) * MINUTE_NS)
    return HiddenRegime(span.name, span.from_ns, min(end_ns, max(at_ns, until_ns)))


def _calendar(start_ns: int, end_ns: int, preset: FlowPreset) -> list[HiddenRegime]:
    """Return the weekends, and the minutes around funding, within the span."""
    spans = []
    if preset.perpetual:
        first = start_ns // FUNDING_EVERY_NS * FUNDING_EVERY_NS
        for at_ns in range(first, end_ns + _BEFORE_FUNDING_NS, FUNDING_EVERY_NS):
            begin, end = at_ns - _BEFORE_FUNDING_NS, at_ns + _AFTER_FUNDING_NS
            spans.append(HiddenRegime(RegimeName.FUNDING, begin, end))
    if preset.category is not Category.EQUITY:
        days = start_ns // DAY_NS - (start_ns // DAY_NS + 3) % 7 - 2  # a Saturday; day 2 was one
        for day in range(days, end_ns // DAY_NS + 1, 7):
            spans.append(HiddenRegime(RegimeName.WEEKEND, day * DAY_NS, (day + 2) * DAY_NS))
    clipped = [
        HiddenRegime(span.name, max(start_ns, span.from_ns), min(end_ns, span.to_ns))
        for span in spans
    ]
    return [span for span in clipped if span.to_ns > span.from_ns]
