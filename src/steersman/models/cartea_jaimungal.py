"""Cartea-Jaimungal: a running penalty for holding and a price on what is left at the end.

Source: A. Cartea, S. Jaimungal, J. Penalva, "Algorithmic and High-Frequency Trading" (2015),
section 6.5. Trading at the rate nu pays k nu per unit and moves the price by b nu for good; holding
q costs phi q^2 per time, and q_T at the end alpha q_T^2. With gamma = sqrt(phi / k) and
zeta = (alpha - b/2 + sqrt(k phi)) / (alpha - b/2 - sqrt(k phi)):

    q(t) = Q (zeta e^{gamma (T-t)} - e^{-gamma (T-t)}) / (zeta e^{gamma T} - e^{-gamma T})

Computed here, with c = alpha - b/2, as (c sinh(gamma s) / gamma + k cosh(gamma s)) at s = T - t
over the same at s = T: defined where zeta is not (c = sqrt(k phi)) and where phi = 0, and scaled so
that nothing overflows. A finite alpha never liquidates fully: the caller has to force completion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from steersman.models.validity import ModelError, finite, not_negative, positive

__all__ = ["CarteaJaimungal"]


@dataclass(frozen=True, slots=True)
class CarteaJaimungal:
    """The parameters: `temporary` k, `running` phi, `terminal` alpha, `permanent` b, `horizon` T.

    Raises ValueError where alpha <= b/2: pushing the price at the end would pay for itself.
    """

    temporary: float
    running: float
    terminal: float
    horizon: float
    permanent: float = 0.0

    def __post_init__(self) -> None:
        positive(temporary=self.temporary, terminal=self.terminal, horizon=self.horizon)
        not_negative(running=self.running, permanent=self.permanent)
        if self._penalty <= 0:
            raise ModelError(
                f"terminal penalty {self.terminal} must exceed half the permanent impact, "
                f"{self.permanent / 2}"
            )

    @property
    def gamma(self) -> float:
        """The speed of the trajectory (1/time)."""
        return math.sqrt(self.running / self.temporary)

    @property
    def zeta(self) -> float:
        """The weight of the two exponentials; infinite where only one is left."""
        root = math.sqrt(self.temporary * self.running)
        if self._penalty == root:
            return math.inf
        return (self._penalty + root) / (self._penalty - root)

    def holding(self, quantity: float, time: float) -> float:
        """Return what is left at a time from 0 to the horizon."""
        left = self._left(quantity, time)
        fallen = math.exp(-self.gamma * (self.horizon - left))
        return quantity * fallen * self._value(left) / self._value(self.horizon)

    def rate(self, quantity: float, time: float) -> float:
        """Return the rate of trading at a time from 0 to the horizon (units per time)."""
        left = self._left(quantity, time)
        twice = math.exp(-2 * self.gamma * left)
        slope = self._penalty * (1 + twice) / 2
        slope += self.temporary * self.gamma * (1 - twice) / 2
        fallen = math.exp(-self.gamma * (self.horizon - left))
        return quantity * fallen * slope / self._value(self.horizon)

    @property
    def _penalty(self) -> float:
        return self.terminal - self.permanent / 2

    def _value(self, left: float) -> float:
        """Return (c sinh(gamma s) / gamma + k cosh(gamma s)) / e^(gamma s)."""
        twice = 2 * self.gamma * left
        length = -math.expm1(-twice) / (2 * self.gamma) if self.gamma else left
        return self._penalty * length + self.temporary * (1 + math.exp(-twice)) / 2

    def _left(self, quantity: float, time: float) -> float:
        finite(quantity=quantity)
        if not 0 <= time <= self.horizon:
            raise ModelError(f"time must be from 0 to {self.horizon}, got {time}")
        return self.horizon - time
