"""The kinds of charts that a study is drawn with, each from plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from steersman.report.svg import Drawing, Mark, Scale, axes, nice_ticks, signed, span_of

__all__ = ["Box", "Row", "bar_columns", "boxes", "forest", "funnel", "rows_height", "short"]

ROW: Final = 24
TOP: Final = 26
FOOT: Final = 26
LABELS: Final = 212  # width of the names of rows
NAME_MAX: Final = 24  # letters of a name that a drawing has room for; tables have all of it
FIRST_HEADS: Final = 112  # width of the names of rows beside columns of bars


@dataclass(frozen=True, slots=True)
class Row:
    """A value with its interval, a wider interval, and other marks (shape, look, value)."""

    name: str
    value: float
    low: float | None
    high: float | None
    wide: tuple[float | None, float | None] = (None, None)
    marks: tuple[tuple[Mark, str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A distribution: quantiles at 5, 25, 50, 75 and 95 %, the mean, and the mean of the tail."""

    name: str
    quantiles: tuple[float, float, float, float, float]
    mean: float
    tail: float


def rows_height(rows: int) -> int:
    """Return how high a drawing of rows is."""
    return TOP + ROW * max(1, rows) + FOOT


def short(name: str, most: int = NAME_MAX) -> str:
    """Return a name that fits beside a drawing."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def forest(
    drawing: Drawing, rows: Sequence[Row], unit: str, legend: Sequence[tuple[Mark, str, str]]
) -> None:
    """Draw a dot and its intervals for each row; zero is where nothing is gained or lost."""
    seen = [value for row in rows for value in _values(row)]
    x = _row_axis(drawing, span_of(seen, zero=True, pad=0.08), unit)
    for i, row in enumerate(rows):
        middle = TOP + ROW * (i + 0.5)
        drawing.text(LABELS - 8, middle + 4, short(row.name), "lab", "end")
        low, high = row.wide
        if low is not None and high is not None:
            drawing.line(x(low), middle, x(high), middle, "s4 dot")
        if row.low is not None and row.high is not None:
            drawing.line(x(row.low), middle, x(row.high), middle, "whisk")
            for end in (row.low, row.high):
                drawing.line(x(end), middle - 5, x(end), middle + 5, "whisk")
        for shape, kind, value in row.marks:
            drawing.mark(shape, x(value), middle, 4.5, kind, f"{row.name} {value:+.3f} {unit}")
        tip = f"{row.name} {row.value:+.3f} {unit}{_ends(row.low, row.high)}"
        drawing.mark("circle", x(row.value), middle, 4.5, "f1", tip)
    drawing.legend(legend)


def _values(row: Row) -> list[float]:
    ends = [row.value, row.low, row.high, *row.wide, *(value for *_, value in row.marks)]
    return [value for value in ends if value is not None]


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({low:+.3f} to {high:+.3f})"


def _row_axis(drawing: Drawing, bounds: tuple[float, float], unit: str) -> Scale:
    x = Scale(*bounds, LABELS, drawing.x[1])
    bottom = drawing.height - FOOT
    for value, label in nice_ticks(*bounds):
        drawing.line(x(value), bottom, x(value), TOP - 4, "zero" if value == 0 else "grid")
        drawing.text(x(value), bottom + 16, label, "lab", "middle")
    drawing.text(drawing.x[1], 14, unit, "unit", "end")
    return x


def boxes(drawing: Drawing, rows: Sequence[Box], unit: str) -> None:
    """Draw a box over the middle half of each distribution, a line over nine tenths of it."""
    seen = [value for row in rows for value in (*row.quantiles, row.mean, row.tail)]
    x = _row_axis(drawing, span_of(seen, zero=True), unit)
    for i, row in enumerate(rows):
        middle = TOP + ROW * (i + 0.5)
        low, first, median, third, high = row.quantiles
        drawing.text(LABELS - 8, middle + 4, short(row.name), "lab", "end")
        drawing.line(x(low), middle, x(high), middle, "whisk")
        tip = f"{row.name}: half of the orders from {first:+.2f} to {third:+.2f} {unit}"
        drawing.rect(x(first), middle - 7, x(third) - x(first), 14, "box", tip)
        drawing.line(x(median), middle - 7, x(median), middle + 7, "whisk")
        drawing.mark("circle", x(row.mean), middle, 3.5, "f1", f"mean {row.mean:+.3f} {unit}")
        drawing.mark("triangle", x(row.tail), middle, 4, "f3", f"CVaR95 {row.tail:+.3f} {unit}")
    drawing.legend(
        [("square", "box", "half of the orders"), ("line", "whisk", "nine tenths"),
         ("circle", "f1", "mean"), ("triangle", "f3", "CVaR95")]
    )  # fmt: skip


def bar_columns(
    drawing: Drawing,
    names: Sequence[str],
    heads: Sequence[str],
    cells: Sequence[Sequence[float]],
    *,
    total: bool = False,
) -> None:
    """Draw a bar for each cell, all on one scale; with a `total` the last is the sum of a row."""
    left, right = FIRST_HEADS, drawing.x[1] + 14
    width = (right - left) / len(heads)
    low, high = span_of([value for row in cells for value in row], zero=True, pad=0.02)
    for j, head in enumerate(heads):
        start = left + j * width
        x = Scale(low, high, start + 4, start + width - 6)
        drawing.text(start + 4, 16, head, "leg")
        for i, row in enumerate(cells):
            top, value = TOP + ROW * i, row[j]
            begin, end = sorted((x(0), x(value)))
            kind = "f1" if total and j == len(heads) - 1 else "fbad" if value > 0 else "fgood"
            drawing.text(start + 4, top + 11, signed(value) if total else f"{value:.2f}", "val")
            if value:
                tip = f"{names[i]}, {head} {value:+.3f}"
                drawing.rect(begin, top + 14, end - begin, 6, kind, tip)
            drawing.line(x(0), top + 12, x(0), top + 22, "zero")
    for i, name in enumerate(names):
        drawing.text(left - 6, TOP + ROW * i + 15, short(name, 16), "lab", "end")


def funnel(drawing: Drawing, points: Sequence[tuple[int, float, float, float]], unit: str) -> None:
    """Draw a running value (n, value, low, high) within its band, n by its logarithm."""
    first, last = points[0][0], points[-1][0]
    values = [value for _, *row in points for value in row]
    x = Scale(first, max(last, first + 1), *drawing.x, log=True)
    y = Scale(*span_of(values, zero=True), *drawing.y)
    axes(drawing, x, y, _counts(first, last), nice_ticks(y.low, y.high), f"{unit}, by orders seen")
    band = [(x(n), y(high)) for n, _, _, high in points]
    band += [(x(n), y(low)) for n, _, low, _ in reversed(points)]
    drawing.path(band, "band")
    drawing.path([(x(n), y(value)) for n, value, *_ in points], "s1")
    drawing.legend(
        [("line", "s1", "mean difference so far"), ("square", "band", "holds at any time")]
    )


def _counts(first: int, last: int) -> list[tuple[float, str]]:
    """Return the ends and, well between them, round numbers for a logarithmic axis."""
    round_ones = [n * 10**power for power in range(7) for n in (1, 2, 5)]
    inside = [n for n in round_ones if 1.25 * first <= n <= last / 1.25]
    return [(float(n), f"{n:,}") for n in dict.fromkeys([first, *inside, last])]
