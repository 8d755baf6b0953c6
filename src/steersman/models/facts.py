"""Stylised facts of a market, as pure functions from arrays to figures.

Every market that deserves the name shows them: heavy tails, no memory of returns but a long one of
their size and of the signs of trades, a touch that is one tick wide, depth that comes back, impact
that is concave. Each function returns a `Figure`: the value, its standard error where one can be
had, and on how many observations it rests. A series may hold NaN where the market was closed or its
book not valid: those observations, and the pairs they would be part of, do not count.

Errors come from leaving out one tenth of the series at a time (the block jackknife), so what is
correlated over minutes does not pass for independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "SIGNATURE_S",
    "Figure",
    "abs_memory",
    "annual_volatility",
    "autocorrelation",
    "by_size",
    "correlation",
    "depth_recovery",
    "excess_kurtosis",
    "fano",
    "flow_imbalance",
    "flow_r2",
    "hill",
    "kurtosis",
    "kurtosis_fall",
    "log_lags",
    "memory",
    "one_tick_share",
    "power_law",
    "returns_bps",
    "shape_ratio",
    "sign_decay",
    "signature",
    "signature_spread",
    "size_exponent",
    "spread_jump",
    "tail_index",
    "weighted_quantile",
]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

BLOCKS: Final = 10
SIGNATURE_S: Final = (1, 5, 10, 30, 60, 300)
SIGN_LAG_MAX: Final = 200
ABS_LAG_MAX: Final = 60
FIT_POINTS: Final = 4  # fewer points than this make no line
BIN_LEAST: Final = 30  # orders in a bin of sizes
UNKNOWN: Final = math.nan


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value (NaN: nothing to measure), its standard error or None, and its sample."""

    value: float
    error: float | None
    n: int


# -- statistics -----------------------------------------------------------------------------------
def returns_bps(mid: F64, every: int) -> F64:
    """Return log returns in bps over `every` steps of a regular grid of mids, one after the other.

    NaN where either end is missing.
    """
    logs = np.log(mid[::every])
    returns: F64 = np.diff(logs) * 1e4
    return returns


def excess_kurtosis(x: F64) -> float:
    """Return the fourth standardised moment less 3."""
    x = x[np.isfinite(x)]
    if x.size < 2 or x.std() == 0.0:
        return UNKNOWN
    z = (x - x.mean()) / x.std()
    return float((z**4).mean() - 3.0)


def autocorrelation(x: F64, lags: Sequence[int]) -> F64:
    """Return the autocorrelation at each lag (shape (lags,)), over the pairs that are complete."""
    products, pairs = _products(x, lags)
    return _ratio(products.sum(axis=0), pairs.sum(axis=0))


def _products(x: F64, lags: Sequence[int]) -> tuple[F64, F64]:
    """Return the sums of products of centred values, and how many, by block and lag.

    Shape (BLOCKS, 1 + lags) both; lag 0 comes first.
    """
    known = np.isfinite(x)
    weight = known.astype(np.float64)
    z = np.where(known, x - (x[known].mean() if known.any() else 0.0), 0.0)
    products, pairs = np.zeros((2, BLOCKS, 1 + len(lags)))
    for k, (first, last) in enumerate(_blocks(x.size)):
        for at, lag in enumerate([0, *lags]):
            end = min(last, x.size - lag)
            if end > first:
                products[k, at] = z[first + lag : end + lag] @ z[first:end]
                pairs[k, at] = weight[first + lag : end + lag] @ weight[first:end]
    return products, pairs


def _ratio(products: F64, pairs: F64) -> F64:
    """Return the autocorrelation from sums of products; NaN where there are too few pairs."""
    enough = pairs > 1.0
    mean = np.where(enough, products, np.nan) / np.where(enough, pairs, 1.0)
    acf: F64 = mean[1:] / mean[0] if mean[0] > 0.0 else np.full(mean.size - 1, UNKNOWN)
    return acf


def _blocks(size: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, size, BLOCKS + 1).astype(np.int64).tolist()
    return list(pairwise(edges))


