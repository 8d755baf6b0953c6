"""One engine, its journal and its outbox: every input and every effect passes here, in order.

An effect reaches the outside only after everything up to it is durable. Nothing here knows whether
the market is simulated, recorded or live.
"""

from __future__ import annotations

from collections.abc import Callable

from steersman.domain.messages import Effect, Input, Send, Started
from steersman.engine.engine import process, start
from steersman.engine.state import State
from steersman.journal import Journal

__all__ = ["Session"]


class Session:
    """Fold inputs through the engine and journal both sides of every step."""

    def __init__(
        self,
        started: Started,
        journal: Journal,
        watch: Callable[[Input | Effect], None] | None = None,
    ) -> None:
        self.state: State = start(started)
        self._journal = journal
        self._watch = watch
        self._note(started)

    def feed(self, message: Input) -> tuple[Effect, ...]:
        """Fold one input; return its effects once what must be durable is durable."""
        self._note(message)
        self.state, effects = process(self.state, message)
        sends = False
        for effect in effects:
            self._note(effect)
            sends = sends or isinstance(effect, Send)
        if sends:
            self._journal.sync()
        return effects

    def _note(self, message: Input | Effect) -> None:
        self._journal.append(message)
        if self._watch is not None:
            self._watch(message)
