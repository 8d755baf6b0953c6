"""What a study says of the advice itself: how right it had to be, and what decisions were worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from steersman.report.break_even import break_even_chart
from steersman.report.chart import Chart, chart_of
from steersman.report.plots import Interval, intervals, rows_height
from steersman.report.study_case import StudyCase
from steersman.report.svg import Drawing
from steersman.report.table import Cell, Column, Table
from steersman.tca.judged import CAVEAT
from steersman.tca.judged_arms import JudgedArm

__all__ = ["advice_charts"]

KEY: Final = "T11-judged"
COLUMNS: Final = (
    Column("arm"),
    Column("orders", "number", 0),
    Column("judged", "number", 0),
    Column("right", "number", 0),
    Column("wrong", "number", 0),
    Column("undecided", "number", 0),
    Column("hindsight", "number", 0),
    Column("idle", "number", 0),
    Column("not judged", "number", 0),
    Column("share right, %", "number"),
    Column("low (95 %)", "number"),
    Column("high (95 %)", "number"),
    Column("mean gain, bps", "number"),
    Column("gain, low (95 %)", "number"),
    Column("gain, high (95 %)", "number"),
)


def advice_charts(case: StudyCase) -> Iterator[Chart]:
    """Yield the break-even curve where there are oracles, and T11 where decisions were judged."""
    if case.study.break_even is not None:
        yield break_even_chart(case.study.break_even)
    if any(arm.judged for arm in case.judged.values()):
        yield _judged(case.judged)


def _judged(judged: Mapping[str, JudgedArm]) -> Chart:
    title = "T11 What a decision was worth"
    about = (
        "Decisions drawn by chance, each judged by working the rest of its order with it and "
        "without it in other futures of the market. The bar is what one saves on the mean, in bps "
        "of its order, with its 95 % interval by block; right and wrong are those whose own "
        "interval excludes zero."
    )
    rows = [
        Interval(name, arm.gain_bps, arm.gain_low, arm.gain_high, _told(name, arm))
        for name, arm in judged.items()
        if arm.gain_bps is not None
    ]
    drawing = Drawing(KEY, title, "; ".join(row.told for row in rows), rows_height(len(rows)))
    intervals(drawing, rows, "bps", gains=True)
    cells = tuple(tuple(_cells(name, arm)) for name, arm in judged.items())
    notes = (CAVEAT.capitalize() + ".",) if any(arm.hindsight for arm in judged.values()) else ()
    table = Table(KEY, "Decisions judged by counterfactual", COLUMNS, cells)
    return chart_of(drawing, title, about, table, notes=notes)


def _told(name: str, arm: JudgedArm) -> str:
    return f"{name}: {arm.gain_bps:+.3f} bps, {arm.right} right, {arm.wrong} wrong of {arm.judged}"


def _cells(name: str, arm: JudgedArm) -> Iterator[Cell]:
    yield from (name, arm.orders, arm.judged, arm.right, arm.wrong, arm.undecided)
    yield from (arm.hindsight, arm.idle, arm.unjudged)
    for share in (arm.share_right, arm.share_low, arm.share_high):
        yield None if share is None else 100 * share
    yield from (arm.gain_bps, arm.gain_low, arm.gain_high)
