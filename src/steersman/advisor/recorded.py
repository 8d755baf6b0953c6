"""Answers from a record: what an advisor said in an earlier run is said again, at the same moments.

Strict: a question that is not in the record, field by field, ends the run. Nothing is asked of any
model, so a run whose answers cannot be had again (a provider's model, a slow machine) repeats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from steersman.domain.advice import Question
from steersman.domain.messages import AdviceArrived, Ask, Effect, Input
from steersman.errors import DataError

__all__ = ["RecordedAnswers"]


class RecordedAnswers:
    """Hand out the recorded answers of recorded questions, when they arrived then."""

    def __init__(self, messages: Iterable[Input | Effect]) -> None:
        """Take a run's messages in order; only questions and answers are kept."""
        self._questions: dict[str, Question] = {}
        self._answers: dict[str, AdviceArrived] = {}
        for message in messages:
            if isinstance(message, Ask):
                self._questions[message.question.ask_id] = message.question
            elif isinstance(message, AdviceArrived):
                self._answers[message.ask_id] = message
        self._waiting: list[AdviceArrived] = []

    def ask(self, question: Question) -> None:
        """Await the answer that this very question had, if it had one.

        Raises DataError where it was not asked, or not like this.
        """
        recorded = self._questions.get(question.ask_id)
        if recorded != question:
            what = "was never asked" if recorded is None else "was asked of another state"
            raise DataError(
                f"question {question.ask_id} {what} in the record",
                "repeat the recorded run: same order, market, seed, settings and version",
            )
        answer = self._answers.get(question.ask_id)
        if answer is not None:
            self._waiting.append(answer)

    @property
    def next_due_ns(self) -> int | None:
        """When the next answer arrives in market time, or None where none is awaited."""
        return min((answer.arrived_ns for answer in self._waiting), default=None)

    def collect(self, now_ns: int) -> Iterator[AdviceArrived]:
        """Yield the answers that have arrived by now, in order of arrival."""
        due = [answer for answer in self._waiting if answer.arrived_ns <= now_ns]
        for answer in sorted(due, key=lambda answer: answer.arrived_ns):
            self._waiting.remove(answer)
            yield replace(answer, at_ns=now_ns)

    def close(self) -> None:
        """Forget what was still awaited."""
        self._waiting.clear()
