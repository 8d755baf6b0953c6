"""A chart as a section: drawing, tables to unfold, notes."""

from __future__ import annotations

from steersman.report.chart import Chart, chart_of
from steersman.report.svg import Drawing
from steersman.report.table import Column, Table

TABLE = Table("k-t", "Figures", (Column("a", "number"),), ((1.0,), (2.0,)))
EMPTY = Table("k-e", "Nothing", (Column("a"),), ())


def test_a_chart_shows_what_it_has() -> None:
    chart = chart_of(Drawing("k", "t", "d"), "A < B", "about", TABLE, EMPTY, notes=("a & b",))
    html = chart.html()
    assert html.startswith("<section class=card id='k'") and "<h3>A &lt; B</h3>" in html
    assert "<svg" in html and "a &amp; b" in html
    assert "<summary>Figures (2)</summary>" in html and "download='k-t.csv'" in html
    assert "Nothing" not in html, "an empty table is not unfolded"
    assert chart._repr_html_() == html


def test_without_a_drawing_the_note_stands() -> None:
    html = Chart("k", "t", "about", "", (), ("not measurable",)).html()
    assert "<svg" not in html and "not measurable" in html
