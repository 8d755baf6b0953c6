"""Parameters from data, each with its standard error and its sample, or a refusal with its reason.

Sources: A. Kyle, "Continuous auctions and insider trading" (1985): dp = a + lambda q. R. Cont,
A. Kukanov, S. Stoikov, "The price impact of order book events" (2014): dp = a + beta OFI, the same
regression on the imbalance of the order flow, which explains far more. For the cost of one's own
fills R. Almgren, C. Thum, E. Hauptmann, H. Li (2005): traded at a constant rate and measured
against arrival, an order of duration T (days) carries price noise of variance sigma^2 T / 3
whatever its impact,

    cost_i = half spread_i + Y sigma_i (Q_i / V_i)^delta + sigma_i sqrt(T_i / 3) e_i

so the weights are known, and only short orders say much. Their two parts come from the move to well
after the order, I = gamma sigma Q/V with noise of variance sigma^2 T' (T' from arrival to then),
and from what is left of the cost, J - I / 2 = eta sigma (Q / (V T))^beta, whose noise has the
variance sigma^2 (T' / 4 - T / 6): that of the mean of a path less half of its end.

Fewer than 30 observations, NaN, a regressor that does not vary, sizes less than fourfold apart, or
regressors that say the same are refused with NotIdentifiedError; no silent zero. Errors and
intervals: see `regression`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.models.regression import (
    Estimate,
    Samples,
    columns,
    expect_spread,
    inverse_gram,
    leverage,
    newey_west,
    sum_error,
)
from steersman.models.validity import ModelError, NotIdentifiedError, finite, positive

__all__ = [
    "PRIOR_Y",
    "SIZE_RANGE_MIN",
    "FlowFit",
    "ImpactParts",
    "Shrunk",
    "SquareRootFit",
    "fit_flow",
    "fit_impact_parts",
    "fit_square_root",
    "shrink",
]

SIZE_RANGE_MIN: Final = 4.0
PRIOR_Y: Final = (0.8, 0.4)

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FlowFit:
    """dp = intercept + slope x flow; both carry an error that allows for memory and uneven noise.

    Beside it, of the slope: `se_ols` holds for even, `se_hc0` for uneven, `se_newey_west` also for
    serially correlated noise over `lags` buckets, in large samples.
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
    """Y of the impact law: weighted by the known noise (`gls`), and not (`ols`).

    `noise` is how much larger than sigma sqrt(T / 3) the noise is, as a standard deviation: 1 where
    the model of the noise holds. `se_known` is the error where it does, `se_ols_hc0` White's of the
    unweighted fit. What the two estimates carry holds either way: it is HC2.
    """

    gls: Estimate
    ols: Estimate
    se_known: float
    se_ols_hc0: float
    noise: float


@dataclass(frozen=True, slots=True)
class ImpactParts:
    """`gamma` of the permanent and `eta` of the temporary part, for a given exponent beta."""

    gamma: Estimate
    eta: Estimate


@dataclass(frozen=True, slots=True)
class Shrunk:
    """An estimate pulled towards a prior; `weight` is the share of the data in it."""

    value: float
    deviation: float
    weight: float
    n: int

    def interval(self) -> tuple[float, float]:
        """Return the interval that holds the truth with 95 % where the prior is right."""
        half = 1.959964 * self.deviation
        return self.value - half, self.value + half


