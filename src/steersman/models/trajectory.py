"""Almgren-Chriss: the optimal discrete trajectory between impact and risk.

Source: R. Almgren, N. Chriss, "Optimal execution of portfolio transactions", J. Risk 3 (2001),
sections 2 and 3 (their equations 16 to 20), 3.2 (L-VaR) and 4.1 (drift). Three traps: kappa comes
from eta_tilde, not eta; from the acosh form, not from its continuous limit; and lambda -> 0 is the
straight line, by its own branch.

    eta_tilde = eta - gamma tau / 2          (must be positive)
    kappa_tilde^2 = lambda sigma^2 / eta_tilde
    kappa = acosh(1 + kappa_tilde^2 tau^2 / 2) / tau
    x_k = X sinh(kappa (T - t_k)) / sinh(kappa T)

A price that is expected to move by `drift` per time in favour of what is held (up for a sale, down
for a purchase) makes waiting worth it: x_k grows by

    xbar (1 - (sinh(kappa (T - t_k)) + sinh(kappa t_k)) / sinh(kappa T)),
    xbar = drift / (2 lambda sigma^2)

xbar alone is what one would hold for ever. A strong drift can make trades of the wrong sign
optimal; the cost counts their spread, the optimum does not know it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul, sub
from statistics import NormalDist
from typing import Final

from steersman.models.validity import ModelError, finite

__all__ = ["AlmgrenChriss", "Trajectory"]

KAPPA_T_FLAT: Final = 1e-6  # below this the straight line is exact to rounding


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Holdings `x` (N+1, from X to 0), trades `n` (N), expected cost and variance of cost.

    `half_life` is 1 / kappa, the time in which the remainder falls by a factor e; None for a
    straight line.
    """

    x: tuple[float, ...]
    n: tuple[float, ...]
    kappa: float
    half_life: float | None
    cost: float
    variance: float

    @property
    def deviation(self) -> float:
        """The standard deviation of the cost."""
        return math.sqrt(self.variance)

    def utility(self, risk_aversion: float) -> float:
        """Return what the trajectory minimises: cost + lambda variance."""
        return self.cost + risk_aversion * self.variance

    def liquidity_var(self, confidence: float) -> float:
        """Return L-VaR: the cost not exceeded with this probability, E + z sqrt(V)."""
        if not 0 < confidence < 1:
            raise ModelError(f"confidence must be between 0 and 1, got {confidence}")
        return self.cost + NormalDist().inv_cdf(confidence) * self.deviation


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
                raise ModelError(f"{name} must be finite and not negative, got {value}")
        if self.tau == 0:
            raise ModelError("tau must be positive")
        if self.eta_tilde <= 0:
            raise ModelError(
                f"eta - gamma tau / 2 is {self.eta_tilde}, must be positive: "
                "shorten the interval or raise eta"
            )

    @property
    def eta_tilde(self) -> float:
        return self.eta - self.gamma * self.tau / 2

    def kappa_tilde(self, risk_aversion: float) -> float:
        """Return kappa's continuous form (1/time) for a risk aversion lambda >= 0 (1/price)."""
        if not math.isfinite(risk_aversion) or risk_aversion < 0:
            raise ModelError(f"risk aversion must be finite and >= 0, got {risk_aversion}")
        return self.sigma * math.sqrt(risk_aversion) / math.sqrt(self.eta_tilde)

    def kappa(self, risk_aversion: float) -> float:
        """Return kappa (1/time) for a risk aversion lambda >= 0 (1/price)."""
        # acosh(1 + y) = 2 asinh(sqrt(y / 2)): exact for small y, finite for large.
        return 2 * math.asinh(self.kappa_tilde(risk_aversion) * self.tau / 2) / self.tau

    def static_holding(self, risk_aversion: float, drift: float) -> float:
        """Return xbar, what one would hold for ever; infinite where nothing limits it."""
        finite(drift=drift)
        if drift == 0:
            return 0.0
        limit = 2 * risk_aversion * self.sigma**2
        return drift / limit if limit else math.copysign(math.inf, drift)

    def trajectory(
        self, quantity: float, intervals: int, risk_aversion: float, drift: float = 0.0
    ) -> Trajectory:
        """Return the optimal trajectory of `quantity` over `intervals` of length tau.

        `drift` is the expected move of the price (per time) in favour of what is still held.
        """
        if intervals < 1:
            raise ModelError(f"at least one interval is needed, got {intervals}")
        finite(quantity=quantity, drift=drift)
        kappa = self.kappa(risk_aversion)
        x = tuple(quantity * share for share in _remaining(kappa * self.tau, intervals))
        if drift:
            waiting = self._waiting(kappa, intervals, risk_aversion)
            x = tuple(held + drift * extra for held, extra in zip(x, waiting, strict=True))
        n = tuple(map(sub, x, x[1:]))
        cost, variance = self._priced(x, n, drift)
        return Trajectory(x, n, kappa, 1 / kappa if kappa else None, cost, variance)

    def price(self, trades: Sequence[float], drift: float = 0.0) -> tuple[float, float]:
        """Return expected cost and variance of any trades, one an interval."""
        if not trades:
            raise ModelError("at least one trade is needed")
        finite(drift=drift, **{f"trades[{i}]": trade for i, trade in enumerate(trades)})
        held = list(accumulate(trades, sub, initial=math.fsum(trades)))
        return self._priced([*held[:-1], 0.0], trades, drift)

    def _priced(self, x: Sequence[float], n: Sequence[float], drift: float) -> tuple[float, float]:
        later = x[1:]
        cost = (
            self.gamma * x[0] ** 2 / 2
            + self.epsilon * sum(map(abs, n))
            + self.eta_tilde / self.tau * sum(map(mul, n, n))
            - drift * self.tau * sum(later)
        )
        return cost, self.sigma**2 * self.tau * sum(map(mul, later, later))

    def frontier(
        self, quantity: float, intervals: int, risk_aversions: Sequence[float]
    ) -> tuple[Trajectory, ...]:
        """Return the efficient frontier: the optimal trajectory of each risk aversion."""
        return tuple(self.trajectory(quantity, intervals, each) for each in risk_aversions)

    def paired_deviation(self, first: Trajectory, second: Trajectory) -> float:
        """Return the standard deviation of the difference of two costs on the same price path.

        It is far below either's own: that is why arms are compared on common random numbers.
        """
        if len(first.x) != len(second.x):
            raise ModelError(f"{len(first.n)} and {len(second.n)} intervals cannot be paired")
        apart = map(sub, first.x[1:], second.x[1:])
        return self.sigma * math.sqrt(self.tau * sum(distance**2 for distance in apart))

    def _waiting(self, kappa: float, intervals: int, risk_aversion: float) -> list[float]:
        """Return what one unit of drift adds to the holding at t_0..t_N.

        1 - (sinh a + sinh b) / sinh(a + b) = (1 - exp(-a)) (1 - exp(-b)) / (1 + exp(-a - b)):
        neither overflow nor cancellation. Without risk aversion it is t (T - t) / (4 eta_tilde).
        """
        step = kappa * self.tau
        if step * intervals < KAPPA_T_FLAT:
            scale = self.tau**2 / (4 * self.eta_tilde)
            return [scale * k * (intervals - k) for k in range(intervals + 1)]
        xbar = self.static_holding(risk_aversion, 1.0) / (1 + math.exp(-step * intervals))
        return [
            xbar * math.expm1(-step * k) * math.expm1(-step * (intervals - k))
            for k in range(intervals + 1)
        ]


def _remaining(kappa_tau: float, intervals: int) -> list[float]:
    """Return sinh(kappa (T - t_k)) / sinh(kappa T) for k = 0..N, without overflow."""
    if kappa_tau * intervals < KAPPA_T_FLAT:
        return [1 - k / intervals for k in range(intervals + 1)]
    # sinh(a)/sinh(b) = exp(a - b) (1 - exp(-2a)) / (1 - exp(-2b)): exponents are never positive.
    whole = -math.expm1(-2 * kappa_tau * intervals)
    exp, expm1, twice = math.exp, math.expm1, -2 * kappa_tau
    return [
        exp(-kappa_tau * k) * -expm1(twice * (intervals - k)) / whole for k in range(intervals + 1)
    ]
