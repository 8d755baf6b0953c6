"""How many observations a claim needs, and what looking early does to it.

Sources: S. Pocock, "Group sequential methods", Biometrika 64 (1977); P. Armitage, C. McPherson,
B. Rowe, "Repeated significance tests on accumulating data", JRSS A 132 (1969), whose recursion over
the density of the running sum is computed here by Gauss-Legendre quadrature; H. Robbins,
"Statistical methods related to the law of the iterated logarithm" (1970) for the mixture boundary,
which holds at every n at once: |S_n| < sqrt((n + 1/r) ln((n r + 1) / alpha^2)), unit variance.
With a variance that is estimated it holds as n grows: I. Waudby-Smith, D. Arbour, R. Sinha,
E. Kennedy, A. Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences"
(2024). S. Holm, "A simple sequentially rejective multiple test procedure" (1979).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.models.validity import ModelError, positive

__all__ = [
    "MIXTURE_RATIO",
    "false_positive_rate",
    "holm",
    "mixture_bound",
    "pocock_constant",
    "sample_size",
    "wilson_interval",
]

MIXTURE_RATIO: Final = 0.01  # r: the boundary is tightest around n = 1/r to 10/r
LOOKS_MAX: Final = 1_000
PANEL: Final = 24
PANEL_DEVIATIONS: Final = 10.0  # what one panel may span
REACH_DEVIATIONS: Final = 12.0  # a sum of unit noise is never further out: 1e-32

F64 = npt.NDArray[np.float64]


def sample_size(effect: float, deviation: float, alpha: float, power: float) -> int:
    """Return how many pairs a two-sided z test needs to find an effect with this power."""
    positive(effect=abs(effect), deviation=deviation)
    _probability(alpha=alpha, power=power)
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    root = z * deviation / effect
    if not math.isfinite(root * root):
        raise ModelError(f"no sample tells an effect of {effect:g} from noise of {deviation:g}")
    return max(1, math.ceil(root**2))


def wilson_interval(successes: float, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share by E. B. Wilson (JASA 22, 1927); (0, 1) of no trials.

    `successes` need not be whole where `trials` is an effective number.
    """
    if not 0 <= successes <= trials:
        raise ModelError(f"there cannot be {successes} successes in {trials} trials")
    _probability(confidence=confidence)
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == trials else min(1.0, middle + half)


def mixture_bound(observations: float, alpha: float, ratio: float = MIXTURE_RATIO) -> float:
    """Return what |S_n|, a sum of unit-variance noise, ever exceeds with chance alpha at most."""
    positive(observations=observations, ratio=ratio)
    _probability(alpha=alpha)
    inner = math.log(observations * ratio + 1) - 2 * math.log(alpha)  # no square of a small alpha
    bound = math.sqrt((observations + 1 / ratio) * inner)
    if not math.isfinite(bound):
        raise ModelError(f"{observations:g} observations at a ratio of {ratio:g} have no bound")
    return bound


def holm(chances: Sequence[float]) -> tuple[float, ...]:
    """Return p values that hold for all of several tests together, whatever depends on what."""
    count = len(chances)
    adjusted, worst = [0.0] * count, 0.0
    for rank, index in enumerate(sorted(range(count), key=chances.__getitem__)):
        worst = max(worst, min(1.0, (count - rank) * chances[index]))
        adjusted[index] = worst
    return tuple(adjusted)


def false_positive_rate(observations: Sequence[float], bounds: Sequence[float]) -> float:
    """Return the chance that pure noise is found significant at one of several looks.

    At the i-th look there are `observations[i]` of unit variance, and a sum outside +-`bounds[i]`
    is called significant.
    """
    if not 1 <= len(observations) <= LOOKS_MAX or len(observations) != len(bounds):
        raise ModelError(f"from 1 to {LOOKS_MAX} looks with a bound each are needed")
    positive(**{f"bounds[{i}]": bound for i, bound in enumerate(bounds)})
    density = np.ones(1)  # times the weights: probabilities of being at the nodes
    sums = np.zeros(1)
    before = 0.0
    for count, limit in zip(observations, bounds, strict=True):
        positive(new_observations=count - before)
        step = math.sqrt(count - before)
        bound = min(limit, REACH_DEVIATIONS * math.sqrt(count))
        places, weights = _nodes(math.ceil(2 * bound / step / PANEL_DEVIATIONS))
        spread = (bound * places[:, None] - sums[None, :]) / step
        grown = np.exp(-(spread**2) / 2) @ density / (step * math.sqrt(2 * math.pi))
        density, sums, before = grown * weights * bound, bound * places, count
    return max(0.0, 1 - float(density.sum()))


def pocock_constant(looks: int, alpha: float) -> float:
    """Return the one z that keeps the chance of a false positive at alpha over even looks."""
    if not 1 <= looks <= LOOKS_MAX:
        raise ModelError(f"looks must be from 1 to {LOOKS_MAX}, got {looks}")
    _probability(alpha=alpha)
    counts = [float(look) for look in range(1, looks + 1)]

    def rate(z: float) -> float:
        return false_positive_rate(counts, [z * math.sqrt(count) for count in counts])

    low = NormalDist().inv_cdf(1 - alpha / 2)  # one look
    high = NormalDist().inv_cdf(1 - alpha / 2 / looks)  # Bonferroni
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (middle, high) if rate(middle) > alpha else (low, middle)
    return (low + high) / 2


@lru_cache(maxsize=64)
def _nodes(panels: int) -> tuple[F64, F64]:
    """Return places and weights on [-1, 1], in panels: one large rule is dear to make."""
    places, weights = np.polynomial.legendre.leggauss(PANEL)
    middles = (2 * np.arange(panels) + 1) / panels - 1
    return (middles[:, None] + places / panels).ravel(), np.tile(weights / panels, panels)


def _probability(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < 1:
            raise ModelError(f"{name} must be between 0 and 1, got {value}")
