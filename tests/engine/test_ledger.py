"""Reports are booked once, late ones in full, and what cannot be explained halts the order."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from steersman.domain.limits import ExecutionConfig
from steersman.domain.messages import (
    Accepted,
    Alert,
    Amended,
    AmendRejected,
    Cancelled,
    CancelRejected,
    FundingPaid,
    ParentState,
    Query,
    Rejected,
    Report,
    Resolved,
    Started,
    Unanswered,
)
from steersman.domain.units import Money, Price, Qty, Side
from steersman.engine.engine import start
from steersman.engine.ledger import apply_funding
from steersman.engine.state import Parent, outstanding
from steersman.engine.transitions import ChildState
from tests.engine.desk import BTC, MID, T0, Desk, limits, order

replace = msgspec.structs.replace
HALF = Qty(Decimal("0.5"))
NOTHING = Qty(Decimal(0))


def working(**changes: object) -> Desk:
    desk = Desk()
    desk.submit(**changes)
    desk.accept("P1-1")
    return desk


def state_of(desk: Desk) -> ChildState:
    child = desk.state.child("P1-1")
    assert child is not None
    return child.state


def alerts(desk: Desk) -> list[str]:
    return [effect.code for effect in desk.effects if isinstance(effect, Alert)]


def test_a_fill_moves_quantity_value_and_position() -> None:
    desk = working(side=Side.SELL)
    desk.fill("P1-1", "0.2")
    parent = desk.parent()
    assert parent.filled == Decimal("0.2")
    assert parent.filled_value == Decimal("0.2") * MID
    assert desk.state.positions[BTC.id] == Decimal("-0.2")
    assert outstanding(desk.state, parent) == (Decimal("0.3"), NOTHING)
    assert state_of(desk) is ChildState.OPEN
    desk.fill("P1-1", "0.3", "e2")
    assert state_of(desk) is ChildState.FILLED
    assert desk.parent().live_child is None


def test_the_same_execution_twice_counts_once() -> None:
    desk = working()
    desk.fill("P1-1", "0.2")
    desk.fill("P1-1", "0.2")
    assert desk.parent().filled == Decimal("0.2")
    desk.fill("P1-1", "0.3", "e2")
    desk.fill("P1-1", "0.3", "e2")
    assert desk.parent().filled == HALF
    assert not alerts(desk)


def test_a_fill_may_come_before_the_acknowledgement() -> None:
    desk = Desk()
    desk.submit()
    desk.fill("P1-1", "0.2")
    assert state_of(desk) is ChildState.OPEN
    desk.accept("P1-1")
    assert state_of(desk) is ChildState.OPEN
    assert not alerts(desk)


def test_a_cancel_releases_only_what_can_no_longer_be_filled() -> None:
    desk = working()
    before = desk.parent().unfilled
    effects = desk.report(Cancelled("P1-1", 0, Qty(Decimal("0.2")), "asked"))
    assert any(isinstance(effect, Query) for effect in effects)
    assert state_of(desk) is ChildState.UNKNOWN
    assert desk.parent().unfilled == before + Decimal("0.3")
    assert outstanding(desk.state, desk.parent()) == (NOTHING, Decimal("0.2"))
    desk.fill("P1-1", "0.2")
    assert desk.parent().live_child is None
    assert desk.parent().unfilled == before + Decimal("0.3")


def test_a_late_fill_is_counted_in_full_and_told() -> None:
    desk = working()
    desk.report(Cancelled("P1-1", 0, NOTHING, "asked"))
    desk.fill("P1-1", "0.2")
    parent = desk.parent()
    assert (parent.filled, parent.overfilled) == (Decimal("0.2"), NOTHING)
    assert parent.unfilled == Decimal("9.8")
    assert alerts(desk) == ["late_fill"]


def test_an_overfill_is_booked_as_it_is_and_halts_the_order() -> None:
    desk = Desk(limits(max_participation=Decimal("0.9"), max_order_size=Decimal(10**9)))
    desk.submit(qty=HALF, urgency=Decimal(1))
    qty = desk.placed()[0].qty
    desk.fill("P1-1", str(qty + 1))
    parent = desk.parent()
    assert parent.filled == qty + 1
    assert parent.overfilled > 0
    assert "overfill" in alerts(desk)
    desk.see(after_s=1)
    assert desk.parent().state is ParentState.HALTED


def test_what_an_amendment_takes_off_returns_to_the_order() -> None:
    desk = working()
    before = desk.parent().unfilled
    desk.see(after_s=6, mid=MID + 1)
    assert state_of(desk) is ChildState.AMENDING
    desk.report(Amended("P1-1", 0, Price(MID + 1), Qty(Decimal("0.3"))))
    assert desk.parent().unfilled == before + Decimal("0.2")
    assert state_of(desk) is ChildState.OPEN


def test_an_amendment_down_to_what_is_filled_ends_the_order() -> None:
    desk = working()
    desk.fill("P1-1", "0.3")
    desk.see(after_s=6, mid=MID + 1)
    desk.report(Amended("P1-1", 0, Price(MID + 1), Qty(Decimal("0.3"))))
    assert state_of(desk) is ChildState.CANCELLED
    assert desk.parent().unfilled == Decimal("9.7")


def test_silence_makes_it_unknown_and_asks_the_venue() -> None:
    desk = Desk()
    desk.submit()
    effects = desk.report(Unanswered("P1-1", 0))
    assert effects == (Query("P1-1", BTC.id),)
    assert state_of(desk) is ChildState.UNKNOWN
    assert outstanding(desk.state, desk.parent()) == (NOTHING, HALF)
    desk.see(after_s=60)
    assert len(desk.placed()) == 1, "nothing replaces an order in doubt"


@pytest.mark.parametrize(
    ("answer", "after", "unfilled"),
    [
        (Resolved("P1-1", 0, True, True, NOTHING), ChildState.OPEN, "9.5"),
        (Resolved("P1-1", 0, False, False, NOTHING), ChildState.REJECTED, "10"),
        (Resolved("P1-1", 0, True, False, NOTHING), ChildState.CANCELLED, "10"),
        (Resolved("P1-1", 0, True, False, HALF), ChildState.UNKNOWN, "9.5"),
    ],
)
def test_the_venues_answer_resolves_the_doubt(
    answer: Resolved, after: ChildState, unfilled: str
) -> None:
    desk = Desk()
    desk.submit()
    desk.report(Unanswered("P1-1", 0))
    desk.report(answer)
    assert state_of(desk) is after
    assert desk.parent().unfilled == Decimal(unfilled)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Cancelled("P1-1", 0, Qty(Decimal("0.6")), "?"), "fills_differ"),
        (Amended("P1-1", 0, Price(MID), Qty(Decimal("0.6"))), "amend_differs"),
        (Rejected("P1-1", 0, "?"), "unexpected_report"),
    ],
)
def test_what_cannot_be_explained_halts_the_order(report: Report, code: str) -> None:
    desk = working()
    desk.report(report)
    assert alerts(desk) == [code]
    assert desk.parent().closing is not None
    desk.see(after_s=1)
    desk.report(Cancelled("P1-1", 0, NOTHING, "asked"))
    desk.see(after_s=1)
    assert desk.parent().state is ParentState.HALTED
    assert desk.parent().unfilled == 10


def test_a_lost_order_with_fills_halts() -> None:
    desk = working()
    desk.fill("P1-1", "0.2")
    desk.report(Unanswered("P1-1", 0))
    desk.report(Resolved("P1-1", 0, False, False, NOTHING))
    assert alerts(desk) == ["lost_order"]


def test_orders_that_are_not_ours_are_told_and_touch_nothing() -> None:
    desk = working()
    before = desk.state.parents
    desk.report(Accepted("P9-1", 0))
    assert alerts(desk) == ["foreign_order"]
    assert desk.state.parents == before


@pytest.mark.parametrize(
    "report", [CancelRejected("P1-1", 0, "late"), AmendRejected("P1-1", 0, "late")]
)
def test_a_refused_cancel_or_amendment_leaves_the_order_as_it_was(report: Report) -> None:
    desk = working()
    before = desk.parent()
    desk.report(report)
    assert state_of(desk) is ChildState.OPEN
    assert desk.parent() == before


def test_rejections_in_a_row_halt_the_order() -> None:
    desk = Desk(limits(max_rejects_in_a_row=3))
    desk.submit()
    for number in range(1, 4):
        assert desk.parent().state is ParentState.RUNNING
        desk.report(Rejected(f"P1-{number}", 0, "no balance"))
        desk.see(after_s=6)
    assert desk.parent().state is ParentState.HALTED
    assert "rejects" in alerts(desk)
    assert len(desk.placed()) == 3


# -- funding --------------------------------------------------------------------------------------
def paid(at_ns: int, amount: str, parent_id: str = "P1", instrument: str = BTC.id) -> FundingPaid:
    mark, position = Price(Decimal(60_000)), Qty(Decimal(1))
    money = Money(Decimal(amount))
    return FundingPaid(at_ns + 10, parent_id, instrument, at_ns, position, mark, Decimal(1), money)


def test_funding_adds_up_on_the_parent_and_counts_once_by_its_time() -> None:
    state = start(Started(T0, 1, (BTC,), ExecutionConfig(), limits(), {}, 1))
    state = state.with_parent(Parent(order(), ParentState.RUNNING, unfilled=Qty(Decimal(10))))
    for payment in (paid(T0, "6"), paid(T0, "6"), paid(T0 + 100, "-1.5")):
        state, effects = apply_funding(state, payment)
        assert effects == ()
    assert state.parents["P1"].funding == Decimal("4.5")
    ended = replace(state.parents["P1"], state=ParentState.COMPLETED)
    after, effects = apply_funding(state.with_parent(ended), paid(T0 + 200, "9"))
    assert after.parents["P1"].funding == Decimal("4.5") and effects == ()


@pytest.mark.parametrize("stray", [{"parent_id": "P9"}, {"instrument": "sim:ETHUSDT.linear"}])
def test_funding_of_what_is_not_ours_is_told_and_not_booked(stray: dict[str, str]) -> None:
    state = start(Started(T0, 1, (BTC,), ExecutionConfig(), limits(), {}, 1))
    state = state.with_parent(Parent(order(), ParentState.RUNNING, unfilled=Qty(Decimal(10))))
    after, (alert,) = apply_funding(state, paid(T0, "6", **stray))
    assert after is state
    assert isinstance(alert, Alert) and alert.code == "foreign_funding"
