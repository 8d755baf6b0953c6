"""Funding of a simulated perpetual: who held what when the exchange settled, and what it pays.

    payment = position x mark x rate                   linear, in quote currency
    payment = contracts x multiplier / mark x rate     inverse, in base currency

The position is what one parent order's fills come to, those at the funding time included, as the
exchange's clock has it; it begins at nothing. The mark is the middle of the market's own touch at
that time (venues use an index besides it, which no recording here has). Longs pay a positive rate.
Every venue settles on whole hours, so that is where this looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Instrument
from steersman.domain.messages import FundingPaid
from steersman.domain.units import BPS, HOUR_NS, Price
from steersman.errors import DataError, UsageError
from steersman.venues.market import NEVER

__all__ = ["Execution", "FundingClock", "Rates"]

I64 = npt.NDArray[np.int64]
Rates = tuple[tuple[int, Decimal], ...]
"""Funding times at the exchange (UTC ns, whole hours, rising), each with its rate in bps."""

Execution = tuple[int, str, int]
"""A trade of ours: exchange time (UTC ns), parent order, lots bought (sold negative)."""


class FundingClock:
    """The settlements of one market; `next_ns` is the exchange time of the next one to look at."""

    def __init__(
        self, instrument: Instrument, rates: Rates, now_ns: int, *, generated: bool = False
    ) -> None:
        """Raise UsageError where there is no funding, or the rates cannot be a schedule.

        `generated` tells that the market sets rates of its own, where none are given.
        """
        if rates:
            _check(instrument, rates)
        self.rates = rates
        self.executions: list[Execution] = []
        self.next_ns = _after(now_ns) if rates or generated else NEVER
        self._instrument = instrument

    def settle(
        self,
        due: Rates,
        now_ns: int,
        on_their_way: Iterable[Execution],
        touches: I64,
    ) -> tuple[FundingPaid, ...]:
        """Return what is paid at `next_ns` (`due`: its rate, or nothing), and look on from there.

        `on_their_way` are trades that the exchange has made and nobody has been told of, `touches`
        int64 rows of exchange time, bid tick and ask tick (0 = none there), by time. Raises
        DataError where somebody holds a position and there never was a price.
        """
        held: dict[str, int] = {}
        for exch_ns, parent_id, lots in (*self.executions, *on_their_way):
            if exch_ns <= self.next_ns:
                held[parent_id] = held.get(parent_id, 0) + lots
        self.next_ns = _after(self.next_ns)
        return tuple(
            self._payment(now_ns, venue_ns, parent_id, lots, rate_bps, touches)
            for venue_ns, rate_bps in due
            for parent_id, lots in held.items()
            if lots
        )

    def copy(self) -> FundingClock:
        """Return a clock that goes on as this one would, independently of it."""
        other = FundingClock(self._instrument, (), 0)
        other.rates, other.next_ns = self.rates, self.next_ns
        other.executions = list(self.executions)
        return other

    def _payment(
        self, now_ns: int, venue_ns: int, parent_id: str, lots: int, rate: Decimal, touches: I64
    ) -> FundingPaid:
        position = self._instrument.qty(lots)
        mark = self._mark_at(venue_ns, touches)
        return FundingPaid(
            at_ns=now_ns,
            parent_id=parent_id,
            instrument=self._instrument.id,
            venue_ns=venue_ns,
            position=position,
            mark=mark,
            rate_bps=rate,
            amount=self._instrument.funding(mark, position, rate),
        )

    def _mark_at(self, venue_ns: int, touches: I64) -> Price:
        """Return the middle of the last whole touch at or before a time."""
        known = touches[: np.searchsorted(touches[:, 0], venue_ns, side="right"), 1:]
        whole = known[(known > 0).all(axis=1)]
        if not len(whole):
            raise DataError(
                f"{self._instrument.id}: funding at {venue_ns} ns comes before any price",
                "begin with a snapshot of the book, and keep the tape",
            )
        return Price(self._instrument.price(int(whole[-1].sum())) / 2)


def _after(at_ns: int) -> int:
    return (at_ns // HOUR_NS + 1) * HOUR_NS


def _check(instrument: Instrument, rates: Rates) -> None:
    remedy = "give funding times and rates of a perpetual"
    if not instrument.perpetual:
        raise UsageError(f"{instrument.id} has no funding", remedy)
    before_ns = -1
    for at_ns, rate_bps in rates:
        if at_ns % HOUR_NS or at_ns <= before_ns:
            raise UsageError(f"{instrument.id}: funding at {at_ns} ns is out of place", remedy)
        if not (rate_bps.is_finite() and abs(rate_bps) < BPS):
            raise UsageError(f"{instrument.id}: a funding rate of {rate_bps} bps", remedy)
        before_ns = at_ns
