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
        self._answers: dict[str, list[AdviceArrived]] = {}
        for message in messages:
            if isinstance(message, Ask):
                self._questions[message.question.ask_id] = message.question
            elif isinstance(message, AdviceArrived):
                self._answers.setdefault(message.ask_id, []).append(message)
        self._waiting: list[AdviceArrived] = []

    @property
    def name(self) -> str:
        """The names of those who answered then."""
        names = (answer.advisor for answers in self._answers.values() for answer in answers)
        return ", ".join(dict.fromkeys(names))

    def ask(self, question: Question) -> None:
        """Await the answers that this very question had: one, and maybe one that came late.

        Raises DataError where it was not asked, or not like this.
        """
        recorded = self._questions.get(question.ask_id)
        if recorded != question:
            what = "was never asked" if recorded is None else "was asked of another state"
            raise DataError(
                f"question {question.ask_id} {what} in the record",
                "repeat the recorded run: same order, market, seed, settings and version",
            )
        self._waiting.extend(self._answers.get(question.ask_id, ()))

    def next_due_ns(self, until_ns: int) -> int | None:
        """Return when the next answer arrives, None where not up to `until_ns` (market time)."""
        due = (one.arrived_ns for one in self._waiting if one.arrived_ns <= until_ns)
        return min(due, default=None)

    def collect(self, now_ns: int) -> Iterator[AdviceArrived]:
        """Yield the answers that have arrived by now, in order of arrival."""
        due = [answer for answer in self._waiting if answer.arrived_ns <= now_ns]
        for answer in sorted(due, key=lambda answer: answer.arrived_ns):
            self._waiting.remove(answer)
            yield replace(answer, at_ns=now_ns)

    def close(self) -> None:
        """Forget what was still awaited."""
        self._waiting.clear()
