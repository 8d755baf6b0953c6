"""The tactic for child orders: rest passively, re-peg, cross what is left when patience ends.

It answers one question: which single order should be working now? A post-only order at the touch
earns the spread while there is time. When the slice's patience is over, or the deadline presses,
what is left crosses as an immediate-or-cancel order that reaches a bounded way beyond the touch.
Sizes never leave a rest of the parent that the venue would be too small to take.
"""

from __future__ import annotations

import msgspec

from steersman.algos.base import AlgoContext, largest_child, least_rest, whole_children
from steersman.domain.market import MarketView
from steersman.domain.order import ParentOrder, Progress, Style, Target, TimeInForce
from steersman.domain.units import BPS, Price, Qty, Side

__all__ = ["Desired", "Working", "desire"]


class Working(msgspec.Struct, frozen=True, gc=False):
    """The child that is working now."""

    price: Price
    leaves: Qty
    tif: TimeInForce


class Desired(msgspec.Struct, frozen=True, gc=False):
    """The order that should be working now, and why in plain words."""

    qty: Qty
    price: Price
    tif: TimeInForce
    style: Style
    reason: str


def desire(
    order: ParentOrder,
    target: Target,
    progress: Progress,
    view: MarketView,
    working: Working | None,
    context: AlgoContext,
) -> tuple[Desired | None, int]:
    """Return the order that should be working now (or None), and when time alone changes that."""
    gap = Qty(target.done - progress.filled)
    if gap <= 0 or not view.usable:
        return None, target.next_ns
    cross_ns = _cross_ns(order, target, gap, view, context)
    crossing = target.finishing or target.style is Style.CROSS or progress.at_ns >= cross_ns
    next_ns = target.next_ns if progress.at_ns >= cross_ns else min(cross_ns, target.next_ns)
    if target.style is Style.PASSIVE and not target.finishing:
        crossing = False
    desired = _crossing(order, target, progress, view, context, gap) if crossing else None
    if desired is None:
        desired = _resting(order, target, progress, view, working, context, gap)
    return desired, next_ns


def _cross_ns(
    order: ParentOrder, target: Target, gap: Qty, view: MarketView, context: AlgoContext
) -> int:
    """Return when patience ends: by urgency, and early enough to send the gap in whole children."""
    slice_ns = target.slice_end_ns - target.slice_start_ns
    patience_ns = int((1 - order.urgency) * slice_ns)
    assert view.mid is not None  # the view is usable
    children = whole_children(gap, largest_child(Price(view.mid), context))
    needed_ns = children * context.limits.order_pace_ns
    return min(target.slice_start_ns + patience_ns, target.slice_end_ns - needed_ns)


def _crossing(
    order: ParentOrder,
    target: Target,
    progress: Progress,
    view: MarketView,
    context: AlgoContext,
    gap: Qty,
) -> Desired | None:
    """Return the order that takes what is there, or None where taking is not to be had."""
    spread_bps, mid = view.spread_bps, view.mid
    touch = view.best_ask if order.side is Side.BUY else view.best_bid
    assert spread_bps is not None and mid is not None and touch is not None  # usable
    if spread_bps > float(context.execution.max_spread_bps) and not target.finishing:
        return None
    sign = order.side.sign
    reach = touch * (1 + sign * context.execution.cross_bps / BPS)
    collar = mid * (1 + sign * context.limits.max_price_deviation_bps / BPS)
    bounds = [reach, collar] if target.worst_price is None else [reach, collar, target.worst_price]
    price = min(bounds) if order.side is Side.BUY else max(bounds)
    price = context.instrument.passive_price(price, order.side)
    if (price - touch) * sign < 0:
        return None  # the order's limit price is not there
    qty = _size(order, progress, price, gap, largest_child(price, context), context)
    if qty is None:
        return None
    why = "the deadline presses" if target.finishing else "patience is over"
    if target.style is Style.CROSS and not target.finishing:
        why = "as its style is"
    return Desired(qty, price, TimeInForce.IOC, Style.CROSS, f"cross, {why}; {target.reason}")


def _resting(
    order: ParentOrder,
    target: Target,
    progress: Progress,
    view: MarketView,
    working: Working | None,
    context: AlgoContext,
    gap: Qty,
) -> Desired | None:
    """Return the order that rests at the touch, keeping its place unless the touch moved away."""
    own = view.best_bid if order.side is Side.BUY else view.best_ask
    assert own is not None  # usable
    price, style = _resting_price(order, target, view, own, context)
    reason = f"rest at the {'mid' if style is Style.MID else 'touch'}; {target.reason}"
    if working is not None and working.tif is TimeInForce.POST_ONLY:
        kept = (price - working.price) * order.side.sign <= 0
        kept = kept or (style is Style.MID and _leads(order, working, view, own))
        if target.worst_price is not None:
            kept = kept and (target.worst_price - working.price) * order.side.sign >= 0
        price = working.price if kept else price
        if not kept:
            reason = f"re-peg, the touch moved; {target.reason}"
        if working.leaves <= gap:
            return Desired(working.leaves, price, working.tif, style, reason)
    # Sized for the highest price it may be moved to: `max_order_size` counts what it was sent with.
    highest = price * (1 + context.limits.max_price_deviation_bps / BPS)
    largest = largest_child(Price(highest), context)
    qty = _size(order, progress, price, gap, largest, context)
    if qty is None:
        if working is None:
            return None
        return Desired(working.leaves, working.price, working.tif, style, reason)
    return Desired(qty, price, TimeInForce.POST_ONLY, style, reason)


def _leads(order: ParentOrder, working: Working, view: MarketView, own: Price) -> bool:
    """Whether our order alone is the touch: the middle it makes is no reason to chase itself."""
    ahead = (working.price - own) * order.side.sign
    touch_qty = view.bid_qty if order.side is Side.BUY else view.ask_qty
    return ahead > 0 or (ahead == 0 and touch_qty <= working.leaves)


def _resting_price(
    order: ParentOrder, target: Target, view: MarketView, own: Price, context: AlgoContext
) -> tuple[Price, Style]:
    assert view.best_bid is not None and view.best_ask is not None
    style = Style.PASSIVE
    price = own
    if target.style is Style.MID and view.best_ask - view.best_bid > context.instrument.tick:
        assert view.mid is not None
        price, style = context.instrument.passive_price(view.mid, order.side), Style.MID
    if target.worst_price is not None:
        better = min if order.side is Side.BUY else max
        price = better(price, target.worst_price)
    return price, style


def _size(
    order: ParentOrder,
    progress: Progress,
    price: Price,
    gap: Qty,
    largest: Qty,
    context: AlgoContext,
) -> Qty | None:
    """Return the child's quantity: at most the gap and the largest child, and no dust left behind.

    Where a rest would be too small to be sent later, the child is cut so that it is not; where that
    leaves too little, it waits until the schedule wants all of the order.
    """
    instrument = context.instrument
    least = instrument.tradable_min(price)
    rest = order.qty - progress.filled
    qty = min(instrument.floor_qty(gap), largest)
    if 0 < rest - qty < (spare := least_rest(price, context)):
        cut = Qty(rest - spare)
        if cut >= least or gap < rest:
            qty = cut
    floor = least if qty == rest else max(least, context.execution.min_order_size)
    return qty if qty >= floor else None
