"""What the state of the market means for an order (F15): a modest turn, with its reason in words.

A thin book is spared, a volatile one costs time at risk. A move against the order is not waited
for, one in its favour is; a cascade is that move at its strongest. What news means is the reading's
to say (`advisor.rules`), not the regime's.
"""

from __future__ import annotations

from typing import assert_never

from steersman.domain.market import Regime
from steersman.domain.order import Style
from steersman.domain.units import Side
from steersman.signals.lean import Lean, SignalRules

__all__ = ["lean_on_regime"]


def lean_on_regime(regime: Regime, side: Side, trend_bps: float, rules: SignalRules) -> Lean | None:
    """Return how a regime turns an order; `trend_bps` tells which way a cascade runs."""
    match regime:
        case Regime.THIN:
            why = "thin market: slower, and passive"
            return Lean("regime", rules.thin_pct, Style.PASSIVE, why)
        case Regime.VOLATILE:
            why = "volatile market: a little less time at risk"
            return Lean("regime", rules.volatile_pct, None, why)
        case Regime.TREND_UP | Regime.TREND_DOWN:
            sign = 1 if regime is Regime.TREND_UP else -1
            if sign * side.sign > 0:
                why = "the trend runs away from the order: faster"
                return Lean("regime", rules.trend_against_pct, None, why)
            why = "the trend comes towards the order: slower"
            return Lean("regime", rules.trend_favour_pct, None, why)
        case Regime.CASCADE:
            if trend_bps * side.sign > 0:
                why = "a cascade runs away from the order: be ahead of what follows"
                return Lean("regime", rules.cascade_against_pct, None, why)
            why = "a cascade comes towards the order: wait for it"
            return Lean("regime", rules.cascade_favour_pct, None, why)
        case Regime.CALM | Regime.NEWS:
            return None
        case _:
            assert_never(regime)
