"""Record the public feed of a venue: read, write, and let what is whole appear, again and again.

A part ends where exchange time passes a multiple of the interval, so parts do not depend on when a
recorder was stopped or killed: started again it goes on after the last part, and the history ends
up as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Protocol

import numpy as np

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.errors import UsageError
from steersman.marketdata.events import TRADE
from steersman.marketdata.manifest import Part
from steersman.marketdata.rows import Events
from steersman.marketdata.writer import Writer
from steersman.runtime.texts import parse_duration_ns, parse_time_ns
from steersman.venues.feed import SimulatedFeed
from steersman.venues.flow import START_NS

__all__ = ["Feed", "Recorded", "Recording", "record", "recording"]

EVERY_LEAST_NS: Final = 1_000_000_000
PARTS_MAX: Final = 100_000  # of one recording: beyond that the manifest is what takes the time


class Feed(Protocol):
    """The public stream of one instrument, from `start_ns` on."""

    instrument: Instrument
    start_ns: int

    def begin(self, after: Part | None) -> None:
        """Go to where the recording ended whose last part is `after`; raise DataError if unable."""
        ...

    def read(self, until_ns: int) -> Events:
        """Return the next whole messages up to an exchange time; none where all were returned."""
        ...

    def tail(self) -> dict[str, int]:
        """Return what `begin` needs to go on after all that was read."""
        ...


@dataclass(frozen=True, slots=True)
class Recording:
    """What to record, and how: exchange times in ns."""

    feed: Feed
    out: Path
    end_ns: int
    every_ns: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one run of the recorder has added to the history, and how far the history reaches."""

    instrument: str
    events: int
    trades: int
    parts: int
    last_exch_ns: int
    resumed: bool
    complete: bool
    seconds: float

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {"schema": "steersman.record/1"} | {
            name: getattr(self, name) for name in self.__dataclass_fields__
        }


def recording(
    *,
    venue: str,
    symbol: str,
    category: Category | None,
    seed: int,
    duration: str | None,
    until: str | None,
    every: str,
    out: Path,
) -> Recording:
    """Return the recording that a person asked for; raise UsageError where it cannot be."""
    if venue != "sim":
        raise UsageError(f"there is no feed of {venue!r} to record", "use --venue sim")
    if duration is not None and until is not None:
        raise UsageError("both --duration and --until were given", "give one of them")
    if not 0 <= seed < 1 << 63:
        raise UsageError(f"seed {seed} is out of range", "give 0 to 2^63 - 1")
    instrument = find(symbol, category=category, venue="sim")
    end_ns = START_NS + parse_duration_ns("1h" if duration is None else duration)
    if until is not None:
        end_ns = parse_time_ns(until)
        longest_ns = START_NS + parse_duration_ns("31d")
        if not START_NS < end_ns <= longest_ns:
            raise UsageError(
                f"--until {until} is not within 31 days after the built-in market's beginning, "
                "2025-01-06T15:00:00",
                "give a time in there, or use --duration",
            )
    every_ns = parse_duration_ns(every)
    if every_ns < max(EVERY_LEAST_NS, (end_ns - START_NS) // PARTS_MAX):
        raise UsageError(f"a part every {every} makes too many parts", "use a longer --every")
    return Recording(SimulatedFeed(instrument, seed=seed, end_ns=end_ns), out, end_ns, every_ns)


def record(
    job: Recording,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[float, str], None] = lambda share, what: None,
) -> Recorded:
    """Record to the end, or until `stopped`; everything read by then is in the history.

    Raises DataError where another writer is at the history, where it is of another feed, or where
    it cannot be written: what was committed before stays.
    """
    began_s = perf_counter()
    feed, events, trades, parts = job.feed, 0, 0, 0
    with Writer(job.out, append=True) as writer:
        last = writer.last_part(feed.instrument)
        feed.begin(last)
        begin_ns = at_ns = max(feed.start_ns, last.last_exch_ns if last else 0)
        while at_ns < job.end_ns and not stopped():
            end_ns = min(job.end_ns, (at_ns // job.every_ns + 1) * job.every_ns)
            added = 0
            while not stopped() and len(rows := feed.read(end_ns)):
                writer.append(feed.instrument, rows)
                added += len(rows)
                trades += int(np.count_nonzero(rows["kind"] == TRADE))
                at_ns = max(at_ns, int(rows["exch_ns"][-1]))
                share = (at_ns - begin_ns) / (job.end_ns - begin_ns)
                progress(share, f"{events + added:,} events")
            if added:
                writer.commit(tails={feed.instrument.id: feed.tail()})
                events, parts = events + added, parts + 1
            if not stopped():
                at_ns = end_ns
        now = writer.last_part(feed.instrument)
    return Recorded(
        instrument=feed.instrument.id,
        events=events,
        trades=trades,
        parts=parts,
        last_exch_ns=now.last_exch_ns if now else 0,
        resumed=last is not None,
        complete=at_ns >= job.end_ns,
        seconds=round(perf_counter() - began_s, 3),
    )
