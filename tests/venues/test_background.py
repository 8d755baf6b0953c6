"""The generated market: exact queues against queues of single lots, and whole markets by seed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.domain.messages import Approved, Cancel, Filled, Wake
from steersman.domain.order import Liquidity, TimeInForce
from steersman.domain.units import Side
from steersman.errors import UsageError
from steersman.venues import background, flow, latent
from steersman.venues import market as m_
from steersman.venues.background import Flow
from steersman.venues.draws import PLACES, Stream
from steersman.venues.flow import START_NS
from steersman.venues.latency import Delay, Latency
from steersman.venues.market import new_market
from steersman.venues.matching import answer
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BTC, SECOND_NS, post
from tests.venues.tally import note

BUY, SELL = 1, -1
MIDDLE = 100
SEED = 11


class Queues:
    """A book of single lots: each level is a list of owners, "" for others, else our order's id."""

    def __init__(self) -> None:
        self.levels: dict[int, dict[int, list[str]]] = {BUY: {}, SELL: {}}
        self.fills: list[tuple[str, int]] = []
        self.traded = 0

    def best(self, side: int, *, others: bool = False) -> int:
        ticks = [
            tick
            for tick, queue in self.levels[side].items()
            if (("" in queue) if others else queue)
        ]
        if not ticks:
            return 0
        return max(ticks) if side == BUY else min(ticks)

    def others(self, side: int, tick: int) -> int:
        return self.levels[side].get(tick, []).count("")

    def add(self, side: int, tick: int, lots: int, owner: str) -> None:
        for _ in range(lots):
            if not self.hit(side, tick):
                self.levels[side].setdefault(tick, []).append(owner)

    def hit(self, side: int, limit: int | None) -> bool:
        """Trade one lot of a taker of `side` with the front of the other side, within a limit."""
        tick = self.best(-side)
        if tick == 0 or (limit is not None and (tick - limit) * side > 0):
            return False
        owner = self.levels[-side][tick].pop(0)
        self.traded += owner == ""
        if owner:
            self.fills.append((owner, tick))
        return True

    def cancel(self, side: int, tick: int, lots: int, u: float) -> None:
        """Take a run of lots of others away: it begins where `u` points, or as late as it can."""
        queue = self.levels[side].get(tick, [])
        places = [i for i, owner in enumerate(queue) if owner == ""]
        begin = min(int(u * len(places)), len(places) - lots)
        for i in sorted(places[begin : begin + lots], reverse=True):
            del queue[i]

    def ahead(self, side: int, tick: int, owner: str) -> int:
        queue = self.levels[side][tick]
        return queue[: queue.index(owner)].count("")


OPS = st.tuples(
    st.sampled_from(["add", "add", "cancel", "market", "rest", "withdraw", "take"]),
    st.sampled_from([BUY, SELL]),
    st.integers(0, 4),
    st.integers(1, 7),
)


