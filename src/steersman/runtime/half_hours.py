"""How much a recorded market traded in each half-hour of each UTC day, read from its trades alone.

A half-hour counts where the recording was there for all of it. Nothing in a history says when
nobody listened, so a half-hour of which a silence takes more than five minutes is not known: NaN,
never zero. While the session of shares is over, silence is what there is to hear: zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Instrument
from steersman.domain.units import MINUTE_NS
from steersman.marketdata.events import DEPTH, SNAPSHOT, TRADE
from steersman.marketdata.history import History
from steersman.models.volume import BUCKET_NS, BUCKETS, weekday
from steersman.runtime.watching import is_open

__all__ = ["HalfHours", "half_hours"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

SILENCE_NS: Final = 5 * MINUTE_NS


@dataclass(frozen=True, slots=True)
class HalfHours:
    """Base units by day and half-hour, shape (days, 48), NaN where not seen whole.

    `weekdays` are 0 Monday to 6 Sunday, one a day; `book` tells whether a book was recorded too.
    """

    volumes: F64
    weekdays: tuple[int, ...]
    book: bool


def half_hours(
    history: History, instrument: Instrument, advance: Callable[[float], None]
) -> HalfHours:
    """Return the volumes of one instrument of a history; `advance` gets the share that is read.

    Raises DataError where a part is damaged.
    """
    parts, rows = history.parts(instrument), history.rows(instrument)
    first = parts[0].first_exch_ns // BUCKET_NS // BUCKETS * BUCKETS
    days = parts[-1].last_exch_ns // BUCKET_NS // BUCKETS - first // BUCKETS + 1
    lots, heard = np.zeros(days * BUCKETS), np.ones(days * BUCKETS, np.bool_)
    before_ns, book, read = first * BUCKET_NS, False, 0
    for batch in history.batches(instrument):
        ns, kind = batch["exch_ns"], batch["kind"]
        _silences(np.concatenate([[before_ns], ns]), first, heard)
        traded = kind == TRADE
        at = ns[traded] // BUCKET_NS - first
        lots += np.bincount(at, weights=batch["lots"][traded], minlength=lots.size)
        book = book or bool(((kind == DEPTH) | (kind == SNAPSHOT)).any())
        before_ns, read = int(ns[-1]), read + len(batch)
        advance(read / rows)
    _silences(np.array([before_ns, (first + lots.size) * BUCKET_NS]), first, heard)
    opened = is_open(instrument.category, (first + np.arange(lots.size)) * BUCKET_NS)
    lots[opened & ~heard] = np.nan
    return HalfHours(
        volumes=lots.reshape(days, BUCKETS) * float(instrument.lot),
        weekdays=tuple(weekday((first + day * BUCKETS) * BUCKET_NS) for day in range(days)),
        book=book,
    )


def _silences(ns: I64, first: int, heard: npt.NDArray[np.bool_]) -> None:
    """Mark the half-hours of which a silence between two events takes too much."""
    for at in np.flatnonzero(np.diff(ns) > SILENCE_NS).tolist():
        begin_ns, end_ns = int(ns[at]), int(ns[at + 1])
        # To the half-hours at its ends it reaches, or not, as to the one five minutes further in.
        begin = (begin_ns + SILENCE_NS) // BUCKET_NS
        end = (end_ns - SILENCE_NS - 1) // BUCKET_NS
        heard[begin - first : end - first + 1] = False
