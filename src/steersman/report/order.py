"""The charts of one order: what it cost and how it was worked over time."""

from __future__ import annotations

from typing import Final

from steersman.domain.order import Liquidity
from steersman.domain.units import SECOND_NS
from steersman.report.cases import Case
from steersman.report.chart import Chart, chart_of
from steersman.report.markouts import markout_chart, reversion_table, spreads_table
from steersman.report.plots import (
    Band,
    Dots,
    Interval,
    Level,
    Line,
    bars,
    histogram,
    intervals,
    over_time,
    rows_height,
    waterfall,
)
from steersman.report.svg import Drawing, Mark
from steersman.report.table import Cell, Column, Table, clock
from steersman.report.thin import COLUMNS, RULE, thin
from steersman.tca.benchmarks import Benchmark
from steersman.tca.facts import Fill
from steersman.tca.views import BLIND_NS

__all__ = ["BENCHMARKS", "UNSEEN", "benchmark_money", "cost_charts", "course_charts"]

BENCHMARKS: Final = (
    ("arrival", "arrival mid"),
    ("vwap", "interval VWAP"),
    ("vwap_ex_own", "VWAP without own"),
    ("twap", "TWAP"),
    ("close", "close (deadline)"),
    ("pwp", "PWP"),
)
FILLS_APART: Final = 400
MERGED: Final = (
    f"Of more than {FILLS_APART} fills, those of one kind in the same stretch are one mark."
)
ENVELOPE: Final = (
    "Whatever is advised, the target stays within the discretion around the schedule as submitted, "
    "and within half of it where text alone advises. What was filled may lag behind."
)
NO_BAND: Final = (
    "The discretion is not drawn: this version decides otherwise than the journal says, so it "
    "cannot tell the schedule as submitted. Report with the version that wrote the journal."
)
UNSEEN: Final = (
    f"Horizons below {BLIND_NS / SECOND_NS:g} s and spreads are left out: views are too far apart "
    "to tell them."
)
VIEWS: Final = (
    "The market is known from what the engine saw (its views, at most a few seconds apart while it "
    "works), not from a full tape; the mid before a fill is the last one seen."
)


def cost_charts(case: Case, prefix: str) -> list[Chart]:
    """Return what an order cost: T1 and T2."""
    return [_headline(case, prefix), _waterfall(case, prefix)]


def course_charts(case: Case, prefix: str) -> list[Chart]:
    """Return how an order went: T3 to T6 and T8."""
    report = case.report
    kinds = (*report.markouts, *report.markouts_by_style)
    more = spreads_table(prefix, report.spreads), reversion_table(prefix, report.reversion)
    notes = (*_seen(case), UNSEEN) if report.from_views else ()
    return [
        _prices(case, prefix),
        _schedule(case, prefix),
        _participation(case, prefix),
        _slippages(case, prefix),
        markout_chart(prefix, kinds, more, notes),
    ]


def _seen(case: Case) -> tuple[str, ...]:
    return (VIEWS,) if case.report.from_views else ()


def _headline(case: Case, prefix: str) -> Chart:
    report = case.report
    rows: list[tuple[Cell, ...]] = [_shortfall_row(case)]
    drawn = [Interval("shortfall", report.is_bps)] if report.is_bps is not None else []
    for name, words in BENCHMARKS:
        mark: Benchmark = getattr(report.benchmarks, name)
        rows.append(_benchmark_row(case, words, mark))
        if mark.slippage_bps is not None:
            drawn.append(Interval(words, mark.slippage_bps))
    rpm = report.benchmarks.rpm
    rows.append(("RPM, % of volume beaten", None, None if rpm is None else 100 * rpm, None))
    table = Table(
        f"{prefix}T1",
        "Cost against each benchmark",
        (
            Column("against"),
            Column("price", "number", 4),
            Column("cost, bps (RPM: %)", "number"),
            Column(f"cost, {report.currency}", "number", 4),
        ),
        tuple(rows),
    )
    drawing = Drawing(
        f"{prefix}T1",
        "Cost against benchmarks",
        "; ".join(f"{row.name} {row.value:+.2f} bps" for row in drawn) or "nothing is known",
        rows_height(max(1, len(drawn))),
    )
    if drawn:
        intervals(drawing, drawn, "bps", meaning="right of zero: cost")
    about = (
        "Average price against each benchmark, in bps of it; the shortfall has fees and what was "
        "not filled in it. One order: n = 1, so there is no interval."
    )
    return chart_of(drawing, "T1 Cost against benchmarks", about, table, notes=_seen(case))


