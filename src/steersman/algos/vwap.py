"""Volume-weighted: quantity_t = total x expected volume_t / total expected volume (F3)."""

from __future__ import annotations

from steersman.algos.base import AlgoContext, Plan, borders, plan_from_shares
from steersman.domain.order import ParentOrder
from steersman.domain.units import Price
from steersman.models.volume import weight_between

__all__ = ["plan"]


def plan(order: ParentOrder, start_ns: int, price: Price, context: AlgoContext) -> Plan:
    """Return quantities in proportion to the volume curve; a curve that is zero counts as flat."""
    times_ns = borders(order, start_ns, context.execution)
    whole = weight_between(start_ns, order.deadline_ns, context.curve)
    curve = context.curve if whole > 0 else ()
    whole = weight_between(start_ns, order.deadline_ns, curve)
    shares = [weight_between(start_ns, end_ns, curve) / whole for end_ns in times_ns[1:]]
    return plan_from_shares(order, times_ns, shares, context, price)
