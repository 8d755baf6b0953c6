"""One engine, its journal and its outbox: every input and every effect passes here, in order.

An effect reaches the outside only after everything up to it is durable. Nothing here knows whether
the market is simulated, recorded or live.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from steersman.domain.messages import Effect, Input, Send, Started
from steersman.engine.engine import process, start
from steersman.engine.state import State
from steersman.journal import Journal

__all__ = ["Session"]


class Session:
    """Fold inputs through the engine and journal both sides of every step.

    Without a journal nothing is kept: what is only tried out is not to be durable.
    """

    def __init__(
        self,
        state: State,
        journal: Journal | None,
        watch: Callable[[Input | Effect], None] | None = None,
    ) -> None:
        self.state = state
        self._journal = journal
        self._watch = watch

    @classmethod
    def begin(
        cls,
        started: Started,
        journal: Journal,
        watch: Callable[[Input | Effect], None] | None = None,
    ) -> Self:
        """Return the session that a journal begins with."""
        session = cls(start(started), journal, watch)
        session._note(started)
        return session

    def feed(self, message: Input) -> tuple[Effect, ...]:
        """Fold one input; return its effects once what must be durable is durable."""
        self._note(message)
        self.state, effects = process(self.state, message)
        sends = False
        for effect in effects:
            self._note(effect)
            sends = sends or isinstance(effect, Send)
        if sends and self._journal is not None:
            self._journal.sync()
        return effects

    def _note(self, message: Input | Effect) -> None:
        if self._journal is not None:
            self._journal.append(message)
        if self._watch is not None:
            self._watch(message)
