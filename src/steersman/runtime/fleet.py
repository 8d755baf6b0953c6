"""Work many orders in many arms: the loop of a study, over one machine's processors.

An order is worked by all of its arms in one go, and what comes of it is one line of a file, on disk
before it counts as done: a study that is killed goes on where it was. A line is a function of the
study and the order's number, whoever worked it. A run of one order alone has the journal whose hash
the line holds.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from typing import Final

from steersman.advisor.supervisor import Supervisor
from steersman.config import Settings
from steersman.domain.instrument import Category
from steersman.domain.messages import (
    Effect,
    Input,
    MarketNoted,
    NewsArrived,
    SignalsArrived,
    Submit,
    Viewed,
    Wake,
)
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS, Side
from steersman.errors import DataError, SteersmanError
from steersman.journal import Journal
from steersman.journal.record import canonical
from steersman.runtime.arms import StudyArm, settings_of
from steersman.runtime.backtest import TAPE_BEFORE_NS, Job, Result, run_job
from steersman.runtime.prepare import GENERATED, Begun, Request, prepare
from steersman.runtime.texts import parse_decimal, parse_duration_ns
from steersman.tca.measure import CostReport, measure
from steersman.tca.results import Drawn, OrderResult, result_of
from steersman.venues.simulated import SimulatedVenue

__all__ = ["Fleet", "Worked", "Worker", "market_hash", "request_of", "work_all"]

PLAIN: Final = StudyArm("plain", AlgoName.TWAP)
QUEUED_PER_JOB: Final = 2  # orders given out at once: a bound on what is held
TOLD: Final = (Viewed, NewsArrived, SignalsArrived, MarketNoted)

Worked = tuple[Drawn, tuple[OrderResult, ...]]


@dataclass(frozen=True, slots=True)
class Fleet:
    """What every worker knows: the arms, the settings they start from, and the market."""

    arms: tuple[StudyArm, ...]
    settings: Settings
    market: str


def work_all(fleet: Fleet, orders: Iterable[Drawn], jobs: int) -> Iterator[Worked]:
    """Yield every order worked by all arms, as they are done, with `jobs` processes.

    Raises what working an order raises, and DataError where a worker was killed. What is under way
    when the iteration is given up is seen through and forgotten.
    """
    if jobs == 1:
        worker = Worker(fleet)
        yield from ((order, worker.work(order)) for order in orders)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(fleet,))
    left = iter(orders)
    try:
        pending = {pool.submit(_work, order) for order in islice(left, jobs * QUEUED_PER_JOB)}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                pending |= {pool.submit(_work, order) for order in islice(left, 1)}
                yield _result(future)
    finally:
        pool.shutdown(cancel_futures=True)


def _result(future: Future[Worked]) -> Worked:
    try:
        return future.result()
    except BrokenProcessPool:
        raise DataError(
            "a worker of the study was killed, perhaps for want of memory",
            "run the same command again: it goes on where it was; fewer --jobs need less",
        ) from None


# -- in a worker ----------------------------------------------------------------------------------
_worker: Worker | None = None


def _begin(fleet: Fleet) -> None:
    global _worker
    _worker = Worker(fleet)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the parent is gone: nobody would ever give it work again."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(order: Drawn) -> Worked:
    assert _worker is not None, "the worker was begun"
    return order, _worker.work(order)


# -- one order ------------------------------------------------------------------------------------
class Worker:
    """Work orders in every arm, each arm in a market of its own that is the same for all.

    A generated market is made anew for each. A recorded one is read on from where it was to a
    little before the order's start, and branches there into the arms: it is read through once where
    orders come in the order of their starts.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._begun: dict[str, Begun] = {}
        self._reached: dict[str, SimulatedVenue] = {}

    def work(self, order: Drawn) -> tuple[OrderResult, ...]:
        """Work one order; raise what preparing or working it raises."""
        fleet = self._fleet
        try:
            before = self._recorded(order) if fleet.market != GENERATED else None
            return tuple(_work_arm(fleet, order, arm, before) for arm in fleet.arms)
        except SteersmanError as error:
            error.message = f"order {order.order} on {order.symbol}: {error.message}"
            raise

    def _recorded(self, order: Drawn) -> Begun:
        """Return the recorded market as it was a little before the order's start."""
        begun = self._begun.get(order.symbol)
        if begun is None:
            request = request_of(order, PLAIN, self._fleet.market)
            job = prepare(request, self._fleet.settings, lambda line: None)
            begun = Begun(job.venue, job.assumed, job.venue.now_ns)
            self._begun[order.symbol] = begun
        venue = self._reached.get(order.symbol)
        until_ns = begun.begun_ns + order.start_s * SECOND_NS - TAPE_BEFORE_NS
        if venue is None or venue.now_ns > until_ns:
            venue = self._reached[order.symbol] = begun.venue.copy()
        venue.keep_tape_from(until_ns)
        return Begun(venue, begun.assumed, begun.begun_ns)