class Both:
    """One market in arrays and its twin in lists, told the same things."""

    def __init__(self) -> None:
        self.m = new_market(
            span=256, report_delay=Delay.constant(0), tape=True, recorded=False, now_ns=0
        )
        self.m.s[m_.BOOK], self.m.s[m_.SEED] = m_.VALID, SEED
        self.m.top[2] = 0
        self.f = idle_flow()
        self.q = Queues()
        self.placed = 0

    def event(self, op: int, side: int, tick: int, lots: int) -> None:
        """Apply an event as the market does: the short way where no order of ours rests."""
        m = self.m
        if m.live[0]:
            background._apply(m, self.f, op, side, tick, lots)
        else:
            out = np.array([0, op, side, tick, lots])
            background.apply_alone(m.levels, m.top, m.trades, m.obs_i, m.s, out)

    def ask(self, action: int, serial: int, *fields: int) -> None:
        self.m.requests[0] = 0
        self.m.requests[0, m_.ACTION : m_.SERIAL + 1 + len(fields)] = action, serial, *fields
        self.m.s[m_.REQ_HEAD], self.m.s[m_.REQ_TAIL] = 0, 1
        answer(self.m, False)

    def add(self, side: int, tick: int, lots: int) -> None:
        self.event(flow.ADD, side, tick, lots)
        self.q.add(side, tick, lots, "")

    def cancel(self, side: int, tick: int, lots: int) -> None:
        best = self.q.best(side, others=True)
        lots = min(lots, self.q.others(side, best))
        if lots:
            number = int(self.f.flow_i[latent.EVENT])
            self.event(flow.CANCEL, side, best, lots)
            self.q.cancel(side, best, lots, Stream(SEED, PLACES).uniform(number, 9))

    def market(self, side: int, tick: int, lots: int) -> None:
        self.event(flow.MARKET, side, 0, lots)
        for _ in range(lots):
            self.q.hit(side, None)

    def rest(self, side: int, tick: int, lots: int) -> None:
        walls = [wall for wall, queue in self.q.levels[-side].items() if queue]
        if self.placed < 60 and all((tick - wall) * side < 0 for wall in walls):
            self.q.add(side, tick, lots, str(self.placed))
            self.ask(m_.PLACE, self.placed, side, tick, lots, 0)
            self.placed += 1

    def withdraw(self, side: int, tick: int, lots: int) -> None:
        if self.m.live[0]:
            serial = int(self.m.live[1 + lots % self.m.live[0]])
            self.ask(m_.CANCEL, serial)
            for levels in self.q.levels.values():
                for at in levels:
                    levels[at] = [owner for owner in levels[at] if owner != str(serial)]

    def take(self, side: int, tick: int, lots: int) -> None:
        best = self.q.best(-side, others=True)
        walls = [row for row in self.m.live[1 : 1 + self.m.live[0]]]
        if best and not any(self.m.orders[row, m_.SIDE] == -side for row in walls):
            self.ask(m_.PLACE, 63, side, best, lots, 1)
            self.m.orders[63] = 0
            for _ in range(lots):
                self.q.hit(side, best)


def idle_flow() -> Flow:
    return Flow(
        params=np.zeros(1),
        script=flow.Script.empty(),
        flow_i=np.zeros(flow.FLOW_I, np.int64),
        flow_f=np.zeros(flow.FLOW_F),
        out=np.zeros(flow.OUT, np.int64),
    )


@settings(max_examples=max(200, settings.default.max_examples))  # type: ignore[union-attr]
@given(st.lists(OPS, max_size=80))
def test_queues_are_exact(ops: list[tuple[str, int, int, int]]) -> None:
    both = Both()
    start = [("add", BUY, 1, 5), ("add", SELL, 1, 5)]
    for number, (what, side, away, lots) in enumerate([*start, *ops], start=1):
        both.f.flow_i[latent.EVENT] = number
        both.m.s[m_.REP_TAIL] = 0
        others = both.q.best(-side, others=True)
        tick = (others or MIDDLE + side) - side * (1 + away)
        getattr(both, what)(side, tick, lots)
        check(both.m, both.q)
    note("generated market", 2 + len(ops), len(both.q.fills))


def check(m: m_.Market, q: Queues) -> None:
    """Compare levels, best ticks, own orders and what they got."""
    for row, side in ((0, BUY), (1, SELL)):
        for tick, _queue in q.levels[side].items():
            assert m.levels[row, tick] == q.others(side, tick)
        best = q.best(side, others=True)
        assert m.top[row] == (best if best else (-1, 256)[row])
    assert int(m.trades[: m.s[m_.N_TRADES], 2].sum()) == q.traded + len(q.fills)
    got: dict[str, int] = {}
    for owner, _ in q.fills:
        got[owner] = got.get(owner, 0) + 1
    for serial in range(60):
        assert m.orders[serial, m_.FILLED] == got.get(str(serial), 0)
    for serial in m.live[1 : 1 + m.live[0]]:
        side, tick = int(m.orders[serial, m_.SIDE]), int(m.orders[serial, m_.TICK])
        queue = q.levels[side][tick]
        left = m.orders[serial, m_.LOTS] - m.orders[serial, m_.FILLED]
        assert queue.count(str(serial)) == left > 0
        assert m.orders[serial, m_.AHEAD] == q.ahead(side, tick, str(serial))


def test_a_cancel_comes_from_ahead_of_us_as_often_as_lots_lie_there() -> None:
    ahead = 0
    for number in range(1_000):
        both = Both()
        both.add(BUY, MIDDLE, 30)
        both.rest(BUY, MIDDLE, 5)
        both.add(BUY, MIDDLE, 70)
        both.f.flow_i[latent.EVENT] = number
        both.cancel(BUY, MIDDLE, 1)
        ahead += 30 - int(both.m.orders[0, m_.AHEAD])
    assert ahead / 1_000 == pytest.approx(0.3, abs=0.05)


