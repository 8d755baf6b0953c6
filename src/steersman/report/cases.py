"""Journals read and measured: one case an order, and what about them has to be said.

A journal is checked whole before anything is measured. One that was never sealed is measured as far
as it goes, and an order that has not ended is shown and is no observation of any mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steersman.domain.market import Regime
from steersman.domain.messages import Effect, Input, RegimeChanged, Started, Submit
from steersman.errors import DataError, UsageError
from steersman.journal import read, verify
from steersman.marketdata.tape import Tape
from steersman.runtime.discretion import Bounds, discretion
from steersman.runtime.predictions import Prediction, prediction_of
from steersman.tca.children import ChildRow, child_rows
from steersman.tca.course import Course, course
from steersman.tca.decisions import Decision, decisions
from steersman.tca.facts import gather
from steersman.tca.incidents import Incident, Touched, incidents, limits_touched
from steersman.tca.measure import CostReport, measure_facts
from steersman.tca.quality import ChildLife, child_lives
from steersman.tca.targets import Evidence
from steersman.tca.views import reader_of

__all__ = ["Case", "Source", "cases_of", "document", "problems", "read_cases"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an order's messages are from; `sealed` tells whether its writer came to its end."""

    name: str
    records: int
    journal_hash: str
    first_ns: int
    last_ns: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One order with all that is known of it; `regimes` from when on each held.

    `discretion` is the envelope of an adaptive order, empty for others, None where it is not what
    this version decides.
    """

    source: Source
    started: Started
    report: CostReport
    course: Course
    decisions: tuple[Decision, ...]
    lives: tuple[ChildLife, ...]
    rows: tuple[ChildRow, ...]
    limits: tuple[Touched, ...]
    incidents: tuple[Incident, ...]
    prediction: Prediction | None
    regimes: tuple[tuple[int, Regime], ...]
    discretion: tuple[Bounds, ...] | None

    @property
    def name(self) -> str:
        """The order's id and its journal."""
        return f"{self.report.parent} ({self.source.name})"

    @property
    def evidence(self) -> Evidence:
        """What the targets are judged by."""
        return Evidence(self.report, self.decisions)

    def regime_at(self, at_ns: int) -> Regime:
        """Return the market's regime at a time."""
        return [regime for since, regime in self.regimes if since <= at_ns][-1]


def read_cases(paths: Sequence[Path]) -> list[Case]:
    """Read journals and measure every order in them.

    Raises JournalError for one that is damaged, UsageError where one is given twice, DataError
    where there is no order in one.
    """
    found: list[Case] = []
    seen: dict[str, Path] = {}
    alike = len({path.name for path in paths}) < len(paths)
    for path in paths:
        checked = verify(path)
        if not checked.records:
            raise DataError(f"{path} holds no records", "give a journal that a run has written")
        if checked.head_hash in seen:
            raise UsageError(
                f"{path} is the same journal as {seen[checked.head_hash]}", "give each once"
            )
        seen[checked.head_hash] = path
        source = Source(
            name=str(path) if alike else path.name,
            records=checked.records,
            journal_hash=checked.head_hash,
            first_ns=checked.first_ns or 0,
            last_ns=checked.last_ns or 0,
            sealed=checked.closed,
        )
        cases = cases_of([record.message() for record in read(path)], source)
        if not cases:
            why = f"there is no order in {source.name}"
            raise DataError(why, "give journals of runs with an order")
        found += cases
    return found


def cases_of(
    messages: Sequence[Input | Effect], source: Source, tape: Tape | None = None
) -> list[Case]:
    """Measure every order among the messages of one run, against the tape where there is one."""
    ids = dict.fromkeys(m.parent.id for m in messages if isinstance(m, Submit))
    return [_case(messages, source, parent_id, tape) for parent_id in ids]


def _case(
    messages: Sequence[Input | Effect], source: Source, parent_id: str, tape: Tape | None
) -> Case:
    started = messages[0]
    if not isinstance(started, Started):
        raise DataError(f"{source.name} does not begin with its start", "give a whole journal")
    facts = gather(messages, parent_id)
    reader = reader_of(messages, facts.instrument, tape)
    instrument = facts.instrument.id
    return Case(
        source=source,
        started=started,
        report=measure_facts(facts, reader),
        course=course(facts, reader),
        decisions=decisions(messages, parent_id),
        lives=tuple(child_lives(messages, parent_id)),
        rows=tuple(child_rows(messages, parent_id)),
        limits=limits_touched(messages, parent_id),
        incidents=incidents(messages, parent_id, instrument),
        prediction=prediction_of(facts),
        regimes=_regimes(messages, instrument),
        discretion=discretion(messages, parent_id),
    )


def _regimes(messages: Sequence[Input | Effect], instrument: str) -> tuple[tuple[int, Regime], ...]:
    found = [(0, Regime.CALM)]
    now_ns = 0
    for message in messages:
        if isinstance(message, Input):
            now_ns = message.at_ns
        if isinstance(message, RegimeChanged) and message.instrument == instrument:
            found.append((now_ns, message.regime))
    return tuple(found)


def problems(cases: Sequence[Case]) -> list[str]:
    """Say what a reader has to know before any figure."""
    found: list[str] = []
    sources = dict.fromkeys(case.source for case in cases)
    for source in sources:
        if not source.sealed:
            found.append(
                f"{source.name} was never closed: it is still being written, or its writer was "
                f"killed. Figures go as far as its {source.records} records."
            )
    for case in cases:
        found += _of_order(case)
    return found


def _of_order(case: Case) -> list[str]:
    report = case.report
    found: list[str] = []
    if not report.ended:
        found.append(
            f"Order {case.name} has not ended ({report.state.value}): its figures are those so "
            "far, and it is left out of every mean and target."
        )
    if report.arrival_ns is None:
        found.append(f"Order {case.name} never ran: {report.reason or report.state.value}.")
    elif not report.filled_qty:
        found.append(
            f"Order {case.name} has no fills: its whole cost is opportunity, and prices paid, "
            "slippages and mark-outs are unknown."
        )
    elif report.ended and report.unfilled_qty:
        found.append(
            f"Order {case.name} filled {report.filled_qty} of {report.qty} "
            f"({report.state.value}: {report.reason or 'no reason'}): slippages are those of the "
            "filled part, the rest is valued in opportunity at the price at its end."
        )
    return found


def document(case: Case) -> dict[str, Any]:
    """Return a case's figures as plain values."""
    report = case.report
    return {
        "journal": case.source.name,
        "journal_hash": case.source.journal_hash,
        "sealed": case.source.sealed,
        "ended": report.ended,
        "instrument": report.instrument,
        "side": report.side.value,
        "currency": report.currency,
        **report.document(),
        "impact": None if case.prediction is None else case.prediction.document(),
    }
