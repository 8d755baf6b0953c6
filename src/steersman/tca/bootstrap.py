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

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from steersman.models.validity import ModelError

__all__ = [
    "BLOCKS_MIN",
    "RESAMPLES_MIN",
    "MeanInterval",
    "Means",
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
CELLS_MAX: Final = 2_000_000  # of weights held at once
CELLS_DRAWN: Final = 200_000  # drawn at once: more would not stay in a processor's cache
WINDOW: Final = 8.0  # deviations of a resample's rank from where its median or tail may be

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

    few = max(1, CELLS_DRAWN // count)

    def stream() -> Iterator[F64]:
        rng = np.random.default_rng([seed, count])
        for first in range(0, resamples, rows):
            held = np.empty((min(rows, resamples - first), count))
            for begin in range(0, len(held), few):
                part = held[begin : begin + few]
                drawn = rng.integers(count, size=part.shape)
                drawn += np.arange(len(part))[:, None] * count
                part[:] = np.bincount(drawn.ravel(), minlength=part.size).reshape(part.shape)
            yield held

    return stream


def mean_intervals(
    values: F64, blocks: I64, weights: Weights, confidence: float = 0.95
) -> tuple[MeanInterval, ...]:
    """Return the mean of each column of `values`, shape (n, columns), with its interval.

    `blocks` says which block each row is of, `weights` how they are resampled.
    """
    return _resampled(Means.of(values, blocks), weights).intervals(confidence)


def ratio_interval(
    sums: F64, sizes: F64, weights: Weights, confidence: float = 0.95
) -> MeanInterval:
    """Return the sum of `sums` over that of `sizes`, (blocks,) each, with its interval.

    It is a mean by block whose blocks may be of any positive size; `weights` resample them.
    """
    means = Means(sums[:, None], sizes, len(sizes))
    return _resampled(means, weights).intervals(confidence)[0]


def _resampled(means: Means, weights: Weights) -> Means:
    if means.enough:
        for held in weights():
            means.take(held)
    return means


class Means:
    """The means of columns, resampled piece by piece: several may `take` what was drawn once."""

    def __init__(self, sums: F64, sizes: F64, n: int) -> None:
        """Take sums (blocks, columns) and sizes (blocks) of `n` values."""
        count = len(sizes)
        means, errors = _Ratios(sums, sizes).drawn(np.ones((1, count)))
        self.enough = count >= BLOCKS_MIN
        self._n, self.blocks = n, count
        self._means, self._errors = means[0], errors[0]
        self._centred = _Ratios(sums - means[0] * sizes[:, None], sizes)
        self._rounding = 1e-9 * np.abs(sums).max(axis=0, initial=0.0) / sizes.mean()
        self._differing = np.count_nonzero(np.abs(sums) > 1e-12, axis=0)
        self._strayed: list[F64] = []

    @classmethod
    def of(cls, values: F64, blocks: I64) -> Self:
        """Return the means of the columns of `values` (n, columns), each row of a block."""
        count = int(blocks.max()) + 1
        sums = np.zeros((count, values.shape[1]))
        np.add.at(sums, blocks, values)
        return cls(sums, np.bincount(blocks, minlength=count).astype(np.float64), len(values))

    def take(self, weights: F64) -> None:
        """Take in |mean* - mean| / error*; infinite where a resample has no spread but moved."""
        drawn, errors = self._centred.drawn(weights)
        away = np.abs(drawn)
        away[away <= self._rounding] = 0.0
        errors[errors <= self._rounding] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            self._strayed.append(np.where(away == 0.0, 0.0, away / errors))

    def intervals(self, confidence: float = 0.95) -> tuple[MeanInterval, ...]:
        """Return each mean with the interval that all that was taken in gives it."""
        strayed = np.vstack(self._strayed) if self.enough else None
        return tuple(
            self._interval(column, None if strayed is None else strayed[:, column], confidence)
            for column in range(len(self._means))
        )

    def _interval(self, column: int, strayed: F64 | None, confidence: float) -> MeanInterval:
        mean, error = float(self._means[column]), float(self._errors[column])
        low = high = p = None
        # A few blocks that differ among many that do not: most resamples hold none or one of them.
        if strayed is not None and not 0 < self._differing[column] < BLOCKS_MIN:
            half = float(np.quantile(strayed, confidence, method="higher")) * error
            low, high = mean - half, mean + half
            p = _chance(mean, error, strayed)
        known = error if self.blocks > 1 else None
        return MeanInterval(mean, known, low, high, p, self._n, self.blocks)


def _chance(mean: float, error: float, deviations: F64) -> float:
    """Return how often resampling alone strays as far as the mean is from zero."""
    if error <= 0:  # no spread at all: nothing is 0 with certainty, anything else is not
        return 1.0 if mean == 0 else 1.0 / (len(deviations) + 1)
    beyond = int(np.count_nonzero(deviations >= abs(mean) / error))
    return (1 + beyond) / (len(deviations) + 1)


class _Ratios:
    """Means and their errors under weights: sums over sizes, both by block."""

    def __init__(self, sums: F64, sizes: F64) -> None:
        self._sizes = sizes
        self._even = bool((sizes == sizes[0]).all())
        mixed = [] if self._even else [sums * sizes[:, None]]
        # One product of matrices for all that is needed: many small ones wait for each other.
        self._parts = np.hstack([sums, sums**2, *mixed, sizes[:, None], sizes[:, None] ** 2])
        self._columns = sums.shape[1]

    def drawn(self, weights: F64) -> tuple[F64, F64]:
        """Return means and errors, (resamples, columns)."""
        count, columns = len(self._sizes), self._columns
        found = weights @ self._parts
        total, square_sizes = found[:, -2:-1], found[:, -1:]
        means = found[:, :columns] / total
        # sum of w (s - mean n)^2, written out
        mixed = self._sizes[0] * means * total if self._even else found[:, 2 * columns : -2]
        squares = found[:, columns : 2 * columns] - 2 * means * mixed + means**2 * square_sizes
        spread = np.sqrt(np.maximum(squares, 0.0) * (count / max(1, count - 1)))
        return means, spread / total


# -- medians and tails ----------------------------------------------------------------------------
def weighted_tails(values: F64, blocks: I64, weights: F64, share: float) -> F64:
    """Return the mean of the worst (largest) `share` of the weight, (rows of weights, columns).

    `values` are those of (n, columns), `blocks` says which block each row of them is of, and a row
    of `weights` has one for each block. The value at the edge counts in part: R. Rockafellar,
    S. Uryasev, "Conditional value-at-risk for general loss distributions" (2002).
    """
    wanted = share * (weights @ _counts(blocks, weights))
    found = np.empty((len(weights), values.shape[1]))
    for column, own in enumerate(values.T):
        order = np.argsort(own)[::-1]
        reach = _reach(len(own), share)
        while True:  # of many values only the worst are looked at, as many as it takes
            worst = order[:reach]
            held = weights[:, blocks[worst]]
            sums = np.cumsum(held, axis=1)
            if reach >= len(own) or bool((sums[:, -1] >= wanted).all()):
                break
            reach *= 2
        taken = np.clip(wanted[:, None] - (sums - held), 0.0, held)
        found[:, column] = taken @ own[worst] / wanted
    return found


def weighted_medians(values: F64, blocks: I64, weights: F64) -> F64:
    """Return the medians by weight, as usual the middle of two; shapes are as of the tails."""
    count = len(values)
    half = weights @ _counts(blocks, weights) / 2
    order = np.argsort(values, axis=0)
    reach = _reach(count, 0.5) - count // 2
    while True:  # of many values only those near the middle are looked at
        first, last = max(0, count // 2 - reach), min(count, count // 2 + reach)
        below = weights @ np.column_stack(
            [_counts(blocks[one[:first]], weights) for one in order.T]
        )
        found = np.empty(below.shape)
        within = True
        for column, own in enumerate(values.T):
            ranked = order[:, column]
            sums = np.cumsum(weights[:, blocks[ranked[first:last]]], axis=1)
            sums += below[:, column, None]
            within &= bool((below[:, column] < half).all() and (sums[:, -1] > half).all())
            low = first + (sums < half[:, None]).sum(axis=1)
            high = first + (sums <= half[:, None]).sum(axis=1)
            middle = (
                own[ranked[np.minimum(low, count - 1)]] + own[ranked[np.minimum(high, count - 1)]]
            )
            found[:, column] = middle / 2
        if within or (first == 0 and last == count):
            return found
        reach *= 2


def _counts(blocks: I64, weights: F64) -> F64:
    return np.bincount(blocks, minlength=weights.shape[1]).astype(np.float64)


def _reach(count: int, share: float) -> int:
    """Return how many values most probably hold a share of a resample's weight."""
    return min(count, math.ceil(share * count + WINDOW * math.sqrt(share * count)) + 2)


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
    ends = ordered[[math.floor(tail * last), math.ceil((1 - tail) * last)]].tolist()
    low, high = (end if math.isfinite(end) else None for end in ends)
    return low, high
