"""Messages become rows here: one order of time, whole messages, and a count of all that was bent.

The order is the order of reception, because a history must say what could be known when. Streams
of one venue overtake each other by some milliseconds, so the exchange time of a row is the largest
seen up to it; how many were raised is counted. A receive time that precedes its exchange time is
impossible: it becomes the exchange time plus the declared latency, and is counted too. A message
that goes back by more than a minute is not jitter, and is refused.
"""

from __future__ import annotations

from array import array
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np

from steersman.domain.instrument import Instrument
from steersman.domain.units import MS_NS, SECOND_NS
from steersman.errors import DataError
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, GAP, LAST, SNAPSHOT, TRADE
from steersman.marketdata.history import History
from steersman.marketdata.importers.capture import (
    LevelLots,
    Levels,
    Malformed,
    lot_steps,
    tick_steps,
)
from steersman.marketdata.importers.summary import Imported
from steersman.marketdata.importers.touch import TouchBook, TouchCheck
from steersman.marketdata.writer import Writer

__all__ = ["Assembly"]

_BACK_NS_MAX: Final = 60 * SECOND_NS
_OVERLAP_NS_MAX: Final = SECOND_NS  # how far an appended capture may begin before the end
_APART_NS_MAX: Final = 24 * 3_600 * SECOND_NS
_YEAR_2001_NS: Final = 10**18
_YEAR_2096_NS: Final = 4 * 10**18
_FLOORED_MIN: Final = 100
_FLOORED_SHARE_MAX: Final = 0.001  # measured on Binance spot: 1 size in 30,000
_DISAGREED_SHARE_MAX: Final = 0.001  # best-price streams leave out what lasts microseconds
_FLUSH_ROWS: Final = 1 << 17
_SAMPLES_MAX: Final = 1 << 20


