"""Mark-outs: the published case, means by kind, None where the tape ends."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path

import pytest

from steersman.domain.messages import ParentState
from steersman.domain.order import Style, TimeInForce
from steersman.domain.units import Side
from steersman.tca.markouts import HORIZONS_S, FillMarks, Markout
from steersman.tca.measure import CostReport, measure
from tests.tca.story import Story, tape

TOUCHES = [(0.0, "99.98", "100.06"), (4.0, "100.00", "100.08"), (30.0, "99.00", "101.00")]


def marked(story: Story, end: float = 1_000) -> CostReport:
    story.end(20, "100.00", "100.08", ParentState.CANCELLED)
    return measure(story.messages, "p", tape(TOUCHES, end=end))


def test_the_published_case(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "vectors.json").read_text())
    expected = next(v for v in vectors if v["name"] == "effective_realised_spread")["expected"]
    (fill,) = marked(Story().run("99.98", "100.06").fill(1, "1", "100.05")).fills
    assert fill.mid_before == D("100.02")
    assert fill.spread_capture == pytest.approx(expected["spread_capture_taker"])
    five = HORIZONS_S.index(5)
    assert fill.vs_fill_bps[five] == pytest.approx(expected["markout_5s_bps"])
    impact_bps = expected["price_impact_5s"] / 2 / 100.02 * 1e4
    assert fill.vs_mid_bps[five] == pytest.approx(impact_bps)


def test_a_seller_gains_where_the_price_falls() -> None:
    story = Story(side=Side.SELL).run("99.98", "100.06").fill(1, "1", "100.06", maker=True)
    (fill,) = marked(story).fills
    assert fill.spread_capture == pytest.approx(1)
    assert fill.vs_fill_bps[HORIZONS_S.index(5)] == pytest.approx(0.02 / 100.06 * 1e4)
    assert fill.vs_mid_bps[HORIZONS_S.index(5)] == pytest.approx(-0.02 / 100.02 * 1e4)


def of(report: CostReport, horizon_s: int, which: str) -> Markout:
    return next(m for m in report.markouts if (m.horizon_s, m.which) == (horizon_s, which))


def test_means_are_weighted_and_makers_apart() -> None:
    story = Story().run("99.98", "100.06").fill(1, "3", "100.06").fill(1, "1", "99.98", maker=True)
    report = marked(story)
    assert len(report.markouts) == 3 * len(HORIZONS_S)
    maker, taker, both = (of(report, 5, which) for which in ("maker", "taker", "all"))
    assert (maker.fills, taker.fills, both.fills) == (1, 1, 2)
    assert maker.vs_fill_bps is not None and taker.vs_fill_bps is not None
    assert both.vs_fill_bps == pytest.approx((maker.vs_fill_bps + 3 * taker.vs_fill_bps) / 4)
    assert report.spread_capture == pytest.approx((1 - 3) / 4)
    assert report.maker_spread_capture == pytest.approx(1)
    assert report.maker_share == pytest.approx(1 / 4)


def test_where_the_tape_ends_there_is_none_and_it_is_counted() -> None:
    story = Story().run("99.98", "100.06").fill(1, "1", "100.05").fill(19, "1", "100.05")
    report = marked(story, end=40)
    early, late = report.fills
    assert [mark is None for mark in early.vs_fill_bps] == [False, False, False, True, True]
    assert [mark is None for mark in late.vs_mid_bps] == [False, False, True, True, True]
    assert (of(report, 30, "all").measured, of(report, 30, "all").fills) == (1, 2)
    assert of(report, 30, "all").vs_fill_bps == early.vs_fill_bps[2]
    assert of(report, 300, "all") == Markout(300, "all", None, None, 0, 2)


def test_no_fills_no_marks() -> None:
    report = marked(Story().run("99.98", "100.06"))
    assert report.fills == ()
    assert all(mark.vs_fill_bps is None and mark.fills == 0 for mark in report.markouts)
    assert (report.spread_capture, report.maker_share) == (None, None)


def test_a_fill_before_the_tape_is_measured_by_what_was_seen() -> None:
    story = Story().run("99.00", "101.00").fill(1, "1", "101.00")
    story.end(2, "99", "101", ParentState.COMPLETED)
    (fill,) = measure(story.messages, "p", tape([], end=3)).fills
    assert isinstance(fill, FillMarks)
    assert (fill.mid_before, fill.spread_capture) == (D(100), -1.0)
    assert fill.vs_fill_bps == (None,) * len(HORIZONS_S)


def test_a_view_before_the_fill_is_no_markout_of_it() -> None:
    story = Story(qty="5").run("99", "101").view(5, "99", "101")
    story.place("5", "101")
    story.fill(5.2, "5", "101")
    assert {mark.measured for mark in measure(story.messages, "p").markouts} == {0}, "none since"
    story.end(10.5, "109", "111", ParentState.COMPLETED)
    five = of(measure(story.messages, "p"), 5, "taker")
    assert five.measured == 1
    assert five.vs_mid_bps == pytest.approx(1000), "of the view 0.3 s later"


def test_styles_are_apart_where_they_filled_anything() -> None:
    story = Story().run("99.98", "100.06")
    story.place("1", "99.98", TimeInForce.POST_ONLY, Style.PASSIVE)
    story.fill(1, "1", "99.98", maker=True)
    story.place("3", "100.06")
    story.fill(1, "3", "100.06")
    report = marked(story)
    styles = {mark.which: mark for mark in report.markouts_by_style if mark.horizon_s == 5}
    assert set(styles) == {Style.PASSIVE, Style.CROSS}
    assert styles[Style.PASSIVE].vs_fill_bps == of(report, 5, "maker").vs_fill_bps
    assert styles[Style.CROSS].vs_fill_bps == of(report, 5, "taker").vs_fill_bps
    assert [mark.child_id for mark in report.fills] == ["p-1", "p-2"]
