"""Volume-weighted: quantity_t = total x expected volume_t / total expected volume (F3).

The plan at arrival is the curve's. While the order works, its share done should be the market's:

    done(t) = (volume so far + expected until t) / (volume so far + expected until the deadline)

with both volumes those of others since the order's start (the dynamic VWAP of J. Bialkowski,
S. Darolles, G. Le Fol, "Improving VWAP strategies: a dynamic volume approach", J. Banking & Finance
32, 2008). What is expected is the curve at the level of now, which fades to the day's
(`models.volume`). `replan` plans what lies ahead by it, once `strays` says that this is worth it:
half-way through the rest the plan is off by a fiftieth of the order.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Final

from steersman.algos.base import (
    AlgoContext,
    Plan,
    borders,
    kept,
    plan_from_shares,
    plan_rest,
)
from steersman.domain.order import ParentOrder
from steersman.domain.units import Price, Qty
from steersman.models.volume import FadingVolume, weight_between

__all__ = ["plan", "replan", "strays"]

STRAY: Final = 0.02


def plan(order: ParentOrder, start_ns: int, price: Price, context: AlgoContext) -> Plan:
    """Return quantities in proportion to the volume curve; a curve that is zero counts as flat."""
    times_ns = borders(order, start_ns, context.execution)
    whole = weight_between(start_ns, order.deadline_ns, context.curve)
    curve = context.curve if whole > 0 else ()
    whole = weight_between(start_ns, order.deadline_ns, curve)
    shares = [weight_between(start_ns, end_ns, curve) / whole for end_ns in times_ns[1:]]
    return plan_from_shares(order, times_ns, shares, context, price)


def strays(
    order: ParentOrder,
    before: Plan,
    scheduled: Qty,
    so_far: Qty,
    at_ns: int,
    volume: FadingVolume,
) -> bool:
    """Tell whether a plan has left the market's volume: `so_far` since the order's start."""
    here = kept(order, before, scheduled, at_ns)
    if here is None:
        return False
    k, done = here
    middle = (k + len(before.done)) // 2  # of the slices ahead
    middle_ns, end_ns = before.times_ns[middle + 1], before.times_ns[-1]
    until = float(so_far) + volume.between(volume.at_ns, middle_ns)
    whole = until + volume.between(middle_ns, end_ns)
    if whole <= 0:
        return False
    wanted = max(until / whole, float(done / order.qty))  # nothing is sent back
    return abs(wanted - float(before.done[middle] / order.qty)) > STRAY


def replan(
    order: ParentOrder,
    before: Plan,
    scheduled: Qty,
    so_far: Qty,
    at_ns: int,
    price: Price,
    context: AlgoContext,
    volume: FadingVolume,
) -> Plan:
    """Return the plan with all slices after the current one by the volume that came and comes."""
    here = kept(order, before, scheduled, at_ns)
    if here is None:
        return before
    k, done = here
    ends_ns = before.times_ns[k + 1 :]
    until = float(so_far) + volume.between(volume.at_ns, ends_ns[0])
    slices = (volume.between(from_ns, to_ns) for from_ns, to_ns in pairwise(ends_ns))
    ahead = list(accumulate(slices, initial=until))[1:]
    if ahead[-1] <= 0:
        return before
    shares = [each / ahead[-1] for each in ahead]
    return plan_rest(order, before, k, done, shares, context, price)
