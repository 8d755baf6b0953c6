"""How long requests, reports and the feed take: constant, sampled, or as recorded round trips.

A delay is a table and a kind, read by one compiled function, so that it branches with the market
and is the same from Python and from a kernel. Sampled delays are draws of (seed, leg, number): what
we do does not change what the next message will take. Nothing overtakes on one connection: whoever
applies a delay keeps the order in which things were sent.

| kind         | table int64[n, 2]                                                            |
|--------------|------------------------------------------------------------------------------|
| constant     | one row: 0, ns                                                               |
| sampled      | one row a quantile, evenly spaced from 0 to 1: 0, ns                         |
| interpolated | one row a round trip by time: ns, ns; held before the first, after the last  |

The table's first row is its header: kind, rows.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.units import MS_NS, SECOND_NS
from steersman.errors import DataError, UsageError
from steersman.marketdata.book import compiled
from steersman.marketdata.events import LAST
from steersman.marketdata.source import Source
from steersman.venues.draws import LATENCY, uniform

__all__ = [
    "FEED",
    "NO_DELAY",
    "ORDER",
    "ORDER_LATENCY_NS",
    "REPORT",
    "Delay",
    "Latency",
    "Redelivered",
    "constant_latency",
    "delay_feed",
    "delay_ns",
]

I64 = npt.NDArray[np.int64]

CONSTANT: Final = 0
SAMPLED: Final = 1
INTERPOLATED: Final = 2

ORDER: Final = 0  # legs: the draw's number within (seed, LATENCY, message)
REPORT: Final = 1
FEED: Final = 2

ORDER_LATENCY_NS: Final = 10 * MS_NS  # of a request, and of a report, where nothing is said
DELAY_NS_MAX: Final = 60 * SECOND_NS
_QUANTILES: Final = 257
_TAIL: Final = 1e-4  # the outermost quantiles of a log-normal delay
ROUND_TRIP_HEADER: Final = ("sent_ns", "exchange_ns", "received_ns")


@compiled
def delay_ns(table: I64, seed: int, leg: int, number: int, at_ns: int) -> int:
    """Return the delay in ns of message `number` of a leg that leaves at `at_ns`."""
    kind, rows = table[0, 0], table[0, 1]
    if kind == CONSTANT:
        return int(table[1, 1])
    if kind == SAMPLED:
        place = uniform(seed, LATENCY, number, leg) * (rows - 1)
        k = min(int(place), rows - 2)
        low, high = table[1 + k, 1], table[2 + k, 1]
        return int(low + np.int64((high - low) * (place - k)))
    if at_ns <= table[1, 0]:
        return int(table[1, 1])
    if at_ns >= table[rows, 0]:
        return int(table[rows, 1])
    low_row, high_row = 1, rows
    while high_row - low_row > 1:
        middle = (low_row + high_row) // 2
        if table[middle, 0] <= at_ns:
            low_row = middle
        else:
            high_row = middle
    begin, end = table[low_row, 0], table[high_row, 0]
    low, high = table[low_row, 1], table[high_row, 1]
    share = (at_ns - begin) / (end - begin)
    return int(low + np.int64((high - low) * share))


@compiled
def delay_feed(words: I64, table: I64, seed: int, state: I64) -> None:
    """Receive recorded events anew: each message at once, none overtaking the one before.

    `words` int64[n, 4] are rows of `EVENT` (exchange time, receive time, ...); `state` int64[3] is
    what came before, and on return what has come: messages begun, whether the last one goes on, and
    the newest receive time.
    """
    for i in range(words.shape[0]):
        if state[1] == 0:
            exch_ns = words[i, 0]
            took_ns = delay_ns(table, seed, FEED, state[0], exch_ns)
            state[0] += 1
            state[2] = max(state[2], exch_ns + took_ns)
        words[i, 1] = state[2] = max(state[2], words[i, 0])
        state[1] = 1 - ((words[i, 3] >> 48) & LAST)


@dataclass(frozen=True, slots=True)
class Delay:
    """One leg's delay; build it with `constant`, `sampled`, `log_normal` or `interpolated`."""

    table: I64

    @classmethod
    def constant(cls, ns: int) -> Delay:
        """Return a delay that is always the same; raise UsageError outside of 0 to 60 s."""
        return cls(_table(CONSTANT, [(0, _checked(ns))]))

    @classmethod
    def sampled(cls, observed_ns: Sequence[int]) -> Delay:
        """Return a delay drawn from the quantiles of what was observed (at least two values)."""
        if len(observed_ns) < 2:
            raise UsageError(f"{len(observed_ns)} observed delays", "give at least two")
        quantiles = np.quantile([_checked(ns) for ns in observed_ns], np.linspace(0, 1, _QUANTILES))
        return cls(_table(SAMPLED, [(0, round(ns)) for ns in quantiles.tolist()]))

    @classmethod
    def log_normal(cls, median_ns: int, log_sd: float) -> Delay:
        """Return a delay with this median and deviation of its logarithm, cut at 1 in 10,000."""
        if not 0.0 <= log_sd <= 3.0:
            raise UsageError(f"a deviation of {log_sd}", "give 0 to 3")
        normal = NormalDist()
        shares = np.linspace(0.0, 1.0, _QUANTILES).clip(_TAIL, 1.0 - _TAIL).tolist()
        drawn = [_checked(median_ns) * math.exp(log_sd * normal.inv_cdf(u)) for u in shares]
        return cls(_table(SAMPLED, [(0, min(round(ns), DELAY_NS_MAX)) for ns in drawn]))

    @classmethod
    def interpolated(cls, at_ns: Sequence[int], ns: Sequence[int]) -> Delay:
        """Return the delay interpolated between observations at increasing times.

        Raises UsageError where the two differ in length, are empty, or a time does not increase.
        """
        if not at_ns or len(at_ns) != len(ns):
            raise UsageError(f"{len(at_ns)} times and {len(ns)} delays", "give one delay a time")
        for row, (before, after) in enumerate(pairwise(at_ns), 2):
            if after <= before:
                raise UsageError(f"delay {row} at {after} does not follow {before}", "sort them")
        return cls(_table(INTERPOLATED, [(t, _checked(d)) for t, d in zip(at_ns, ns, strict=True)]))

    @property
    def always_ns(self) -> int:
        """The delay where it is always the same, else -1."""
        return int(self.table[1, 1]) if self.table[0, 0] == CONSTANT else -1

    def of(self, seed: int, leg: int, number: int, at_ns: int) -> int:
        """Return the delay in ns of message `number` of a leg that leaves at `at_ns`."""
        return int(delay_ns(self.table, seed, leg, number, at_ns))


