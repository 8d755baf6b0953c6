"""What people read when something is done: child orders, costs, what an import did.

Plain values in, tables out; nothing here computes a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from steersman.domain.impact import ImpactEstimate
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    Alert,
    Effect,
    Input,
    NewsArrived,
    RegimeChanged,
    Verdict,
)
from steersman.domain.units import SECOND_NS
from steersman.domain.valued import DecisionValued, Gain, Worth
from steersman.marketdata.importers.summary import ImportSummary
from steersman.runtime.outcome import Outcome
from steersman.runtime.predictions import Prediction
from steersman.tca.children import ChildRow
from steersman.tca.decisions import Decision
from steersman.tca.judged import Judged
from steersman.tca.measure import AdviceStats, CostReport

__all__ = [
    "clock",
    "import_summary",
    "iso",
    "judged_in_words",
    "key_values",
    "print_outcome",
    "result_console",
    "table",
]

ROWS_SHOWN: Final = 40
WIDTH_ELSEWHERE: Final = 132  # where there is no terminal to ask


def clock(at_ns: int) -> str:
    """Return a time of day in UTC to the second."""
    return datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC).strftime("%H:%M:%S")


def iso(at_ns: int) -> str:
    """Return a time in UTC to the second, ISO 8601."""
    return datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table for a terminal; columns named with a trailing `>` are right-aligned."""
    drawn = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for header in headers:
        right = header.endswith(">")
        drawn.add_column(header.rstrip(">"), justify="right" if right else "left")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn


def key_values(title: str, rows: Sequence[tuple[str, str]]) -> Table:
    """Return a two-column table of names and figures."""
    return table(title, ("", ""), rows)


def result_console() -> Console:
    """Return the console that results are printed on: stdout, wide where it is not a terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH_ELSEWHERE)


def print_outcome(outcome: Outcome, console: Console) -> None:
    """Print decisions, child orders and costs."""
    decisions = tuple(_decisions(outcome.messages))
    if decisions:
        headers = ("last at", "times>", "verdict", "what it asks for", "why")
        console.print(table("Decisions of the advisor", headers, _middle_cut(decisions)))
    if outcome.judged is not None:
        _print_judged(outcome.decisions, outcome.judged, console)
    columns = ("time", "action", "quantity>", "price type", "price>", "filled>", "state", "reason")
    rows = tuple(_cells(row) for row in outcome.rows)
    console.print(table("Child orders", columns, _middle_cut(rows)))
    for alert in (m for m in outcome.messages if isinstance(m, Alert)):
        console.print(f"{alert.severity}: {alert.text}", markup=False)
    console.print(_costs(outcome.report))
    if outcome.prediction is not None:
        console.print(_predicted(outcome.prediction))
    console.print(_execution(outcome))


def _decisions(messages: tuple[Input | Effect, ...]) -> list[tuple[str, ...]]:
    """Return one row a decision; what is decided again in the same words is counted, not shown."""
    rows: list[tuple[str, ...]] = []
    last: tuple[str, ...] = ()
    times, now_ns = 1, 0
    for message in messages:
        if isinstance(message, AdviceArrived):
            now_ns = message.at_ns
        elif isinstance(message, AdviceJudged):
            verdict = message.verdict.value + (" (fallback)" if message.fallback else "")
            told = (verdict, message.effect or "changes nothing", message.why)
            times = times + 1 if told == last else 1
            row = (clock(now_ns), f"{times} x" if times > 1 else "", *told)
            rows[len(rows) - (told == last) :] = [row]
            last = told
    return rows


def _print_judged(decided: Sequence[Decision], together: Judged, console: Console) -> None:
    heads = (
        "at", "asks for", "gain>", "95 % interval", "worth", "best other action",
        "gain over it>", "interval",
    )  # fmt: skip
    rows = tuple(
        _judged_cells(one.at_ns, one.asks_for, one.valued)
        for one in decided
        if one.valued is not None and one.valued.worth is not Worth.IDLE
    )
    if rows:
        futures = "1 future" if together.futures == 1 else f"{together.futures} futures"
        title = f"Decisions judged in {futures}: gain over no answer, in bps of the order"
        console.print(table(title, heads, _middle_cut(rows)))
    console.print(f"Decisions: {judged_in_words(together)}.", markup=False, highlight=False)
    if together.caveat:
        console.print(f"caveat: {together.caveat}", markup=False)


def _judged_cells(at_ns: int, asks_for: str, value: DecisionValued) -> tuple[str, ...]:
    best = value.best
    against = ("", "", "") if best is None else (best.effect, *_gain_cells(best.gain))
    return (clock(at_ns), asks_for, *_gain_cells(value.gain), value.worth.value, *against)


def _gain_cells(gain: Gain) -> tuple[str, str]:
    low, high = gain.low_bps, gain.high_bps
    ends = "" if low is None or high is None else f"{low:+.3f} to {high:+.3f}"
    return f"{gain.mean_bps:+.3f}", ends


def judged_in_words(together: Judged) -> str:
    """Say how many decisions were right, wrong and neither, and what one of them gained."""
    worths = ("hindsight",) if together.hindsight else ("right", "wrong", "undecided")
    names = (*worths, "idle", "unjudged")
    counts = ", ".join(f"{getattr(together, name)} {name}" for name in names)
    share, gain = together.share_right, together.gain_bps
    told = [counts]
    if share is not None and share.low is not None and share.high is not None:
        told.append(
            f"right of the right and wrong {share.value * 100:.0f} % "
            f"({share.low * 100:.0f} to {share.high * 100:.0f} %)"
        )
    if gain is not None:
        ends = "" if gain.low is None else f" ({gain.low:+.3f} to {gain.high:+.3f})"
        told.append(f"mean gain {gain.value:+.3f} bps{ends}")
    return "; ".join(told)


def _middle_cut(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Leave out the middle of a long table, and say how much was left out."""
    if len(rows) <= ROWS_SHOWN:
        return rows
    half = ROWS_SHOWN // 2
    note = ("…", f"{len(rows) - 2 * half} more", *("" for _ in rows[0][2:]))
    return (*rows[:half], note, *rows[-half:])


