"""The compiled strategies do what the same strategy does step by step through the venue."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest

from steersman.domain.messages import Approved, Cancel, Cancelled, Filled, Rejected, Wake
from steersman.domain.order import TimeInForce
from steersman.domain.units import Side
from steersman.errors import DataError, UsageError
from steersman.marketdata.events import EVENT
from steersman.venues import market as m_
from steersman.venues.level_stream import new_stream, write_stream
from steersman.venues.peg import CANCELS, FILLED, PLACED, new_peg
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BOOK, BTC, LATENCY_NS, QUIET, START_NS, Events, post, recording

STEP_NS = 100_000_000


def market(seed: int, rows: int = 4_000) -> Events:
    """Return a small random market whose book moves all the time."""
    book, state = new_stream(START_NS)
    out = np.zeros((rows, 4), np.int64)
    return out[: write_stream(seed, book, state, out)].reshape(-1).view(EVENT)


@dataclass
class Twin:
    """The strategy in plain words, one message at a time."""

    venue: SimulatedVenue
    step_ns: int
    steps: int
    slices: int
    lots: int
    side: Side
    passive: bool
    filled: int = 0
    step: int = 0
    placed: int = 0
    cancels: int = 0
    child: str = ""
    child_lots: int = 0
    child_tick: int = 0
    resting: bool = False
    fills: list[tuple[str, int, int, int]] = field(default_factory=list)

    def run(self) -> None:
        next_ns: int = self.venue.now_ns + self.step_ns
        ended = False
        while self.filled < self.slices * self.lots:
            if ended:
                if not self.resting:
                    return
                self.cancel()
                next_ns = m_.NEVER
            elif self.venue.now_ns >= next_ns:
                self.look()
                next_ns += self.step_ns
            ended = self.hear(next_ns)

    def hear(self, until_ns: int) -> bool:
        step = self.venue.run(Wake(BTC.id, until_ns, None, None))
        self.view = step.view
        for report in step.reports:
            if isinstance(report, Filled):
                lots, tick = BTC.lots(report.qty), BTC.ticks(report.price)
                self.fills.append((report.child_id, report.venue_ns, tick, lots))
                if report.child_id == self.child:
                    self.filled += lots
                    self.child_lots -= lots
            over = isinstance(report, Cancelled | Rejected) or self.child_lots == 0
            if report.child_id == self.child and over:
                self.child, self.resting = "", False
        return step.ended

    def look(self) -> None:
        self.step += 1
        over = min(self.step // self.steps, self.slices)
        due, released = over * self.lots, min(over + self.passive, self.slices) * self.lots
        if not self.view.usable or self.view.best_bid is None or self.view.best_ask is None:
            return
        bid, ask = BTC.ticks(self.view.best_bid), BTC.ticks(self.view.best_ask)
        near, away = (bid, ask) if self.side is Side.BUY else (ask, bid)
        if self.child:
            if self.resting and (self.filled < due or near != self.child_tick):
                self.cancel()
        elif self.filled < due:
            self.place(away + 3 * self.side.sign, due - self.filled, TimeInForce.IOC)
        elif self.filled < released:
            self.place(near, released - self.filled, TimeInForce.POST_ONLY)

    def place(self, tick: int, lots: int, tif: TimeInForce) -> None:
        self.placed += 1
        self.child, self.child_tick, self.child_lots = f"own-{self.placed}", tick, lots
        self.resting = tif is TimeInForce.POST_ONLY
        order = post(self.child, self.side, str(BTC.qty(lots)), str(BTC.price(tick)), tif)
        self.venue.send(order, self.venue.now_ns)

    def cancel(self) -> None:
        self.cancels += 1
        self.resting = False
        self.venue.send(Approved(Cancel(self.child, "p", BTC.id, "")), self.venue.now_ns)


def compiled(venue: SimulatedVenue, twin: Twin) -> npt.NDArray[np.int64]:
    strategy = new_peg(
        start_ns=venue.now_ns,
        step_ns=twin.step_ns,
        steps=twin.steps,
        slices=twin.slices,
        slice_lots=twin.lots,
        side=twin.side.sign,
        reach_ticks=3,
        passive=twin.passive,
        order_latency_ns=LATENCY_NS,
    )
    venue.drive(strategy, "own")
    return strategy


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("passive", [True, False])
def test_the_compiled_strategy_is_the_one_in_plain_words(seed: int, passive: bool) -> None:
    events = market(seed)
    lots = (5, 80, 700, 5_000)[seed % 4]
    slow = SimulatedVenue.recorded(BTC, events)
    fast = SimulatedVenue.recorded(BTC, np.array_split(events, 1 + seed % 5))
    side = Side.BUY if seed % 2 else Side.SELL
    steps, slices = (20, 12 + seed % 3 * 4) if passive else (1, 200)
    twin = Twin(slow, STEP_NS, steps, slices, lots, side, passive)
    twin.run()
    strategy = compiled(fast, twin)
    assert (twin.filled, twin.placed, twin.cancels) == (
        int(strategy[FILLED]), int(strategy[PLACED]), int(strategy[CANCELS])
    )  # fmt: skip
    assert fast._ids == [f"own-{n + 1}" for n in range(twin.placed)]
    tape = fast.tape()
    own = tape.trade_own
    told = [(ns, tick, lots) for _, ns, tick, lots in twin.fills]
    columns = tape.trade_ns[own], tape.trade_ticks[own], tape.trade_lots[own]
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == told
    assert sum(lots for *_, lots in told) == twin.filled <= twin.slices * twin.lots
    assert fast._m.live[0] == 0  # no child outlives it
    assert twin.placed > 5 and twin.filled > 0


def test_the_peg_earns_the_spread_and_ends_with_all_it_wants() -> None:
    venue = SimulatedVenue.recorded(BTC, market(3))
    strategy = compiled(venue, Twin(venue, STEP_NS, 20, 8, 6, Side.BUY, passive=True))
    assert strategy[FILLED] == 48 and strategy[CANCELS] > 0
    orders = venue._m.orders[: strategy[PLACED]]
    assert orders[:, m_.FILLED].sum() == 48
    assert (orders[:, m_.FILLED] <= orders[:, m_.LOTS]).all()


def test_what_rests_when_the_market_ends_is_withdrawn() -> None:
    venue = SimulatedVenue.recorded(BTC, recording((*BOOK, *QUIET)))
    strategy = compiled(venue, Twin(venue, STEP_NS, 10_000, 1, 10, Side.BUY, passive=True))
    assert strategy[FILLED] == 0 and strategy[PLACED] == 1 and strategy[CANCELS] == 1
    assert venue._m.live[0] == 0 and not venue.tape().complete


def test_an_impossible_row_is_an_error() -> None:
    events = recording((*BOOK, *QUIET))
    events["lots"][9] = -1
    venue = SimulatedVenue.recorded(BTC, events)
    with pytest.raises(DataError, match="event 9: impossible size"):
        compiled(venue, Twin(venue, STEP_NS, 10_000, 1, 10, Side.BUY, passive=True))


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"side": 2}, {"slice_lots": 1 << 62}, {"order_latency_ns": -1}]
)
def test_a_strategy_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    fields = dict(start_ns=0, step_ns=1, steps=1, slices=1, slice_lots=1, side=1)
    fields |= dict(reach_ticks=0, order_latency_ns=0)
    with pytest.raises(UsageError):
        new_peg(**{**fields, **wrong}, passive=True)
