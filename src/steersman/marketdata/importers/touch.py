"""The book as the written events leave it, to count crossings, and a second witness of its touch.

A capture often holds the best prices twice: in the depth messages and in a stream of its own. The
second is never written, because it has no place in the sequence of the first; it is compared with
it, update id by update id, and so tells whether the book was built right.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from steersman.marketdata.events import CLEAR, DEPTH, GAP, SNAPSHOT
from steersman.marketdata.rows import Events

__all__ = ["Touch", "TouchBook", "TouchCheck"]

_PENDING_MAX: Final = 1 << 16


class Touch(NamedTuple):
    """The best prices in ticks and their sizes in lots after an update; 0 where a side is empty."""

    update_id: int
    bid_tick: int
    bid_lots: int
    ask_tick: int
    ask_lots: int


class _Ladder:
    """One side of a book. The heap may name levels that are gone, until they surface."""

    def __init__(self, sign: int) -> None:
        self._sign = sign  # ticks are kept times this, so that the best is the smallest
        self._lots: dict[int, int] = {}
        self._heap: list[int] = []

    def put(self, tick: int, lots: int) -> None:
        key = tick * self._sign
        if not lots:
            self._lots.pop(key, None)
            return
        if key not in self._lots:
            heapq.heappush(self._heap, key)
            if len(self._heap) > 4 * len(self._lots) + 1024:
                self._heap = sorted({*self._lots, key})
        self._lots[key] = lots

    def best(self) -> tuple[int, int]:
        while self._heap and self._heap[0] not in self._lots:
            heapq.heappop(self._heap)
        if not self._heap:
            return 0, 0
        return self._heap[0] * self._sign, self._lots[self._heap[0]]

    def clear(self) -> None:
        self._lots.clear()
        self._heap.clear()


class TouchBook:
    """A book that knows its touch; `put` sets the absolute size of a level, 0 deletes it."""

    def __init__(self) -> None:
        self._sides = {1: _Ladder(-1), -1: _Ladder(1)}

    def put(self, side: int, tick: int, lots: int) -> None:
        """Set the level `tick` of the bids (side +1) or the asks (-1) to `lots`."""
        self._sides[side].put(tick, lots)

    def clear(self) -> None:
        """Empty the book."""
        for ladder in self._sides.values():
            ladder.clear()

    def touch(self, update_id: int = 0) -> Touch:
        """Return the touch, stamped with the id of the update that led to it."""
        return Touch(update_id, *self._sides[1].best(), *self._sides[-1].best())

    def is_crossed(self) -> bool:
        """Tell whether the best bid is at or above the best ask."""
        bid, _ = self._sides[1].best()
        ask, _ = self._sides[-1].best()
        return bool(bid and ask and bid >= ask)

    def replay(self, batches: Iterable[Events]) -> None:
        """Apply recorded events; only the last size of each level counts, so it is fast."""
        for batch in batches:
            emptied = np.flatnonzero((batch["kind"] == CLEAR) | (batch["kind"] == GAP))
            if len(emptied):
                self.clear()
                batch = batch[emptied[-1] + 1 :]
            batch = batch[(batch["kind"] == DEPTH) | (batch["kind"] == SNAPSHOT)]
            for side in (1, -1):
                rows = batch[batch["side"] == side][::-1]
                ticks, newest = np.unique(rows["tick"], return_index=True)
                for tick, lots in zip(ticks.tolist(), rows["lots"][newest].tolist(), strict=True):
                    self.put(side, tick, lots)


class TouchCheck:
    """Compare the touch after each depth message with the last best-price message up to its id."""

    def __init__(self) -> None:
        self.checked = 0
        self.agreed = 0
        self._said: deque[Touch] = deque(maxlen=_PENDING_MAX)
        self._built: deque[Touch] = deque(maxlen=_PENDING_MAX)

    def say(self, touch: Touch) -> None:
        """Take the touch that the best-price stream reports; ids that go back are ignored."""
        if not self._said or touch.update_id > self._said[-1].update_id:
            self._said.append(touch)
            self._settle()

    def build(self, touch: Touch) -> None:
        """Take the touch of the book that was built."""
        self._built.append(touch)
        self._settle()

    def _settle(self) -> None:
        said, built = self._said, self._built
        # A built touch can be judged once the other stream has gone past it.
        while built and said and said[-1].update_id > built[0].update_id:
            touch = built.popleft()
            while len(said) > 1 and said[1].update_id <= touch.update_id:
                said.popleft()
            if said[0].update_id <= touch.update_id:
                self.checked += 1
                self.agreed += said[0][1:] == touch[1:]
