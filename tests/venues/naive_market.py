"""The recorded market once more, slow and obvious: dictionaries, lists, and one rule a line.

It is told the same events and requests as the fast one and must be in the same state after each.
It knows nothing of windows, tables, room or batches.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from steersman.marketdata.events import CLEAR, DEPTH, GAP, SNAPSHOT, TRADE
from steersman.venues.own_impact import NO_IMPACT, STEP_NS, OwnImpact
from steersman.venues.queues import CAUTIOUS, POWER, QueueModel

BUY, SELL = 1, -1
UNKNOWN_QUEUE = 1 << 62
ONE = 1 << 20


@dataclass
class Order:
    id: str
    side: int
    tick: int
    lots: int
    place: int = 0  # lots of others before us, in 2^-20 lots
    filled: int = 0
    traded: int = 0  # lots at our price since the level was last shown

    @property
    def ahead(self) -> int:
        return -(-self.place // ONE)

    @property
    def leaves(self) -> int:
        return self.lots - self.filled


@dataclass
class Request:
    arrival: int
    action: str  # place, take, amend, cancel, query
    id: str
    side: int = 0
    tick: int = 0
    lots: int = 0


@dataclass
class Row:
    """An event and its two times."""

    exch: int
    recv: int
    kind: int
    side: int
    tick: int
    lots: int
    last: bool


@dataclass
class NaiveMarket:
    """What `run` leaves behind: books by side, own orders in time order, reports, trades, touch."""

    report_latency: Callable[[int, int], int]  # of the report of this number, at this time
    queue: QueueModel = CAUTIOUS
    impact: OwnImpact = NO_IMPACT
    rows: list[Row] = field(default_factory=list)  # to come
    requests: list[Request] = field(default_factory=list)  # on their way
    shown: dict[int, dict[int, int]] = field(default_factory=lambda: {BUY: {}, SELL: {}})
    taken: dict[int, dict[int, int]] = field(default_factory=lambda: {BUY: {}, SELL: {}})
    state: str = "empty"
    resting: list[Order] = field(default_factory=list)
    over: dict[str, int] = field(default_factory=dict)  # id: filled
    reports: list[tuple[int, tuple[object, ...]]] = field(default_factory=list)  # deliver, what
    trades: list[tuple[int, int, int, int, bool]] = field(default_factory=list)
    touches: list[tuple[int, int, int]] = field(default_factory=list)
    recv: int = 0
    exch: int = 0
    others: int = 0  # volume
    asked: int = 0  # requests that have happened
    told: int = 0  # local time at which the newest report is delivered
    notes: list[tuple[str, int]] = field(default_factory=list)
    number: int = -1  # of the newest event
    shift: int = 0  # by which our impact has moved everybody's prices
    fade_at: int | None = None

    def __post_init__(self) -> None:
        state = self.impact.state().tolist()
        modes = (len(state) - 1) // 3
        self.per_lot, self.fading = state[0], state[1 : 1 + modes]
        self.weights = state[1 + modes : 1 + 2 * modes]
        self.left = [0.0] * modes

    # -- the book ---------------------------------------------------------------------------------
    def size(self, side: int, tick: int) -> int:
        """What others have at one of our ticks: the recording's are `shift` lower."""
        there = tick - self.shift
        return self.shown[side].get(there, 0) - self.taken[side].get(there, 0)

    def ticks(self, side: int) -> list[int]:
        """Levels that really hold something, best first."""
        every = [tick + self.shift for tick in self.shown[side]]
        there = [tick for tick in every if self.size(side, tick) > 0]
        return sorted(there, reverse=side == BUY)

    def touch(self) -> tuple[int, int]:
        if self.state != "valid":
            return 0, 0
        return (self.ticks(BUY) or [0])[0], (self.ticks(SELL) or [0])[0]

    def consume(self, side: int, tick: int, lots: int) -> None:
        assert 0 < lots <= self.size(side, tick)
        there = tick - self.shift
        self.taken[side][there] = self.taken[side].get(there, 0) + lots

    # -- time -------------------------------------------------------------------------------------
    def run(self, until: int) -> None:
        """Do in the order of the exchange everything whose outcome is known by `until`."""
        while True:
            row = self.rows[0] if self.rows else None
            request = self.requests[0] if self.requests else None
            arrival = request.arrival if request is not None else None
            if row is not None and self.fade_at is not None and row.exch > self.fade_at:
                if arrival is None or self.fade_at <= arrival:
                    if min(self.known(self.fade_at), row.recv) > until:
                        return
                    at = self.fade_at
                    self.fade(at)
                    self.note_touch(at)
                    continue
            if request is not None and (row is None or row.exch > request.arrival):
                known = self.known(request.arrival)
                if row is not None:
                    known = min(known, row.recv)
                if known > until:
                    return
                self.requests.pop(0)
                self.asked += 1
                self.request(request, closed=row is None and request.arrival > self.exch)
                self.note_touch(request.arrival)
            elif row is not None and row.recv <= until:
                self.rows.pop(0)
                self.event(row)
            else:
                return

    def report(self, at: int, *what: object) -> None:
        self.told = self.known(at)
        self.reports.append((self.told, what))

    def known(self, at: int) -> int:
        """When the next report would be known, of something that happens at `at`."""
        took = self.report_latency(len(self.reports), at)
        return max(at + took, self.recv, self.told)

    # -- our own impact ---------------------------------------------------------------------------
    def push(self, lots: int, at: int) -> None:
        """Takers move the prices of all others."""
        if not lots or not self.per_lot:
            return
        self.left = [
            left + self.per_lot * lots * weight
            for left, weight in zip(self.left, self.weights, strict=True)
        ]
        if self.fade_at is None:
            self.fade_at = (at // STEP_NS + 1) * STEP_NS
        self.reprice(at)

    def fade(self, at: int) -> None:
        self.left = [left * f for left, f in zip(self.left, self.fading, strict=True)]
        self.fade_at = at + STEP_NS
        if sum(map(abs, self.left)) < 1e-3:
            self.left, self.fade_at = [0.0] * len(self.left), None
        self.reprice(at)

    def ticks_with(self, lots: int) -> int:
        total = 0.0
        for left, weight in zip(self.left, self.weights, strict=True):
            total += left + self.per_lot * lots * weight
        return int(math.copysign(math.floor(abs(total) + 0.5), total))

    def reprice(self, at: int) -> None:
        ticks = self.ticks_with(0)
        if ticks != self.shift:
            self.shift = ticks
            if self.state == "valid":
                for order in self.resting:
                    order.traded = 0
                self.settle(at)

    def note_touch(self, at: int) -> None:
        touch = self.touch()
        if touch != (self.touches[-1][1:] if self.touches else (0, 0)):
            self.touches.append((at, *touch))

    # -- events -----------------------------------------------------------------------------------
    def event(self, row: Row) -> None:  # noqa: C901 - one rule a line
        self.exch, self.recv = row.exch, row.recv
        self.number += 1
        if row.kind == GAP:
            if self.state != "gap":
                self.notes.append(("gap", self.number))
            self.state = "gap"
        elif row.kind == CLEAR:
            self.shown = {BUY: {}, SELL: {}}
            self.state = "cleared"
        elif row.kind == TRADE:
            self.trade(row)
        elif self.state != "gap":
            if row.kind == SNAPSHOT:
                self.state = "loading"
            before = self.size(row.side, row.tick + self.shift)
            self.shown[row.side][row.tick] = row.lots
            taken = self.taken[row.side]
            taken[row.tick] = min(taken.get(row.tick, 0), row.lots)
            if self.state == "valid":
                self.requeue(row.side, row.tick + self.shift, before)
                self.cap()
        assert row.kind in (GAP, CLEAR, TRADE, SNAPSHOT, DEPTH)
        if row.last:
            if self.state == "loading":
                self.forget_unshown()
            if self.state in ("loading", "valid", "crossed"):
                self.judge(row.exch)
            self.note_touch(row.exch)

    def forget_unshown(self) -> None:
        """A snapshot is whole: what it did not show is gone, and what we took of that too."""
        for side in (BUY, SELL):
            for tick in set(self.taken[side]) - set(self.shown[side]):
                del self.taken[side][tick]

    def judge(self, at: int) -> None:
        """After a whole message: is the book crossed, or can it be used (again)?"""
        bids, asks = self.ticks(BUY), self.ticks(SELL)
        if bids and asks and bids[0] >= asks[0]:
            if self.state != "crossed":
                self.notes.append(("crossed", self.number))
            self.state = "crossed"
        elif self.state != "valid":
            if self.notes and self.notes[-1][0] != "recovered":
                self.notes.append(("recovered", self.number))
            self.state = "valid"
            for order in self.resting:
                order.traded = 0
            self.settle(at)
        else:
            self.settle(at)

    def requeue(self, side: int, tick: int, before: int) -> None:
        """A level has been shown anew: who left without trading stood ahead or behind us."""
        for order in self.resting:
            if order.side == side and order.tick == tick:
                stood = before - order.traded
                order.traded = 0
                gone = stood - self.size(side, tick)
                if self.queue.kind and gone > 0 and 0 < order.ahead <= stood:
                    behind = stood * ONE - order.place
                    a, b, n = float(order.place), float(behind), self.queue.exponent
                    power = self.queue.kind == POWER
                    share = 1.0 / (1.0 + (b / a) ** n) if power else (a / (a + b)) ** n
                    ahead_of_us = max(int(gone * ONE * share), gone * ONE - behind)
                    order.place = max(0, order.place - ahead_of_us)

    def cap(self) -> None:
        """Nobody is ahead of us who is not there any more."""
        for order in self.resting:
            order.place = min(order.place, self.size(order.side, order.tick) * ONE)

    def settle(self, at: int) -> None:
        """Cap every queue by its level, then trade against what has come to our prices."""
        self.cap()
        for side in (BUY, SELL):
            for order in self.by_priority(side):
                for tick in self.ticks(-side):
                    if (order.tick - tick) * side < 0 or not order.leaves:
                        break
                    lots = min(order.leaves, self.size(-side, tick))
                    self.consume(-side, tick, lots)
                    self.fill(order, at, order.tick, lots, True)

    def trade(self, row: Row) -> None:
        left = row.lots
        tick = row.tick + self.shift
        for order in self.by_priority(-row.side):
            if (order.tick - tick) * row.side < 0:  # printed through our price
                left -= self.fill(order, row.exch, order.tick, min(left, order.leaves), True)
            elif order.tick == tick:
                order.traded += row.lots
                before = left
                passed = max(0, left - order.ahead)
                left -= self.fill(order, row.exch, order.tick, min(passed, order.leaves), True)
                order.place = max(0, order.place - before * ONE)
        if left:
            self.trades.append((row.exch, tick, left, row.side, False))
        self.others += left

    # -- own orders -------------------------------------------------------------------------------
    def by_priority(self, side: int) -> list[Order]:
        mine = [order for order in self.resting if order.side == side]
        return sorted(mine, key=lambda order: -order.tick * side)  # stable: then by time

    def fill(self, order: Order, at: int, tick: int, lots: int, maker: bool) -> int:
        if lots:
            order.filled += lots
            self.report(at, "filled", order.id, lots, tick, maker)
            side = -order.side if maker else order.side
            self.trades.append((at, tick, lots, side, True))
            if not order.leaves:
                self.end(order)
        return lots

    def end(self, order: Order) -> None:
        self.over[order.id] = order.filled
        self.resting = [other for other in self.resting if other is not order]

    def request(self, r: Request, closed: bool) -> None:
        order = next((order for order in self.resting if order.id == r.id), None)
        at = r.arrival
        if r.action in ("place", "take"):
            if closed:
                self.report(at, "rejected", r.id)
            elif r.action == "place":
                self.place(Order(r.id, r.side, r.tick, r.lots), at, "accepted", r.id)
            else:
                order = Order(r.id, r.side, r.tick, r.lots)
                half = self.half_of_what_is_there(order) if self.state == "valid" else 0
                self.push(r.side * half, at)
                self.take(order, at)
                self.push(r.side * (order.filled - half), at)
        elif r.action == "query":
            filled = order.filled if order else self.over.get(r.id, 0)
            known = order is not None or r.id in self.over
            self.report(at, "resolved", r.id, known, order is not None, filled)
        elif order is None:
            self.report(at, f"{r.action} rejected", r.id)
        elif r.action == "cancel":
            self.end(order)
            self.report(at, "cancelled", r.id, order.filled)
        elif closed or r.lots <= order.filled:
            self.report(at, "amend rejected", r.id)
        elif r.tick == order.tick and r.lots <= order.lots:
            order.lots = r.lots
            self.report(at, "amended", r.id, r.lots, r.tick)
        else:
            self.end(order)
            order.tick, order.lots = r.tick, r.lots
            self.place(order, at, "amended", r.id, r.lots, r.tick)

    def place(self, order: Order, at: int, *said: object) -> None:
        best = self.touch()[1 if order.side == BUY else 0]
        walls = [best, *(other.tick for other in self.by_priority(-order.side))]
        if any(wall and (order.tick - wall) * order.side >= 0 for wall in walls):
            self.over[order.id] = order.filled
            self.report(at, "cancelled", order.id, order.filled)
            return
        self.over.pop(order.id, None)
        valid = self.state == "valid"
        order.place = (self.size(order.side, order.tick) if valid else UNKNOWN_QUEUE) * ONE
        order.traded = 0
        self.resting.append(order)
        self.report(at, *said)

    def half_of_what_is_there(self, order: Order) -> int:
        """Half of the most lots that are still there once that half has moved the prices."""
        if not self.per_lot:
            return 0
        for lots in range(order.lots, 0, -1):
            if self.within_limit(order, (lots + 1) // 2) >= lots:
                return (lots + 1) // 2
        return 0

    def within_limit(self, order: Order, half: int) -> int:
        side, moved = order.side, self.ticks_with(order.side * half) - self.shift
        walls = [other.tick for other in self.by_priority(-side)]
        there = 0
        for tick in self.ticks(-side):
            at = tick + moved
            if (at - order.tick) * side > 0:
                break
            if walls and (walls[0] - at) * side <= 0:
                if walls[0] == at and not moved:
                    there += min(self.by_priority(-side)[0].ahead, self.size(-side, tick))
                break
            there += self.size(-side, tick)
        return there

    def take(self, order: Order, at: int) -> None:
        self.report(at, "accepted", order.id)
        self.over[order.id] = 0
        walls = self.by_priority(-order.side)
        for tick in self.ticks(-order.side) if self.state == "valid" else []:
            if (tick - order.tick) * order.side > 0:
                break  # beyond the limit
            lots = self.size(-order.side, tick)
            if walls and walls[0].tick == tick:
                lots = min(lots, walls[0].ahead)
            elif walls and (walls[0].tick - tick) * order.side < 0:
                lots = 0  # our own order stands before that level
            lots = min(lots, order.leaves)
            if not lots:
                break
            self.consume(-order.side, tick, lots)
            for other in walls:
                if other.tick == tick:
                    other.place = max(0, other.place - lots * ONE)
            self.fill(order, at, tick, lots, False)
            if walls and walls[0].tick == tick:
                break
        self.over[order.id] = order.filled
        if order.leaves:
            self.report(at, "cancelled", order.id, order.filled)
