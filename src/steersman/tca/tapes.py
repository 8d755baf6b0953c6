"""Read the market's tape: touches, interval prices and volumes, None where it does not reach.

An interval (start, end] is covered when the tape begins at or before its start and ends at most
`EDGE_NS` before its end: the order's times are local, the tape's are the exchange's, and a run on
recorded data ends where the recording does.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category, Instrument
from steersman.domain.units import SECOND_NS, Price, Qty, Side
from steersman.marketdata.tape import Tape
from steersman.tca.valuation import Touch, mean_price

__all__ = ["EDGE_NS", "KNOWN_SHARE", "TapeReader"]

EDGE_NS: Final = SECOND_NS
KNOWN_SHARE: Final = 0.9

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TapeReader:
    """A tape in the prices and quantities of its instrument.

    `blind_ns` is the shortest time in which a tape made of views tells of a change; 0 of a whole
    one.
    """

    tape: Tape
    instrument: Instrument
    blind_ns: int = 0

    def touch_at(self, at_ns: int) -> Touch | None:
        """Return the touch in force at a time; None where a side is missing or the tape is over."""
        if at_ns > self.tape.end_ns:
            return None
        return self._touch(int(np.searchsorted(self.tape.touch_ns, at_ns, side="right")) - 1)

    def touch_before(self, at_ns: int) -> Touch | None:
        """Return the touch just before a time, untouched by what happened at it."""
        if at_ns > self.tape.end_ns:
            return None
        return self._touch(int(np.searchsorted(self.tape.touch_ns, at_ns, side="left")) - 1)

    def covers(self, start_ns: int, end_ns: int) -> bool:
        """Tell whether the tape speaks for the whole interval."""
        return self.tape.start_ns <= start_ns < end_ns <= self.tape.end_ns + EDGE_NS

    def volume(self, start_ns: int, end_ns: int, *, own: bool) -> Qty | None:
        """Return what others traded in the interval, or what we did."""
        if not self.covers(start_ns, end_ns):
            return None
        return self.instrument.qty(int(self._lots(start_ns, end_ns, own=own).sum()))

    def vwap(self, start_ns: int, end_ns: int, *, own: bool) -> Price | None:
        """Return the mean price of the interval's trades weighted by volume, ours in it or not.

        Inverse contracts weight by their value in base currency, as their notional does.
        """
        if not self.covers(start_ns, end_ns):
            return None
        window = self._window(start_ns, end_ns)
        ticks = self.tape.trade_ticks[window]
        lots = self.tape.trade_lots[window]
        if not own:
            others = ~self.tape.trade_own[window]
            ticks, lots = ticks[others], lots[others]
        return self._mean_of_trades(ticks, lots) if lots.sum() else None

    def twap(self, start_ns: int, end_ns: int) -> Price | None:
        """Return the mean mid of the interval, each weighted by how long it prevailed.

        Time without a valid touch does not count; a mean of quote updates would weight a busy
        second like a quiet hour. A tape made of views must know `KNOWN_SHARE` of the interval: an
        idle order looks away, and what it saw is no sample of what it did not.
        """
        if not self.covers(start_ns, end_ns):
            return None
        end_ns = min(end_ns, self.tape.end_ns)
        times = self.tape.touch_ns
        first = max(0, int(np.searchsorted(times, start_ns, side="right")) - 1)
        last = int(np.searchsorted(times, end_ns, side="left"))
        bid, ask = self.tape.bid_ticks[first:last], self.tape.ask_ticks[first:last]
        edges = np.clip(np.append(times[first:last], end_ns), start_ns, end_ns)
        valid = (bid > 0) & (ask > bid)
        lasted_ns = np.diff(edges)[valid]
        known_ns = int(lasted_ns.sum())
        if not known_ns or (self.blind_ns and known_ns < KNOWN_SHARE * (end_ns - start_ns)):
            return None
        return mean_price(_weighted((bid + ask)[valid], lasted_ns) / 2 * self.instrument.tick)

    def touch_later(self, at_ns: int, after_ns: int) -> Touch | None:
        """Return the touch some time after a moment; None where the tape is blind for so long.

        Of a tape made of views it is that of the usable view nearest to then, at most `blind_ns`
        away and not before the moment itself: an older one holds the price that was before it.
        """
        then_ns = at_ns + after_ns
        if not self.blind_ns:
            return self.touch_at(then_ns)
        if after_ns < self.blind_ns:
            return None
        times, bid, ask = self.tape.touch_ns, self.tape.bid_ticks, self.tape.ask_ticks
        edges_ns = [max(at_ns, then_ns - self.blind_ns), then_ns + self.blind_ns + 1]
        first, last = np.searchsorted(times, edges_ns)
        near = np.arange(first, last)[(bid[first:last] > 0) & (ask[first:last] > bid[first:last])]
        if not near.size:
            return None
        return self._touch(int(near[np.argmin(np.abs(times[near] - then_ns))]))

    def touch_left(self, at_ns: int) -> Touch | None:
        """Return the touch that what happened at a time has left.

        Of a tape made of views it is that of the next view, if it comes within `blind_ns`.
        """
        if not self.blind_ns:
            return self.touch_at(at_ns)
        times = self.tape.touch_ns
        after = int(np.searchsorted(times, at_ns, side="left"))
        soon = after < times.size and times[after] <= at_ns + self.blind_ns
        return self._touch(after) if soon else None

    def participation_vwap(self, start_ns: int, until_qty: Qty) -> Price | None:
        """Return the VWAP of others' trades from a time until they sum to a quantity.

        The last trade counts with what of it is needed; None where the tape ends before.
        """
        if not self.tape.start_ns <= start_ns < self.tape.end_ns:
            return None
        first = int(np.searchsorted(self.tape.trade_ns, start_ns, side="right"))
        others = ~self.tape.trade_own[first:]
        ticks, lots = self.tape.trade_ticks[first:][others], self.tape.trade_lots[first:][others]
        wanted = self.instrument.lots(self.instrument.ceil_qty(until_qty))
        sums = np.cumsum(lots)
        last = int(np.searchsorted(sums, wanted))
        if not wanted or last == sums.size:
            return None
        lots = np.append(lots[:last], wanted - (sums[last - 1] if last else 0))
        return self._mean_of_trades(ticks[: last + 1], lots)

    def beaten(self, start_ns: int, end_ns: int, price: Price, side: Side) -> float | None:
        """Return the share of others' volume that traded worse for a side than a price.

        What traded at the price itself counts half. None where nobody else traded.
        """
        if not self.covers(start_ns, end_ns):
            return None
        window = self._window(start_ns, end_ns)
        others = ~self.tape.trade_own[window]
        ticks, lots = self.tape.trade_ticks[window][others], self.tape.trade_lots[window][others]
        total = int(lots.sum())
        if not total:
            return None
        better = (ticks - float(price / self.instrument.tick)) * side.sign
        return float(lots[better > 0].sum() + lots[better == 0].sum() / 2) / total

    def _mean_of_trades(self, ticks: I64, lots: I64) -> Price:
        if self.instrument.category is Category.INVERSE:
            harmonic = int(lots.sum()) / float((lots / ticks).sum())
            return mean_price(Decimal(repr(harmonic)) * self.instrument.tick)
        return mean_price(_weighted(ticks, lots) * self.instrument.tick)

    def _touch(self, index: int) -> Touch | None:
        if index < 0:
            return None
        bid, ask = int(self.tape.bid_ticks[index]), int(self.tape.ask_ticks[index])
        if not 0 < bid < ask:
            return None
        return Touch(self.instrument.price(bid), self.instrument.price(ask))

    def _window(self, start_ns: int, end_ns: int) -> slice:
        first, last = np.searchsorted(self.tape.trade_ns, [start_ns, end_ns], side="right")
        return slice(int(first), int(last))

    def _lots(self, start_ns: int, end_ns: int, *, own: bool) -> I64:
        window = self._window(start_ns, end_ns)
        mine = self.tape.trade_own[window]
        return self.tape.trade_lots[window][mine if own else ~mine]


def _weighted(values: I64, weights: I64) -> Decimal:
    """Return the weighted mean of integers, exactly.

    Distances from the first value keep the products small; where they may still not fit 64 bits,
    Python's integers take over.
    """
    away = values - values[0]
    total = int(weights.sum())
    if int(np.abs(away).max()) * total < 2**63:
        moment = int(np.dot(away, weights))
    else:
        moment = int(np.dot(away.astype(object), weights.astype(object)))
    return int(values[0]) + Decimal(moment) / total
