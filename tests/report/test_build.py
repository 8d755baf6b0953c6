"""A report put together: its charts and tables by name, its figures by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from steersman.domain.messages import ParentState
from steersman.errors import UsageError
from steersman.report.build import DETAILED, SCHEMA, report_of, report_on
from tests.report.told import HASH, Told, drawings
from tests.tca.story import Story
from tests.tca.test_decisions import judged

CHARTS = [f"T{i}" for i in range(1, 14)]  # T14 is the reproduce box
TABLES = [
    "targets",
    "orders",
    "T1",
    "T2",
    "T3-fills",
    "T3-mid",
    "T4-schedule",
    "T4-filled",
    "T4-adherence",
    "T5",
    "T6",
    "T7",
    "T8-markouts",
    "T8-spreads",
    "T8-reversion",
    "T9-rates",
    "T9-times",
    "T9-children",
    "T11",
    "T12-incidents",
    "T13",
]


def test_one_order_has_every_chart_and_its_tables() -> None:
    report = report_of(Told().whole().cases())
    assert [chart.key for chart in report.charts] == CHARTS
    assert [table.key for table in report.tables] == TABLES
    assert [tile.name for tile in report.tiles][:3] == ["state", "filled", "shortfall, bps"]
    assert report.problems == ()


def test_orders_a_year_apart_have_their_days() -> None:
    cases = []
    for name, day in (("first", 5), ("second", 405)):
        story = Story(qty="10").run("99", "101", at=day * 86_400)
        story.messages += judged(day * 86_400 + 1, "hold")
        story.fill(day * 86_400 + 2, "10", "101")
        cases += Told(story=story).ended(ParentState.COMPLETED, day * 86_400 + 3).cases(name)
    report = report_of(cases)
    arrivals = [row[4] for row in report.overview.text_rows()]
    assert arrivals == ["1970-01-06T00:00:00.000Z", "1971-02-10T00:00:00.000Z"]
    decisions = next(chart for chart in report.charts if chart.key == "T11")
    assert re.findall(r">(\d{4}-\d\d-\d\d)<", decisions.svg) == [
        "1970-04-11", "1970-07-20", "1970-10-28", "1971-02-05"
    ]  # fmt: skip


def test_the_figures_are_those_worked_by_hand() -> None:
    report = report_of(Told().whole().cases())
    parts = {row["part"]: row for row in report.table("T2").records()}
    # of 1000: the taker paid 1 on 4, the maker earned 1 on 6, fees 0.06 - 0.05
    assert parts["spread"]["Wagner, bps"] == pytest.approx(-20.0)
    assert parts["fees"]["Wagner, USD"] == pytest.approx(0.01)
    assert parts["total"]["Wagner, USD"] == pytest.approx(-1.99)
    assert parts["total"]["Kissell, bps"] == pytest.approx(-19.9)
    assert parts["total"]["Wagner, bps"] == pytest.approx(
        sum(float(row["Wagner, bps"] or 0) for name, row in parts.items() if name != "total")
    )
    against = {row["against"]: row for row in report.table("T1").records()}
    assert against["arrival mid"]["price"] == 100.0
    assert against["arrival mid"]["cost, bps (RPM: %)"] == pytest.approx(-20.0)
    assert against["arrival mid"]["cost, USD"] == pytest.approx(-2.0)
    fills = report.table("T3-fills").records()
    assert [(row["liquidity"], row["style"], row["quantity"]) for row in fills] == [
        ("taker", "cross", 4.0),
        ("maker", "passive", 6.0),
    ]
    children = report.table("T9-children").records()
    assert [row["why"] for row in children] == ["behind schedule"] * 2
    assert report.table("T11").records()[0]["why"] == "because"


def test_every_drawing_is_xml_with_an_id_of_its_own() -> None:
    report = report_of([*Told().whole().cases("a"), *Told().whole().cases("b")])
    found = drawings(report)
    assert len(found) > 20
    ids = [node.attrib["id"] for root in found for node in root.iter() if "id" in node.attrib]
    assert len(ids) == len(set(ids))
    keys = [chart.key for chart in report.charts]
    assert len(keys) == len(set(keys))
    tables = [table.key for table in report.tables]
    assert len(tables) == len(set(tables))


def test_several_orders_have_means_and_then_details() -> None:
    cases = [case for i in range(DETAILED + 2) for case in Told().whole().cases(f"{i}.journal")]
    report = report_of(cases)
    assert [section.key for section in report.sections] == [
        "together",
        *(f"o{i}" for i in range(1, DETAILED + 1)),
    ]
    assert [chart.key for chart in report.sections[0].charts] == [
        *("T1", "T2", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "T13", "T13-thirds")
    ]
    assert len(report.overview.rows) == DETAILED + 2
    children = report.table(f"o{DETAILED}-T9-children").records()
    assert [(row["child"], row["why"]) for row in children] == [
        ("p-1", "behind schedule"),
        ("p-2", "behind schedule"),
    ]
    assert "The first 6 orders" in report.subtitle
    assert report.tiles == ()


def test_an_order_that_has_not_ended_is_in_no_mean_and_no_target() -> None:
    running = Told(story=Story(qty="10").run("99", "101").fill(6, "4", "150")).cases("b.journal")
    report = report_of([*Told().whole().cases(), *running])
    assert len(report.problems) == 1 and "left out of every mean" in report.problems[0]
    (shortfall,) = [row for row in report.table("T1").records() if row["against"] == "shortfall"]
    assert [shortfall["n"], shortfall["mean, bps"]] == [1, pytest.approx(-19.9)]
    (metric,) = [m for m in report.metrics if m.target.key == "is_bps"]
    assert metric.measured is not None and metric.measured.n == 1
    assert [row["counted"] for row in report.overview.records()] == ["yes", "no: left out of means"]


@pytest.mark.parametrize(
    "told",
    [
        Told(story=Story(qty="10").run("99", "101")),
        Told(story=Story(qty="10").run("99", "101")).ended(ParentState.EXPIRED),
        Told(story=Story().submit(0).change(ParentState.REFUSED, "no room")),
        Told(story=Story(decision="100").submit(0)),
    ],
)
def test_whatever_an_order_lacks_is_said_and_never_fails(told: Told) -> None:
    report = report_of(told.cases())
    assert [chart.key for chart in report.charts] == CHARTS
    assert report.problems
    for chart in report.charts:
        assert chart.svg or chart.notes, f"{chart.key} is empty and does not say why"
    json.dumps(report.document(), allow_nan=False)


def test_the_document_is_whole(tmp_path: Path) -> None:
    path = Told().whole().write(tmp_path / "a.journal")
    document = json.loads(json.dumps(report_on([path], "the command").document(), allow_nan=False))
    assert document["schema"] == SCHEMA == "steersman.report/1"
    assert document["command"] == "the command"
    (order,) = document["orders"]
    assert order["is_bps"] == pytest.approx(-19.9) and order["journal_hash"] != HASH
    assert set(document["tables"]) == set(TABLES)
    assert len(document["metrics"]) == 14
    assert document["reproduce"][0]["seed"] == "1"


def test_a_table_that_is_not_there_is_named_with_those_that_are() -> None:
    report = report_of(Told().whole().cases())
    with pytest.raises(UsageError, match="T3-fills"):
        report.table("T99")
    assert report.table("orders") is report.overview


def test_notebooks_get_the_page_without_touching_their_own() -> None:
    shown = report_of(Told().whole().cases())._repr_html_()
    assert shown.startswith("<style>.sm{") and "body{" not in shown


def test_orders_are_a_frame() -> None:
    pytest.importorskip("polars")
    frame = report_of([*Told().whole().cases("a"), *Told().whole().cases("b")]).to_polars()
    assert frame["order"].to_list() == ["p (a)", "p (b)"]
    assert frame["shortfall, bps"].to_list() == pytest.approx([-19.9, -19.9])
