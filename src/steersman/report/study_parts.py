"""A study by parts of its orders: by regime, size and volatility. Hints, and labelled as such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.report.chart import Chart, chart_of
from steersman.report.plots import heat
from steersman.report.study_case import StudyCase
from steersman.report.study_differences import against_reference, shown_pairs
from steersman.report.study_plots import Row, forest, rows_height, short
from steersman.report.svg import Drawing
from steersman.report.table import Cell, Column, Table
from steersman.tca.study import OF_VOLUME, Pair, Part, PartPair, labels_of
from steersman.tca.study_pairs import advised, base_of, part_oriented, reference_of

__all__ = ["part_charts"]

HINT: Final = (
    "Intervals and cells are not adjusted for there being many parts: of twenty that hold nothing "
    "one looks as if it did. Read them as hints."
)
ONE_PART: Final = "All orders are of one part: there is nothing to set side by side."
PAIRS_MAX: Final = 4
HEAT_ROW: Final = 34


def part_charts(case: StudyCase) -> Iterator[Chart]:
    """Yield T13 by regime, size and volatility, and T10 by regime."""
    yield _arms_by_part(case)
    for number, pair in enumerate(_pairs(case), 1):
        yield _by_regime(case, pair, number)
        yield _crossed(case, pair, number)
    yield _by_volatility(case)


def _pairs(case: StudyCase) -> list[Pair]:
    """Return each advised arm less its schedule; where there is none, what else is shown first."""
    made = case.made
    bases = {(name, base_of(made, name)) for name in advised(made)}
    found = [pair for pair in shown_pairs(case) if (pair.a, pair.b) in bases]
    return (found or shown_pairs(case))[:PAIRS_MAX]


def _by_regime(case: StudyCase, pair: Pair, number: int) -> Chart:
    key, title = f"T10-regime-{number}", f"T10 {pair.a} less {pair.b}, by regime"
    about = "The same pair within each regime; left of zero: the first is cheaper."
    parts = case.study.splits.get("regime", {})
    if not parts:
        return Chart(key, title, about, "", (), (ONE_PART,))
    rows = [_row("all", pair)]
    cells: list[tuple[Cell, ...]] = [("all", pair.n, pair.mean_diff_bps, pair.ci_low, pair.ci_high)]
    for regime, part in parts.items():
        own = part_oriented(part.pairs, pair.a, pair.b)
        rows.append(_row(regime, own))
        cells.append((regime, part.n, own.mean_diff_bps, own.ci_low, own.ci_high))
    columns = (
        Column("regime"),
        Column("n", "number", 0),
        Column("mean, bps", "number"),
        Column("low (95 %)", "number"),
        Column("high (95 %)", "number"),
    )
    table = Table(key, f"Paired differences, {pair.a} less {pair.b}", columns, tuple(cells))
    told = "; ".join(f"{row.name} {row.value:+.2f}" for row in rows)
    drawing = Drawing(key, title, f"bps: {told}", rows_height(len(rows)))
    forest(drawing, rows, "bps", (("circle", "f1", "mean"), ("line", "whisk", "95 %")))
    return chart_of(drawing, title, about, table, notes=(HINT,))


def _row(name: str, pair: Pair | PartPair) -> Row:
    return Row(name, pair.mean_diff_bps, pair.ci_low, pair.ci_high)


def _arms_by_part(case: StudyCase) -> Chart:
    """Return what every arm cost in every part; the drawing has the regimes."""
    title, about = "T13 Cost by arm and regime", "Mean cost in bps; a deeper shade: more of it."
    rows: list[tuple[Cell, ...]] = []
    for by, parts in case.study.splits.items():
        for name, part in parts.items():
            for arm, own in part.arms.items():
                rows.append((by, name, arm, part.n, own.mean_bps, own.ci_low, own.ci_high,
                             own.cvar95_bps))  # fmt: skip
    columns = (
        Column("by"),
        Column("part"),
        Column("arm"),
        Column("n", "number", 0),
        Column("mean, bps", "number"),
        Column("low (95 %)", "number"),
        Column("high (95 %)", "number"),
        Column("CVaR95, bps", "number"),
    )
    table = Table("T13", "Cost by part of the orders and arm", columns, tuple(rows))
    regimes = case.study.splits.get("regime", {})
    if not regimes:
        return Chart("T13", title, about, "", (table,), (ONE_PART,))
    cells = {
        (short(arm, 16), regime): (own.mean_bps, f"{own.mean_bps:+.2f} bps, n = {part.n}")
        for regime, part in regimes.items()
        for arm, own in part.arms.items()
    }
    names = [short(arm, 16) for arm in case.study.arms]
    drawing = Drawing("T13", title, _counted(regimes), HEAT_ROW * len(names) + HEAT_ROW)
    heat(drawing, names, list(regimes), cells)
    return chart_of(drawing, title, f"{about} {_counted(regimes)}", table, notes=(HINT,))


def _counted(parts: Mapping[str, Part]) -> str:
    return "Orders: " + ", ".join(f"{name} {part.n:,}" for name, part in parts.items()) + "."


def _crossed(case: StudyCase, pair: Pair, number: int) -> Chart:
    """Return a pair's mean difference for each regime and size."""
    key, title = f"T13-{number}", f"T13 {pair.a} less {pair.b}, by regime and size"
    about = (
        "Mean difference in bps, below zero where the first is cheaper, and of how many orders; "
        "sizes in shares of what the mean time as long as an order trades."
    )
    labels = labels_of(case.data)
    whole = ["all"] * len(case.data.costs)
    regimes = labels.get("regime", whole)
    sizes = [size.removesuffix(OF_VOLUME) for size in labels.get("size", whole)]
    columns = list(dict.fromkeys(sizes))
    rows = {regime: (pair, np.array(regimes) == regime) for regime in dict.fromkeys(regimes)}
    return _heat(case, rows, np.array(sizes), columns, (key, title, about, "regime"))


