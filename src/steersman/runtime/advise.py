"""One question and one answer, whole: what was told, what was said, what became of it.

The order's market runs up to the first question at or after a time, and on until its answer is
judged. What the advice does is shown beside what would be done without it: both are the engine's
own algorithms, asked about the times to come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from steersman.advisor.context import gather
from steersman.advisor.prompt import Prompt, prompt_of
from steersman.advisor.validation import TABLE, Check
from steersman.algos.adaptive import TEXT_SHARE, Steering, envelope
from steersman.algos.decide import decide
from steersman.domain.advice import Question
from steersman.domain.facts import Fact
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    Ask,
    Effect,
    Input,
    ParentState,
    Started,
)
from steersman.domain.order import AlgoName
from steersman.domain.units import MS_NS, SECOND_NS, Qty
from steersman.engine.engine import process, start
from steersman.engine.state import State, progress_of
from steersman.engine.work import context_of
from steersman.errors import UsageError
from steersman.journal import Journal
from steersman.runtime.backtest import Job, run_job
from steersman.runtime.prepare import GENERATED, WARM_UP_NS, Request
from steersman.runtime.texts import is_duration, parse_duration_ns, parse_time_ns
from steersman.venues.flow import START_NS

__all__ = ["Point", "Shown", "advise", "around", "document"]

SCHEMA: Final = "steersman.advise/1"
POINTS_MAX: Final = 12
SETTLED_NS: Final = 2 * SECOND_NS + 1  # of market that an order leaves to the end of a recording


@dataclass(frozen=True, slots=True)
class Point:
    """The schedule at one time, all cumulative in base units.

    `base` is the classic algorithm's as submitted, `before` what would be done without the answer,
    `after` what is done with it; `low` and `high` bound it.
    """

    at_ns: int
    base: Qty
    before: Qty
    after: Qty
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Shown:
    """One question and one answer with all that belongs to them."""

    question: Question
    facts: tuple[Fact, ...]
    prompt: Prompt
    arrived: AdviceArrived
    judged: AdviceJudged
    text_only: bool
    path: tuple[Point, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """The lines of the table that the answer did not pass."""
        return tuple(row for row in TABLE if row.name in self.arrived.checks)


def around(request: Request, at: str) -> tuple[Request, int]:
    """Return the request with a start that puts a time in the order's middle, and the time (ns).

    `at` is ISO 8601, or a time after the market's beginning. The middle is where the envelope is
    widest; near an end of the market the order lies as the market allows.
    """
    begin_ns, end_ns = _span(request)
    at_ns = begin_ns + parse_duration_ns(at) if is_duration(at) else parse_time_ns(at)
    horizon_ns = parse_duration_ns(request.horizon)
    if request.start is not None:
        return request, at_ns
    latest_ns = end_ns - SETTLED_NS - horizon_ns
    start_ns = max(begin_ns + WARM_UP_NS, min(at_ns - horizon_ns // 2, latest_ns))
    moment = datetime.fromtimestamp(start_ns // SECOND_NS, tz=UTC).isoformat()
    return replace(request, start=moment), at_ns


def advise(job: Job, at_ns: int, told: Callable[[float], None]) -> Shown:
    """Run the market to the first answer to a question at or after a time; return all of it.

    `told` is given the share of the way that is gone. Raises UsageError where no question comes.
    """
    order = job.order
    if job.supervisor is None:
        raise UsageError("nobody advises", "name an advisor, such as --advisor rules")
    if at_ns >= order.deadline_ns:
        raise UsageError(
            f"the order is over at {_iso(order.deadline_ns)}, before {_iso(at_ns)}",
            "give an earlier --at, or a longer --horizon",
        )
    watch = _Watch(job, at_ns, told)
    try:
        with Journal.create(None) as journal:
            run_job(job, journal, watch)
    except _Seen:
        return watch.shown()
    finally:
        job.supervisor.close()
    raise UsageError(
        f"no answer to a question from {_iso(at_ns)} on was judged before the order was over",
        "give an earlier --at, or a longer --horizon",
    )


class _Seen(Exception):
    """The answer has been judged: there is nothing more to see."""


class _Watch:
    """Folds what the engine folds, so that the state before and after the answer is at hand."""

    def __init__(self, job: Job, at_ns: int, told: Callable[[float], None]) -> None:
        self.job = job
        self.at_ns = at_ns
        self.told = told
        self.state: State | None = None
        self.before: State | None = None
        self.question: Question | None = None
        self.arrived: AdviceArrived | None = None
        self.judged: AdviceJudged | None = None

    def __call__(self, message: Input | Effect) -> None:
        match message:
            case Started():
                self.state = start(message)
                self.begin_ns = message.at_ns
            case Ask() if self.question is None and message.question.asked_ns >= self.at_ns:
                self.question = message.question
            case AdviceJudged() if self.question and message.ask_id == self.question.ask_id:
                self.judged = message
                raise _Seen
            case _ if isinstance(message, Input):
                self._fold(message)
            case _:
                pass

    def _fold(self, message: Input) -> None:
        assert self.state is not None  # a journal begins with its start
        if isinstance(message, AdviceArrived) and self.question is not None:
            self.before, self.arrived = self.state, message
        self.state, _ = process(self.state, message)
        way_ns = max(1, self.at_ns - self.begin_ns)
        self.told(min(1.0, (message.at_ns - self.begin_ns) / way_ns))

    def shown(self) -> Shown:
        """Return what was seen."""
        assert self.question and self.arrived and self.judged and self.state and self.before
        facts = gather(self.question)
        steering = self.state.parents[self.job.order.id].steering
        return Shown(
            self.question,
            facts,
            prompt_of(self.question, facts),
            self.arrived,
            self.judged,
            steering.text_only,
            tuple(_path(self.before, self.state, self.job.order.id)),
        )


def _path(before: State, after: State, parent_id: str) -> Iterator[Point]:
    """Yield the schedule now and at the coming slices, to the end of the advice's time."""
    parent = after.parents[parent_id]
    if parent.state is not ParentState.RUNNING:
        return
    order, steering = parent.order, parent.steering
    plan = parent.plans[AlgoName.ADAPTIVE]  # the base as submitted
    until_ns = max(steering.advice_until_ns, after.now_ns + SECOND_NS)
    times_ns = [after.now_ns, *(at_ns for at_ns in plan.times_ns if at_ns > after.now_ns)]
    times_ns = [at_ns for at_ns in times_ns if at_ns < min(until_ns, order.deadline_ns)]
    without = _scheduled(after, parent_id, before.parents[parent_id].steering, times_ns)
    advised = _scheduled(after, parent_id, steering, times_ns)
    share = after.execution.envelope * (TEXT_SHARE if steering.text_only else 1)
    for at_ns, was, now in list(zip(times_ns, without, advised, strict=True))[:POINTS_MAX]:
        low, high = envelope(order, plan, at_ns, share)
        yield Point(at_ns, plan.at(at_ns), was, now, low, high)


