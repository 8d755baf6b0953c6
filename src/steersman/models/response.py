"""What one market order does to the price as orders go by: response and propagator, with errors.

Sources: J.-P. Bouchaud, Y. Gefen, M. Potters, M. Wyart, "Fluctuations and response in financial
markets" (2004); J.-P. Bouchaud, J. Kockelkoren, M. Potters, "Random walks, liquidity molasses and
critical response" (2006). Time counts market orders: order t has the sign e_t (+1 bought, -1 sold),
r_t is the log return from just before it to just before the next. Then

    R(l) = < (m_{t+l} - m_t) e_t >                                  the response
    m_t = sum_{s<t} G(t - s) e_s + noise                            the propagator

Signs have a long memory, so R mixes an order with those that follow it and G does not. In
returns, r_t = sum_{k>=0} K(k) e_{t-k} + noise with G(l) = K(0) + .. + K(l-1); multiplied by e_{t-k}
and averaged these are the Yule-Walker equations C K = S with C the signs' correlation, a Toeplitz
matrix. Only the last `lags` orders are told apart: what older ones still do is noise to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, inv, toeplitz

from steersman.models.regression import (
    OBSERVATIONS_MIN,
    Estimate,
    Samples,
    columns,
    expect_spread,
    mean_in_time,
    sum_error,
)
from steersman.models.validity import ModelError, NotIdentifiedError

__all__ = ["LAGS_MAX", "ResponseFit", "fit_propagator", "fit_response"]

LAGS_MAX: Final = 500

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ResponseFit:
    """The response or the propagator at `lags` (in market orders), in the unit of the returns."""

    lags: tuple[int, ...]
    values: tuple[Estimate, ...]


def fit_response(returns: Samples, signs: Samples, lags: tuple[int, ...]) -> ResponseFit:
    """Return R(l) at each lag; `returns` and `signs` are one a market order, in time order.

    Lags are in market orders, at least 1, the smallest first.
    """
    r, e = _orders(returns, signs, lags)
    path = np.concatenate([[0.0], np.cumsum(r)])
    found = [mean_in_time((path[lag:] - path[:-lag])[: len(e) - lag + 1] * e[: len(r) - lag + 1])
             for lag in lags]  # fmt: skip
    return ResponseFit(lags, tuple(found))


def fit_propagator(returns: Samples, signs: Samples, lags: tuple[int, ...]) -> ResponseFit:
    """Return G(l) at each lag by Yule-Walker over as many lags as the largest."""
    r, e = _orders(returns, signs, lags)
    longest = max(lags)
    n = len(e) - longest + 1  # orders with all of their past
    past = np.stack([e[longest - 1 - k : len(e) - k] for k in range(longest)])  # (lags, orders)
    correlation = np.array([float(e[k:] @ e[: len(e) - k]) for k in range(longest)]) / len(e)
    try:
        inverse = inv(toeplitz(correlation))
    except LinAlgError:
        raise NotIdentifiedError("signs repeat themselves: lags cannot be told apart") from None
    now = r[longest - 1 :]
    single = inverse @ (past @ now / n)
    left = now - single @ past
    chosen = np.array(lags) - 1
    # What each order adds to each G(l): one row a lag.
    influence = np.cumsum(inverse, axis=0)[chosen] @ past * left / n
    errors, degrees = sum_error((influence - influence.mean(axis=1, keepdims=True)).T)
    values = np.cumsum(single)[chosen]
    return ResponseFit(
        lags,
        tuple(
            Estimate(float(value), float(error), n, longest, degrees)
            for value, error in zip(values, errors, strict=True)
        ),
    )


def _orders(returns: Samples, signs: Samples, lags: tuple[int, ...]) -> tuple[F64, F64]:
    longest = max(lags, default=0)
    if not lags or not 1 <= min(lags) <= longest <= LAGS_MAX:
        raise ModelError(f"lags must be from 1 to {LAGS_MAX}, got {lags}")
    if lags != tuple(sorted(set(lags))):
        raise ModelError(f"lags must be each given once, the smallest first, got {lags}")
    r, e = columns(returns=returns, signs=signs)
    if (np.abs(e) != 1.0).any():
        raise NotIdentifiedError("every sign must be +1 or -1")
    expect_spread("signs", e)
    expect_spread("returns", r)
    if len(e) < OBSERVATIONS_MIN + 10 * longest:
        raise NotIdentifiedError(
            f"{len(e)} orders for {longest} lags, at least {OBSERVATIONS_MIN + 10 * longest} needed"
        )
    return r, e
