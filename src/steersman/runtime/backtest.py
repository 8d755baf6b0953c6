"""Work one parent order on a simulated venue, in market time, as fast as the machine goes.

The loop: run the market until the engine's wake, the next answer of the advisor or an own report;
tell the engine what happened, then what the market looks like; send what it decides. After the
order has ended the market runs on for the mark-outs, and longer where that is asked for: then the
last thing in the journal is the market as seen at the end of it.

Just before an answer is taken in, the whole run is a frozen state, a market that branches by
copying, and the news of files still to come: a `Fork`, from which the same loop goes on with any
answer in any market that stands where the run's own does. Who judges decisions by that is told of
every fork, and what comes of it is journaled when the order is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, Self

from steersman.advisor.base import AnswerSource
from steersman.domain.advice import TrackRecord
from steersman.domain.impact import CostLaw
from steersman.domain.instrument import Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.market import NewsItem
from steersman.domain.messages import (
    AdviceArrived,
    Ask,
    Command,
    DecisionValued,
    Effect,
    Input,
    Intervened,
    MarketNoted,
    NewsArrived,
    Query,
    Reported,
    Send,
    SignalsArrived,
    Started,
    Submit,
    Viewed,
    Wake,
)
from steersman.domain.order import ParentOrder
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.domain.volume import DayVolume
from steersman.engine.state import SCHEMA, Parent, State
from steersman.journal import Journal
from steersman.marketdata.tape import Tape
from steersman.models.impact_estimate import PRIOR_LAW
from steersman.runtime.session import Session
from steersman.venues.base import Step
from steersman.venues.simulated import SimulatedVenue

__all__ = ["MARKOUT_NS", "TAPE_BEFORE_NS", "Fork", "Job", "Judge", "Result", "run_job", "tape_to"]

MARKOUT_NS: Final = 300 * SECOND_NS
TAPE_BEFORE_NS: Final = 10 * SECOND_NS  # of the tape before the order's start
STEPS_MAX: Final = 1_000_000  # a loop that does not end is a bug, and is stopped


@dataclass(frozen=True, slots=True)
class Job:
    """All that one run depends on: the order, the rules, the market and who advises.

    `watch_after_ns` is how long after the order its market is watched and told; 0 not at all.
    `begun_ns` is when its market began, where the venue has been run on since.
    """

    order: ParentOrder
    instrument: Instrument
    execution: ExecutionConfig
    limits: SafetyLimits
    volume_curve: tuple[float, ...]
    seed: int
    venue: SimulatedVenue
    supervisor: AnswerSource | None = None
    news: tuple[NewsItem, ...] = ()
    assumed: dict[str, str] = field(default_factory=dict)  # of a recorded market, in words
    law: CostLaw = PRIOR_LAW
    day_volume: DayVolume | None = None  # from history
    watch_after_ns: int = 0
    begun_ns: int | None = None
    track_records: dict[str, TrackRecord] = field(default_factory=dict)  # of advisors, before it


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a run: all messages in order, the parent as it ended, the market's tape."""

    messages: tuple[Input | Effect, ...]
    parent: Parent
    tape: Tape
    journal_hash: str
    market_ended: bool


@dataclass(frozen=True, slots=True)
class Fork:
    """A run as it stands when an answer has `arrived` and is not taken in yet.

    `job` is what is left of it: its market, the news of files still to come, and nobody to ask, so
    that questions put after the fork go unanswered. `step` is what the market told last.
    """

    job: Job
    state: State
    step: Step
    arrived: AdviceArrived

    def held(self) -> Self:
        """Return it with a market of its own, which stays where it is while the run goes on."""
        return replace(self, job=replace(self.job, venue=self.job.venue.copy()))

    def branch(
        self, venue: SimulatedVenue, answer: AdviceArrived
    ) -> tuple[list[Input | Effect], State]:
        """Go on to the order's end in another market with another answer; nothing is journaled.

        Return all messages from the answer on, and the state at the end. `venue` stands where this
        one's does, and is run on.
        """
        messages: list[Input | Effect] = []
        job = replace(self.job, venue=venue)
        loop = _Loop(job, Session(self.state, None, messages.append), self.step.now_ns)
        loop.go_on(self.step, answer)
        return messages, loop.session.state


class Judge(Protocol):
    """Whoever says what decisions were worth, once their order is over."""

    def see(self, fork: Fork) -> None:
        """Look at an answer before it is taken in; what is to be kept of the fork is `held()`."""
        ...

    def values(self, at_ns: int) -> Iterable[DecisionValued]:
        """Return what was found of the order's decisions, told at `at_ns`."""
        ...


def run_job(
    job: Job,
    journal: Journal,
    watch: Callable[[Input | Effect], None] | None = None,
    judge: Judge | None = None,
) -> Result:
    """Work the job's order to its end; `watch` sees every message as it is journaled."""
    messages: list[Input | Effect] = []

    def note(message: Input | Effect) -> None:
        messages.append(message)
        if watch is not None:
            watch(message)

    began_ns = job.venue.now_ns if job.begun_ns is None else job.begun_ns
    session = Session.begin(_started(job, began_ns), journal, note)
    loop = _Loop(job, session, began_ns, judge=judge)
    ended = loop.run()
    if job.supervisor is not None:
        job.supervisor.close()
    if judge is not None:
        for value in judge.values(session.state.now_ns):
            session.feed(value)
    loop.see_after()
    parent = loop.session.state.parents[job.order.id]
    return Result(tuple(messages), parent, job.venue.tape(), journal.head, ended)


