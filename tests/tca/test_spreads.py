"""Spreads of the published case, their identity, and reversion by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steersman.domain.messages import ParentState
from steersman.domain.order import Liquidity
from steersman.domain.units import Side
from steersman.tca.markouts import HORIZONS_S
from steersman.tca.measure import CostReport, measure
from steersman.tca.spreads import Spreads
from tests.tca.story import Story, tape

TOUCHES = [(0.0, "99.98", "100.06"), (4.0, "100.00", "100.08"), (30.0, "99.00", "101.00")]


def of(report: CostReport, which: Liquidity, horizon_s: int) -> Spreads:
    return next(s for s in report.spreads if (s.which, s.horizon_s) == (which, horizon_s))


def test_the_published_case(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "vectors.json").read_text())
    expected = next(v for v in vectors if v["name"] == "effective_realised_spread")["expected"]
    story = Story().run("99.98", "100.06").fill(1, "1", "100.05")
    story.end(20, "100.00", "100.08", ParentState.CANCELLED)
    found = of(measure(story.messages, "p", tape(TOUCHES)), Liquidity.TAKER, 5)
    scale = 1e4 / 100.02
    assert found.effective_bps == pytest.approx(expected["effective_spread"] * scale)
    assert found.realised_bps == pytest.approx(expected["realised_spread_5s"] * scale)
    assert found.impact_bps == pytest.approx(expected["price_impact_5s"] * scale)
    assert found.effective_over_quoted == pytest.approx(expected["EQ"])


def test_a_maker_earns_and_keeps_what_the_price_leaves() -> None:
    story = Story(side=Side.SELL).run("99", "101").fill(1, "2", "101", maker=True)
    story.end(20, "99", "101", ParentState.CANCELLED)
    drawn = tape([(0, "99", "101"), (3, "99.5", "101.5")])
    report = measure(story.messages, "p", drawn)
    five = of(report, Liquidity.MAKER, 5)
    assert five.quoted_bps == pytest.approx(200)
    assert five.effective_bps == pytest.approx(-200)
    assert five.impact_bps == pytest.approx(-100), "the price rose by 0.5 against the seller"
    assert five.realised_bps == pytest.approx(-100)
    taker = of(report, Liquidity.TAKER, 5)
    assert (taker.measured, taker.fills, taker.effective_bps) == (0, 0, None)


def test_views_are_blind_to_spreads() -> None:
    story = Story().run("99", "101").fill(1, "2", "99", maker=True).view(6, "99", "101")
    of_views = of(measure(story.messages, "p"), Liquidity.MAKER, 5)
    assert (of_views.measured, of_views.fills, of_views.effective_over_quoted) == (0, 1, None)


def test_a_price_that_comes_back_is_a_positive_reversion() -> None:
    story = Story().run("99", "101").fill(10, "1", "105")
    story.end(20, "103", "107", ParentState.CANCELLED)
    drawn = tape([(0, "99", "101"), (10, "103", "107"), (12, "101", "103")], end=100)
    report = measure(story.messages, "p", drawn)
    found = {r.horizon_s: r.bps for r in report.reversion}
    assert set(found) == set(HORIZONS_S)
    assert found[1] == 0.0
    assert found[5] == pytest.approx(3 / 105 * 1e4), "from a mid of 105 to 102"
    assert found[300] is None, "the tape is over"


def test_reversion_from_views_begins_with_what_the_last_fill_left() -> None:
    story = Story(qty="5").run("99", "101").view(9.9, "99", "101")
    story.place("5", "106")
    story.fill(10, "5", "105").view(10.1, "104", "106").view(15, "101", "103")
    story.end(16, "101", "103", ParentState.COMPLETED)
    whole = tape([(0, "99", "101"), (10, "104", "106"), (14, "101", "103")])
    expected = measure(story.messages, "p", whole).reversion[1].bps
    assert expected == pytest.approx(3 / 105 * 1e4)
    assert measure(story.messages, "p").reversion[1].bps == pytest.approx(expected)


def test_without_fills_there_is_no_reversion() -> None:
    story = Story().run("99", "101").end(9, "99", "101", ParentState.EXPIRED)
    report = measure(story.messages, "p", tape([(0, "99", "101")]))
    assert {r.bps for r in report.reversion} == {None}
