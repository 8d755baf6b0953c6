"""Drawings of studies: marks where the values are, zero among them, and well-formed."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from steersman.report.study_plots import (
    Box,
    Row,
    bar_columns,
    boxes,
    forest,
    funnel,
    rows_height,
    short,
)
from steersman.report.svg import Drawing

SVG = "{http://www.w3.org/2000/svg}"


def drawing(rows: int = 3) -> Drawing:
    return Drawing("k", "title", "about", rows_height(rows))


def parsed(one: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(one.svg())


def test_a_forest_puts_the_cheaper_arm_to_the_left() -> None:
    one = drawing()
    rows = [Row("cheap", -2.0, -3.0, -1.0), Row("dear", 2.0, 1.0, 3.0, (0.0, 4.0))]
    forest(one, rows, "bps", (("circle", "f1", "mean"),))
    found = parsed(one)
    cheap, dear = [
        float(node.attrib["cx"])
        for node in found.iter(f"{SVG}circle")
        if node.find(f"{SVG}title") is not None
    ]
    (zero,) = [n for n in found.iter(f"{SVG}line") if n.attrib["class"] == "zero"]
    assert cheap < float(zero.attrib["x1"]) < dear
    wide = [n for n in found.iter(f"{SVG}line") if n.attrib["class"] == "s4 dot"]
    assert len(wide) == 1, "only what has a wider interval shows one"


def test_rows_without_intervals_are_drawn_too() -> None:
    one = drawing(1)
    forest(one, [Row("a", 1.0, None, None)], "bps", ())
    assert "whisk" not in one.svg() and "<circle" in one.svg()


def test_a_box_spans_its_middle_half() -> None:
    one = drawing(1)
    boxes(one, [Box("a", (-9.0, -3.0, 0.0, 3.0, 9.0), 0.5, 12.0)], "bps")
    found = parsed(one)
    (box,) = [n for n in found.iter(f"{SVG}rect") if n.attrib["class"] == "box"]
    left, width = float(box.attrib["x"]), float(box.attrib["width"])
    whisker = next(n for n in found.iter(f"{SVG}line") if n.attrib["class"] == "whisk"
                   and n.attrib["y1"] == n.attrib["y2"] and float(n.attrib["y1"]) > 20)  # fmt: skip
    span = float(whisker.attrib["x2"]) - float(whisker.attrib["x1"])
    assert width == pytest.approx(span / 3, abs=0.3)
    assert left > float(whisker.attrib["x1"])


def test_bars_share_one_scale_and_nothing_has_no_bar() -> None:
    one = drawing(2)
    bar_columns(one, ["a", "b"], ["x", "total"], [[2.0, 4.0], [0.0, -1.0]], total=True)
    bars = [n for n in parsed(one).iter(f"{SVG}rect")]
    assert [n.attrib["class"] for n in bars] == ["fbad", "f1", "f1"]
    widths = [float(n.attrib["width"]) for n in bars]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)
    assert "+2.00" in one.svg() and "−1.00" in one.svg()
    shares = drawing(1)
    bar_columns(shares, ["a"], ["x"], [[2.0]])
    assert ">2.00<" in shares.svg(), "a share has no sign"
    tiny = drawing(1)
    bar_columns(tiny, ["a"], ["x"], [[-0.001]], total=True)
    assert "−0.00" not in tiny.svg()


def test_a_funnel_holds_its_line_within_its_band() -> None:
    one = Drawing("k", "title", "about")
    funnel(one, [(30, -1.0, -5.0, 3.0), (100, -1.2, -2.0, -0.4)], "bps")
    assert one.svg().count("<path class='band'") == 2, "and its entry in the legend"
    labels = [node.text for node in parsed(one).iter(f"{SVG}text")]
    assert {"30", "50", "100"} <= set(labels)
    single = Drawing("k", "title", "about")
    funnel(single, [(30, 1.0, 0.0, 2.0)], "bps")
    parsed(single)


def test_long_names_are_cut_in_drawings() -> None:
    assert short("twap-passive") == "twap-passive"
    assert short("x" * 40) == "x" * 23 + "…"
