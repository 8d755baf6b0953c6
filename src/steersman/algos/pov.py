"""Percentage of volume: follow what others really trade, within bounds (F3).

The rate is what the expected volume makes necessary to finish, with a little in hand, between 1 %
and `max_participation`. Own quantity at a rate p of the total is p / (1 - p) of what others trade.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from steersman.algos.base import AlgoContext
from steersman.domain.order import ParentOrder, Progress
from steersman.domain.units import Qty

__all__ = ["done_by_volume", "rate"]

RATE_MIN: Final = Decimal("0.01")
IN_HAND: Final = Decimal("1.1")


def rate(order: ParentOrder, progress: Progress, context: AlgoContext) -> Decimal:
    """Return the share of the total volume to aim for."""
    most = min(context.execution.max_participation, context.limits.max_participation)
    if progress.expected_volume <= 0:
        return most
    needed = IN_HAND * order.qty / (order.qty + progress.expected_volume)
    return min(most, max(RATE_MIN, needed))


def done_by_volume(order: ParentOrder, progress: Progress, context: AlgoContext) -> Qty:
    """Return what should be done for the volume that others have traded so far."""
    share = rate(order, progress, context)
    if share >= 1:
        return order.qty
    exact = share / (1 - share) * progress.others_volume
    return min(order.qty, context.instrument.floor_qty(exact))
