"""The obvious book: two dictionaries, searched from end to end, to judge the clever ones by."""

from __future__ import annotations

from collections.abc import Iterator

from steersman.marketdata.events import CLEAR, DEPTH, GAP, LAST, SNAPSHOT
from steersman.marketdata.rows import Events

Row = tuple[int, int, int, int, int, int, int]


class ReferenceBook:
    """Levels by side; `valid` is False from a GAP to the next CLEAR."""

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.valid = True

    def apply(self, row: Row) -> None:
        """Apply one row: what each kind says, and nothing else."""
        _, _, lots, tick, kind, side, _ = row
        if kind in (CLEAR, GAP):
            self.bids, self.asks = {}, {}
            self.valid = kind == CLEAR
        elif kind in (DEPTH, SNAPSHOT):
            levels = self.bids if side == 1 else self.asks
            levels[tick] = lots  # set first, so that a delete of what is not there is nothing
            if not lots:
                del levels[tick]

    def touch(self) -> tuple[int, int, int, int]:
        """Return bid tick and lots, ask tick and lots; 0 where a side is empty."""
        bid, ask = max(self.bids, default=0), min(self.asks, default=0)
        return bid, self.bids.get(bid, 0), ask, self.asks.get(ask, 0)

    def is_crossed(self) -> bool:
        """Tell whether somebody would buy from himself."""
        return bool(self.bids and self.asks) and max(self.bids) >= min(self.asks)


def messages(events: Events) -> Iterator[list[Row]]:
    """Yield the rows of each message, as LAST delimits them."""
    message: list[Row] = []
    for row in events.tolist():
        message.append(row)
        if row[6] & LAST:
            yield message
            message = []
    assert not message, "the last message is whole"