@dataclass(frozen=True, slots=True)
class Latency:
    """The three legs: our requests to the venue, its reports back, its feed to us.

    `feed` None keeps the receive times of a recording; a generated market has 5 ms then.
    """

    order: Delay = field(default_factory=lambda: Delay.constant(ORDER_LATENCY_NS))
    report: Delay = field(default_factory=lambda: Delay.constant(ORDER_LATENCY_NS))
    feed: Delay | None = None

    @classmethod
    def from_round_trips(cls, path: Path) -> Latency:
        """Read recorded round trips: CSV with the header sent_ns,exchange_ns,received_ns.

        Order delays are interpolated by the time of sending, report delays by the exchange's.
        Raises DataError naming the line of anything else.
        """
        rows = _round_trips(path)
        sent = [row[0] for row in rows]
        exchange = [row[1] for row in rows]
        return cls(
            Delay.interpolated(sent, [row[1] - row[0] for row in rows]),
            Delay.interpolated(exchange, [row[2] - row[1] for row in rows]),
        )


class Redelivered:
    """A recording as it would have been received over another feed."""

    def __init__(self, source: Source, feed: Delay, seed: int) -> None:
        self._source, self._feed, self._seed = source, feed, seed
        self._before = [np.zeros(3, np.int64)]  # what came before each batch

    def is_last(self, number: int) -> bool:
        """Tell whether no batch follows this one, which has been asked for."""
        return self._source.is_last(number)

    def batch(self, number: int) -> I64:
        """Return a batch with its new receive times; raise DataError as the recording does."""
        words = self._source.batch(number).copy()
        state = self._before[number].copy()
        delay_feed(words, self._feed.table, self._seed, state)
        if number + 1 == len(self._before):
            self._before.append(state)
        return words


def constant_latency(order_ns: int, report_ns: int, feed_ns: int | None = None) -> Latency:
    """Return legs that always take the same time."""
    feed = None if feed_ns is None else Delay.constant(feed_ns)
    return Latency(Delay.constant(order_ns), Delay.constant(report_ns), feed)


def _round_trips(path: Path) -> list[tuple[int, int, int]]:
    remedy = "write sent_ns,exchange_ns,received_ns and one round trip a line, by time"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {error}", remedy) from None
    reader = csv.reader(lines)
    if tuple(next(reader, ())) != ROUND_TRIP_HEADER:
        raise DataError(f"{path}:1: not the header {','.join(ROUND_TRIP_HEADER)}", remedy)
    rows: list[tuple[int, int, int]] = []
    for number, cells in enumerate(reader, 2):
        try:
            sent, exchange, received = map(int, cells)
        except ValueError:
            raise DataError(f"{path}:{number}: not three integers", remedy) from None
        late = max(exchange - sent, received - exchange) > DELAY_NS_MAX
        before = rows[-1] if rows else (0, 0, 0)
        ordered = before[0] < sent <= exchange <= received and before[1] < exchange
        if late or not ordered:
            raise DataError(f"{path}:{number}: no round trip after line {number - 1}", remedy)
        rows.append((sent, exchange, received))
    if not rows:
        raise DataError(f"{path}: no round trips", remedy)
    return rows


def _checked(ns: int) -> int:
    if not 0 <= ns <= DELAY_NS_MAX:
        raise UsageError(f"a latency of {ns} ns", "give 0 to 60 s")
    return int(ns)


def _table(kind: int, rows: Sequence[tuple[int, int]]) -> I64:
    table = np.array([(kind, len(rows)), *rows], np.int64)
    table.setflags(write=False)
    return table


NO_DELAY: Final = Delay.constant(0)
