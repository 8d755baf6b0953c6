"""T10: decisions against the same order without them, and against what else might have been done.

What a journal holds of that was found by `steersman run --judge`. A journal without it holds one
course of the market, and the chart says so instead of making a figure up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from steersman.domain.valued import DecisionValued, Gain, Worth
from steersman.report.cases import Case
from steersman.report.chart import Chart, chart_of
from steersman.report.plots import Interval, intervals, rows_height
from steersman.report.svg import Drawing
from steersman.report.table import Cell, Column, Table, clock, figure
from steersman.tca.decisions import Decision
from steersman.tca.judged import judged
from steersman.tca.targets import judge

__all__ = ["counterfactual_chart"]

ROWS_MAX: Final = 48  # of a drawing; the table has all
NAME_CHARS: Final = 28  # what the names of its rows have room for
TITLE: Final = "T10 Decisions against the same order without them"
NOT_JUDGED: Final = (
    "Not measurable from this journal: it holds one course of the market, and the order moved it. "
    "steersman run --judge works the rest of the order again in other futures, with the decision, "
    "without it, and with other actions; paired runs on the same seeds tell of all decisions "
    "together (steersman study)."
)


def counterfactual_chart(cases: Sequence[Case], key: str) -> Chart:
    """Return the gains of the decisions that were judged, with their verdict."""
    told = list(_judged(cases))
    together = judged(one for case in cases for one in case.decisions)
    if together is None:
        about = "What each decision was worth: the rest of its order with it and without it."
        return Chart(key, TITLE, about, "", (), (NOT_JUDGED,))
    about = (
        "What each decision saved on the rest of its order, in bps of the order, positive = "
        "cheaper with it: over the question left unanswered, and over other actions. Later "
        f"questions go unanswered in all of them. Means over {together.futures} futures of the "
        "market that all share, with 95 % intervals; those over other actions are wider, for there "
        "are several. "
        f"{_sentence(cases)}"
    )
    worths = (
        (Worth.HINDSIGHT,) if together.hindsight else (Worth.RIGHT, Worth.WRONG, Worth.UNDECIDED)
    )
    counted = [f"{getattr(together, one.value)} {one.value}" for one in (*worths, Worth.IDLE)]
    counts = ", ".join((*counted, f"{together.unjudged} not judged"))
    notes = (together.caveat.capitalize() + ".",) if together.caveat else ()
    table = _table(told, key)
    rows = _rows(told)
    if not rows:
        why = "Every decision that was looked at steers nothing otherwise than what was in force."
        return Chart(key, TITLE, f"{about} {counts}.", "", (table,), (why, *notes))
    drawing = Drawing(key, TITLE, f"{counts}. " + "; ".join(row.told for row in rows)[:600],
                      rows_height(len(rows)))  # fmt: skip
    intervals(drawing, rows, "bps", gains=True)
    return chart_of(drawing, TITLE, f"{about} {counts}.", table, notes=notes)


def _judged(cases: Sequence[Case]) -> Iterator[tuple[Case, Decision, DecisionValued]]:
    for case in cases:
        for one in case.decisions:
            if one.valued is not None:
                yield case, one, one.valued


def _sentence(cases: Sequence[Case]) -> str:
    """Say what the target of right decisions makes of them."""
    metrics = judge([case.evidence for case in cases])
    metric = next(one for one in metrics if one.target.key == "decision_quality_pct")
    found = metric.measured
    if found is None:
        return "None was right or wrong beyond chance."
    ends = f"{figure(found.low, 0)} to {figure(found.high, 0)}"
    return (
        f"Right of the right and wrong: {figure(found.value, 0)} % ({ends} %), target "
        f"{metric.target.text}: {metric.verdict}."
    )


def _rows(told: Sequence[tuple[Case, Decision, DecisionValued]]) -> list[Interval]:
    """Return what is drawn: all actions of each decision where there is room, else one row each."""
    kept = [one for one in told if one[2].worth is not Worth.IDLE]
    whole = sum(1 + len(value.over) for _, _, value in kept) <= ROWS_MAX
    rows = []
    for _, one, value in kept[:ROWS_MAX]:
        name = f"{clock(one.at_ns).partition('.')[0]} {_short(one.asks_for)}"[:NAME_CHARS]
        rows.append(_row(name, "no answer", value.gain, f"{one.asks_for}: {value.worth.value}"))
        if whole:
            rows += [
                _row(f"over {_short(o.effect)}", o.effect, o.gain, one.asks_for) for o in value.over
            ]
    return rows


def _short(effect: str) -> str:
    return effect.removeprefix("continue, ")


def _row(name: str, over: str, gain: Gain, what: str) -> Interval:
    ends = ""
    if gain.low_bps is not None and gain.high_bps is not None:
        ends = f" ({gain.low_bps:+.3f} to {gain.high_bps:+.3f})"
    told = f"{what}, over {over}: {gain.mean_bps:+.3f} bps{ends}"
    return Interval(name, gain.mean_bps, gain.low_bps, gain.high_bps, told)


def _table(told: Sequence[tuple[Case, Decision, DecisionValued]], key: str) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for case, one, value in told:
        head = (one.at_ns, case.report.parent, value.ask_id, one.asks_for)
        better = "" if value.better is None else value.better.effect
        rows.append((*head, "no answer", *_ends(value.gain), value.futures, value.worth.value,
                     better))  # fmt: skip
        rows += [(*head, o.effect, *_ends(o.gain), value.futures, "", "") for o in value.over]
    columns = (
        Column("time (UTC)", "time"),
        Column("order"),
        Column("question"),
        Column("asks for"),
        Column("over"),
        Column("gain, bps", "number", 3),
        Column("low, bps", "number", 3),
        Column("high, bps", "number", 3),
        Column("futures", "number", 0),
        Column("worth"),
        Column("a better action"),
    )
    return Table(key, "What decisions were worth", columns, tuple(rows))


def _ends(gain: Gain) -> tuple[float, float | None, float | None]:
    return gain.mean_bps, gain.low_bps, gain.high_bps
