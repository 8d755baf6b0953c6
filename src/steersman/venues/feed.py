"""The public feed of the built-in market: what a venue would have sent about it, as event rows.

The market goes on by itself, without an order of ours, and each thing that happens in it becomes
one message: an order that came or went is a level with its new size; a taker order is its trades,
then the levels they left, as a venue's trade stream is ahead of its depth stream. What changes
nothing is not sent. The feed begins with the whole book.

It is made by the code that makes the market, so whoever replays it sees the same book at any time.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Instrument
from steersman.errors import DataError
from steersman.marketdata.book import compiled, compiled_part
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, LAST, SNAPSHOT, TRADE
from steersman.marketdata.manifest import Part
from steersman.marketdata.rows import Events
from steersman.venues import flow as flows
from steersman.venues.background import Flow, apply_alone
from steersman.venues.market import (
    END_NS,
    EXCH,
    FEED_LATENCY,
    LEVELS_MAX,
    N_TRADES,
    RECV,
    SEED,
    TAPE,
    Market,
)
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue

__all__ = ["SimulatedFeed"]

I64 = npt.NDArray[np.int64]

_ROWS_MAX: Final = 1 << 16  # of one reading: 2 MiB
_MESSAGE_ROWS_MAX: Final = 2 * LEVELS_MAX


# -- from what happened to rows -------------------------------------------------------------------
@compiled_part
def _write(events: I64, at: int, s: I64, kind: int, side: int, tick: int, lots: int) -> int:
    """Write one row of `EVENT` as four words, and return where the next one goes."""
    events[at, 0], events[at, 1], events[at, 2] = s[EXCH], s[RECV], lots
    events[at, 3] = tick | (kind << 32) | ((side & 255) << 40)
    return at + 1


@compiled_part
def _message(m: Market, out: I64, events: I64, at: int) -> int:
    """Write the message of the event in `out`, which has been applied; return where the next goes.

    `m.trades` holds what it traded and nothing else.
    """
    s, side, base, begin = m.s, out[2], m.top[2], at
    if out[1] == flows.MARKET:
        for k in range(s[N_TRADES]):
            at = _write(events, at, s, TRADE, side, m.trades[k, 1], m.trades[k, 2])
        for k in range(s[N_TRADES]):
            tick = m.trades[k, 1]
            left = m.levels[(1 + side) >> 1, tick - base]
            at = _write(events, at, s, DEPTH, -side, tick, left)
    elif out[4] > 0:
        left = m.levels[(1 - side) >> 1, out[3] - base]
        at = _write(events, at, s, DEPTH, side, out[3], left)
    if at > begin:
        events[at - 1, 3] |= LAST << 48
    return at


@compiled
def _fill(m: Market, f: Flow, until_ns: int, events: I64) -> int:
    """Let the market go on to the exchange time `until_ns`; return how many rows that gave.

    `events` int64[n, 4] are rows of `EVENT`. It stops before, at the end of a message, where the
    next one might not have room.
    """
    s, at = m.s, 0
    seed, until_ns = s[SEED], min(until_ns, s[END_NS])
    while at + _MESSAGE_ROWS_MAX <= events.shape[0]:
        exch = flows.next_ns(f.params, seed, f.flow_i, f.flow_f, f.script)
        if exch > until_ns:
            break
        flows.next_event(f.params, seed, f.flow_i, f.flow_f, f.script, m.levels, m.top, f.out)
        s[EXCH], s[RECV], s[N_TRADES] = exch, exch + s[FEED_LATENCY], 0
        apply_alone(m.levels, m.top, m.trades, m.obs_i, s, f.out)
        at = _message(m, f.out, events, at)
    return at


def _snapshot(m: Market, at_ns: int) -> Events:
    """Return the whole book as one message that is received at `at_ns`."""
    base = int(m.top[2])
    bids, asks = np.flatnonzero(m.levels[0])[::-1], np.flatnonzero(m.levels[1])
    rows = np.zeros(1 + len(bids) + len(asks), EVENT)
    rows["exch_ns"], rows["recv_ns"] = at_ns - int(m.s[FEED_LATENCY]), at_ns
    rows["kind"], rows["kind"][0] = SNAPSHOT, CLEAR
    rows["side"][1:] = np.repeat([1, -1], [len(bids), len(asks)])
    rows["tick"][1:] = np.concatenate([bids, asks]) + base
    rows["lots"][1:] = np.concatenate([m.levels[0, bids], m.levels[1, asks]])
    rows["flags"][-1] = LAST
    return rows


# -- the feed -------------------------------------------------------------------------------------
class SimulatedFeed:
    """The public feed of one instrument of the built-in market, a function of the seed.

    It begins at `start_ns` with a snapshot and ends with the last event up to the exchange time
    `end_ns`. Raises UsageError where there is no such market.
    """

    def __init__(
        self, instrument: Instrument, *, seed: int, end_ns: int, start_ns: int = START_NS
    ) -> None:
        self.instrument = instrument
        self.start_ns = start_ns
        venue = SimulatedVenue.generated(
            instrument, seed=seed, start_ns=start_ns, end_ns=end_ns, tape=False
        )
        self._m, self._f = venue.background()
        self._m.s[TAPE] = 1
        self._seed = seed
        self._waiting = _snapshot(self._m, start_ns)  # made and not yet read
        self._events = self._crc = 0  # what was read: how many rows, and their CRC-32

    def begin(self, after: Part | None) -> None:
        """Go to where the recording whose last part is `after` ended: to its last row, exactly.

        The market is made once more up to there and compared, row by row. Raises DataError where
        the recording is of another seed, or not of this market.
        """
        if after is None:
            return
        tail = after.tail
        if tail.get("seed") != self._seed:
            raise DataError(
                f"{self.instrument.id} was recorded there with seed {tail.get('seed')}, "
                f"not {self._seed}",
                "give that seed, or record into another folder",
            )
        while (left := tail["events"] - self._events) > 0:
            rows = self._next(after.last_exch_ns)
            if not len(rows):
                break
            self._count(rows[:left])
            self._waiting = rows[left:]
        if (self._events, self._crc) != (tail["events"], tail["crc32"]):
            raise DataError(
                f"{self.instrument.id} was recorded there from a market that this version does "
                "not make",
                "record into another folder",
            )

    def read(self, until_ns: int) -> Events:
        """Return the next whole messages up to the exchange time `until_ns`; none: there are none.

        The array has the dtype `EVENT` and at most 65,536 rows, or those of the snapshot.
        """
        rows = self._next(until_ns)
        self._count(rows)
        return rows

    def tail(self) -> dict[str, int]:
        """Return what `begin` needs to go on after all that was read."""
        return {"seed": self._seed, "events": self._events, "crc32": self._crc}

    def _next(self, until_ns: int) -> Events:
        rows, self._waiting = self._waiting, self._waiting[:0]
        if len(rows):
            return rows
        words = np.zeros((_ROWS_MAX, 4), np.int64)
        words = words[: _fill(self._m, self._f, until_ns, words)]
        return words.reshape(-1).view(EVENT)

    def _count(self, rows: Events) -> None:
        self._events += len(rows)
        self._crc = zlib.crc32(rows.tobytes(), self._crc)
