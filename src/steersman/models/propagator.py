"""Impact that fades: the propagator, its optimum, and the guard against paying for round trips.

Sources: J. Gatheral, "No-dynamic-arbitrage and market impact", Quantitative Finance 10 (2010);
J. Gatheral, A. Schied, A. Slynko, "Transient linear price impact and Fredholm integral equations",
Mathematical Finance 22 (2012); J.-P. Bouchaud et al., "Fluctuations and response in financial
markets" (2004).

Trading at the rate v moves the price by f(v) = sign(v) |v|^delta, and a time t later G(t) of that
is left:

    S_t = S_0 + int_0^t f(v_s) G(t - s) ds + noise

With delta = 1 and blocks n at given times the expected cost is n'Kn/2, K_ij = G(|t_i - t_j|), least
at X K^-1 1 / (1'K^-1 1). At piecewise constant rates every cost is exact: with H'' = G, H(0) =
H'(0) = 0, a phase of length T costs v f(v) H(T), and one that trades v while an earlier impact f
fades adds v f times the second difference of H.

A round trip must not earn from its own impact, or whoever optimises will find it. G finite at 0
(exponential, or a shifted power law) admits only delta = 1: a fast sale pays too little for undoing
what a slow purchase did. G = t^-gamma needs gamma + delta >= 1 and gamma >= 2 - log 3 / log 2.
These are necessary, not sufficient, so `guard` also prices round trips.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from steersman.models.validity import (
    ManipulableError,
    ModelError,
    finite,
    not_negative,
    positive,
)

__all__ = [
    "GAMMA_MIN",
    "TIMES_MAX",
    "ExponentialKernel",
    "Kernel",
    "Phase",
    "PowerKernel",
    "ShiftedPowerKernel",
    "cheapest_round_trip",
    "constant_rate_cost",
    "cost_of_blocks",
    "cost_of_phases",
    "guard",
    "kernel_matrix",
    "optimal_blocks",
]

GAMMA_MIN: Final = 2 - math.log(3) / math.log(2)  # 0.4150
TIMES_MAX: Final = 2_000  # the matrix is dense
SMALL: Final = 1e-3  # below this a series is closer than the difference of large terms
SPLITS: Final = (0.02, 0.1, 1 / 6, 0.3, 0.5, 0.7, 5 / 6, 0.9, 0.98)
EARNS_REL: Final = 1e-9  # of the round trip's own gross cost: rounding, not a profit

F64 = npt.NDArray[np.float64]
Phase = tuple[float, float]  # rate (units per time, signed), duration


class Kernel(Protocol):
    """How much of an impact is left after a time."""

    @property
    def bounded(self) -> bool:
        """Whether G(0) is finite."""
        ...

    def left(self, lag: float) -> float:
        """Return G(lag)."""
        ...

    def twice_integrated(self, span: float) -> float:
        """Return H(span), with H'' = G and H(0) = H'(0) = 0."""
        ...


@dataclass(frozen=True, slots=True)
class ExponentialKernel:
    """G(t) = exp(-rate t); a rate of 0 is permanent impact."""

    rate: float

    def __post_init__(self) -> None:
        not_negative(rate=self.rate)

    @property
    def bounded(self) -> bool:
        return True

    def left(self, lag: float) -> float:
        return math.exp(-self.rate * lag)

    def twice_integrated(self, span: float) -> float:
        x = self.rate * span
        if x < SMALL:
            return span**2 * (1 / 2 - x / 6 + x**2 / 24 - x**3 / 120)
        return (x + math.expm1(-x)) / self.rate**2


@dataclass(frozen=True, slots=True)
class PowerKernel:
    """G(t) = t^-exponent, infinite at 0; the exponent is between 0 and 1."""

    exponent: float

    def __post_init__(self) -> None:
        if not 0 < self.exponent < 1:
            raise ModelError(f"exponent must be between 0 and 1, got {self.exponent}")

    @property
    def bounded(self) -> bool:
        return False

    def left(self, lag: float) -> float:
        return math.inf if lag == 0 else float(lag**-self.exponent)

    def twice_integrated(self, span: float) -> float:
        power = 2 - self.exponent
        return float(span**power / ((power - 1) * power))


@dataclass(frozen=True, slots=True)
class ShiftedPowerKernel:
    """G(t) = (1 + t / scale)^-exponent: a power law that is 1 at 0."""

    scale: float
    exponent: float

    def __post_init__(self) -> None:
        positive(scale=self.scale)
        not_negative(exponent=self.exponent)

    @property
    def bounded(self) -> bool:
        return True

    def left(self, lag: float) -> float:
        return float((1 + lag / self.scale) ** -self.exponent)

    def twice_integrated(self, span: float) -> float:
        x, g = span / self.scale, self.exponent
        if x < SMALL:
            inner = x**2 / 2 - g * x**3 / 6 + g * (g + 1) * x**4 / 24
            return self.scale**2 * (inner - g * (g + 1) * (g + 2) * x**5 / 120)
        if g == 1:
            inner = (1 + x) * math.log1p(x) - x
        elif g == 2:
            inner = x - math.log1p(x)
        else:
            inner = (math.expm1((2 - g) * math.log1p(x)) / (2 - g) - x) / (1 - g)
        return self.scale**2 * inner