def hill(x: F64, share: float) -> float:
    """Return Hill's estimate of the tail index from the largest `share` of the values."""
    x = x[np.isfinite(x)]
    top = np.sort(x)[-max(10, round(x.size * share)) :]
    if top.size < 10 or top[0] <= 0.0 or top[-1] <= top[0]:
        return UNKNOWN
    return float(1.0 / np.log(top[1:] / top[0]).mean())


def power_law(x: Sequence[int] | F64, y: F64) -> float:
    """Return the slope of log y over log x where y is positive; NaN for too few points."""
    at, over = np.asarray(x, np.float64), np.asarray(y, np.float64)
    fits = np.isfinite(over) & (over > 0.0) & (at > 0.0)
    if fits.sum() < FIT_POINTS:
        return UNKNOWN
    return float(np.polyfit(np.log(at[fits]), np.log(over[fits]), 1)[0])


def log_lags(last: int) -> list[int]:
    """Return about eight lags a decade from 1 to `last`."""
    lags = np.geomspace(1, last, 1 + round(8 * math.log10(last)))
    return sorted({round(float(lag)) for lag in lags})


def weighted_quantile(
    values: npt.NDArray[np.generic], weight: npt.NDArray[np.generic], q: float
) -> float:
    """Return the value below which the share `q` of the weight lies."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order], dtype=np.float64)
    if total.size == 0 or total[-1] <= 0.0:
        return UNKNOWN
    return float(values[order][np.searchsorted(total, q * total[-1])])


def _jackknife(statistic: Callable[..., float], *series: F64) -> Figure:
    """Return `statistic` of aligned series with its error from leaving out a tenth at a time."""
    known = int(np.isfinite(series[0]).sum())
    value = statistic(*series)
    left_out = []
    for first, last in _blocks(series[0].size):
        kept = [one.copy() for one in series]
        for one in kept:
            one[first:last] = UNKNOWN
        left_out.append(statistic(*kept))
    return Figure(value, _jackknife_error(left_out), known)


def _jackknife_error(left_out: list[float]) -> float | None:
    others = np.array(left_out)
    if not np.isfinite(others).all():
        return None
    spread = float(((others - others.mean()) ** 2).sum())
    return math.sqrt(spread * (BLOCKS - 1) / BLOCKS)


# -- returns --------------------------------------------------------------------------------------
def kurtosis(minutes: F64) -> Figure:
    """Return the excess kurtosis of one-minute returns."""
    return _jackknife(excess_kurtosis, minutes)


def kurtosis_fall(minutes: F64, times: int = 5) -> Figure:
    """Return by how much the excess kurtosis is less for returns over `times` minutes."""
    whole = minutes[: minutes.size // times * times].reshape(-1, times)
    figure = _jackknife(_fall, *whole.T)
    return Figure(figure.value, figure.error, int(np.isfinite(minutes).sum()))


def _fall(*columns: F64) -> float:
    table = np.array(columns)
    return excess_kurtosis(table.ravel()) - excess_kurtosis(table.sum(axis=0))


def memory(series: F64, lag: int) -> Figure:
    """Return the autocorrelation at one lag."""
    return _remembered(series, [lag], lambda acf: float(acf[0]))


def abs_memory(minutes: F64, last: int = ABS_LAG_MAX) -> Figure:
    """Return the exponent by which the memory of the size of returns decays: lag^-exponent."""
    return _decay(np.abs(minutes), last)


def sign_decay(signs: F64, last: int = SIGN_LAG_MAX) -> Figure:
    """Return the exponent by which the memory of the signs of taker orders decays."""
    return _decay(signs, last)


def _decay(series: F64, last: int) -> Figure:
    lags = log_lags(last)
    return _remembered(series, lags, lambda acf: -power_law(lags, acf))


def _remembered(series: F64, lags: Sequence[int], statistic: Callable[[F64], float]) -> Figure:
    """Return a statistic of the autocorrelation; its blocks are added up once, then left out."""
    products, pairs = _products(series, lags)
    value = statistic(_ratio(products.sum(axis=0), pairs.sum(axis=0)))
    known = int(np.isfinite(series).sum())
    others = [
        statistic(_ratio(products.sum(axis=0) - products[k], pairs.sum(axis=0) - pairs[k]))
        for k in range(BLOCKS)
    ]
    return Figure(value, _jackknife_error(others), known)


def tail_index(values: F64, share: float) -> Figure:
    """Return Hill's tail index with its asymptotic error; `n` counts all values."""
    known = values[np.isfinite(values)]
    alpha = hill(known, share)
    kept = max(10, round(known.size * share))
    return Figure(alpha, alpha / math.sqrt(kept), known.size)


