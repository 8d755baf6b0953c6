"""What the messages say: whose fill it is, when the order arrived and ended, what was seen then."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from steersman.domain.instrument import Category
from steersman.domain.messages import (
    Amend,
    Approved,
    Cancel,
    Filled,
    ParentState,
    Place,
    Reported,
    Send,
    Tick,
    Viewed,
)
from steersman.domain.order import Liquidity, Style, TimeInForce
from steersman.domain.units import Money, Price, Qty
from steersman.errors import DataError, UsageError
from steersman.tca.facts import gather
from tests.tca.story import Story, instrument, ns, view


def test_arrival_is_when_the_order_first_runs_at_the_last_valid_view() -> None:
    story = Story().view(1, "99", "101").view(2, None, "101").submit(2)
    story.messages.append(Tick(ns(3)))
    story.change(ParentState.RUNNING).view(4, "109", "111")
    story.change(ParentState.PAUSED).view(5, "119", "121").change(ParentState.RUNNING)
    facts = gather(story.messages, "p")
    assert facts.arrival_ns == ns(3)
    assert facts.arrival is not None and facts.arrival.mid == 100


def test_another_instruments_view_is_not_ours() -> None:
    story = Story().view(1, "99", "101")
    story.messages.append(Viewed(ns(2), view(instrument(Category.SPOT), 2, "1", "2")))
    story.submit(2).change(ParentState.RUNNING)
    facts = gather(story.messages, "p")
    assert facts.arrival is not None and facts.arrival.mid == 100


def test_the_end_is_the_final_state_and_later_fills_still_count() -> None:
    story = Story().run("99", "101").fill(1, "1", "101")
    story.end(5, "103", "105", ParentState.CANCELLED).view(6, "1", "2").fill(7, "2", "101")
    story.change(ParentState.REFUSED, "a second order of the same id")
    facts = gather(story.messages, "p")
    assert (facts.ended, facts.end_ns, facts.state) == (True, ns(5), ParentState.CANCELLED)
    assert facts.last is not None and facts.last.mid == 104
    assert [fill.qty for fill in facts.fills] == [1, 2]


def test_an_order_still_at_work_is_measured_to_the_last_message() -> None:
    facts = gather(Story().run("99", "101").view(9, "103", "105").messages, "p")
    assert (facts.ended, facts.end_ns, facts.state) == (False, ns(9), ParentState.RUNNING)
    assert facts.last is not None and facts.last.mid == 104


def test_the_same_fill_told_twice_counts_once() -> None:
    story = Story().run("99", "101").fill(1, "1", "101")
    story.messages.append(story.messages[-1])
    assert len(gather(story.messages, "p").fills) == 1


def test_fills_of_other_orders_are_not_ours() -> None:
    story = Story().run("99", "101")
    for child_id, parent_id in (("q-1", "q"), ("foreign", "")):
        if parent_id:
            story.messages.append(Send(Approved(_place(child_id, parent_id))))
        fill = Filled(child_id, "x", 1, Qty(D(1)), Price(D(1)), Money(D(0)), Liquidity.TAKER)
        story.messages.append(Reported(ns(1), fill))
    facts = gather(story.messages, "p")
    assert (facts.fills, facts.children) == ([], 0)


def test_an_amendment_sees_the_market_anew_and_a_cancel_does_not() -> None:
    story = Story().run("99", "101")
    place = _place(story.place("1", "99"), "p")
    fields = (place.child_id, "p", place.instrument)
    story.view(2, "100", "102")
    amend = Amend(*fields, place.side, place.qty, Price(D(100)), "re-pegged")
    story.messages.append(Send(Approved(amend)))
    story.view(3, "104", "106")
    story.messages.append(Send(Approved(Cancel(*fields, "over"))))
    (fill,) = gather(story.fill(4, "1", "100").messages, "p").fills
    assert [fill.sent.mid, fill.seen.mid] == [101, 105]


def test_what_cannot_be_measured_is_told() -> None:
    story = Story().run("99", "101")
    with pytest.raises(UsageError, match="no order 'q' in the journal; orders: p"):
        gather(story.messages, "q")
    with pytest.raises(UsageError, match="orders: none"):
        gather([], "q")
    with pytest.raises(DataError, match=r"do not say what sim:TST\.linear is"):
        gather(story.messages[1:], "p")
    blind = Story().submit(0)
    blind.place("1", "100")
    with pytest.raises(DataError, match="sent before any price"):
        gather(blind.messages, "p")


def _place(child_id: str, parent_id: str) -> Place:
    spec, story = instrument(), Story()
    return Place(
        child_id=child_id,
        parent_id=parent_id,
        instrument=spec.id,
        side=story.side,
        qty=Qty(D(1)),
        price=Price(D(100)),
        tif=TimeInForce.IOC,
        style=Style.CROSS,
        reason="",
    )
