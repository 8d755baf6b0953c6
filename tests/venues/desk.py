"""Small hand-made recordings and a desk that trades on them, for tests of the simulated venue."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category, Instrument
from steersman.domain.messages import Amend, Approved, Cancel, Filled, Intent, Place, Report, Wake
from steersman.domain.order import Style, TimeInForce
from steersman.domain.specs import find
from steersman.domain.units import Price, Qty, Side
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, GAP, LAST, SNAPSHOT, TRADE
from steersman.venues.base import Step
from steersman.venues.simulated import SimulatedVenue

Events = npt.NDArray[np.void]
Row = tuple[float, int, int, int, int]

BTC = find("BTCUSDT", category=Category.LINEAR, venue="sim")
START_NS = 1_760_000_000_000_000_000
SECOND_NS = 1_000_000_000
FEED_NS = 1_000_000
LATENCY_NS = 10_000_000

# The book of the probes: asks 0.004, 0.003, 5 at 100,000.1, .2 and .3; bids 5, 5 at 100,000.0, .9.
BOOK: tuple[Row, ...] = (
    (0, CLEAR, 0, 0, 0),
    (0, SNAPSHOT, 1, 1_000_000, 5_000),
    (0, SNAPSHOT, 1, 999_990, 5_000),
    (0, SNAPSHOT, -1, 1_000_001, 4),
    (0, SNAPSHOT, -1, 1_000_002, 3),
    (0, SNAPSHOT, -1, 1_000_003, 5_000),
)
QUIET: tuple[Row, ...] = tuple((1 + k, DEPTH, 1, 999_900 - k, 1_000) for k in range(10))


def recording(rows: Iterable[Row], feed_ns: int = FEED_NS) -> Events:
    """Return events of (second, kind, side, tick, lots); rows of one time are one message."""
    listed = list(rows)
    events = np.zeros(len(listed), EVENT)
    for i, (second, kind, side, tick, lots) in enumerate(listed):
        exch_ns = START_NS + round(second * SECOND_NS)
        last = i + 1 == len(listed) or listed[i + 1][0] != second
        flags = LAST if last else 0
        events[i] = (exch_ns, exch_ns + feed_ns, lots, tick, kind, side, flags)
    return events


def post(child: str, side: Side, qty: str, price: str, tif: TimeInForce) -> Approved[Intent]:
    """Return an order as risk would have let it pass."""
    return Approved(
        Place(
            child_id=child,
            parent_id="p",
            instrument=BTC.id,
            side=side,
            qty=Qty(Decimal(qty)),
            price=Price(Decimal(price)),
            tif=tif,
            style=Style.PASSIVE,
            reason="test",
        )
    )


class Desk:
    """A venue with its clock and everything it reported."""

    def __init__(self, venue: SimulatedVenue) -> None:
        self.venue = venue
        self.heard: list[tuple[int, Report]] = []
        self.steps: list[Step] = []

    @classmethod
    def on(cls, rows: Iterable[Row], instrument: Instrument = BTC) -> Desk:
        return cls(SimulatedVenue.recorded(instrument, recording(rows)))

    def until(self, second: float) -> Step:
        """Run to a local time, through all reports; return the last step."""
        return self.until_ns(START_NS + round(second * SECOND_NS))

    def until_ns(self, at_ns: int) -> Step:
        while True:
            step = self.venue.run(Wake(BTC.id, at_ns, None, None))
            self.steps.append(step)
            self.heard += [(step.now_ns, report) for report in step.reports]
            if step.now_ns >= at_ns or (step.ended and not step.reports):
                return step

    def rest(self, child: str, side: Side, qty: str, price: str) -> None:
        order = post(child, side, qty, price, TimeInForce.POST_ONLY)
        self.venue.send(order, self.venue.now_ns)

    def take(self, child: str, side: Side, qty: str, price: str) -> None:
        self.venue.send(post(child, side, qty, price, TimeInForce.IOC), self.venue.now_ns)

    def cancel(self, child: str) -> None:
        self.venue.send(Approved(Cancel(child, "p", BTC.id, "test")), self.venue.now_ns)

    def amend(self, child: str, side: Side, qty: str, price: str) -> None:
        intent = Amend(child, "p", BTC.id, side, Qty(Decimal(qty)), Price(Decimal(price)), "test")
        self.venue.send(Approved(intent), self.venue.now_ns)

    # -- what came of it --------------------------------------------------------------------------
    @property
    def reports(self) -> list[Report]:
        return [report for _, report in self.heard]

    @property
    def fills(self) -> list[Filled]:
        return [report for report in self.reports if isinstance(report, Filled)]

    @property
    def filled(self) -> Decimal:
        return sum((fill.qty for fill in self.fills), Decimal(0))

    @property
    def cost(self) -> Decimal:
        return sum((fill.qty * fill.price for fill in self.fills), Decimal(0))

    def said(self, child: str) -> list[str]:
        """Return the kinds of reports about a child, in order."""
        return [type(report).__name__ for report in self.reports if report.child_id == child]


__all__ = [
    "BOOK",
    "BTC",
    "FEED_NS",
    "GAP",
    "LATENCY_NS",
    "QUIET",
    "SECOND_NS",
    "START_NS",
    "TRADE",
    "Desk",
    "Events",
    "Row",
    "post",
    "recording",
]
