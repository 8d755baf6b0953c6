"""Does the market itself say what a turn of the wheel says? Text alone turns it half as far.

One answer for everybody who asks: the engine, which halves the envelope where nothing agrees, and
the validation, which takes back a turn that its own reading of the news contradicts.
"""

from __future__ import annotations

from typing import Final

from steersman.domain.market import MarketView, Regime, Signals
from steersman.domain.units import Side
from steersman.signals.crypto import lean_on
from steersman.signals.lean import DEFAULT_RULES
from steersman.signals.regimes import lean_on_regime

__all__ = ["market_agrees"]

AGREEING_FLOW: Final = 0.10
AGREEING_TREND_BPS: Final = 1.0


def market_agrees(
    leaning: int,
    side: Side,
    view: MarketView,
    signals: Signals | None,
    regime: Regime,
    at_ns: int,
) -> bool:
    """Tell whether flow, trend, a signal (F17) or the regime (F15) asks for the same turn.

    `leaning` is 1 for faster and -1 for slower; nothing agrees with 0. A buyer goes faster where
    flow or trend point up, a seller where they point down. Signals and regime count by
    the default rules; the hour does not: it says nothing of this moment, and would agree for hours.
    """
    if leaning == 0:
        return False
    toward = leaning * side.sign
    if view.flow_imbalance * toward >= AGREEING_FLOW:
        return True
    if view.trend_bps * toward >= AGREEING_TREND_BPS:
        return True
    leans = () if signals is None else lean_on(signals, view, side, at_ns, DEFAULT_RULES)
    held = lean_on_regime(regime, side, view.trend_bps, DEFAULT_RULES)
    paces = [lean.pace_pct for lean in (*leans, held) if lean is not None]
    return any(pace is not None and (pace - 100) * leaning > 0 for pace in paces)
