"""Time-weighted: the same quantity in every slice, the remainder in the last (F2)."""

from __future__ import annotations

from decimal import Decimal

from steersman.algos.base import AlgoContext, Plan, borders, plan_from_shares
from steersman.domain.order import ParentOrder
from steersman.domain.units import Price

__all__ = ["plan"]


def plan(order: ParentOrder, start_ns: int, price: Price, context: AlgoContext) -> Plan:
    """Return equal quantities over equal slices."""
    times_ns = borders(order, start_ns, context.execution)
    count = len(times_ns) - 1
    shares = [Decimal(k + 1) / count for k in range(count)]
    return plan_from_shares(order, times_ns, shares, context, price)
