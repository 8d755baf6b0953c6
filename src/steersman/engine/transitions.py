"""The one transition table: every state of a parent and of a child, and how each is left.

Everything that decides which state follows which stands in this file. An event that has no entry
for the current state is a surprise: the engine raises an alert and halts the parent, it never
guesses. The diagrams in docs/states.md are generated from these tables.

A child is in flight in PENDING, AMENDING and CANCELLING, and in doubt in UNKNOWN. In all of these
its whole remaining quantity counts against every limit.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from steersman.domain.messages import ParentState

__all__ = [
    "CHILD_TABLE",
    "CHILD_TERMINAL",
    "PARENT_TABLE",
    "PARENT_TERMINAL",
    "ChildEvent",
    "ChildState",
    "ParentEvent",
]


class ChildState(StrEnum):
    """The states of a child order."""

    PENDING = "pending"
    OPEN = "open"
    AMENDING = "amending"
    CANCELLING = "cancelling"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class ChildEvent(StrEnum):
    """What can happen to a child order."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PART_FILLED = "part filled"
    ALL_FILLED = "all filled"
    AMEND_SENT = "amend sent"
    AMENDED = "amended"
    AMEND_REJECTED = "amend rejected"
    CANCEL_SENT = "cancel sent"
    CANCELLED = "cancelled"
    FILLS_MISSING = "over, fills missing"
    CANCEL_REJECTED = "cancel rejected"
    UNANSWERED = "unanswered"
    FOUND_OPEN = "found open"
    NOT_FOUND = "not found"


_S, _E = ChildState, ChildEvent

CHILD_TERMINAL: Final = frozenset({_S.FILLED, _S.CANCELLED, _S.REJECTED})

_IN_FLIGHT_OR_OPEN: Final = {
    _E.ALL_FILLED: _S.FILLED,
    _E.CANCELLED: _S.CANCELLED,
    _E.FILLS_MISSING: _S.UNKNOWN,
    _E.UNANSWERED: _S.UNKNOWN,
}

CHILD_TABLE: Final[dict[ChildState, dict[ChildEvent, ChildState]]] = {
    _S.PENDING: {
        **_IN_FLIGHT_OR_OPEN,
        _E.ACCEPTED: _S.OPEN,
        _E.REJECTED: _S.REJECTED,
        _E.PART_FILLED: _S.OPEN,
    },
    _S.OPEN: {
        **_IN_FLIGHT_OR_OPEN,
        _E.ACCEPTED: _S.OPEN,  # the acknowledgement may follow the first fill
        _E.PART_FILLED: _S.OPEN,
        _E.AMEND_SENT: _S.AMENDING,
        _E.CANCEL_SENT: _S.CANCELLING,
        _E.CANCEL_REJECTED: _S.OPEN,
        _E.AMEND_REJECTED: _S.OPEN,
    },
    _S.AMENDING: {
        **_IN_FLIGHT_OR_OPEN,
        _E.PART_FILLED: _S.AMENDING,
        _E.AMENDED: _S.OPEN,
        _E.AMEND_REJECTED: _S.OPEN,
        _E.CANCEL_SENT: _S.CANCELLING,
    },
    _S.CANCELLING: {
        **_IN_FLIGHT_OR_OPEN,
        _E.ACCEPTED: _S.CANCELLING,
        _E.PART_FILLED: _S.CANCELLING,
        _E.AMENDED: _S.CANCELLING,
        _E.AMEND_REJECTED: _S.CANCELLING,
        _E.CANCEL_REJECTED: _S.OPEN,
    },
    _S.UNKNOWN: {
        _E.ACCEPTED: _S.OPEN,
        _E.REJECTED: _S.REJECTED,
        _E.PART_FILLED: _S.UNKNOWN,
        _E.ALL_FILLED: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.FILLS_MISSING: _S.UNKNOWN,
        _E.UNANSWERED: _S.UNKNOWN,
        _E.AMENDED: _S.OPEN,
        _E.AMEND_REJECTED: _S.UNKNOWN,
        _E.CANCEL_SENT: _S.UNKNOWN,
        _E.CANCEL_REJECTED: _S.UNKNOWN,
        _E.FOUND_OPEN: _S.OPEN,
        _E.NOT_FOUND: _S.REJECTED,
    },
    # A final state absorbs what a venue tells twice: a cancel that raced with the last fill.
    _S.FILLED: {
        _E.ACCEPTED: _S.FILLED,
        _E.AMENDED: _S.FILLED,
        _E.CANCELLED: _S.FILLED,
        _E.CANCEL_REJECTED: _S.FILLED,
        _E.UNANSWERED: _S.FILLED,
        _E.AMEND_REJECTED: _S.FILLED,
    },
    _S.CANCELLED: {
        _E.ACCEPTED: _S.CANCELLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.CANCEL_REJECTED: _S.CANCELLED,
        _E.AMENDED: _S.CANCELLED,
        _E.UNANSWERED: _S.CANCELLED,
        _E.AMEND_REJECTED: _S.CANCELLED,
    },
    _S.REJECTED: {
        _E.REJECTED: _S.REJECTED,
        _E.CANCEL_REJECTED: _S.REJECTED,
        _E.UNANSWERED: _S.REJECTED,
        _E.AMEND_REJECTED: _S.REJECTED,
    },
}


class ParentEvent(StrEnum):
    """What can happen to a parent order."""

    REFUSED = "refused"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    ALL_FILLED = "all filled"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    HALTED = "halted"


_P, _V = ParentState, ParentEvent

PARENT_TERMINAL: Final = frozenset({_P.COMPLETED, _P.CANCELLED, _P.EXPIRED, _P.HALTED, _P.REFUSED})

PARENT_TABLE: Final[dict[ParentState, dict[ParentEvent, ParentState]]] = {
    _P.CREATED: {
        _V.REFUSED: _P.REFUSED,
        _V.STARTED: _P.RUNNING,
        _V.CANCELLED: _P.CANCELLED,
        _V.DEADLINE: _P.EXPIRED,
        _V.HALTED: _P.HALTED,
    },
    _P.RUNNING: {
        _V.PAUSED: _P.PAUSED,
        _V.ALL_FILLED: _P.COMPLETED,
        _V.CANCELLED: _P.CANCELLED,
        _V.DEADLINE: _P.EXPIRED,
        _V.HALTED: _P.HALTED,
    },
    _P.PAUSED: {
        _V.RESUMED: _P.RUNNING,
        _V.ALL_FILLED: _P.COMPLETED,  # a fill that was on its way
        _V.CANCELLED: _P.CANCELLED,
        _V.DEADLINE: _P.EXPIRED,
        _V.HALTED: _P.HALTED,
    },
    _P.COMPLETED: {},
    _P.CANCELLED: {},
    _P.EXPIRED: {},
    _P.HALTED: {},
    _P.REFUSED: {},
}
