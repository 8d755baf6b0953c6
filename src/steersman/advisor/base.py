"""The two ports of advice: what answers a question, and what puts questions and hands out answers.

An `Advisor` is a model, rules or a control and knows no time. An `AnswerSource` is what a run talks
to: a supervisor with an advisor behind it, or the record of an earlier run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from steersman.domain.advice import Answer, Question
from steersman.domain.messages import AdviceArrived

__all__ = ["Advisor", "AnswerSource"]


class Advisor(Protocol):
    """Anything that answers a question. `name` holds the model's id and the prompt's version."""

    @property
    def name(self) -> str: ...

    def advise(self, question: Question) -> Answer:
        """Answer; never raise for what a model may do wrong."""
        ...


class AnswerSource(Protocol):
    """Questions in, answers out at their moment of market time."""

    @property
    def name(self) -> str: ...

    def ask(self, question: Question) -> None:
        """Put a question."""
        ...

    def next_due_ns(self, until_ns: int) -> int | None:
        """Return when the next answer arrives in market time, None where not up to `until_ns`.

        This may wait in wall time for a model that might have answered by then.
        """
        ...

    def collect(self, now_ns: int) -> Iterator[AdviceArrived]:
        """Yield the answers that have arrived by now, in order of arrival."""
        ...

    def close(self) -> None:
        """Forget what is still awaited."""
        ...
