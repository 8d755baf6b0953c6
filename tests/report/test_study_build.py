"""The report of a study: whole, escaped, small, as JSON, Markdown and for notebooks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from steersman.report.build import SCHEMA
from steersman.report.markdown import markdown
from steersman.report.page import page
from steersman.report.study_build import report_of_study, report_on_study
from tests.report.studies import ARMS, N, case, costs, write
from tests.report.test_page import EVIL, parsed
from tests.tca.rows import drawn, result

CHARTS = [
    *("T1", "T2", "T6", "T12", "T10", "T1-pairs", "T6-pairs", "T10-run-3"),
    *("T13", "T10-regime-1", "T13-1", "T13-volatility"),
]


def test_a_study_has_its_charts_and_every_table_a_key_of_its_own(tmp_path: Path) -> None:
    report = report_on_study(write(tmp_path), "the command")
    assert [chart.key for chart in report.charts] == CHARTS
    assert all(chart.svg and chart.tables for chart in report.charts)
    keys = [table.key for table in report.tables]
    assert len(keys) == len(set(keys)) and keys[:2] == ["targets", "arms"]
    assert report.title == f"Study of 6 arms over {N} orders"
    tiles = {tile.name: tile.value for tile in report.tiles}
    assert tiles["orders"] == "60" and tiles["by"] == "embedded"
    assert tiles["embedded − twap-passive, bps"].startswith("−")
    html = page(report)
    for drawing in re.findall(r"<svg.*?</svg>", html):
        ElementTree.fromstring(drawing)
    reader = parsed(html)
    assert reader.open == []
    ids = [value for name, value in reader.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert "<h2>Arms</h2>" in html and "The study:" in html and "the command" in html


def test_the_document_holds_the_study_and_its_manifest(tmp_path: Path) -> None:
    report = report_on_study(write(tmp_path))
    document = json.loads(json.dumps(report.document(), allow_nan=False))
    assert document["schema"] == SCHEMA
    assert document["study"]["arms"]["vwap"]["n"] == N and len(document["study"]["pairs"]) == 15
    assert document["manifest"]["arms"]["embedded"]["model"] == "embedded-1"
    assert "orders" not in document
    box = document["reproduce"][0]
    assert box["command"].startswith("steersman study --arms twap,")
    assert box["settings"] == "[execution]\nslice_s = 60"
    assert box["arm embedded"] == "twap, advisor embedded, settings posts, model embedded-1"
    assert (box["made with code"], box["seed"], box["market"]) == (
        *("c0de", "1"),
        "name generated, hash none",
    )


def test_markdown_and_notebooks_have_the_same(tmp_path: Path) -> None:
    report = report_on_study(write(tmp_path))
    text = markdown(report)
    assert "## Arms" in text and "### T10 Advice against the same orders without it" in text
    assert report._repr_html_().startswith("<style>.sm{")
    assert [row["arm"] for row in report.overview.records()] == list(costs())


def test_arms_are_a_frame(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    frame = report_on_study(write(tmp_path)).to_polars()
    assert frame["arm"].to_list() == list(costs())
    assert frame["mean, bps"].dtype.is_float()


def test_nothing_in_a_study_becomes_markup(tmp_path: Path) -> None:
    rows = [
        (
            drawn(n, regime=f"{EVIL}{n % 2}", symbol=EVIL),
            (result(n, "twap-passive", 1.0 * n), result(n, "embedded", 2.0 * n)),
        )
        for n in range(20)
    ]
    found = case(tmp_path, rows, horizon=EVIL, command=[EVIL], versions={EVIL: EVIL})
    html = page(report_of_study(found, EVIL))
    reader = parsed(html)
    assert not {"script", "iframe", "object", "link"} & set(reader.tags)
    assert "img" not in reader.tags
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert reader.open == []
    for drawing in re.findall(r"<svg.*?</svg>", html):
        ElementTree.fromstring(drawing)


def test_a_small_study_is_reported_with_what_it_lacks(tmp_path: Path) -> None:
    rows = [(drawn(n), (result(n, "twap", 1.0 * n), result(n, "vwap", 2.0))) for n in range(2)]
    report = report_on_study(write(tmp_path, rows))
    assert any("no intervals" in problem for problem in report.problems)
    for chart in report.charts:
        assert chart.svg or chart.notes, f"{chart.key} is empty and does not say why"
    json.dumps(report.document(), allow_nan=False)
    page(report)


def test_an_arm_alone_and_an_unfinished_study_are_shown(tmp_path: Path) -> None:
    report = report_on_study(write(tmp_path, {"twap": costs()["twap"]}, orders=100))
    assert next(tile.value for tile in report.tiles) == "60 of 100"
    assert "not done" in report.problems[0]
    page(report)
    assert set(ARMS) > {"twap"}
