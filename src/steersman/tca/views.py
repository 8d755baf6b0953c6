"""A tape made of what was seen, for a journal that comes without the market's own.

    touch    each usable view's, from its newest event on; it speaks for `SPEAKS_NS`, then nothing
             is known until the next
    trades   what aggressors bought between two usable views at the mean of their asks, what they
             sold at the mean of their bids, all at the later view, without what of it hit our
             resting orders; and our own fills, as they were told

It can be measured like any tape, and what it cannot tell is None: a mark-out needs a view that
speaks for its moment and a horizon of at least `BLIND_NS`; a benchmark's prices are those of the
views. `docs/report.md` says how far figures from views were from those of the whole tape.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from steersman.domain.instrument import Instrument
from steersman.domain.market import MarketView
from steersman.domain.messages import Effect, Filled, Input, Reported, Submit, Viewed
from steersman.domain.order import Liquidity
from steersman.domain.units import SECOND_NS, Side
from steersman.marketdata.tape import Tape
from steersman.tca.tapes import TapeReader

__all__ = ["BLIND_NS", "SPEAKS_NS", "reader_of", "tape_of_views"]

SPEAKS_NS: Final = 6 * SECOND_NS  # views of a working order are at most 5 s and a latency apart
BLIND_NS: Final = 2 * SECOND_NS  # sooner than this a change is seen where it moves an order, only

Touches = list[tuple[int, int, int]]  # time, bid, ask in ticks; 0, 0 where nothing is known
Trades = list[tuple[int, int, int, int, bool]]  # time, ticks, lots, aggressor, own


def tape_of_views(messages: Iterable[Input | Effect], instrument: Instrument) -> Tape:
    """Return what the views and fills among the messages say of one instrument's market."""
    fold = _Fold(instrument)
    for message in messages:
        fold.take(message)
    return fold.tape()


def reader_of(
    messages: Iterable[Input | Effect], instrument: Instrument, tape: Tape | None
) -> TapeReader:
    """Return a reader of the market's tape, or of what was seen where there is none."""
    if tape is not None:
        return TapeReader(tape, instrument)
    return TapeReader(tape_of_views(messages, instrument), instrument, BLIND_NS)


class _Fold:
    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._sides: dict[str, Side] = {}
        self._told: set[tuple[str, str]] = set()
        self._touches: Touches = []
        self._others: Trades = []
        self._own: Trades = []
        self._hit: Trades = []  # of our own, what aggressors traded with our resting orders
        self._bought = self._sold = 0  # lots, since the last usable view
        self._last: tuple[int, int, int] | None = None  # the last usable view's

    def take(self, message: Input | Effect) -> None:
        match message:
            case Viewed() if message.view.instrument == self._instrument.id:
                self._viewed(message.view)
            case Submit() if message.parent.instrument == self._instrument.id:
                self._sides[message.parent.id] = message.parent.side
            case Reported() if isinstance(message.report, Filled):
                self._filled(message.report)
            case _:
                pass

    def _viewed(self, view: MarketView) -> None:
        self._bought += self._instrument.lots(view.buy_volume)
        self._sold += self._instrument.lots(view.sell_volume)
        if not view.usable:
            self._silent(view.exch_ns)
            return
        assert view.best_bid is not None and view.best_ask is not None, "it is usable"
        bid, ask = self._instrument.ticks(view.best_bid), self._instrument.ticks(view.best_ask)
        now = view.exch_ns, bid, ask
        before = self._last or now
        if before[0] + SPEAKS_NS < view.exch_ns:
            self._silent(before[0] + SPEAKS_NS)
        self._touches.append(now)
        if self._last is not None:
            at_ask, at_bid = (before[2] + ask) // 2, (before[1] + bid + 1) // 2
            self._others.append((view.exch_ns, at_ask, self._bought, 1, False))
            self._others.append((view.exch_ns, at_bid, self._sold, -1, False))
        self._last, self._bought, self._sold = now, 0, 0

    def _silent(self, at_ns: int) -> None:
        if self._touches and self._touches[-1][1]:
            self._touches.append((max(at_ns, self._touches[-1][0]), 0, 0))

    def _filled(self, fill: Filled) -> None:
        side = self._sides.get(fill.child_id.rpartition("-")[0])
        told = fill.child_id, fill.exec_id
        if side is None or told in self._told:
            return
        self._told.add(told)
        aggressor = side.sign * (-1 if fill.liquidity is Liquidity.MAKER else 1)
        ticks, lots = self._instrument.ticks(fill.price), self._instrument.lots(fill.qty)
        trade = (fill.venue_ns, ticks, lots, aggressor, True)
        self._own.append(trade)
        if fill.liquidity is Liquidity.MAKER:
            self._hit.append(trade)

    def _of_others(self) -> Trades:
        """Return what others traded with each other: a view counts what hit us among its volume."""
        times = [at_ns for at_ns, *_ in self._others]
        hit: Counter[tuple[int, int]] = Counter()
        for at_ns, _, lots, side, _ in self._hit:
            index = bisect_left(times, at_ns)
            if index < len(times):
                hit[times[index], side] += lots
        return [
            (at_ns, ticks, lots - ours, side, own)
            for at_ns, ticks, lots, side, own in self._others
            if lots > (ours := hit[at_ns, side])
        ]

    def tape(self) -> Tape:
        """Return the tape, from the first usable view to when the last one ceases to speak."""
        touches = np.array(self._touches or np.empty((0, 3)), np.int64).T
        trades = np.array(sorted([*self._of_others(), *self._own]) or np.empty((0, 5)), np.int64).T
        seen = self._touches and self._last
        return Tape(
            start_ns=self._touches[0][0] if seen else 0,
            end_ns=self._last[0] + SPEAKS_NS if self._last else 0,
            touch_ns=touches[0],
            bid_ticks=touches[1],
            ask_ticks=touches[2],
            trade_ns=trades[0],
            trade_ticks=trades[1],
            trade_lots=trades[2],
            trade_side=trades[3].astype(np.int8),
            trade_own=trades[4].astype(np.bool_),
            complete=False,
        )