def _shortfall_row(case: Case) -> tuple[Cell, ...]:
    report = case.report
    price = None if report.decision_price is None else float(report.decision_price)
    total = None if report.shortfall is None else float(report.shortfall.total)
    return "decision price, all in", price, report.is_bps, total


def _benchmark_row(case: Case, words: str, mark: Benchmark) -> tuple[Cell, ...]:
    price = None if mark.price is None else float(mark.price)
    return words, price, mark.slippage_bps, benchmark_money(case, mark)


def benchmark_money(case: Case, mark: Benchmark) -> float | None:
    """Return what the filled part cost against a benchmark, in settlement currency."""
    if mark.price is None or mark.slippage_bps is None:
        return None
    value = case.course.facts.instrument.notional(mark.price, case.report.filled_qty)
    return mark.slippage_bps / 1e4 * float(value)


def _waterfall(case: Case, prefix: str) -> Chart:
    found = case.report.shortfall
    about = (
        "The parts sum exactly to the implementation shortfall (Wagner: delay on what was "
        "executed, opportunity from the decision price); the table has Kissell's beside it."
    )
    title = "T2 What the cost is made of"
    if found is None:
        why = "There is no price to value the order at, so its cost is unknown."
        return Chart(f"{prefix}T2", title, about, "", (), (why,))
    names = found.wagner_bps.__slots__
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            getattr(found.wagner_bps, name),
            float(getattr(found.wagner, name)),
            getattr(found.kissell_bps, name),
            float(getattr(found.kissell, name)),
        )
        for name in names
    ]
    rows.append(
        ("total", found.total_bps, float(found.total), found.total_bps, float(found.kissell.total))
    )
    money = case.report.currency
    table = Table(
        f"{prefix}T2",
        "Parts of the shortfall, both conventions",
        (
            Column("part"),
            Column("Wagner, bps", "number", 3),
            Column(f"Wagner, {money}", "number", 4),
            Column("Kissell, bps", "number", 3),
            Column(f"Kissell, {money}", "number", 4),
        ),
        tuple(rows),
    )
    parts = {name: getattr(found.wagner_bps, name) for name in names}
    told = ", ".join(f"{name} {value:+.2f}" for name, value in parts.items())
    drawing = Drawing(
        f"{prefix}T2",
        "Cost waterfall",
        f"{told}; total {found.total_bps:+.2f} bps",
        rows_height(len(parts) + 1),
    )
    waterfall(drawing, parts, found.total_bps)
    note = (
        "Temporary and permanent impact cannot be told apart in one order; the reversion under T8 "
        "is what hints at it."
    )
    return chart_of(drawing, title, about, table, notes=(note,))


def _span(case: Case) -> tuple[int, int]:
    start = case.course.start_ns
    return start, max(case.report.end_ns, start + 1_000_000_000)