# -- whole markets --------------------------------------------------------------------------------
def market(seed: int = 5, seconds: int = 120, **more: float | Latency) -> SimulatedVenue:
    end_ns = START_NS + seconds * SECOND_NS
    return SimulatedVenue.generated(
        BTC,
        seed=seed,
        start_ns=START_NS,
        end_ns=end_ns,
        **more,  # type: ignore[arg-type]
    )


def at(second: float) -> int:
    return START_NS + round(second * SECOND_NS)


def walk(venue: SimulatedVenue, first: int, last: int) -> list[str]:
    """Rest at the touch and take, every two seconds; return everything that was said."""
    heard: list[str] = []
    for k in range(first, last):
        while True:
            step = venue.run(Wake(BTC.id, at(2 * k), None, None))
            heard += [f"{step.now_ns} {report}" for report in step.reports]
            if step.now_ns >= at(2 * k):
                break
        assert step.view.best_bid is not None and step.view.best_ask is not None
        bid, ask = str(step.view.best_bid), str(step.view.best_ask + 1)
        venue.send(post(f"m{k}", Side.BUY, "0.050", bid, TimeInForce.POST_ONLY), venue.now_ns)
        if k % 3 == 1:
            venue.send(post(f"t{k}", Side.BUY, "0.400", ask, TimeInForce.IOC), venue.now_ns)
            venue.send(Approved(Cancel(f"m{k - 1}", "p", BTC.id, "")), venue.now_ns)
        heard.append(str(step.view))
    return heard


def tape_of(venue: SimulatedVenue) -> list[list[int]]:
    tape = venue.tape()
    names: list[Callable[[], list[int]]] = [
        tape.touch_ns.tolist,
        tape.bid_ticks.tolist,
        tape.ask_ticks.tolist,
        tape.trade_ns.tolist,
        tape.trade_ticks.tolist,
        tape.trade_lots.tolist,
        tape.trade_own.tolist,
    ]
    return [name() for name in names]


def test_a_market_is_a_function_of_its_seed() -> None:
    runs = [(walk(venue, 1, 40), tape_of(venue)) for venue in (market(), market(), market(seed=6))]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    said = "".join(runs[0][0])
    assert "Filled" in said and "MAKER" in said and "TAKER" in said


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_a_branch_goes_on_alike_and_apart(cut: int) -> None:
    venue = market()
    walk(venue, 1, cut)
    branch, other = venue.copy(), venue.copy()
    other.send(post("x", Side.SELL, "30.000", "50000.0", TimeInForce.IOC), other.now_ns)
    other.run(Wake(BTC.id, at(100), None, None))
    assert walk(venue, cut, 40) == walk(branch, cut, 40)
    assert tape_of(venue) == tape_of(branch) != tape_of(other)


def test_stopping_often_changes_nothing() -> None:
    views = []
    for pause_ns in (100 * SECOND_NS, 17_000_000):
        venue = market()
        venue.send(post("a", Side.BUY, "1.000", "70000.0", TimeInForce.IOC), venue.now_ns)
        while venue.now_ns < at(100):
            until_ns = min(at(100), venue.now_ns + pause_ns)
            view = venue.run(Wake(BTC.id, until_ns, None, None)).view
        views.append((view, tape_of(venue)))
    [(one, tape), (two, same)] = views
    assert tape == same
    for name in one.__struct_fields__:
        if name not in ("buy_volume", "sell_volume", "trades"):  # since the view before
            assert getattr(one, name) == getattr(two, name), name


def test_the_background_is_the_same_whatever_we_do() -> None:
    """Times and sizes of takers are common random numbers; what moves is what our order moved."""
    calm, ours = market(), market()
    ours.send(post("a", Side.BUY, "20.000", "70000.0", TimeInForce.IOC), ours.now_ns)
    for venue in (calm, ours):
        venue.run(Wake(BTC.id, at(1), None, None))
        venue.run(Wake(BTC.id, at(60), None, None))
    left, right = calm.tape(), ours.tape()
    times = set(left.trade_ns.tolist())
    same = [ns in times for ns in right.trade_ns[~right.trade_own].tolist()]
    assert np.mean(same) > 0.999
    assert calm.background_events == ours.background_events
    effects = [venue.background()[1].flow_f[latent.EFFECT] for venue in (calm, ours)]
    assert effects[1] > effects[0]  # and it moved up


