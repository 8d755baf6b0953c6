"""What a run came to: the document for machines, the exit code for shells.

An order that did not complete is a result, not an error: its document is whole and the exit code
says 6 (or 9 where it was killed). An order that a limit refused at submission is an error, because
nothing was run.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from steersman.domain.messages import (
    Command,
    Effect,
    Input,
    Intervened,
    ParentState,
    Refused,
)
from steersman.errors import RefusedByLimit, UsageError
from steersman.runtime.backtest import Job, Result
from steersman.runtime.predictions import Prediction, in_messages
from steersman.tca.children import ChildRow, child_rows
from steersman.tca.decisions import Decision, decisions
from steersman.tca.judged import Judged, judged, record_of
from steersman.tca.measure import CostReport, measure

__all__ = ["Outcome", "conclude"]

SCHEMA: Final = "steersman.run/1"
EXIT_INCOMPLETE: Final = 6
EXIT_KILLED: Final = 9
REMEDY: Final = {
    "order": "correct the order",
    "prices": "start where the market has prices",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: its document, its report, its rows, its exit code and a line about it.

    `judged` sums up what its `decisions` were worth, None where none was judged.
    """

    document: dict[str, Any]
    report: CostReport
    rows: tuple[ChildRow, ...]
    messages: tuple[Input | Effect, ...]
    prediction: Prediction | None
    code: int
    summary: str
    decisions: tuple[Decision, ...] = ()
    judged: Judged | None = None


def conclude(job: Job, result: Result) -> Outcome:
    """Measure a run; raise UsageError or RefusedByLimit where the order was never taken."""
    for message in result.messages:
        if isinstance(message, Refused) and message.intent is None:
            _raise_refusal(message)
    report = measure(result.messages, job.order.id, result.tape)
    rows = tuple(child_rows(result.messages, job.order.id))
    code = _exit_code(result)
    summary = (
        f"the order {report.state.value}: {report.filled_qty} of {report.qty} filled, "
        f"{report.unfilled_qty} unfilled ({report.reason})"
    )
    own = (one for one in in_messages(result.messages) if one.parent == job.order.id)
    prediction = next(own, None)
    document = _document(job, result, report, rows)
    document["impact"] = None if prediction is None else prediction.document()
    decided = decisions(result.messages, job.order.id)
    together = judged(decided)
    document["decisions_judged"] = None if together is None else _judged(together, decided)
    return Outcome(
        document, report, rows, result.messages, prediction, code, summary, decided, together
    )


def _raise_refusal(refused: Refused) -> None:
    head, _, remedy = refused.detail.rpartition("; ")
    message, remedy = (head, remedy) if head else (refused.detail, REMEDY.get(refused.rule, ""))
    remedy = remedy or f"change the order, or {refused.rule} in [limits]"
    error = UsageError if refused.rule in REMEDY else RefusedByLimit
    raise error(f"refused by {refused.rule}: {message}", remedy)


def _exit_code(result: Result) -> int:
    if result.parent.state is ParentState.COMPLETED:
        return 0
    killed = any(
        isinstance(message, Intervened) and message.command is Command.KILL
        for message in result.messages
    )
    return EXIT_KILLED if killed and not result.market_ended else EXIT_INCOMPLETE


def _document(
    job: Job, result: Result, report: CostReport, rows: tuple[ChildRow, ...]
) -> dict[str, Any]:
    order = job.order
    document = report.document()
    return {
        "schema": SCHEMA,
        **document,
        "children": [_row(row) for row in rows],
        "order": {
            "instrument": order.instrument,
            "side": order.side.value,
            "qty": str(order.qty),
            "start_ns": order.start_ns,
            "deadline_ns": order.deadline_ns,
            "algo": order.algo.value,
            "base": order.base.value,
            "limit_price": None if order.limit_price is None else str(order.limit_price),
            "urgency": str(order.urgency),
        },
        "advisor": job.supervisor.name if job.supervisor is not None else None,
        "reason": report.reason,
        "journal_hash": result.journal_hash,
        "seed": job.seed,
        "assumed": job.assumed,
    }


def _judged(together: Judged, decided: tuple[Decision, ...]) -> dict[str, Any]:
    values = [record_of(one, one.valued) for one in decided if one.valued is not None]
    return {**together.document(), "decisions": values}


def _row(row: ChildRow) -> dict[str, Any]:
    fields = asdict(row)
    for name in ("qty", "price", "filled", "avg_price"):
        fields[name] = None if fields[name] is None else format(fields[name], "f")
    return fields
