"""The course of an order: mids, schedule, fills, buckets, children."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from steersman.domain.messages import Amend, Approved, ParentState, Send
from steersman.domain.order import Style, TimeInForce
from steersman.domain.units import Price, Qty, Side
from steersman.marketdata.tape import Tape
from steersman.tca.course import Course, course
from steersman.tca.facts import gather
from steersman.tca.views import reader_of
from tests.tca.story import Story, ns, tape


def story(end: float = 120) -> Story:
    told = Story(qty="10", side=Side.SELL).run("99", "101").schedule("2")
    told.place("4", "99")
    told.view(29, "97", "99")
    told.fill(30, "1", "99").fill(70, "3", "101", maker=True)
    return told.end(end, "99", "101", ParentState.CANCELLED)


def went(told: Story, drawn: Tape | None = None) -> Course:
    facts = gather(told.messages, "p")
    return course(facts, reader_of(told.messages, facts.instrument, drawn))


def test_what_was_done_and_what_it_cost_a_child() -> None:
    found = went(story(), tape([(0, "99", "101"), (50, "101", "103")]))
    assert found.schedule == ((0, 2.0),)
    assert found.filled == ((ns(30), 1.0), (ns(70), 4.0))
    assert found.mids == ((0, 100.0), (ns(50), 102.0))
    (child,) = found.children
    assert [child.child_id, child.qty, child.at_ns] == ["p-1", 4, ns(30)]
    assert child.bps == pytest.approx(-50.0), "100.5 on average for a seller who saw 100"


def test_a_child_that_followed_the_market_is_held_against_the_mid_when_first_sent() -> None:
    told = Story(qty="10").run("99", "101")
    child = told.place("10", "99", TimeInForce.POST_ONLY, Style.PASSIVE)
    told.view(3, "109", "111")
    followed = Amend(child, "p", told.spec.id, Side.BUY, Qty(D(10)), Price(D(109)), "follow")
    told.messages.append(Send(Approved(followed)))
    (cost,) = went(told.fill(4, "10", "109", maker=True)).children
    assert cost.bps == pytest.approx(900)


def test_buckets_share_the_time_and_the_volume() -> None:
    trades = [(10, "100", "3", False), (30, "99", "1", True), (100, "100", "9", False)]
    found = went(story(), tape([(0, "99", "101")], trades))
    assert len(found.buckets) == 4, "120 s in stretches of at least 30 s"
    assert [bucket.others for bucket in found.buckets] == pytest.approx([3.0, 0.0, 0.0, 9.0])
    assert [bucket.own for bucket in found.buckets] == pytest.approx([0.0, 1.0, 3.0, 0.0])
    assert [bucket.share for bucket in found.buckets] == pytest.approx([0.0, 1.0, 1.0, 0.0])


def test_an_order_that_never_ran_has_no_course() -> None:
    told = Story().submit(5).change(ParentState.REFUSED, "no")
    found = went(told)
    assert (found.start_ns, found.mids, found.buckets, found.children) == (ns(5), (), (), ())


def test_without_a_tape_the_views_are_the_market() -> None:
    found = went(story())
    assert found.mids == ((0, 100.0), (ns(29), 98.0), (ns(120), 100.0))