def _cells(row: ChildRow) -> tuple[str, ...]:
    state = f"refused {row.refusals} x" if row.refusals else str(row.state)
    return (
        clock(row.at_ns),
        row.action,
        _or_blank(row.qty),
        row.price_type or "",
        _or_blank(row.price),
        _or_blank(row.filled if row.child_id else None),
        state,
        row.reason,
    )


def _or_blank(value: object) -> str:
    return "" if value is None else str(value)


def _bps(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.2f}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value * 100:.1f} %"


def _costs(report: CostReport) -> Any:
    rows = [("implementation shortfall", _bps(report.is_bps))]
    if report.components_bps is not None:
        parts = asdict(report.components_bps)
        rows += [(f"  {name}", _bps(value)) for name, value in parts.items()]
    marks = report.benchmarks
    rows += [
        ("against arrival", _bps(marks.arrival.slippage_bps)),
        ("against interval VWAP", _bps(marks.vwap.slippage_bps)),
        ("  without own volume", _bps(marks.vwap_ex_own.slippage_bps)),
        ("against TWAP", _bps(marks.twap.slippage_bps)),
        ("against close", _bps(marks.close.slippage_bps)),
    ]
    rows += [
        (f"mark-out after {mark.horizon_s} s ({mark.which})", _bps(mark.vs_fill_bps))
        for mark in report.markouts
        if mark.which == "all"
    ]
    return table("Cost in bps of the decision value", ("", "bps>"), rows)


def _predicted(one: Prediction) -> Any:
    """Return what was expected beside what was paid."""
    rows = [("predicted at arrival", _interval(one.first))]
    if one.estimates > 1:
        rows.append((f"last of {one.estimates} estimates", _interval(one.last)))
    within = {None: "", True: ", within its interval", False: ", outside its interval"}[one.within]
    rows += [
        ("realised", f"{_bps(one.realised_bps)}{within}"),
        ("how", one.first.reasoning),
        ("from", ", ".join(f"{name}: {source}" for name, source in one.first.provenance.items())),
        ("market told anew", f"{one.recalibrations} x, plan made anew {one.replanned} x"),
    ]
    return key_values("Impact in bps of the arrival price, without fees", rows)


def _interval(estimate: ImpactEstimate) -> str:
    low, high = _bps(estimate.confidence_low_bps), _bps(estimate.confidence_high_bps)
    adjusted = "" if estimate.adjustment == 1 else f", adjusted x {estimate.adjustment:.2f}"
    return f"{_bps(estimate.estimated_impact_bps)} ({low} to {high}){adjusted}"


