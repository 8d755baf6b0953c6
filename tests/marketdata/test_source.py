"""Events in memory as a source: what is not empty, in order, without copies."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.errors import DataError
from steersman.marketdata.events import EVENT
from steersman.marketdata.source import Arrays
from tests.marketdata.sample import random_events


def test_arrays_are_batches_without_the_empty_ones() -> None:
    events = random_events(30)
    source = Arrays("x", (events[:0], events[:10], events[10:10], events[10:]))
    assert [source.is_last(number) for number in range(2)] == [False, True]
    joined = np.concatenate([source.batch(0), source.batch(1)]).reshape(-1).view(EVENT)
    assert np.array_equal(joined, events)
    assert np.shares_memory(source.batch(0), events)


def test_nothing_and_other_types_are_errors() -> None:
    with pytest.raises(DataError, match="x: no events"):
        Arrays("x", ())
    with pytest.raises(DataError, match="dtype EVENT"):
        Arrays("x", (np.zeros(3),))  # type: ignore[arg-type]
