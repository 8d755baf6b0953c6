"""What funding, open interest, liquidations and exchange flows mean for an order (F17).

Each rule is a pure function of the signals, the side and the time. It answers with a `Lean`, a
bounded turn of pace or style with its reason in words, or with nothing. First version: thresholds
are constants here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from steersman.domain.market import Signals
from steersman.domain.order import Style
from steersman.domain.units import MINUTE_NS, Side

__all__ = ["Lean", "lean_on"]

FUNDING_HIGH_PCT: Final = 0.05
FUNDING_LOW_PCT: Final = -0.03
FUNDING_NEAR_NS: Final = 60 * MINUTE_NS
MOVE_PCT: Final = 0.10  # a price or open-interest change that counts as a move
CLUSTER_NEAR_PCT: Final = Decimal(2)
NETFLOW_LARGE_PCT: Final = 1.0

FASTER_PCT: Final = 140
SLOWER_PCT: Final = 60


@dataclass(frozen=True, slots=True)
class Lean:
    """A bounded turn: pace in percent of the schedule's, a style, and why."""

    pace_pct: int | None
    style: Style | None
    reason: str


def lean_on(signals: Signals, side: Side, mid: Decimal, now_ns: int) -> tuple[Lean, ...]:
    """Return what each rule that applies says, in a fixed order."""
    leans = (rule(signals, side, mid, now_ns) for rule in _RULES)
    return tuple(lean for lean in leans if lean is not None)


def _funding(signals: Signals, side: Side, mid: Decimal, now_ns: int) -> Lean | None:
    rate, snapshot_ns = signals.funding_rate_pct, signals.next_funding_ns
    if rate is None or snapshot_ns is None or not 0 <= snapshot_ns - now_ns <= FUNDING_NEAR_NS:
        return None
    minutes = (snapshot_ns - now_ns) // MINUTE_NS
    if rate > FUNDING_HIGH_PCT:
        if side is Side.SELL:
            return Lean(FASTER_PCT, None, f"funding {rate:.3f} % in {minutes} min: sell before it")
        return Lean(SLOWER_PCT, None, f"funding {rate:.3f} % in {minutes} min: buy the pull-back")
    if rate < FUNDING_LOW_PCT:
        if side is Side.BUY:
            return Lean(FASTER_PCT, None, f"funding {rate:.3f} % in {minutes} min: buy before it")
        return Lean(SLOWER_PCT, None, f"funding {rate:.3f} % in {minutes} min: sell the bounce")
    return None


def _open_interest(signals: Signals, side: Side, mid: Decimal, now_ns: int) -> Lean | None:
    interest, price = signals.open_interest_change_pct, signals.price_change_pct
    if interest is None or price is None or abs(price) < MOVE_PCT or abs(interest) < MOVE_PCT:
        return None
    if interest < 0:
        return Lean(None, Style.PASSIVE, "open interest falls while the price moves: less eager")
    if (price > 0) is (side is Side.BUY):
        return Lean(100, None, "open interest and price agree with the order: go steadily")
    return None


def _liquidations(signals: Signals, side: Side, mid: Decimal, now_ns: int) -> Lean | None:
    price, longs = signals.liquidation_price, signals.liquidation_long
    if price is None or longs is None or abs(price - mid) / mid * 100 > CLUSTER_NEAR_PCT:
        return None
    falling_into = longs and price < mid  # longs below the price would be sold
    rising_into = not longs and price > mid  # shorts above the price would be bought
    if not (falling_into or rising_into):
        return None
    hurt = Side.SELL if falling_into else Side.BUY
    if side is hurt:
        return Lean(FASTER_PCT, None, f"liquidations wait at {price}: be ahead of the cascade")
    return Lean(SLOWER_PCT, None, f"liquidations wait at {price}: execute into the cascade")


def _flows(signals: Signals, side: Side, mid: Decimal, now_ns: int) -> Lean | None:
    flow = signals.exchange_netflow_pct
    if flow is None or abs(flow) < NETFLOW_LARGE_PCT:
        return None
    if flow > 0 and side is Side.SELL:
        return Lean(FASTER_PCT, None, f"exchange inflow {flow:.1f} %: sell faster")
    if flow < 0 and side is Side.BUY:
        return Lean(FASTER_PCT, None, f"exchange outflow {-flow:.1f} %: buy faster")
    return None


Rule = Callable[[Signals, Side, Decimal, int], Lean | None]
_RULES: Final[tuple[Rule, ...]] = (_funding, _open_interest, _liquidations, _flows)
