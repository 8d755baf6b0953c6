"""Scales, ticks, and drawings that are XML whatever is written in them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS
from steersman.report.svg import (
    Drawing,
    Scale,
    axes,
    log_ticks,
    nice_ticks,
    span_of,
    time_ticks,
)

SVG = "{http://www.w3.org/2000/svg}"


def test_a_scale_maps_its_ends_and_its_middle() -> None:
    scale = Scale(10, 20, 100, 0)
    assert [scale(10), scale(15), scale(20)] == [100, 50, 0]
    assert Scale(5, 5, 0, 10)(5) == 5, "all values are one"
    log = Scale(1, 1_000, 0, 30, log=True)
    assert log(10) == pytest.approx(10)
    assert log(0) == 0, "what is below the scale is at its end"


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 10, ["0", "2", "4", "6", "8", "10"]),
        (-0.31, 0.3, ["−0.2", "0.0", "0.2"]),
        (0, 0.12, ["0.000", "0.025", "0.050", "0.075", "0.100"]),
        (59_900, 60_100, ["59,900", "59,950", "60,000", "60,050", "60,100"]),
        (3, 3, ["3"]),
    ],
)
def test_ticks_are_round_and_told_apart(low: float, high: float, labels: list[str]) -> None:
    assert [label for _, label in nice_ticks(low, high)] == labels


def test_logarithmic_ticks_are_powers_of_ten() -> None:
    assert [label for _, label in log_ticks(1, 100_000)] == ["1", "10", "100", "1k", "10k", "100k"]


def test_times_are_round() -> None:
    start = 10 * HOUR_NS + 30 * SECOND_NS
    ticks = time_ticks(start, start + 30 * MINUTE_NS)
    assert [label for _, label in ticks] == ["10:05", "10:10", "10:15", "10:20", "10:25", "10:30"]
    assert [label for _, label in time_ticks(0, 10 * SECOND_NS)][:2] == ["00:00:00", "00:00:02"]
    day = [label for _, label in time_ticks(3 * HOUR_NS, 67 * HOUR_NS)]
    assert day == ["01-01 12 h", "01-02 00 h", "01-02 12 h", "01-03 00 h", "01-03 12 h"]


@pytest.mark.parametrize("days", [3, 11, 59, 400, 5_000, 20_000])
def test_far_apart_moments_are_few_and_have_their_day(days: int) -> None:
    labels = [label for _, label in time_ticks(HOUR_NS, days * 24 * HOUR_NS)]
    assert 2 <= len(labels) <= 7 and len(set(labels)) == len(labels)
    if days > 3:
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", label) for label in labels)


def test_spans_are_wider_than_what_they_hold() -> None:
    assert span_of([1.0, 2.0], pad=0.1) == pytest.approx((0.9, 2.1))
    assert span_of([1.0, 2.0], zero=True, pad=0.1) == pytest.approx((0.0, 2.2))
    low, high = span_of([5.0])
    assert low < 5 < high
    assert span_of([])[0] < span_of([])[1]


def test_a_drawing_is_xml_with_its_title_and_words_escaped() -> None:
    drawing = Drawing("k", "<b>Title</b>", "1 < 2 & 3")
    axes(drawing, Scale(0, 1, *drawing.x), Scale(0, 1, *drawing.y), [(0, "a")], [(0, "b")], "bps")
    drawing.path([(0, 0), (1, 2), (3, 4)], "s1", step=True)
    drawing.path([], "s1")
    drawing.rect(0, 0, 1, 1, "f1", "<script>")
    drawing.text(0, 0, "a\x00b\x1bc\u202ed")
    for shape in ("circle", "triangle", "square", "diamond", "cross"):
        drawing.mark(shape, 5, 5, 2, "f2", "'\"<>&")
    drawing.legend([("line", "s1", "a < b"), ("circle", "f2", "c")])
    root = ElementTree.fromstring(drawing.svg())
    assert root.attrib["role"] == "img" and root.attrib["aria-labelledby"] == "k-t k-d"
    assert root.findtext(f"{SVG}title") == "<b>Title</b>"
    assert root.findtext(f"{SVG}desc") == "1 < 2 & 3"
    assert not list(root.iter(f"{SVG}script")) and not list(root.iter(f"{SVG}b"))
    assert "a b c d" in [text.text for text in root.iter(f"{SVG}text")]
    steps = [p.attrib["d"] for p in root.iter(f"{SVG}path") if p.attrib["class"] == "s1"]
    assert steps == ["M0.0 0.0H1.0V2.0H3.0V4.0"]
