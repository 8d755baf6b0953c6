"""What every estimate stands on: its error, its interval, and when it is refused.

Sources: H. White (1980) for errors under unequal variances (HC0), J. MacKinnon and H. White (1985)
for HC2 and HC3, which divide each residual by (1 - leverage)^1/2 and by 1 - leverage: in small or
heavy-tailed samples HC0 is too small. Where few observations carry the weight, HC2 has fewer
degrees of freedom than n: R. Bell, D. McCaffrey (2002). W. Newey, K. West (1987) for serial
correlation, with Bartlett weights 1 - l / (L + 1); their interval still covers too little.
E. Lazarus, D. Lewis, J. Stock, M. Watson, "HAR inference" (2018): the mean square of the first
B = 0.4 n^(2/3) cosine transforms of the scores estimates the same long-run variance, and with
Student's t on B degrees of freedom the interval covers what it says. That is the error an
`Estimate` carries wherever observations follow each other in time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.fft import dct
from scipy.special import stdtrit

from steersman.models.validity import ModelError, NotIdentifiedError

__all__ = [
    "OBSERVATIONS_MIN",
    "Estimate",
    "Samples",
    "columns",
    "expect_spread",
    "inverse_gram",
    "leverage",
    "mean_in_time",
    "newey_west",
    "student_quantile",
    "sum_error",
]

OBSERVATIONS_MIN: Final = 30
INDEPENDENT_MIN: Final = 15  # what a series with memory must at least be as good as
CONDITION_MAX: Final = 1e8  # of the regressors scaled to unit length
EXPONENT_MAX: Final = 700.0  # of what a float can hold
COSINES: Final = 0.4  # B = 0.4 n^(2/3)

F64 = npt.NDArray[np.float64]
Samples = Sequence[float] | F64


@dataclass(frozen=True, slots=True)
class Estimate:
    """A parameter, its standard error, and how many observations it rests on.

    `degrees` are those of the error, n less the parameters where not given. The interval of what is
    `positive` by nature (a volume, a variance) is even in its logarithm: such means are skewed.
    """

    value: float
    standard_error: float
    n: int
    parameters: int = 1
    degrees: float | None = None
    positive: bool = False

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval that covers the truth with this probability (Student's t)."""
        if not 0 < confidence < 1:
            raise ModelError(f"confidence must be between 0 and 1, got {confidence}")
        degrees = self.n - self.parameters if self.degrees is None else self.degrees
        half = student_quantile((1 + confidence) / 2, degrees) * self.standard_error
        if self.positive and self.value > 0:
            factor = math.exp(min(half / self.value, EXPONENT_MAX))
            return self.value / factor, self.value * factor
        return self.value - half, self.value + half


def student_quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t."""
    return float(stdtrit(degrees, probability))


def columns(**samples: Samples) -> list[F64]:
    """Return samples as arrays of one length; raise NotIdentifiedError saying what is wrong."""
    arrays = {name: np.asarray(values, np.float64) for name, values in samples.items()}
    sizes = {array.shape for array in arrays.values()}
    if len(sizes) != 1 or len(next(iter(sizes))) != 1:
        raise NotIdentifiedError(f"{', '.join(arrays)} must be lists of one length")
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise NotIdentifiedError(f"{name} has values that are not finite")
        if len(array) < OBSERVATIONS_MIN:
            raise NotIdentifiedError(
                f"{len(array)} observations, at least {OBSERVATIONS_MIN} are needed"
            )
    return list(arrays.values())


def expect_spread(name: str, values: F64) -> None:
    """Refuse a regressor that does not vary."""
    if float(values.max()) == float(values.min()):
        raise NotIdentifiedError(f"{name} do not vary")


def inverse_gram(x: F64) -> F64:
    """Return (X'X)^-1, or refuse regressors that say the same."""
    lengths = np.sqrt((x**2).sum(axis=0))
    if not lengths.all() or not np.linalg.cond(x / lengths) < CONDITION_MAX:
        raise NotIdentifiedError("the regressors say the same: they are collinear")
    return np.asarray(np.linalg.inv(x.T @ x), np.float64)


def leverage(x: F64, inverse: F64) -> F64:
    """Return how much each observation decides its own fit (0 to 1); refuse where one alone does.

    An observation of leverage 1 is fitted whatever it says: there is no error to be had.
    """
    found: F64 = np.einsum("ij,jk,ik->i", x, inverse, x)
    if float(found.max()) > 1 - 1e-9:
        raise NotIdentifiedError("a single observation decides the estimate")
    return found


def newey_west(scores: F64, lags: int, inverse: F64) -> F64:
    """Return the errors of all coefficients; with no lags they are White's HC0."""
    middle = scores.T @ scores
    for lag in range(1, lags + 1):
        cross = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (lags + 1)) * (cross + cross.T)
    errors: F64 = np.sqrt(np.diag(inverse @ middle @ inverse))
    return errors


def sum_error(influences: F64, independent: float | None = None) -> tuple[F64, int]:
    """Return the standard error of the sum of serially correlated terms, and its degrees.

    `influences` has time as its first axis; what an observation adds to a parameter, for instance.
    `independent` is how many independent ones they are as good as, where that is known to be less.
    """
    n = len(influences)
    cosines = math.floor(COSINES * (n if independent is None else independent) ** (2 / 3))
    cosines = max(2, min(n - 1, cosines))
    waves = dct(influences, axis=0)[1 : cosines + 1]  # twice the sum of x cos
    error: F64 = np.sqrt((waves**2).sum(axis=0) / (2 * cosines))
    return error, cosines


def mean_in_time(values: F64, *, positive: bool = False) -> Estimate:
    """Return the mean of a series in time order, with an error that allows for its memory.

    A series of memory r from one value to the next is as good as n (1 - r) / (1 + r) independent
    values; below 15 of those it is refused, as is a series that does not vary or is not finite.
    """
    n = len(values)
    if not np.isfinite(values).all():
        raise NotIdentifiedError("the series has values that are not finite")
    if n < OBSERVATIONS_MIN or float(values.max()) == float(values.min()):
        raise NotIdentifiedError(f"{n} observations, at least {OBSERVATIONS_MIN} that vary needed")
    # In a power of two near the largest: squares are then finite and not zero, digits are the same.
    exponent = math.frexp(float(np.abs(values).max()))[1]
    scaled = np.ldexp(values, -exponent)
    apart = scaled - scaled.mean()
    memory = max(0.0, float(apart[1:] @ apart[:-1]) / float(apart @ apart))
    independent = n * (1 - memory) / (1 + memory)
    if independent < INDEPENDENT_MIN:
        raise NotIdentifiedError(
            f"{n} observations, as good as {math.floor(independent)} independent ones, "
            f"at least {INDEPENDENT_MIN} are needed"
        )
    error, degrees = sum_error(scaled / n, independent)
    mean, deviation = (float(np.ldexp(each, exponent)) for each in (scaled.mean(), error))
    return Estimate(mean, deviation, n, 1, degrees, positive)