def fit_flow(price_changes: Samples, flows: Samples, lags: int | None = None) -> FlowFit:
    """Regress price changes on flows, both by bucket of time, in time order.

    The flow is the signed traded volume (Kyle) or the order-flow imbalance (Cont, Kukanov,
    Stoikov). `lags` of the Newey-West error is by default n^(1/3).
    """
    dp, q = columns(price_changes=price_changes, flows=flows)
    n = len(dp)
    lags = math.floor(n ** (1 / 3) + 1e-9) if lags is None else lags
    if not 0 <= lags < n:
        raise ModelError(f"lags must be from 0 to {n - 1}, got {lags}")
    expect_spread("flows", q)
    expect_spread("price changes", dp)
    x = np.column_stack([np.ones(n), q])
    inverse = inverse_gram(x)
    coefficients = inverse @ (x.T @ dp)
    residuals = dp - x @ coefficients
    scatter = float(((dp - dp.mean()) ** 2).sum())
    squares = float((residuals**2).sum())
    scores = x * residuals[:, None]
    careful = scores / (1 - leverage(x, inverse))[:, None]
    errors, degrees = sum_error((careful - careful.mean(axis=0)) @ inverse)
    return FlowFit(
        intercept=Estimate(float(coefficients[0]), float(errors[0]), n, 2, degrees),
        slope=Estimate(float(coefficients[1]), float(errors[1]), n, 2, degrees),
        se_ols=math.sqrt(squares / (n - 2) * float(inverse[1, 1])),
        se_hc0=float(newey_west(scores, 0, inverse)[1]),
        se_newey_west=float(newey_west(scores, lags, inverse)[1]),
        lags=lags,
        r_squared=1 - squares / scatter,
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
    cost, sigma, share, days = columns(
        costs=costs,
        sigmas_day=sigmas_day,
        quantities_of_day=quantities_of_day,
        durations_days=durations_days,
    )
    positive(exponent=exponent)
    _expect_orders(sigma, share, days)
    if half_spreads is not None:
        (spread,) = columns(half_spreads=half_spreads)
        if len(spread) != len(cost):
            raise NotIdentifiedError(f"{len(spread)} half spreads of {len(cost)} orders")
        cost = cost - spread
    unit = sigma * share**exponent
    noise = sigma * np.sqrt(days / 3)
    gls, spread_out = _through_origin(unit / noise, cost / noise)
    ols, _ = _through_origin(unit, cost)
    square = float(unit @ unit)
    scores = unit * (cost - ols.value * unit)
    return SquareRootFit(
        gls=gls,
        ols=ols,
        se_known=1 / math.sqrt(float(((unit / noise) ** 2).sum())),
        se_ols_hc0=math.sqrt(float(scores @ scores)) / square,
        noise=spread_out,
    )


def fit_impact_parts(
    costs: Samples,
    moves: Samples,
    sigmas_day: Samples,
    quantities_of_day: Samples,
    durations_days: Samples,
    until_days: Samples,
    *,
    exponent: float = 0.6,
) -> ImpactParts:
    """Fit gamma and eta of Almgren, Thum, Hauptmann and Li to one's own orders.

    `moves` are from arrival to well after the end (half an hour and more), `until_days` how long
    that is; costs, moves and daily volatilities are in one unit, positive against the order.
    """
    cost, move, sigma, share, days, until = columns(
        costs=costs,
        moves=moves,
        sigmas_day=sigmas_day,
        quantities_of_day=quantities_of_day,
        durations_days=durations_days,
        until_days=until_days,
    )
    positive(exponent=exponent)
    _expect_orders(sigma, share, days)
    if (until < days).any():
        raise NotIdentifiedError("a move ends before its order does")
    lasting = sigma * np.sqrt(until)
    gamma, _ = _through_origin(sigma * share / lasting, move / lasting)
    noise = sigma * np.sqrt(until / 4 - days / 6)
    eta, _ = _through_origin(sigma * (share / days) ** exponent / noise, (cost - move / 2) / noise)
    return ImpactParts(gamma, eta)


def shrink(estimate: Estimate, mean: float, deviation: float) -> Shrunk:
    """Return the estimate weighed against a prior, each by the inverse of its variance."""
    finite(mean=mean)
    positive(deviation=deviation, standard_error=estimate.standard_error)
    data, prior = estimate.standard_error**-2, deviation**-2
    weight = data / (data + prior)
    value = weight * estimate.value + (1 - weight) * mean
    return Shrunk(value, (data + prior) ** -0.5, weight, estimate.n)


def _expect_orders(sigma: F64, share: F64, days: F64) -> None:
    for name, values in (("volatility", sigma), ("quantity", share), ("duration", days)):
        if values.min() <= 0:
            raise NotIdentifiedError(f"every {name} must be positive, one is {values.min()}")
    apart = float(share.max() / share.min())
    if apart < SIZE_RANGE_MIN:
        raise NotIdentifiedError(
            f"sizes are {apart:.3g} times apart, at least {SIZE_RANGE_MIN:g} times are needed"
        )


def _through_origin(x: F64, y: F64) -> tuple[Estimate, float]:
    """Return the slope with its HC2 error, and the deviation of the noise."""
    square, n = float(x @ x), len(x)
    slope = float(x @ y) / square
    left = y - slope * x
    share = leverage(x[:, None], np.array([[1 / square]]))
    careful = x / np.sqrt(1 - share)
    error = math.sqrt(float(((careful * left) ** 2).sum())) / square
    if error == 0.0:
        raise NotIdentifiedError("there is no noise: these are not measured costs")
    # Its variance is a weighted sum of squares: as chi-squared with these degrees of freedom.
    weight = careful**2
    total, pairs = float(weight @ (1 - share)), float(weight @ share)
    degrees = total**2 / (float(weight**2 @ (1 - 2 * share)) + pairs**2)
    return Estimate(slope, error, n, 1, degrees), math.sqrt(float(left @ left) / (n - 1))
