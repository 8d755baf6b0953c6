"""Fold the venue's reports: quantity moves between four books and never vanishes.

Reports may come twice, late and out of order. A fill counts once, by its execution id. What an
order leaves is released only when the order is over and all of its fills are in. What cannot be
explained halts the parent and tells a person; nothing is guessed.
"""

from __future__ import annotations

from typing import Final

import msgspec

from steersman.domain.messages import (
    Accepted,
    Alert,
    Amended,
    AmendRejected,
    Cancelled,
    CancelRejected,
    Effect,
    Filled,
    FundingPaid,
    Query,
    Rejected,
    Report,
    Resolved,
    Unanswered,
)
from steersman.domain.units import ZERO_QTY, Money, Qty
from steersman.engine.state import Child, Parent, State
from steersman.engine.transitions import CHILD_TABLE, ChildEvent, ChildState, ParentEvent

__all__ = ["apply_funding", "apply_report"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]

_PLAIN: Final[dict[type, ChildEvent]] = {
    Accepted: ChildEvent.ACCEPTED,
    CancelRejected: ChildEvent.CANCEL_REJECTED,
    AmendRejected: ChildEvent.AMEND_REJECTED,
}


def apply_report(state: State, report: Report) -> Step:
    """Return the state after a report, and what a person or the venue must be told."""
    child = state.child(report.child_id)
    if child is None:
        text = f"{type(report).__name__} for an order {report.child_id} that is not ours"
        return state, (Alert("critical", "foreign_order", None, text),)
    match report:
        case Filled():
            return _filled(state, child, report)
        case Rejected():
            return _rejected(state, child, report)
        case Cancelled():
            return _over(state, child, report.cum_filled)
        case Amended():
            return _amended(state, child, report)
        case Resolved():
            return _resolved(state, child, report)
        case Accepted() | CancelRejected() | AmendRejected():
            return _move(state, child, _PLAIN[type(report)])
        case Unanswered():
            moved, effects = _move(state, child, ChildEvent.UNANSWERED)
            query = () if child.terminal else (Query(child.id, child.instrument),)
            return moved, (*effects, *query)


def apply_funding(state: State, paid: FundingPaid) -> Step:
    """Return the state after a funding payment, which counts once, by its time at the exchange.

    What is told after the order has ended is not the order's any more: its position is then
    whoever's gave the order.
    """
    parent = state.parents.get(paid.parent_id)
    if parent is None or parent.order.instrument != paid.instrument:
        text = f"funding of {paid.instrument} for an order {paid.parent_id} that is not ours"
        return state, (Alert("critical", "foreign_funding", None, text),)
    if parent.terminal or paid.venue_ns in parent.funded_ns:
        return state, ()
    parent = replace(
        parent,
        funding=Money(parent.funding + paid.amount),
        funded_ns=(*parent.funded_ns, paid.venue_ns),
    )
    return state.with_parent(parent), ()


def _filled(state: State, child: Child, fill: Filled) -> Step:
    if fill.exec_id in child.exec_ids:
        return state, ()
    room = child.leaves  # nothing when the child is over: then the fill is late
    parent = state.parents[child.parent_id]
    claimed = Qty(max(ZERO_QTY, fill.qty - room))
    late = Qty(min(claimed, parent.unfilled))
    over = Qty(claimed - late)
    parent = replace(
        parent,
        filled=Qty(parent.filled + fill.qty),
        unfilled=Qty(parent.unfilled - late),
        overfilled=Qty(parent.overfilled + over),
        filled_value=parent.filled_value + fill.qty * fill.price,
        fees=Money(parent.fees + fill.fee),
        rejects=0,
    )
    filled = Qty(child.filled + fill.qty)
    event = ChildEvent.ALL_FILLED if filled >= child.qty else ChildEvent.PART_FILLED
    after = CHILD_TABLE[child.state].get(event, child.state)
    child = replace(child, filled=filled, state=after, exec_ids=(*child.exec_ids, fill.exec_id))
    position = state.positions.get(child.instrument, ZERO_QTY) + fill.qty * child.side.sign
    state = replace(state, positions={**state.positions, child.instrument: Qty(position)})
    state = _file(state.with_child(child), parent, child)
    if over:
        return _halt(state, child, "overfill", f"{child.id} was filled {over} beyond the order")
    if late:
        text = f"{child.id} was filled {late} after it was over: counted in full"
        return state, (Alert("warning", "late_fill", child.parent_id, text),)
    return state, ()


