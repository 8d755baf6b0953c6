"""Means over orders with their intervals, by hand."""

from __future__ import annotations

import pytest

from steersman.domain.instrument import Category
from steersman.domain.messages import ParentState
from steersman.report.cases import Case
from steersman.report.chart import Chart
from steersman.report.several import orders_table, several_charts
from tests.report.told import Told
from tests.tca.story import Story, instrument


def order(price: str, category: Category = Category.LINEAR) -> list[Case]:
    """An order of 10 filled at a price, the mid being 100 throughout."""
    story = Story(instrument(category), qty="10").run("99", "101")
    story.place("10", price)
    story.fill(3, "10", price).view(8, "99", "101")
    return Told(story=story).ended(ParentState.COMPLETED).cases(f"{price}.journal")


def charts(cases: list[Case]) -> dict[str, Chart]:
    return {chart.key: chart for chart in several_charts(cases)}


def test_the_mean_and_its_interval() -> None:
    found = charts([*order("101"), *order("102"), *order("103")])
    row = found["T1"].tables[0].records()[0]
    assert [row["against"], row["mean, bps"], row["n"]] == ["shortfall", pytest.approx(200.0), 3]
    half = 4.302653 * 100 / 3**0.5  # t of 2 degrees of freedom
    assert row["low (95 %)"] == pytest.approx(200 - half)
    assert row["high (95 %)"] == pytest.approx(200 + half)
    assert "(n=3)" in found["T1"].svg and "too narrow" in found["T1"].notes[0]
    close = found["T1"].tables[0].records()[-2]
    assert (close["against"], close["mean, bps"], close["n"]) == ("close (deadline)", None, 0)
    *parts, total = found["T2"].tables[0].records()
    assert sum(float(part["mean, bps"] or 0) for part in parts) == pytest.approx(200.0)
    assert [total["part"], total["mean, bps"]] == ["total", pytest.approx(200.0)]
    assert [total["low (95 %)"], total["n"]] == [pytest.approx(200 - half), 3]


def test_currencies_are_not_added() -> None:
    found = charts([*order("101"), *order("102"), *order("101", Category.INVERSE)])
    rows = found["T1"].tables[1].records()
    money = {(row["currency"], row["against"]): row for row in rows}
    dollars = money["USD", "shortfall"]
    assert dollars["sum"] == pytest.approx(10.0 + 20.0) and dollars["n"] == 2
    assert dollars["mean"] == pytest.approx(15.0)
    assert dollars["low (95 %)"] == pytest.approx(15 - 12.706205 * 50**0.5 / 2**0.5)
    assert money["T", "shortfall"]["n"] == 1
    assert money["USD", "arrival mid"]["sum"] == pytest.approx(10.0 + 20.0), "without fees"
    assert [money["USD", "close (deadline)"][name] for name in ("sum", "n")] == [None, 0]


def test_markouts_are_means_of_the_orders() -> None:
    rows = charts([*order("101"), *order("102")])["T8"].tables[0].records()
    five = next(row for row in rows if (row["which"], row["after, s"]) == ("taker", 5))
    expected = (-1 / 101 - 2 / 102) / 2 * 1e4
    assert five["against the fill, bps"] == pytest.approx(expected)
    assert (five["measured"], five["fills"]) == (2, 2)
    notes = charts(order("101"))["T8"].notes
    assert any("spreads are left out" in note for note in notes), "known from views"


def test_where_no_order_ended_nothing_is_averaged() -> None:
    running = Told(story=Story(qty="10").run("99", "101").fill(1, "1", "101")).cases()
    for chart in charts(running * 2).values():
        assert chart.svg == "" and chart.notes
    assert {row["counted"] for row in orders_table(running).records()} == {"no: left out of means"}
