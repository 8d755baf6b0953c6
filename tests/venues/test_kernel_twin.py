"""The fast recorded market against its naive twin: the same state after every single event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.domain.messages import (
    Accepted,
    Amend,
    Amended,
    AmendRejected,
    Approved,
    Cancel,
    Cancelled,
    CancelRejected,
    Filled,
    Intent,
    Place,
    Rejected,
    Report,
    Resolved,
    Wake,
)
from steersman.domain.order import Liquidity, Style, TimeInForce
from steersman.domain.units import Side
from steersman.marketdata.book import size_at, taken_at
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, GAP, LAST, SNAPSHOT, TRADE
from steersman.marketdata.observer import SHIFTED
from steersman.models.propagator import ExponentialKernel
from steersman.venues import market as m_
from steersman.venues import simulated
from steersman.venues.latency import ORDER, REPORT, Delay, Latency, constant_latency
from steersman.venues.own_impact import NO_IMPACT, OwnImpact
from steersman.venues.queues import CAUTIOUS, QueueModel, front_power, power
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BTC, START_NS, Events
from tests.venues.naive_market import BUY, ONE, SELL, NaiveMarket, Request, Row
from tests.venues.tally import note

MIDDLE = 1_000_000
SEED = 5
TINY_SPAN = 16  # so that the window moves and the far table works all the time

BOOK_STATES = {
    "empty": m_.EMPTY,
    "valid": m_.VALID,
    "gap": m_.GAPPED,
    "cleared": m_.CLEARED,
    "loading": m_.LOADING,
    "crossed": m_.CROSSED,
}

Op = tuple[int, int, int, int, int]
OPS = st.tuples(
    st.integers(0, 16),  # what happens
    st.sampled_from([BUY, SELL]),
    st.integers(-4, 5),  # distance from the touch, outwards
    st.integers(0, 9),  # lots
    st.integers(0, 9),  # which order, how much time passes
)


class Stream:
    """Turns drawn operations into a legal recording, message by message."""

    def __init__(self, gap_ns: int) -> None:
        self.book: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}
        self.rows: list[Row] = []
        self.now = START_NS
        self.gap_ns = gap_ns
        self.snapshot(MIDDLE)

    def best(self, side: int) -> int:
        ticks = [tick for tick, lots in self.book[side].items() if lots]
        if not ticks:
            return MIDDLE
        return max(ticks) if side == BUY else min(ticks)

    def message(self, rows: list[tuple[int, int, int, int]], wait: int) -> None:
        self.now += wait * self.gap_ns + 1
        recv = max(self.now + 1_000, self.rows[-1].recv + 1 if self.rows else 0)
        for i, (kind, side, tick, lots) in enumerate(rows):
            last = i + 1 == len(rows)
            self.rows.append(Row(self.now, recv + i, kind, side, tick, lots, last))
            if kind in (DEPTH, SNAPSHOT):
                self.book[side][tick] = lots

    def snapshot(self, middle: int) -> None:
        self.book = {BUY: {}, SELL: {}}
        rows = [(CLEAR, 0, 0, 0)]
        rows += [(SNAPSHOT, BUY, middle - k * k, 2 + k) for k in range(1, 6)]
        rows += [(SNAPSHOT, SELL, middle + k * k, 7 - k) for k in range(1, 6)]
        self.message(rows, 1)

    def depth(self, side: int, tick: int, lots: int, wait: int) -> None:
        """Set a level; what it would cross is deleted in the same message, after it."""
        crossed = [
            (DEPTH, -side, other, 0)
            for other, held in self.book[-side].items()
            if held and lots and (tick - other) * side >= 0
        ]
        self.message([(DEPTH, side, tick, lots), *crossed], wait)

    def play(self, op: Op) -> None:
        what, side, away, lots, wait = op
        best = self.best(side)
        if what <= 8:
            self.depth(side, best - side * away, lots, wait)
        elif what <= 13:
            self.message([(TRADE, side, self.best(-side) + side * away, lots + 1)], wait)
        elif what == 14:
            self.snapshot(best + 10 * away)
        elif what == 15:
            self.message([(GAP, 0, 0, 0)], wait)
        else:  # a level that crosses the other side, and stays
            self.message([(DEPTH, side, best + side * (3 + abs(away)), lots + 1)], wait)


def recorded(rows: list[Row]) -> Events:
    events = np.zeros(len(rows), EVENT)
    for i, r in enumerate(rows):
        events[i] = (r.exch, r.recv, r.lots, r.tick, r.kind, r.side, LAST if r.last else 0)
    return events


def request_of(op: Op, stream_best: dict[int, int], number: int, at: int) -> Request:
    """Turn a drawn operation into something we ask for."""
    what, side, away, lots, which = op
    tick = stream_best[side] - side * (away if what % 2 else away - 2)
    id_ = f"o-{number}"
    old = f"o-{max(0, number - 1 - which % 4)}"
    if what <= 6:
        return Request(at, "place", id_, side, tick, lots + 1)
    if what <= 9:
        return Request(at, "take", id_, side, stream_best[-side] + side * away, lots + 1)
    if what <= 12:
        return Request(at, "amend", old, side, tick, lots + 1)
    return Request(at, "cancel" if what <= 14 else "query", old)


def send(venue: SimulatedVenue, r: Request) -> None:
    side = Side.BUY if r.side == BUY else Side.SELL
    price, qty = BTC.price(r.tick), BTC.qty(r.lots)
    intent: Intent
    if r.action == "query":
        venue.query(r.id, venue.now_ns)
        return
    if r.action == "cancel":
        intent = Cancel(r.id, "p", BTC.id, "")
    elif r.action == "amend":
        intent = Amend(r.id, "p", BTC.id, side, qty, price, "")
    else:
        tif = TimeInForce.POST_ONLY if r.action == "place" else TimeInForce.IOC
        intent = Place(r.id, "p", BTC.id, side, qty, price, tif, Style.PASSIVE, "")
    venue.send(Approved(intent), venue.now_ns)


def plain(report: Report) -> tuple[object, ...]:
    """Return a report in the twin's words."""
    match report:
        case Accepted(id_):
            return "accepted", id_
        case Rejected(id_):
            return "rejected", id_
        case Filled():
            maker = report.liquidity is Liquidity.MAKER
            lots, tick = BTC.lots(report.qty), BTC.ticks(report.price)
            return "filled", report.child_id, lots, tick, maker
        case Cancelled(id_):
            return "cancelled", id_, BTC.lots(report.cum_filled)
        case CancelRejected(id_):
            return "cancel rejected", id_
        case Amended(id_):
            return "amended", id_, BTC.lots(report.qty), BTC.ticks(report.price)
        case AmendRejected(id_):
            return "amend rejected", id_
        case Resolved(id_):
            return "resolved", id_, report.found, report.live, BTC.lots(report.cum_filled)
    raise AssertionError(report)


