"""Each rule of F17 says what it says, for both sides, and nothing where its facts are missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from steersman.domain.market import Signals
from steersman.domain.order import Style
from steersman.domain.units import MINUTE_NS, Side
from steersman.signals.crypto import lean_on
from steersman.signals.lean import Lean, SignalRules
from tests.engine.desk import view

NOW = 1_000 * MINUTE_NS
RULES = SignalRules()
LONGS: dict[str, Any] = {
    "liquidation_price": Decimal(64_000),
    "liquidation_long": True,
    "liquidation_quote": Decimal(500_000_000),
}
SHORTS = {**LONGS, "liquidation_price": Decimal(66_000), "liquidation_long": False}


def leans(
    side: Side,
    *,
    mid: str = "65000",
    trend_bps: float = 0.0,
    rules: SignalRules = RULES,
    **facts: Any,
) -> tuple[Lean, ...]:
    signals = Signals("sim:BTCUSDT.linear", NOW, **facts)
    seen = view(NOW, Decimal(mid), trend_bps=trend_bps)
    return lean_on(signals, seen, side, NOW, rules)


def paces(side: Side, **given: Any) -> list[int | None]:
    return [lean.pace_pct for lean in leans(side, **given)]


@pytest.mark.parametrize(
    ("rate", "side", "pace"),
    [
        (0.06, Side.SELL, [140]),
        (0.06, Side.BUY, [60]),
        (-0.04, Side.BUY, [140]),
        (-0.04, Side.SELL, [60]),
        (0.05, Side.SELL, []),
        (0.05, Side.BUY, []),
        (-0.03, Side.BUY, []),
        (-0.03, Side.SELL, []),
        (0.0, Side.BUY, []),
    ],
)
def test_before_funding(rate: float, side: Side, pace: list[int]) -> None:
    near: dict[str, Any] = {"funding_rate_pct": rate, "next_funding_ns": NOW + 30 * MINUTE_NS}
    assert paces(side, **near) == pace


def test_funding_far_away_or_past_says_nothing() -> None:
    for next_ns in (NOW + 61 * MINUTE_NS, NOW - 1):
        assert paces(Side.BUY, funding_rate_pct=0.2, next_funding_ns=next_ns) == []


@pytest.mark.parametrize(
    ("rate", "side", "word"),
    [(0.06, Side.BUY, "buy the pull-back"), (-0.04, Side.SELL, "sell the bounce")],
)
def test_after_funding_who_has_waited_goes(rate: float, side: Side, word: str) -> None:
    paid: dict[str, Any] = {"last_funding_rate_pct": rate, "last_funding_ns": NOW - 5 * MINUTE_NS}
    (lean,) = leans(side, **paid)
    assert lean.pace_pct == 140 and word in lean.reason
    assert leans(next(other for other in Side if other is not side), **paid) == ()
    paid["last_funding_ns"] = NOW - 16 * MINUTE_NS
    assert leans(side, **paid) == ()


def test_open_interest() -> None:
    both_up: dict[str, Any] = {"open_interest_change_pct": 1.0, "price_change_pct": 1.0}
    assert paces(Side.BUY, **both_up) == [100]
    assert paces(Side.SELL, **both_up) == []
    down: dict[str, Any] = {"open_interest_change_pct": 1.0, "price_change_pct": -1.0}
    assert paces(Side.SELL, **down) == [100]
    assert paces(Side.BUY, **down) == []
    for side in Side:
        (lean,) = leans(side, open_interest_change_pct=-1.0, price_change_pct=1.0)
        assert (lean.pace_pct, lean.style) == (None, Style.PASSIVE)
    assert paces(Side.BUY, open_interest_change_pct=-1.0, price_change_pct=0.05) == []


def test_longs_at_64000_while_the_price_falls_toward_them() -> None:
    falling = {"mid": "65000", "trend_bps": -5.0, **LONGS}
    assert paces(Side.SELL, **falling) == [140]
    assert paces(Side.BUY, **falling) == [60]


def test_at_64000_the_seller_goes_normally_and_the_buyer_buys_the_dip() -> None:
    for mid in ("64000", "63500"):
        assert paces(Side.SELL, mid=mid, trend_bps=-30.0, **LONGS) == []
        (lean,) = leans(Side.BUY, mid=mid, trend_bps=-30.0, **LONGS)
        assert lean.pace_pct == 140 and "into the cascade" in lean.reason


def test_shorts_above_mirror_longs_below() -> None:
    rising = {"mid": "65000", "trend_bps": 5.0, **SHORTS}
    assert paces(Side.BUY, **rising) == [140]
    assert paces(Side.SELL, **rising) == [60]
    assert paces(Side.SELL, mid="66000", **SHORTS) == [140]
    assert paces(Side.BUY, mid="66000", **SHORTS) == []


@pytest.mark.parametrize("trend_bps", [0.0, 5.0, -1.9])
def test_liquidations_that_the_price_does_not_move_toward_say_nothing(trend_bps: float) -> None:
    for side in Side:
        assert paces(side, trend_bps=trend_bps, **LONGS) == []


def test_liquidations_far_away_or_small_say_nothing() -> None:
    for side in Side:
        assert paces(side, mid="66000", trend_bps=-50.0, **LONGS) == []
        small = {**LONGS, "liquidation_quote": Decimal(999_999)}
        assert paces(side, trend_bps=-5.0, **small) == []


def test_exchange_flows() -> None:
    assert paces(Side.SELL, exchange_netflow_pct=2.0) == [140]
    assert paces(Side.BUY, exchange_netflow_pct=-2.0) == [140]
    assert paces(Side.BUY, exchange_netflow_pct=2.0) == []
    assert paces(Side.SELL, exchange_netflow_pct=-2.0) == []
    assert paces(Side.SELL, exchange_netflow_pct=0.99) == []


def test_thresholds_and_paces_are_the_configured_ones() -> None:
    rules = SignalRules(netflow_large_pct=5.0, faster_pct=160)
    assert paces(Side.SELL, exchange_netflow_pct=4.0, rules=rules) == []
    assert paces(Side.SELL, exchange_netflow_pct=6.0, rules=rules) == [160]
