"""Each rule of F17 says what it says, for both sides, and nothing where its facts are missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from steersman.domain.market import Signals
from steersman.domain.order import Style
from steersman.domain.units import MINUTE_NS, Side
from steersman.signals.crypto import lean_on

NOW = 1_000 * MINUTE_NS
MID = Decimal(65_000)


def paces(side: Side, **facts: Any) -> list[int | None]:
    signals = Signals("sim:BTCUSDT.linear", NOW, **facts)
    return [lean.pace_pct for lean in lean_on(signals, side, MID, NOW)]


@pytest.mark.parametrize(
    ("rate", "side", "faster"),
    [
        (0.06, Side.SELL, True),
        (0.06, Side.BUY, False),
        (-0.04, Side.BUY, True),
        (-0.04, Side.SELL, False),
    ],
)
def test_funding(rate: float, side: Side, faster: bool) -> None:
    (pace,) = paces(side, funding_rate_pct=rate, next_funding_ns=NOW + 30 * MINUTE_NS)
    assert pace is not None
    assert (pace > 100) is faster


@pytest.mark.parametrize("rate", [0.05, 0.0, -0.03])
def test_funding_at_or_inside_its_thresholds_says_nothing(rate: float) -> None:
    assert paces(Side.BUY, funding_rate_pct=rate, next_funding_ns=NOW + MINUTE_NS) == []


def test_funding_far_away_or_past_says_nothing() -> None:
    for next_ns in (NOW + 61 * MINUTE_NS, NOW - 1):
        assert paces(Side.BUY, funding_rate_pct=0.2, next_funding_ns=next_ns) == []


def test_open_interest() -> None:
    both_up: dict[str, Any] = {"open_interest_change_pct": 1.0, "price_change_pct": 1.0}
    assert paces(Side.BUY, **both_up) == [100]
    assert paces(Side.SELL, **both_up) == []
    down: dict[str, Any] = {"open_interest_change_pct": 1.0, "price_change_pct": -1.0}
    assert paces(Side.SELL, **down) == [100]
    falling = Signals("x", NOW, open_interest_change_pct=-1.0, price_change_pct=1.0)
    (lean,) = lean_on(falling, Side.BUY, MID, NOW)
    assert lean.style is Style.PASSIVE


def test_liquidations_at_64000_of_longs() -> None:
    cluster: dict[str, Any] = {"liquidation_price": Decimal(64_000), "liquidation_long": True}
    (seller,), (buyer,) = paces(Side.SELL, **cluster), paces(Side.BUY, **cluster)
    assert seller is not None and seller > 100
    assert buyer is not None and buyer < 100
    assert paces(Side.BUY, liquidation_price=Decimal(50_000), liquidation_long=True) == []


def test_exchange_flows() -> None:
    (seller,) = paces(Side.SELL, exchange_netflow_pct=2.0)
    (buyer,) = paces(Side.BUY, exchange_netflow_pct=-2.0)
    assert seller is not None and buyer is not None and min(seller, buyer) > 100
    assert paces(Side.BUY, exchange_netflow_pct=2.0) == []