def state_of(venue: SimulatedVenue, twin: NaiveMarket) -> None:
    """Compare the books at every tick either ever knew, the queues, the touch and the tape."""
    m, s = venue._m, venue._m.s
    for row, side in ((0, BUY), (1, SELL)):
        for tick in {*range(MIDDLE - 60, MIDDLE + 60), *twin.shown[side], *twin.taken[side]}:
            args = m.top, m.far, row, tick
            loading = twin.state in ("cleared", "loading")
            size = twin.size(side, tick + twin.shift)
            assert size_at(m.levels, *args) == size or loading, (side, tick)
            assert loading or taken_at(m.taken, *args) == twin.taken[side].get(tick, 0)
    orders = [m.orders[row].tolist() for row in m.live[1 : 1 + m.live[0]]]
    assert s[m_.SHIFT] == m.obs_i[SHIFTED] == twin.shift
    assert [
        (o[m_.SIDE], o[m_.TICK] + twin.shift, o[m_.LOTS], o[m_.FILLED], o[m_.AHEAD], o[m_.TRADED])
        for o in orders
    ] == [(o.side, o.tick, o.lots, o.filled, o.ahead, o.traded) for o in twin.resting]
    assert [o[m_.AHEAD] * ONE - o[m_.AHEAD_REST] for o in orders if o[m_.AHEAD] < m_.NEVER] == [
        o.place for o in twin.resting if o.ahead < m_.NEVER
    ]
    assert BOOK_STATES[twin.state] == s[m_.BOOK]
    assert (twin.exch, twin.recv) == (s[m_.EXCH], s[m_.RECV])
    trades = m.trades[: s[m_.N_TRADES]].tolist()
    assert [(*t[:4], bool(t[4])) for t in trades] == twin.trades
    assert [tuple(t) for t in m.touches[: s[m_.N_TOUCHES]].tolist()] == twin.touches
    assert m.obs_i[5] == twin.others


@dataclass
class Rules:
    """What both markets are told to do."""

    latency: Latency
    queue: QueueModel = CAUTIOUS
    impact: OwnImpact = NO_IMPACT
    parts: int = 1


