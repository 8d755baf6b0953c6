"""The stream for measuring speed keeps every rule of a recording, and its load is as it says."""

from __future__ import annotations

import numpy as np

from steersman.domain.messages import Wake
from steersman.marketdata.events import DEPTH, EVENT, TRADE
from steersman.marketdata.rows import find_violation
from steersman.venues.level_stream import new_stream, write_stream
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BTC, START_NS, Events


def made(seed: int, rows: int, batches: int = 1) -> Events:
    book, state = new_stream(START_NS)
    parts = []
    for _ in range(batches):
        out = np.zeros((rows, 4), np.int64)
        parts.append(out[: write_stream(seed, book, state, out)])
    return np.concatenate(parts).reshape(-1).view(EVENT)


def test_it_is_a_valid_recording_that_never_crosses() -> None:
    events = made(1, 200_000)
    assert find_violation(events, exch_ns=0, recv_ns=0) is None
    venue = SimulatedVenue.recorded(BTC, events)
    assert venue.run(Wake(BTC.id, 1 << 61, None, None)).ended
    assert venue.tape().touch_ns.size > 1_000


def test_the_load_is_as_described() -> None:
    events = made(2, 200_000)
    seconds = (events["exch_ns"][-1] - events["exch_ns"][0]) / 1e9
    assert 130 < len(events) / seconds < 155
    assert 0.08 < (events["kind"] == TRADE).mean() < 0.11
    assert 0.88 < (events["kind"] == DEPTH).mean() < 0.92
    delay = events["recv_ns"] - events["exch_ns"]
    assert delay.min() >= 1_000_000 and np.median(delay) < 8_000_000


def test_it_is_a_function_of_its_seed_however_it_is_cut() -> None:
    whole, cut = made(3, 10_000), made(3, 1_000, batches=9)
    assert np.array_equal(whole[: len(cut)], cut)
    assert not np.array_equal(made(4, 10_000)[1_000:2_000], whole[1_000:2_000])
