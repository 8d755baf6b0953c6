"""Features against their definitions, written out with plain numbers."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from steersman.domain.market import MarketView
from steersman.domain.specs import find
from steersman.marketdata import book, observer

BTC = find("BTCUSDT", venue="sim")
SECOND_NS = 1_000_000_000
START_NS = 1_760_000_000 * SECOND_NS
MID = 1_000_000


class Watch:
    """An observer on a book of one hundred levels a side."""

    def __init__(self, spread: int = 1) -> None:
        self.obs_i, self.obs_f = observer.new_observer()
        self.levels, self.taken, self.top = book.new_book(1 << 13)
        self.far = book.new_far()
        self.quote(MID, spread)

    def quote(self, bid: int, spread: int = 1, lots: int = 10) -> None:
        book.clear(self.levels, self.top, self.far)
        for k in range(1_100):
            for row, tick in ((0, bid - k), (1, bid + spread + k)):
                book.put(self.levels, self.top, self.far, row, tick, lots)

    def at(self, second: float, valid: bool = True) -> int:
        now_ns = START_NS + round(second * SECOND_NS)
        args = self.levels, self.top, self.far, now_ns, valid
        observer.roll(self.obs_i, self.obs_f, *args)
        return now_ns

    def trade(self, second: float, side: int, lots: int, own: int = 0) -> None:
        self.at(second)
        observer.note_trade(self.obs_i, side, lots, lots - own)

    def view(self, second: float, valid: bool = True) -> MarketView:
        view_i, view_f = np.empty(observer.VIEW_I, np.int64), np.empty(observer.VIEW_F)
        now_ns = START_NS + round(second * SECOND_NS)
        book_ = self.levels, self.top, self.far
        observer.read(self.obs_i, self.obs_f, *book_, now_ns, valid, view_i, view_f)
        return observer.market_view(
            BTC, view_i, view_f, at_ns=now_ns, exch_ns=now_ns - 5, feed_age_ns=3
        )


def test_the_touch_the_depth_and_the_microprice() -> None:
    watch = Watch()
    watch.at(0)
    book.put(watch.levels, watch.top, watch.far, 0, MID, 30)
    view = watch.view(0.5)
    assert (view.best_bid, view.best_ask) == (Decimal("100000.0"), Decimal("100000.1"))
    assert (view.bid_qty, view.ask_qty) == (Decimal("0.030"), Decimal("0.010"))
    # 1 bp of 100,000.05 is 100.00005 ticks of 0.1: levels up to 100 ticks behind the mid
    assert view.depth_ask == (Decimal("1.000"), Decimal("5.000"), Decimal("10.000"))
    assert view.depth_bid == (Decimal("1.020"), Decimal("5.020"), Decimal("10.020"))
    assert view.microprice == pytest.approx(100_000.075)
    assert (view.exch_ns, view.feed_age_ns, view.at_ns) == (
        START_NS + 499_999_995,
        3,
        START_NS + SECOND_NS // 2,
    )
    assert view.observed_ns == SECOND_NS // 2


def test_volumes_since_the_view_before_and_in_all() -> None:
    watch = Watch()
    watch.trade(0.1, 1, 7)
    watch.trade(0.2, -1, 5, own=2)
    view = watch.view(0.3)
    assert (view.buy_volume, view.sell_volume, view.trades) == (BTC.qty(7), BTC.qty(5), 2)
    assert view.market_volume == BTC.qty(10)
    watch.trade(0.4, 1, 1)
    view = watch.view(0.5)
    assert (view.buy_volume, view.sell_volume, view.trades) == (BTC.qty(1), BTC.qty(0), 1)
    assert view.market_volume == BTC.qty(11)


def test_flow_imbalance_forgets_with_a_half_life_of_a_minute() -> None:
    watch = Watch()
    watch.trade(0.5, 1, 100)
    assert watch.view(0.9).flow_imbalance == 1.0
    watch.trade(60.5, -1, 100)
    imbalance = watch.view(60.9).flow_imbalance
    assert imbalance == pytest.approx((50 - 100) / 150, rel=0.01)
    assert Watch().view(5).flow_imbalance == 0.0


def test_the_volume_rate_is_right_from_the_first_second_on() -> None:
    watch = Watch()
    watch.at(0)
    for k in range(1, 4_000):
        watch.trade(k / 2, 1, 15)
        if k in (4, 40, 400, 3_999):
            assert watch.view(k / 2).volume_rate_per_s == pytest.approx(0.030, rel=0.03)
    half = watch.view(2_000 + 300).volume_rate_per_s
    assert half == pytest.approx(0.015, rel=0.03)


def test_the_trend_is_the_move_of_the_last_minute() -> None:
    watch = Watch()
    for second in range(200):
        watch.at(second)
        watch.quote(MID + second)
    assert watch.view(199.5).trend_bps == pytest.approx(60 * 0.1 / 100_000 * 1e4, rel=0.05)
    young = Watch()
    young.at(0.5)
    young.at(1.5)
    young.quote(MID + 500)
    assert young.view(2.5).trend_bps == pytest.approx(5.0, rel=0.01)


def test_volatility_is_a_standard_deviation_per_square_root_hour() -> None:
    rng = np.random.default_rng(1)
    watch = Watch()
    hourly_pct = 0.6
    step = hourly_pct / 100 / math.sqrt(3_600)
    log_mid = 0.0
    seen = []
    for second in range(6_000):
        watch.at(second)
        log_mid += step * rng.standard_normal()
        watch.top[2] = round(MID * math.exp(log_mid)) - watch.top[0]  # the whole book moves
        if second > 1_000 and second % 100 == 0:
            seen.append(watch.view(second + 0.5).volatility_hour_pct)
    assert np.mean(seen) == pytest.approx(hourly_pct, rel=0.1)


def test_a_bouncing_touch_is_not_volatility() -> None:
    watch = Watch()
    for k in range(3_000):
        watch.at(k / 10)
        watch.top[2] += 40 if k % 2 else -40
    assert watch.view(300.5).volatility_hour_pct < 0.02


def test_reading_often_changes_no_bit_of_what_is_remembered() -> None:
    def run(reads: bool) -> MarketView:
        watch = Watch()
        for k in range(500):
            watch.trade(k * 0.7, 1 if k % 3 else -1, 5 + k % 7)
            watch.top[2] += k % 5 - 2
            if reads:
                watch.view(k * 0.7 + 0.3)
        return watch.view(400.0)

    one, two = run(False), run(True)
    features = "flow_imbalance", "trend_bps", "volatility_hour_pct", "volume_rate_per_s"
    usual = "usual_volatility_hour_pct", "volatility_ratio", "depth_share", "volume_ratio"
    for name in features + usual:
        assert getattr(one, name) == getattr(two, name)


def test_a_silent_market_is_read_as_it_stood() -> None:
    watch = Watch()
    watch.trade(0.5, 1, 60)
    view = watch.view(600.5)
    assert view.best_bid == Decimal("100000.0")
    assert view.volume_rate_per_s == pytest.approx(0.060 * 0.25 / 324.6, rel=0.01)
    assert view.trend_bps == 0.0


def test_an_invalid_book_shows_no_prices_and_restarts_the_trend() -> None:
    watch = Watch()
    for second in range(100):
        watch.at(second)
    watch.quote(MID + 1_000)
    view = watch.view(100.5, valid=False)
    assert view.best_bid is None and view.best_ask is None and view.microprice is None
    assert view.bid_qty == sum(view.depth_ask) == 0
    watch.at(101.5)
    assert watch.view(103.5).trend_bps == 0.0


def test_what_is_usual_remembers_for_an_hour_and_what_goes_on_for_minutes() -> None:
    watch = Watch()
    for second in range(7_200):
        stormy = second >= 7_080
        watch.trade(second, 1, 40 if stormy else 10)
        size = 6 if stormy else 3
        watch.top[2] += size if (second // 5) % 2 else -size  # five of one sign make a sample
        if second == 7_170:
            watch.quote(int(watch.top[0] + watch.top[2]), lots=5)
    view = watch.view(7_200)

    def mixed(before: float, after: float, since_s: float, half_life_s: float) -> float:
        old: float = 0.5 ** (since_s / half_life_s)
        share: float = (1 - old) / (1 - 0.5 ** (7_200 / half_life_s))
        return after * share + before * (1 - share)

    usual, recent = mixed(225, 900, 120, 3_600), mixed(225, 900, 120, 120)
    assert view.volatility_ratio == pytest.approx(math.sqrt(recent / usual), rel=0.02)
    usual_pct = 100 * math.sqrt(usual * 720) / MID
    assert view.usual_volatility_hour_pct == pytest.approx(usual_pct, rel=0.02)
    usual, recent = mixed(10, 40, 120, 3_600), mixed(10, 40, 120, 60)
    assert view.volume_ratio == pytest.approx(recent / usual, rel=0.02)
    usual, recent = mixed(1.0, 0.5, 30, 3_600), mixed(1.0, 0.5, 30, 30)
    assert view.depth_share == pytest.approx(recent / usual, rel=0.08)  # a sample each 5 s


def test_a_market_that_does_nothing_is_as_usual() -> None:
    young = Watch().view(0.5)
    watch = Watch()
    watch.at(0)
    still = watch.view(4_000)
    for view in (young, still):
        ratios = view.volatility_ratio, view.depth_share, view.volume_ratio
        assert ratios == pytest.approx((1.0, 1.0, 1.0))
        assert view.usual_volatility_hour_pct == 0.0
