"""The quantity law is checked by three independent books: each of them can fail it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.domain.units import Qty
from steersman.engine.state import CLOSED_LATELY_MAX, check_conservation, progress_of
from steersman.engine.transitions import ChildState
from tests.engine.desk import Desk, changed


@pytest.mark.parametrize("name", ["filled", "unfilled", "overfilled"])
@pytest.mark.parametrize("by", ["0.001", "-0.001"])
def test_a_single_lot_missing_anywhere_is_found(name: str, by: str) -> None:
    desk = Desk()
    desk.submit()
    desk.fill("P1-1", "0.2")
    parent = desk.parent()
    check_conservation(desk.state, parent)
    broken = changed(parent, **{name: Qty(getattr(parent, name) + Decimal(by))})
    with pytest.raises(AssertionError, match="not conserved"):
        check_conservation(desk.state, broken)


def test_a_child_that_vanishes_is_found() -> None:
    desk = Desk()
    desk.submit()
    lost = changed(desk.state, children={})
    with pytest.raises(AssertionError, match="not conserved"):
        check_conservation(lost, desk.parent())


def test_progress_sums_to_the_order() -> None:
    desk = Desk()
    desk.submit()
    desk.fill("P1-1", "0.2")
    progress = progress_of(desk.state, desk.parent())
    assert progress.filled + progress.open + progress.unknown + progress.unfilled == 10
    assert progress.avg_price == 60_000
    assert progress.expected_volume == Decimal(1200)


def test_every_child_that_is_over_is_kept_as_it_was_last() -> None:
    desk = Desk()
    desk.submit()
    state, first = desk.state, desk.state.children["P1-1"]
    count = 3 * CLOSED_LATELY_MAX
    for number in range(1, count + 1):
        state = state.with_child(changed(first, id=f"P1-{number}", state=ChildState.CANCELLED))
    assert not state.children
    assert all(state.child(f"P1-{number}") is not None for number in range(1, count + 1))
    state = state.with_child(changed(first, state=ChildState.FILLED))  # its last fill came late
    found = state.child("P1-1")
    assert found is not None
    assert found.state is ChildState.FILLED
