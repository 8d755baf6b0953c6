"""T8 over many orders, worked by hand: each order counts once, whatever it filled."""

from __future__ import annotations

import pytest

from steersman.domain.messages import ParentState
from steersman.domain.order import Liquidity, Style, TimeInForce
from steersman.report.markouts import (
    markout_chart,
    mean_markouts,
    mean_reversion_table,
    mean_spreads,
    spreads_table,
)
from steersman.tca.measure import CostReport, measure
from tests.tca.story import Story, tape

TOUCHES = [(0.0, "99", "101"), (4.0, "100", "102"), (30.0, "99.5", "101.5")]


def made(price: str, qty: str, style: Style = Style.PASSIVE) -> CostReport:
    """An order filled at a price 1 s after its start, as a maker; the mid was 100, later 101."""
    story = Story(qty=qty).run("99", "101")
    story.place(qty, price, TimeInForce.POST_ONLY, style)
    story.fill(1, qty, price, maker=True).end(9, "100", "102", ParentState.COMPLETED)
    return measure(story.messages, "p", tape(TOUCHES, end=60))


def test_styles_are_means_over_the_orders_that_used_them() -> None:
    found = mean_markouts([made("99", "1"), made("98", "9"), made("99.5", "1", Style.MID)])
    five = {mark.which: mark for mark in found if mark.horizon_s == 5}
    assert set(five) == {"all", "maker", "taker", Style.PASSIVE, Style.MID}
    passive = five[Style.PASSIVE]
    assert passive.vs_fill_bps == pytest.approx((2 / 99 + 3 / 98) / 2 * 1e4)
    assert (passive.measured, passive.fills, five[Style.MID].fills) == (2, 2, 1)
    assert (five["taker"].vs_fill_bps, five["taker"].measured) == (None, 0)


def test_spreads_are_means_and_their_ratio_is_of_the_means() -> None:
    found = mean_spreads([made("99", "1"), made("98", "9")])
    five = next(s for s in found if (s.which, s.horizon_s) == (Liquidity.MAKER, 5))
    assert five.quoted_bps == pytest.approx(200)
    assert five.effective_bps == pytest.approx(-(200 + 400) / 2)
    assert five.effective_over_quoted == pytest.approx(-1.5)
    assert five.effective_bps is not None and five.impact_bps is not None
    assert five.realised_bps == pytest.approx(five.effective_bps - five.impact_bps)
    assert (five.measured, five.fills) == (2, 2)
    taker = next(s for s in found if (s.which, s.horizon_s) == (Liquidity.TAKER, 5))
    assert (taker.quoted_bps, taker.effective_over_quoted, taker.fills) == (None, None, 0)
    rows = spreads_table("", found).records()
    assert rows[1]["effective / quoted"] == five.effective_over_quoted


def test_reversion_has_its_interval_and_how_many_were_measured() -> None:
    still = Story(qty="1").run("99", "101").fill(5, "1", "102")
    still.end(9, "100", "102", ParentState.COMPLETED)
    unknown = Story().run("99", "101").end(9, "99", "101", ParentState.EXPIRED)
    reports = [
        made("99", "1"),
        *(measure(s.messages, "p", tape(TOUCHES)) for s in (still, unknown)),
    ]
    rows = {row["after, s"]: row for row in mean_reversion_table(reports).records()}
    half = 12.706205 * 50  # the first moved on by 100 bps, the second did not
    assert rows[5]["mean, bps"] == pytest.approx(-50)
    assert [rows[5]["low (95 %)"], rows[5]["n"]] == [pytest.approx(-50 - half), 2]
    assert rows[300]["mean, bps"] is not None and rows[300]["n"] == 1


def test_without_orders_there_is_nothing() -> None:
    assert mean_markouts([]) == () and mean_spreads([]) == ()
    chart = markout_chart("", (), (mean_reversion_table([]),), ())
    assert chart.svg == "" and "No mark-out" in chart.notes[0]