def annual_volatility(returns: F64, step_s: float, year_s: float) -> Figure:
    """Return the volatility in percent a year of returns in bps over `step_s` each."""
    figure = _jackknife(_root_mean_square, returns)
    scale = math.sqrt(year_s / step_s) / 100.0
    error = None if figure.error is None else figure.error * scale
    return Figure(figure.value * scale, error, figure.n)


def _root_mean_square(x: F64) -> float:
    x = x[np.isfinite(x)]
    return math.sqrt(float((x * x).mean())) if x.size else UNKNOWN


def signature(mid: F64, horizons: Sequence[int] = SIGNATURE_S) -> F64:
    """Return the volatility per root second at each horizon, from overlapping returns (bps)."""
    logs = np.log(mid) * 1e4
    found = [_root_mean_square(logs[h:] - logs[:-h]) / math.sqrt(h) for h in horizons]
    return np.array(found)


def signature_spread(mid: F64, horizons: Sequence[int] = SIGNATURE_S) -> Figure:
    """Return how far apart volatilities at these horizons are: highest / lowest - 1.

    `n` counts the longest returns that do not overlap.
    """

    def statistic(x: F64) -> float:
        plot = signature(x, horizons)
        return float(plot.max() / plot.min() - 1.0) if np.isfinite(plot).all() else UNKNOWN

    figure = _jackknife(statistic, mid)
    return Figure(figure.value, figure.error, figure.n // max(horizons))


def correlation(x: F64, y: F64) -> Figure:
    """Return the linear correlation of two aligned series."""
    return _jackknife(_correlation, x, y)


def _correlation(x: F64, y: F64) -> float:
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 3 or x[both].std() == 0.0 or y[both].std() == 0.0:
        return UNKNOWN
    return float(np.corrcoef(x[both], y[both])[0, 1])


# -- the flow of orders ---------------------------------------------------------------------------
def fano(counts: F64) -> Figure:
    """Return the variance of counts over their mean: 1 where arrivals are independent."""
    return _jackknife(_fano, counts)


def _fano(x: F64) -> float:
    x = x[np.isfinite(x)]
    return float(x.var() / x.mean()) if x.size and x.mean() > 0.0 else UNKNOWN


def by_size(size: F64, moved: F64, bins: int = 8) -> tuple[F64, F64]:
    """Return mean sizes and mean moves of orders in bins of equal width in log size.

    The bins run from the median to the largest; those with fewer than 30 orders are left out.
    """
    known = np.isfinite(size) & np.isfinite(moved) & (size > 0.0)
    size, moved = size[known], moved[known]
    if size.size < BIN_LEAST:
        return np.empty(0), np.empty(0)
    edges = np.geomspace(np.median(size), size.max() * (1.0 + 1e-12), bins + 1)
    at = np.searchsorted(edges, size, side="right") - 1
    held = [at == k for k in range(bins) if (at == k).sum() >= BIN_LEAST]
    sizes = np.array([float(np.exp(np.log(size[one]).mean())) for one in held])
    return sizes, np.array([float(moved[one].mean()) for one in held])


def size_exponent(size: F64, moved: F64) -> Figure:
    """Return the power of its size with which the move after an order grows."""
    return _jackknife(lambda s, m: power_law(*by_size(s, m)), size, moved)


def spread_jump(spread: F64, size: F64, share: float = 0.01) -> Figure:
    """Return the widest spread just after the largest `share` of orders over that after the rest.

    `n` counts the large ones.
    """
    known = np.isfinite(spread)
    spread, size = spread[known], size[known]
    if spread.size == 0:
        return Figure(UNKNOWN, None, 0)
    large = size >= np.quantile(size, 1.0 - share)
    if large.all():
        return Figure(UNKNOWN, None, 0)
    usual = float(spread[~large].mean())
    n = int(large.sum())
    error = float(spread[large].std()) / math.sqrt(n) / usual
    return Figure(float(spread[large].mean()) / usual, error, n)


def shape_ratio(by_part: F64, busy: Sequence[int]) -> Figure:
    """Return the mean volume of the `busy` parts of a day over that of the others."""
    chosen = np.zeros(by_part.size, dtype=np.bool_)
    chosen[list(busy)] = True
    known = np.isfinite(by_part)
    if not (known & chosen).any() or not by_part[known & ~chosen].sum() > 0.0:
        return Figure(UNKNOWN, None, int(known.sum()))
    ratio = float(by_part[known & chosen].mean() / by_part[known & ~chosen].mean())
    return Figure(ratio, None, int(known.sum()))


# -- the book -------------------------------------------------------------------------------------
def one_tick_share(spread: F64, weight: F64) -> Figure:
    """Return the share of time in which the spread is one tick; `weight` is how long each held."""
    known = np.isfinite(spread)
    total = float(weight[known].sum())
    if total <= 0.0:
        return Figure(UNKNOWN, None, 0)
    return Figure(float(weight[known & (spread <= 1.0)].sum()) / total, None, int(known.sum()))


def depth_recovery(depth: F64, taken: F64, step_s: float, limit_s: float = 60.0) -> Figure:
    """Return the median time until half of the depth that takers removed at once is back.

    `depth` and `taken` have shape (samples, 2): lots near the touch at each sample, and lots taken
    from that side since the sample before. Counted are sweeps: losses of half the depth and more of
    which takers account for at least half. What is not back within `limit_s` counts as `limit_s`.
    """
    times: list[float] = []
    for row in range(2):
        times += _recoveries(depth[:, row], taken[:, row], step_s, round(limit_s / step_s))
    if not times:
        return Figure(UNKNOWN, None, 0)
    low, middle, high = np.percentile(times, [25, 50, 75])
    error = 0.93 * float(high - low) / math.sqrt(len(times))
    return Figure(float(middle), error, len(times))


def _recoveries(depth: F64, taken: F64, step_s: float, limit: int) -> list[float]:
    before, after = depth[:-1], depth[1:]
    lost = before - after
    hits = (lost >= 0.5 * before) & (before > 0.0) & (taken[1:] >= 0.5 * lost)
    times: list[float] = []
    free = 0
    for at in np.flatnonzero(hits).tolist():
        if at < free or at + 1 + limit >= depth.size:
            continue
        half = 0.5 * (before[at] + after[at])
        back = np.flatnonzero(depth[at + 2 : at + 2 + limit] >= half)
        steps = int(back[0]) + 1 if back.size else limit
        times.append(steps * step_s)
        free = at + 1 + steps
    return times


def flow_imbalance(bid: F64, bid_lots: F64, ask: F64, ask_lots: F64) -> F64:
    """Return the order-flow imbalance between successive samples of the touch, in lots.

    What was added at the best bid or taken from the best ask counts as positive, after Cont,
    Kukanov and Stoikov. Shape (samples - 1,).
    """
    bought = (bid[1:] >= bid[:-1]) * bid_lots[1:] - (bid[1:] <= bid[:-1]) * bid_lots[:-1]
    sold = (ask[1:] <= ask[:-1]) * ask_lots[1:] - (ask[1:] >= ask[:-1]) * ask_lots[:-1]
    imbalance: F64 = bought - sold
    return imbalance


def flow_r2(imbalance: F64, returns: F64) -> Figure:
    """Return the share of the variance of returns that the imbalance of the same time explains."""
    return _jackknife(lambda x, y: _correlation(x, y) ** 2, imbalance, returns)