def kernel_matrix(times: Sequence[float], kernel: Kernel) -> F64:
    """Return K_ij = G(|t_i - t_j|) for increasing times and a kernel that is finite at 0."""
    if not 1 <= len(times) <= TIMES_MAX:
        raise ModelError(f"from 1 to {TIMES_MAX} times are needed, got {len(times)}")
    if not kernel.bounded:
        raise ModelError("a block has infinite cost where the kernel is infinite at 0")
    if any(not later > earlier for earlier, later in pairwise(times)):
        raise ModelError("times must increase")
    finite(**{f"times[{index}]": time for index, time in enumerate(times)})
    rows = [[kernel.left(abs(t - s)) for s in times] for t in times]
    return np.array(rows, np.float64)


def optimal_blocks(quantity: float, times: Sequence[float], kernel: Kernel) -> tuple[float, ...]:
    """Return the blocks of least expected cost for linear impact, X K^-1 1 / (1'K^-1 1).

    Raises ManipulableError where K is not positive definite: some round trip of blocks would earn.
    """
    finite(quantity=quantity)
    matrix = kernel_matrix(times, kernel)
    if not _positive_definite(matrix):
        raise ManipulableError(
            "the kernel's matrix is not positive definite: a round trip of blocks costs nothing "
            "or earns, so there is no optimum"
        )
    shape = np.linalg.solve(matrix, np.ones(len(times)))
    return tuple(float(trade) for trade in quantity * shape / shape.sum())


def cost_of_blocks(trades: Sequence[float], times: Sequence[float], kernel: Kernel) -> float:
    """Return the expected cost n'Kn/2 of blocks at given times, for linear impact."""
    if len(trades) != len(times):
        raise ModelError(f"{len(trades)} trades at {len(times)} times")
    n = np.array(trades, np.float64)
    return float(n @ kernel_matrix(times, kernel) @ n / 2)


def cost_of_phases(phases: Sequence[Phase], exponent: float, kernel: Kernel) -> float:
    """Return the expected cost of trading at one rate after another; a rate of 0 waits."""
    cost = 0.0
    starts = [0.0]
    for rate, duration in phases:
        finite(rate=rate)
        positive(duration=duration)
        starts.append(starts[-1] + duration)
    grown = kernel.twice_integrated
    for j, (rate, duration) in enumerate(phases):
        cost += rate * _moved(rate, exponent) * grown(duration)
        for i, (earlier, lasted) in enumerate(phases[:j]):
            gap = starts[j] - starts[i + 1]
            overlap = grown(gap + lasted + duration) - grown(gap + lasted)
            overlap += grown(gap) - grown(gap + duration)
            cost += rate * _moved(earlier, exponent) * overlap
    return cost


def constant_rate_cost(rate: float, duration: float, exponent: float, kernel: Kernel) -> float:
    """Return the expected cost of a constant rate: of VWAP in volume time.

    For f = v^delta and G = t^-gamma it is X v^delta T^(1-gamma) / ((1-gamma)(2-gamma)).
    """
    return cost_of_phases([(rate, duration)], exponent, kernel)


def cheapest_round_trip(
    exponent: float, kernel: Kernel, horizon: float
) -> tuple[float, tuple[Phase, ...]]:
    """Return the cheapest of many round trips, as a share of what its phases cost alone.

    They buy one unit and sell it again, or buy it twice as fast in two parts around a pause, with
    every split of horizons from a thousandth to a thousand times `horizon`.
    """
    positive(horizon=horizon)
    found: tuple[float, tuple[Phase, ...]] = (math.inf, ())
    for power in range(-6, 7):
        whole = horizon * 10.0 ** (power / 2)
        for share in SPLITS:
            for phases in _trips(whole * share, whole * (1 - share)):
                alone = sum(abs(cost_of_phases([phase], exponent, kernel)) for phase in phases)
                cost = cost_of_phases(phases, exponent, kernel) / alone
                found = min(found, (cost, phases))
    return found


def guard(exponent: float, kernel: Kernel, horizon: float = 1.0) -> None:
    """Refuse impact that a round trip could exploit: raise ManipulableError and say why.

    `exponent` is delta of f(v) = v^delta, `horizon` a typical duration in the kernel's unit.
    """
    positive(exponent=exponent)
    if kernel.bounded and exponent != 1:
        raise ManipulableError(
            f"impact {kernel} is finite at once, which admits only linear impact, not the "
            f"exponent {exponent}"
        )
    if isinstance(kernel, PowerKernel):
        if kernel.exponent + exponent < 1:
            raise ManipulableError(
                f"gamma + delta is {kernel.exponent + exponent}, must be at least 1"
            )
        if kernel.exponent < GAMMA_MIN:
            raise ManipulableError(f"gamma is {kernel.exponent}, must be at least {GAMMA_MIN:.4f}")
    cost, phases = cheapest_round_trip(exponent, kernel, horizon)
    if cost < -EARNS_REL:
        trip = ", ".join(f"{rate:+.6g} for {duration:.6g}" for rate, duration in phases)
        raise ManipulableError(f"a round trip earns {-cost:.3g} of its gross cost: trading {trip}")


def _trips(first: float, second: float) -> tuple[tuple[Phase, ...], ...]:
    """Return round trips of one unit within two spans of time."""
    straight = ((1 / first, first), (-1 / second, second))
    paused = ((2 / first, first / 4), (0.0, first / 2), (2 / first, first / 4))
    return (straight, (*paused, (-1 / second, second)))


def _moved(rate: float, exponent: float) -> float:
    return math.copysign(abs(rate) ** exponent, rate) if rate else 0.0


def _positive_definite(matrix: F64) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True
