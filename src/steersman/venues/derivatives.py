"""The perpetual's own state: open interest, liquidations, premium and funding, from the price path.

Positions are opened all the time and would be liquidated at some distance: clusters of them lie
above (shorts) and below (longs) the price. When the mark price, which is the latent one, reaches a
cluster, its positions are closed by taker orders in the direction of the move that follow within
seconds (`flow` sends them), and push the price like anybody's, perhaps into the next cluster.

The premium is what the price is above its average of a day, in part, and noise that lasts; every
eight hours (0, 8, 16 UTC) its mean since the last time gives the funding rate by Bybit's rule:
mean + clamp(1 bp - mean, +-5 bps), capped at 37.5 bps.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from steersman.venues import draws
from steersman.venues.draws import bits, normal_fast, uniform
from steersman.venues.latent import (
    CASCADE,
    CASCADE_MOST,
    CASCADES,
    CLUSTERS,
    CLUSTERS_BORN,
    CLUSTERS_MOST,
    EFFECT,
    FORCED_LEFT,
    FORCED_N,
    FORCED_NS,
    FUNDING,
    FUNDING_MOST,
    FUNDING_NS,
    FUNDINGS,
    LATENT,
    LIQUIDATED,
    MINUTE,
    MINUTE_F,
    MINUTE_MOST,
    MINUTES,
    NEAREST,
    OPEN_INTEREST,
    PREMIUM_MINUTES,
    PREMIUM_NOISE,
    PREMIUM_SUM,
    SLOW_MARK,
    leave,
    push,
)
from steersman.venues.parameters import (
    P_CLUSTERS,
    P_FORCED,
    P_OPEN_INTEREST,
    P_PREMIUM,
    STEPS_PER_S,
)

__all__ = ["FUNDING_EVERY_NS", "begin_perpetual", "force", "mark_step", "trade_interest"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

FUNDING_EVERY_NS: Final = 8 * 3_600_000_000_000
_MINUTE_NS: Final = 60_000_000_000
_NOWHERE: Final = 1e18
_BEGIN: Final = -(1 << 40)  # counters of the draws at the start

_DAY_SHARE: Final = 1.0 / 1_440.0  # of a new minute in the average of a day
_NOISE_MEAN_BPS: Final = 3.4
_NOISE_SD_BPS: Final = 5.5
_NOISE_DECAY: Final = 1.0 - 1.0 / 2_400.0  # a minute's; 40 h
_TREND_SD_BPS: Final = 4.6  # of the premium that comes from the price path
_BASE_BPS: Final = 1.0
_BAND_BPS: Final = 5.0
_CAP_BPS: Final = 37.5


@njit(cache=True)
def begin_perpetual(params: F64, seed: int, flow_i: I64, flow_f: F64, start_ns: int) -> None:
    """Draw premium and clusters as if the market had been going on for long."""
    mark = flow_f[LATENT]
    flow_f[OPEN_INTEREST] = params[P_OPEN_INTEREST]
    flow_i[FUNDING_NS] = (start_ns // FUNDING_EVERY_NS + 1) * FUNDING_EVERY_NS
    away_bps = _TREND_SD_BPS / params[P_PREMIUM] * normal_fast(bits(seed, draws.FUNDING, -1, 0))
    flow_f[SLOW_MARK] = mark * (1.0 - away_bps * 1e-4)
    noise = normal_fast(bits(seed, draws.FUNDING, -1, 1))
    flow_f[PREMIUM_NOISE] = _NOISE_MEAN_BPS + _NOISE_SD_BPS * noise
    if params[P_CLUSTERS] > 0.0:
        for n in range(CLUSTERS_MOST):
            _cluster(params, seed, _BEGIN + n, flow_i, flow_f, mark)
    _find_nearest(flow_f)


@njit(cache=True)
def mark_step(params: F64, seed: int, flow_i: I64, flow_f: F64, n: int, begin: int) -> None:
    """Follow the mark price of step `n`: liquidate what it reaches; once a minute publish."""
    mark = flow_f[LATENT] + flow_f[EFFECT]
    if mark <= flow_f[NEAREST] or mark >= flow_f[NEAREST + 1]:
        _liquidate(params, seed, flow_i, flow_f, mark, begin)
    if n % STEPS_PER_S != 0:
        return
    if uniform(seed, draws.LIQUIDATIONS, n, 0) < params[P_CLUSTERS]:
        _cluster(params, seed, n, flow_i, flow_f, mark)
        _find_nearest(flow_f)
    if begin % _MINUTE_NS == 0:
        _minute(params, seed, flow_i, flow_f, mark, begin)


# -- liquidations ---------------------------------------------------------------------------------
@njit(cache=True)
def _cluster(params: F64, seed: int, n: int, flow_i: I64, flow_f: F64, mark: float) -> None:
    """Let positions be opened that would be liquidated at a drawn distance."""
    z = normal_fast(bits(seed, draws.LIQUIDATIONS, n, 1))
    away = params[P_CLUSTERS + 1] * math.exp(params[P_CLUSTERS + 2] * z)
    size = uniform(seed, draws.LIQUIDATIONS, n, 2) ** (-1.0 / params[P_CLUSTERS + 4])
    lots = min(params[P_CLUSTERS + 3] * size, params[P_CLUSTERS + 5])
    side = 1.0 if uniform(seed, draws.LIQUIDATIONS, n, 3) < 0.5 else -1.0
    at = CLUSTERS + 2 * (flow_i[CLUSTERS_BORN] % CLUSTERS_MOST)
    flow_i[CLUSTERS_BORN] += 1
    flow_f[at] = mark + side * away
    flow_f[at + 1] = side * max(1.0, math.floor(lots))


@njit(cache=True)
def _find_nearest(flow_f: F64) -> None:
    """Note the clusters next to the price, below and above."""
    flow_f[NEAREST], flow_f[NEAREST + 1] = -_NOWHERE, _NOWHERE
    for n in range(CLUSTERS_MOST):
        tick, lots = flow_f[CLUSTERS + 2 * n], flow_f[CLUSTERS + 2 * n + 1]
        if lots < 0.0:
            flow_f[NEAREST] = max(flow_f[NEAREST], tick)
        elif lots > 0.0:
            flow_f[NEAREST + 1] = min(flow_f[NEAREST + 1], tick)


@njit(cache=True)
def _liquidate(params: F64, seed: int, flow_i: I64, flow_f: F64, mark: float, begin: int) -> None:
    """Hand the positions of every cluster that the price has reached over to forced orders."""
    for n in range(CLUSTERS_MOST):
        tick, lots = flow_f[CLUSTERS + 2 * n], flow_f[CLUSTERS + 2 * n + 1]
        if (lots < 0.0 and mark <= tick) or (lots > 0.0 and mark >= tick):
            flow_f[FORCED_LEFT + (1 if lots > 0.0 else 0)] += abs(lots)
            flow_f[CLUSTERS + 2 * n + 1] = 0.0
    _find_nearest(flow_f)
    if flow_i[FORCED_NS] == 0:
        flow_i[FORCED_NS] = begin + _gap_ns(params, seed, flow_i[FORCED_N])
        at = CASCADE + 2 * (flow_i[CASCADES] % CASCADE_MOST)
        flow_i[CASCADES] += 1
        flow_f[at] = begin
        flow_f[at + 1] = 0.0


@njit(cache=True)
def _gap_ns(params: F64, seed: int, n: int) -> int:
    return 1 + int(-math.log(uniform(seed, draws.LIQUIDATIONS, n, 4)) * params[P_FORCED])


@njit(cache=True)
def force(params: F64, seed: int, flow_i: I64, flow_f: F64) -> int:
    """Take the next forced order out of what is left; return its lots, signed by its side."""
    n = flow_i[FORCED_N]
    flow_i[FORCED_N] = n + 1
    row = 0 if flow_f[FORCED_LEFT] >= flow_f[FORCED_LEFT + 1] else 1
    side = 2 * row - 1
    left = int(flow_f[FORCED_LEFT + row])
    mean = max(params[P_FORCED + 1], left / 20.0)
    drawn = 1 + int(-math.log(uniform(seed, draws.LIQUIDATIONS, n, 5)) * mean)
    lots = min(left, drawn)
    flow_f[FORCED_LEFT + row] -= lots
    flow_f[OPEN_INTEREST] = max(0.0, flow_f[OPEN_INTEREST] - lots)
    push(params, flow_f, LIQUIDATED, side, lots)
    if flow_f[FORCED_LEFT] + flow_f[FORCED_LEFT + 1] >= 1.0:
        flow_i[FORCED_NS] += _gap_ns(params, seed, n + 1)
        return side * lots
    leave(flow_f, LIQUIDATED)
    flow_f[CASCADE + 2 * ((flow_i[CASCADES] - 1) % CASCADE_MOST) + 1] = flow_i[FORCED_NS]
    flow_i[FORCED_NS] = 0
    return side * lots


# -- open interest and funding --------------------------------------------------------------------
@njit(cache=True, inline="always")
def trade_interest(params: F64, flow_f: F64, lots: int, u: float) -> None:
    """Let a taker order open or close positions (`u` says which); interest returns to its norm."""
    norm = params[P_OPEN_INTEREST]
    below = (norm - flow_f[OPEN_INTEREST]) / norm
    opens = 0.5 + max(-0.4, min(0.4, 2.0 * below))
    flow_f[OPEN_INTEREST] += 0.3 * lots if u < opens else -0.3 * lots


@njit(cache=True)
def _minute(params: F64, seed: int, flow_i: I64, flow_f: F64, mark: float, begin: int) -> None:
    """Follow the premium; set the funding rate where it is time; note what is published."""
    minute = begin // _MINUTE_NS
    flow_f[SLOW_MARK] += _DAY_SHARE * (mark - flow_f[SLOW_MARK])
    spread = _NOISE_SD_BPS * math.sqrt(1.0 - _NOISE_DECAY * _NOISE_DECAY)
    noise = (flow_f[PREMIUM_NOISE] - _NOISE_MEAN_BPS) * _NOISE_DECAY
    noise += spread * normal_fast(bits(seed, draws.FUNDING, minute, 0))
    flow_f[PREMIUM_NOISE] = _NOISE_MEAN_BPS + noise
    trend_bps = (mark / flow_f[SLOW_MARK] - 1.0) * 1e4
    flow_f[PREMIUM_SUM] += flow_f[PREMIUM_NOISE] + params[P_PREMIUM] * trend_bps
    flow_f[PREMIUM_MINUTES] += 1.0
    mean = flow_f[PREMIUM_SUM] / flow_f[PREMIUM_MINUTES]
    rate = mean + max(-_BAND_BPS, min(_BAND_BPS, _BASE_BPS - mean))
    rate = max(-_CAP_BPS, min(_CAP_BPS, rate))
    if begin % FUNDING_EVERY_NS == 0:
        flow_f[FUNDING + flow_i[FUNDINGS] % FUNDING_MOST] = rate
        flow_i[FUNDINGS] += 1
        flow_f[PREMIUM_SUM] = flow_f[PREMIUM_MINUTES] = 0.0
    at = MINUTE + MINUTE_F * (flow_i[MINUTES] % MINUTE_MOST)
    flow_i[MINUTES] += 1
    flow_f[at] = minute
    flow_f[at + 1] = mark
    flow_f[at + 2] = flow_f[OPEN_INTEREST]
    for row in range(2):
        flow_f[at + 3 + 2 * row] = flow_f[NEAREST + row]
        flow_f[at + 4 + 2 * row] = 0.0
        for n in range(CLUSTERS_MOST):
            lots = flow_f[CLUSTERS + 2 * n + 1]
            if lots != 0.0 and flow_f[CLUSTERS + 2 * n] == flow_f[NEAREST + row]:
                flow_f[at + 4 + 2 * row] += abs(lots)
    flow_f[at + 7] = rate
