"""T13: what orders cost by hour and regime, and by their size and the market's volatility.

A size is the order's quantity in percent of what others would trade over its horizon at the rate
seen at its arrival, so that orders in different markets compare; a volatility is that seen then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from steersman.domain.units import SECOND_NS
from steersman.report.cases import Case
from steersman.report.chart import Chart, chart_of
from steersman.report.plots import heat
from steersman.report.svg import Drawing
from steersman.report.table import Cell, Column, Table, estimate_columns, mean_cells
from steersman.tca.quality import nearest_rank
from steersman.tca.valuation import Valuation

__all__ = ["hours_chart", "thirds_chart"]

ORDERS_MIN: Final = 3


def hours_chart(cases: Sequence[Case], key: str) -> Chart:
    """Draw the cost against arrival by hour and regime: of fills of one order, or of orders."""
    sums: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for case in cases:
        for regime, hour, weight, bps in _costs(case) if len(cases) == 1 else _cost_of(case):
            sums.setdefault((regime, hour), []).append((weight, bps))
    what = "fills, weighted by quantity" if len(cases) == 1 else "orders, each counts once"
    rows: list[tuple[Cell, ...]] = []
    cells = {}
    for (regime, hour), values in sorted(sums.items()):
        weight = sum(w for w, _ in values)
        mean = sum(w * bps for w, bps in values) / weight
        rows.append((regime, hour, mean, len(values)))
        cells[regime, hour] = mean, f"{mean:+.2f} bps over {len(values)}"
    table = Table(
        key,
        "Cost by hour and regime",
        (
            Column("regime"),
            Column("hour (UTC)"),
            Column("against arrival, bps", "number", 2),
            Column("n", "number", 0),
        ),
        tuple(rows),
    )
    title = "T13 Cost by hour and regime"
    about = f"Average price against arrival in bps: {what}. Deeper is farther from zero."
    if not cells:
        return Chart(key, title, about, "", (table,), ("Nothing was filled.",))
    names = list(dict.fromkeys(str(row[0]) for row in rows))
    hours = sorted({str(row[1]) for row in rows})
    told = "; ".join(f"{regime} {hour}: {words}" for (regime, hour), (_, words) in cells.items())
    drawing = Drawing(key, title, told[:600], 34 + 34 * len(names))
    heat(drawing, names, hours, cells)
    return chart_of(drawing, title, about, table)


def _hour(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC).strftime("%H h")


def _costs(case: Case) -> list[tuple[str, str, float, float]]:
    facts, arrival = case.course.facts, case.report.arrival_price
    if arrival is None:
        return []
    valued = Valuation(facts.instrument, facts.order.side)
    return [
        (
            case.regime_at(fill.at_ns).value,
            _hour(fill.at_ns),
            float(fill.qty),
            valued.slippage_bps(fill.price, arrival),
        )
        for fill in facts.fills
    ]


def _cost_of(case: Case) -> list[tuple[str, str, float, float]]:
    bps, at_ns = case.report.benchmarks.arrival.slippage_bps, case.report.arrival_ns
    if bps is None or at_ns is None or not case.report.ended:
        return []
    return [(case.regime_at(at_ns).value, _hour(at_ns), 1.0, bps)]


def thirds_chart(cases: Sequence[Case]) -> Chart:
    """Draw the cost of orders against arrival by thirds of their size and of the volatility."""
    found = [known for case in cases if (known := _conditions(case)) is not None]
    title, key = "T13 Cost by size and volatility", "T13-thirds"
    about = (
        "Average price against arrival in bps by thirds of the orders' size (% of what others "
        "trade over its horizon) and of the volatility at arrival (% in an hour): each order that "
        "ended counts once. Deeper is farther from zero."
    )
    if len(found) < ORDERS_MIN:
        return Chart(key, title, about, "", (), ("Thirds need three orders that were filled.",))
    sizes, size_of = _thirds([size for size, *_ in found], ("small", "medium", "large"))
    levels, level_of = _thirds([level for _, level, _ in found], ("low", "middle", "high"))
    groups: dict[tuple[str, str], list[float]] = {(s, v): [] for s in sizes for v in levels}
    for (*_, bps), size, level in zip(found, size_of, level_of, strict=True):
        groups[size, level].append(bps)
    rows = tuple((*names, *mean_cells(values)) for names, values in groups.items() if values)
    columns = (Column("size"), Column("volatility"), *estimate_columns("mean, bps"))
    table = Table(key, "Cost by thirds of size and volatility", columns, rows)
    cells = {
        (size, level): (mean, f"{mean:+.2f} bps over {n}")
        for size, level, mean, _, _, n in rows
        if mean is not None
    }
    told = "; ".join(f"{size}, {level}: {words}" for (size, level), (_, words) in cells.items())
    drawing = Drawing(key, title, told, 34 + 34 * len(sizes))
    heat(drawing, sizes, levels, cells)
    return chart_of(drawing, title, about, table)


def _conditions(case: Case) -> tuple[float, float, float] | None:
    """Return an order's size (%), the volatility (% in an hour) and its cost (bps), where known."""
    facts, bps = case.course.facts, case.report.benchmarks.arrival.slippage_bps
    seen, order = facts.arrival_view, facts.order
    if seen is None or bps is None or not case.report.ended or seen.volume_rate_per_s <= 0:
        return None
    volume = seen.volume_rate_per_s * order.horizon_ns / SECOND_NS
    return 100 * float(order.qty) / volume, seen.volatility_hour_pct, bps


def _thirds(values: Sequence[float], names: tuple[str, str, str]) -> tuple[list[str], list[str]]:
    """Return three names with the bounds of each third, and for each value the name of its own.

    Equal values are in the same third, which may leave another one empty.
    """
    low, high = (nearest_rank(values, share) or 0.0 for share in (1 / 3, 2 / 3))
    thirds = [
        f"{names[0]} ≤ {low:.3g} %",
        f"{names[1]} ≤ {high:.3g} %",
        f"{names[2]} > {high:.3g} %",
    ]
    return thirds, [thirds[(value > low) + (value > high)] for value in values]
