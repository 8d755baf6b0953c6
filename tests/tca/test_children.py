"""The child-order table: one row per child, one per stretch of waiting."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from steersman.domain.messages import (
    Accepted,
    Amend,
    Amended,
    AmendRejected,
    Approved,
    Cancel,
    Cancelled,
    CancelRejected,
    Place,
    Refused,
    Rejected,
    Report,
    Resolved,
    Send,
    Unanswered,
)
from steersman.domain.order import Style, TimeInForce
from steersman.domain.units import Price, Qty, Side
from steersman.tca.children import ChildRow, child_rows
from tests.tca.story import NONE, Story, ns

POST = TimeInForce.POST_ONLY


def begun(tif: TimeInForce = POST, style: Style = Style.PASSIVE, side: Side = Side.BUY) -> Story:
    story = Story(side=side).run("99", "101").view(5, "99", "101")
    story.place("10", "99", tif, style)
    return story


def only(story: Story) -> ChildRow:
    (row,) = child_rows(story.messages, "p")
    return row


def test_a_row_tells_the_child_order() -> None:
    story = begun().report(6, Accepted("p-1", ns(6)))
    story.fill(7, "4", "99", maker=True).fill(8, "6", "98", maker=True)
    story.messages.append(story.messages[-1])  # told twice
    assert only(story) == ChildRow(
        at_ns=ns(5),
        until_ns=ns(8),
        action="buy",
        child_id="p-1",
        qty=Qty(D(10)),
        price_type="limit",
        price=Price(D(99)),
        filled=Qty(D(10)),
        avg_price=Price(D("98.4")),
        state="filled",
        reason="behind schedule",
    )


@pytest.mark.parametrize(
    ("tif", "style", "price_type"),
    [
        (POST, Style.PASSIVE, "limit"),
        (POST, Style.MID, "mid"),
        (TimeInForce.IOC, Style.CROSS, "market"),
    ],
)
def test_price_types(tif: TimeInForce, style: Style, price_type: str) -> None:
    row = only(begun(tif, style, Side.SELL))
    assert (row.price_type, row.action, row.state) == (price_type, "sell", "sent")


@pytest.mark.parametrize(
    ("reports", "state", "outcome"),
    [
        ([Accepted("p-1", 1)], "open", ""),
        ([Rejected("p-1", 1, "post-only would cross")], "rejected", "post-only would cross"),
        ([Accepted("p-1", 1), Cancelled("p-1", 1, NONE, "by us")], "cancelled", "by us"),
        ([Accepted("p-1", 1), CancelRejected("p-1", 1, "too late")], "open", ""),
        ([Accepted("p-1", 1), AmendRejected("p-1", 1, "too late")], "open", ""),
        ([Unanswered("p-1", 1)], "unknown", ""),
        ([Unanswered("p-1", 1), Resolved("p-1", 1, True, True, NONE)], "open", ""),
        (
            [Unanswered("p-1", 1), Resolved("p-1", 1, True, False, NONE)],
            "cancelled",
            "over, says the venue",
        ),
        (
            [Unanswered("p-1", 1), Resolved("p-1", 1, False, False, NONE)],
            "rejected",
            "unknown to the venue",
        ),
        ([Accepted("other-1", 1)], "sent", ""),
    ],
)
def test_states_follow_the_reports(reports: list[Report], state: str, outcome: str) -> None:
    story = begun()
    for at, report in enumerate(reports, 6):
        story.report(at, report)
    assert (only(story).state, only(story).outcome) == (state, outcome)


def test_a_part_filled_order_that_was_cancelled_says_both() -> None:
    story = begun().fill(6, "4", "99").report(7, Cancelled("p-1", 7, Qty(D(4)), "by us"))
    assert [only(story).filled, only(story).avg_price] == [4, 99]
    assert only(story).state == "cancelled"


def test_a_filled_order_stays_filled() -> None:
    story = begun().fill(6, "10", "99").report(7, Cancelled("p-1", 7, Qty(D(10)), "raced"))
    story.report(8, Resolved("p-1", 8, True, False, Qty(D(10)))).report(9, Accepted("p-1", 9))
    assert (only(story).state, only(story).outcome) == ("filled", "")


def test_amendments_change_the_row() -> None:
    story = begun().report(6, Accepted("p-1", 6))
    fields = ("p-1", "p", story.spec.id)
    amend = Amend(*fields, Side.BUY, Qty(D(8)), Price(D(98)), "re-pegged")
    story.messages.append(Send(Approved(amend)))
    story.messages.append(Send(Approved(Cancel(*fields, "over"))))
    assert [only(story).price, only(story).amends] == [99, 1]  # not before the venue says so
    story.report(7, Amended("p-1", 7, Price(D(98)), Qty(D(8))))
    assert [only(story).price, only(story).qty] == [98, 8]


def test_equal_refusals_in_a_row_are_one_wait() -> None:
    story = begun()
    place = story.messages[-1]
    assert isinstance(place, Send) and isinstance(place.approved.intent, Place)
    refused = Refused("p", "max_spread_bps", "spread 30 > 20", place.approved.intent)
    for at in (6, 7, 9):
        story.view(at, "99", "101").messages.append(refused)
    story.messages.append(Refused("p", "max_position", "no room", None))
    story.messages.append(Refused("q", "max_position", "another order", None))
    _, wait, other = child_rows(story.messages, "p")
    assert (wait.action, wait.refusals, wait.at_ns, wait.until_ns) == ("wait", 3, ns(6), ns(9))
    assert [wait.qty, wait.price] == [10, 99]
    assert wait.reason == "max_spread_bps: spread 30 > 20"
    assert (other.action, other.qty, other.price, other.state) == ("wait", None, None, "refused")


def test_an_order_without_children_has_no_rows() -> None:
    assert child_rows(Story().run("99", "101").messages, "p") == []
