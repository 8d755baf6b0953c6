"""Parameters from data, each with its standard error and its sample, or a refusal with its reason.

Sources: A. Kyle, "Continuous auctions and insider trading" (1985): dp = a + lambda q. H. White
(1980) for errors that hold under unequal variances (HC0), W. Newey, K. West (1987) for those that
also hold under serial correlation, with Bartlett weights 1 - l / (L + 1). For the cost of one's own
fills R. Almgren, C. Thum, E. Hauptmann, H. Li (2005): traded at a constant rate and measured
against arrival, an order of duration T (days) carries price noise of variance sigma^2 T / 3
whatever its impact,

    cost_i = half spread_i + Y sigma_i (Q_i / V_i)^delta + sigma_i sqrt(T_i / 3) e_i

so the weights are known, and only short orders say much. Recursive least squares with forgetting f
weights an observation of age n by f^n: L. Ljung, "System identification" (1999), section 11.2.

Fewer than 30 observations, NaN, a regressor that does not vary, or regressors that say the same are
refused with NotIdentifiedError; no silent zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.models.validity import ModelError, NotIdentifiedError, finite, positive

__all__ = [
    "OBSERVATIONS_MIN",
    "Estimate",
    "KyleFit",
    "RecursiveLeastSquares",
    "SquareRootFit",
    "fit_kyle",
    "fit_square_root",
    "student_quantile",
]

OBSERVATIONS_MIN: Final = 30
CONDITION_MAX: Final = 1e8  # of the regressors scaled to unit length

F64 = npt.NDArray[np.float64]
Samples = Sequence[float] | F64


@dataclass(frozen=True, slots=True)
class Estimate:
    """A parameter, its standard error, and how many observations it rests on."""

    value: float
    standard_error: float
    n: int
    parameters: int = 1

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval that covers the truth with this probability (Student's t)."""
        if not 0 < confidence < 1:
            raise ModelError(f"confidence must be between 0 and 1, got {confidence}")
        half = student_quantile((1 + confidence) / 2, self.n - self.parameters)
        half *= self.standard_error
        return self.value - half, self.value + half


@dataclass(frozen=True, slots=True)
class KyleFit:
    """dp = intercept + lambda q; the slope's error in three kinds, `slope` carries the last.

    `se_ols` holds for even, `se_hc0` for uneven, `se_newey_west` also for serially correlated
    noise over `lags` buckets. Errors of the intercept are Newey-West's.
    """

    intercept: Estimate
    slope: Estimate
    se_ols: float
    se_hc0: float
    se_newey_west: float
    lags: int
    r_squared: float

    @property
    def t(self) -> float:
        """The slope in units of its OLS error."""
        return self.slope.value / self.se_ols


@dataclass(frozen=True, slots=True)
class SquareRootFit:
    """Y of the impact law: weighted by the known noise (`gls`), and not (`ols`, HC0 error).

    `noise` is how much larger than sigma sqrt(T / 3) the noise is, as a standard deviation: 1 where
    the model of the noise holds. The GLS error takes the noise as known; multiply it by `noise`
    where that is well above 1.
    """

    gls: Estimate
    ols: Estimate
    noise: float


def fit_kyle(price_changes: Samples, signed_volumes: Samples, lags: int | None = None) -> KyleFit:
    """Regress price changes on signed volumes, both by bucket of time, in time order.

    `lags` is over how many buckets the noise may be correlated; by default n^(1/3).
    """
    dp, q = _columns(price_changes=price_changes, signed_volumes=signed_volumes)
    n = len(dp)
    lags = math.floor(n ** (1 / 3) + 1e-9) if lags is None else lags
    if not 0 <= lags < n:
        raise ModelError(f"lags must be from 0 to {n - 1}, got {lags}")
    _varies("signed volumes", q)
    x = np.column_stack([np.ones(n), q])
    inverse = _inverse_gram(x)
    coefficients = inverse @ (x.T @ dp)
    residuals = dp - x @ coefficients
    scatter = float(((dp - dp.mean()) ** 2).sum())
    squares = float((residuals**2).sum())
    scores = x * residuals[:, None]
    robust = _newey_west(scores, 0, inverse)
    both = _newey_west(scores, lags, inverse)
    return KyleFit(
        intercept=Estimate(float(coefficients[0]), float(both[0]), n, 2),
        slope=Estimate(float(coefficients[1]), float(both[1]), n, 2),
        se_ols=math.sqrt(squares / (n - 2) * float(inverse[1, 1])),
        se_hc0=float(robust[1]),
        se_newey_west=float(both[1]),
        lags=lags,
        r_squared=1 - squares / scatter if scatter else 0.0,
    )


