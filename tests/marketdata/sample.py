"""Small valid histories: toy instruments and random events that keep every rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, GAP, LAST, SNAPSHOT, TRADE
from steersman.marketdata.history import Writer
from steersman.marketdata.rows import Events

START_NS = 1_723_161_600_000_000_000
PERP = find("BTCUSDT", category=Category.LINEAR, venue="binance")
SPOT = find("BTCUSDT", category=Category.SPOT, venue="binance")


def random_events(count: int, seed: int = 1, begin_ns: int = START_NS) -> Events:
    """Return `count` rows that keep every rule of a history, of all kinds, in whole messages."""
    rng = np.random.default_rng(seed)
    events = np.zeros(count, EVENT)
    events["exch_ns"] = begin_ns + np.cumsum(rng.integers(0, 3, count)) * 1_000_000
    latency_ns = rng.integers(0, 5_000_000, count)
    events["recv_ns"] = np.maximum.accumulate(events["exch_ns"] + latency_ns)
    kinds = [DEPTH, TRADE, SNAPSHOT, CLEAR, GAP]
    events["kind"] = rng.choice(kinds, count, p=[0.6, 0.3, 0.08, 0.01, 0.01])
    level = (events["kind"] != CLEAR) & (events["kind"] != GAP)
    events["side"] = np.where(level, rng.choice([-1, 1], count), 0)
    events["tick"] = np.where(level, 618_000 + rng.integers(-500, 500, count), 0)
    smallest = np.where(events["kind"] == DEPTH, 0, 1)
    events["lots"] = np.where(level, smallest + rng.integers(0, 9, count) ** 4, 0)
    events["flags"] = np.where(rng.random(count) < 0.3, LAST, 0)
    events["flags"][-1] = LAST
    return events


def write_history(folder: Path, *series: tuple[Instrument, Events]) -> Path:
    """Write a history of these instruments and return its folder."""
    with Writer(folder) as writer:
        for instrument, events in series:
            writer.append(instrument, events)
        writer.commit()
    return folder


def trades(exch_ns: npt.NDArray[np.int64], lots: npt.NDArray[np.int64]) -> Events:
    """Return one trade at each time, its own message, received at once; there is no book."""
    events = np.zeros(len(exch_ns), EVENT)
    events["exch_ns"] = events["recv_ns"] = exch_ns
    events["kind"], events["side"], events["flags"] = TRADE, 1, LAST
    events["tick"], events["lots"] = 618_000, lots
    return events
