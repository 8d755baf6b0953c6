"""Whole orders with advisors that hang, lie, know or are always wrong: all within limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from steersman.advisor.latency import Latency
from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Supervisor
from steersman.domain.advice import (
    Action,
    Advice,
    Answer,
    Direction,
    Question,
    Severity,
    TrackRecord,
)
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    AdvisorWeighed,
    AnswerOutcome,
    Ask,
    AskWhy,
    Input,
    NewsArrived,
    ParentState,
    Scheduled,
    Verdict,
    Viewed,
)
from steersman.domain.order import AlgoName, ParentOrder
from steersman.domain.units import SECOND_NS, Side
from steersman.engine.state import Parent
from steersman.journal import Journal
from steersman.models.advisor_weight import WEIGHT_MIN
from steersman.runtime.backtest import Job, Result, run_job
from tests.runtime.runs import job

SHARE = Decimal("0.20")
SLICE_NS = 30 * SECOND_NS


def steered(made: Job) -> Result:
    with Journal.create(None) as journal:
        return run_job(made, journal)


def adaptive(**changes: Any) -> Job:
    return job(**{"algo": AlgoName.ADAPTIVE, **changes})


def targets(result: Result) -> list[tuple[int, Scheduled]]:
    """Return what was scheduled when, from the messages of a run, in its order."""
    told, now_ns = [], 0
    for message in result.messages:
        if isinstance(message, Input):
            now_ns = message.at_ns
        if isinstance(message, Scheduled):
            told.append((now_ns, message))
    return told


def furthest(result: Result, share: Decimal = SHARE) -> Decimal:
    """Return how far targets ever were from TWAP, and check each against the envelope around it.

    The envelope is computed here anew: share x quantity x 4u(1-u) at the end of the slice.
    """
    parent: Parent = result.parent
    order: ParentOrder = parent.order
    horizon_ns = order.deadline_ns - parent.arrival_ns
    most = Decimal(0)
    for at_ns, target in targets(result):
        if target.reason == "all that is left by the deadline":
            assert target.done == order.qty
            continue
        slices = (at_ns - parent.arrival_ns) // SLICE_NS + 1
        u = Decimal(min(slices * SLICE_NS, horizon_ns)) / horizon_ns
        away = abs(target.done - order.qty * u)
        assert away <= share * order.qty * 4 * u * (1 - u) + Decimal("0.002"), target
        most = max(most, away)
    return most


class Liar:
    """An advisor that is sure of one thing, whatever it is asked."""

    name = "liar"

    def __init__(self, advice: Advice) -> None:
        self._advice = advice

    def advise(self, question: Question) -> Answer:
        return Answer(self._advice)


LIES = {
    "full speed": Advice(pace_pct=200, ttl_s=300),
    "stand still": Advice(pace_pct=0, ttl_s=300),
    "hold": Advice(action=Action.HOLD),
    "finish": Advice(action=Action.FINISH),
    "evidence that is there": Advice(pace_pct=200, evidence=("view",)),
    "another base": Advice(base=AlgoName.POV, pace_pct=200),
    "news": Advice(
        pace_pct=200,
        news_direction=Direction.UP,
        news_severity=Severity.MAJOR,
    ),
}


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("lie", LIES)
def test_a_model_that_lies_moves_the_order_inside_its_envelope_and_it_completes(
    lie: str, side: Side
) -> None:
    plain = adaptive(side=side)
    source = Supervisor(Liar(LIES[lie]), RulesAdvisor(), Latency(100, 0.2, 1))
    believed = {"liar": TrackRecord(right=1_000)}  # the worst case: its word has all the weight
    result = steered(replace(plain, supervisor=source, track_records=believed))
    assert result.parent.state is ParentState.COMPLETED
    assert furthest(result) > 0, "it is heard"
    judged = {m.verdict for m in result.messages if isinstance(m, AdviceJudged)}
    assert judged <= {Verdict.ACCEPTED, Verdict.CLAMPED, Verdict.STALE}


def test_a_lie_about_the_evidence_changes_nothing() -> None:
    source = Supervisor(
        Liar(Advice(pace_pct=200, evidence=("n99",))), RulesAdvisor(), Latency(100, 0.2, 1)
    )
    result = steered(replace(adaptive(), supervisor=source))
    judged = [m for m in result.messages if isinstance(m, AdviceJudged)]
    assert {m.verdict for m in judged if not m.fallback} == {Verdict.INVALID}
    assert sum(not m.fallback for m in judged) == 3, "then rules go on without it"
    first_ns = next(m.asked_ns for m in result.messages if isinstance(m, AdviceArrived))
    before = [
        abs(target.done - result.parent.plans[AlgoName.ADAPTIVE].at(at_ns))
        for at_ns, target in targets(result)
        if at_ns < first_ns + 60 * SECOND_NS
    ]
    assert max(before) == 0, "the base to the lot"
    assert result.parent.state is ParentState.COMPLETED
    furthest(result)


class Hanging:
    """An advisor that never answers."""

    name = "hanging"

    def __init__(self) -> None:
        self.over = threading.Event()

    def advise(self, question: Question) -> Answer:
        self.over.wait(60)
        return Answer(Advice())


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    advisor = Hanging()
    yield advisor
    advisor.over.set()


def test_with_a_model_that_hangs_the_order_completes_inside_its_envelope(
    hanging: Hanging,
) -> None:
    source = Supervisor(hanging, RulesAdvisor(), Latency(50, 0.0, 1), 0.2)
    result = steered(replace(adaptive(), supervisor=source))
    assert result.parent.state is ParentState.COMPLETED
    furthest(result)
    arrived = [m for m in result.messages if isinstance(m, AdviceArrived)]
    assert {m.outcome for m in arrived} == {AnswerOutcome.TIMEOUT, AnswerOutcome.CIRCUIT_OPEN}
    assert all(m.fallback and isinstance(m.answer, Advice) for m in arrived)


def test_a_hanging_model_delays_no_decision_in_market_time(hanging: Hanging) -> None:
    """The engine is called at the same times as where rules answer in its place at once."""
    failing = Supervisor(hanging, RulesAdvisor(), Latency(50, 0.0, 1), 0.2)
    result = steered(replace(adaptive(), supervisor=failing))
    views = [m.at_ns for m in result.messages if isinstance(m, Viewed)]
    gaps_ns = [after - before for before, after in pairwise(views)]
    assert max(gaps_ns[2:]) <= 5 * SECOND_NS


def weights(result: Result) -> list[Decimal]:
    return [m.weight for m in result.messages if isinstance(m, AdvisorWeighed)]


def test_an_advisor_that_is_always_wrong_sinks_to_the_floor_and_one_that_knows_rises() -> None:
    wrong = steered(adaptive(advisor="oracle:0", horizon="30m"))
    right = steered(adaptive(advisor="oracle:1", horizon="30m"))
    assert weights(wrong)[0] <= Decimal("0.5") and weights(wrong)[-1] == WEIGHT_MIN
    assert weights(right)[0] >= Decimal("0.5") and weights(right)[-1] > Decimal("0.8")
    sunk = next(m.record for m in reversed(wrong.messages) if isinstance(m, AdvisorWeighed))
    assert sunk.right < sunk.wrong


def test_who_is_wrong_is_hardly_heard() -> None:
    """The same advisor, always wrong, with a record of its own, a bad one and an undeserved one."""
    records = [TrackRecord(), TrackRecord(wrong=30), TrackRecord(right=1_000)]
    fresh, sunk, trusted = (
        furthest(
            steered(
                replace(
                    adaptive(advisor="oracle:0", horizon="30m"),
                    track_records={"oracle-1(0)": record},
                )
            )
        )
        for record in records
    )
    assert max(fresh, sunk) < trusted / 2


def test_questions_have_reasons_pauses_and_follow_the_news() -> None:
    result = steered(adaptive(advisor="neutral", horizon="30m"))
    asks = [m for m in result.messages if isinstance(m, Ask)]
    times = [ask.question.asked_ns for ask in asks]
    assert asks[0].why is AskWhy.START
    assert min(after - before for before, after in pairwise(times)) >= 10 * SECOND_NS
    assert {AskWhy.TIMER, AskWhy.NEWS} <= {ask.why for ask in asks}
    told = [m.at_ns for m in result.messages if isinstance(m, NewsArrived)]
    for at_ns in told:
        if times[0] < at_ns <= times[-1]:
            assert any(at_ns <= asked_ns <= at_ns + 16 * SECOND_NS for asked_ns in times)
