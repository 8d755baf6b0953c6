"""The supervisor: market-time latency repeats, failures fall back to rules, and nothing hangs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Latency, Supervisor
from steersman.domain.advice import Advice, Answer, NoAdvice, Question
from steersman.domain.messages import AdviceArrived
from tests.advisor.questions import question
from tests.engine.desk import T0


@dataclass
class Scripted:
    """An advisor that does what a test says."""

    answer: Advice | NoAdvice = field(default_factory=Advice)
    name: str = "scripted"
    hang: threading.Event | None = None
    error: Exception | None = None

    def advise(self, question: Question) -> Answer:
        if self.hang is not None:
            self.hang.wait(30)
        if self.error is not None:
            raise self.error
        return Answer(self.answer)


def ask(advisor: Scripted, wall_timeout_s: float = 5.0) -> AdviceArrived:
    supervisor = Supervisor(advisor, RulesAdvisor(), Latency(100, 0.5, 7), wall_timeout_s)
    supervisor.ask(question())
    due_ns = supervisor.next_due_ns
    assert due_ns is not None
    assert not list(supervisor.collect(due_ns - 1)), "nothing arrives before its time"
    (arrived,) = supervisor.collect(due_ns)
    supervisor.close()
    assert supervisor.next_due_ns is None
    assert (arrived.asked_ns, arrived.arrived_ns, arrived.at_ns) == (T0, due_ns, due_ns)
    return arrived


def test_an_answer_arrives_at_its_drawn_time() -> None:
    arrived = ask(Scripted(Advice(pace_pct=130)))
    assert arrived.answer == Advice(pace_pct=130)
    assert arrived.advisor == "scripted"
    assert not arrived.fallback


def test_latency_is_a_pure_function_of_seed_and_question() -> None:
    draws = [Latency(250, 0.4, 7).draw_ns(f"P1-q{n}") for n in range(2_000)]
    assert draws == [Latency(250, 0.4, 7).draw_ns(f"P1-q{n}") for n in range(2_000)]
    assert draws != [Latency(250, 0.4, 8).draw_ns(f"P1-q{n}") for n in range(2_000)]
    median_ms = sorted(draws)[1_000] / 1e6
    assert 235 < median_ms < 265
    assert min(draws) > 0


def test_a_hanging_model_is_given_up_and_rules_answer() -> None:
    hang = threading.Event()
    started_s = time.monotonic()
    arrived = ask(Scripted(hang=hang), wall_timeout_s=0.2)
    assert time.monotonic() - started_s < 5
    hang.set()
    assert arrived.fallback
    assert isinstance(arrived.answer, Advice)
    assert arrived.advisor.startswith("rules-2 for scripted")


@pytest.mark.parametrize(
    "advisor",
    [Scripted(NoAdvice("unavailable", "503")), Scripted(error=ValueError("it broke"))],
)
def test_an_unavailable_model_falls_back(advisor: Scripted) -> None:
    arrived = ask(advisor)
    assert arrived.fallback
    assert isinstance(arrived.answer, Advice)


def test_an_invalid_answer_does_not_fall_back_to_a_guess() -> None:
    arrived = ask(Scripted(NoAdvice("invalid", "not JSON")))
    assert not arrived.fallback
    assert arrived.answer == NoAdvice("invalid", "not JSON")
