"""The one door: nothing reaches a venue that `approve` has not turned into `Approved`.

Every limit of `SafetyLimits` is checked here, on the state alone, before each order and amendment.
Missing or stale prices fail closed. Filled, open and unknown quantity counts in full, over all
parents; an amendment counts the larger of its old and new quantity. Cancels always pass: a rate
limit must never keep an order in the market. A refusal is a value that names the rule and shows the
arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from steersman.algos.base import AlgoContext, check_horizon, least_rest
from steersman.domain.instrument import Instrument
from steersman.domain.market import MarketView
from steersman.domain.messages import (
    Amend,
    Approved,
    Cancel,
    Intent,
    ParentState,
    Place,
    Refused,
)
from steersman.domain.order import ParentOrder
from steersman.domain.units import BPS, MINUTE_NS, MS_NS, SECOND_NS, Price, Qty, Side
from steersman.engine.state import Parent, State, outstanding, volume_between
from steersman.errors import UsageError

__all__ = ["admit", "approve", "headroom", "price_fault", "ready_ns"]

Check = Callable[[State, Parent, "Place | Amend", MarketView, Instrument], str]


def approve(state: State, intent: Intent) -> Approved[Intent] | Refused:
    """Let an intent pass, or refuse it with the rule it breaks and the figures."""
    parent = state.parents.get(intent.parent_id)
    if parent is None:
        return Refused(intent.parent_id, "parent", "there is no such parent order", intent)
    if isinstance(intent, Cancel):
        return Approved(intent)
    instrument = state.instruments.get(intent.instrument)
    view = state.views.get(intent.instrument)
    if instrument is None or view is None:
        return Refused(intent.parent_id, "prices", f"{intent.instrument} has no prices", intent)
    for rule, check in _CHECKS:
        detail = check(state, parent, intent, view, instrument)
        if detail:
            return Refused(intent.parent_id, rule, detail, intent)
    return Approved(intent)


def price_fault(state: State, view: MarketView | None) -> str:
    """Say why prices may not be acted on now, or nothing where they may."""
    if view is None:
        return "no market data has arrived"
    if not view.usable:
        return view.invalid or "the book is one-sided, crossed or empty"
    if not (math.isfinite(view.volatility_hour_pct) and math.isfinite(view.volume_rate_per_s)):
        return "the market's volatility or volume is not a number"
    age_ns = view.feed_age_ns + state.now_ns - view.at_ns
    if age_ns > state.limits.max_feed_age_ms * MS_NS:
        limit = state.limits.max_feed_age_ms
        return f"prices are {age_ns // MS_NS} ms old, max_feed_age_ms is {limit}"
    return ""


def ready_ns(state: State, parent: Parent) -> int:
    """Return when the pace limits allow the parent's next order or amendment (UTC ns)."""
    ready = state.now_ns
    if parent.last_order_ns is not None:
        ready = max(ready, parent.last_order_ns + state.limits.min_order_interval_ns)
    recent = state.order_times_ns
    if len(recent) >= state.limits.max_orders_per_minute:
        ready = max(ready, recent[-state.limits.max_orders_per_minute] + MINUTE_NS)
    return ready


def headroom(state: State, parent: Parent) -> Qty:
    """Return how much more the parent may have working under participation and position limits."""
    instrument = state.instruments[parent.order.instrument]
    own, others = _participation_parts(state, parent)
    share = state.limits.max_participation
    by_volume = share / (1 - share) * others - own if share < 1 else parent.order.qty
    by_position = state.limits.max_position - _exposure(state, parent.order)
    return instrument.floor_qty(max(Decimal(0), min(by_volume, by_position)))


# -- checks on one intent -------------------------------------------------------------------------
def _alive(state: State, parent: Parent, intent: Place | Amend, *_: object) -> str:
    if state.killed:
        return f"trading is killed: {state.killed}"
    if parent.state is not ParentState.RUNNING or parent.closing is not None:
        return f"the parent order is {parent.state.value}"
    if intent.side is not parent.order.side or intent.instrument != parent.order.instrument:
        return "the child's side or instrument is not the parent's"
    return ""