def _prices(case: Case, prefix: str) -> Chart:
    facts, report = case.course.facts, case.report
    reasons = {row.child_id: row for row in case.lives}
    dots = _fill_marks(case)
    levels = [
        Level(name, kind, float(price))
        for name, kind, price in (
            ("arrival", "s4 dash", report.arrival_price),
            ("average", "s2 dot", report.avg_price),
            ("limit", "sbad dot", facts.order.limit_price),
        )
        if price is not None
    ]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            fill.at_ns,
            fill.child_id,
            fill.liquidity.value,
            reasons[fill.child_id].style.value,
            float(fill.qty),
            float(fill.price),
            float(fill.fee),
        )
        for fill in facts.fills
    )
    fills = Table(
        f"{prefix}T3-fills",
        "Fills",
        (
            Column("time (UTC)", "time"),
            Column("child"),
            Column("liquidity"),
            Column("style"),
            Column("quantity", "number", 4),
            Column("price", "number", 4),
            Column(f"fee, {report.currency}", "number", 6),
        ),
        rows,
    )
    mids = thin(case.course.mids)
    seen = _series(f"{prefix}T3-mid", "Mid as drawn", "mid", mids)
    title, key = "T3 Price and fills", f"{prefix}T3"
    about = (
        "Circles made liquidity, triangles took it; a larger mark is a larger fill. Times are UTC."
    )
    if not mids and not rows:
        return Chart(key, title, about, "", (), ("No price was seen while the order ran.",))
    told = (
        f"The mid from {clock(_span(case)[0])} to {clock(_span(case)[1])} UTC with "
        f"{len(facts.fills)} fills; average price {report.avg_price or 'unknown'}."
    )
    drawing = Drawing(key, "Price and fills", told)
    notes = (*_seen(case), RULE, *((MERGED,) if len(rows) > FILLS_APART else ()))
    over_time(drawing, _span(case), "price", [Line("mid", "s1", mids)], dots, levels)
    return chart_of(drawing, title, about, fills, seen, notes=notes)


def _fill_marks(case: Case) -> list[Dots]:
    """Return a mark for each fill; of very many, one for those of a kind in the same stretch."""
    facts = case.course.facts
    looks: tuple[tuple[Liquidity, Mark, str], ...] = (
        (Liquidity.MAKER, "circle", "f2"),
        (Liquidity.TAKER, "triangle", "f3"),
    )
    start, end = _span(case)
    found = []
    merged = len(facts.fills) > FILLS_APART
    for which, shape, kind in looks:
        groups: dict[object, list[Fill]] = {}
        for i, fill in enumerate(facts.fills):
            if fill.liquidity is which:
                stretch = (fill.at_ns - start) * COLUMNS // (end - start) if merged else i
                groups.setdefault(stretch, []).append(fill)
        if groups:
            points = [_mark_of(fills) for fills in groups.values()]
            most = max(qty for _, _, qty, _ in points)
            sized = [(at, price, qty / most, tip) for at, price, qty, tip in points]
            found.append(Dots(f"{which.value} fill", shape, kind, sized))
    return found


def _mark_of(fills: list[Fill]) -> tuple[int, float, float, str]:
    first, qty = fills[0], sum(float(fill.qty) for fill in fills)
    price = sum(float(fill.qty * fill.price) for fill in fills) / qty
    many = f", {len(fills)} fills" if len(fills) > 1 else ""
    tip = f"{clock(first.at_ns)} {qty:g} at {price:,.10g} ({first.child_id}{many})"
    return first.at_ns, price, qty, tip


def _series(key: str, title: str, name: str, points: list[tuple[int, float]]) -> Table:
    columns = (Column("time (UTC)", "time"), Column(name, "number", 4))
    return Table(key, title, columns, tuple(points))


def _schedule(case: Case, prefix: str) -> Chart:
    course, report = case.course, case.report
    end_ns = _span(case)[1]
    zero = (course.start_ns, 0.0)
    lines, tables = [], []
    for name, kind, points in (
        ("schedule", "s4 dash", course.schedule),
        ("filled", "s2", course.filled),
    ):
        last = points[-1][1] if points else 0.0
        inside = [zero, *(point for point in points if point[0] <= end_ns), (end_ns, last)]
        drawn = thin(inside)
        lines.append(Line(name, kind, drawn, step=True))
        tables.append(_series(f"{prefix}T4-{name}", f"Cumulative {name} as drawn", name, drawn))
    kept = report.adherence
    told = (
        "there was no schedule"
        if kept is None
        else f"at most {100 * kept.max_share:.2f} % of the order away from the schedule, "
        f"{100 * kept.mean_share:.2f} % on average over time"
    )
    band, notes = _band(case, end_ns)
    if band is not None:
        tables.append(_band_table(prefix, band))
    tables.append(_adherence(case, prefix))
    drawing = Drawing(f"{prefix}T4", "Schedule and filled quantity", told)
    level = Level("ordered", "s3 dot", float(report.qty))
    over_time(drawing, _span(case), "quantity", lines, levels=[level], band=band, zero=True)
    about = f"What should have been done by each time and what was: {told}."
    title = "T4 Schedule and filled quantity"
    return chart_of(drawing, title, about, *tables, notes=(*notes, RULE))


