"""Fold a journal again: the same inputs must give the same effects, byte for byte.

Replay calls no model and no venue. It is the proof that a journal is whole and that the engine is
the fold it claims to be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from steersman.domain.messages import Effect, Input, Started
from steersman.engine.engine import process, start
from steersman.engine.state import State
from steersman.errors import JournalError
from steersman.journal import Journal, Record

__all__ = ["Replayed", "replay"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The state after the last input, and the hash of the journal that the fold would write."""

    state: State
    journal_hash: str
    inputs: int


def replay(records: Iterable[Record]) -> Replayed:
    """Fold the inputs among `records`; raise JournalError where an effect is not what it was."""
    state: State | None = None
    inputs = 0
    expected: list[Effect] = []
    with Journal.create(None) as again:
        for record in records:
            message = record.message()
            if record.kind == "effect":
                if not expected or expected.pop(0) != message:
                    raise JournalError(
                        f"record {record.seq} ({record.type}) is not what the engine decides now",
                        "replay it with the version that wrote it (see its first record)",
                    )
                again.append(message)
                continue
            if expected:
                raise JournalError(
                    f"before record {record.seq} the engine decides {type(expected[0]).__name__}, "
                    "which the journal does not hold",
                    "the journal ends or was cut there: verify it first",
                )
            again.append(message)
            inputs += 1
            state, expected = _fold(state, message, record.seq)
        if state is None:
            raise JournalError("the journal is empty", "give a journal written by a run")
        return Replayed(state, again.head, inputs)


def _fold(state: State | None, message: Input | Effect, seq: int) -> tuple[State, list[Effect]]:
    if isinstance(message, Started):
        return start(message), []
    if state is None:
        raise JournalError(
            f"record {seq} comes before the journal's start", "the journal is not whole"
        )
    state, effects = process(state, message)  # type: ignore[arg-type]  # kind 'input' was checked
    return state, list(effects)