def tape_to(venue: SimulatedVenue, at_ns: int) -> Tape:
    """Return the market's tape up to a time at least, or to the market's end: it goes on for it."""
    tape, ended = venue.tape(), False
    while tape.end_ns < at_ns and not ended:
        ended = venue.run(Wake(venue.instrument.id, at_ns + SECOND_NS, None, None)).ended
        tape = venue.tape()
    return tape


def _started(job: Job, began_ns: int) -> Started:
    return Started(
        at_ns=began_ns,
        schema=SCHEMA,
        instruments=(job.instrument,),
        execution=job.execution,
        limits=job.limits,
        volume_curves={job.instrument.id: job.volume_curve},
        seed=job.seed,
        impact={job.instrument.id: job.law},
        day_volumes={} if job.day_volume is None else {job.instrument.id: job.day_volume},
        track_records=job.track_records,
    )


class _Loop:
    """The loop's own bookkeeping: the next wake, the news still to come, the time."""

    def __init__(
        self,
        job: Job,
        session: Session,
        now_ns: int,
        judge: Judge | None = None,
    ) -> None:
        self.job = job
        self.session = session
        self.now_ns = now_ns
        self._wake: Wake | None = None
        self._judge = judge
        self._file_news = sorted(job.news, key=lambda item: item.received_ns)

    def run(self) -> bool:
        """Run to the order's end; return whether the market ended before the order did."""
        order = self.job.order
        self.job.venue.keep_tape_from(order.start_ns - TAPE_BEFORE_NS)
        step = self.job.venue.run(Wake(self.job.instrument.id, order.start_ns, None, None))
        self.now_ns = step.now_ns
        for note in step.notes:
            self._feed(MarketNoted(self.now_ns, self.job.instrument.id, note))
        self._feed(Viewed(self.now_ns, step.view))
        self._feed_told()
        self._feed(Submit(self.now_ns, order))
        return self._to_end(False)

    def go_on(self, step: Step, answer: AdviceArrived) -> None:
        """Take in an answer where a run stood after `step`, and run to the order's end.

        The view that follows an answer makes the engine say when it wants to be called again.
        """
        self._feed(answer)
        self._feed(Viewed(self.now_ns, step.view))
        self._to_end(step.ended)

    def _to_end(self, over: bool) -> bool:
        """Run to the order's end; `over` tells that the market is."""
        parent_id, ended = self.job.order.id, False
        for _ in range(STEPS_MAX):
            if over and not ended:
                ended = True  # the venue still answers what was sent to it: see the cancels through
                reason = "the market data ended before the order did"
                self._feed(Intervened(self.now_ns, Command.KILL, parent_id, reason))
            if self.session.state.parents[parent_id].terminal:
                return ended
            over = self._step()
        raise AssertionError(f"{parent_id} did not end within {STEPS_MAX} steps")

    def see_after(self) -> None:
        """Let the market run on; what its position is paid now is not the order's any more."""
        until_ns = self.now_ns + max(MARKOUT_NS, self.job.watch_after_ns)
        while self.job.venue.now_ns < until_ns:
            step = self.job.venue.run(Wake(self.job.instrument.id, until_ns, None, None))
            if step.ended:
                return
            if step.now_ns >= until_ns and self.job.watch_after_ns:
                self._feed(Viewed(step.now_ns, step.view))

    def _step(self) -> bool:
        """Run the market to the next thing that matters and tell the engine; True at its end."""
        step = self.job.venue.run(self._next_wake())
        self.now_ns = step.now_ns
        for report in step.reports:
            self._feed(Reported(self.now_ns, report))
        for note in step.notes:
            self._feed(MarketNoted(self.now_ns, self.job.instrument.id, note))
        for paid in step.funding:
            self._feed(paid)
        self._feed_told()
        if self.job.supervisor is not None:
            for answer in self.job.supervisor.collect(self.now_ns):
                if self._judge is not None:
                    self._judge.see(self._fork(step, answer))
                self._feed(answer)
        self._feed(Viewed(self.now_ns, step.view))
        return step.ended

    def _fork(self, step: Step, answer: AdviceArrived) -> Fork:
        left = replace(self.job, supervisor=None, news=tuple(self._file_news))
        return Fork(left, self.session.state, step, answer)

    def _next_wake(self) -> Wake:
        wake = self._wake or Wake(self.job.instrument.id, self.now_ns + MINUTE_NS, None, None)
        if self.job.supervisor is None:
            return wake
        due_ns = self.job.supervisor.next_due_ns(wake.at_ns)
        if due_ns is None:
            return wake
        return Wake(wake.instrument, max(due_ns, self.now_ns), wake.touch_bid, wake.touch_ask)

    def _feed_told(self) -> None:
        items: list[NewsItem] = list(self.job.venue.news_until(self.now_ns))
        while self._file_news and self._file_news[0].received_ns <= self.now_ns:
            items.append(self._file_news.pop(0))
        if items:
            self._feed(NewsArrived(self.now_ns, self.job.instrument.id, tuple(items)))
        for signals in self.job.venue.signals_until(self.now_ns):
            self._feed(SignalsArrived(self.now_ns, signals))

    def _feed(self, message: Input) -> None:
        self._dispatch(self.session.feed(message))

    def _dispatch(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self.job.venue.send(effect.approved, self.now_ns)
                case Query():
                    self.job.venue.query(effect.child_id, self.now_ns)
                case Wake():
                    self._wake = effect
                case Ask() if self.job.supervisor is not None:
                    self.job.supervisor.ask(effect.question)
                case _:
                    pass
