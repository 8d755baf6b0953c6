"""The tables are whole: every state has a row, final states stay final, the diagram is current."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from steersman.domain.messages import ParentState
from steersman.engine.transitions import (
    CHILD_TABLE,
    CHILD_TERMINAL,
    PARENT_TABLE,
    PARENT_TERMINAL,
    ChildEvent,
    ChildState,
)

ROOT = Path(__file__).parents[2]


def test_every_state_has_a_row_and_every_other_state_can_be_reached() -> None:
    assert set(CHILD_TABLE) == set(ChildState)
    assert set(PARENT_TABLE) == set(ParentState)
    reached = {after for events in CHILD_TABLE.values() for after in events.values()}
    assert reached == set(ChildState) - {ChildState.PENDING}
    parents = {after for events in PARENT_TABLE.values() for after in events.values()}
    assert parents == set(ParentState) - {ParentState.CREATED}


def test_final_states_are_never_left() -> None:
    for state in CHILD_TERMINAL:
        assert set(CHILD_TABLE[state].values()) <= {state}
    for parent in PARENT_TERMINAL:
        assert not PARENT_TABLE[parent]


def test_silence_is_never_a_rejection() -> None:
    for state, events in CHILD_TABLE.items():
        if state not in CHILD_TERMINAL:
            assert events[ChildEvent.UNANSWERED] is ChildState.UNKNOWN


def test_the_diagrams_in_the_documentation_are_generated_from_the_tables() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "diagrams"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
