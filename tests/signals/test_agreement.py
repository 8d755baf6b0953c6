"""The market agrees with a turn where flow, trend or a signal asks for the same."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.domain.market import Regime, Signals
from steersman.domain.units import SECOND_NS, Side
from steersman.signals.agreement import market_agrees
from tests.engine.desk import BTC, T0, view

OUTFLOW = Signals(BTC.id, T0, exchange_netflow_pct=-2.0)
WEEKEND_NS = 1_736_596_800 * SECOND_NS


@pytest.mark.parametrize(
    ("leaning", "side", "seen", "agrees"),
    [
        (1, Side.BUY, {"flow_imbalance": 0.10}, True),
        (1, Side.BUY, {"flow_imbalance": 0.09}, False),
        (-1, Side.BUY, {"flow_imbalance": 0.10}, False),
        (-1, Side.SELL, {"flow_imbalance": 0.10}, True),
        (1, Side.SELL, {"trend_bps": -1.0}, True),
        (1, Side.SELL, {"trend_bps": 1.0}, False),
        (-1, Side.BUY, {"trend_bps": -1.0}, True),
        (0, Side.BUY, {"flow_imbalance": 1.0, "trend_bps": 9.0}, False),
    ],
)
def test_flow_and_trend(leaning: int, side: Side, seen: dict[str, Any], agrees: bool) -> None:
    assert market_agrees(leaning, side, view(T0, **seen), None, Regime.CALM, T0) is agrees


@pytest.mark.parametrize(
    ("leaning", "side", "agrees"),
    [(1, Side.BUY, True), (-1, Side.BUY, False), (1, Side.SELL, False)],
)
def test_signals(leaning: int, side: Side, agrees: bool) -> None:
    assert market_agrees(leaning, side, view(T0), OUTFLOW, Regime.CALM, T0) is agrees


def test_the_hour_does_not_count() -> None:
    seen = view(WEEKEND_NS)
    assert not market_agrees(-1, Side.BUY, seen, None, Regime.CALM, WEEKEND_NS)


@pytest.mark.parametrize(
    ("leaning", "regime", "agrees"),
    [
        (1, Regime.TREND_UP, True),
        (-1, Regime.TREND_UP, False),
        (-1, Regime.TREND_DOWN, True),
        (-1, Regime.THIN, True),
        (1, Regime.NEWS, False),
        (-1, Regime.NEWS, False),
    ],
)
def test_the_regime(leaning: int, regime: Regime, agrees: bool) -> None:
    assert market_agrees(leaning, Side.BUY, view(T0), None, regime, T0) is agrees