def _rejected(state: State, child: Child, report: Rejected) -> Step:
    if child.terminal:
        return _move(state, child, ChildEvent.REJECTED)
    parent = state.parents[child.parent_id]
    released = replace(
        parent, unfilled=Qty(parent.unfilled + child.leaves), rejects=parent.rejects + 1
    )
    moved, effects = _move(state, child, ChildEvent.REJECTED, released)
    if moved is not state and released.rejects >= state.limits.max_rejects_in_a_row:
        text = f"the venue rejected {released.rejects} children in a row: {report.reason}"
        return _halt(moved, child, "rejects", text)
    return moved, effects


def _over(state: State, child: Child, cum_filled: Qty) -> Step:
    """The venue says the order is over with `cum_filled` filled in all."""
    if child.terminal:
        return _move(state, child, ChildEvent.CANCELLED)
    if cum_filled > child.qty or cum_filled < child.filled:
        text = f"{child.id} is over with {cum_filled} filled; we hold {child.filled} of {child.qty}"
        return _halt(state, child, "fills_differ", text)
    parent = state.parents[child.parent_id]
    parent = replace(parent, unfilled=Qty(parent.unfilled + child.qty - cum_filled))
    if cum_filled == child.filled:
        return _move(state, child, ChildEvent.CANCELLED, parent)
    # Some fills are still on their way: only what can no longer be filled is released.
    short = replace(child, qty=cum_filled)
    moved, effects = _move(state, short, ChildEvent.FILLS_MISSING, parent)
    return moved, (*effects, Query(child.id, child.instrument))


def _amended(state: State, child: Child, report: Amended) -> Step:
    if child.terminal:
        return _move(state, child, ChildEvent.AMENDED)
    if report.qty > child.qty or report.qty < child.filled:
        text = f"{child.id} stands at {report.qty}; we hold {child.filled} of {child.qty}"
        return _halt(state, child, "amend_differs", text)
    parent = state.parents[child.parent_id]
    parent = replace(parent, unfilled=Qty(parent.unfilled + child.qty - report.qty))
    changed = replace(child, qty=report.qty, price=report.price)
    if report.qty == child.filled:  # reduced to what was already filled: it is over
        return _move(state, changed, ChildEvent.CANCELLED, parent)
    return _move(state, changed, ChildEvent.AMENDED, parent)


def _resolved(state: State, child: Child, report: Resolved) -> Step:
    if report.found and not report.live and not child.terminal:
        return _over(state, child, report.cum_filled)
    if child.state is not ChildState.UNKNOWN:
        return state, ()  # its own reports tell more than a snapshot that crossed them
    if not report.found:
        if child.filled or report.cum_filled:
            text = f"{child.id} is not known to the venue, yet {child.filled} of it is filled"
            return _halt(state, child, "lost_order", text)
        parent = state.parents[child.parent_id]
        parent = replace(parent, unfilled=Qty(parent.unfilled + child.leaves))
        return _move(state, child, ChildEvent.NOT_FOUND, parent)
    return _move(state, child, ChildEvent.FOUND_OPEN)


def _move(state: State, child: Child, event: ChildEvent, parent: Parent | None = None) -> Step:
    """Take a child (and its parent's changed quantities) through the transition table."""
    after = CHILD_TABLE[child.state].get(event)
    if after is None:
        text = f"{child.id} is {child.state.value}: '{event.value}' cannot happen to it"
        return _halt(state, child, "unexpected_report", text)
    moved = replace(child, state=after)
    parent = parent or state.parents[child.parent_id]
    return _file(state.with_child(moved), parent, moved), ()


def _file(state: State, parent: Parent, child: Child) -> State:
    if child.terminal and parent.live_child == child.id:
        parent = replace(parent, live_child=None)
    return state.with_parent(parent)


def _halt(state: State, child: Child, code: str, text: str) -> Step:
    parent = state.parents[child.parent_id]
    if not parent.terminal and parent.closing is not ParentEvent.HALTED:
        parent = replace(parent, closing=ParentEvent.HALTED, closing_reason=text)
    return state.with_parent(parent), (Alert("critical", code, child.parent_id, text),)