def fit_square_root(
    costs: Samples,
    sigmas_day: Samples,
    quantities_of_day: Samples,
    durations_days: Samples,
    *,
    half_spreads: Samples | None = None,
    exponent: float = 0.5,
) -> SquareRootFit:
    """Fit Y of cost = half spread + Y sigma (Q/V)^exponent to one's own orders.

    Costs, daily volatilities and half spreads are in the same unit (fraction or bps), costs against
    arrival, positive = cost.
    """
    cost, sigma, share, days = _columns(
        costs=costs,
        sigmas_day=sigmas_day,
        quantities_of_day=quantities_of_day,
        durations_days=durations_days,
    )
    positive(exponent=exponent)
    for name, values in (("volatility", sigma), ("quantity", share), ("duration", days)):
        if values.min() <= 0:
            raise NotIdentifiedError(f"every {name} must be positive, one is {values.min()}")
    if half_spreads is not None:
        (spread,) = _columns(half_spreads=half_spreads)
        if len(spread) != len(cost):
            raise NotIdentifiedError(f"{len(spread)} half spreads of {len(cost)} orders")
        cost = cost - spread
    unit = sigma * share**exponent
    noise = sigma * np.sqrt(days / 3)
    x, y, n = unit / noise, cost / noise, len(cost)
    weight = float(x @ x)
    gls = float(x @ y) / weight
    left = y - gls * x
    square = float(unit @ unit)
    ols = float(unit @ cost) / square
    scores = unit * (cost - ols * unit)
    return SquareRootFit(
        gls=Estimate(gls, 1 / math.sqrt(weight), n),
        ols=Estimate(ols, math.sqrt(float(scores @ scores)) / square, n),
        noise=math.sqrt(float(left @ left) / (n - 1)),
    )


