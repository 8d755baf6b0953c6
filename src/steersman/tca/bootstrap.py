"""Intervals from resampled blocks, for means, medians and tails of what is not normal.

What happened on one day, or under one seed, is drawn together: children of one order and orders of
one day are no independent observations. A mean is studentised, t* = (mean* - mean) / error*, and
its interval is symmetric in |t*|, whose error in coverage is smaller by a factor of n than that of
equal tails: P. Hall, "On symmetric bootstrap confidence intervals", JRSS B 50 (1988). Its p value
is the share of |t*| that the observed |t| does not exceed: the two never disagree. Medians and
tails have no error to studentise by: theirs is the percentile interval (B. Efron, 1979), which in
small samples covers too little. All columns are resampled together, so that the difference of two
of them is paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.models.validity import ModelError

__all__ = [
    "BLOCKS_MIN",
    "RESAMPLES_MIN",
    "MeanInterval",
    "Weights",
    "block_weights",
    "mean_intervals",
    "percentile_ends",
    "percentiles",
    "ratio_interval",
    "weighted_medians",
    "weighted_tails",
]

RESAMPLES_MIN: Final = 2_000
BLOCKS_MIN: Final = 8  # below that hardly any two resamples differ, and no interval is given
CELLS_MAX: Final = 4_000_000  # of weights held at once

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Weights = Callable[[], Iterator[F64]]


@dataclass(frozen=True, slots=True)
class MeanInterval:
    """A mean, its error by blocks, its interval, and the p value of its being zero.

    Interval and p are None where fewer than `BLOCKS_MIN` blocks were seen.
    """

    mean: float
    standard_error: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    blocks: int


def block_weights(blocks: I64, resamples: int, seed: int) -> Weights:
    """Return a stream of how often each resample holds each block, (rows, blocks) at a time.

    It gives the same weights each time it is begun. `blocks` are numbers from 0 on. Raises
    ModelError for fewer than 2,000 resamples.
    """
    if resamples < RESAMPLES_MIN:
        raise ModelError(f"at least {RESAMPLES_MIN} resamples are needed, got {resamples}")
    count = int(blocks.max()) + 1
    rows = max(1, CELLS_MAX // count)

    def stream() -> Iterator[F64]:
        rng = np.random.default_rng([seed, count])
        for first in range(0, resamples, rows):
            these = min(rows, resamples - first)
            drawn = rng.integers(count, size=(these, count))
            drawn += np.arange(these)[:, None] * count
            held = np.bincount(drawn.ravel(), minlength=these * count)
            yield held.reshape(these, count).astype(np.float64)

    return stream


def mean_intervals(
    values: F64, blocks: I64, weights: Weights, confidence: float = 0.95
) -> tuple[MeanInterval, ...]:
    """Return the mean of each column of `values`, shape (n, columns), with its interval.

    `blocks` says which block each row is of, `weights` how they are resampled.
    """
    count = int(blocks.max()) + 1
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, blocks, values)
    sizes = np.bincount(blocks, minlength=count).astype(np.float64)
    return _intervals(sums, sizes, weights, len(values), confidence)


def ratio_interval(
    sums: F64, sizes: F64, weights: Weights, confidence: float = 0.95
) -> MeanInterval:
    """Return the sum of `sums` over that of `sizes`, (blocks,) each, with its interval.

    It is a mean by block whose blocks may be of any positive size; `weights` resample them.
    """
    return _intervals(sums[:, None], sizes, weights, len(sizes), confidence)[0]


def _intervals(
    sums: F64, sizes: F64, weights: Weights, n: int, confidence: float
) -> tuple[MeanInterval, ...]:
    """Return the means and intervals of columns from their sums by block and the blocks' sizes."""
    count, columns = sums.shape
    means, errors = _ratios(np.ones((1, count)), sums, sizes)
    enough = count >= BLOCKS_MIN
    deviations = np.vstack([
        _studentised(drawn, sums, sizes, means[0]) for drawn in weights()
    ]) if enough else np.zeros((0, columns))  # fmt: skip
    found = []
    for column, (mean, error) in enumerate(zip(means[0].tolist(), errors[0].tolist(), strict=True)):
        low = high = p = None
        if enough:
            t = deviations[:, column]
            half = float(np.quantile(t, confidence, method="higher")) * error
            low, high = mean - half, mean + half
            p = _chance(mean, error, t)
        found.append(MeanInterval(mean, error if count > 1 else None, low, high, p, n, count))
    return tuple(found)


