"""T13: costs by hour, regime, size and volatility, worked by hand."""

from __future__ import annotations

import msgspec
import pytest

from steersman.domain.market import Regime
from steersman.domain.messages import ParentState, RegimeChanged, Viewed
from steersman.report.cases import Case
from steersman.report.chart import Chart
from steersman.report.conditions import hours_chart, thirds_chart
from tests.report.told import Told
from tests.tca.story import Story


def hours(*told: Told) -> Chart:
    cases = [case for i, one in enumerate(told) for case in one.cases(f"{i}.journal")]
    return hours_chart(cases, "T13")


def filled(
    qty: str, price: str, volatility: float = 0.5, rate: float = 1.0, *, ended: bool = True
) -> list[Case]:
    """An order over 60 s, seen to arrive where others trade `rate` a second."""
    story = Story(qty=qty).run("99", "101")
    first = story.messages[1]
    assert isinstance(first, Viewed)
    view = msgspec.structs.replace(
        first.view, volatility_hour_pct=volatility, volume_rate_per_s=rate
    )
    story.messages[1] = Viewed(first.at_ns, view)
    story.place(qty, price)
    told = Told(story=story.fill(3, qty, price))
    return (told.ended(ParentState.COMPLETED) if ended else told).cases(f"{qty}-{price}")


def test_fills_of_one_order_are_told_by_regime() -> None:
    story = Story(qty="10").run("99", "101")
    story.place("10", "103")
    story.fill(1, "3", "101").fill(1.2, "1", "105").view(1.5, "99", "101")
    story.messages.append(RegimeChanged(story.spec.id, Regime.NEWS, Regime.CALM, "headline"))
    story.fill(2, "6", "103")
    rows = hours(Told(story=story).ended(ParentState.COMPLETED)).tables[0].records()
    assert [(row["regime"], row["hour (UTC)"], row["n"]) for row in rows] == [
        ("calm", "00 h", 2),
        ("news", "00 h", 1),
    ]
    assert rows[0]["against arrival, bps"] == pytest.approx((3 * 100 + 500) / 4)


def test_of_several_orders_each_counts_once() -> None:
    dear = Told(story=Story(qty="1").run("99", "101").fill(3, "1", "101"))
    rows = hours(dear.ended(ParentState.COMPLETED), Told().whole()).tables[0].records()
    assert [row["n"] for row in rows] == [2]
    assert rows[0]["against arrival, bps"] == pytest.approx(40.0), "of 100 and of -20"


def test_orders_are_told_by_thirds_of_size_and_volatility() -> None:
    """Of 60 that others trade 3, 3, 6 and 12 are 5, 5, 10 and 20 %; equal sizes stay together."""
    cases = [
        *filled("3", "101", 0.2),
        *filled("3", "103", 0.2),
        *filled("6", "102", 0.8),
        *filled("12", "104", 0.4),
        *filled("12", "150", 0.4, ended=False),
        *filled("12", "150", 0.4, rate=0.0),
    ]
    chart = thirds_chart(cases)
    rows = {(row["size"], row["volatility"]): row for row in chart.tables[0].records()}
    assert set(rows) == {
        ("small ≤ 5 %", "low ≤ 0.2 %"),
        ("medium ≤ 10 %", "high > 0.4 %"),
        ("large > 10 %", "middle ≤ 0.4 %"),
    }
    small = rows["small ≤ 5 %", "low ≤ 0.2 %"]
    assert small["mean, bps"] == pytest.approx(200) and small["n"] == 2
    assert small["low (95 %)"] == pytest.approx(200 - 12.706205 * 100)
    assert rows["large > 10 %", "middle ≤ 0.4 %"]["n"] == 1, "not those that are not known"
    assert "+200.0" in chart.svg and ">large &gt; 10 %<" in chart.svg


def test_too_few_orders_have_no_thirds() -> None:
    chart = thirds_chart([*filled("3", "101"), *filled("6", "101")])
    assert chart.svg == "" and "three orders" in chart.notes[0]