class RecursiveLeastSquares:
    """Least squares renewed by each observation, older ones forgotten exponentially.

    It equals batch least squares with weights f^age, but for the start: `confidence` says how
    little the initial values are trusted. Not for sharing between tasks.
    """

    __slots__ = ("_covariance", "_forgetting", "_residual", "_theta", "_weight", "n")

    def __init__(
        self, initial: Sequence[float], *, forgetting: float = 0.99, confidence: float = 1e6
    ) -> None:
        if not initial:
            raise ModelError("at least one parameter is needed")
        if not 0 < forgetting <= 1:
            raise ModelError(f"forgetting must be above 0 and at most 1, got {forgetting}")
        positive(confidence=confidence)
        finite(**{f"initial[{i}]": value for i, value in enumerate(initial)})
        size = len(initial)
        self._theta = [float(value) for value in initial]
        self._covariance = [[confidence * (i == j) for j in range(size)] for i in range(size)]
        self._forgetting = forgetting
        self._residual = 0.0  # weighted sum of squares
        self._weight = 0.0
        self.n = 0

    @property
    def theta(self) -> tuple[float, ...]:
        """The parameters as of now."""
        return tuple(self._theta)

    @property
    def memory(self) -> float:
        """How many observations the estimate rests on in the long run, 1 / (1 - f)."""
        return math.inf if self._forgetting == 1 else 1 / (1 - self._forgetting)

    def update(self, regressors: Sequence[float], observed: float) -> float:
        """Take one observation; return by how much the prediction missed it.

        Raises NotIdentifiedError where a number is not finite; nothing has changed then.
        """
        theta, rows = self._theta, self._covariance
        if len(regressors) != len(theta):
            raise ModelError(f"{len(regressors)} regressors for {len(theta)} parameters")
        gain = [sum(map(_times, row, regressors)) for row in rows]
        scale = self._forgetting + sum(map(_times, regressors, gain))
        missed = observed - sum(map(_times, theta, regressors))
        if not (math.isfinite(missed) and math.isfinite(scale)):
            raise NotIdentifiedError("an observation is not finite, or too large to use")
        self._theta = [value + g / scale * missed for value, g in zip(theta, gain, strict=True)]
        self._covariance = [
            [(p - g * h / scale) / self._forgetting for p, h in zip(row, gain, strict=True)]
            for row, g in zip(rows, gain, strict=True)
        ]
        self._residual = self._forgetting * (self._residual + missed**2 / scale)
        self._weight = self._forgetting * self._weight + 1
        self.n += 1
        return missed

    def estimates(self) -> tuple[Estimate, ...]:
        """Return the parameters with their standard errors; n is the effective sample.

        Under weights w the variance of the parameters is that of weighted least squares times
        sum w^2 / sum w, and the effective sample (sum w)^2 / sum w^2. Raises NotIdentifiedError
        where that is below 30 or the parameters cannot be told apart.
        """
        size = len(self._theta)
        weighted = (1 + self._forgetting**self.n) / (1 + self._forgetting)
        sample = math.floor(self._weight / weighted + 1e-9)
        if sample < OBSERVATIONS_MIN:
            raise NotIdentifiedError(
                f"{sample} effective observations, at least {OBSERVATIONS_MIN} are needed"
            )
        matrix = np.array(self._covariance, np.float64)
        lengths = np.sqrt(np.abs(np.diag(matrix)))
        condition = np.linalg.cond(matrix / np.outer(lengths, lengths))
        if not condition < CONDITION_MAX:
            raise NotIdentifiedError("the regressors say the same: they are collinear")
        variance = self._residual / (self._weight - size * weighted) * weighted
        return tuple(
            Estimate(value, math.sqrt(variance * float(spread)), sample, size)
            for value, spread in zip(self._theta, np.diag(matrix), strict=True)
        )


def student_quantile(probability: float, degrees: int) -> float:
    """Return the quantile of Student's t, by its expansion about the normal one.

    From 20 degrees of freedom on it is right to four digits between 0.001 and 0.999 (Abramowitz
    and Stegun, 26.7.5).
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + math.fsum(term / degrees**power for power, term in enumerate(terms, 1))


def _columns(**columns: Samples) -> list[F64]:
    """Return the samples as arrays of one length, or refuse them."""
    arrays = {name: np.asarray(values, np.float64) for name, values in columns.items()}
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


def _varies(name: str, values: F64) -> None:
    if float(values.max()) == float(values.min()):
        raise NotIdentifiedError(f"{name} do not vary")


def _inverse_gram(x: F64) -> F64:
    """Return (X'X)^-1, or refuse regressors that say the same."""
    lengths = np.sqrt((x**2).sum(axis=0))
    if not np.linalg.cond(x / lengths) < CONDITION_MAX:
        raise NotIdentifiedError("the regressors say the same: they are collinear")
    return np.asarray(np.linalg.inv(x.T @ x), np.float64)


def _newey_west(scores: F64, lags: int, inverse: F64) -> F64:
    """Return the errors of all coefficients; with no lags they are White's HC0."""
    middle = scores.T @ scores
    for lag in range(1, lags + 1):
        cross = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (lags + 1)) * (cross + cross.T)
    errors: F64 = np.sqrt(np.diag(inverse @ middle @ inverse))
    return errors


def _times(a: float, b: float) -> float:
    return a * b
