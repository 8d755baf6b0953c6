"""Quantity is conserved whatever the venue does: lose, delay, repeat, reorder, refuse, go silent.

A venue that is honest about its own book but unreliable in everything it says plays against the
engine. At every moment the venue's filled and open quantity may not exceed the order, and the
engine's four quantities must sum to the order; when everything has been said, both sides agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steersman.domain.messages import (
    Accepted,
    Amend,
    Amended,
    AmendRejected,
    Cancel,
    Cancelled,
    CancelRejected,
    Command,
    Effect,
    Intervened,
    Place,
    Query,
    Rejected,
    Report,
    Resolved,
    Unanswered,
)
from steersman.domain.order import AlgoName, TimeInForce
from steersman.domain.units import Price, Qty, Side
from steersman.engine.state import outstanding
from tests.engine.desk import MID, Desk, fill, intents

LOT = Decimal("0.001")


@dataclass
class Held:
    qty: Decimal
    price: Decimal
    tif: TimeInForce
    filled: Decimal = Decimal(0)
    live: bool = True


@dataclass
class UnreliableVenue:
    """Keeps a true book; what it says waits in `said` until the test delivers it, or never is."""

    held: dict[str, Held] = field(default_factory=dict)
    said: list[Report] = field(default_factory=list)
    execs: int = 0

    def committed(self) -> Decimal:
        return sum((h.filled + (h.qty - h.filled) * h.live for h in self.held.values()), Decimal(0))

    def receive(self, effects: tuple[Effect, ...], lost: bool) -> None:
        for intent in intents(effects):
            if lost:
                self.said.append(Unanswered(intent.child_id, 0))
            elif isinstance(intent, Place):
                assert intent.child_id not in self.held, "one intent, one order"
                self.held[intent.child_id] = Held(intent.qty, intent.price, intent.tif)
                self.said.append(Accepted(intent.child_id, 0))
            elif isinstance(intent, Amend):
                self.amend(intent)
            elif isinstance(intent, Cancel):
                self.end(intent.child_id)
        for effect in effects:
            if isinstance(effect, Query):
                self.said.append(self.answer(effect.child_id))

    def amend(self, intent: Amend) -> None:
        held = self.held.get(intent.child_id)
        if held is None or not held.live or intent.qty < held.filled:
            self.said.append(AmendRejected(intent.child_id, 0, "too late"))
            return
        held.qty, held.price = intent.qty, intent.price
        held.live = held.qty > held.filled
        self.said.append(Amended(intent.child_id, 0, intent.price, intent.qty))

    def end(self, child_id: str) -> None:
        held = self.held.get(child_id)
        if held is None or not held.live:
            self.said.append(CancelRejected(child_id, 0, "not open"))
            return
        held.live = False
        self.said.append(Cancelled(child_id, 0, Qty(held.filled), "asked"))

    def answer(self, child_id: str) -> Resolved:
        held = self.held.get(child_id)
        if held is None:
            return Resolved(child_id, 0, False, False, Qty(Decimal(0)))
        return Resolved(child_id, 0, True, held.live, Qty(held.filled))

    def trade(self, child_id: str, share: int) -> None:
        held = self.held[child_id]
        if not held.live:
            return
        lots = int((held.qty - held.filled) / LOT)
        qty = max(1, lots * share // 100) * LOT
        held.filled += qty
        held.live = held.filled < held.qty
        self.execs += 1
        self.said.append(fill(child_id, qty, f"x{self.execs}", 0))


ACTIONS = (
    "deliver",
    "deliver",
    "deliver",
    "trade",
    "trade",
    "time",
    "time",
    "twice",
    "end",
    "lose",
)


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(data=st.data())
def test_quantity_is_conserved_against_an_unreliable_venue(data: st.DataObject) -> None:
    desk, venue = Desk(), UnreliableVenue()
    side = data.draw(st.sampled_from(Side))
    algo = data.draw(st.sampled_from((AlgoName.TWAP, AlgoName.IS, AlgoName.OW, AlgoName.ADAPTIVE)))
    venue.receive(desk.submit(side=side, algo=algo), lost=False)
    acts = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 100))
    steps = data.draw(st.lists(acts, min_size=30, max_size=100))
    for action, number in steps:
        play(desk, venue, action, number)
        check(desk, venue)
    settle(desk, venue)


def play(desk: Desk, venue: UnreliableVenue, action: str, number: int) -> None:
    live = [key for key, held in venue.held.items() if held.live]
    if action == "deliver" and venue.said:
        venue.receive(desk.report(venue.said.pop(number % len(venue.said))), lost=False)
    elif action == "twice" and venue.said:
        venue.receive(desk.report(venue.said[number % len(venue.said)]), lost=False)
    elif action == "trade" and live:
        venue.trade(live[number % len(live)], number)
    elif action == "end" and live:
        venue.end(live[number % len(live)])
    elif action in ("time", "lose"):
        move = Decimal(number % 7 - 3) / 10
        venue.receive(desk.see(after_s=0.5 + number / 4, mid=MID + move), lost=action == "lose")


def check(desk: Desk, venue: UnreliableVenue) -> None:
    parent = desk.parent()
    assert venue.committed() <= parent.order.qty, "the venue holds more than the order"
    opened, unknown = outstanding(desk.state, parent)
    assert parent.overfilled == 0
    assert parent.filled + opened + unknown + parent.unfilled == parent.order.qty
    assert min(parent.filled, opened, unknown, parent.unfilled) >= 0


def settle(desk: Desk, venue: UnreliableVenue) -> None:
    """Say everything that is left, end the order, and compare both sides."""
    ends = Intervened(desk.now_ns, Command.CANCEL, "P1", "the test ends")
    venue.receive(desk.feed(ends), lost=False)
    for _ in range(200):
        while venue.said:
            venue.receive(desk.report(venue.said.pop(0)), lost=False)
        venue.receive(desk.see(after_s=1.0), lost=False)
        for child in desk.state.children.values():  # a request that was lost is asked about again
            venue.said.append(venue.answer(child.id))
        if desk.parent().terminal and not venue.said:
            break
    parent = desk.parent()
    assert parent.terminal, f"no end: {parent.state}, child {parent.live_child}"
    assert parent.filled == sum(held.filled for held in venue.held.values())
    assert parent.filled + parent.unfilled == parent.order.qty
    assert not any(held.live for held in venue.held.values()), "an order was left behind"


@pytest.mark.parametrize(
    "report", [Rejected("P1-1", 0, "no"), Cancelled("P1-1", 0, Qty(Decimal(0)), "no")]
)
def test_what_the_venue_refuses_returns_to_the_order(report: Report) -> None:
    desk = Desk()
    desk.submit()
    before = desk.parent().unfilled
    desk.report(report)
    assert desk.parent().unfilled == desk.parent().order.qty > before
    assert desk.parent().live_child is None


def test_price_of_an_amended_order_is_the_new_one() -> None:
    desk = Desk()
    desk.submit()
    desk.accept("P1-1")
    desk.see(after_s=6, mid=MID + 1)
    amend = desk.sent()[-1]
    assert isinstance(amend, Amend)
    desk.report(Amended("P1-1", desk.now_ns, amend.price, amend.qty))
    assert desk.state.children["P1-1"].price == Price(MID + 1 - Decimal("0.1"))
