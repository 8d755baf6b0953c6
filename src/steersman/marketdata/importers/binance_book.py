"""Binance's rule for a book: a snapshot, bridged by a delta, and from then on an unbroken chain.

The snapshot travels another way than the deltas and is late: deltas that came before it belong to
the book and wait for it here. Dropping them is the classic mistake, and leaves stale levels which
cross the book for minutes.

    spot      drop u <= S    bridge: U <= S + 1 <= u    chain: U == u before + 1
    futures   drop u < S     bridge: U <= S <= u        chain: pu == u before

where S is the snapshot's ``lastUpdateId``. A delta says all that happened after `previous`, which
is ``U - 1`` on spot and ``pu`` on futures, so it bridges exactly where ``previous <= S``. That is
the published rule, and on futures also a snapshot taken between two deltas, where ``pu <= S < U``.
A broken chain is a GAP, and the book waits for the next snapshot.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from steersman.marketdata.importers.assembly import Assembly
from steersman.marketdata.importers.capture import Levels, Malformed

__all__ = ["BinanceBook", "Delta", "Snapshot"]

_WAITING_MAX: Final = 1 << 17


class Delta(NamedTuple):
    """A depth message: `previous` is the last update id of the message it follows."""

    first: int
    last: int
    previous: int
    bids: Levels
    asks: Levels


class Snapshot(NamedTuple):
    """A REST snapshot of the book at `update_id`."""

    update_id: int
    bids: Levels
    asks: Levels


class BinanceBook:
    """Decide which deltas make the book, and write those; `futures` chooses the rule.

    `update_id` is the id of the last update applied, None while the book waits for a snapshot; an
    appended capture begins with the one where the history ended.
    """

    def __init__(self, assembly: Assembly, *, futures: bool, update_id: int | None = None) -> None:
        self.update_id = update_id
        self.waiting: deque[Delta] = deque(maxlen=_WAITING_MAX)
        self.snapshots_unusable = 0
        self._assembly = assembly
        self._futures = futures
        self._spare: Snapshot | None = None

    def snapshot(self, snapshot: Snapshot) -> None:
        """Take a snapshot; a book with an unbroken chain keeps it for when the chain breaks."""
        self._spare = snapshot
        if self.update_id is None:
            self._begin()

    def delta(self, delta: Delta) -> None:
        """Take the next depth message."""
        if delta.last < delta.first:
            raise Malformed(f"update ids {delta.first} to {delta.last} go back")
        if self.update_id is None:
            self._wait(delta)
        elif delta.last <= self.update_id:
            self._assembly.skipped["depth already applied"] += 1
        elif delta.previous == self.update_id:
            self._apply(delta)
        else:
            self._assembly.gap()
            self.update_id = None
            self._wait(delta)

    def _wait(self, delta: Delta) -> None:
        if len(self.waiting) == _WAITING_MAX:
            self._assembly.skipped["depth before a snapshot"] += 1
        self.waiting.append(delta)
        self._begin()

    def _begin(self) -> None:
        """Begin the book, if there is a snapshot and a delta that bridges it."""
        snapshot, waiting = self._spare, self.waiting
        while snapshot and waiting and self._is_stale(waiting[0], snapshot.update_id):
            waiting.popleft()
            self._assembly.skipped["depth before a snapshot"] += 1
        if snapshot is None or not waiting:
            return
        if waiting[0].previous > snapshot.update_id:  # updates between the two were never seen
            self.snapshots_unusable += 1
            self._spare = None
            return
        self._assembly.snapshot(snapshot.bids, snapshot.asks)
        self._spare = None
        self._apply(waiting.popleft())
        held = list(waiting)
        waiting.clear()
        for delta in held:
            self.delta(delta)

    def _is_stale(self, delta: Delta, update_id: int) -> bool:
        return delta.last < update_id if self._futures else delta.last <= update_id

    def _apply(self, delta: Delta) -> None:
        self._assembly.depth(delta.last, delta.bids, delta.asks)
        self.update_id = delta.last
