"""The charts of how orders were conducted, of one or of many: T7 and T9 to T13."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Final

from steersman.domain.messages import Verdict
from steersman.domain.units import SECOND_NS
from steersman.report.cases import Case
from steersman.report.chart import Chart, chart_of
from steersman.report.conditions import hours_chart
from steersman.report.judged import counterfactual_chart
from steersman.report.plots import Interval, intervals, lanes, rows_height, scatter
from steersman.report.svg import Drawing, Mark
from steersman.report.table import Cell, Column, Table, estimate_columns, figure
from steersman.tca.decisions import Decision
from steersman.tca.lines import Fit, line_of
from steersman.tca.quality import Quality, nearest_rank, quality

__all__ = ["children_chart", "conduct_charts"]

STRETCHES: Final = 24  # of a line whose band is curved

LANES: Final[Mapping[str, tuple[Mark, str]]] = {
    Verdict.ACCEPTED.value: ("circle", "f2"),
    Verdict.CLAMPED.value: ("diamond", "f3"),
    Verdict.INVALID.value: ("cross", "sbad thick"),
    Verdict.LATE.value: ("square", "f4"),
    Verdict.STALE.value: ("square", "f4"),
    Verdict.TIMEOUT.value: ("triangle", "fbad"),
    Verdict.UNAVAILABLE.value: ("cross", "sbad thick"),
}


def conduct_charts(cases: Sequence[Case], prefix: str = "") -> list[Chart]:
    """Return T7 and T9 to T13 of the cases together."""
    return [
        _predicted(cases, f"{prefix}T7"),
        _quality(cases, f"{prefix}T9"),
        counterfactual_chart(cases, f"{prefix}T10"),
        _decisions(cases, f"{prefix}T11"),
        _limits(cases, f"{prefix}T12"),
        hours_chart(cases, f"{prefix}T13"),
    ]


def _predicted(cases: Sequence[Case], key: str) -> Chart:
    title = "T7 Predicted and realised impact"
    about = (
        "What the law of cost expected at arrival, with its 95 % interval, against what was paid "
        "without fees, in bps of the arrival price. Only orders that were filled in full count."
    )
    rows: list[tuple[Cell, ...]] = []
    points = []
    for case in cases:
        one = case.prediction
        if one is None:
            continue
        low, high = one.first.confidence_low_bps, one.first.confidence_high_bps
        predicted, real = one.first.estimated_impact_bps, one.realised_bps
        within = None if one.within is None else "yes" if one.within else "no"
        rows.append((case.name, predicted, low, high, one.last.estimated_impact_bps, real, within))
        if real is not None:
            tip = f"{case.name}: predicted {predicted:+.2f}, paid {real:+.2f} bps"
            points.append((Interval(case.name, predicted, low, high, tip), real))
    table = Table(
        key,
        "Predictions",
        (
            Column("order"),
            Column("predicted, bps", "number"),
            Column("low, bps", "number"),
            Column("high, bps", "number"),
            Column("last estimate, bps", "number"),
            Column("paid, bps", "number"),
            Column("within"),
        ),
        tuple(rows),
    )
    if not points:
        why = "No order was both predicted and filled in full."
        return Chart(key, title, about, "", (table,), (why,))
    held = sum(row[-1] == "yes" for row in rows)
    told = f"{held} of {len(points)} lay within their interval"
    line = line_of([one.value for one, _ in points], [real for _, real in points])
    drawing = Drawing(key, "Predicted and realised impact", told)
    scatter(drawing, points, "bps", _drawn(line, [one.value for one, _ in points]))
    return chart_of(drawing, title, f"{about} {told.capitalize()}.", table, _calibration(line, key))


def _drawn(line: Fit | None, predicted: Sequence[float]) -> list[tuple[float, Interval]]:
    """Return points of a line and its band over what was predicted."""
    if line is None:
        return []
    low, width = min(predicted), max(predicted) - min(predicted)
    ends = [low + width * i / STRETCHES for i in range(STRETCHES + 1)]
    found = [(x, line.at(x)) for x in ends]
    return [(x, Interval("line", one.value, one.low, one.high)) for x, one in found]


def _calibration(line: Fit | None, key: str) -> Table:
    """Return the line of what was paid over what was predicted."""
    zero = "paid where 0 is predicted, bps"
    found = () if line is None else (("slope", line.slope), (zero, line.intercept))
    return Table(
        f"{key}-line",
        "Paid over predicted, a line by least squares (slope 1 and 0 bps: as predicted)",
        (Column("figure"), *estimate_columns("value", 3)),
        tuple((words, one.value, one.low, one.high, one.n) for words, one in found),
    )


def _quality(cases: Sequence[Case], key: str) -> Chart:
    found = quality([life for case in cases for life in case.lives])
    latencies = [d.latency_ms for case in cases for d in case.decisions]
    timed: list[tuple[str, float | None, float | None]] = [
        ("sent to acknowledged", found.ack_ms_p50, found.ack_ms_p95),
        ("sent to first fill", found.fill_ms_p50, found.fill_ms_p95),
        ("waiting in the queue", _ms(found.queue_s_p50), _ms(found.queue_s_p95)),
        ("question to answer", nearest_rank(latencies, 0.50), nearest_rank(latencies, 0.95)),
    ]
    times = Table(
        f"{key}-times",
        "Latencies, market time",
        (Column("what"), Column("median, ms", "number", 1), Column("p95, ms", "number", 1)),
        tuple(timed),
    )
    drawn = []
    for name, median, p95 in timed:
        if median is not None:
            told = f"{name}: median {median:,.1f} ms, p95 {p95:,.1f} ms"
            drawn.append(Interval(name, median, median, p95, told))
    title = "T9 Fill quality and latency"
    about = (
        f"{_rates_in_words(found)} Dots are medians, whiskers reach to the 95th percentile; "
        "logarithmic."
    )
    alone = (_children(case, key) for case in cases if len(cases) == 1)
    tables = _rates(found, key), times, *alone
    if not drawn:
        return Chart(key, title, about, "", tables, ("Nothing was sent.",))
    drawing = Drawing(key, "Latencies", "; ".join(d.told for d in drawn), rows_height(len(drawn)))
    intervals(drawing, drawn, "ms", log=True)
    return chart_of(drawing, title, about, *tables)


def children_chart(case: Case, prefix: str) -> Chart:
    """Return what of T9 is told of one order among several."""
    table = _children(case, f"{prefix}T9")
    title = "T9 Child orders"
    about = "Each with why it was sent, and the waits that a limit imposed; rates are pooled above."
    return Chart(f"{prefix}T9", title, about, "", (table,))


def _children(case: Case, key: str) -> Table:
    """Return the child orders, and the waits that a limit imposed, with their reasons."""
    columns = (
        Column("from (UTC)", "time"),
        Column("until (UTC)", "time"),
        Column("action"),
        Column("child"),
        Column("quantity", "number", 4),
        Column("price type"),
        Column("price", "number", 4),
        Column("filled", "number", 4),
        Column("state"),
        Column("why"),
        Column("how it ended"),
    )
    rows = tuple(
        (
            row.at_ns,
            row.until_ns,
            row.action,
            row.child_id,
            None if row.qty is None else float(row.qty),
            row.price_type,
            None if row.price is None else float(row.price),
            float(row.filled),
            f"refused {row.refusals} x" if row.refusals else row.state,
            row.reason,
            row.outcome,
        )
        for row in case.rows
    )
    return Table(f"{key}-children", "Child orders and why each was sent", columns, rows)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1e3 * seconds


def _rates_in_words(found: Quality) -> str:
    filled, cancelled = (
        None if rate is None else 100 * rate
        for rate in (found.fill_probability, found.cancel_ratio)
    )
    return (
        f"{found.children} children, {found.resting} of them resting: {figure(filled, 1)} % of "
        f"those were filled at least in part; {figure(cancelled, 1)} % of all were cancelled with "
        f"something left, {found.rejected} rejected, {found.unanswered} unanswered."
    )


def _rates(found: Quality, key: str) -> Table:
    rows = tuple((field.name, getattr(found, field.name)) for field in fields(found))
    return Table(
        f"{key}-rates", "Fill quality", (Column("figure"), Column("value", "number", 3)), rows
    )


def _decisions(cases: Sequence[Case], key: str) -> Chart:
    rows: list[tuple[Cell, ...]] = []
    points = []
    for case in cases:
        for one in case.decisions:
            fallback = "yes" if one.fallback else "no"
            rows.append(
                (
                    one.at_ns,
                    case.name,
                    one.advisor,
                    one.verdict.value,
                    fallback,
                    one.latency_ms,
                    one.tokens,
                    float(one.cost_usd),
                    one.asks_for or "changes nothing",
                    "yes" if one.changes else "no",
                    one.why,
                    one.outcome.value,
                    ", ".join(one.checks),
                    *_worth(one),
                )
            )
            tip = f"{one.asks_for}: {one.why}"[:200]
            points.append((one.at_ns, one.verdict.value, one.changes, tip))
    kinds = ("time (UTC)", "order", "advisor", "verdict", "fallback", "latency, ms", "tokens")
    told = ("cost, USD", "asks for", "new", "why", "how it came", "failed checks")
    names = (*kinds, *told, "gain, bps", "worth")
    numeric = {"latency, ms": 0, "tokens": 0, "cost, USD": 6, "gain, bps": 3}
    columns = tuple(
        Column(name, "time")
        if name.startswith("time")
        else Column(name, "number", numeric[name])
        if name in numeric
        else Column(name)
        for name in names
    )
    table = Table(key, "Decisions", columns, tuple(rows))
    title = "T11 Decisions of the advisor"
    about = (
        "Every answer and what became of it; a large mark asked for something new. What a decision "
        "gained over no answer is known where it was judged (steersman run --judge; T10)."
    )
    if not points:
        why = "No advisor was asked, or none has answered."
        return Chart(key, title, about, "", (table,), (why,))
    counts = Counter(name for _, name, *_ in points)
    counted = ", ".join(f"{n} {name}" for name, n in counts.most_common())
    shown = {name: mark for name, mark in LANES.items() if name in counts}
    drawing = Drawing(key, "Decisions", counted, 24 + 24 * len(shown) + 26)
    ends = [at for at, *_ in points]
    lanes(drawing, (min(ends), max(*ends, min(ends) + SECOND_NS)), shown, points)
    return chart_of(drawing, title, f"{about} {counted}.", table)


def _worth(one: Decision) -> tuple[float | None, str]:
    """Return the marginal gain of a decision and what it was worth, where it was judged."""
    return (None, "") if one.valued is None else (one.valued.gain.mean_bps, one.valued.worth.value)


def _limits(cases: Sequence[Case], key: str) -> Chart:
    limits = Table(
        f"{key}-limits",
        "Limits that refused",
        (
            Column("order"),
            Column("rule"),
            Column("refusals", "number", 0),
            Column("first (UTC)", "time"),
            Column("last (UTC)", "time"),
            Column("what it said first"),
        ),
        tuple(
            (case.name, t.rule, t.refusals, t.first_ns, t.last_ns, t.detail)
            for case in cases
            for t in case.limits
        ),
    )
    happened = Table(
        f"{key}-incidents",
        "Alerts, faults, interventions, differences",
        (
            Column("time (UTC)", "time"),
            Column("order"),
            Column("kind"),
            Column("severity"),
            Column("what"),
        ),
        tuple(
            (i.at_ns, case.name, i.kind, i.severity, i.text)
            for case in cases
            for i in case.incidents
        ),
    )
    counts: Counter[str] = Counter()
    for case in cases:
        for touched in case.limits:
            counts[touched.rule] += touched.refusals
    title = "T12 Limits touched, alerts, faults"
    about = f"{sum(counts.values())} refusals by limits, {len(happened.rows)} other incidents."
    if not counts:
        return Chart(key, title, about, "", (happened,), ("No limit refused anything.",))
    drawn = [Interval(rule, float(n), told=f"{rule}: {n}") for rule, n in counts.most_common(12)]
    told = ", ".join(one.told for one in drawn)
    drawing = Drawing(key, "Refusals by rule", told, rows_height(len(drawn)))
    intervals(drawing, drawn, "refusals")
    return chart_of(drawing, title, about, limits, happened)