def _chance(mean: float, error: float, deviations: F64) -> float:
    """Return how often resampling alone strays as far as the mean is from zero."""
    if error <= 0:  # no spread at all: nothing is 0 with certainty, anything else is not
        return 1.0 if mean == 0 else 1.0 / (len(deviations) + 1)
    beyond = int(np.count_nonzero(deviations >= abs(mean) / error))
    return (1 + beyond) / (len(deviations) + 1)


def _ratios(weights: F64, sums: F64, sizes: F64) -> tuple[F64, F64]:
    """Return means and their errors, (resamples, columns), of sums over sizes by blocks."""
    total = weights @ sizes
    means = weights @ sums / total[:, None]
    count = len(sizes)
    # sum of w (s - mean n)^2, written out so that it is products of matrices
    even = bool((sizes == sizes[0]).all())
    mixed = sizes[0] * means * total[:, None] if even else weights @ (sums * sizes[:, None])
    squares = weights @ sums**2 - 2 * means * mixed + means**2 * (weights @ sizes**2)[:, None]
    spread = np.sqrt(np.maximum(squares, 0.0) * (count / max(1, count - 1)))
    return means, spread / total[:, None]


def _studentised(weights: F64, sums: F64, sizes: F64, means: F64) -> F64:
    """Return |mean* - mean| / error*; infinite where a resample has no spread but moved."""
    drawn, errors = _ratios(weights, sums - means * sizes[:, None], sizes)
    away = np.abs(drawn)
    scale = 1e-9 * np.abs(sums).max(axis=0, initial=0.0) / sizes.mean()
    away[away <= scale] = 0.0  # rounding
    errors[errors <= scale] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(away == 0.0, 0.0, away / errors)


# -- medians and tails ----------------------------------------------------------------------------
def weighted_tails(values: F64, weights: F64, share: float) -> F64:
    """Return the mean of the worst (largest) `share` of the weight, for each row of `weights`.

    The value at the edge counts in part: R. Rockafellar, S. Uryasev, "Conditional value-at-risk
    for general loss distributions" (2002).
    """
    order = np.argsort(values)[::-1]
    held = weights[:, order]
    wanted = share * held.sum(axis=1, keepdims=True)
    before = np.cumsum(held, axis=1) - held
    taken = np.clip(wanted - before, 0.0, held)
    found: F64 = taken @ values[order] / wanted[:, 0]
    return found


def weighted_medians(values: F64, weights: F64) -> F64:
    """Return the median by weight for each row of `weights`, as usual the middle of two."""
    order = np.argsort(values)
    below = np.cumsum(weights[:, order], axis=1)
    half = below[:, -1:] / 2
    low = (below < half).sum(axis=1)
    high = (below <= half).sum(axis=1)
    found: F64 = (values[order][low] + values[order][np.minimum(high, len(values) - 1)]) / 2
    return found


def percentiles(draws: F64, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval that holds the middle of the draws."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def percentile_ends(draws: F64, confidence: float = 0.95) -> tuple[float | None, float | None]:
    """Return the interval that holds the middle of draws some of which lie at an infinity.

    Its ends are draws themselves; one that is at an infinity is None, where there is no bound.
    """
    tail = (1 - confidence) / 2
    ordered, last = np.sort(draws), len(draws) - 1  # between infinities nothing is interpolated
    low, high = float(ordered[floor(tail * last)]), float(ordered[ceil((1 - tail) * last)])
    return low if np.isfinite(low) else None, high if np.isfinite(high) else None
