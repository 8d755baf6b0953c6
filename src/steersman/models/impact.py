"""What trading moves and costs, before it is measured.

Sources, one a model:

* R. Almgren, C. Thum, E. Hauptmann, H. Li, "Direct estimation of equity market impact" (2005):
  I = gamma sigma X/V (Theta/V)^delta for good, of which an order pays half on average, and
  eta sigma |X / (V T)|^beta while it trades. gamma 0.314 +- 0.041, eta 0.142 +- 0.0062,
  beta 0.600 +- 0.038; sigma per day, T in days of volume. It was fitted to US equities; elsewhere
  it is a prior and is named so. Theta, the shares outstanding, has no counterpart in crypto: leave
  it out, and the factor is 1.
* The square-root law: the price moves by Y sigma sqrt(Q/V) at the end of an order of Q, and at a
  constant rate the order pays 2/3 of that, the mean of a square root. Peak and paid are two.
* G. Huberman, W. Stanzl, "Price manipulation and quasi-arbitrage" (2004): permanent impact must be
  linear and the same for both sides.
* A. Kyle, "Continuous auctions and insider trading" (1985): lambda = sigma_v / (2 sigma_u).

Quantities are magnitudes; a cost is positive for either side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from steersman.models.validity import finite, not_negative, positive

__all__ = [
    "ETA",
    "EXPONENT",
    "PAID_OF_PEAK",
    "EquityImpact",
    "kyle_lambda",
    "permanent_linear",
    "power_law_bps",
    "square_root_paid_bps",
    "square_root_peak_bps",
]

ETA: Final = 0.142
EXPONENT: Final = 0.6
PAID_OF_PEAK: Final = 2 / 3


def power_law_bps(
    participation: float, sigma_day_bps: float, coefficient: float, exponent: float
) -> float:
    """Return coefficient x sigma x participation^exponent (bps)."""
    not_negative(participation=participation, sigma_day_bps=sigma_day_bps, coefficient=coefficient)
    positive(exponent=exponent)
    return float(coefficient * sigma_day_bps * participation**exponent)


def permanent_linear(quantity: float, per_unit: float) -> float:
    """Return how far a signed quantity moves the price for good: linear, or it could be exploited.

    The order itself pays half of it on average.
    """
    finite(quantity=quantity)
    not_negative(per_unit=per_unit)
    return per_unit * quantity


def square_root_peak_bps(quantity_of_day: float, sigma_day_bps: float, prefactor: float) -> float:
    """Return how far an order of this share of the day's volume has moved the price at its end."""
    not_negative(quantity_of_day=quantity_of_day, sigma_day_bps=sigma_day_bps, prefactor=prefactor)
    return prefactor * sigma_day_bps * math.sqrt(quantity_of_day)


def square_root_paid_bps(quantity_of_day: float, sigma_day_bps: float, prefactor: float) -> float:
    """Return what such an order pays on average at a constant rate: two thirds of the peak."""
    return PAID_OF_PEAK * square_root_peak_bps(quantity_of_day, sigma_day_bps, prefactor)


def kyle_lambda(value_deviation: float, noise_deviation: float) -> float:
    """Return Kyle's lambda (price per unit of net flow).

    `value_deviation` is the standard deviation of what insiders know (price), `noise_deviation`
    that of everybody else's net flow (units), both over the same period.
    """
    not_negative(value_deviation=value_deviation)
    positive(noise_deviation=noise_deviation)
    return value_deviation / (2 * noise_deviation)


@dataclass(frozen=True, slots=True)
class EquityImpact:
    """Almgren, Thum, Hauptmann and Li (2005), with their fitted values as defaults."""

    gamma: float = 0.314
    eta: float = ETA
    beta: float = EXPONENT
    delta: float = 0.25

    def __post_init__(self) -> None:
        not_negative(gamma=self.gamma, eta=self.eta, delta=self.delta)
        positive(beta=self.beta)

    def permanent_bps(
        self, quantity_of_day: float, sigma_day_bps: float, outstanding_of_day: float = 1.0
    ) -> float:
        """Return I: how far an order of this share of the day's volume moves the price for good.

        `outstanding_of_day` is Theta/V, shares outstanding in days of volume; 1 where there are
        none, and then gamma is not theirs any more: fit it again.
        """
        not_negative(quantity_of_day=quantity_of_day, sigma_day_bps=sigma_day_bps)
        positive(outstanding_of_day=outstanding_of_day)
        return float(self.gamma * sigma_day_bps * quantity_of_day * outstanding_of_day**self.delta)

    def temporary_bps(self, participation: float, sigma_day_bps: float) -> float:
        """Return the temporary cost of trading at a share |X / (V T)| of the market's rate."""
        return power_law_bps(participation, sigma_day_bps, self.eta, self.beta)

    def cost_bps(
        self,
        quantity_of_day: float,
        horizon_days: float,
        sigma_day_bps: float,
        outstanding_of_day: float = 1.0,
    ) -> float:
        """Return J: what the order pays on average, I/2 and the temporary cost of its rate."""
        positive(horizon_days=horizon_days)
        moved = self.permanent_bps(quantity_of_day, sigma_day_bps, outstanding_of_day)
        return moved / 2 + self.temporary_bps(quantity_of_day / horizon_days, sigma_day_bps)
