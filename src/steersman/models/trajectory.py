"""Almgren-Chriss: the optimal discrete trajectory between impact and risk.

Source: R. Almgren, N. Chriss, "Optimal execution of portfolio transactions", J. Risk 3 (2001),
sections 2 and 3 (their equations 16 to 20). Three traps: kappa comes from eta_tilde, not eta; from
the acosh form, not from its continuous limit; and lambda -> 0 is the straight line, by its own
branch.

    eta_tilde = eta - gamma tau / 2          (must be positive)
    kappa_tilde^2 = lambda sigma^2 / eta_tilde
    kappa = acosh(1 + kappa_tilde^2 tau^2 / 2) / tau
    x_k = X sinh(kappa (T - t_k)) / sinh(kappa T)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = ["AlmgrenChriss", "Trajectory"]

KAPPA_T_FLAT: Final = 1e-6  # below this the straight line is exact to rounding


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Holdings `x` (N+1, from X to 0), trades `n` (N), expected cost and variance of cost."""

    x: tuple[float, ...]
    n: tuple[float, ...]
    kappa: float
    half_life: float | None
    cost: float
    variance: float


@dataclass(frozen=True, slots=True)
class AlmgrenChriss:
    """The model's parameters, in units of the caller's choice that agree with each other.

    `sigma` is the price's standard deviation per square root of time (price, not a fraction),
    `eta` temporary impact (price per unit/time), `gamma` permanent impact (price per unit),
    `epsilon` half the spread (price), `tau` the length of one interval. Raises ValueError where
    they do not make sense, eta_tilde <= 0 among them.
    """

    sigma: float
    eta: float
    tau: float
    gamma: float = 0.0
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        for name in ("sigma", "eta", "tau", "gamma", "epsilon"):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0:
                raise ValueError(f"{name} must be finite and not negative, got {value}")
        if self.tau == 0:
            raise ValueError("tau must be positive")
        if self.eta_tilde <= 0:
            raise ValueError(
                f"eta - gamma tau / 2 is {self.eta_tilde}, must be positive: "
                "shorten the interval or raise eta"
            )

    @property
    def eta_tilde(self) -> float:
        return self.eta - self.gamma * self.tau / 2

    def kappa(self, risk_aversion: float) -> float:
        """Return kappa (1/time) for a risk aversion lambda >= 0 (1/price)."""
        if not math.isfinite(risk_aversion) or risk_aversion < 0:
            raise ValueError(f"risk aversion must be finite and >= 0, got {risk_aversion}")
        kappa_tilde = self.sigma * math.sqrt(risk_aversion) / math.sqrt(self.eta_tilde)
        # acosh(1 + y) = 2 asinh(sqrt(y / 2)): exact for small y, finite for large.
        return 2 * math.asinh(kappa_tilde * self.tau / 2) / self.tau

    def trajectory(self, quantity: float, intervals: int, risk_aversion: float) -> Trajectory:
        """Return the optimal trajectory of `quantity` over `intervals` of length tau."""
        if intervals < 1:
            raise ValueError(f"at least one interval is needed, got {intervals}")
        kappa = self.kappa(risk_aversion)
        x = tuple(quantity * share for share in _remaining(kappa * self.tau, intervals))
        n = tuple(before - after for before, after in pairwise(x))
        cost = (
            self.gamma * quantity**2 / 2
            + self.epsilon * sum(abs(trade) for trade in n)
            + self.eta_tilde / self.tau * sum(trade**2 for trade in n)
        )
        variance = self.sigma**2 * self.tau * sum(held**2 for held in x[1:])
        return Trajectory(x, n, kappa, 1 / kappa if kappa else None, cost, variance)


def _remaining(kappa_tau: float, intervals: int) -> list[float]:
    """Return sinh(kappa (T - t_k)) / sinh(kappa T) for k = 0..N, without overflow."""
    if kappa_tau * intervals < KAPPA_T_FLAT:
        return [1 - k / intervals for k in range(intervals + 1)]
    # sinh(a)/sinh(b) = exp(a - b) (1 - exp(-2a)) / (1 - exp(-2b)): exponents are never positive.
    whole = -math.expm1(-2 * kappa_tau * intervals)
    return [
        math.exp(-kappa_tau * k) * -math.expm1(-2 * kappa_tau * (intervals - k)) / whole
        for k in range(intervals + 1)
    ]
