"""The charts of several orders together: means over those that ended, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from steersman.report.cases import Case
from steersman.report.chart import Chart, chart_of
from steersman.report.markouts import (
    markout_chart,
    mean_markouts,
    mean_reversion_table,
    mean_spreads,
    spreads_table,
)
from steersman.report.order import BENCHMARKS, UNSEEN, benchmark_money
from steersman.report.plots import Interval, histogram, intervals, rows_height, waterfall
from steersman.report.svg import Drawing
from steersman.report.table import Cell, Column, Table, estimate_columns, mean_cells
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
    rows = tuple((words, *mean_cells(values)) for words, values in costs)
    columns = (Column("against"), *estimate_columns("mean, bps"))
    table = Table("T1", "Mean cost an order, bps", columns, rows)
    money = _money(ended)
    title = "T1 Cost against benchmarks"
    about = (
        "Mean over the orders that ended, each counting once, with Student's 95 % interval; n is "
        "how many could be measured."
    )
    drawn = [
        Interval(f"{words} (n={n})", mean, low, high)
        for words, mean, low, high, n in rows
        if mean is not None
    ]
    if not drawn:
        return Chart("T1", title, about, "", (table, money), ("No order that ended has a cost.",))
    told = "; ".join(f"{row.name} {row.value:+.2f} bps" for row in drawn)
    drawing = Drawing("T1", "Mean cost against benchmarks", told, rows_height(len(drawn)))
    intervals(drawing, drawn, "bps", meaning="right of zero: cost")
    return chart_of(drawing, title, about, table, money, notes=(OVERLAP,))


def _money(ended: Sequence[Case]) -> Table:
    """Return sums and means of money by currency; different currencies are never added."""
    rows: list[tuple[Cell, ...]] = []
    for currency in dict.fromkeys(case.report.currency for case in ended):
        own = [case for case in ended if case.report.currency == currency]
        found = [case.report.shortfall for case in own]
        costs = [("shortfall", [None if one is None else float(one.total) for one in found])]
        for name, words in BENCHMARKS:
            marks = [benchmark_money(case, getattr(case.report.benchmarks, name)) for case in own]
            costs.append((words, marks))
        for words, values in costs:
            known = [value for value in values if value is not None]
            total = math.fsum(known) if known else None
            rows.append((currency, words, total, *mean_cells(known)))
    columns = (
        Column("currency"),
        Column("against"),
        Column("sum", "number", 4),
        *estimate_columns("mean", 4),
    )
    return Table("T1-money", "Cost in money, by currency", columns, tuple(rows))


def _waterfall(ended: Sequence[Case]) -> Chart:
    title = "T2 What the cost is made of"
    about = "Mean of each part over the orders that ended; the parts sum to the mean shortfall."
    found = [case.report.shortfall for case in ended if case.report.shortfall is not None]
    if not found:
        return Chart("T2", title, about, "", (), ("No order that ended has a cost.",))
    means: dict[str, float] = {}
    rows: list[tuple[Cell, ...]] = []
    for name in ComponentsBps.__slots__:
        mean, *more = mean_cells([getattr(one.wagner_bps, name) for one in found])
        assert mean is not None, "there are parts"
        means[name] = mean
        rows.append((name, mean, *more))
    rows.append(("total", *mean_cells([one.total_bps for one in found])))
    columns = (Column("part"), *estimate_columns("mean, bps", 3))
    table = Table("T2", "Mean parts of the shortfall (Wagner)", columns, tuple(rows))
    total = sum(means.values())
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
    reports = [case.report for case in ended]
    more = spreads_table("", mean_spreads(reports)), mean_reversion_table(reports)
    note = "Each order's mean counts once; measured and fills are sums over the orders."
    unseen = (UNSEEN,) if any(report.from_views for report in reports) else ()
    return markout_chart("", mean_markouts(reports), more, (note, *unseen))