def _prices(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    return price_fault(state, view)


def _rules(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    if not intent.price.is_finite() or intent.price <= 0 or intent.price % instrument.tick != 0:
        return f"price {intent.price} is not a positive multiple of the tick {instrument.tick}"
    if not intent.qty.is_finite() or intent.qty <= 0 or intent.qty % instrument.lot != 0:
        return f"quantity {intent.qty} is not a positive multiple of the lot {instrument.lot}"
    minimum = instrument.tradable_min(intent.price)
    if intent.qty < minimum:
        return f"quantity {intent.qty} is below the venue's minimum {minimum}"
    return ""


def _quantity(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    opened, unknown = outstanding(state, parent)
    committed = parent.filled + opened + unknown + _added(state, intent)
    if committed > parent.order.qty:
        return f"{committed} would be committed of an order of {parent.order.qty}"
    return ""


def _size(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    value = instrument.quote_value(intent.price, _counted(state, intent))
    limit = state.limits.max_order_size
    return f"value {value:.2f} exceeds max_order_size {limit}" if value > limit else ""


def _collar(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    mid = view.mid
    assert mid is not None  # `_prices` has passed
    deviation_bps = abs(intent.price - mid) / mid * BPS
    limit = state.limits.max_price_deviation_bps
    if deviation_bps > limit:
        return (
            f"price {intent.price} lies {deviation_bps:.2f} bps from the mid {mid}, "
            f"max_price_deviation_bps is {limit}"
        )
    worst = parent.order.limit_price
    if worst is not None and (intent.price - worst) * parent.order.side.sign > 0:
        return f"price {intent.price} is worse than the order's limit {worst}"
    return ""


def _spread(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    spread_bps = view.spread_bps
    assert spread_bps is not None  # `_prices` has passed
    limit = state.limits.max_spread_bps
    return (
        f"spread {spread_bps:.2f} bps exceeds max_spread_bps {limit}"
        if spread_bps > float(limit)
        else ""
    )


def _volatility(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    limit = state.limits.max_volatility_hour_pct
    if view.volatility_hour_pct <= float(limit):
        return ""
    return (
        f"volatility {view.volatility_hour_pct:.2f} % per hour exceeds "
        f"max_volatility_hour_pct {limit}"
    )


def _pace(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    last = parent.last_order_ns
    if last is not None and state.now_ns - last < state.limits.min_order_interval_ns:
        since_ms = (state.now_ns - last) // MS_NS
        return (
            f"{since_ms} ms since the last order, "
            f"min_order_interval_s is {state.limits.min_order_interval_s}"
        )
    count = sum(1 for at in state.order_times_ns if state.now_ns - at < MINUTE_NS)
    limit = state.limits.max_orders_per_minute
    if count >= limit:
        return f"{count} orders in the last minute, max_orders_per_minute is {limit}"
    if isinstance(intent, Place) and parent.children >= state.limits.max_children_per_parent:
        return f"max_children_per_parent {state.limits.max_children_per_parent} is reached"
    return ""


def _participation(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    own, others = _participation_parts(state, parent)
    own += _added(state, intent)
    share = own / (own + others)
    limit = state.limits.max_participation
    if share <= limit:
        return ""
    return (
        f"participation would be {share:.4f} (own {own} of {own + others:.4f}), "
        f"max_participation is {limit}"
    )


def _position(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    exposure = _exposure(state, parent.order) + _added(state, intent)
    limit = state.limits.max_position
    if exposure > limit:
        return f"position could reach {exposure}, max_position is {limit}"
    return ""


def _self_trade(
    state: State, parent: Parent, intent: Place | Amend, view: MarketView, instrument: Instrument
) -> str:
    for child in state.children.values():
        if child.instrument != intent.instrument or child.side is parent.order.side:
            continue
        if (intent.price - child.price) * parent.order.side.sign >= 0:
            return f"it would trade with our own order {child.id} at {child.price}"
    return ""


_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("state", _alive),
    ("prices", _prices),
    ("instrument", _rules),
    ("quantity", _quantity),
    ("max_order_size", _size),
    ("max_price_deviation_bps", _collar),
    ("max_spread_bps", _spread),
    ("max_volatility_hour_pct", _volatility),
    ("pace", _pace),
    ("max_participation", _participation),
    ("max_position", _position),
    ("self_trade", _self_trade),
)


# -- sums the limits speak of ---------------------------------------------------------------------
def _counted(state: State, intent: Place | Amend) -> Decimal:
    """The quantity an intent is judged by: an amendment's larger one, old or new."""
    if isinstance(intent, Place):
        return intent.qty
    child = state.child(intent.child_id)
    return intent.qty if child is None else max(intent.qty, child.qty)


def _added(state: State, intent: Place | Amend) -> Decimal:
    """What an intent adds to the quantity already committed: an amendment may only add growth."""
    if isinstance(intent, Place):
        return intent.qty
    child = state.child(intent.child_id)
    return intent.qty if child is None else max(Decimal(0), intent.qty - child.qty)


def _participation_parts(state: State, parent: Parent) -> tuple[Decimal, Decimal]:
    """Own committed quantity, and others' volume since the start with its floor."""
    opened, unknown = outstanding(state, parent)
    own = parent.filled + opened + unknown
    view = state.views[parent.order.instrument]
    others = max(view.market_volume - parent.volume_at_start, parent.volume_floor)
    return own, others


def _exposure(state: State, order: ParentOrder) -> Decimal:
    """The position in the order's direction if everything outstanding on its side were filled."""
    exposure = state.positions.get(order.instrument, Decimal(0)) * order.side.sign
    for child in state.children.values():
        if child.instrument == order.instrument and child.side is order.side:
            exposure += child.leaves
    return exposure


# -- admission of a whole parent ------------------------------------------------------------------
def admit(state: State, order: ParentOrder) -> tuple[str, str] | None:
    """Return None where the limits let a parent order complete, else (rule, arithmetic)."""
    for rule, detail in _obstacles(state, order):
        if detail:
            return rule, detail
    return None


def _obstacles(state: State, order: ParentOrder) -> Iterator[tuple[str, str]]:
    if state.killed:
        yield "state", f"trading is killed: {state.killed}; re-arm it first"
    if order.id in state.parents:
        yield "order", f"the parent id {order.id} is taken; ids are unique per account"
    active = sum(not parent.terminal for parent in state.parents.values())
    if active >= state.limits.max_open_parents:
        yield "max_open_parents", f"{active} parent orders are open, the limit is {active}"
    instrument = state.instruments.get(order.instrument)
    if instrument is None:
        yield "order", f"{order.instrument} is not configured"
        return
    view = state.views.get(order.instrument)
    yield "prices", price_fault(state, view)
    assert view is not None and view.mid is not None  # a missing view was yielded above
    yield "order", _order_fault(state, order, instrument, view.mid)
    yield "max_order_size", _capacity_fault(state, order, instrument, view.mid)
    yield "max_participation", _volume_fault(state, order, view)
    yield "max_position", _position_fault(state, order)


def _order_fault(state: State, order: ParentOrder, instrument: Instrument, mid: Decimal) -> str:
    try:
        instrument.lots(order.qty)
        if order.limit_price is not None:
            instrument.ticks(order.limit_price)
        check_horizon(order, state.execution)
    except UsageError as error:
        return str(error)
    # The minimum notional at a lower price, too: an order that just reaches it now may not later.
    context = AlgoContext(instrument, state.execution, state.limits, ())
    minimum = max(least_rest(Price(mid), context), state.execution.min_order_size)
    if order.qty < minimum:
        return f"quantity {order.qty} is below the smallest order of {minimum}"
    if order.deadline_ns <= state.now_ns:
        return "the deadline has passed"
    return ""


def _capacity_fault(state: State, order: ParentOrder, instrument: Instrument, mid: Decimal) -> str:
    limits = state.limits
    horizon_ns = order.deadline_ns - max(order.start_ns, state.now_ns)
    by_interval = horizon_ns // state.limits.min_order_interval_ns + 1
    by_rate = limits.max_orders_per_minute * (horizon_ns // MINUTE_NS + 1)
    children = min(by_interval, by_rate, limits.max_children_per_parent)
    child_qty = instrument.floor_qty(
        limits.max_order_size / instrument.quote_value(mid, Decimal(1))
    )
    possible = children * child_qty
    if possible >= order.qty:
        return ""
    return (
        f"{order.qty} cannot be completed: at most {children} children of {child_qty} "
        f"({limits.max_order_size} at {mid}) in {horizon_ns // SECOND_NS} s make {possible}; "
        f"raise max_order_size to at least "
        f"{instrument.quote_value(mid, order.qty) / children:.0f} or lengthen the horizon"
    )


def _volume_fault(state: State, order: ParentOrder, view: MarketView) -> str:
    from_ns = max(order.start_ns, state.now_ns)
    others = volume_between(state, view, from_ns, order.deadline_ns)
    share = state.limits.max_participation
    possible = share / (1 - share) * others if share < 1 else order.qty
    if possible >= order.qty:
        return ""
    return (
        f"{order.qty} cannot be completed: others are expected to trade {others} until the "
        f"deadline and max_participation {share} of the total allows {possible:.4f}; "
        f"lengthen the horizon or reduce the quantity"
    )


def _position_fault(state: State, order: ParentOrder) -> str:
    pending = sum(
        (
            parent.unfilled
            for parent in state.parents.values()
            if not parent.terminal
            and parent.order.instrument == order.instrument
            and parent.order.side is order.side
        ),
        Decimal(0),
    )
    reach = _exposure(state, order) + pending + order.qty
    if reach <= state.limits.max_position:
        return ""
    return (
        f"position could reach {reach} ({'long' if order.side is Side.BUY else 'short'}), "
        f"max_position is {state.limits.max_position}"
    )
