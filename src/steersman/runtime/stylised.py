"""The stylised facts that a market is held against: what is measured, what is accepted.

Ranges come from the literature and from short recordings; they are data, and no figure of ours had
a say in them. Where a market was watched for too short to tell, the verdict says so: nothing passes
for lack of evidence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category, Instrument
from steersman.domain.units import SECOND_NS
from steersman.models import facts as f_
from steersman.models import metaorders
from steersman.models.facts import Figure
from steersman.runtime.watching import SAMPLE_NS, Watched

__all__ = [
    "FACTS",
    "GENERATED",
    "HOLD_LEAST",
    "RANGES",
    "RECORDED",
    "Fact",
    "Finding",
    "Judged",
    "Pairs",
    "Verdict",
    "figures",
    "find_verdict",
    "judge",
    "range_for",
]

F64 = npt.NDArray[np.float64]

HOLD_LEAST: Final = 12  # facts that must hold for a generated market to be believed
GENERATED: Final = "generated"
RECORDED: Final = "recorded"
INF: Final = math.inf
NAN: Final = math.nan
NOTHING: Final = Figure(NAN, None, 0)
PAIRED: Final = ("impact_exponent", "impact_factor", "reversion", "paired_path")


class Verdict(StrEnum):
    """What a figure says about a fact."""

    PASS = "pass"
    FAIL = "fail"
    SHORT = "too short"


@dataclass(frozen=True, slots=True)
class Fact:
    """One stylised fact: the accepted range of its figure and the least sample that can tell."""

    key: str
    title: str
    low: float
    high: float
    least: int


FACTS: Final = (
    Fact("kurtosis", "kurtosis of 1 min returns", 3.0, 30.0, 400),
    Fact("kurtosis_fall", "its fall from 1 to 5 min", 0.0, INF, 400),
    Fact("return_memory", "ACF of 1 min returns, lag 1", -0.05, 0.05, 400),
    Fact("abs_memory", "ACF of |return|, 10 min", 0.1, 1.0, 400),
    Fact("abs_decay", "its decay, lag^-x", 0.2, 0.4, 1_000),
    Fact("sign_decay", "ACF of trade signs, lag^-x", 0.3, 0.7, 5_000),
    Fact("sign_memory", "ACF of trade signs, lag 50", 0.05, 1.0, 5_000),
    Fact("tail_index", "tail index of 1 min returns", 2.0, 4.0, 1_000),
    Fact("one_tick", "one-tick spread, of time", 0.7, 1.0, 100),
    Fact("spread_bps", "median spread, bps", 0.01, 0.1, 100),
    Fact("spread_jump", "spread after sweeps / usual", 1.2, INF, 30),
    Fact("recovery_s", "half of swept depth back, s", 1.0, 20.0, 10),
    Fact("size_exponent", "move after 1 s by size^x", 0.1, 0.5, 5_000),
    Fact("signature", "signature plot, max/min - 1", 0.0, 0.3, 100),
    Fact("volume_return", "corr(volume, |return|) 1 min", 0.3, 1.0, 100),
    Fact("flow_r2", "OFI on return, R2 at 10 s", 0.3, 0.7, 100),
    Fact("intraday", "busy hours / the others", 1.2, 5.0, 48),
    Fact("annual_pct", "volatility, % a year", 50.0, 100.0, 400),
    Fact("fano", "Fano factor of orders, 1 s", 5.0, 50.0, 300),
    Fact("size_tail", "Hill alpha of order sizes", 1.1, 1.5, 2_500),
    Fact("impact_exponent", "metaorder impact, (Q/V)^x", 0.4, 0.6, 8),
    Fact("impact_factor", "Y of Y sigma sqrt(Q/V)", 0.5, 1.5, 8),
    Fact("reversion", "of it left after 15 min", 0.3, 0.8, 8),
    Fact("paired_path", "it, in standard errors", 2.0, INF, 8),
)

_SHARE: Final = {
    "annual_pct": (15.0, 25.0),
    "spread_bps": (0.2, 1.0),  # one cent on a share of 100 to 500 USD
}
RANGES: Final[Mapping[tuple[str, Category], Mapping[str, tuple[float, float]]]] = {
    ("AAPL", Category.EQUITY): _SHARE,
    ("BTCUSDT", Category.SPOT): {"spread_bps": (0.001, 0.1)},  # a tick is a hundredth of a bp
    ("KLPUSDT", Category.LINEAR): {  # illiquid: wide, slow, wild
        "annual_pct": (100.0, 300.0),
        "spread_bps": (3.0, 30.0),
        "recovery_s": (1.0, 120.0),
        "fano": (1.1, 20.0),
    },
    ("XRPUSDT", Category.LINEAR): {"annual_pct": (60.0, 150.0), "spread_bps": (0.3, 5.0)},
    ("XRPUSDT", Category.SPOT): {"annual_pct": (60.0, 150.0), "spread_bps": (0.3, 5.0)},
}
"""Accepted ranges that differ from those of `FACTS`, by symbol and category."""

CRYPTO_BUSY: Final = range(26, 32)  # 13-16 UTC
SHARE_BUSY: Final = (29, 41)  # the first and the last half-hour of the session
SHARE_PARTS: Final = 13  # half-hours of a session


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact of one market."""

    fact: Fact
    low: float
    high: float
    figure: Figure
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Pairs:
    """Metaorders of several sizes, each bought evenly over half an hour, with and without.

    `share` (sizes,) is size over the market's volume of that time. `before` (pairs, sizes) is the
    mid's difference in bps just before the order, `path` (pairs, sizes, minutes) each minute from
    its start on; it is worked for `minutes` of them, and as long again is watched. `sigma_bps` is
    the market's deviation over half an hour.
    """

    share: F64
    before: F64
    path: F64
    minutes: int
    sigma_bps: float

    @property
    def end(self) -> F64:
        """The difference at the order's end, shape (pairs, sizes)."""
        found: F64 = self.path[:, :, self.minutes]
        return found

    @property
    def later(self) -> F64:
        """The difference half the order's time after its end, shape (pairs, sizes)."""
        found: F64 = self.path[:, :, self.minutes + self.minutes // 2]
        return found

    def curve(self) -> tuple[F64, F64]:
        """Return the mean difference at the end by size, and its standard error."""
        pairs = len(self.path)
        error = self.end.std(axis=0, ddof=1) / math.sqrt(pairs) if pairs > 1 else self.share * NAN
        return self.end.mean(axis=0), error


@dataclass(frozen=True, slots=True)
class Judged:
    """One market with what was found; `source` is generated or recorded."""

    name: str
    source: str
    hours: float
    findings: tuple[Finding, ...]
    pairs: Pairs | None = None

    def count(self, verdict: Verdict) -> int:
        """Return how many facts have this verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)

    @property
    def believed(self) -> bool:
        """Whether a recording, or a generated market of which enough facts hold."""
        return self.source != GENERATED or self.count(Verdict.PASS) >= HOLD_LEAST


# -- figures --------------------------------------------------------------------------------------
def figures(w: Watched) -> dict[str, Figure]:
    """Measure every fact of one market, by its key."""
    minutes = f_.returns_bps(w.mid, 60)
    per_minute = w.volume[: minutes.size * 60].reshape(-1, 60).sum(axis=1)
    year_s = preset_year_s(w.instrument)
    return {
        "kurtosis": f_.kurtosis(minutes),
        "kurtosis_fall": f_.kurtosis_fall(minutes),
        "return_memory": f_.memory(minutes, 1),
        "abs_memory": f_.memory(np.abs(minutes), 10),
        "abs_decay": f_.abs_memory(minutes),
        "tail_index": f_.tail_index(np.abs(minutes), 0.05),
        "signature": f_.signature_spread(w.mid),
        "volume_return": f_.correlation(per_minute, np.abs(minutes)),
        "annual_pct": f_.annual_volatility(minutes, 60.0, year_s),
        **_order_figures(w),
        **_book_figures(w),
    }


def _order_figures(w: Watched) -> dict[str, Figure]:
    equity = w.instrument.category is Category.EQUITY
    intraday = f_.shape_ratio(w.by_half_hour, SHARE_BUSY if equity else tuple(CRYPTO_BUSY))
    if equity and intraday.n == SHARE_PARTS:  # a day of it, as 48 half-hours are elsewhere
        intraday = Figure(intraday.value, intraday.error, 48)
    return {
        "sign_decay": f_.sign_decay(w.orders.sign),
        "sign_memory": f_.memory(w.orders.sign, 50),
        "size_exponent": f_.size_exponent(w.orders.lots, w.orders.moved),
        "spread_jump": f_.spread_jump(w.orders.widest, w.orders.lots),
        "fano": f_.fano(w.counts),
        "size_tail": f_.tail_index(w.orders.lots, 0.02),
        "intraday": intraday,
    }


def _book_figures(w: Watched) -> dict[str, Figure]:
    s = w.samples
    every = 10 * SECOND_NS // SAMPLE_NS
    imbalance = f_.flow_imbalance(s.bid, s.bid_lots, s.ask, s.ask_lots)
    whole = imbalance[: imbalance.size // every * every].reshape(-1, every).sum(axis=1)
    moves = f_.returns_bps((s.bid + s.ask)[: whole.size * every + 1] / 2.0, every)
    known = np.isfinite(w.spread_bps)
    median = f_.weighted_quantile(w.spread_bps[known], w.held_ns[known], 0.5)
    return {
        "one_tick": f_.one_tick_share(w.spread, w.held_ns),
        "spread_bps": Figure(median, None, int(known.sum())),
        "recovery_s": f_.depth_recovery(s.depth, s.taken, SAMPLE_NS / SECOND_NS),
        "flow_r2": f_.flow_r2(whole, moves),
    }


def preset_year_s(instrument: Instrument) -> float:
    """Return how many seconds a year this instrument trades."""
    return 252 * 6.5 * 3_600.0 if instrument.category is Category.EQUITY else 365 * 86_400.0


def _pair_figures(p: Pairs | None) -> dict[str, Figure]:
    if p is None:
        return {key: NOTHING for key in PAIRED}
    return {
        "impact_exponent": metaorders.impact_exponent(p.share, p.end),
        "impact_factor": metaorders.impact_factor(p.share, p.end, p.sigma_bps),
        "reversion": metaorders.reversion(p.end[:, -1], p.later[:, -1]),
        "paired_path": metaorders.path_significance(p.before[:, -1], p.end[:, -1]),
    }


# -- judging --------------------------------------------------------------------------------------
def range_for(fact: Fact, symbol: str, category: Category) -> tuple[float, float]:
    """Return what is accepted of this fact for this instrument."""
    return RANGES.get((symbol, category), {}).get(fact.key, (fact.low, fact.high))


def find_verdict(figure: Figure, low: float, high: float, least: int) -> Verdict:
    """Return what a figure says: too short where the sample is too small to tell."""
    if figure.n < least or not math.isfinite(figure.value):
        return Verdict.SHORT
    return Verdict.PASS if low <= figure.value <= high else Verdict.FAIL


def judge(w: Watched, source: str, pairs: Pairs | None = None) -> Judged:
    """Hold one market against every fact."""
    rules = w.instrument
    measured = figures(w) | _pair_figures(pairs)
    findings = []
    for fact in FACTS:
        low, high = range_for(fact, rules.symbol, rules.category)
        verdict = find_verdict(measured[fact.key], low, high, fact.least)
        findings.append(Finding(fact, low, high, measured[fact.key], verdict))
    return Judged(f"{rules.symbol}.{rules.category.value}", source, w.hours, tuple(findings), pairs)
