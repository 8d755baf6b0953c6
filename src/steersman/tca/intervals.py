"""Intervals of 95 % for a mean over orders, a share, a ratio, and a quantile.

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

from steersman.models.inference import wilson_interval
from steersman.tca.quality import nearest_rank

__all__ = ["Estimate", "mean_of", "quantile_of", "ratio_of", "share_of"]

TAIL: Final = 0.025


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value from `n` observations and its 95 % interval; None where they are too few for one."""

    value: float
    low: float | None
    high: float | None
    n: int


def mean_of(values: Sequence[float], looks: int = 1) -> Estimate | None:
    """Return the mean with Student's interval; None of nothing, no interval of one value.

    Of several `looks` each has a wider interval, so that all of them hold with 95 % (Bonferroni).
    """
    n = len(values)
    if not n:
        return None
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, None, None, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = float(stdtrit(n - 1, 1 - TAIL / looks)) * math.sqrt(variance / n)
    return Estimate(mean, mean - half, mean + half, n)


def ratio_of(above: Sequence[float], below: Sequence[float]) -> Estimate | None:
    """Return the sum of one column by the sum of another, with Fieller's interval.

    Rows are independent of each other, the two values of a row are not. None where the sum below
    cannot be told from zero, or is below it: there a share of it means nothing. E. C. Fieller,
    "Some problems in interval estimation", JRSS B 16 (1954).
    """
    n = len(above)
    if n < 2:
        return None
    x, y = float(np.mean(above)), float(np.mean(below))
    (xx, xy), (_, yy) = (np.cov(above, below) / n).tolist()
    square = float(stdtrit(n - 1, 1 - TAIL)) ** 2
    # the ratios r at which (x - r y)^2 <= t^2 var(x - r y)
    a, b, c = y * y - square * yy, x * y - square * xy, x * x - square * xx
    if y <= 0 or a <= 0:
        return None
    root = math.sqrt(max(0.0, b * b - a * c))
    return Estimate(x / y, (b - root) / a, (b + root) / a, n)


def share_of(hits: float, n: int) -> Estimate | None:
    """Return a share with Wilson's interval (1927); None of nothing.

    `hits` need not be whole where `n` is an effective number.
    """
    if not n:
        return None
    low, high = wilson_interval(hits, n)
    return Estimate(hits / n, low, high, n)


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