def _band(case: Case, end_ns: int) -> tuple[Band | None, tuple[str, ...]]:
    """Return what advice could have moved the target to, until the chart's end, and what to say."""
    if case.discretion is None:
        return None, (NO_BAND,)
    points = [(b.at_ns, float(b.least), float(b.most)) for b in case.discretion if b.at_ns < end_ns]
    if not points:
        return None, ()
    return Band("discretion", [*points, (end_ns, *points[-1][1:])]), (ENVELOPE,)


def _band_table(prefix: str, band: Band) -> Table:
    columns = (
        Column("time (UTC)", "time"),
        Column("least", "number", 4),
        Column("most", "number", 4),
    )
    rows = tuple(band.points)
    return Table(f"{prefix}T4-discretion", "What advice could move the target to", columns, rows)


def _adherence(case: Case, prefix: str) -> Table:
    kept = case.report.adherence
    rows = () if kept is None else (("at most", kept.max_share), ("on average", kept.mean_share))
    return Table(
        f"{prefix}T4-adherence",
        "Distance of what was filled from the schedule",
        (Column("over the order's time"), Column("% of the order", "number")),
        tuple((words, 100 * share) for words, share in rows),
    )


def _participation(case: Case, prefix: str) -> Chart:
    course = case.course
    cap = 100 * float(case.started.limits.max_participation)
    stretches, running, rows = [], [], []
    own = others = 0.0
    for bucket in course.buckets:
        own, others = own + bucket.own, others + bucket.others
        total = 100 * own / (own + others) if own + others else 0.0
        running.append((bucket.end_ns, total))
        share = None if bucket.share is None else 100 * bucket.share
        if share is not None:
            tip = f"{clock(bucket.start_ns)}: {share:.3f} %"
            stretches.append((bucket.start_ns, bucket.end_ns, share, tip))
        rows.append((bucket.start_ns, bucket.own, bucket.others, share, total))
    table = Table(
        f"{prefix}T5",
        "Participation",
        (
            Column("from (UTC)", "time"),
            Column("own", "number", 4),
            Column("others", "number", 4),
            Column("share, %", "number", 3),
            Column("so far, %", "number", 3),
        ),
        tuple(rows),
    )
    title, key = "T5 Share of the market's volume", f"{prefix}T5"
    about = "Own / (own + others) in equal stretches of the order's time, and since its start."
    if not stretches:
        why = "Nobody was seen to trade while the order ran."
        return Chart(key, title, about, "", (table,), (why,))
    shown = max(value for *_, value, _ in stretches)
    most = f"at most {shown:.2f} % in a stretch, {running[-1][1]:.2f} % in all, {cap:g} % allowed"
    drawing = Drawing(key, "Participation", most)
    level = Level(f"cap {cap:g} %", "sbad dot", cap)
    bars(drawing, _span(case), "%", stretches, Line("so far", "s3", running), level)
    notes = (*_seen(case),) if case.report.from_views else ()
    return chart_of(drawing, title, f"{about} {most.capitalize()}.", table, notes=notes)


def _slippages(case: Case, prefix: str) -> Chart:
    children = case.course.children
    table = Table(
        f"{prefix}T6",
        "Cost of each child",
        (
            Column("first fill (UTC)", "time"),
            Column("child"),
            Column("filled", "number", 4),
            Column("against the mid when first sent, bps", "number", 3),
        ),
        tuple((c.at_ns, c.child_id, float(c.qty), c.bps) for c in children),
    )
    title, key = "T6 Slippage of the children", f"{prefix}T6"
    about = (
        "Each child's average price against the mid seen when it was first sent, without fees. "
        "Other algorithms on the same market need a study."
    )
    if not children:
        return Chart(key, title, about, "", (table,), ("No child was filled.",))
    values = [child.bps for child in children]
    told = f"{len(values)} children, from {min(values):+.2f} to {max(values):+.2f} bps"
    drawing = Drawing(key, "Slippage of the children", told)
    histogram(drawing, values, "bps, children", "children")
    return chart_of(drawing, title, about, table)
