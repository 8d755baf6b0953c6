"""Where a recorded market takes its events from: batches by number, as often as they are asked for.

A market holds the batch at hand and nothing else of its recording, so a recording of any length
takes the memory of one batch, and markets that branch share one source.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from steersman.errors import DataError
from steersman.marketdata.events import EVENT, TIME_NS_MAX

__all__ = ["Arrays", "Source", "source_of"]

I64 = npt.NDArray[np.int64]
Events = npt.NDArray[np.void]


class Source(Protocol):
    """Recorded events of one instrument, in order, cut into batches that are not empty.

    A batch is int64[n, 4]: rows of `EVENT` as the kernel reads them, not to be written to.
    """

    def is_last(self, number: int) -> bool:
        """Tell whether no batch follows this one, which has been asked for."""
        ...

    def batch(self, number: int) -> I64:
        """Return a batch by its number, from 0; raise DataError where it cannot be used as it is.

        Before a batch is asked for the first time, the one before it was.
        """
        ...


class Arrays:
    """Events in memory: arrays of `EVENT`, in order."""

    def __init__(self, what: str, events: Events | Sequence[Events]) -> None:
        """Raise DataError, naming `what`, where there are no events or they are of another type."""
        arrays = (events,) if isinstance(events, np.ndarray) else tuple(events)
        if any(array.dtype != EVENT or array.ndim != 1 for array in arrays):
            raise DataError(f"{what}: not an array of events", "use the dtype EVENT")
        if any(array["recv_ns"][-1] > TIME_NS_MAX for array in arrays if len(array)):
            raise DataError(f"{what}: events after 2096", "give times in ns, UTC")
        self._words = tuple(_words(array) for array in arrays if len(array))
        if not self._words:
            raise DataError(f"{what}: no events", "give a recording with events")

    def is_last(self, number: int) -> bool:
        """Tell whether this is the last array."""
        return number + 1 == len(self._words)

    def batch(self, number: int) -> I64:
        """Return a view of the memory of one array."""
        return self._words[number]


def source_of(what: str, events: Source | Events | Sequence[Events]) -> Source:
    """Return a source as it is, and arrays as one; raise DataError as `Arrays` does."""
    if isinstance(events, np.ndarray | Sequence):
        return Arrays(what, events)
    return events


def _words(events: Events) -> I64:
    owned = events if events.flags.c_contiguous and events.flags.writeable else events.copy()
    return owned.view(np.int64).reshape(-1, 4)
