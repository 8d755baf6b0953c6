"""The supervisor: the first advice in market time counts, failures fall back, nothing hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from msgspec.structs import replace

from steersman.advisor.breaker import COOL_DOWN_NS
from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Latency, Measured, Supervisor
from steersman.domain.advice import Advice, Answer, NoAdvice, Question, Usage
from steersman.domain.messages import AdviceArrived, AnswerOutcome
from steersman.domain.units import MS_NS, SECOND_NS
from tests.advisor.questions import question
from tests.engine.desk import T0

SAID = Advice(pace_pct=130)
BROKEN = NoAdvice("unavailable", "503")
GARBAGE = NoAdvice("invalid", "not JSON")
FOREVER_NS = T0 + 10**15


@dataclass
class Scripted:
    """An advisor that does what a test says, and counts how often it was asked."""

    answer: Advice | NoAdvice = SAID
    name: str = "scripted"
    hang: threading.Event | None = None
    error: Exception | None = None
    usage: Usage = field(default_factory=Usage)
    asked: list[Question] = field(default_factory=list)

    def advise(self, question: Question) -> Answer:
        self.asked.append(question)
        if self.hang is not None:
            self.hang.wait(30)
        if self.error is not None:
            raise self.error
        return Answer(self.answer, self.usage)


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def after(ms: float) -> Latency:
    """Return a latency that is always the same."""
    return Latency(ms, 0.0, 1)


def numbered(n: int, at_ns: int = T0) -> Question:
    """Return a question whose content nobody else has."""
    asked = question()
    view = replace(asked.view, trades=n)
    return replace(asked, ask_id=f"P1-q{n}", asked_ns=at_ns, view=view)


def answers(supervisor: Supervisor, asked: Question) -> list[AdviceArrived]:
    """Ask and let market time run until nothing more comes."""
    supervisor.ask(asked)
    heard: list[AdviceArrived] = []
    while (due_ns := supervisor.next_due_ns(FOREVER_NS)) is not None:
        assert not list(supervisor.collect(due_ns - 1)), "nothing arrives before its time"
        heard += supervisor.collect(due_ns)
    return heard


def single(supervisor: Supervisor, asked: Question | None = None) -> AdviceArrived:
    (arrived,) = answers(supervisor, asked or question())
    return arrived


def test_an_answer_arrives_at_its_drawn_time() -> None:
    latency = Latency(100, 0.5, 7)
    arrived = single(Supervisor(Scripted(), RulesAdvisor(), latency))
    due_ns = T0 + latency.draw_ns("P1-q1")
    assert (arrived.asked_ns, arrived.arrived_ns, arrived.at_ns) == (T0, due_ns, due_ns)
    assert (arrived.answer, arrived.advisor) == (SAID, "scripted")
    assert (arrived.outcome, arrived.fallback) == (AnswerOutcome.ANSWERED, False)


def test_a_model_slower_than_the_market_is_waited_for_in_wall_time_alone(
    hang: threading.Event,
) -> None:
    supervisor = Supervisor(Scripted(hang=hang), RulesAdvisor(), after(100))
    supervisor.ask(question())
    assert supervisor.next_due_ns(T0 + 99 * MS_NS) is None, "nobody waits before its time"
    threading.Timer(0.2, hang.set).start()
    assert supervisor.next_due_ns(T0 + SECOND_NS) == T0 + 100 * MS_NS


def test_a_measured_answer_takes_as_long_in_market_time_as_it_took(hang: threading.Event) -> None:
    threading.Timer(0.2, hang.set).start()
    arrived = single(Supervisor(Scripted(hang=hang), RulesAdvisor(), Measured()))
    assert 150 * MS_NS < arrived.arrived_ns - T0 < 5 * SECOND_NS
    assert arrived.outcome is AnswerOutcome.ANSWERED


def test_a_hanging_model_is_given_up_and_rules_answer_when_the_timeout_is_over(
    hang: threading.Event,
) -> None:
    started_s = time.monotonic()
    arrived = single(Supervisor(Scripted(hang=hang), RulesAdvisor(), after(10), timeout_s=0.2))
    assert time.monotonic() - started_s < 5
    assert isinstance(arrived.answer, Advice)
    assert (arrived.outcome, arrived.fallback) == (AnswerOutcome.TIMEOUT, True)
    assert arrived.arrived_ns == T0 + 200 * MS_NS, "not before one could know that it hangs"
    assert (arrived.advisor, arrived.why) == (
        "rules-2",
        "instead of scripted: no answer within 0.2 s",
    )


def test_an_answer_after_the_timeout_is_paid_for_and_does_nothing() -> None:
    spent = Usage(tokens_in=7, cost_usd=Decimal("0.1"))
    model = Scripted(usage=spent)
    first, late = answers(Supervisor(model, RulesAdvisor(), after(3_000), 2.0), question())
    assert (first.outcome, first.arrived_ns, first.usage) == (
        AnswerOutcome.TIMEOUT,
        T0 + 2 * SECOND_NS,
        Usage(),
    )
    assert (late.outcome, late.arrived_ns, late.usage) == (
        AnswerOutcome.LATE,
        T0 + 3 * SECOND_NS,
        spent,
    )


@pytest.mark.parametrize("model", [Scripted(BROKEN), Scripted(error=ValueError("it broke"))])
def test_an_unavailable_model_falls_back_when_it_is_known(model: Scripted) -> None:
    arrived = single(Supervisor(model, RulesAdvisor(), after(50)))
    assert isinstance(arrived.answer, Advice)
    assert (arrived.outcome, arrived.fallback) == (AnswerOutcome.UNAVAILABLE, True)
    assert arrived.arrived_ns == T0 + 50 * MS_NS


def test_a_model_that_says_itself_that_its_time_is_over_has_timed_out() -> None:
    model = Scripted(NoAdvice("timeout", "10 s"))
    arrived = single(Supervisor(model, RulesAdvisor(), after(50), 2.0))
    assert (arrived.outcome, arrived.arrived_ns) == (AnswerOutcome.TIMEOUT, T0 + 2 * SECOND_NS)


def test_it_says_why_rules_answered_where_at_another_time_the_model_might(
    hang: threading.Event,
) -> None:
    hangs = Scripted(NoAdvice("timeout", "0.2 s"))
    for model, words in (
        (Scripted(hang=hang), "scripted: no answer within 0.2 s of wall time"),
        (hangs, "scripted: no answer within 0.2 s of wall time"),
        (Scripted(BROKEN), "scripted: 503"),
        (Scripted(error=ValueError("it broke")), "scripted: ValueError: it broke"),
    ):
        supervisor = Supervisor(model, RulesAdvisor(), after(10), timeout_s=0.2)
        assert supervisor.absent == ""
        assert single(supervisor).fallback
        assert supervisor.absent == words
    second = Scripted(BROKEN, "second")
    both = Supervisor(hangs, RulesAdvisor(), after(10), 0.2, (second, after(10)))
    assert single(both).fallback and both.absent == "second: 503"


def test_what_a_model_does_not_answer_by_itself_is_no_absence() -> None:
    slow = Supervisor(Scripted(), RulesAdvisor(), after(3_000), 2.0)
    assert answers(slow, question())[0].outcome is AnswerOutcome.TIMEOUT
    refused = Supervisor(Scripted(NoAdvice("declined", "held back")), RulesAdvisor(), after(10))
    assert single(refused).outcome is AnswerOutcome.UNAVAILABLE
    garbled = Supervisor(Scripted(GARBAGE), RulesAdvisor(), after(10))
    assert not single(garbled).fallback
    hedged = Supervisor(Scripted(BROKEN), RulesAdvisor(), after(10), 2.0, (Scripted(), after(10)))
    assert single(hedged).outcome is AnswerOutcome.HEDGED
    assert {one.absent for one in (slow, refused, garbled, hedged)} == {""}


def test_an_invalid_answer_does_not_fall_back_to_a_guess() -> None:
    arrived = single(Supervisor(Scripted(GARBAGE), RulesAdvisor(), after(50)))
    assert (arrived.outcome, arrived.fallback) == (AnswerOutcome.INVALID, False)
    assert arrived.answer == GARBAGE


def test_the_same_content_is_answered_again_without_asking() -> None:
    model = Scripted(SAID, usage=Usage("v1", "hash", 10, 5, Decimal("0.01")))
    supervisor = Supervisor(model, RulesAdvisor(), after(50))
    single(supervisor, numbered(1))
    again = replace(numbered(1, T0 + 60 * SECOND_NS), ask_id="P1-q2")
    arrived = single(supervisor, again)
    assert len(model.asked) == 1
    assert (arrived.outcome, arrived.answer) == (AnswerOutcome.CACHED, SAID)
    assert arrived.usage == Usage("v1", "hash", cached=True), "it cost nothing"
    assert (arrived.ask_id, arrived.arrived_ns) == ("P1-q2", again.asked_ns)


def test_after_three_failures_rules_answer_at_once_until_one_trial() -> None:
    model = Scripted(BROKEN)
    supervisor = Supervisor(model, RulesAdvisor(), after(50))
    for n in range(3):
        assert single(supervisor, numbered(n)).outcome is AnswerOutcome.UNAVAILABLE
    arrived = single(supervisor, numbered(3, T0 + 60 * SECOND_NS))
    assert (arrived.outcome, arrived.fallback) == (AnswerOutcome.CIRCUIT_OPEN, True)
    assert arrived.arrived_ns == T0 + 60 * SECOND_NS
    assert len(model.asked) == 3
    later_ns = T0 + 50 * MS_NS + COOL_DOWN_NS
    model.answer = SAID
    supervisor.ask(numbered(4, later_ns))
    supervisor.ask(numbered(5, later_ns))
    heard = list(supervisor.collect(later_ns + SECOND_NS))
    outcomes = {arrived.ask_id: arrived.outcome for arrived in heard}
    assert outcomes == {"P1-q5": AnswerOutcome.CIRCUIT_OPEN, "P1-q4": AnswerOutcome.ANSWERED}, (
        "one trial"
    )
    assert single(supervisor, numbered(6, later_ns + SECOND_NS)).outcome is AnswerOutcome.ANSWERED


def test_answers_that_come_too_late_open_the_circuit_too() -> None:
    model = Scripted()
    supervisor = Supervisor(model, RulesAdvisor(), after(3_000), 2.0)
    for n in range(3):
        heard = answers(supervisor, numbered(n, T0 + 10 * n * SECOND_NS))
        assert [one.outcome for one in heard] == [AnswerOutcome.TIMEOUT, AnswerOutcome.LATE]
    arrived = single(supervisor, numbered(3, T0 + 30 * SECOND_NS))
    assert arrived.outcome is AnswerOutcome.CIRCUIT_OPEN


def test_what_does_not_pass_the_checks_is_invalid_and_every_check_is_counted() -> None:
    liar = Scripted(Advice(pace_pct=130, evidence=("n9",)))
    arrived = single(Supervisor(liar, RulesAdvisor(), after(50)))
    assert (arrived.outcome, arrived.checks) == (AnswerOutcome.INVALID, ("evidence",))
    (arrived,) = hedged(liar, Scripted(Advice(pace_pct=130, reasoning="up 7.77 %")), 100, 300)
    assert (arrived.outcome, arrived.checks) == (AnswerOutcome.HEDGED, ("evidence", "grounding"))


def hedged(
    first: Scripted, second: Scripted, first_ms: float, second_ms: float
) -> list[AdviceArrived]:
    second.name = "second"
    pair = (second, after(second_ms))
    supervisor = Supervisor(first, RulesAdvisor(), after(first_ms), 2.0, pair)
    heard = answers(supervisor, question())
    supervisor.close()
    return heard


def told(heard: list[AdviceArrived]) -> list[tuple[AnswerOutcome, str, int]]:
    return [(one.outcome, one.advisor, (one.arrived_ns - T0) // MS_NS) for one in heard]


def test_the_second_is_not_asked_while_the_first_has_time() -> None:
    second = Scripted()
    heard = hedged(Scripted(), second, 900, 10)
    assert told(heard) == [(AnswerOutcome.ANSWERED, "scripted", 900)]
    assert not second.asked


def test_the_second_is_asked_after_half_of_the_timeout_and_the_first_advice_counts() -> None:
    heard = hedged(Scripted(), Scripted(Advice(pace_pct=70)), 1_800, 300)
    assert told(heard) == [
        (AnswerOutcome.HEDGED, "second", 1_300),
        (AnswerOutcome.LATE, "scripted", 1_800),
    ]
    assert heard[0].answer == Advice(pace_pct=70)
    heard = hedged(Scripted(), Scripted(), 1_200, 300)
    assert told(heard) == [
        (AnswerOutcome.ANSWERED, "scripted", 1_200),
        (AnswerOutcome.LATE, "second", 1_300),
    ]


def test_the_second_is_asked_at_once_when_the_first_fails() -> None:
    spent = Usage(tokens_in=3, tokens_out=2, cost_usd=Decimal("0.5"))
    for failure in (BROKEN, GARBAGE):
        first, second = Scripted(failure, usage=spent), Scripted(usage=replace(spent, tokens_in=4))
        (arrived,) = hedged(first, second, 100, 300)
        assert told([arrived]) == [(AnswerOutcome.HEDGED, "second", 400)]
        assert arrived.usage == Usage("", "", 7, 4, Decimal(1)), "both are paid for"


def test_when_both_fail_rules_answer_unless_one_said_something_that_is_no_advice() -> None:
    assert told(hedged(Scripted(BROKEN), Scripted(BROKEN), 100, 300)) == [
        (AnswerOutcome.UNAVAILABLE, "rules-2", 400)
    ]
    assert told(hedged(Scripted(BROKEN), Scripted(GARBAGE), 100, 300)) == [
        (AnswerOutcome.INVALID, "second", 400)
    ]
    assert told(hedged(Scripted(GARBAGE), Scripted(BROKEN), 100, 300)) == [
        (AnswerOutcome.INVALID, "scripted", 400)
    ]


def test_a_slow_first_is_left_alone_though_the_second_answers() -> None:
    first, second = Scripted(), Scripted(Advice(pace_pct=70), name="second")
    supervisor = Supervisor(first, RulesAdvisor(), after(3_000), 2.0, (second, after(100)))
    for n in range(4):
        answers(supervisor, numbered(n, T0 + 10 * n * SECOND_NS))
    assert (len(first.asked), len(second.asked)) == (3, 4)
    for hours in (1, 2):  # a trial that is late, too, is not the last one
        answers(supervisor, numbered(4 + hours, T0 + hours * 3_600 * SECOND_NS))
        assert len(first.asked) == 3 + hours
    supervisor.close()


def test_a_hanging_first_is_hedged(hang: threading.Event) -> None:
    pair = (Scripted(name="second"), after(50))
    supervisor = Supervisor(Scripted(hang=hang), RulesAdvisor(), after(10), 0.4, pair)
    assert told(answers(supervisor, question())) == [(AnswerOutcome.HEDGED, "second", 250)]


def test_a_first_that_is_left_alone_leaves_the_second() -> None:
    first, second = Scripted(BROKEN), Scripted(name="second")
    supervisor = Supervisor(first, RulesAdvisor(), after(10), 2.0, (second, after(20)))
    outcomes = [single(supervisor, numbered(n, T0 + n * SECOND_NS)) for n in range(4)]
    assert [one.outcome for one in outcomes] == [AnswerOutcome.HEDGED] * 4
    assert len(first.asked) == 3
    assert outcomes[3].arrived_ns == T0 + 3 * SECOND_NS + 20 * MS_NS