def _scheduled(
    state: State, parent_id: str, steering: Steering, times_ns: list[int]
) -> Iterator[Qty]:
    """Yield what the algorithm asks for at times to come, if the market goes on as it is."""
    parent = state.parents[parent_id]
    view, context = state.views[parent.order.instrument], context_of(state, parent)
    progress = progress_of(state, parent)
    volume, rate = progress.others_volume, Decimal(repr(view.volume_rate_per_s))
    for at_ns in times_ns:
        traded = Qty(volume + rate * (at_ns - state.now_ns) / SECOND_NS)
        progress = msgspec.structs.replace(progress, at_ns=at_ns, others_volume=traded)
        target, steering = decide(parent.order, parent.plans, progress, view, context, steering)
        progress = msgspec.structs.replace(progress, scheduled=target.done)
        yield target.done


def document(shown: Shown) -> dict[str, Any]:
    """Return everything for machines; quantities and prices are strings."""
    arrived, judged = shown.arrived, shown.judged
    return {
        "schema": SCHEMA,
        "ask_id": shown.question.ask_id,
        "asked_ns": shown.question.asked_ns,
        "question": shown.question,
        "facts": shown.facts,
        "prompt": shown.prompt,
        "advisor": arrived.advisor,
        "fallback": arrived.fallback,
        "latency_ms": (arrived.arrived_ns - arrived.asked_ns) / MS_NS,
        "reply": arrived.raw,
        "usage": arrived.usage,
        "advice": arrived.answer,
        "checks": [
            {"name": row.name, "act": row.act, "fails_if": row.fails_if, "then": row.then}
            for row in shown.checks
        ],
        "verdict": {"verdict": judged.verdict, "effect": judged.effect, "why": judged.why},
        "text_only": shown.text_only,
        "schedule": [
            {
                "at_ns": point.at_ns,
                "base": point.base,
                "before": point.before,
                "after": point.after,
                "low": point.low,
                "high": point.high,
            }
            for point in shown.path
        ],
    }


def _span(request: Request) -> tuple[int, int]:
    """Return the market's first and last time; a generated one has no end."""
    if request.market == GENERATED:
        return START_NS, 1 << 62
    from steersman.marketdata.history import History  # what reads Parquet takes its time

    history = History.open(Path(request.market))
    return history.span(history.pick(request.symbol, request.category))


def _iso(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
