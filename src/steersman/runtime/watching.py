"""Watch a market from outside and keep what its stylised facts are measured from.

Generated and recorded markets are watched through the same port: the first hours closely (a view
every 100 ms: touch, depth, what takers took), the rest by the tape alone. So two markets differ in
what they did and not in how they were looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category, Instrument
from steersman.domain.market import MarketView
from steersman.domain.messages import Wake
from steersman.domain.units import HOUR_NS, MS_NS, SECOND_NS
from steersman.errors import DataError
from steersman.marketdata.tape import Tape
from steersman.venues.simulated import SimulatedVenue

__all__ = [
    "SAMPLE_NS",
    "Orders",
    "Samples",
    "Watched",
    "is_open",
    "summarise",
    "taker_orders",
    "watch",
]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SAMPLE_NS: Final = 100 * MS_NS
CLOSELY_NS: Final = 4 * HOUR_NS
STRIDE_NS: Final = 60 * SECOND_NS
DAY_S: Final = 86_400
HALF_HOUR_S: Final = 1_800
SESSION_S: Final = (52_200, 75_600)  # shares trade 14:30-21:00 UTC (New York winter time)
MOVE_NS: Final = SECOND_NS  # a move is measured so long after its order
WIDEST_NS: Final = 100 * MS_NS  # and the spread is followed so long

Advance = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Samples:
    """The book each 100 ms, NaN where it was not valid: touch in ticks, sizes in lots.

    `depth` is what lies within 5 bps of the mid, `taken` what takers took since the sample before;
    both have shape (samples, 2), bids first.
    """

    bid: F64
    bid_lots: F64
    ask: F64
    ask_lots: F64
    depth: F64
    taken: F64


@dataclass(frozen=True, slots=True)
class Orders:
    """Taker orders while the market was open: what was taken at one time on one side.

    `moved` is the mid's move in bps in the order's direction after a second, `widest` the widest
    spread in ticks within 100 ms.
    """

    ns: I64
    sign: F64
    lots: F64
    moved: F64
    widest: F64


@dataclass(frozen=True, slots=True)
class Watched:
    """All that the facts of one market are measured from; NaN where it was closed or not valid.

    `mid` (ticks) is at whole seconds, `counts` and `volume` are taker orders and lots within each,
    `spread` (ticks), `spread_bps` and `held_ns` are one a change of the touch. `by_half_hour` is
    the volume a second in each half-hour of the UTC day, NaN where it was not seen whole.
    """

    instrument: Instrument
    start_ns: int
    end_ns: int
    samples: Samples
    orders: Orders
    mid: F64
    counts: F64
    volume: F64
    spread: F64
    spread_bps: F64
    held_ns: F64
    by_half_hour: F64

    @property
    def hours(self) -> float:
        """How long the market was watched and open."""
        return float(np.isfinite(self.mid).sum()) / 3_600.0


def watch(venue: SimulatedVenue, end_ns: int, advance: Advance) -> Watched:
    """Run a market to `end_ns` or its end and return what was seen; `advance` gets the share."""
    start_ns = venue.now_ns
    rows: list[list[float]] = []
    for at_ns in _times(start_ns, end_ns):
        step = venue.run(Wake(venue.instrument.id, at_ns, None, None))
        if at_ns <= start_ns + CLOSELY_NS:
            rows.append(_row(venue.instrument, step.view))
        if (at_ns - start_ns) % STRIDE_NS == 0:
            advance((at_ns - start_ns) / (end_ns - start_ns))
        if step.ended:
            break
    return summarise(venue.instrument, venue.tape(), _samples(rows))


def _times(start_ns: int, end_ns: int) -> Iterator[int]:
    closely_ns = min(end_ns, start_ns + CLOSELY_NS)
    yield from range(start_ns + SAMPLE_NS, closely_ns + 1, SAMPLE_NS)
    yield from range(closely_ns + STRIDE_NS, end_ns, STRIDE_NS)
    yield end_ns


def _row(rules: Instrument, view: MarketView) -> list[float]:
    if not view.usable or view.best_bid is None or view.best_ask is None:
        return [np.nan] * 8
    tick, lot = float(rules.tick), float(rules.lot)
    sizes = (
        view.bid_qty, view.ask_qty, view.depth_bid[1], view.depth_ask[1],
        view.sell_volume, view.buy_volume,
    )  # fmt: skip
    touch = (round(float(view.best_bid) / tick), round(float(view.best_ask) / tick))
    return [*touch, *(float(size) / lot for size in sizes)]


def _samples(rows: list[list[float]]) -> Samples:
    table = np.array(rows, np.float64).reshape(-1, 8)
    bid, ask, bid_lots, ask_lots = (table[:, k].copy() for k in range(4))
    return Samples(bid, bid_lots, ask, ask_lots, table[:, 4:6].copy(), table[:, 6:8].copy())


# -- from the tape --------------------------------------------------------------------------------
def is_open(category: Category, ns: I64) -> Bools:
    """Tell at which times the market is open: always, or in the session of US shares."""
    second = ns // SECOND_NS % DAY_S
    if category is not Category.EQUITY:
        return np.ones(ns.shape, np.bool_)
    opened: Bools = (second >= SESSION_S[0]) & (second < SESSION_S[1])
    return opened


def summarise(instrument: Instrument, tape: Tape, samples: Samples) -> Watched:
    """Put what was seen and what is on the tape onto regular grids."""
    if tape.touch_ns.size == 0:
        raise DataError(f"{instrument.id}: no valid book in all of it", "import a longer recording")
    first, last = tape.start_ns // SECOND_NS + 1, tape.end_ns // SECOND_NS
    seconds = np.arange(first, max(first, last) + 1)
    touch_mid = _touch_mid(tape)
    opened = is_open(instrument.category, seconds * SECOND_NS)
    mid = np.where(opened, _at(tape.touch_ns, touch_mid, seconds * SECOND_NS), np.nan)
    spread = np.where(np.isfinite(touch_mid), tape.ask_ticks - tape.bid_ticks, np.nan)
    held = np.diff(np.append(tape.touch_ns, max(tape.end_ns, int(tape.touch_ns[-1]))))
    held = np.where(is_open(instrument.category, tape.touch_ns), held, 0)
    orders = taker_orders(tape, touch_mid, spread)
    orders = _only(orders, is_open(instrument.category, orders.ns))
    counts = _per_second(orders.ns, np.ones(orders.ns.size), seconds, opened)
    volume = _per_second(orders.ns, orders.lots, seconds, opened)
    return Watched(
        instrument=instrument,
        start_ns=tape.start_ns,
        end_ns=tape.end_ns,
        samples=samples,
        orders=orders,
        mid=mid,
        counts=counts,
        volume=volume,
        spread=spread,
        spread_bps=spread / touch_mid * 1e4,
        held_ns=held.astype(np.float64),
        by_half_hour=_by_half_hour(volume, seconds),
    )


def _touch_mid(tape: Tape) -> F64:
    known = (tape.bid_ticks > 0) & (tape.ask_ticks > 0)
    mid: F64 = np.where(known, (tape.bid_ticks + tape.ask_ticks) / 2.0, np.nan)
    return mid


def _at(touch_ns: I64, values: F64, ns: I64) -> F64:
    """Return the value that held at each time (changes at that very time included)."""
    at = np.searchsorted(touch_ns, ns, side="right") - 1
    found: F64 = np.where(at >= 0, values[np.maximum(at, 0)], np.nan)
    return found


def taker_orders(tape: Tape, touch_mid: F64, spread: F64) -> Orders:
    """Put trades of one side within one millisecond together, as one taker order each."""
    ms = tape.trade_ns // MS_NS
    new = np.ones(ms.size, np.bool_)
    new[1:] = (ms[1:] != ms[:-1]) | (tape.trade_side[1:] != tape.trade_side[:-1])
    first = np.flatnonzero(new)
    if first.size == 0:
        none = np.empty(0)
        return Orders(np.empty(0, np.int64), none, none, none, none)
    ns = tape.trade_ns[first]
    sign = tape.trade_side[first].astype(np.float64)
    lots = np.add.reduceat(tape.trade_lots, first).astype(np.float64)
    before = _at(tape.touch_ns, touch_mid, ns - 1)
    after = _at(tape.touch_ns, touch_mid, ns + MOVE_NS)
    moved = sign * np.log(after / before) * 1e4
    moved[ns + MOVE_NS > tape.end_ns] = np.nan
    begin = np.maximum(np.searchsorted(tape.touch_ns, ns, side="left") - 1, 0)
    end = np.searchsorted(tape.touch_ns, ns + WIDEST_NS, side="right")
    return Orders(ns, sign, lots, moved, _widest(spread, begin, np.maximum(end, begin + 1)))


def _widest(spread: F64, begin: npt.NDArray[np.intp], end: npt.NDArray[np.intp]) -> F64:
    """Return the largest value of each slice [begin, end)."""
    padded = np.append(spread, -np.inf)
    pairs = np.column_stack([begin, end]).ravel()
    return np.asarray(np.maximum.reduceat(padded, pairs)[::2], np.float64)


def _only(orders: Orders, kept: Bools) -> Orders:
    return Orders(
        orders.ns[kept], orders.sign[kept], orders.lots[kept], orders.moved[kept],
        orders.widest[kept],
    )  # fmt: skip


def _per_second(ns: I64, weight: F64, seconds: I64, opened: Bools) -> F64:
    """Add up `weight` in the second that begins at each of `seconds`; the last is cut off: NaN."""
    at = ns // SECOND_NS - seconds[0]
    inside = (at >= 0) & (at < seconds.size)
    total = np.bincount(at[inside], weights=weight[inside], minlength=seconds.size)
    found: F64 = np.where(opened, total, np.nan)
    found[-1] = np.nan
    return found


def _by_half_hour(volume: F64, seconds: I64) -> F64:
    part = seconds % DAY_S // HALF_HOUR_S
    known = np.isfinite(volume)
    covered = np.bincount(part[known], minlength=48)
    total = np.bincount(part[known], weights=volume[known], minlength=48)
    whole = covered >= HALF_HOUR_S - 1  # the very first second is not seen whole
    return np.where(whole, total / np.maximum(covered, 1), np.nan)
