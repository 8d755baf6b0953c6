"""The charts of several orders together: means over those that ended, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steersman.report.cases import Case
from steersman.report.chart import Chart, chart_of
from steersman.report.order import BENCHMARKS, markout_chart
from steersman.report.plots import Interval, histogram, intervals, rows_height, waterfall
from steersman.report.svg import Drawing
from steersman.report.table import Cell, Column, Table
from steersman.tca.intervals import Estimate, mean_of
from steersman.tca.markouts import HORIZONS_S, Markout
from steersman.tca.shortfall import ComponentsBps

__all__ = ["orders_table", "several_charts"]

OVERLAP: Final = (
    "Orders that ran at the same time in the same market share its moves: the interval is too "
    "narrow for them."
)


def several_charts(cases: Sequence[Case]) -> list[Chart]:
    """Return T1, T2, T6 and T8 over the orders that ended."""
    ended = [case for case in cases if case.report.ended]
    return [_headline(ended), _waterfall(ended), _shortfalls(ended), _markouts(ended)]


def orders_table(cases: Sequence[Case]) -> Table:
    """Return one row an order, in the order given."""
    rows: list[tuple[Cell, ...]] = []
    for case in cases:
        report = case.report
        total = None if report.shortfall is None else float(report.shortfall.total)
        rows.append(
            (
                case.name,
                report.instrument,
                report.side.value,
                case.course.facts.order.algo.value,
                case.course.start_ns,
                float(report.qty),
                100 * report.fill_rate,
                report.state.value,
                report.is_bps,
                total,
                report.currency,
                report.benchmarks.arrival.slippage_bps,
                report.benchmarks.vwap.slippage_bps,
                "yes" if report.ended else "no: left out of means",
            )
        )
    columns = (
        Column("order"),
        Column("instrument"),
        Column("side"),
        Column("algorithm"),
        Column("arrival (UTC)", "time"),
        Column("quantity", "number", 4),
        Column("filled, %", "number", 1),
        Column("state"),
        Column("shortfall, bps", "number"),
        Column("shortfall", "number", 4),
        Column("currency"),
        Column("against arrival, bps", "number"),
        Column("against VWAP, bps", "number"),
        Column("counted"),
    )
    return Table("orders", "Orders", columns, tuple(rows))


def _headline(ended: Sequence[Case]) -> Chart:
    costs = [("shortfall", [case.report.is_bps for case in ended])]
    for name, words in BENCHMARKS:
        marks = [getattr(case.report.benchmarks, name).slippage_bps for case in ended]
        costs.append((words, marks))
    found: list[tuple[str, Estimate]] = []
    rows: list[tuple[Cell, ...]] = []
    for words, values in costs:
        estimate = mean_of([value for value in values if value is not None])
        if estimate is None:
            rows.append((words, None, None, None, 0))
            continue
        found.append((words, estimate))
        rows.append((words, estimate.value, estimate.low, estimate.high, estimate.n))
    table = Table(
        "T1",
        "Mean cost an order, bps",
        (
            Column("against"),
            Column("mean, bps", "number"),
            Column("low (95 %)", "number"),
            Column("high (95 %)", "number"),
            Column("n", "number", 0),
        ),
        tuple(rows),
    )
    money = _money(ended)
    title = "T1 Cost against benchmarks"
    about = (
        "Mean over the orders that ended, each counting once, with Student's 95 % interval; n is "
        "how many could be measured."
    )
    if not found:
        return Chart("T1", title, about, "", (table, money), ("No order that ended has a cost.",))
    drawn = [Interval(f"{name} (n={e.n})", e.value, e.low, e.high) for name, e in found]
    told = "; ".join(f"{row.name} {row.value:+.2f} bps" for row in drawn)
    drawing = Drawing("T1", "Mean cost against benchmarks", told, rows_height(len(drawn)))
    intervals(drawing, drawn, "bps", meaning="right of zero: cost")
    return chart_of(drawing, title, about, table, money, notes=(OVERLAP,))


def _money(ended: Sequence[Case]) -> Table:
    """Return the sums of money; different currencies are never added."""
    sums: dict[str, list[float]] = {}
    for case in ended:
        if case.report.shortfall is not None:
            sums.setdefault(case.report.currency, []).append(float(case.report.shortfall.total))
    return Table(
        "T1-money",
        "Shortfall in money, by currency",
        (Column("currency"), Column("sum", "number", 4), Column("n", "number", 0)),
        tuple((currency, sum(values), len(values)) for currency, values in sums.items()),
    )


def _waterfall(ended: Sequence[Case]) -> Chart:
    title = "T2 What the cost is made of"
    about = "Mean of each part over the orders that ended; the parts sum to the mean shortfall."
    parts = [case.report.components_bps for case in ended if case.report.components_bps]
    if not parts:
        return Chart("T2", title, about, "", (), ("No order that ended has a cost.",))
    rows: list[tuple[Cell, ...]] = []
    means = {}
    for name in ComponentsBps.__slots__:
        estimate = mean_of([getattr(part, name) for part in parts])
        assert estimate is not None, "there are parts"
        means[name] = estimate.value
        rows.append((name, estimate.value, estimate.low, estimate.high, estimate.n))
    total = sum(means.values())
    columns = (
        Column("part"),
        Column("mean, bps", "number", 3),
        Column("low (95 %)", "number", 3),
        Column("high (95 %)", "number", 3),
        Column("n", "number", 0),
    )
    table = Table("T2", "Mean parts of the shortfall (Wagner)", columns, tuple(rows))
    told = ", ".join(f"{name} {value:+.2f}" for name, value in means.items())
    drawing = Drawing(
        "T2", "Cost waterfall", f"{told}; total {total:+.2f} bps", rows_height(len(means) + 1)
    )
    waterfall(drawing, means, total)
    return chart_of(drawing, title, about, table)


def _shortfalls(ended: Sequence[Case]) -> Chart:
    rows = tuple(
        (case.name, case.report.is_bps) for case in ended if case.report.is_bps is not None
    )
    columns = (Column("order"), Column("shortfall, bps", "number"))
    table = Table("T6", "Shortfall of each order", columns, rows)
    title = "T6 Shortfall of the orders"
    about = "The distribution over the orders that ended. Other algorithms need a study."
    values = [value for _, value in rows]
    if not values:
        return Chart("T6", title, about, "", (table,), ("No order that ended has a cost.",))
    told = f"{len(values)} orders, from {min(values):+.2f} to {max(values):+.2f} bps"
    drawing = Drawing("T6", "Shortfall of the orders", told)
    histogram(drawing, values, "bps, orders", "orders")
    return chart_of(drawing, title, about, table)


def _markouts(ended: Sequence[Case]) -> Chart:
    """Return mark-outs as the mean over orders of each order's own."""
    means: list[Markout] = []
    for which in ("all", "maker", "taker"):
        for horizon_s in HORIZONS_S:
            own = [
                mark
                for case in ended
                for mark in case.report.markouts
                if mark.which == which and mark.horizon_s == horizon_s
            ]
            known = [mark for mark in own if mark.measured]
            fill = mean_of([mark.vs_fill_bps or 0.0 for mark in known])
            mid = mean_of([mark.vs_mid_bps or 0.0 for mark in known])
            means.append(
                Markout(
                    horizon_s,
                    which,
                    None if fill is None else fill.value,
                    None if mid is None else mid.value,
                    sum(mark.measured for mark in own),
                    sum(mark.fills for mark in own),
                )
            )
    note = "Each order's mean counts once; measured and fills are sums over the orders."
    return markout_chart("", tuple(means), (), (note,))
