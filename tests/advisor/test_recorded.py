"""Recorded answers: the same words at the same moments, or an error."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steersman.advisor.recorded import RecordedAnswers
from steersman.domain.advice import Advice
from steersman.domain.messages import AdviceArrived, AnswerOutcome, Ask
from steersman.errors import DataError
from tests.advisor.questions import question
from tests.engine.desk import MID, T0

ASKED = question()
ARRIVED = AdviceArrived(
    at_ns=T0 + 7,
    parent_id="P1",
    ask_id="P1-q1",
    asked_ns=T0,
    arrived_ns=T0 + 5,
    ref_mid=MID,
    advisor="rules-2",
    fallback=True,
    answer=Advice(pace_pct=120),
    outcome=AnswerOutcome.UNAVAILABLE,
    why="instead of somebody: 503",
)


def test_an_answer_comes_again_when_it_came_whoever_gave_it() -> None:
    answers = RecordedAnswers([Ask(ASKED), ARRIVED])
    answers.ask(ASKED)
    assert answers.next_due_ns(T0 + 5) == T0 + 5
    assert answers.next_due_ns(T0 + 4) is None
    assert list(answers.collect(T0 + 4)) == []
    assert list(answers.collect(T0 + 6)) == [replace(ARRIVED, at_ns=T0 + 6)]
    assert answers.next_due_ns(T0 + 10**12) is None


def test_a_question_that_had_no_answer_has_none_again() -> None:
    answers = RecordedAnswers([Ask(ASKED)])
    answers.ask(ASKED)
    assert answers.next_due_ns(T0 + 10**12) is None


def test_what_was_not_asked_or_not_like_this_ends_the_run() -> None:
    answers = RecordedAnswers([Ask(ASKED), ARRIVED])
    with pytest.raises(DataError, match="was never asked"):
        answers.ask(replace(ASKED, ask_id="P1-q2"))
    with pytest.raises(DataError, match="was asked of another state"):
        answers.ask(replace(ASKED, asked_ns=T0 + 1))


def test_an_answer_that_came_late_comes_late_again() -> None:
    late = replace(ARRIVED, at_ns=T0 + 20, arrived_ns=T0 + 20, outcome=AnswerOutcome.LATE)
    answers = RecordedAnswers([Ask(ASKED), ARRIVED, late])
    answers.ask(ASKED)
    assert list(answers.collect(T0 + 30)) == [
        replace(ARRIVED, at_ns=T0 + 30),
        replace(late, at_ns=T0 + 30),
    ]
    assert answers.name == "rules-2"
