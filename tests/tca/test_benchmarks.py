"""Benchmarks, participation and adherence on stories short enough to work by hand."""

from __future__ import annotations

from decimal import Decimal as D

import msgspec
import pytest

from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.messages import ParentState
from steersman.domain.units import Side
from steersman.marketdata.tape import Tape
from steersman.tca.benchmarks import Adherence
from steersman.tca.measure import CostReport, measure
from tests.tca.story import Story, tape

# Arrival mid 100; own 4 at 101 and 1 at 102; others 15 at 100; the deadline's mid is 110.
TOUCHES = [(0.0, "99", "101"), (10.0, "101", "103"), (60.0, "109", "111")]
TRADES = [(1.0, "101", "4", True), (2.0, "100", "15", False), (11.0, "102", "1", True)]


def worked(side: Side = Side.BUY, drawn: Tape | None = None) -> CostReport:
    story = Story(side=side, qty="5").run("99", "101")
    story.fill(1, "4", "101").fill(11, "1", "102")
    story.end(20, "101", "103", ParentState.COMPLETED)
    return measure(story.messages, "p", drawn or tape(TOUCHES, TRADES))


def test_every_benchmark_has_its_price() -> None:
    found = worked().benchmarks
    assert found.arrival.price == 100
    assert found.vwap.price == D("100.3")  # (404 + 1500 + 102) / 20
    assert found.vwap_ex_own.price == 100
    assert found.twap.price == 101  # 10 s at 100, 10 s at 102
    assert found.close.price == 110


def test_slippage_is_positive_where_the_order_did_worse() -> None:
    report, sold = worked(), worked(Side.SELL)
    assert report.avg_price == D("101.2")
    assert report.benchmarks.arrival.slippage_bps == pytest.approx(120)
    assert report.benchmarks.close.slippage_bps == pytest.approx(-800)
    assert sold.benchmarks.arrival.slippage_bps == pytest.approx(-120)


def test_participation_is_own_over_all() -> None:
    assert worked().participation == pytest.approx(5 / 20)


def test_where_the_tape_ends_early_the_benchmarks_are_absent() -> None:
    report = worked(drawn=tape(TOUCHES, TRADES, end=15))
    benchmarks = report.benchmarks
    for absent in (benchmarks.vwap, benchmarks.vwap_ex_own, benchmarks.twap, benchmarks.close):
        assert (absent.price, absent.slippage_bps) == (None, None)
    assert benchmarks.arrival.slippage_bps is not None  # it was seen, not taped
    assert report.participation is None


def test_without_fills_benchmarks_have_prices_and_no_slippage() -> None:
    story = Story().run("99", "101").end(20, "101", "103", ParentState.CANCELLED)
    report = measure(story.messages, "p", tape(TOUCHES, [(2, "100", "15", False)]))
    assert report.benchmarks.vwap.price == 100
    assert report.benchmarks.vwap.slippage_bps is None
    assert report.participation == 0
    quiet = measure(story.messages, "p", tape(TOUCHES))
    assert quiet.participation is None and quiet.benchmarks.vwap.price is None


def test_an_order_that_never_ran_has_no_interval() -> None:
    story = Story().view(0, "99", "101").submit(0)
    story.end(20, "101", "103", ParentState.REFUSED)
    report = measure(story.messages, "p", tape(TOUCHES, TRADES))
    assert report.benchmarks.vwap.price is None
    assert report.benchmarks.close.price == 110
    assert report.participation is None


def test_adherence_is_the_distance_from_the_schedule() -> None:
    """Target 2 from 0 s, 4 from 10 s, 5 from 15 s; filled 1 at 5 s and 4 more at 10 s."""
    story = Story(qty="5").run("99", "101").schedule("2")
    story.view(5, "99", "101").fill(5, "1", "101")
    story.view(10, "99", "101").schedule("4").fill(10, "4", "101")
    story.view(15, "99", "101").schedule("5")
    story.end(20, "99", "101", ParentState.COMPLETED)
    found = measure(story.messages, "p", tape(TOUCHES)).adherence
    assert found == Adherence(max_share=0.4, mean_share=0.2)  # (2 x 5 + 1 x 10) / 20 / 5


def test_adherence_needs_a_schedule_and_ends_with_the_order() -> None:
    assert worked().adherence is None
    story = Story(qty="5").run("99", "101").schedule("5").fill(0, "4", "101")
    story.change(ParentState.CANCELLED).view(9, "99", "101").fill(9, "1", "101")
    found = measure(story.messages, "p", tape(TOUCHES)).adherence
    assert found == Adherence(max_share=0.2, mean_share=0.2)


def test_the_participation_weighted_price_goes_as_far_as_the_order_would_at_its_rate() -> None:
    """A tenth of all is the order's 5 with others' 45: 40 at 100, then 5 of the 30 at 103."""
    trades = [(1.0, "101", "4", True), (2.0, "100", "40", False), (90.0, "103", "30", False)]
    found = worked(drawn=tape(TOUCHES, trades)).benchmarks
    assert found.pwp.price == pytest.approx(D(4515) / 45)
    assert found.pwp.slippage_bps == pytest.approx((101.2 * 45 / 4515 - 1) * 1e4)
    assert worked(drawn=tape(TOUCHES, trades[:2])).benchmarks.pwp.price is None, "too little trades"


@pytest.mark.parametrize(("execution", "limit"), [("0.5", "1"), ("1", "0.5")])
def test_the_rate_of_the_participation_weighted_price_is_the_lower_cap(
    execution: str, limit: str
) -> None:
    """At half of all the order's 5 go with 5 of others': the next trade, at 110, is not reached."""
    story = Story(qty="5").run("99", "101").fill(1, "5", "101")
    limits = SafetyLimits(max_position=D(9), max_participation=D(limit))
    story.messages[0] = msgspec.structs.replace(
        story.messages[0], execution=ExecutionConfig(max_participation=D(execution)), limits=limits
    )
    trades = [(1.0, "101", "5", True), (2.0, "100", "5", False), (3.0, "110", "5", False)]
    drawn = tape(TOUCHES, trades)
    assert measure(story.messages, "p", drawn).benchmarks.pwp.price == 100


def test_the_relative_performance_is_the_volume_beaten() -> None:
    """Of 100 by others 30 trade above the average of 101.2, 20 at it and 50 below."""
    trades = [(2.0, "102", "30", False), (3.0, "101.2", "20", False), (4.0, "101", "50", False)]
    assert worked(drawn=tape(TOUCHES, trades)).benchmarks.rpm == pytest.approx(0.4)
    assert worked(Side.SELL, tape(TOUCHES, trades)).benchmarks.rpm == pytest.approx(0.6)
    assert worked(drawn=tape(TOUCHES, TRADES[:1])).benchmarks.rpm is None
