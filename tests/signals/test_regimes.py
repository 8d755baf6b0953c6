"""What a regime does to an order: the same for a buyer and a seller whose market is mirrored."""

from __future__ import annotations

import pytest

from steersman.domain.market import Regime
from steersman.domain.order import Style
from steersman.domain.units import Side
from steersman.signals.lean import DEFAULT_RULES
from steersman.signals.regimes import lean_on_regime

MIRROR = {Regime.TREND_UP: Regime.TREND_DOWN, Regime.TREND_DOWN: Regime.TREND_UP}


@pytest.mark.parametrize("regime", Regime)
@pytest.mark.parametrize("trend_bps", [5.0, -5.0])
def test_a_mirrored_market_turns_the_other_side_alike(regime: Regime, trend_bps: float) -> None:
    buyer = lean_on_regime(regime, Side.BUY, trend_bps, DEFAULT_RULES)
    seller = lean_on_regime(MIRROR.get(regime, regime), Side.SELL, -trend_bps, DEFAULT_RULES)
    assert buyer == seller


@pytest.mark.parametrize(
    ("regime", "trend_bps", "faster"),
    [
        (Regime.TREND_UP, 5.0, True),
        (Regime.TREND_DOWN, -5.0, False),
        (Regime.CASCADE, 5.0, True),
        (Regime.CASCADE, -5.0, False),
        (Regime.VOLATILE, 0.0, True),
        (Regime.THIN, 0.0, False),
    ],
)
def test_a_buyer_goes_faster_where_waiting_costs(
    regime: Regime, trend_bps: float, faster: bool
) -> None:
    lean = lean_on_regime(regime, Side.BUY, trend_bps, DEFAULT_RULES)
    assert lean is not None and lean.pace_pct is not None and lean.reason
    assert (lean.pace_pct > 100) is faster
    assert 50 <= lean.pace_pct <= 150  # a modest turn


def test_a_thin_book_is_not_crossed_and_the_rest_leaves_the_style() -> None:
    styles = {
        regime: lean.style
        for regime in Regime
        if (lean := lean_on_regime(regime, Side.SELL, 1.0, DEFAULT_RULES)) is not None
    }
    assert styles.pop(Regime.THIN) is Style.PASSIVE
    assert set(styles.values()) == {None}


def test_calm_and_news_say_nothing() -> None:
    assert lean_on_regime(Regime.CALM, Side.BUY, 9.0, DEFAULT_RULES) is None
    assert lean_on_regime(Regime.NEWS, Side.BUY, 9.0, DEFAULT_RULES) is None
