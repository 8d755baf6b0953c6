"""The kinds of charts: marks stand where their values are."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from steersman.domain.units import SECOND_NS
from steersman.report.plots import (
    Band,
    Dots,
    Interval,
    Level,
    Line,
    bars,
    heat,
    histogram,
    intervals,
    lanes,
    over_time,
    rows_height,
    scatter,
    steps,
    waterfall,
)
from steersman.report.svg import LETTER, WIDTH, Drawing

SVG = "{http://www.w3.org/2000/svg}"
SPAN = (0, 100 * SECOND_NS)


def drawn(drawing: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg())


def rects(root: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    """Return left edge and width of the rectangles of a kind that have a tip."""
    return [
        (float(rect.attrib["x"]), float(rect.attrib["width"]))
        for rect in root.iter(f"{SVG}rect")
        if rect.attrib["class"] == kind and rect.find(f"{SVG}title") is not None
    ]


def words(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def test_parts_of_a_waterfall_begin_where_the_last_ended() -> None:
    drawing = Drawing("k", "t", "d", rows_height(3))
    waterfall(drawing, {"fees": 2.0, "spread": -1.0}, 1.0)
    root = drawn(drawing)
    ((fees_x, fees_w),) = rects(root, "fbad")
    ((spread_x, spread_w),) = rects(root, "fgood")
    ((total_x, total_w),) = rects(root, "f1")
    assert fees_x + fees_w == pytest.approx(spread_x + spread_w, abs=0.2)
    assert total_x == fees_x and total_w == pytest.approx(fees_w / 2, abs=0.2)
    assert {"+2.00", "−1.00", "+1.00"} <= set(words(root))


def test_figures_beside_a_waterfall_that_ends_at_zero_have_room() -> None:
    drawing = Drawing("k", "t", "d", rows_height(3))
    waterfall(drawing, {"timing": -20.67, "fees": 2.0}, -18.67)
    figures = [one for one in drawn(drawing).iter(f"{SVG}text") if one.attrib["class"] == "val"]
    assert max(float(one.attrib["x"]) for one in figures) + 6 * LETTER < WIDTH


def test_makers_and_takers_differ_in_shape_too() -> None:
    drawing = Drawing("k", "t", "d")
    made = Dots("maker", "circle", "f2", [(SECOND_NS, 1.0, 1.0, "made")])
    took = Dots("taker", "triangle", "f3", [(SECOND_NS, 2.0, 0.0, "took")])
    over_time(drawing, SPAN, "price", [Line("mid", "s1", [(0, 1.0)])], [made, took],
              [Level("limit", "sbad dot", 3.0)])  # fmt: skip
    root = drawn(drawing)
    circles = [c for c in root.iter(f"{SVG}circle") if c.find(f"{SVG}title") is not None]
    (circle,) = circles
    assert circle.findtext(f"{SVG}title") == "made" and circle.attrib["r"] == "6.0"
    took_path = [p for p in root.iter(f"{SVG}path") if p.findtext(f"{SVG}title") == "took"]
    assert len(took_path) == 1 and took_path[0].attrib["class"] == "f3"
    assert {"mid", "maker", "taker", "limit"} <= set(words(root))


def test_bars_are_as_wide_as_their_stretch() -> None:
    drawing = Drawing("k", "t", "d")
    stretches = [(0, 50 * SECOND_NS, 2.0, "a"), (50 * SECOND_NS, 100 * SECOND_NS, 4.0, "b")]
    bars(drawing, SPAN, "%", stretches, Line("so far", "s3", []), Level("cap", "sbad", 10.0))
    (x1, w1), (x2, w2) = rects(drawn(drawing), "f1")
    assert w1 == pytest.approx(w2) and x2 == pytest.approx(x1 + w1 + 1, abs=0.2)


def test_an_interval_is_drawn_where_there_is_one() -> None:
    drawing = Drawing("k", "t", "d", rows_height(2))
    intervals(drawing, [Interval("a", 1.0, -1.0, 3.0), Interval("b", -2.0)], "bps")
    root = drawn(drawing)
    whiskers = [line for line in root.iter(f"{SVG}line") if line.attrib["class"] == "whisk"]
    assert len(whiskers) == 3
    assert len(rects(root, "fbad")) == len(rects(root, "fgood")) == 1


def test_a_time_of_nothing_has_a_place_on_a_logarithmic_row() -> None:
    drawing = Drawing("k", "t", "d", rows_height(1))
    intervals(drawing, [Interval("a", 0.0, 0.0, 50.0)], "ms", log=True)
    assert "100" in words(drawn(drawing))


def test_every_value_of_a_histogram_is_in_a_bin() -> None:
    drawing = Drawing("k", "t", "d")
    histogram(drawing, [-1.0, 0.0, 0.5, 0.5, 7.0], "bps", "children")
    tips = [r.findtext(f"{SVG}title") or "" for r in drawn(drawing).iter(f"{SVG}rect")]
    assert sum(int(tip.split()[0]) for tip in tips if tip) == 5


def test_equal_values_make_a_histogram() -> None:
    drawing = Drawing("k", "t", "d")
    histogram(drawing, [0.0, 0.0], "bps", "children")
    assert "mean 0.00" in words(drawn(drawing))


def test_steps_leave_out_what_is_not_known() -> None:
    drawing = Drawing("k", "t", "d")
    steps(drawing, ["1 s", "5 s"], "bps", [("maker", "circle", "2", [None, -1.0], False)])
    tips = [c.findtext(f"{SVG}title") for c in drawn(drawing).iter(f"{SVG}circle")]
    assert tips.count("maker, 5 s: -1.000 bps") == 1 and len([tip for tip in tips if tip]) == 1


def test_what_was_predicted_exactly_lies_on_the_diagonal() -> None:
    drawing = Drawing("k", "t", "d")
    scatter(drawing, [(Interval("o", 4.0, 1.0, 9.0, "o"), 4.0)], "bps")
    root = drawn(drawing)
    (dot,) = [c for c in root.iter(f"{SVG}circle") if c.find(f"{SVG}title") is not None]
    (line,) = [n for n in root.iter(f"{SVG}line") if n.attrib["class"] == "s4 dash"][:1]
    x1, y1, x2, y2 = (float(line.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
    x, y = float(dot.attrib["cx"]), float(dot.attrib["cy"])
    assert (y - y1) / (y2 - y1) == pytest.approx((x - x1) / (x2 - x1), abs=0.01)


def test_a_line_and_its_band_end_at_the_charts_edges() -> None:
    drawing = Drawing("k", "t", "d")
    ends = [(1.0, Interval("line", 2.0, -900.0, 900.0)), (9.0, Interval("line", 8.0, 7.0, 9.0))]
    scatter(drawing, [(Interval("o", 4.0, 1.0, 9.0, "o"), 4.0)], "bps", ends)
    paths = [n.attrib for n in drawn(drawing).iter(f"{SVG}path")]
    assert [path["class"] for path in paths] == ["s2", "s2 dot", "s2 dot"]
    bottom, top = drawing.y
    starts = [float(path["d"].partition("L")[0].split()[1]) for path in paths]
    assert top < starts[0] < bottom and starts[1:] == [bottom, top]


def test_lanes_hold_their_marks() -> None:
    drawing = Drawing("k", "t", "d")
    lanes(drawing, SPAN, {"late": ("square", "f4"), "accepted": ("circle", "f2")},
          [(SECOND_NS, "accepted", True, "yes"), (SECOND_NS, "late", False, "no")])  # fmt: skip
    root = drawn(drawing)
    assert {"late", "accepted"} <= set(words(root))
    assert [c.attrib["r"] for c in root.iter(f"{SVG}circle")] == ["5.5"]


def test_a_heat_map_writes_its_signs() -> None:
    drawing = Drawing("k", "t", "d")
    heat(drawing, ["calm"], ["15 h", "16 h"], {("calm", "15 h"): (2.0, "n = 3")})
    root = drawn(drawing)
    assert "+2.0" in words(root)
    assert len([r for r in root.iter(f"{SVG}rect") if r.attrib["class"] == "none"]) == 1


def test_a_heat_map_counts_where_asked_and_crowded_names_stand_apart() -> None:
    names = [f"regime {i}" for i in range(8)]
    drawing = Drawing("k", "t", "d", 100)
    heat(drawing, ["a"], names, {("a", name): (0.004, "tip") for name in names},
         {("a", name): 1_250 for name in names})  # fmt: skip
    root = drawn(drawing)
    assert words(root).count("n=1,250") == 8 and words(root).count("0.00") == 8
    heights = {t.attrib["y"] for t in root.iter(f"{SVG}text") if (t.text or "") in names}
    assert len(heights) == 2
    plain = Drawing("k", "t", "d", 100)
    heat(plain, ["a"], ["x"], {("a", "x"): (-12.34, "tip")})
    assert "−12.3" in words(drawn(plain))


def test_a_band_holds_from_each_time_to_the_next() -> None:
    drawing = Drawing("k", "t", "d")
    band = Band("discretion", [(0, 1.0, 3.0), (50 * SECOND_NS, 2.0, 4.0), (SPAN[1], 2.0, 4.0)])
    over_time(drawing, SPAN, "quantity", [Line("line", "s1", [(0, 2.0)])], band=band, zero=True)
    root = drawn(drawing)
    path = next(p for p in root.iter(f"{SVG}path") if p.attrib["class"] == "band")
    corners = [
        tuple(map(float, point.split())) for point in path.attrib["d"].lstrip("M").split("L")
    ]
    heights = [y for _, y in corners]
    assert len(corners) == 12
    assert heights[:2] == [heights[0]] * 2 and heights[2] < heights[1], "stairs upwards"
    assert corners[1][0] == corners[2][0], "at one moment"
    assert heights[-1] > heights[-3], "the lower edge, from its end back"
    assert "discretion" in words(root)
