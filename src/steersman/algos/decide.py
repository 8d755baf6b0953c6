"""Which algorithm decides: the one place that knows all of them."""

from __future__ import annotations

from steersman.algos import pov, resilience, shortfall, twap, vwap
from steersman.algos.adaptive import Steering, bend
from steersman.algos.base import AlgoContext, Plans, finish_zone_ns, slice_at
from steersman.algos.conditions import conditions_at, known_at, volume_ahead
from steersman.domain.market import MarketView
from steersman.domain.order import AlgoName, ParentOrder, Progress, Target
from steersman.domain.units import SECOND_NS, ZERO_QTY, Price, Qty
from steersman.models.impact_estimate import Conditions

__all__ = ["decide", "plan_all", "replan", "strays"]

POV_STEP_NS = 5 * SECOND_NS


def plan_all(order: ParentOrder, view: MarketView, context: AlgoContext) -> Plans:
    """Make every plan that may be followed at arrival; POV's is by its expected volume.

    Obizhaeva-Wang's takes a quadratic program: only who asks for it or may be advised to pays.
    """
    assert view.mid is not None  # an order arrives only where there is a price
    price = Price(view.mid)
    known = known_at(view, context.law)
    conditions = conditions_at(order, view.at_ns, view, context.curve, known)
    by_volume = vwap.plan(order, view.at_ns, price, context)
    plans = {
        AlgoName.TWAP: twap.plan(order, view.at_ns, price, context),
        AlgoName.VWAP: by_volume,
        AlgoName.POV: by_volume,
        AlgoName.IS: shortfall.plan(order, view.at_ns, price, context, conditions),
    }
    if order.algo in (AlgoName.OW, AlgoName.ADAPTIVE):
        plans[AlgoName.OW] = resilience.plan(order, view, price, context)
    if order.algo is AlgoName.ADAPTIVE:
        plans[AlgoName.ADAPTIVE] = plans[order.base]
    return plans


def strays(
    order: ParentOrder,
    plans: Plans,
    name: AlgoName,
    progress: Progress,
    view: MarketView,
    context: AlgoContext,
) -> bool:
    """Tell whether a plan has left what it follows, though conditions are the same: only VWAP's."""
    if name is not AlgoName.VWAP:
        return False
    so_far, volume = progress.others_volume, volume_ahead(view, context)
    return vwap.strays(order, plans[name], _own(order, progress), so_far, progress.at_ns, volume)


def replan(
    order: ParentOrder,
    plans: Plans,
    name: AlgoName,
    progress: Progress,
    view: MarketView,
    context: AlgoContext,
    conditions: Conditions,
) -> Plans:
    """Return the plans with that of `name` anew, where it depends on the market: IS and VWAP."""
    assert view.mid is not None  # usable
    price, at_ns, scheduled = Price(view.mid), progress.at_ns, _own(order, progress)
    before = plans[name]
    match name:
        case AlgoName.IS:
            anew = shortfall.replan(order, before, scheduled, at_ns, price, context, conditions)
        case AlgoName.VWAP:
            so_far, volume = progress.others_volume, volume_ahead(view, context)
            anew = vwap.replan(order, before, scheduled, so_far, at_ns, price, context, volume)
        case _:
            return plans
    return {**plans, name: anew}


def _own(order: ParentOrder, progress: Progress) -> Qty:
    """Return what a plan itself has scheduled: an adaptive order's target is not its base's."""
    return ZERO_QTY if order.algo is AlgoName.ADAPTIVE else progress.scheduled


def decide(
    order: ParentOrder,
    plans: Plans,
    progress: Progress,
    view: MarketView,
    context: AlgoContext,
    steering: Steering,
) -> tuple[Target, Steering]:
    """Return the target for now, and the steering after it (changed by adaptive orders only).

    In the finish zone, the time that sending the rest will take, the target is the whole order.
    A target never falls below the one before it (`progress.scheduled`): what rests is not withdrawn
    because the zone shrank with a fill, or because advice on text alone halved the envelope.
    """
    at_ns = progress.at_ns
    adaptive = order.algo is AlgoName.ADAPTIVE
    name = order.base if adaptive else order.algo
    plan = plans[name]
    k = slice_at(plan, at_ns)
    mid = view.mid if view.usable else None
    price = progress.arrival_price if mid is None else Price(mid)
    finish_ns = order.deadline_ns - finish_zone_ns(progress, price, context)
    finishing = at_ns >= finish_ns
    style = context.execution.style
    if finishing or k == len(plan.done) - 1:
        done, reason = order.qty, "all that is left by the deadline"
    elif adaptive:
        done, steering = bend(order, plans, progress, context, steering)
        advice = steering.in_force(at_ns)
        style = style if advice is None or advice.style is None else advice.style
        reason = f"{name}, slice {k + 1} of {len(plan.done)}{_bent(done, plan.done[k])}"
        if steering.clipped:
            reason += ", at the envelope's edge"
    elif name is AlgoName.POV:
        done = pov.done_by_volume(order, progress, context)
        reason = f"{pov.rate(order, progress, context) * 100:.1f} % of the volume"
    else:
        done = plan.done[k]
        reason = f"{name}, slice {k + 1} of {len(plan.done)}"
    done = max(done, progress.scheduled)
    slice_end_ns = next_ns = plan.times_ns[k + 1]
    if at_ns < finish_ns < next_ns:
        next_ns = finish_ns
    if name is AlgoName.POV:
        next_ns = min(next_ns, at_ns + POV_STEP_NS)
    target = Target(
        done=done,
        worst_price=order.limit_price,
        style=style,
        finishing=finishing,
        slice_start_ns=plan.times_ns[k],
        slice_end_ns=slice_end_ns,
        next_ns=next_ns,
        reason=reason,
    )
    return target, steering


def _bent(done: Qty, base: Qty) -> str:
    if done == base:
        return ""
    return f", bent {'ahead' if done > base else 'back'} by {abs(done - base)}"