def test_own_orders_fill_by_price_and_nothing_is_sold_twice() -> None:
    venue = market()
    step = venue.run(Wake(BTC.id, at(1), None, None))
    assert step.view.best_ask is not None
    sold = step.view.ask_qty
    venue.send(
        post(
            "a", Side.BUY, str(sold + Decimal("3")), str(step.view.best_ask + 20), TimeInForce.IOC
        ),
        venue.now_ns,
    )
    while not any(isinstance(report, Filled) for report in step.reports):
        step = venue.run(Wake(BTC.id, at(5), None, None))
    fills = [report for report in step.reports if isinstance(report, Filled)]
    prices = [fill.price for fill in fills]
    assert prices == sorted(set(prices))
    assert sum(fill.qty for fill in fills) == sold + Decimal("3")
    assert {fill.liquidity for fill in fills} == {Liquidity.TAKER}


def test_the_market_ends_at_its_end() -> None:
    venue = market(seconds=10)
    step = venue.run(Wake(BTC.id, at(60), None, None))
    assert (step.now_ns, step.ended) == (at(10), True)
    assert not venue.tape().complete
    venue.send(post("a", Side.BUY, "0.100", "60000.0", TimeInForce.IOC), venue.now_ns)
    step = venue.run(Wake(BTC.id, at(60), None, None))
    assert [type(report).__name__ for report in step.reports] == ["Rejected"]
    whole = market(seconds=10)
    assert not whole.run(Wake(BTC.id, at(9), None, None)).ended
    assert whole.tape().complete


def test_feed_latency_shows_the_market_as_it_was() -> None:
    fast, slow = (market(latency=Latency(feed=Delay.constant(ns))) for ns in (0, 50_000_000))
    fast.run(Wake(BTC.id, at(10) - 50_000_000, None, None))
    slow.run(Wake(BTC.id, at(10), None, None))
    assert tape_of(fast)[1:3] == tape_of(slow)[1:3]


def test_news_is_given_once_and_when_received() -> None:
    venue = market(seconds=3_600, informativeness=0.5)
    branch = venue.copy()
    first = venue.news_until(at(1_800))
    rest = venue.news_until(at(7_200))
    assert first and rest
    assert all(item.received_ns <= at(1_800) for item in first)
    assert all(item.received_ns > at(1_800) for item in rest)
    assert branch.news_until(at(7_200)) == (*first, *rest)
    assert venue.news_until(at(7_200)) == ()


def test_the_view_is_warm_from_the_start() -> None:
    step = market().run(Wake(BTC.id, START_NS, None, None))
    assert step.now_ns == START_NS
    assert step.view.usable
    assert step.view.observed_ns > 50 * SECOND_NS
    assert step.view.volume_rate_per_s > 0
    assert step.view.volatility_hour_pct > 0


def test_an_empty_span_is_refused() -> None:
    with pytest.raises(UsageError, match="ends before it starts"):
        market(seconds=0)


def test_a_drawn_feed_latency_keeps_the_order_and_hides_what_is_on_its_way() -> None:
    drawn = Latency(feed=Delay.log_normal(40_000_000, 0.2))
    fast, slow = market(latency=Latency(feed=Delay.constant(0))), market(latency=drawn)
    behind = []
    for k in range(1, 200):
        now_ns = at(0.1 * k)
        quick = fast.run(Wake(BTC.id, now_ns, None, None)).view
        late = slow.run(Wake(BTC.id, now_ns, None, None)).view
        assert late.exch_ns <= quick.exch_ns
        behind.append(quick.exch_ns - late.exch_ns)
    assert 20e6 < np.median(behind) < 120e6
    for venue in (fast, slow):
        venue.run(Wake(BTC.id, at(60), None, None))
    touches = [tape_of(venue)[1] for venue in (fast, slow)]
    assert touches[0][:2_000] == touches[1][:2_000], "the market itself does not change"
