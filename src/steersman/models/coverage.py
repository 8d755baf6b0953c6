"""Whether intervals hold what they promise, watched after every order without paying for peeking.

The game: each order's cost lies within its 95 % interval or not. As long as it leaves with a chance
of at most 5 %, whatever happened before, the wealth of a bet that it leaves with chance p > 5 %,

    product of (p / 0.05 for a miss, (1 - p) / 0.95 for a hit),

is a supermartingale from 1, and so is any mixture over p. By Ville's inequality it ever reaches
1 / alpha with a chance of alpha at most, however often one looks (J. Ville, 1939; A. Ramdas,
P. Grunwald, V. Vovk, G. Shafer, "Game-theoretic statistics and safe anytime-valid inference",
Statistical Science 38, 2023). The mixture is a beta density (1, 5) cut to p > 5 %: most of it on
intervals that miss a tenth or a fifth of the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy.special import betainc, betaln

from steersman.models.validity import ModelError

__all__ = ["ALPHA", "MISSES_AT_MOST", "CoverageMonitor"]

MISSES_AT_MOST: Final = 0.05
ALPHA: Final = 0.05
A: Final = 1.0
B: Final = 5.0


@dataclass(frozen=True, slots=True)
class CoverageMonitor:
    """How many intervals were watched and how many missed; `after` returns the next state.

    `rate` is the chance of a miss that is promised, `alpha` the chance of ever raising an alarm
    though it is kept. Raises ModelError for figures that make no sense.
    """

    n: int = 0
    misses: int = 0
    rate: float = MISSES_AT_MOST
    alpha: float = ALPHA
    peak: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.misses <= self.n:
            raise ModelError(f"{self.misses} misses of {self.n}")
        if not (0 < self.rate < 1 and 0 < self.alpha < 1):
            raise ModelError(f"rate {self.rate} and alpha {self.alpha} must be between 0 and 1")

    @property
    def evidence(self) -> float:
        """The wealth of the bet against the intervals: 1 before anything is known."""
        a, b = A + self.misses, B + self.n - self.misses
        mixed = betaln(a, b) - betaln(A, B)
        cut = _above(a, b, self.rate) - _above(A, B, self.rate)
        promised = self.misses * math.log(self.rate)
        promised += (self.n - self.misses) * math.log1p(-self.rate)
        return math.exp(min(float(mixed + cut - promised), 700.0))

    @property
    def alarm(self) -> bool:
        """Whether the intervals have ever been shown to miss more often than they promise."""
        return self.peak >= 1 / self.alpha

    def after(self, within: bool) -> CoverageMonitor:
        """Return the monitor after one more interval."""
        misses = self.misses + (not within)
        then = CoverageMonitor(self.n + 1, misses, self.rate, self.alpha, self.peak)
        peak = max(self.peak, then.evidence)
        return CoverageMonitor(then.n, then.misses, self.rate, self.alpha, peak)


def _above(a: float, b: float, p: float) -> float:
    """Return the logarithm of the chance that a beta (a, b) is above p."""
    return math.log(max(float(betainc(b, a, 1 - p)), 1e-300))
