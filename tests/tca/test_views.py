"""A tape made of views: what it holds, how long a view speaks, what it is blind to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import msgspec
import pytest

from steersman.domain.market import MarketView
from steersman.domain.messages import ParentState, Viewed
from steersman.domain.order import Style, TimeInForce
from steersman.domain.units import Qty, Side
from steersman.tca.measure import measure
from steersman.tca.tapes import TapeReader
from steersman.tca.views import BLIND_NS, SPEAKS_NS, tape_of_views
from tests.tca.story import Story, ns, tape, view


def traded(seen: MarketView, bought: str, sold: str) -> Viewed:
    volumes = {"buy_volume": Qty(D(bought)), "sell_volume": Qty(D(sold))}
    return Viewed(seen.at_ns, msgspec.structs.replace(seen, **volumes))


def seen_story() -> Story:
    story = Story(qty="10").run("99", "101")
    story.place("4", "101")
    story.fill(1, "4", "101")
    story.messages.append(traded(view(story.spec, 2, "99", "103"), "6", "2"))
    return story.end(20, "100", "102", ParentState.CANCELLED)


def test_a_view_speaks_for_a_while_and_then_nothing_is_known() -> None:
    story = seen_story()
    reader = TapeReader(tape_of_views(story.messages, story.spec), story.spec)
    touch = reader.touch_at(ns(2) + SPEAKS_NS - 1)
    assert touch is not None and [touch.bid, touch.ask] == [99, 103]
    assert reader.touch_at(ns(2) + SPEAKS_NS) is None
    later = reader.touch_at(ns(20))
    assert later is not None and later.mid == 101
    assert reader.tape.end_ns == ns(20) + SPEAKS_NS


def test_volumes_trade_at_the_mean_of_the_touches_and_fills_are_ours() -> None:
    story = seen_story()
    drawn = tape_of_views(story.messages, story.spec)
    trades = zip(
        drawn.trade_ns.tolist(),
        drawn.trade_ticks.tolist(),
        drawn.trade_lots.tolist(),
        drawn.trade_side.tolist(),
        drawn.trade_own.tolist(),
        strict=True,
    )
    assert list(trades) == [
        (ns(1), 10100, 40, 1, True),
        (ns(2), 9900, 20, -1, False),
        (ns(2), 10200, 60, 1, False),
    ]


def test_a_book_that_cannot_be_used_silences_the_tape_at_once() -> None:
    story = Story().run("99", "101").view(3, None, "101").view(4, "99", "101")
    reader = TapeReader(tape_of_views(story.messages, story.spec), story.spec)
    assert reader.touch_at(ns(3)) is None
    assert reader.touch_at(ns(4)) is not None


def test_the_same_fill_told_twice_is_one_trade() -> None:
    story = seen_story()
    told = [*story.messages, story.messages[-4]]
    assert type(told[-1]).__name__ == "Reported"
    assert tape_of_views(told, story.spec).trade_own.sum() == 1


def test_without_a_view_there_is_an_empty_tape() -> None:
    story = Story()
    drawn = tape_of_views(story.messages, story.spec)
    assert drawn.touch_ns.size == drawn.trade_ns.size == 0
    assert not TapeReader(drawn, story.spec).covers(ns(100), ns(200))


def test_a_report_without_a_tape_says_so_and_leaves_out_what_it_cannot_see() -> None:
    story = Story(qty="10").run("99", "101").fill(1, "10", "101").view(1.5, "99", "101")
    story.view(6, "100", "102").end(6, "100", "102", ParentState.COMPLETED)
    report = measure(story.messages, "p")
    assert report.from_views
    short, five = report.markouts[:2]
    assert (short.horizon_s, short.measured, short.vs_fill_bps) == (1, 0, None), BLIND_NS
    assert (five.horizon_s, five.measured, five.vs_fill_bps) == (5, 1, 0.0)
    whole = measure(story.messages, "p", tape([(0, "99", "101"), (6, "100", "102")]))
    assert not whole.from_views and whole.markouts[0].measured == 1
    assert replace(report.shortfall or 0) == replace(whole.shortfall or 0)  # type: ignore[type-var]


def test_what_hit_our_resting_orders_is_not_others_volume() -> None:
    """A view counts it: 15 were sold by 4 s, 10 of them to us, whether we knew it then or not."""
    story = Story(qty="10").run("99", "101")
    story.place("10", "99", TimeInForce.POST_ONLY, Style.PASSIVE)
    story.fill(2, "6", "99", maker=True)
    story.messages.append(traded(view(story.spec, 4, "99", "101"), "1", "15"))
    told_late = story.fill(3, "4", "99", maker=True).view(5, "99", "101").messages
    drawn = tape_of_views(told_late, story.spec)
    others = ~drawn.trade_own
    assert drawn.trade_lots[others].tolist() == [50, 10]
    assert drawn.trade_side[others].tolist() == [-1, 1]
    assert measure(told_late, "p").participation == pytest.approx(10 / 16)


def test_volume_while_a_side_was_missing_counts_at_the_next_usable_view() -> None:
    story = Story(qty="10").run("99", "101").fill(1, "10", "101")
    story.messages.append(traded(view(story.spec, 2, None, "101"), "30", "0"))
    story.messages.append(traded(view(story.spec, 3, "99", "103"), "5", "0"))
    drawn = tape_of_views(story.messages, story.spec)
    assert drawn.trade_lots[~drawn.trade_own].tolist() == [350]
    assert drawn.trade_ticks[~drawn.trade_own].tolist() == [10200]
    assert measure(story.messages, "p").participation == pytest.approx(10 / 45)


def test_a_resting_fill_was_hit_by_the_other_side() -> None:
    story = Story(side=Side.SELL).run("99", "101").fill(1, "1", "101", maker=True)
    assert tape_of_views(story.messages, story.spec).trade_side.tolist() == [1]
