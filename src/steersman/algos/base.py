"""What all algorithms share: the plan, the target, and who decides it.

An algorithm places no orders. At an order's arrival it makes a `Plan`, a schedule of cumulative
quantities exact to the lot; later it answers how much should be done by now. Plans are never
mutated: what was filled or rejected changes the gap to the plan, not the plan.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from steersman.domain.impact import CostLaw
from steersman.domain.instrument import Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.order import AlgoName, ParentOrder, Progress
from steersman.domain.units import SECOND_NS, ZERO_QTY, Price, Qty
from steersman.domain.volume import DayVolume
from steersman.errors import UsageError
from steersman.models.impact_estimate import PRIOR_LAW

__all__ = [
    "AlgoContext",
    "Plan",
    "Plans",
    "borders",
    "check_horizon",
    "finish_zone_ns",
    "kept",
    "largest_child",
    "least_rest",
    "plan_from_shares",
    "plan_rest",
    "slice_at",
    "whole_children",
]

FINISH_MARGIN_NS: Final = 3 * SECOND_NS  # latency and the last cancel
CHILDREN_PER_SPARE: Final = 8  # one more interval for each: an immediate order may fill in part
ONE: Final = Decimal(1)
REST_PRICE_SHARE: Final = Decimal("0.95")  # what is left must be tradable after a fall of 5 %


class AlgoContext(msgspec.Struct, frozen=True, gc=False):
    """What an algorithm may know besides the market: rules, settings, limits, curve, cost law.

    `day_volume` is what others usually trade in a day, None where no history tells.
    """

    instrument: Instrument
    execution: ExecutionConfig
    limits: SafetyLimits
    curve: tuple[float, ...]
    law: CostLaw = PRIOR_LAW
    day_volume: DayVolume | None = None


class Plan(msgspec.Struct, frozen=True):
    """A schedule: N+1 slice borders (UTC ns) and N cumulative quantities, the last the whole.

    `done[k]` is to be done by the end of slice k, from `times_ns[k]` to `times_ns[k + 1]`.
    """

    times_ns: tuple[int, ...]
    done: tuple[Qty, ...]

    def at(self, at_ns: int) -> Qty:
        """Return what is to be done by the end of the slice that holds a time (0 before it)."""
        if at_ns < self.times_ns[0]:
            return Qty(Decimal(0))
        return self.done[slice_at(self, at_ns)]


Plans = dict[AlgoName, Plan]
"""What may be followed, by algorithm; that of an adaptive order is its base as submitted."""


def check_horizon(order: ParentOrder, execution: ExecutionConfig) -> None:
    """Raise UsageError where the horizon is shorter than one slice."""
    if order.horizon_ns < execution.slice_s * SECOND_NS:
        raise UsageError(
            f"a horizon of {order.horizon_ns / SECOND_NS:g} s is shorter than one slice of "
            f"{execution.slice_s} s",
            "lengthen the horizon, or lower slice_s in [execution]",
        )


def borders(order: ParentOrder, start_ns: int, execution: ExecutionConfig) -> tuple[int, ...]:
    """Return the borders of equal slices, as many as fit whole; each is at least `slice_s` long."""
    horizon_ns = order.deadline_ns - start_ns
    count = max(1, horizon_ns // (execution.slice_s * SECOND_NS))
    return tuple(start_ns + horizon_ns * k // count for k in range(count + 1))


def slice_at(plan: Plan, at_ns: int) -> int:
    """Return the index of the slice that holds a time, clipped to the plan."""
    return min(max(bisect_right(plan.times_ns, at_ns) - 1, 0), len(plan.done) - 1)


def plan_from_shares(
    order: ParentOrder,
    times_ns: tuple[int, ...],
    shares: Sequence[float | Decimal],
    context: AlgoContext,
    price: Price,
    begun: Qty = ZERO_QTY,
) -> Plan:
    """Make a plan from cumulative shares (N of them, the last counts as 1), none below `begun`.

    Quantities are rounded to the lot, never fall and never exceed the order; what a slice would
    add below the smallest tradable child waits for a later slice; the remainder is in the last.
    """
    instrument = context.instrument
    least = max(least_rest(price, context), context.execution.min_order_size)
    done: list[Qty] = []
    before: Decimal = begun
    for share in shares[:-1]:
        exact = order.qty * (share if isinstance(share, Decimal) else Decimal(repr(share)))
        wanted = min(max(instrument.nearest_qty(exact), before), order.qty)
        if wanted - before >= least and (order.qty - wanted >= least or wanted == order.qty):
            before = wanted
        done.append(Qty(before))
    done.append(order.qty)
    return Plan(times_ns, tuple(done))


def kept(order: ParentOrder, before: Plan, scheduled: Qty, at_ns: int) -> tuple[int, Qty] | None:
    """Return the current slice and what is done by its end, which no planning anew takes back.

    That is its target, or what is already scheduled where that is more. None where nothing is left
    to plan.
    """
    k = slice_at(before, at_ns)
    done = max(before.done[k], scheduled)
    return None if k + 1 == len(before.done) or done >= order.qty else (k, done)


def plan_rest(
    order: ParentOrder,
    before: Plan,
    k: int,
    done: Qty,
    shares: Sequence[float],
    context: AlgoContext,
    price: Price,
) -> Plan:
    """Return the plan with the cumulative shares of all slices after slice k in place of its own.

    `k` and `done` are what `kept` returns.
    """
    rest = plan_from_shares(order, before.times_ns[k + 1 :], shares, context, price, begun=done)
    return Plan(before.times_ns, (*before.done[:k], done, *rest.done))


def least_rest(price: Price, context: AlgoContext) -> Qty:
    """Return the least to leave for a later child: tradable even after a fall of the price.

    Where the venue's minimum is an amount of money, the smallest quantity grows as prices fall.
    """
    return context.instrument.tradable_min(Price(price * REST_PRICE_SHARE))


def finish_zone_ns(progress: Progress, price: Price, context: AlgoContext) -> int:
    """Return the time needed to send what is not filled yet in the largest allowed children."""
    left = progress.unfilled + progress.open + progress.unknown
    children = whole_children(left, largest_child(price, context))
    # One interval more than children: the order before the first may just have been sent.
    intervals = children + 1 + children // CHILDREN_PER_SPARE
    return intervals * context.limits.order_pace_ns + FINISH_MARGIN_NS


def largest_child(price: Price, context: AlgoContext) -> Qty:
    """Return the largest child that `max_order_size` allows at a price (whole lots)."""
    instrument = context.instrument
    return instrument.floor_qty(context.limits.max_order_size / instrument.quote_value(price, ONE))


def whole_children(qty: Decimal, largest: Decimal) -> int:
    """Return how many children of at most `largest` a quantity takes (1 where none is allowed)."""
    if largest <= 0:
        return 1
    return int((qty / largest).to_integral_value(ROUND_CEILING))
