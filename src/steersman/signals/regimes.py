"""What the state of the market means for an order (F15): a modest turn, with its reason in words.

A thin book is spared, a volatile one costs time at risk. A move against the order is not waited
for, one in its favour is; a cascade is that move at its strongest. What news means is the reading's
to say (`advisor.rules`), not the regime's.
"""

from __future__ import annotations

from typing import Final, assert_never

from steersman.domain.market import Regime
from steersman.domain.order import Style
from steersman.domain.units import Side
from steersman.signals.crypto import Lean

__all__ = ["lean_on_regime"]

THIN_PCT: Final = 80
VOLATILE_PCT: Final = 110
TREND_AGAINST_PCT: Final = 115
TREND_FAVOUR_PCT: Final = 85
CASCADE_AGAINST_PCT: Final = 130
CASCADE_FAVOUR_PCT: Final = 60


def lean_on_regime(regime: Regime, side: Side, trend_bps: float) -> Lean | None:
    """Return how a regime turns an order; `trend_bps` tells which way a cascade runs."""
    match regime:
        case Regime.THIN:
            return Lean(THIN_PCT, Style.PASSIVE, "thin market: slower, and passive")
        case Regime.VOLATILE:
            return Lean(VOLATILE_PCT, None, "volatile market: a little less time at risk")
        case Regime.TREND_UP | Regime.TREND_DOWN:
            sign = 1 if regime is Regime.TREND_UP else -1
            if sign * side.sign > 0:
                return Lean(TREND_AGAINST_PCT, None, "the trend runs away from the order: faster")
            return Lean(TREND_FAVOUR_PCT, None, "the trend comes towards the order: slower")
        case Regime.CASCADE:
            if trend_bps * side.sign > 0:
                reason = "a cascade runs away from the order: be ahead of what follows"
                return Lean(CASCADE_AGAINST_PCT, None, reason)
            return Lean(CASCADE_FAVOUR_PCT, None, "a cascade comes towards the order: wait for it")
        case Regime.CALM | Regime.NEWS:
            return None
        case _:
            assert_never(regime)