def compare(ops: list[Op], wishes: list[Op], rules: Rules, gap_ns: int) -> SimulatedVenue:
    """Play `ops` on both markets, sending one of `wishes` after each row, and compare."""
    latency = rules.latency
    stream = Stream(gap_ns)
    bests = [{BUY: stream.best(BUY), SELL: stream.best(SELL)}] * len(stream.rows)
    for op in ops:
        stream.play(op)
        now = {BUY: stream.best(BUY), SELL: stream.best(SELL)}
        bests += [now] * (len(stream.rows) - len(bests))
    twin = NaiveMarket(
        lambda number, at: latency.report.of(SEED, REPORT, number, at),
        rules.queue,
        rules.impact,
        rows=list(stream.rows),
    )
    venue = SimulatedVenue.recorded(
        BTC,
        np.array_split(recorded(stream.rows), rules.parts),
        latency=latency,
        queue=rules.queue,
        impact=rules.impact,
        seed=SEED,
    )
    notes: list[tuple[str, int]] = []
    arrival = 0
    heard: list[tuple[int, tuple[object, ...]]] = []
    wishes = wishes[::-1]
    number = 0
    recvs = [row.recv for row in stream.rows]
    for i, recv in enumerate([*recvs, recvs[-1] + 4_000_000_000]):
        while True:
            step = venue.run(Wake(BTC.id, recv, None, None))
            heard += [(step.now_ns, plain(report)) for report in step.reports]
            notes += [(note_.kind.value, note_.event) for note_ in step.notes]
            if step.now_ns >= recv or (step.ended and not step.reports):
                break
        twin.run(recv)
        assert heard == [(at, what) for at, what in twin.reports if at <= recv]
        state_of(venue, twin)
        if i % 3 == 2 and wishes and i < len(bests):
            took = latency.order.of(SEED, ORDER, len(twin.requests) + twin.asked, venue.now_ns)
            arrival = max(arrival, venue.now_ns + took)
            request = request_of(wishes.pop(), bests[i], number, arrival)
            number += request.action in ("place", "take")
            send(venue, request)
            twin.requests.append(request)
    assert len(heard) == len(twin.reports)
    assert notes == [*twin.notes, ("ended", len(stream.rows))]
    note("recorded market", len(stream.rows), int(venue._m.s[m_.EXECS]))
    return venue


LATENCIES = [
    *(constant_latency(ns, ns) for ns in (0, 3_000, 20_000)),
    Latency(Delay.log_normal(3_000, 1.0), Delay.log_normal(5_000, 1.0)),
    Latency(
        Delay.interpolated([START_NS, START_NS + 10**6], [0, 9_000]),
        Delay.interpolated([START_NS, START_NS + 10**6], [20_000, 100]),
    ),
]
RULES = st.builds(
    Rules,
    latency=st.sampled_from(LATENCIES),
    queue=st.sampled_from([CAUTIOUS, power(1.0), power(3.0), front_power(0.5), front_power(2.0)]),
    impact=st.sampled_from(
        [NO_IMPACT, *(OwnImpact(x, ExponentialKernel(5.0)) for x in (0.1, 0.7))]
    ),
    parts=st.integers(1, 3),
)


@settings(max_examples=max(200, settings.default.max_examples))  # type: ignore[union-attr]
@given(
    st.lists(OPS, min_size=5, max_size=60),
    st.lists(OPS, max_size=40),
    RULES,
    st.sampled_from([TINY_SPAN, 64, 1 << 15]),
    st.sampled_from([4_000, 30_000_000]),
)
def test_the_kernel_equals_its_twin_after_every_event(
    ops: list[Op], wishes: list[Op], rules: Rules, span: int, gap_ns: int
) -> None:
    with patch.object(simulated, "SPAN", span):
        compare(ops, wishes, rules, gap_ns)


@pytest.mark.parametrize("seed", range(20))
def test_the_kernel_equals_its_twin_on_long_streams(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def draw(n: int) -> list[Op]:
        columns: list[Any] = [
            rng.integers(0, 17, n),
            rng.choice([BUY, SELL], n),
            rng.integers(-4, 6, n),
            rng.integers(0, 10, n),
            rng.integers(0, 10, n),
        ]
        return [tuple(int(c[i]) for c in columns) for i in range(n)]  # type: ignore[misc]

    rules = Rules(
        LATENCIES[seed % 5],
        [CAUTIOUS, power(2.0), front_power(1.5)][seed % 3],
        OwnImpact(0.3 * (seed % 4), ExponentialKernel(5.0)),
        1 + seed % 4,
    )
    with patch.object(simulated, "SPAN", TINY_SPAN if seed % 2 else 256):
        venue = compare(draw(400), draw(300), rules, 20_000_000)
    assert venue._m.s[m_.EXECS] > 20
