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
    """Return R(l) at each lag; `returns` and `signs` are one a market order, in time order."""
    r, e = _orders(returns, signs, max(lags, default=0))
    path = np.concatenate([[0.0], np.cumsum(r)])
    found = [mean_in_time((path[lag:] - path[:-lag])[: len(e) - lag + 1] * e[: len(r) - lag + 1])
             for lag in lags]  # fmt: skip
    return ResponseFit(lags, tuple(found))


def fit_propagator(returns: Samples, signs: Samples, lags: int) -> ResponseFit:
    """Return G(1) .. G(lags) by Yule-Walker; arguments as of `fit_response`."""
    r, e = _orders(returns, signs, lags)
    n = len(e) - lags + 1  # orders with all of their past
    past = np.lib.stride_tricks.sliding_window_view(e, lags)[:, ::-1]
    recent, now = past[:n], r[lags - 1 :]
    correlation = np.array([float(e[k:] @ e[: len(e) - k]) for k in range(lags)]) / len(e)
    try:
        inverse = inv(toeplitz(correlation))
    except LinAlgError:
        raise NotIdentifiedError("signs repeat themselves: lags cannot be told apart") from None
    single = inverse @ (recent.T @ now / n)
    left = now - recent @ single
    # What each order adds to each G(l): one column a lag.
    influence = (recent @ np.cumsum(inverse, axis=0).T) * left[:, None] / n
    errors, degrees = sum_error(influence - influence.mean(axis=0))
    values = np.cumsum(single)
    return ResponseFit(
        tuple(range(1, lags + 1)),
        tuple(
            Estimate(float(value), float(error), n, lags, degrees)
            for value, error in zip(values, errors, strict=True)
        ),
    )


def _orders(returns: Samples, signs: Samples, longest: int) -> tuple[F64, F64]:
    if not 1 <= longest <= LAGS_MAX:
        raise ModelError(f"lags must be from 1 to {LAGS_MAX}, got {longest}")
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
