"""The life of child orders: times, rates, and what is over."""

from __future__ import annotations

import pytest

from steersman.domain.messages import (
    Accepted,
    Amend,
    Amended,
    Approved,
    Cancelled,
    Rejected,
    Resolved,
    Send,
    Unanswered,
)
from steersman.domain.order import Style, TimeInForce
from steersman.domain.units import Qty, Side
from steersman.tca.quality import child_lives, nearest_rank, quality
from tests.tca.story import NONE, Story, ns

PASSIVE = (TimeInForce.POST_ONLY, Style.PASSIVE)


def story() -> Story:
    """Three children: one rests and fills in two parts, one is cancelled, one is rejected."""
    told = Story(qty="10").run("99", "101")
    first = told.place("4", "99", *PASSIVE)
    told.report(0.02, Accepted(first, ns(0.01)))
    told.fill(3, "1", "99", maker=True).fill(5, "3", "99", maker=True)
    second = told.place("4", "99", *PASSIVE)
    told.report(5.04, Accepted(second, ns(5.02)))
    told.report(9, Cancelled(second, ns(9), NONE, "asked"))
    third = told.place("2", "101")
    return told.report(9.1, Rejected(third, ns(9.05), "too fast"))


def test_each_child_lives_its_own_life() -> None:
    first, second, third = child_lives(story().messages, "p")
    assert (first.sent_ns, first.acked_ns, first.filled_ns) == (0, ns(0.02), ns(3))
    assert first.over and first.filled == 4 and not first.cancelled
    assert [second.over, second.cancelled, second.filled] == [True, True, 0]
    assert (third.over, third.rejected, third.style) == (True, True, Style.CROSS)


def test_rates_and_times() -> None:
    found = quality(child_lives(story().messages, "p"))
    assert (found.children, found.resting, found.rejected) == (3, 2, 1)
    assert found.fill_probability == pytest.approx(1 / 2)
    assert found.cancel_ratio == pytest.approx(1 / 3)
    assert [found.ack_ms_p50, found.ack_ms_p95] == [pytest.approx(40), pytest.approx(100)]
    assert found.fill_ms_p50 == pytest.approx(3_000)
    assert found.queue_s_p50 == pytest.approx(2.98)


def test_a_cancel_that_came_too_late_cancelled_nothing() -> None:
    told = Story(qty="10").run("99", "101")
    child = told.place("4", "99", *PASSIVE)
    told.fill(3, "4", "99", maker=True).report(4, Cancelled(child, ns(4), Qty(NONE + 4), "late"))
    (life,) = child_lives(told.messages, "p")
    assert life.over and not life.cancelled


def test_a_fill_told_after_the_cancel_had_been_filled_before_it() -> None:
    told = Story(qty="10").run("99", "101")
    child = told.place("4", "99", *PASSIVE)
    told.report(3, Cancelled(child, ns(2), Qty(NONE + 4), "asked")).fill(4, "4", "99", maker=True)
    assert quality(child_lives(told.messages, "p")).cancel_ratio == 0


def test_a_child_that_is_still_open_is_in_no_rate() -> None:
    told = Story(qty="10").run("99", "101")
    told.place("4", "99", *PASSIVE)
    found = quality(child_lives(told.messages, "p"))
    assert (found.children, found.fill_probability, found.ack_ms_p50) == (1, None, None)


def test_silence_and_what_resolves_it() -> None:
    told = Story(qty="10").run("99", "101")
    child = told.place("4", "99", *PASSIVE)
    told.report(2, Unanswered(child, ns(2)))
    (life,) = child_lives(told.messages, "p")
    assert life.unanswered and life.acked_ns is None and not life.over
    told.report(3, Resolved(child, ns(3), False, False, NONE))
    (life,) = child_lives(told.messages, "p")
    assert life.rejected and life.over


def test_an_amendment_changes_what_is_full() -> None:
    told = Story(qty="10").run("99", "101")
    child = told.place("4", "99", *PASSIVE)
    amend = Amend(child, "p", told.spec.id, Side.BUY, Qty(NONE + 2), told.spec.price(9950), "move")
    told.messages.append(Send(Approved(amend)))
    told.report(1, Amended(child, ns(1), told.spec.price(9950), Qty(NONE + 2)))
    told.fill(2, "2", "99.5", maker=True)
    (life,) = child_lives(told.messages, "p")
    assert (life.amends, life.over) == (1, True)


def test_other_orders_and_fills_told_twice_do_not_count() -> None:
    told = story()
    told.messages.append(told.messages[-1])
    assert child_lives(told.messages, "other") == []
    fill = next(i for i, m in enumerate(told.messages) if "Filled" in repr(m))
    told.messages.append(told.messages[fill])
    assert child_lives(told.messages, "p")[0].filled == 4


def test_nearest_rank() -> None:
    assert nearest_rank([], 0.5) is None
    assert nearest_rank([3.0, 1.0, 2.0], 0.5) == 2.0
    assert nearest_rank([3.0, 1.0, 2.0], 0.95) == 3.0
