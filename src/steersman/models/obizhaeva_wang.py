"""Obizhaeva-Wang: blocks at both ends and an even rate between, in a book that refills.

Source: A. Obizhaeva, J. Wang, "Optimal trading strategy and supply/demand dynamics", J. Financial
Markets 16 (2013); with N+1 equally spaced blocks A. Alfonsi, A. Fruth, A. Schied, "Optimal
execution strategies in limit order books with general shape functions" (2010).

A trade of n moves the price by n / q: lambda n for good, kappa n = (1/q - lambda) n fading at the
rate rho. Then x_0 = x_T = X / (rho T + 2), the rate between is rho X / (rho T + 2), and the impact
cost lambda X^2 / 2 + kappa X^2 / (rho T + 2). With blocks and a = exp(-rho T / N):
xi_0 = xi_N = X / (2 + (N-1)(1-a)), the others xi_0 (1 - a).

A lesson rather than a trap: against equal blocks the gain is a few per cent of the impact cost, and
largest where rho T is neither small nor large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from steersman.models.validity import ModelError, finite, not_negative, positive

__all__ = ["BlocksAndRate", "ObizhaevaWang"]


@dataclass(frozen=True, slots=True)
class BlocksAndRate:
    """The optimum in continuous time: a block, a constant rate (units per time), a block."""

    first_block: float
    rate: float
    last_block: float
    impact_cost: float


@dataclass(frozen=True, slots=True)
class ObizhaevaWang:
    """The book: `depth` q (units per price), `resilience` rho (1/time), `permanent` lambda.

    `permanent` is in price per unit and at most 1 / depth. Costs leave out the spread, which no
    schedule changes: half of it times the quantity.
    """

    depth: float
    resilience: float
    permanent: float = 0.0

    def __post_init__(self) -> None:
        positive(depth=self.depth)
        not_negative(resilience=self.resilience, permanent=self.permanent)
        if self.transient < 0:
            raise ModelError(
                f"permanent impact {self.permanent} is more than the whole, 1/depth "
                f"{1 / self.depth}"
            )

    @property
    def transient(self) -> float:
        """kappa (price per unit): the part of the impact that fades."""
        return 1 / self.depth - self.permanent

    def continuous(self, quantity: float, horizon: float) -> BlocksAndRate:
        """Return the optimum in continuous time and its impact cost."""
        finite(quantity=quantity)
        positive(horizon=horizon)
        block = quantity / (self.resilience * horizon + 2)
        cost = self.permanent * quantity**2 / 2 + self.transient * quantity * block
        return BlocksAndRate(block, self.resilience * block, block, cost)

    def blocks(self, quantity: float, horizon: float, intervals: int) -> tuple[float, ...]:
        """Return the optimum in `intervals` + 1 blocks, the first at 0, the last at the horizon."""
        finite(quantity=quantity)
        positive(horizon=horizon)
        if intervals < 1:
            raise ModelError(f"at least one interval is needed, got {intervals}")
        refilled = -math.expm1(-self.resilience * horizon / intervals)
        end = quantity / (2 + (intervals - 1) * refilled)
        return (end, *(end * refilled for _ in range(intervals - 1)), end)

    def impact_cost(self, trades: Sequence[float], horizon: float) -> float:
        """Return the impact cost of equally spaced blocks, the last at the horizon."""
        positive(horizon=horizon)
        if len(trades) < 2:
            raise ModelError(f"at least two blocks are needed, got {len(trades)}")
        left = math.exp(-self.resilience * horizon / (len(trades) - 1))
        moved = work = 0.0
        for trade in trades:
            work += trade * (moved + trade / 2)
            moved = (moved + trade) * left
        return self.permanent * math.fsum(trades) ** 2 / 2 + self.transient * work
