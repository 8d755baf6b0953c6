from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.marketdata.events import CLEAR, DEPTH, EVENT, GAP, LAST, SNAPSHOT, TRADE
from steersman.marketdata.rows import Violation, find_violation, pack
from tests.marketdata.reference import Row
from tests.marketdata.sample import random_events

OK: Row = (10, 12, 5, 100, DEPTH, 1, LAST)


def keeps_the_rules(row: Row, before: Row) -> bool:
    """Say the rules once more, one row at a time, in the plainest words."""
    exch, recv, lots, tick, kind, side, flags = row
    if exch < before[0] or recv < before[1] or recv < exch or exch <= 0 or flags not in (0, LAST):
        return False
    if kind in (CLEAR, GAP):
        return (lots, tick, side) == (0, 0, 0)
    if kind not in (DEPTH, TRADE, SNAPSHOT) or side not in (1, -1) or tick <= 0:
        return False
    return lots > 0 or (lots == 0 and kind == DEPTH)


def test_random_markets_keep_the_rules() -> None:
    assert find_violation(random_events(5_000), exch_ns=0, recv_ns=0) is None


def test_no_rows_break_no_rule() -> None:
    assert find_violation(np.empty(0, EVENT), exch_ns=9, recv_ns=9) is None


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ((9, 12, 5, 100, DEPTH, 1, 0), "exchange time goes back from 10 to 9"),
        ((10, 11, 5, 100, DEPTH, 1, 0), "receive time goes back from 12 to 11"),
        ((14, 13, 5, 100, DEPTH, 1, 0), "received at 13, before the exchange sent it: 14"),
        ((10, 12, 5, 100, 6, 1, 0), "unknown kind 6 (kind 6)"),
        ((10, 12, 5, 100, 0, 1, 0), "unknown kind 0 (kind 0)"),
        ((10, 12, 5, 100, TRADE, 0, 0), "side 0 (kind 2)"),
        ((10, 12, 5, 100, DEPTH, 2, 0), "side 2 (kind 1)"),
        ((10, 12, 0, 0, GAP, -1, 0), "side -1 (kind 5)"),
        ((10, 12, 5, 0, DEPTH, 1, 0), "price in ticks 0 (kind 1)"),
        ((10, 12, 5, -3, SNAPSHOT, 1, 0), "price in ticks -3 (kind 4)"),
        ((10, 12, 0, 7, CLEAR, 0, 0), "price in ticks 7 (kind 3)"),
        ((10, 12, -1, 100, DEPTH, 1, 0), "size in lots -1 (kind 1)"),
        ((10, 12, 0, 100, TRADE, 1, 0), "size in lots 0 (kind 2)"),
        ((10, 12, 0, 100, SNAPSHOT, 1, 0), "size in lots 0 (kind 4)"),
        ((10, 12, 4, 0, CLEAR, 0, 0), "size of a row without a level 4 (kind 3)"),
        ((10, 12, 5, 100, DEPTH, 1, 2), "unknown flags 2 (kind 1)"),
    ],
)
def test_each_rule_can_fail_and_names_the_row(row: Row, what: str) -> None:
    assert not keeps_the_rules(row, OK)
    rows = np.array([OK, OK, row], EVENT)
    assert find_violation(rows, exch_ns=0, recv_ns=0) == Violation(2, what)


def test_the_row_before_counts() -> None:
    rows = np.array([OK], EVENT)
    assert find_violation(rows, exch_ns=10, recv_ns=12) is None
    assert find_violation(rows, exch_ns=11, recv_ns=12) is not None
    assert find_violation(rows, exch_ns=10, recv_ns=13) is not None


def test_time_zero_is_not_a_time() -> None:
    rows = np.array([(0, 12, 5, 100, DEPTH, 1, 0)], EVENT)
    found = find_violation(rows, exch_ns=0, recv_ns=0)
    assert found == Violation(0, "exchange time 0 is not a time")


@given(
    st.lists(
        st.tuples(
            st.integers(8, 11),
            st.integers(10, 13),
            st.sampled_from([5, 5, 5, 1, 0, -1]),
            st.sampled_from([100, 100, 100, 1, 0, -1]),
            st.sampled_from([DEPTH, DEPTH, TRADE, SNAPSHOT, CLEAR, GAP, 0, 6, 255]),
            st.sampled_from([1, 1, -1, -1, 0, 2, -128]),
            st.sampled_from([0, LAST, LAST, 2, 65_535]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_agrees_with_the_plain_rules(rows: list[Row]) -> None:
    before: Row = (9, 11, 1, 1, DEPTH, 1, 0)
    pairs = zip(rows, [before, *rows], strict=False)
    found = find_violation(np.array(rows, EVENT), exch_ns=9, recv_ns=11)
    assert (found is None) == all(keeps_the_rules(row, last) for row, last in pairs)


@pytest.mark.parametrize("seed", range(40))
def test_packing_refuses_what_has_a_violation_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    events = random_events(60, seed)
    if seed % 4:
        name = rng.choice(EVENT.names or ())
        low, high = (-2, 9) if events[name].dtype.kind == "i" else (0, 9)
        events[name][rng.integers(60)] = rng.integers(low, high)
    columns = {name: np.ascontiguousarray(events[name]) for name in EVENT.names or ()}
    exch_ns = int(events["exch_ns"][0]) - (seed % 3) * 1_000
    before, words = np.array([exch_ns, 0]), np.empty((60, 4), np.int64)
    found = pack(columns, before, words)
    wrong = find_violation(columns, exch_ns=exch_ns, recv_ns=0)
    assert (found < 0) == (wrong is not None)
    if wrong is None:
        assert np.array_equal(words.reshape(-1).view(EVENT), events)
        assert found == (events["kind"] == GAP).sum()
        assert before.tolist() == [events["exch_ns"][-1], events["recv_ns"][-1]]
