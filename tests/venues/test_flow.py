"""The generated background: repeatable to the bit, a legal book, near its measured figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from numba import njit

from bench.flow_facts import facts, record
from steersman.domain.instrument import Category
from steersman.domain.units import SECOND_NS
from steersman.venues.flow import (
    ADD,
    CANCEL,
    MARKET,
    OUT,
    PRESETS,
    START_NS,
    FlowPreset,
    Script,
    apply_event,
    flow_params,
    latent_ticks,
    new_flow,
    next_event,
    next_ns,
    note_trade,
    preset_for,
    seed_book,
    warm_up,
)

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
BTC = preset_for("BTCUSDT", Category.LINEAR)
EACH = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.symbol + p.category)
NO_NEWS = Script.empty()


@dataclass
class Market:
    """The arrays of one market, as the venue holds them."""

    params: F64
    seed: int
    flow_i: I64
    flow_f: F64
    levels: I64
    top: I64

    def copy(self) -> Market:
        arrays = (self.flow_i, self.flow_f, self.levels, self.top)
        return Market(self.params, self.seed, *(array.copy() for array in arrays))  # type: ignore[arg-type]

    def run(self, n: int, script: Script = NO_NEWS) -> I64:
        out = np.zeros((n, OUT), dtype=np.int64)
        flow = (self.params, self.seed, self.flow_i, self.flow_f)
        broken = _run(*flow, script, self.levels, self.top, out)
        assert broken == "", broken
        return out

    def take(self, side: int, lots: int) -> int:
        """Send a taker order of our own."""
        event = np.array([self.flow_i[0], MARKET, side, 0, lots])
        taken = apply_event(self.levels, self.top, event)
        note_trade(self.params, self.flow_f, side, taken)
        return taken

    @property
    def mid(self) -> float:
        return float(self.top[2] + (self.top[0] + self.top[1]) / 2)

    def depth(self, row: int, ticks: int) -> int:
        best = self.top[row]
        low, high = (best - ticks, best) if row == 0 else (best, best + ticks)
        return int(self.levels[row, low : high + 1].sum())


@njit(cache=False)
def _run(params, seed, flow_i, flow_f, script, levels, top, out):  # type: ignore[no-untyped-def]
    """Fill `out` with events, applying each; say what is wrong with the first illegal one."""
    event = np.zeros(OUT, dtype=np.int64)
    before = 0
    for i in range(out.shape[0]):
        next_event(params, seed, flow_i, flow_f, script, levels, top, event)
        out[i] = event
        if event[0] < before or event[0] > flow_i[0]:
            return "time runs backwards"
        before = event[0]
        if event[2] != 1 and event[2] != -1:
            return "no side"
        if event[4] < 1:
            return "no lots"
        wrong = _illegal(event, levels, top)
        if wrong != "":
            return wrong
        apply_event(levels, top, event)
        if top[0] < 0 or top[1] >= top[3]:
            return "a side is empty"
        if top[0] >= top[1]:
            return "crossed"
    return ""


@njit(cache=False)
def _illegal(event, levels, top):  # type: ignore[no-untyped-def]
    if event[1] == MARKET:
        return "" if event[3] == 0 else "a taker order with a tick"
    col = event[3] - top[2]
    row = 0 if event[2] > 0 else 1
    if not 0 <= col < top[3]:
        return "outside of the book"
    if event[1] == CANCEL and event[4] > levels[row, col]:
        return "cancels more than there is"
    if event[1] == ADD and (col >= top[1] if row == 0 else col <= top[0]):
        return "crosses"
    return ""


def market(preset: FlowPreset = BTC, seed: int = 1, warm_s: int = 20) -> Market:
    """Open a market that has worked for `warm_s` before the start."""
    params = flow_params(preset)
    levels = np.zeros((2, preset.span_ticks), dtype=np.int64)
    top = np.zeros(4, dtype=np.int64)
    seed_book(params, seed, preset.mid_tick, levels, top)
    flow_i, flow_f = new_flow(params, seed, START_NS - warm_s * SECOND_NS, preset.mid_tick)
    warm_up(params, seed, flow_i, flow_f, levels, top, START_NS)
    return Market(params, seed, flow_i, flow_f, levels, top)


def test_same_seed_same_bits() -> None:
    a, b = market(seed=7), market(seed=7)
    assert a.run(20_000).tobytes() == b.run(20_000).tobytes()
    assert a.levels.tobytes() == b.levels.tobytes()
    assert a.flow_f.tobytes() == b.flow_f.tobytes()
    assert market(seed=8).run(100).tobytes() != market(seed=7).run(100).tobytes()


def test_copies_branch() -> None:
    a = market()
    a.run(5_000)
    b = a.copy()
    first = a.run(5_000)
    assert first.tobytes() == b.run(5_000).tobytes()
    assert a.levels.tobytes() == b.levels.tobytes()


def test_our_orders_leave_the_random_numbers_alone() -> None:
    a, b = market(), market()
    a.run(3_000)
    b.run(3_000)
    assert b.take(1, 30_000) == 30_000
    theirs, ours = a.run(30_000), b.run(30_000)
    assert (theirs[:, :2] == ours[:, :2]).all()  # times and kinds
    takers = theirs[:, 1] == MARKET
    assert (theirs[takers] == ours[takers]).all()  # sides and sizes of takers
    adds = theirs[:, 1] == ADD
    assert (theirs[adds, 4] == ours[adds, 4]).all()
    assert (theirs[:, 3] != ours[:, 3]).any()


def test_a_small_order_is_forgotten() -> None:
    a, b = market(), market()
    b.take(1, 500)
    a.run(150_000)
    b.run(150_000)
    assert abs(a.mid - b.mid) <= BTC.ticks(0.5)


@pytest.mark.parametrize("seed", range(10))
def test_a_legal_book_for_half_an_hour(seed: int) -> None:
    m = market(seed=seed)
    while m.flow_i[0] < START_NS + 1_800 * SECOND_NS:
        m.run(20_000)


@EACH
def test_a_legal_book_for_each_instrument(preset: FlowPreset) -> None:
    m = market(preset, seed=3)
    out = m.run(60_000)
    assert set(np.unique(out[:, 1])) == {ADD, CANCEL, MARKET}
    rate = len(out) / ((out[-1, 0] - out[0, 0]) / 1e9)
    assert 2 < rate / preset.packets_per_s < 25


def test_the_time_of_the_next_event_may_be_asked_before() -> None:
    a, b = market(), market()
    first = a.run(2_000)
    for row in first:
        for _ in range(2):
            assert next_ns(b.params, 1, b.flow_i, b.flow_f, NO_NEWS) == row[0]
        assert (b.run(1)[0] == row).all()


def test_warm_up_leaves_the_next_event_to_the_caller() -> None:
    m = market()
    assert next_ns(m.params, 1, m.flow_i, m.flow_f, NO_NEWS) > START_NS
    assert m.run(1)[0, 0] > START_NS


@pytest.mark.parametrize("side", [1, -1])
def test_a_side_that_was_taken_whole_comes_back(side: int) -> None:
    m = market()
    m.run(2_000)
    row = 1 if side > 0 else 0
    everything = int(m.levels[row].sum())
    assert m.take(side, everything + 5) == everything
    event = np.zeros(OUT, dtype=np.int64)
    for _ in range(20_000):
        next_event(m.params, 1, m.flow_i, m.flow_f, NO_NEWS, m.levels, m.top, event)
        apply_event(m.levels, m.top, event)
    assert 0 <= m.top[0] < m.top[1] < m.top[3]
    assert m.depth(row, 60) > 0.2 * BTC.lots(BTC.touch_quote)


def test_depth_comes_back_within_seconds() -> None:
    shares = []
    for seed in range(8):
        m = market(seed=seed)
        quiet = m.copy()
        m.take(1, round(BTC.lots(3_400_000.0)))
        while m.flow_i[0] < START_NS + 20 * SECOND_NS:
            m.run(1)
        while quiet.flow_i[0] < START_NS + 20 * SECOND_NS:
            quiet.run(1)
        shares.append(m.depth(1, 300) / quiet.depth(1, 300))
    assert np.median(shares) > 0.5


def test_orders_move_the_price_their_way_and_the_move_decays() -> None:
    moved = []
    for seed in range(12):
        with_us, without = market(seed=seed), market(seed=seed)
        path = []
        for i in range(40):
            if i < 20:
                with_us.take(1, 2_000)
            with_us.run(400)
            without.run(400)
            path.append(with_us.mid - without.mid)
        moved.append((path[0], path[19], path[39]))
    first, end, later = np.mean(moved, axis=0)
    assert 0 < first < end
    assert 0 <= later < 0.95 * end  # two thirds after a quarter of an hour


def test_one_order_or_many_at_once_push_alike() -> None:
    whole, parts = market(), market()
    note_trade(whole.params, whole.flow_f, 1, 1_000)
    for _ in range(100):
        note_trade(parts.params, parts.flow_f, 1, 10)
    assert whole.flow_f == pytest.approx(parts.flow_f)
    note_trade(whole.params, whole.flow_f, -1, 1_000)
    assert whole.flow_f == pytest.approx(market().flow_f)


def test_news_moves_the_price_by_what_it_says() -> None:
    a, b = market(), market()
    a.run(1)
    b.run(1)
    begin = START_NS + 30 * SECOND_NS
    rows = np.array([[begin, begin + 60 * SECOND_NS, 10.0]])
    while b.flow_i[0] < begin + 62 * SECOND_NS:
        a.run(10)
        b.run(10, Script(rows, NO_NEWS.plan))
    told = latent_ticks(b.flow_i, b.flow_f) - latent_ticks(a.flow_i, a.flow_f)
    assert 540.0 < told < 1_000.0  # takers who know lean with it, and push for a while
    assert b.mid - a.mid == pytest.approx(told, abs=100.0)


def test_activity_follows_the_volume_curve() -> None:
    share = preset_for("AAPL", Category.EQUITY)
    params = flow_params(share)
    counts = []
    for hours in (0, 10):  # in the session, in the night
        start_ns = START_NS + hours * 3_600 * SECOND_NS
        flow_i, flow_f = new_flow(params, 2, start_ns, share.mid_tick)
        levels = np.zeros((2, share.span_ticks), dtype=np.int64)
        top = np.zeros(4, dtype=np.int64)
        seed_book(params, 2, share.mid_tick, levels, top)
        warm_up(params, 2, flow_i, flow_f, levels, top, start_ns + 600 * SECOND_NS)
        counts.append(flow_i[1])
    assert counts[1] < 0.1 * counts[0]


@cache
def measured() -> dict[str, float]:
    found = [facts(record(BTC, seed, 60.0)) for seed in range(1, 5)]
    return {name: float(np.mean([f[name] for f in found])) for name in found[0]}


@pytest.mark.parametrize(
    ("fact", "low", "high"),
    [
        ("events/s", 100, 350),
        ("spread 1 tick % of time", 90, 100),
        ("L1 median kUSD", 140, 280),
        ("depth 1 bps median kUSD", 330, 650),
        ("depth 5 bps median kUSD", 2_300, 4_500),
        ("depth 10 bps median kUSD", 6_500, 13_000),
        ("taker orders/s", 12, 23),
        ("inter-arrival CV", 1.3, 2.1),
        ("Fano 1 s", 8, 40),
        ("size p50 kUSD", 1.6, 2.1),
        ("size p90 kUSD", 36, 44),
        ("size p99 kUSD", 390, 490),
        ("Hill alpha top 2%", 1.0, 1.4),
        ("sign ACF 1", 0.15, 0.32),
        ("sign ACF 10", 0.06, 0.16),
        ("sign ACF 50", 0.02, 0.08),
        ("move 1 s p0-50 bps", 0.08, 0.3),
        ("move 1 s p50-90 bps", 0.15, 0.5),
        ("move 1 s p90-99 bps", 0.3, 0.8),
        ("move 1 s p99+ bps", 0.7, 2.3),
        ("sd 1 s return bps", 0.7, 1.4),
        ("kurtosis 1 s", 3, 40),
        ("annual vol % from 1 s", 45, 70),
        ("annual vol % from 1 min", 42, 68),
        ("ACF return 1 s lag 1", -0.1, 0.1),
        ("ACF |return 1 s| lag 10", 0.06, 0.4),  # trades move more of it, and they alternate
        ("corr(volume, |return|) 1 min", 0.15, 0.8),
    ],
)
def test_near_the_measured_figures(fact: str, low: float, high: float) -> None:
    assert low <= measured()[fact] <= high
