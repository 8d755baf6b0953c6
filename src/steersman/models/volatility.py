"""How much a price moves, measured so that the bounce between bid and ask does not count.

Sources: L. Zhang, P. Mykland, Y. Ait-Sahalia, "A tale of two time scales" (2005): the mean realised
variance of sparse returns less what noise adds to it, n_sparse / n of the dense one. M. Parkinson
(1980), M. Garman and M. Klass (1980), L. Rogers and S. Satchell (1991): variance from a bar's open,
high, low and close, five to eight times as precise as from its close alone; only the third is right
where prices drift. D. Yang, Q. Zhang (2000) adds jumps between bars.

Prices in, variance per step out (of log returns); errors come from the spread over blocks of time,
with memory allowed for. A bar of few trades has too small a range: ranges are biased down there.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.models.regression import OBSERVATIONS_MIN, Estimate, mean_in_time
from steersman.models.validity import ModelError, NotIdentifiedError

__all__ = [
    "as_deviation",
    "garman_klass",
    "mean_variance",
    "parkinson",
    "realised_variance",
    "rogers_satchell",
    "two_scale_variance",
    "two_scale_variances",
    "yang_zhang",
]

F64 = npt.NDArray[np.float64]
SPARSE: Final = 5


def realised_variance(prices: F64) -> float:
    """Return the mean squared log return a step, noise included."""
    steps = _log_steps(prices)
    return float(steps @ steps) / len(steps)


def two_scale_variance(prices: F64, sparse: int = SPARSE) -> float:
    """Return the variance a step without independent noise; may be negative in a quiet sample.

    `sparse` is how many steps the slow scale takes at once.
    """
    if sparse < 2:
        raise ModelError(f"sparse must be at least 2, got {sparse}")
    dense = _log_steps(prices)
    n = len(dense)
    if n < 2 * sparse:
        raise NotIdentifiedError(f"{n} steps, at least {2 * sparse} are needed")
    path = np.concatenate([[0.0], np.cumsum(dense)])
    slow = path[sparse:] - path[:-sparse]
    steps = len(slow) / sparse  # mean number of slow returns of one grid
    corrected = float(slow @ slow) / sparse - steps / n * float(dense @ dense)
    return corrected / (steps * sparse - steps)


def two_scale_variances(prices: F64, block: int, sparse: int = SPARSE) -> F64:
    """Return the two-scale variance of each block of `block` steps; NaN for one with a gap."""
    blocks = (len(prices) - 1) // block
    found = np.full(max(blocks, 0), np.nan)
    for k in range(blocks):
        part = prices[k * block : (k + 1) * block + 1]
        if np.isfinite(part).all():
            found[k] = two_scale_variance(part, sparse)
    return found


def parkinson(high: F64, low: F64) -> F64:
    """Return each bar's variance from its range."""
    _bars(high, low)
    found: F64 = np.log(high / low) ** 2 / (4 * math.log(2))
    return found


def garman_klass(open_: F64, high: F64, low: F64, close: F64) -> F64:
    """Return each bar's variance from its range and its move, for prices without drift."""
    _bars(open_, high, low, close)
    move = np.log(close / open_)
    found: F64 = np.log(high / low) ** 2 / 2 - (2 * math.log(2) - 1) * move**2
    return found


def rogers_satchell(open_: F64, high: F64, low: F64, close: F64) -> F64:
    """Return each bar's variance, whatever the drift."""
    _bars(open_, high, low, close)
    found: F64 = np.log(high / close) * np.log(high / open_)
    found += np.log(low / close) * np.log(low / open_)
    return found


def yang_zhang(open_: F64, high: F64, low: F64, close: F64) -> float:
    """Return the variance a bar, the jump from the close before included, whatever the drift."""
    within = rogers_satchell(open_, high, low, close)[1:]
    n = len(within)
    if n < 2:
        raise NotIdentifiedError(f"{n + 1} bars, at least 3 are needed")
    jumps, moves = np.log(open_[1:] / close[:-1]), np.log(close[1:] / open_[1:])
    share = 0.34 / (1.34 + (n + 1) / (n - 1))
    mixed = share * moves.var(ddof=1) + (1 - share) * within.mean()
    return float(jumps.var(ddof=1) + mixed)


def mean_variance(variances: F64) -> Estimate:
    """Return the mean of variances in time order with its error; gaps (NaN) are left out.

    Raises NotIdentifiedError for fewer than 30, or where nothing moves.
    """
    known = variances[np.isfinite(variances)]
    if len(known) < OBSERVATIONS_MIN:
        raise NotIdentifiedError(
            f"{len(known)} blocks of time, at least {OBSERVATIONS_MIN} are needed"
        )
    if not known.any():
        raise NotIdentifiedError("the price does not move")
    mean = mean_in_time(known, positive=True)
    if mean.value <= 0:
        raise NotIdentifiedError("the price moves by no more than its noise")
    return mean


def as_deviation(variance: Estimate, scale: float) -> Estimate:
    """Return the standard deviation over `scale` steps of a variance a step (delta method)."""
    if not variance.value > 0:
        raise NotIdentifiedError(f"the variance is {variance.value}, must be positive")
    value = math.sqrt(variance.value * scale)
    error = value / 2 * variance.standard_error / variance.value
    return Estimate(value, error, variance.n, variance.parameters, variance.degrees, True)


def _log_steps(prices: F64) -> F64:
    if len(prices) < 2:
        raise NotIdentifiedError(f"{len(prices)} prices, at least 2 are needed")
    _bars(prices)
    steps: F64 = np.diff(np.log(prices))
    return steps


def _bars(*prices: F64) -> None:
    if len({series.shape for series in prices}) != 1:
        raise NotIdentifiedError("bars must have one length")
    for series in prices:
        if not np.isfinite(series).all() or (series <= 0).any():
            raise NotIdentifiedError("every price must be finite and positive")
