"""Work one parent order: ask the algorithm what should be done, and close the gap by intents.

At most one child of a parent is alive at a time, and nothing replaces it before it is over: a
cancel that has not been confirmed still owns its quantity. What the pace limits forbid now is not
tried and refused but waited for.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from steersman.algos.base import AlgoContext
from steersman.algos.decide import decide, plan_all
from steersman.algos.tactic import Desired, Working, desire
from steersman.domain.market import MarketView
from steersman.domain.messages import (
    Alert,
    Amend,
    Cancel,
    Effect,
    Intent,
    ParentChanged,
    ParentState,
    Place,
    Refused,
    Scheduled,
    Send,
    Wake,
)
from steersman.domain.order import Target, TimeInForce
from steersman.domain.units import BPS, MINUTE_NS, SECOND_NS, Price, Qty, Side
from steersman.engine import risk
from steersman.engine.outlook import follow, foresee
from steersman.engine.questions import ask, may_ask, next_question_ns
from steersman.engine.regimes import next_look_ns, regime_in_force
from steersman.engine.state import (
    Child,
    Parent,
    State,
    progress_of,
    volume_between,
)
from steersman.engine.transitions import (
    CHILD_TABLE,
    PARENT_TABLE,
    ChildEvent,
    ChildState,
    ParentEvent,
)
from steersman.engine.weighing import judge_past
from steersman.models.impact_estimate import PRIOR_LAW

__all__ = ["close", "context_of", "work"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]

IOC_LINGER_NS = 2 * SECOND_NS


def work(state: State, parent_id: str) -> Step:
    """Move one parent order on: start it, close it, or work it; tell when to be called again."""
    parent = state.parents[parent_id]
    if parent.terminal:
        return state, ()
    if parent.closing is None and state.now_ns >= parent.order.deadline_ns:
        parent = replace(parent, closing=ParentEvent.DEADLINE, closing_reason=_why_late(parent))
        state = state.with_parent(parent)
    if parent.closing is None and parent.filled == parent.order.qty:
        parent = replace(parent, closing=ParentEvent.ALL_FILLED, closing_reason="all filled")
        state = state.with_parent(parent)
    if parent.closing is not None:
        return close(state, parent)
    if parent.state is ParentState.CREATED:
        return _start(state, parent)
    if parent.state is ParentState.PAUSED:
        return _withdraw(state, parent, "the order is paused", parent.order.deadline_ns)
    return _run(state, parent)


def context_of(state: State, parent: Parent) -> AlgoContext:
    """Return what the algorithms may know besides the market: rules, settings, curve, law."""
    instrument = state.instruments[parent.order.instrument]
    curve = state.volume_curves.get(instrument.id, ())
    law = state.laws.get(instrument.id, PRIOR_LAW)
    day_volume = state.day_volumes.get(instrument.id)
    return AlgoContext(instrument, state.execution, state.limits, curve, law, day_volume)


# -- the ends of an order's life ------------------------------------------------------------------
def _start(state: State, parent: Parent) -> Step:
    order = parent.order
    view = state.views.get(order.instrument)
    if state.now_ns < order.start_ns:
        return state, (Wake(order.instrument, order.start_ns, None, None),)
    fault = risk.price_fault(state, view)
    if fault or view is None or view.mid is None:
        again_ns = min(state.now_ns + SECOND_NS, order.deadline_ns)
        return state, (Wake(order.instrument, again_ns, None, None),)
    floor_to_ns = min(order.deadline_ns, state.now_ns + MINUTE_NS)
    parent = replace(
        parent,
        state=PARENT_TABLE[parent.state][ParentEvent.STARTED],
        arrival_ns=state.now_ns,
        arrival_price=Price(view.mid),
        volume_at_start=view.market_volume,
        expected_volume=volume_between(state, view, state.now_ns, order.deadline_ns),
        volume_floor=volume_between(state, view, state.now_ns, floor_to_ns),
        plans=plan_all(order, view, context_of(state, parent)),
        next_ask_ns=state.now_ns,
    )
    parent, estimated = foresee(parent, view, context_of(state, parent))
    state = state.with_parent(parent)
    effect = _changed(parent, f"arrival price {view.mid}")
    state, effects = _run(state, parent)
    return state, (effect, estimated, *effects)


def close(state: State, parent: Parent) -> Step:
    """Withdraw what is working and, once nothing is, end the order in its final state."""
    assert parent.closing is not None
    if parent.live_child is not None:
        again_ns = state.now_ns + SECOND_NS
        return _withdraw(state, parent, parent.closing_reason, again_ns)
    event = parent.closing
    if parent.filled == parent.order.qty and event is not ParentEvent.HALTED:
        event = ParentEvent.ALL_FILLED  # the last fill won the race
    ended = PARENT_TABLE[parent.state][event]
    reason = "all filled" if event is ParentEvent.ALL_FILLED else parent.closing_reason
    parent = replace(parent, state=ended, pending_ask=None)
    return state.with_parent(parent), (_changed(parent, reason),)


def _withdraw(state: State, parent: Parent, reason: str, again_ns: int) -> Step:
    wake = Wake(parent.order.instrument, again_ns, None, None)
    child = state.children.get(parent.live_child or "")
    if child is None or child.state is not ChildState.OPEN:
        return state, (wake,)
    intent = Cancel(child.id, parent.order.id, child.instrument, reason)
    state, effects = _submit(state, parent, child, intent)
    return state, (*effects, wake)


def _why_late(parent: Parent) -> str:
    if parent.filled == parent.order.qty:
        return "all filled"
    reason = "the deadline came"
    return f"{reason}; last refusal: {parent.last_refusal}" if parent.last_refusal else reason


def _changed(parent: Parent, reason: str) -> ParentChanged:
    return ParentChanged(parent.order.id, parent.state, parent.filled, parent.unfilled, reason)


# -- one step of a running order ------------------------------------------------------------------
def _run(state: State, parent: Parent) -> Step:
    order = parent.order
    view = state.views[order.instrument]
    state, weighed = judge_past(state, parent, view, replaced=False)
    regime = regime_in_force(state, order.instrument)
    state, asked = ask(state, state.parents[order.id], view, regime)
    context = context_of(state, parent)
    progress = progress_of(state, state.parents[order.id])
    parent, learned = follow(state.parents[order.id], view, progress, context)
    target, steering = decide(order, parent.plans, progress, view, context, parent.steering)
    scheduled: tuple[Effect, ...] = ()
    if target.done != parent.scheduled:
        scheduled = (Scheduled(order.id, target.done, target.style, target.reason),)
    if target.done is not parent.scheduled or steering is not parent.steering:
        parent = replace(parent, steering=steering, scheduled=target.done)
    parent, warned = _warn(state, parent, view)
    if parent is not state.parents[order.id]:
        state = state.with_parent(parent)
    child = state.children.get(parent.live_child or "")
    desired, next_ns = desire(order, target, progress, view, _working(child), context)
    state, sent, ready_ns = _pursue(state, parent, child, desired)
    wake = _wake(state, parent, target, next_ns, ready_ns)
    return state, (*weighed, *asked, *learned, *scheduled, *warned, *sent, wake)


def _working(child: Child | None) -> Working | None:
    return None if child is None else Working(child.price, child.leaves, child.tif)


def _pursue(
    state: State, parent: Parent, child: Child | None, desired: Desired | None
) -> tuple[State, tuple[Effect, ...], int]:
    """Send what brings the working order to the desired one; return when pace allows a retry."""
    if child is not None and child.state is not ChildState.OPEN:
        return state, (), 0  # in flight or in doubt: its report will call again
    if child is not None and child.tif is TimeInForce.IOC:
        return _linger(state, parent, child)
    if child is None:
        if desired is None:
            return state, (), 0
        intent: Intent | None = _place(state, parent, desired)
    else:
        idle = "nothing to do now" if state.views[child.instrument].usable else "no usable prices"
        intent = _change(parent, child, desired, idle)
    if intent is None:
        return state, (), 0
    ready_ns = risk.ready_ns(state, parent)
    if not isinstance(intent, Cancel) and ready_ns > state.now_ns:
        return state, (), ready_ns
    state, effects = _submit(state, parent, child, intent)
    return state, effects, risk.ready_ns(state, state.parents[parent.order.id])


def _linger(state: State, parent: Parent, child: Child) -> tuple[State, tuple[Effect, ...], int]:
    """Give an immediate order a moment to end by itself; withdraw it if the venue kept it."""
    ends_ns = child.placed_ns + IOC_LINGER_NS
    if state.now_ns < ends_ns:
        return state, (), ends_ns
    reason = "an immediate order is still open"
    intent = Cancel(child.id, parent.order.id, child.instrument, reason)
    state, effects = _submit(state, parent, child, intent)
    return state, effects, 0


def _place(state: State, parent: Parent, desired: Desired) -> Place:
    """Size the child down to what participation and position still allow, leaving no dust."""
    order = parent.order
    instrument = state.instruments[order.instrument]
    minimum = instrument.tradable_min(desired.price)
    qty = min(desired.qty, risk.headroom(state, parent))
    rest = parent.unfilled - qty
    if 0 < rest < minimum:
        qty = Qty(qty - instrument.ceil_qty(minimum - rest))
    if qty < minimum:
        qty = desired.qty  # nothing useful is allowed: let the refusal name the limit
    return Place(
        child_id=f"{order.id}-{parent.children + 1}",
        parent_id=order.id,
        instrument=order.instrument,
        side=order.side,
        qty=qty,
        price=desired.price,
        tif=desired.tif,
        style=desired.style,
        reason=desired.reason,
    )


def _change(parent: Parent, child: Child, desired: Desired | None, idle: str) -> Intent | None:
    """Return what turns the resting child into the desired order, or None where it is that."""
    order = parent.order
    if desired is None:
        return Cancel(child.id, order.id, child.instrument, idle)
    if desired.tif is TimeInForce.IOC:
        return Cancel(child.id, order.id, child.instrument, desired.reason)
    leaves = min(desired.qty, child.leaves)
    if desired.price == child.price and leaves == child.leaves:
        return None
    return Amend(
        child_id=child.id,
        parent_id=order.id,
        instrument=child.instrument,
        side=order.side,
        qty=Qty(child.filled + leaves),
        price=desired.price,
        reason=desired.reason,
    )


def _submit(
    state: State, parent: Parent, child: Child | None, intent: Intent
) -> tuple[State, tuple[Effect, ...]]:
    """Pass an intent through the one door and book what was sent."""
    verdict = risk.approve(state, intent)
    if isinstance(verdict, Refused):
        refusal = f"{verdict.rule}: {verdict.detail}"
        again = parent.last_refusal.partition(":")[0] == verdict.rule
        state = state.with_parent(replace(parent, last_refusal=refusal))
        return state, () if again else (verdict,)
    match intent:
        case Place():
            child = _new_child(state, intent)
            parent = replace(
                parent,
                unfilled=Qty(parent.unfilled - intent.qty),
                children=parent.children + 1,
                live_child=child.id,
            )
        case Amend():
            assert child is not None
            after = CHILD_TABLE[child.state][ChildEvent.AMEND_SENT]
            child = replace(child, state=after)
        case Cancel():
            assert child is not None
            child = replace(child, state=CHILD_TABLE[child.state][ChildEvent.CANCEL_SENT])
    if not isinstance(intent, Cancel):
        parent = replace(parent, last_order_ns=state.now_ns, last_refusal="")
        keep_from_ns = state.now_ns - MINUTE_NS
        recent = tuple(at for at in state.order_times_ns if at > keep_from_ns)
        state = replace(state, order_times_ns=(*recent, state.now_ns))
    return state.with_child(child).with_parent(parent), (Send(verdict),)


def _new_child(state: State, intent: Place) -> Child:
    return Child(
        id=intent.child_id,
        parent_id=intent.parent_id,
        instrument=intent.instrument,
        side=intent.side,
        qty=intent.qty,
        price=intent.price,
        tif=intent.tif,
        style=intent.style,
        state=ChildState.PENDING,
        filled=Qty(Decimal(0)),
        placed_ns=state.now_ns,
    )


def _wake(state: State, parent: Parent, target: Target, next_ns: int, ready_ns: int) -> Wake:
    """Ask to be called when time alone changes the answer, or when the touch leaves our price."""
    order, now_ns = parent.order, state.now_ns
    at_ns = ask_ns = look_ns = order.deadline_ns
    if may_ask(state, parent):  # whoever can be told of another regime looks out for it
        ask_ns, look_ns = next_question_ns(state, parent), next_look_ns(state, order.instrument)
    for due_ns in (target.next_ns, next_ns, ready_ns, ask_ns, look_ns):
        if now_ns < due_ns < at_ns:
            at_ns = due_ns
    if at_ns <= now_ns:
        at_ns = now_ns + SECOND_NS
    child = state.children.get(parent.live_child or "")
    bid = ask = None
    if child is not None and child.state is ChildState.OPEN and ready_ns <= now_ns:
        view = state.views[order.instrument]
        bid = view.best_bid if order.side is Side.BUY else None
        ask = view.best_ask if order.side is Side.SELL else None
    return Wake(order.instrument, at_ns, bid, ask)


def _warn(state: State, parent: Parent, view: MarketView) -> tuple[Parent, tuple[Effect, ...]]:
    """Warn once when the running shortfall of what is filled passes its threshold."""
    if parent.warned or not parent.filled:
        return parent, ()
    sign = parent.order.side.sign
    arrival = parent.arrival_price
    paid = parent.filled_value - arrival * parent.filled
    shortfall_bps = sign * paid / (arrival * parent.order.qty) * BPS
    limit = state.limits.max_is_threshold_bps
    if shortfall_bps <= limit:
        return parent, ()
    text = f"running shortfall {shortfall_bps:.1f} bps exceeds max_is_threshold_bps {limit}"
    alert = Alert("warning", "shortfall", parent.order.id, text)
    return replace(parent, warned=True), (alert,)