class Assembly:
    """Build the rows of one instrument and hand them to the writer, a few thousand at a time.

    Call `stamp` once for each message that carries a time, then `snapshot`, `depth`, `trade` or
    `gap` for what it says; each of these writes one whole message at the stamped time. `tail` holds
    the resume point of the history that is appended to, empty for a new one; then the book begins
    as that history left it.
    """

    def __init__(
        self, writer: Writer, out: Path, instrument: Instrument, latency_ns: int = 0
    ) -> None:
        self.instrument = instrument
        self.ticks = tick_steps(instrument)
        self.trade_lots = lot_steps(instrument)
        self.level_lots = LevelLots(instrument)
        self.book = TouchBook()
        self.check = TouchCheck()
        self.skipped: Counter[str] = Counter()
        self.warnings: list[str] = []
        self.tail: dict[str, int] = {}
        self.depth_messages = self.trades = self.gaps = 0
        self._writer = writer
        self._latency_ns = latency_ns
        self._exch_ns = self._recv_ns = self._floor_ns = 0
        self._rows: list[tuple[int, int, int, int, int, int, int]] = []
        self._written = self._crossed = self._crossed_unwritten = 0
        self._first_ns = 0
        self._stamped = self._adjusted = self._replaced = 0
        self._offsets = array("q")
        self._stride = 1
        self._offset_ns = 0
        last = writer.last_part(instrument)
        if last is not None:
            self._exch_ns, self._recv_ns = last.last_exch_ns, last.last_recv_ns
            self._floor_ns = last.last_exch_ns - _OVERLAP_NS_MAX
            self.tail = dict(last.tail)
            if "update_id" in self.tail:
                self.book.replay(History.open(out).batches(instrument))

    def stamp(self, exch_ns: int, recv_ns: int | None) -> None:
        """Set the times of the message at hand; raise Malformed where they cannot be times."""
        if not _YEAR_2001_NS < exch_ns < _YEAR_2096_NS:
            raise Malformed(f"exchange time {exch_ns} ns is not in this century")
        if exch_ns < self._floor_ns:
            raise Malformed(
                f"exchange time {exch_ns} ns is before the end of the history",
                "append only what comes after it, or import into another folder",
            )
        if exch_ns < self._exch_ns - _BACK_NS_MAX:
            back_s = (self._exch_ns - exch_ns) / SECOND_NS
            raise Malformed(f"exchange time goes back by {back_s:.1f} s")
        self._stamped += 1
        if exch_ns < self._exch_ns:
            self._adjusted += 1
        self._exch_ns = max(self._exch_ns, exch_ns)
        if recv_ns is None:
            recv_ns = self._exch_ns + self._latency_ns
        else:
            recv_ns = self._received(exch_ns, recv_ns)
        self._recv_ns = max(self._recv_ns, recv_ns, self._exch_ns)

    def stamp_untimed(self, recv_ns: int) -> None:
        """Set the times of a message that carries none, as far apart as those of the one before."""
        if self._stamped:
            self.stamp(recv_ns + self._offset_ns, recv_ns)

    def _received(self, exch_ns: int, recv_ns: int) -> int:
        if abs(exch_ns - recv_ns) > _APART_NS_MAX:
            raise Malformed("receive time and exchange time are more than a day apart")
        self._offset_ns = exch_ns - recv_ns
        if self._stamped % self._stride == 0:
            self._offsets.append(exch_ns - recv_ns)
            if len(self._offsets) >= _SAMPLES_MAX:  # bounded memory: keep every other one
                self._offsets = self._offsets[::2]
                self._stride *= 2
        if recv_ns < exch_ns:
            self._replaced += 1
            return self._exch_ns + self._latency_ns
        return recv_ns

    def snapshot(self, bids: Levels, asks: Levels) -> None:
        """Replace the book by these levels."""
        self.book.clear()
        self._add(0, 0, CLEAR, 0)
        self._levels(SNAPSHOT, [(t, q) for t, q in bids if q], [(t, q) for t, q in asks if q])
        self._end()

    def depth(self, update_id: int, bids: Levels, asks: Levels) -> None:
        """Set the absolute sizes of these levels, 0 deletes; `update_id` is the last one in it."""
        self.depth_messages += 1
        if bids or asks:
            self._levels(DEPTH, bids, asks)
            self._end()
        self.check.build(self.book.touch(update_id))

    def trade(self, side: int, tick: int, lots: int) -> None:
        """Add one trade; `side` is the aggressor's, +1 or -1."""
        if tick <= 0 or lots <= 0:
            raise Malformed("a trade without a price or without a size")
        self.trades += 1
        self._add(lots, tick, TRADE, side)
        self._mark_last()

    def gap(self) -> None:
        """Say that messages were lost: the book is invalid until the next snapshot."""
        self.gaps += 1
        self.book.clear()
        self._add(0, 0, GAP, 0)
        self._mark_last()

    def flush(self) -> None:
        """Hand the rows to the writer; raise DataError where it refuses them."""
        if self._rows:
            events = np.array(self._rows, EVENT)
            self._first_ns = self._first_ns or int(events["exch_ns"][0])
            self._writer.append(self.instrument, events, crossed=self._crossed_unwritten)
            self._written += len(events)
            self._crossed_unwritten = 0
            self._rows = []

    def finish(self, files: tuple[Path, ...], tail: dict[str, int]) -> Imported:
        """Write what is left and return the account; `tail` is the new resume point."""
        self.flush()
        self._refuse_coarse_lots(files)
        self.tail = tail
        offset_ms = None
        if self._offsets:
            offset_ms = round(float(np.median(np.array(self._offsets))) / MS_NS, 3)
        self._warn(offset_ms)
        return Imported(
            instrument=self.instrument.id,
            symbol=self.instrument.symbol,
            files=tuple(path.name for path in files),
            rows=self._written,
            trades=self.trades,
            depth_messages=self.depth_messages,
            gaps=self.gaps,
            crossed=self._crossed,
            clock_offset_ms=offset_ms,
            adjusted_times=self._adjusted,
            replaced_receive_times=self._replaced,
            touch_checked=self.check.checked,
            touch_agreed=self.check.agreed,
            floored_sizes=self.level_lots.floored,
            skipped=dict(self.skipped),
            first_exch_ns=self._first_ns,
            last_exch_ns=self._exch_ns,
            warnings=tuple(self.warnings),
        )

    def _refuse_coarse_lots(self, files: tuple[Path, ...]) -> None:
        floored, levels = self.level_lots.floored, self._written - self.trades
        if floored > max(_FLOORED_MIN, levels * _FLOORED_SHARE_MAX):
            raise DataError(
                f"{files[0]}: {floored} of {levels} sizes are not multiples of the lot "
                f"{self.instrument.lot} of {self.instrument.id}",
                "check --category",
            )

    def _warn(self, offset_ms: float | None) -> None:
        latency_ms = self._latency_ns / MS_NS
        if self._replaced:
            self.warnings.append(
                f"received before the exchange sent it in {self._replaced} of {self._stamped} "
                f"messages (the local clock is about {offset_ms} ms behind): receive time = "
                f"exchange time + {latency_ms:g} ms there"
            )
        elif offset_ms is None:
            self.warnings.append(
                f"no receive times: receive time = exchange time + {latency_ms:g} ms"
            )
        if self.level_lots.floored:
            self.warnings.append(
                f"{self.level_lots.floored} sizes of book levels floored to the lot "
                f"{self.instrument.lot}"
            )
        if self._crossed:
            self.warnings.append(f"the book is crossed after {self._crossed} messages")
        disagreed = self.check.checked - self.check.agreed
        if disagreed > self.check.checked * _DISAGREED_SHARE_MAX:
            self.warnings.append(
                f"the book differs from the best-price stream in {disagreed} of "
                f"{self.check.checked} comparisons"
            )
        if not self.depth_messages:
            self.warnings.append("no depth messages: the history has trades but no book")
        if not self.trades:
            self.warnings.append("no trades: the history has a book but no volume")

    def _levels(self, kind: int, bids: Levels, asks: Levels) -> None:
        for side, levels in ((1, bids), (-1, asks)):
            for tick, lots in levels:
                if tick <= 0:
                    raise Malformed("a level without a price")
                self._add(lots, tick, kind, side)
                self.book.put(side, tick, lots)

    def _add(self, lots: int, tick: int, kind: int, side: int) -> None:
        self._rows.append((self._exch_ns, self._recv_ns, lots, tick, kind, side, 0))

    def _end(self) -> None:
        if self.book.is_crossed():
            self._crossed += 1
            self._crossed_unwritten += 1
        self._mark_last()

    def _mark_last(self) -> None:
        assert self._rows, "a message has a row"
        self._rows[-1] = (*self._rows[-1][:6], LAST)
        if len(self._rows) >= _FLUSH_ROWS:
            self.flush()
