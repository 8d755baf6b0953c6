"""The charts of one order: what is drawn of what, and what is said where nothing is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from steersman.domain.messages import ParentState
from steersman.domain.units import SECOND_NS, Qty
from steersman.report.chart import Chart
from steersman.report.order import BENCHMARKS, FILLS_APART, cost_charts, course_charts
from steersman.runtime.discretion import Bounds
from tests.report.told import Told
from tests.tca.story import Story, tape


def charts(told: Told) -> dict[str, Chart]:
    (case,) = told.cases()
    return {chart.key: chart for chart in (*cost_charts(case, ""), *course_charts(case, ""))}


def test_benchmarks_are_all_in_the_table_and_the_known_are_drawn() -> None:
    chart = charts(Told().whole())["T1"]
    names = [row["against"] for row in chart.tables[0].records()]
    assert names == [
        "decision price, all in",
        *(w for _, w in BENCHMARKS),
        "RPM, % of volume beaten",
    ]
    assert ">arrival mid<" in chart.svg and ">interval VWAP<" in chart.svg
    assert ">close (deadline)<" not in chart.svg, "the views end before the deadline"


def test_a_market_known_from_views_is_said_to_be() -> None:
    found = charts(Told().whole())
    for key in ("T1", "T3", "T5", "T8"):
        assert any("what the engine saw" in note for note in found[key].notes), key
    told = Told().whole()
    (case,) = told.cases()
    whole = replace(case, report=replace(case.report, from_views=False))
    for chart in (*cost_charts(whole, ""), *course_charts(whole, "")):
        assert not any("what the engine saw" in note for note in chart.notes)


def test_without_a_price_the_cost_is_unknown_and_not_zero() -> None:
    chart = charts(Told(story=Story().submit(0).change(ParentState.REFUSED, "no room")))["T2"]
    assert chart.svg == "" and "unknown" in chart.notes[0]


def test_adherence_is_in_words() -> None:
    chart = charts(Told().whole())["T4"]
    # 4 of 10 behind for 6 s, then 6 of 10 for the other 6 s
    assert "at most 60.00 % of the order away" in chart.about
    assert "50.00 % on average" in chart.about
    assert chart.tables[-1].rows == (("at most", 60.0), ("on average", 50.0))
    unplanned = charts(Told(story=Story(qty="10").run("99", "101").fill(1, "1", "101")))["T4"]
    assert unplanned.tables[-1].rows == ()


def test_participation_counts_the_volume_seen() -> None:
    (case,) = Told().whole().cases()
    (row,) = charts(Told().whole())["T5"].tables[0].records()
    assert (row["own"], row["others"], row["share, %"]) == (10.0, 0.0, 100.0)
    assert case.course.buckets[0].own == 10.0


def test_very_many_fills_are_merged_and_add_up() -> None:
    story = Story(qty="1000").run("99", "101")
    for i in range(FILLS_APART + 50):
        story.place("1", "101")
        story.fill(0.01 * (i + 1), "1", "101")
    chart = charts(Told(story=story))["T3"]
    assert len(chart.tables[0].rows) == FILLS_APART + 50
    marks = chart.svg.count(" fills)</title>")
    assert 0 < marks < 250
    assert "one mark" in chart.notes[-1]


def test_markouts_tell_how_many_were_measured() -> None:
    rows = charts(Told().whole())["T8"].tables[0].records()
    all_five = next(row for row in rows if (row["which"], row["after, s"]) == ("all", 5))
    assert (all_five["measured"], all_five["fills"]) == (1, 2), "the last fill has no view since"
    assert {row["which"] for row in rows} == {"all", "maker", "taker", "passive", "cross"}


def test_children_are_held_against_the_mid_they_were_sent_at() -> None:
    rows = charts(Told().whole())["T6"].tables[0].records()
    found = [row["against the mid when first sent, bps"] for row in rows]
    assert found == [pytest.approx(100.0), pytest.approx(-100.0)]
    assert tape([]).touch_ns.size == 0


def test_the_discretion_is_drawn_as_far_as_the_order_went() -> None:
    (case,) = Told().whole().cases()
    start = case.course.start_ns
    bounds = tuple(
        Bounds(start + second * SECOND_NS, Qty(Decimal(low)), Qty(Decimal(high)))
        for second, low, high in ((0, "0", "2"), (5, "3", "7"), (90, "10", "10"))
    )
    steered = replace(case, discretion=bounds)
    (chart,) = [one for one in course_charts(steered, "") if one.key == "T4"]
    table = next(table for table in chart.tables if table.key == "T4-discretion")
    assert [(row["least"], row["most"]) for row in table.records()] == [(0, 2), (3, 7), (3, 7)]
    assert table.records()[-1]["time (UTC)"] == case.report.end_ns, "what came later is left out"
    assert "class='band'" in chart.svg and "Whatever is advised" in chart.notes[0]


def test_a_discretion_that_cannot_be_told_is_not_drawn_and_plain_orders_have_none() -> None:
    (case,) = Told().whole().cases()
    (chart,) = [one for one in course_charts(replace(case, discretion=None), "") if one.key == "T4"]
    assert "The discretion is not drawn" in chart.notes[0] and "band" not in chart.svg
    (plain,) = [one for one in course_charts(case, "") if one.key == "T4"]
    assert case.discretion == () and "band" not in plain.svg and len(plain.notes) == 1
