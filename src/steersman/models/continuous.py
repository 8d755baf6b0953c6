"""Almgren-Chriss without intervals: what the discrete trajectory tends to as they shrink.

Source: R. Almgren, N. Chriss, "Optimal execution of portfolio transactions", J. Risk 3 (2001),
section 3 in the limit tau -> 0, where eta_tilde = eta and kappa = sqrt(lambda sigma^2 / eta):

    x(t) = X sinh(kappa (T - t)) / sinh(kappa T)
    E = gamma X^2 / 2 + epsilon |X| + eta int v^2,    V = sigma^2 int x^2

With a = kappa T: int v^2 = X^2/T a^2 (1 / (2 sinh^2 a) + coth(a) / (2a)) and
int x^2 = X^2 T (coth(a) / (2a) - 1 / (2 sinh^2 a)); for a = 0 they are X^2/T and X^2 T / 3, the
latter the variance sigma^2 T / 3 that every estimate from one's own fills rests on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from steersman.models.validity import ModelError, finite, not_negative, positive

__all__ = ["ContinuousAlmgrenChriss"]

SMALL: Final = 0.01  # below this the series is closer than the difference of large terms
LARGE: Final = 350.0  # above this sinh^2 is infinite to a float, and its inverse zero


@dataclass(frozen=True, slots=True)
class ContinuousAlmgrenChriss:
    """The limit's parameters: as of the discrete model, with a horizon instead of intervals."""

    sigma: float
    eta: float
    horizon: float
    gamma: float = 0.0
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        not_negative(sigma=self.sigma, gamma=self.gamma, epsilon=self.epsilon)
        positive(eta=self.eta, horizon=self.horizon)

    def kappa(self, risk_aversion: float) -> float:
        """Return kappa (1/time) for a risk aversion lambda >= 0 (1/price)."""
        not_negative(risk_aversion=risk_aversion)
        return self.sigma * math.sqrt(risk_aversion) / math.sqrt(self.eta)

    def holding(self, quantity: float, time: float, risk_aversion: float) -> float:
        """Return what is left at a time from 0 to the horizon."""
        a, left = self._place(quantity, time, risk_aversion)
        if a < SMALL**3:
            return quantity * left
        shrunk = math.expm1(-2 * a * left) / math.expm1(-2 * a)
        return quantity * math.exp(-a * (1 - left)) * shrunk

    def rate(self, quantity: float, time: float, risk_aversion: float) -> float:
        """Return the rate of trading at a time from 0 to the horizon (units per time)."""
        a, left = self._place(quantity, time, risk_aversion)
        if a < SMALL**3:
            return quantity / self.horizon
        grown = a * (1 + math.exp(-2 * a * left)) / -math.expm1(-2 * a)
        return quantity / self.horizon * math.exp(-a * (1 - left)) * grown

    def cost(self, quantity: float, risk_aversion: float) -> float:
        """Return the expected cost of the optimal trajectory."""
        finite(quantity=quantity)
        a = self.kappa(risk_aversion) * self.horizon
        inner = 1.0 if a < SMALL**3 else a**2 * (_inverse_sinh2(a) / 2 + 1 / math.tanh(a) / (2 * a))
        squared_rate = quantity**2 / self.horizon * inner
        lasting = self.gamma * quantity**2 / 2
        return lasting + self.epsilon * abs(quantity) + self.eta * squared_rate

    def variance(self, quantity: float, risk_aversion: float) -> float:
        """Return the variance of the cost of the optimal trajectory."""
        finite(quantity=quantity)
        a = self.kappa(risk_aversion) * self.horizon
        if a < SMALL:
            inner = 1 / 3 - 2 * a**2 / 45 + 2 * a**4 / 315
        else:
            inner = 1 / math.tanh(a) / (2 * a) - _inverse_sinh2(a) / 2
        return self.sigma**2 * quantity**2 * self.horizon * inner

    def _place(self, quantity: float, time: float, risk_aversion: float) -> tuple[float, float]:
        """Return kappa T and the share of the horizon that is left."""
        finite(quantity=quantity)
        if not 0 <= time <= self.horizon:
            raise ModelError(f"time must be from 0 to {self.horizon}, got {time}")
        return self.kappa(risk_aversion) * self.horizon, 1 - time / self.horizon


def _inverse_sinh2(a: float) -> float:
    return 0.0 if a > LARGE else 1 / math.sinh(a) ** 2
