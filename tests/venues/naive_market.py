"""The recorded market once more, slow and obvious: dictionaries, lists, and one rule a line.

It is told the same events and requests as the fast one and must be in the same state after each.
It knows nothing of windows, tables, room or batches.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from steersman.marketdata.events import CLEAR, DEPTH, GAP, SNAPSHOT, TRADE

BUY, SELL = 1, -1
UNKNOWN_QUEUE = 1 << 62


@dataclass
class Order:
    id: str
    side: int
    tick: int
    lots: int
    ahead: int = 0
    filled: int = 0

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

    report_latency: int
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

    # -- the book ---------------------------------------------------------------------------------
    def size(self, side: int, tick: int) -> int:
        return self.shown[side].get(tick, 0) - self.taken[side].get(tick, 0)

    def ticks(self, side: int) -> list[int]:
        """Levels that really hold something, best first."""
        there = [tick for tick in self.shown[side] if self.size(side, tick) > 0]
        return sorted(there, reverse=side == BUY)

    def touch(self) -> tuple[int, int]:
        if self.state != "valid":
            return 0, 0
        return (self.ticks(BUY) or [0])[0], (self.ticks(SELL) or [0])[0]

    def consume(self, side: int, tick: int, lots: int) -> None:
        assert 0 < lots <= self.size(side, tick)
        self.taken[side][tick] = self.taken[side].get(tick, 0) + lots

    # -- time -------------------------------------------------------------------------------------
    def run(self, until: int) -> None:
        """Do in the order of the exchange everything whose outcome is known by `until`."""
        while True:
            row = self.rows[0] if self.rows else None
            request = self.requests[0] if self.requests else None
            if request is not None and (row is None or row.exch > request.arrival):
                known = max(request.arrival + self.report_latency, self.recv)
                if row is not None:
                    known = min(known, row.recv)
                if known > until:
                    return
                self.requests.pop(0)
                self.request(request, closed=row is None and request.arrival > self.exch)
                self.note_touch(request.arrival)
            elif row is not None and row.recv <= until:
                self.rows.pop(0)
                self.event(row)
            else:
                return

    def report(self, at: int, *what: object) -> None:
        self.reports.append((max(at + self.report_latency, self.recv), what))

    def note_touch(self, at: int) -> None:
        touch = self.touch()
        assert not (touch[1] and touch[0] >= touch[1]), "crossed"
        if touch != (self.touches[-1][1:] if self.touches else (0, 0)):
            self.touches.append((at, *touch))

    # -- events -----------------------------------------------------------------------------------
    def event(self, row: Row) -> None:
        self.exch, self.recv = row.exch, row.recv
        if row.kind == GAP:
            self.state = "gap"
        elif row.kind == CLEAR:
            self.shown = {BUY: {}, SELL: {}}
            self.state = "cleared"
        elif row.kind == TRADE:
            self.trade(row)
        elif self.state != "gap":
            if row.kind == SNAPSHOT:
                self.state = "loading"
            self.shown[row.side][row.tick] = row.lots
            taken = self.taken[row.side]
            taken[row.tick] = min(taken.get(row.tick, 0), row.lots)
            if self.state == "valid":
                self.settle()
        assert row.kind in (GAP, CLEAR, TRADE, SNAPSHOT, DEPTH)
        if row.last:
            if self.state == "loading":
                self.complete()
            self.note_touch(row.exch)

    def complete(self) -> None:
        """A snapshot is whole: what it did not show is gone, and what we took of that too."""
        self.state = "valid"
        for side in (BUY, SELL):
            for tick in set(self.taken[side]) - set(self.shown[side]):
                del self.taken[side][tick]
        self.settle()

    def settle(self) -> None:
        """Cap every queue by its level, then trade against what has come to our prices."""
        for order in self.resting:
            order.ahead = min(order.ahead, self.size(order.side, order.tick))
        for side in (BUY, SELL):
            for order in self.by_priority(side):
                for tick in self.ticks(-side):
                    if (order.tick - tick) * side < 0 or not order.leaves:
                        break
                    lots = min(order.leaves, self.size(-side, tick))
                    self.consume(-side, tick, lots)
                    self.fill(order, self.exch, order.tick, lots, True)

    def trade(self, row: Row) -> None:
        left = row.lots
        for order in self.by_priority(-row.side):
            if (order.tick - row.tick) * row.side < 0:  # printed through our price
                left -= self.fill(order, row.exch, order.tick, min(left, order.leaves), True)
            elif order.tick == row.tick:
                before = left
                passed = max(0, left - order.ahead)
                left -= self.fill(order, row.exch, order.tick, min(passed, order.leaves), True)
                order.ahead = max(0, order.ahead - before)
        if left:
            self.trades.append((row.exch, row.tick, left, row.side, False))
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
                self.take(Order(r.id, r.side, r.tick, r.lots), at)
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
        order.ahead = self.size(order.side, order.tick) if valid else UNKNOWN_QUEUE
        self.resting.append(order)
        self.report(at, *said)

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
                    other.ahead = max(0, other.ahead - lots)
            self.fill(order, at, tick, lots, False)
            if walls and walls[0].tick == tick:
                break
        self.over[order.id] = order.filled
        if order.leaves:
            self.report(at, "cancelled", order.id, order.filled)
