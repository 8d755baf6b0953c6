"""Fit what a lot taken does to the prices of a recorded market, and how that fades.

The mid is sampled every 100 ms; its moves are regressed on the signed volume of takers in the same
and in earlier intervals,

    m_t - m_(t-1) = sum over k of g_k (q at lags of block k) + noise,

with blocks that double in length (0, 1, 2-3, 4-7, ... up to a minute), so that G after lag l is the
sum of g up to l: the linear propagator (J.-P. Bouchaud, Y. Gefen, M. Potters, M. Wyart 2004). What
`OwnImpact` takes is the shifted power law that follows G best, and its level G(0+) in ticks a lot;
the error of the level is that of a regression robust to unequal variances (White 1980).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.units import MS_NS
from steersman.errors import DataError
from steersman.marketdata.tape import Tape
from steersman.models.propagator import ShiftedPowerKernel
from steersman.venues.own_impact import OwnImpact

__all__ = ["ImpactFit", "fit_own_impact"]

F64 = npt.NDArray[np.float64]

BIN_NS: Final = 100 * MS_NS
BLOCKS: Final = 10  # lags 0, 1, 2-3, ... 256-511: up to 51 s
BINS_LEAST: Final = 2_000  # a bit more than three minutes
ERRORS_LEAST: Final = 2.0  # the level must be this many standard errors above 0
SCALES_S: Final = np.geomspace(0.5, 60.0, 25)
EXPONENTS: Final = np.linspace(0.2, 1.5, 27)


@dataclass(frozen=True, slots=True)
class ImpactFit:
    """The level (ticks a lot) with its standard error, the kernel, and the intervals used."""

    ticks_per_lot: float
    error: float
    kernel: ShiftedPowerKernel
    intervals: int

    @property
    def impact(self) -> OwnImpact:
        """The own impact of this fit."""
        return OwnImpact(self.ticks_per_lot, self.kernel)


def fit_own_impact(tape: Tape) -> ImpactFit:
    """Fit the propagator to what a market did; own trades on the tape count like all others.

    Raises DataError where the tape is too short or takers cannot be seen to move the price.
    """
    remedy = "use a longer recording, or give --impact yourself"
    moves, volume = _binned(tape)
    if moves.size < BINS_LEAST:
        raise DataError(f"own impact cannot be fitted to {moves.size / 10:.0f} s", remedy)
    lagged = _lagged(volume)
    known = np.isfinite(moves) & np.isfinite(lagged).all(axis=1)
    if known.sum() < BINS_LEAST or np.linalg.matrix_rank(lagged[known]) < BLOCKS:
        raise DataError("own impact cannot be fitted: too few trades on a valid book", remedy)
    by_block, covariance = _regress(lagged[known], moves[known])
    summed = np.tril(np.ones((BLOCKS, BLOCKS))) * _LENGTHS  # G at the end of each block
    level, error, kernel = _shape(summed @ by_block, summed @ covariance @ summed.T)
    if not level > ERRORS_LEAST * error:
        raise DataError(
            f"own impact cannot be fitted: {level:.3g} ± {error:.1g} ticks a lot", remedy
        )
    return ImpactFit(level, error, kernel, int(known.sum()))


_FIRST: Final = np.array([0, *(2**k for k in range(BLOCKS - 1))])
_LAST: Final = np.array([0, *(2 ** (k + 1) - 1 for k in range(BLOCKS - 1))])
_LENGTHS: Final = _LAST - _FIRST + 1


def _binned(tape: Tape) -> tuple[F64, F64]:
    """Return the mid's move in ticks and the signed lots taken in each 100 ms."""
    if tape.touch_ns.size == 0:
        return np.zeros(0), np.zeros(0)
    grid = np.arange(tape.touch_ns[0], tape.touch_ns[-1] + 1, BIN_NS)
    at = np.searchsorted(tape.touch_ns, grid, side="right") - 1
    known = (tape.bid_ticks > 0) & (tape.ask_ticks > 0)
    mid = np.where(known, (tape.bid_ticks + tape.ask_ticks) / 2.0, np.nan)[at]
    where = np.searchsorted(grid, tape.trade_ns, side="left") - 1
    inside = (where >= 0) & (where < grid.size - 1)
    signed = (tape.trade_lots * tape.trade_side)[inside].astype(np.float64)
    volume = np.bincount(where[inside], weights=signed, minlength=grid.size - 1)
    return np.diff(mid), volume.astype(np.float64)


def _lagged(volume: F64) -> F64:
    """Return the mean signed volume of each block of lags, shape (n, BLOCKS); NaN at the start."""
    sums = np.concatenate([[0.0], np.cumsum(volume)])
    ends = np.arange(1, volume.size + 1)
    columns = []
    for first, last in zip(_FIRST, _LAST, strict=True):
        low = ends - 1 - last
        total = sums[np.maximum(ends - first, 0)] - sums[np.maximum(low, 0)]
        columns.append(np.where(low >= 0, total, np.nan))
    return np.column_stack(columns)


def _regress(x: F64, y: F64) -> tuple[F64, F64]:
    """Return the coefficients and their covariance, robust to unequal variances."""
    inverse = np.linalg.inv(x.T @ x)
    found = inverse @ (x.T @ y)
    scores = x * (y - x @ found)[:, None]
    return found, inverse @ (scores.T @ scores) @ inverse


def _shape(left: F64, covariance: F64) -> tuple[float, float, ShiftedPowerKernel]:
    """Return the level, its error, and the power law closest to G at the ends of the blocks."""
    lags_s = (_LAST + 0.5) * (BIN_NS / 1e9)
    best = (math.inf, 0.0, 0.0, ShiftedPowerKernel(1.0, 0.5))
    for scale_s in SCALES_S:
        for exponent in EXPONENTS:
            kernel = (1.0 + lags_s / scale_s) ** -exponent
            weights = kernel / (kernel @ kernel)
            level = float(weights @ left)
            miss = float(((left - level * kernel) ** 2).sum())
            if miss < best[0]:
                error = math.sqrt(float(weights @ covariance @ weights))
                shape = ShiftedPowerKernel(float(scale_s), float(exponent))
                best = (miss, level, error, shape)
    return best[1:]
