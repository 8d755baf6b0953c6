"""The kinds of charts that a report is drawn with, each from plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from steersman.report.svg import (
    Drawing,
    Mark,
    Scale,
    axes,
    log_ticks,
    nice_ticks,
    signed,
    span_of,
    time_ticks,
)

__all__ = [
    "Band",
    "Dots",
    "Interval",
    "Level",
    "Line",
    "bars",
    "heat",
    "histogram",
    "intervals",
    "lanes",
    "over_time",
    "rows_height",
    "scatter",
    "steps",
    "waterfall",
]

Pair = tuple[float, float]
ROW: Final = 24  # height of one row of a chart of rows
LABELS: Final = 190  # width of their names
SHADES: Final = 4
CROWDED_COLUMNS: Final = 6
CROWD: Final = 200  # marks from which on they are drawn smaller
LEAST: Final = 1e-3  # what a logarithmic row shows nothing below


@dataclass(frozen=True, slots=True)
class Line:
    """A line over time (UTC ns); `kind` is its look, `step` whether values hold until the next."""

    name: str
    kind: str
    points: Sequence[tuple[int, float]]
    step: bool = False


@dataclass(frozen=True, slots=True)
class Dots:
    """Marks over time; each has a size of 0 to 1 and a tip."""

    name: str
    shape: Mark
    kind: str
    points: Sequence[tuple[int, float, float, str]]


@dataclass(frozen=True, slots=True)
class Level:
    """A value that holds all the time, such as a limit."""

    name: str
    kind: str
    value: float


@dataclass(frozen=True, slots=True)
class Band:
    """What lies between two values that each hold from a time on (UTC ns) until the next."""

    name: str
    points: Sequence[tuple[int, float, float]]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its ends, where there are any."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    told: str = ""


def over_time(
    drawing: Drawing,
    span_ns: tuple[int, int],
    unit: str,
    lines: Sequence[Line] = (),
    dots: Sequence[Dots] = (),
    levels: Sequence[Level] = (),
    *,
    band: Band | None = None,
    zero: bool = False,
) -> None:
    """Draw lines, marks and levels over time, above a band where there is one."""
    seen = [value for line in lines for _, value in line.points]
    seen += [] if band is None else [value for _, *ends in band.points for value in ends]
    seen += [point[1] for group in dots for point in group.points]
    seen += [level.value for level in levels]
    x, y = _time_axes(drawing, span_ns, span_of(seen, zero=zero), unit)
    legend: list[tuple[Mark, str, str]] = []
    if band is not None:
        drawing.path(_outline(band, x, y), "band")
        legend.append(("square", "band", band.name))
    for level in levels:
        drawing.line(*(drawing.x[0], y(level.value), drawing.x[1], y(level.value)), level.kind)
        legend.append(("dash", level.kind, level.name))
    for line in lines:
        drawing.path([(x(at), y(value)) for at, value in line.points], line.kind, step=line.step)
        legend.append(("line", line.kind, line.name))
    for group in dots:
        scale = 1.0 if len(group.points) < CROWD else 0.6
        for at, value, size, tip in group.points:
            drawing.mark(group.shape, x(at), y(value), scale * (2.5 + 3.5 * size), group.kind, tip)
        legend.append((group.shape, group.kind, group.name))
    drawing.legend(legend)


def _outline(band: Band, x: Scale, y: Scale) -> list[Pair]:
    """Return the corners of a band: along its upper edge, and back along the lower one."""
    ends = [at for at, *_ in band.points[1:]] + [band.points[-1][0]]
    steps = [(x(at), x(end), y(low), y(high)) for (at, low, high), end in
             zip(band.points, ends, strict=True)]  # fmt: skip
    above = [corner for left, right, _, high in steps for corner in ((left, high), (right, high))]
    below = [corner for left, right, low, _ in reversed(steps)
             for corner in ((right, low), (left, low))]  # fmt: skip
    return above + below


def bars(
    drawing: Drawing,
    span_ns: tuple[int, int],
    unit: str,
    stretches: Sequence[tuple[int, int, float, str]],
    line: Line,
    level: Level,
) -> None:
    """Draw a bar for each stretch of time (from, to, value, tip), a line and a level."""
    seen = [value for *_, value, _ in stretches] + [value for _, value in line.points]
    x, y = _time_axes(drawing, span_ns, span_of([*seen, level.value], zero=True), unit)
    for start, end, value, tip in stretches:
        left, right = x(start), x(end)
        drawing.rect(left + 0.5, y(value), right - left - 1, y(0) - y(value), "f1", tip)
    drawing.path([(x(at), y(value)) for at, value in line.points], line.kind)
    drawing.line(drawing.x[0], y(level.value), drawing.x[1], y(level.value), level.kind)
    drawing.legend(
        [("square", "f1", "in the stretch"), ("line", line.kind, line.name),
         ("dash", level.kind, level.name)]
    )  # fmt: skip


def _time_axes(
    drawing: Drawing, span_ns: tuple[int, int], bounds: Pair, unit: str
) -> tuple[Scale, Scale]:
    x, y = Scale(*span_ns, *drawing.x), Scale(*bounds, *drawing.y)
    axes(drawing, x, y, time_ticks(*span_ns), nice_ticks(*bounds), unit)
    return x, y


def waterfall(drawing: Drawing, parts: Mapping[str, float], total: float) -> None:
    """Draw parts one below the other, each from where the last ended, and their total."""
    ends = [0.0]
    for value in parts.values():
        ends.append(ends[-1] + value)
    low, high = span_of([*ends, total], zero=True, pad=0.18)
    high = high or -0.18 * low  # room for the figures beside what ends at zero
    x = Scale(low, high, LABELS - 80, drawing.x[1])
    bottom = drawing.height - 26
    for value, label in nice_ticks(x.low, x.high):
        drawing.line(x(value), bottom, x(value), 24, "zero" if value == 0 else "grid")
        drawing.text(x(value), bottom + 16, label, "lab", "middle")
    rows = [*zip(parts, ends, parts.values(), strict=False), ("total", 0.0, total)]
    for i, (name, base, value) in enumerate(rows):
        middle = 24 + ROW * (i + 0.5)
        left, right = sorted((x(base), x(base + value)))
        kind = "f1" if name == "total" else "fbad" if value > 0 else "fgood"
        drawing.text(x.start - 8, middle + 4, name, "lab", "end")
        drawing.rect(left, middle - 8, right - left, 16, kind, f"{name} {value:+.3f} bps")
        drawing.text(right + 5, middle + 4, signed(value), "val")
        if name != "total":
            end = x(base + value)
            drawing.line(end, middle + 8, end, middle + ROW - 8, "whisk")
    legend: list[tuple[Mark, str, str]] = [
        ("square", "fbad", "cost +"),
        ("square", "fgood", "gain −"),
    ]
    drawing.legend([*legend, ("square", "f1", "total")])
    drawing.text(drawing.x[1], 14, "bps", "unit", "end")


def intervals(
    drawing: Drawing,
    rows: Sequence[Interval],
    unit: str,
    *,
    log: bool = False,
    kind: str = "1",
    meaning: str = "",
    gains: bool = False,
) -> None:
    """Draw a row for each value: a bar from zero (a dot where logarithmic) and its interval.

    Positive values are costs, or gains.
    """
    seen = [v for row in rows for v in (row.value, row.low, row.high) if v is not None]
    if log:
        low, high = max(LEAST, min(seen)), max(LEAST, *seen)
        bounds = 10.0 ** _floor_log(low), 10.0 ** (_floor_log(high) + 1)
    else:
        bounds = span_of(seen, zero=True, pad=0.15)
    x = Scale(*bounds, LABELS, drawing.x[1], log=log)
    bottom = drawing.height - 26
    ticks = log_ticks(*bounds) if log else nice_ticks(*bounds)
    for value, label in ticks:
        drawing.line(x(value), bottom, x(value), 24, "zero" if value == 0 else "grid")
        drawing.text(x(value), bottom + 16, label, "lab", "middle")
    drawing.text(drawing.x[1], 14, unit, "unit", "end")
    if meaning:
        drawing.text(8, 14, meaning, "leg")
    for i, row in enumerate(rows):
        middle = 24 + ROW * (i + 0.5)
        drawing.text(LABELS - 8, middle + 4, row.name, "lab", "end")
        tip = row.told or f"{row.name} {row.value:+.3f} {unit}"
        if log:
            drawing.mark("circle", x(row.value), middle, 4.5, f"f{kind}", tip)
        else:
            left, right = sorted((x(0), x(row.value)))
            look = "fbad" if (row.value > 0) is not gains else "fgood"
            drawing.rect(left, middle - 7, right - left, 14, look, tip)
        if row.low is not None and row.high is not None:
            drawing.line(x(row.low), middle, x(row.high), middle, "whisk")
            for end in (row.low, row.high):
                drawing.line(x(end), middle - 5, x(end), middle + 5, "whisk")


def rows_height(rows: int) -> int:
    """Return how high a drawing of rows is."""
    return 24 + ROW * rows + 26


def histogram(drawing: Drawing, values: Sequence[float], unit: str, counted: str) -> None:
    """Draw how many values fall into each of some round bins."""
    low, high = span_of(values, zero=True, pad=0.02)
    edges = [value for value, _ in nice_ticks(low, high, 24)]
    step = edges[1] - edges[0] if len(edges) > 1 else high - low
    edges = [edges[0] - step, *edges, edges[-1] + step]
    counts = [0] * (len(edges) - 1)
    for value in values:
        counts[min(len(counts) - 1, max(0, int((value - edges[0]) // step)))] += 1
    x = Scale(edges[0], edges[-1], *drawing.x)
    y = Scale(0, max(counts) * 1.08, *drawing.y)
    axes(drawing, x, y, nice_ticks(edges[0], edges[-1]), nice_ticks(0, y.high, 4), unit)
    for i, count in enumerate(counts):
        if count:
            left, right = x(edges[i]), x(edges[i + 1])
            kind = "fgood" if edges[i + 1] <= step / 2 else "fbad"
            tip = f"{count} {counted} from {edges[i]:g} to {edges[i + 1]:g} bps"
            drawing.rect(left + 0.5, y(count), right - left - 1, y(0) - y(count), kind, tip)
    mean = sum(values) / len(values)
    drawing.line(x(mean), drawing.y[0], x(mean), drawing.y[1], "s4 dash")
    drawing.legend([("square", "fgood", "gain"), ("square", "fbad", "cost"),
                    ("dash", "s4 dash", f"mean {signed(mean)}")])  # fmt: skip


def steps(
    drawing: Drawing,
    names: Sequence[str],
    unit: str,
    groups: Sequence[tuple[str, Mark, str, Sequence[float | None], bool]],
) -> None:
    """Draw a line for each group (name, mark, kind, a value for each name, dashed)."""
    seen = [value for *_, values, _ in groups for value in values if value is not None]
    y = Scale(*span_of(seen, zero=True), *drawing.y)
    x = Scale(-0.4, len(names) - 0.6, *drawing.x)
    axes(drawing, x, y, list(enumerate(names)), nice_ticks(y.low, y.high), unit)
    legend: list[tuple[Mark, str, str]] = []
    for name, shape, colour, values, dashed in groups:
        points = [(x(i), y(v)) for i, v in enumerate(values) if v is not None]
        drawing.path(points, f"s{colour}{' dash' if dashed else ''}")
        for i, value in enumerate(values):
            if value is not None:
                tip = f"{name}, {names[i]}: {value:+.3f} {unit}"
                drawing.mark(shape, x(i), y(value), 4, f"f{colour}", tip)
        legend.append((shape, f"f{colour}", name))
    drawing.legend(legend)


def scatter(
    drawing: Drawing,
    points: Sequence[tuple[Interval, float]],
    unit: str,
    line: Sequence[tuple[float, Interval]] = (),
) -> None:
    """Draw what was predicted (with its interval) across, and what came upwards.

    `line` are points of a line through them and its band, cut at the chart's edges.
    """
    ends = [v for one, _ in points for v in (one.value, one.low, one.high) if v is not None]
    bounds = span_of([*ends, *(real for _, real in points)], zero=True)
    x, y = Scale(*bounds, *drawing.x), Scale(*bounds, *drawing.y)
    axes(drawing, x, y, nice_ticks(*bounds), nice_ticks(*bounds), f"realised, {unit}")
    drawing.line(x(bounds[0]), y(bounds[0]), x(bounds[1]), y(bounds[1]), "s4 dash")
    for one, real in points:
        if one.low is not None and one.high is not None:
            drawing.line(x(one.low), y(real), x(one.high), y(real), "whisk")
        drawing.mark("circle", x(one.value), y(real), 4, "f1", one.told)
    legend: list[tuple[Mark, str, str]] = [
        ("circle", "f1", "an order"),
        ("line", "whisk", "95 %"),
        ("dash", "s4 dash", "as predicted"),
    ]
    if line:
        at = [x(position) for position, _ in line]
        for kind, values in (
            ("s2", [one.value for _, one in line]),
            ("s2 dot", [one.low for _, one in line]),
            ("s2 dot", [one.high for _, one in line]),
        ):
            ups = [y(min(max(v, bounds[0]), bounds[1])) for v in values if v is not None]
            drawing.path(list(zip(at, ups, strict=True)), kind)
        legend.append(("line", "s2", "line, its 95 %"))
    drawing.legend(legend)


def lanes(
    drawing: Drawing,
    span_ns: tuple[int, int],
    names: Mapping[str, tuple[Mark, str]],
    points: Sequence[tuple[int, str, bool, str]],
) -> None:
    """Draw marks (time, lane, whether large, tip) in named lanes over time."""
    x = Scale(*span_ns, LABELS - 60, drawing.x[1])
    bottom = 24 + ROW * len(names)
    for value, label in time_ticks(*span_ns):
        drawing.line(x(value), bottom, x(value), 20, "grid")
        drawing.text(x(value), bottom + 17, label, "lab", "middle")
    row = {name: 24 + ROW * (i + 0.5) for i, name in enumerate(names)}
    for name, middle in row.items():
        drawing.line(x.start, middle, x.end, middle, "grid")
        drawing.text(x.start - 8, middle + 4, name, "lab", "end")
    for at, name, large, tip in points:
        shape, kind = names[name]
        drawing.mark(shape, x(at), row[name], 5.5 if large else 2.2, kind, tip)


def heat(
    drawing: Drawing,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], tuple[float, str]],
    counts: Mapping[tuple[str, str], int] | None = None,
) -> None:
    """Draw a value in each cell, with words as its tip and of how many it is, where that is given.

    A deeper shade is farther from zero.
    """
    width = (drawing.x[1] - LABELS + 60) / max(1, len(columns))
    most = max((abs(value) for value, _ in cells.values()), default=1.0) or 1.0
    crowded = len(columns) > CROWDED_COLUMNS  # every other name stands higher
    for j, column in enumerate(columns):
        up = 10 if crowded and j % 2 else 22
        drawing.text(LABELS - 60 + (j + 0.5) * width, up, column, "lab", "middle")
    for i, row in enumerate(rows):
        top = 26 + 34 * i
        drawing.text(LABELS - 68, top + 21, row, "lab", "end")
        for j, column in enumerate(columns):
            left = LABELS - 60 + j * width
            cell = cells.get((row, column))
            if cell is None:
                drawing.rect(left + 1, top + 1, width - 2, 32, "none")
                continue
            shade = min(SHADES, 1 + int(SHADES * abs(cell[0]) / most))
            kind = f"{'hbad' if cell[0] > 0 else 'hgood'} h{shade}"
            drawing.rect(left + 1, top + 1, width - 2, 32, kind, f"{row}, {column}: {cell[1]}")
            up = 21 if counts is None else 15
            value = signed(cell[0], 1 if most >= 1 else 2)
            drawing.text(left + width / 2, top + up, value, "val", "middle")
            if counts is not None:
                words = f"n={counts[row, column]:,}"
                drawing.text(left + width / 2, top + 29, words, "lab", "middle")


def _floor_log(value: float) -> int:
    exponent = 0
    while 10.0**exponent > value:
        exponent -= 1
    while 10.0 ** (exponent + 1) <= value:
        exponent += 1
    return exponent