def _by_volatility(case: StudyCase) -> Chart:
    reference = reference_of(case.made)
    title = f"T13 Differences from {reference}, by volatility"
    about = (
        f"Each arm less {reference}: mean difference in bps, and of how many orders, by third of "
        "the orders by their volatility at arrival."
    )
    pairs = against_reference(case)
    if "volatility" not in case.study.splits or not pairs:
        return Chart("T13-volatility", title, about, "", (), (ONE_PART,))
    thirds = np.array(labels_of(case.data)["volatility"])
    everywhere = np.full(len(thirds), True)
    rows = {short(pair.a, 16): (pair, everywhere) for pair in pairs}
    columns = list(case.study.splits["volatility"])
    return _heat(case, rows, thirds, columns, ("T13-volatility", title, about, "arm"))


def _heat(
    case: StudyCase,
    rows: Mapping[str, tuple[Pair, npt.NDArray[np.bool_]]],
    across: npt.NDArray[np.str_],
    columns: Sequence[str],
    words: tuple[str, str, str, str],
) -> Chart:
    """Return a chart of mean differences; a row is of a pair and of some orders.

    `across` is the column each order is of; `words` are key, title, what it is, what rows are.
    """
    key, title, about, what = words
    data = case.data
    cells: dict[tuple[str, str], tuple[float, str]] = {}
    counts: dict[tuple[str, str], int] = {}
    found: list[tuple[Cell, ...]] = []
    for row, (pair, own) in rows.items():
        a, b = (data.arms.index(name) for name in (pair.a, pair.b))
        differences = data.costs[:, a] - data.costs[:, b]
        for column in columns:
            held = own & (across == column)
            n = int(held.sum())
            if n:
                mean = float(differences[held].mean())
                cells[row, column] = mean, f"{mean:+.2f} bps, n = {n}"
                counts[row, column] = n
                found.append((row, f"{pair.a} − {pair.b}", column, n, mean))
    heads = (
        Column(what),
        Column("a less b"),
        Column("part"),
        Column("n", "number", 0),
        Column("mean, bps", "number", 3),
    )
    told = "; ".join(f"{row}, {column}: {value}" for (row, column), (_, value) in cells.items())
    drawing = Drawing(key, title, told, HEAT_ROW * len(rows) + HEAT_ROW)
    heat(drawing, list(rows), columns, cells, counts)
    table = Table(key, title, heads, tuple(found))
    return chart_of(drawing, title, about, table, notes=(HINT,))