def _execution(outcome: Outcome) -> Any:
    report = outcome.report
    rows = [
        ("state", report.state.value),
        ("filled", f"{report.filled_qty} of {report.qty}"),
        ("average price", _or_blank(report.avg_price and round(report.avg_price, 4))),
        ("arrival price", _or_blank(report.arrival_price)),
        ("decision price", _or_blank(report.decision_price)),
        ("fees, maker / taker", f"{report.maker_fee_bps:f} / {report.taker_fee_bps:f} bps"),
        ("funding payments", _funding(report)),
        ("participation", _share(report.participation)),
        ("fill rate", _share(report.fill_rate)),
        ("maker share", _share(report.maker_share)),
        ("spread capture", _ratio(report.spread_capture)),
        ("children", str(report.children)),
        ("finished before the deadline", _seconds(report.early_s)),
    ]
    if report.advice.asked:
        rows.extend(_advice(report.advice))
    news = [message for message in outcome.messages if isinstance(message, NewsArrived)]
    rows.append(("news items", str(sum(len(message.items) for message in news))))
    regimes = [m.regime.value for m in outcome.messages if isinstance(m, RegimeChanged)]
    rows.append(
        ("regime changes", f"{len(regimes)}, the last to {regimes[-1]}" if regimes else "0")
    )
    rows.extend(outcome.document["assumed"].items())
    rows.append(("seed", str(outcome.document["seed"])))
    rows.append(("journal hash", str(outcome.document["journal_hash"])))
    title = f"Execution, {iso(report.arrival_ns or report.end_ns)} to {iso(report.end_ns)}"
    return key_values(title, rows)


def _advice(advice: AdviceStats) -> list[tuple[str, str]]:
    """Return how advice fared: every reason, outcome and verdict that there was."""
    judged = ", ".join(f"{getattr(advice, v.value)} {v.value}" for v in Verdict)
    rows = [
        ("advice", f"{advice.asked} asked: {judged}; {advice.fallback} fallback"),
        ("asked because of", _counts(advice.asked_why)),
        ("answers", _counts(advice.outcomes)),
    ]
    if advice.checks:
        rows.append(("checks not passed", _counts(advice.checks)))
    if advice.latency_ms_p50 is not None:
        latency = f"{advice.latency_ms_p50:.0f} ms, p95 {advice.latency_ms_p95:.0f} ms"
        rows.append(("advice latency (market time)", latency))
    if advice.tokens_in or advice.tokens_out or Decimal(advice.cost_usd):
        tokens = f"{advice.tokens_in:,} tokens in, {advice.tokens_out:,} out"
        rows.append(("advice took", f"{tokens}, {advice.cost_usd} USD"))
    for name, weighed in advice.weights.items():
        turns = ", ".join(f"{weighed[what]:g} {what}" for what in ("right", "wrong", "undecided"))
        rows.append(("advisor's weight", f"{weighed['weight']:.2f} ({turns}): {name}"))
    return rows


def _counts(counts: dict[str, int]) -> str:
    named = (f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    return ", ".join(named) or "none"


def _funding(report: CostReport) -> str:
    """Say what funding cost in all; positive = paid."""
    if not report.funding:
        return "none"
    amounts = [float(paid.amount) for paid in report.funding]
    return f"{len(amounts)}, {sum(amounts):+.8g} {report.currency} in all"


def _ratio(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.2f} half-spreads"


def _seconds(value: float | None) -> str:
    return "no" if value is None else f"{value:.1f} s"


def import_summary(summary: ImportSummary, out: Path) -> Table:
    """Return what an import did as a table."""
    offset = summary.clock_offset_ms
    rows = [
        ("symbols", ", ".join(summary.symbols)),
        ("rows", f"{summary.rows:,}"),
        ("trades", f"{summary.trades:,}"),
        ("depth messages", f"{summary.depth_messages:,}"),
        ("gaps", str(summary.gaps)),
        ("crossed books", str(summary.crossed)),
        ("clock offset", "unknown" if offset is None else f"{offset:.1f} ms"),
        ("times adjusted", f"{summary.adjusted_times:,}"),
        ("skipped", ", ".join(f"{n} {why}" for why, n in summary.skipped.items()) or "none"),
        ("touch agrees", f"{summary.touch_agreed:,} of {summary.touch_checked:,} compared"),
        ("from", iso(summary.first_exch_ns)),
        ("to", iso(summary.last_exch_ns)),
        ("took", f"{summary.seconds:.1f} s"),
    ]
    return key_values(f"Imported into {out}", rows)
