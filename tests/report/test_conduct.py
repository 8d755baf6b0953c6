"""The charts of conduct: predictions, quality, decisions, limits, hours and regimes."""

from __future__ import annotations

import pytest

from steersman.domain.impact import ImpactEstimate
from steersman.domain.messages import (
    Alert,
    Estimated,
    ParentState,
    Refused,
    Verdict,
)
from steersman.report.chart import Chart
from steersman.report.conduct import LANES, conduct_charts
from tests.report.told import Told
from tests.tca.story import Story
from tests.tca.test_decisions import judged, valued


def charts(*told: Told) -> dict[str, Chart]:
    cases = [case for i, one in enumerate(told) for case in one.cases(f"{i}.journal")]
    return {chart.key: chart for chart in conduct_charts(cases)}


def predicted(low: float, high: float, bps: float = 5.0, price: str = "101") -> Told:
    story = Story(qty="10").run("99", "101")
    estimate = ImpactEstimate(bps, 1.0, bps, low, high, "law", {})
    story.messages.append(Estimated("p", "at arrival", estimate))
    story.place("10", price)
    return Told(story=story.fill(3, "10", price)).ended(ParentState.COMPLETED)


def test_what_lay_within_its_interval_is_counted() -> None:
    chart = charts(predicted(-200, 200), predicted(0, 50))["T7"]
    assert "1 of 2 lay within" in chart.about
    rows = chart.tables[0].records()
    assert [row["within"] for row in rows] == ["yes", "no"]
    assert rows[0]["paid, bps"] == pytest.approx(100.0)
    assert chart.tables[1].rows == (), "two orders have no line"
    assert "line, its 95 %" not in chart.svg


def test_what_was_paid_has_a_line_over_what_was_predicted() -> None:
    """Paid 10, 40, 60 bps where 10, 20, 30 were predicted: a slope of 2.5 through (20, 36.7)."""
    told = [predicted(0, 99, bps, price)
            for bps, price in ((10.0, "100.1"), (20.0, "100.4"), (30.0, "100.6"))]  # fmt: skip
    chart = charts(*told)["T7"]
    slope, zero = chart.tables[1].records()
    assert (slope["figure"], slope["n"]) == ("slope", 3)
    assert slope["value"] == pytest.approx(2.5) and zero["value"] == pytest.approx(110 / 3 - 50)
    half = 12.706205 * (50 / 3) ** 0.5 / 200**0.5  # residuals of 5/3, 10/3 and 5/3
    assert slope["low (95 %)"] == pytest.approx(2.5 - half)
    assert chart.svg.count("class='s2 dot'") == 2 and ">line, its 95 %<" in chart.svg


def test_rates_are_in_words() -> None:
    chart = charts(Told().whole())["T9"]
    assert "2 children, 1 of them resting: 100.0 % of those were filled" in chart.about
    assert [table.key for table in chart.tables] == ["T9-rates", "T9-times", "T9-children"]
    assert "T9-children" not in [t.key for t in charts(Told().whole(), Told().whole())["T9"].tables]


def test_a_decision_carries_what_it_was_worth_where_it_was_judged() -> None:
    story = Story(qty="10").run("99", "101")
    story.messages += [*judged(1, "hold"), *judged(2, "finish"), *valued(1, 0.25)]
    table = charts(Told(story=story))["T11"].tables[0]
    assert [(row["gain, bps"], row["worth"]) for row in table.records()] == [
        (0.25, "right"), (None, "")
    ]  # fmt: skip


def test_every_verdict_has_a_lane_with_its_name() -> None:
    assert set(LANES) == {verdict.value for verdict in Verdict}
    story = Story(qty="10").run("99", "101")
    for i, verdict in enumerate(Verdict):
        story.messages += judged(i, "hold", verdict)
    chart = charts(Told(story=story))["T11"]
    for verdict in Verdict:
        assert f">{verdict.value}</text>" in chart.svg
    assert len(chart.tables[0].rows) == len(Verdict)


def refused() -> Story:
    story = Story(qty="10").run("99", "101")
    story.messages += [Refused("p", "pace", "soon", None)] * 3
    story.messages.append(Alert("warning", "shortfall", "p", "dear"))
    return story


def test_refusals_are_counted_by_rule() -> None:
    chart = charts(Told(story=refused()))["T12"]
    assert "3 refusals by limits, 1 other incidents" in chart.about
    limits, happened = chart.tables
    assert limits.records()[0]["refusals"] == 3 and ">pace</text>" in chart.svg
    assert happened.records()[0]["what"] == "shortfall: dear"


def test_orders_of_one_id_are_told_apart() -> None:
    found = charts(*(Told(story=refused()).whole() for _ in range(2)))
    tables = [*found["T11"].tables, *found["T12"].tables]
    for table in tables:
        assert {row["order"] for row in table.records()} == {"p (0.journal)", "p (1.journal)"}
