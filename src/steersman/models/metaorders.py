"""What large orders do to a market, from paired paths: the same market with and without the order.

Paths are differences of the mid in bps in the order's direction, one row a pair. Since both runs of
a pair share every random number, the difference is the order's own doing: a dozen pairs tell what
thousands of unpaired orders would.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from steersman.models.facts import Figure, power_law

__all__ = ["impact_exponent", "impact_factor", "path_significance", "reversion"]

F64 = npt.NDArray[np.float64]


def impact_exponent(share: F64, peak: F64) -> Figure:
    """Return the power of size with which impact grows.

    `share` (sizes,) is size over market volume, `peak` (pairs, sizes) the move at the end.
    """
    return _leave_one_out(lambda rows: power_law(share, rows.mean(axis=0)), peak)


def impact_factor(share: F64, peak: F64, sigma_bps: float) -> Figure:
    """Return Y of the square-root law, peak = Y sigma sqrt(Q / V), as the mean over sizes.

    `sigma_bps` is the market's deviation over the time in which the volume was traded.
    """

    def statistic(rows: F64) -> float:
        mean = rows.mean(axis=0)
        if (mean <= 0.0).any() or sigma_bps <= 0.0:
            return math.nan
        return float(np.exp(np.log(mean / (sigma_bps * np.sqrt(share))).mean()))

    return _leave_one_out(statistic, peak)


def reversion(end: F64, later: F64) -> Figure:
    """Return the share of the move that is left later; both have shape (pairs,)."""
    return _leave_one_out(
        lambda rows: float(rows[:, 1].mean() / rows[:, 0].mean()), np.column_stack([end, later])
    )


def path_significance(before: F64, end: F64) -> Figure:
    """Return the mean move at the end in its standard errors; 0 where anything moved before.

    An order that has not begun cannot have moved anything: its pair must agree to the bit.
    """
    pairs = end.size
    if pairs < 2:
        return Figure(math.nan, None, pairs)
    if (before != 0.0).any():
        return Figure(0.0, None, pairs)
    error = float(end.std(ddof=1)) / math.sqrt(pairs)
    return Figure(float(end.mean()) / error if error > 0.0 else math.nan, None, pairs)


def _leave_one_out(statistic: Callable[[F64], float], rows: F64) -> Figure:
    pairs = rows.shape[0]
    if pairs < 2:
        return Figure(math.nan, None, pairs)
    others = np.array([statistic(np.delete(rows, k, axis=0)) for k in range(pairs)])
    spread = float(((others - others.mean()) ** 2).sum())
    error = math.sqrt(spread * (pairs - 1) / pairs)
    return Figure(statistic(rows), error if math.isfinite(error) else None, pairs)
