"""A straight line through points by least squares, with intervals of 95 %.

    y = a + b x + error      errors independent and of one size
    band at x                of the line itself: a + b x +- t s sqrt(1/n + (x - mean)^2 / Sxx)

with s^2 the mean square of the residuals at n - 2 degrees of freedom and t Student's (Draper and
Smith, Applied Regression Analysis, 1998).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtrit

from steersman.tca.intervals import Estimate

__all__ = ["Fit", "line_of"]

POINTS_MIN: Final = 3
TAIL: Final = 0.025


@dataclass(frozen=True, slots=True)
class Fit:
    """A line: its value at zero and its slope, and what its band is made of."""

    intercept: Estimate
    slope: Estimate
    mean_x: float
    spread_x: float
    half_width: float

    def at(self, x: float) -> Estimate:
        """Return the line at a point with its interval there."""
        value = self.intercept.value + self.slope.value * x
        n = self.slope.n
        half = self.half_width * math.sqrt(1 / n + (x - self.mean_x) ** 2 / self.spread_x)
        return Estimate(value, value - half, value + half, n)


def line_of(x: Sequence[float], y: Sequence[float]) -> Fit | None:
    """Return the line through points; None through fewer than three or without width."""
    n = len(x)
    if n < POINTS_MIN:
        return None
    xs, ys = np.array(x), np.array(y)
    mean = float(xs.mean())
    spread = float(((xs - mean) ** 2).sum())
    if not spread:
        return None
    slope = float(((xs - mean) * (ys - ys.mean())).sum()) / spread
    zero = float(ys.mean()) - slope * mean
    error = math.sqrt(float(((ys - zero - slope * xs) ** 2).sum()) / (n - 2))
    width = float(stdtrit(n - 2, 1 - TAIL)) * error
    of_slope = width / math.sqrt(spread)
    of_zero = width * math.sqrt(1 / n + mean**2 / spread)
    return Fit(
        intercept=Estimate(zero, zero - of_zero, zero + of_zero, n),
        slope=Estimate(slope, slope - of_slope, slope + of_slope, n),
        mean_x=mean,
        spread_x=spread,
        half_width=width,
    )
