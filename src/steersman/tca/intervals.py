"""Intervals of 95 % for a mean over orders, for a share, and for a quantile.

An order is one observation. Orders at the same time in the same market share its moves and are not
independent: an interval over such orders is too narrow, which whoever shows it has to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import bdtr, stdtrit

from steersman.tca.quality import nearest_rank

__all__ = ["Estimate", "mean_of", "quantile_of", "share_of"]

TAIL: Final = 0.025
Z: Final = 1.959963984540054  # of the normal distribution at 1 - TAIL


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value from `n` observations and its 95 % interval; None where they are too few for one."""

    value: float
    low: float | None
    high: float | None
    n: int


def mean_of(values: Sequence[float]) -> Estimate | None:
    """Return the mean with Student's interval; None of nothing, no interval of one value."""
    n = len(values)
    if not n:
        return None
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, None, None, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = float(stdtrit(n - 1, 1 - TAIL)) * math.sqrt(variance / n)
    return Estimate(mean, mean - half, mean + half, n)


def share_of(hits: int, n: int) -> Estimate | None:
    """Return a share with Wilson's interval (1927); None of nothing."""
    if not n:
        return None
    share = hits / n
    scale = 1 + Z * Z / n
    middle = (share + Z * Z / (2 * n)) / scale
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / scale
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    # at its ends it is exact, and rounding must not say that one of all is missing
    return Estimate(share, low if hits else 0.0, high if hits < n else 1.0, n)


def quantile_of(values: Sequence[float], share: float) -> Estimate | None:
    """Return a quantile by nearest rank, between order statistics that hold it with 95 %.

    The interval needs no distribution; an end that would lie beyond the values is None.
    """
    found = nearest_rank(values, share)
    if found is None:
        return None
    n, ordered = len(values), sorted(values)
    below = bdtr(np.arange(n, dtype=float), n, share)  # chances of at most so many under it
    lows, highs = np.flatnonzero(below <= TAIL), np.flatnonzero(below >= 1 - TAIL)
    low = ordered[lows[-1]] if lows.size else None
    high = ordered[highs[0]] if highs.size else None
    return Estimate(found, low, high, n)
