"""The queue model is found again from recordings of queues whose rule is known."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.errors import DataError
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, LAST, SNAPSHOT, TRADE
from steersman.marketdata.rows import Events
from steersman.venues.queue_fit import fit_queue
from steersman.venues.queues import FRONT_POWER


def queue_of_orders(exponent: float, seed: int, rows: int = 40_000, levels: int = 20) -> Events:
    """Record levels of real orders, cancelled by place: the share x of the queue by x^exponent."""
    rng = np.random.default_rng(seed)
    queues = [[int(s) for s in rng.integers(1, 4_000, 12)] for _ in range(levels)]
    out = [(CLEAR, 0, 0, 0)]
    out += [(SNAPSHOT, 1, 100 + k, sum(queue)) for k, queue in enumerate(queues)]
    while len(out) < rows:
        k = int(rng.integers(levels))
        queue, what = queues[k], rng.random()
        if what < 0.45 or len(queue) < 3:
            queue.append(int(rng.integers(1, 4_000)))
        elif what < 0.9:
            place = rng.random() ** (1 / exponent) * sum(queue)
            at = int(np.searchsorted(np.cumsum(queue), place, side="right"))
            queue.pop(min(at, len(queue) - 1))
        else:
            lots = left = int(rng.integers(1, 3_000))
            while left and queue:
                taken = min(left, queue[0])
                queue[0] -= taken
                left -= taken
                if not queue[0]:
                    queue.pop(0)
            out.append((TRADE, -1, 100 + k, lots - left))
        out.append((DEPTH, 1, 100 + k, sum(queue)))
    events = np.zeros(len(out), EVENT)
    for i, (kind, side, tick, lots) in enumerate(out):
        events[i] = (1_000 + i, 2_000 + i, lots, tick, kind, side, LAST)
    return events


@pytest.mark.parametrize("exponent", [1.0, 2.0, 4.0])
def test_the_exponent_is_found_again(exponent: float) -> None:
    fits = [fit_queue([queue_of_orders(exponent, seed)]) for seed in range(3)]
    for fit in fits:
        assert fit.hits > 500
        assert 0.0 < fit.error < 0.1 * exponent
        assert abs(fit.exponent - exponent) < 4 * fit.error + 0.04 * exponent
        assert fit.model.kind == FRONT_POWER and fit.model.exponent == fit.exponent


def test_cancels_at_the_front_are_seen_as_such_though_less_of_it() -> None:
    # Orders that stood at the front are followed for too short a time to be placed well.
    fit = fit_queue([queue_of_orders(0.5, 1)])
    assert 0.5 < fit.exponent < 0.75


def test_batches_make_no_difference() -> None:
    events = queue_of_orders(2.0, 1, rows=8_000)
    assert fit_queue(np.array_split(events, 7)) == fit_queue([events])


def test_too_little_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be fitted"):
        fit_queue([queue_of_orders(1.0, 0, rows=150)])