def request_of(order: Drawn, arm: StudyArm, market: str) -> Request:
    """Return the run that this order is in an arm, as a person would ask for it."""
    symbol, _, category = order.symbol.partition(".")
    steered = arm.algo is AlgoName.ADAPTIVE
    return Request(
        symbol=symbol,
        category=Category(category),
        side=Side(order.side),
        qty=parse_decimal(order.qty),
        start=f"{order.start_s}s",
        horizon=order.horizon,
        limit_price=None,
        decision_price=None,
        urgency=None,
        algo=arm.algo,
        base=AlgoName.TWAP,
        market=market,
        seed=order.seed,
        advisor=arm.advisor if steered else "none",
        news=None,
        # On a recording every order has the seed of all: what is drawn by it is drawn by order.
        parent_id="P1" if market == GENERATED else f"P{order.order + 1}",
        regime=order.regime if market == GENERATED else None,
        chance=arm.chance,
    )


def _work_arm(fleet: Fleet, order: Drawn, arm: StudyArm, before: Begun | None) -> OrderResult:
    horizon_s = parse_duration_ns(order.horizon) // SECOND_NS
    settings = settings_of(arm, fleet.settings, horizon_s)
    begun = None if before is None else replace(before, venue=before.venue.copy())
    job = prepare(request_of(order, arm, fleet.market), settings, lambda line: None, begun)
    with Journal.create(None) as journal:
        result = run_job(job, journal)
    _expect_own_answers(arm, job)
    return result_of(
        _measured(job, result),
        job.instrument,
        result.messages,
        order=order.order,
        arm=arm.name,
        market=market_hash(result.messages),
        journal=result.journal_hash,
    )


def _expect_own_answers(arm: StudyArm, job: Job) -> None:
    """Raise DataError where rules answered that would not have on another day or machine.

    What a model itself does not answer well, or in time, is its own and counts.
    """
    if isinstance(job.supervisor, Supervisor) and job.supervisor.absent:
        raise DataError(
            f"rules answered in the place of {arm.name}: {job.supervisor.absent[:200]}",
            "run the same command again later: with --out it goes on where it was",
        )


def _measured(job: Job, result: Result) -> CostReport:
    """Measure a run, in a market that has gone on to the close."""
    tape, deadline_ns = result.tape, job.order.deadline_ns
    ended = False
    while tape.end_ns < deadline_ns and not ended:
        ended = job.venue.run(Wake(job.instrument.id, deadline_ns + SECOND_NS, None, None)).ended
        tape = job.venue.tape()
    return measure(result.messages, job.order.id, tape)


def market_hash(messages: Sequence[Input | Effect]) -> str:
    """Return a hash of what was seen and told of the market before the order was submitted."""
    digest = sha256()
    for message in messages:
        if isinstance(message, Submit):
            break
        if isinstance(message, TOLD):
            digest.update(canonical(message))
    return digest.hexdigest()[:16]
