"""Follow the market's volume: VWAP in proportion to it, POV at the price of impact.

Source: A. Cartea, S. Jaimungal, "A closed-form execution strategy to target volume weighted average
price", SIAM J. Financial Math. 7 (2016), reduced to expected volumes mu_i:

    minimise sum_i k n_i^2 + phi (n_i - rho mu_i)^2   with   sum_i n_i = Q
    n_i = w mu_i + (Q - w sum mu) / N,   w = phi rho / (k + phi)

phi -> infinity follows rho mu and spreads the rest evenly, phi = 0 is TWAP. Where Q is much less
than rho sum mu, a bucket with little volume may get a negative trade: the caller's business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from steersman.models.validity import ModelError, finite, not_negative

__all__ = ["tracking_schedule", "vwap_schedule"]


def vwap_schedule(quantity: float, volumes: Sequence[float]) -> tuple[float, ...]:
    """Return the quantity of each bucket in proportion to its expected volume.

    Raises ValueError where there are no buckets or no volume is expected in any.
    """
    finite(quantity=quantity)
    total = _total(volumes)
    if total == 0:
        raise ModelError("no volume is expected in any bucket")
    return tuple(quantity * volume / total for volume in volumes)


def tracking_schedule(
    quantity: float,
    volumes: Sequence[float],
    participation: float,
    impact: float,
    penalty: float,
) -> tuple[float, ...]:
    """Return the quantity of each bucket between impact and distance from the participation.

    `volumes` are the market's expected ones, `participation` rho the wanted share of them;
    `impact` k and `penalty` phi have the same units and are not both zero.
    """
    finite(quantity=quantity)
    not_negative(participation=participation, impact=impact, penalty=penalty)
    total = _total(volumes)
    if impact + penalty == 0:
        raise ModelError("impact and penalty must not both be zero: any schedule would do")
    weight = penalty * participation / (impact + penalty)
    rest = (quantity - weight * total) / len(volumes)
    return tuple(weight * volume + rest for volume in volumes)


def _total(volumes: Sequence[float]) -> float:
    if not volumes:
        raise ModelError("at least one bucket is needed")
    for volume in volumes:
        not_negative(volume=volume)
    return math.fsum(volumes)
