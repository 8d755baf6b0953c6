"""Calls in the background: none waits behind one that hangs, and a failure is an answer."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

import pytest

from steersman.advisor.background import HANGING_MAX, Background
from steersman.advisor.priority import NICE
from steersman.domain.advice import Advice, Answer, NoAdvice, Question
from tests.advisor.questions import question


class Model:
    """A model that hangs while a test wants it to, and tells which thread it ran in."""

    name = "model"

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.begun = threading.Semaphore(0)
        self.threads: list[int] = []
        self.native = 0

    def advise(self, question: Question) -> Answer:
        self.threads.append(threading.get_ident())
        self.native = threading.get_native_id()
        self.begun.release()
        self.free.wait(60)
        if question.ask_id == "broken":
            raise RuntimeError("it broke")
        return Answer(Advice(reasoning=question.ask_id))


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    yield made
    made.free.set()


def said(answer: Answer | None) -> str:
    assert answer is not None and isinstance(answer.said, Advice)
    return answer.said.reasoning


def test_calls_are_answered_in_a_thread_of_their_own(model: Model) -> None:
    background = Background(model, 5.0)
    calls = [background.call(question(ask_id=f"q{n}")) for n in range(3)]
    assert [said(background.wait(call)) for call in calls] == ["q0", "q1", "q2"]
    assert len(set(model.threads)) == 1 and threading.get_ident() not in model.threads
    assert all(call.took_ns > 0 for call in calls)
    background.close()


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_the_thread_of_a_model_steps_back(model: Model) -> None:
    background = Background(model, 5.0)
    background.wait(background.call(question()))
    assert os.getpriority(os.PRIO_PROCESS, model.native) == NICE


def test_a_failure_is_an_answer_and_the_next_call_is_made(model: Model) -> None:
    background = Background(model, 5.0)
    broken = background.wait(background.call(question(ask_id="broken")))
    assert broken == Answer(NoAdvice("unavailable", "RuntimeError: it broke"))
    assert said(background.wait(background.call(question(ask_id="next")))) == "next"


def test_what_waits_behind_a_call_that_hangs_goes_to_another_thread(model: Model) -> None:
    background = Background(model, 0.1)
    model.free.clear()
    hung, behind = (background.call(question(ask_id=name)) for name in ("hung", "behind"))
    model.begun.acquire()
    assert background.wait(hung) is None
    model.begun.acquire()  # the other thread has begun what waited
    model.free.set()
    assert said(behind.answer.result(5)) == "behind"
    assert len(set(model.threads)) == 2


def test_a_call_given_up_before_it_began_is_never_made(model: Model) -> None:
    background = Background(model, 0.1)
    model.free.clear()
    first, second = (background.call(question(ask_id=name)) for name in ("first", "second"))
    model.begun.acquire()
    assert background.wait(second) is None
    model.free.set()
    assert said(first.answer.result(5)) == "first"
    third = background.call(question(ask_id="third"))
    assert said(third.answer.result(5)) == "third"
    assert len(model.threads) == 2


def test_calls_that_hang_are_limited(model: Model) -> None:
    background = Background(model, 0.02)
    model.free.clear()
    for _ in range(HANGING_MAX):
        call = background.call(question())
        model.begun.acquire()
        assert background.wait(call) is None
    refused = background.wait(background.call(question()))
    assert refused == Answer(NoAdvice("unavailable", f"{HANGING_MAX} calls hang"))
    model.free.set()
