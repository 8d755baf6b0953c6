"""What funding, open interest, liquidations, exchange flows and halts mean for an order (F17).

Each rule is a pure function of the signals, the view, the side and the time, with its thresholds
in `SignalRules`. It answers with a `Lean`, a bounded turn of pace or style with its reason, or with
nothing; where a fact is missing, its rule says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from steersman.domain.market import MarketView, Signals
from steersman.domain.order import Style
from steersman.domain.units import MINUTE_NS, SECOND_NS, Side
from steersman.signals.lean import Lean, SignalRules

__all__ = ["lean_on"]


def lean_on(
    signals: Signals, view: MarketView, side: Side, now_ns: int, rules: SignalRules
) -> tuple[Lean, ...]:
    """Return what each rule that applies says, in a fixed order."""
    leans = (rule(signals, view, side, now_ns, rules) for rule in _RULES)
    return tuple(lean for lean in leans if lean is not None)


def _before_funding(
    signals: Signals, view: MarketView, side: Side, now_ns: int, rules: SignalRules
) -> Lean | None:
    """High funding: sell before it, buy after it; low funding the other way round."""
    rate, snapshot_ns = signals.funding_rate_pct, signals.next_funding_ns
    if rate is None or snapshot_ns is None:
        return None
    left_ns = snapshot_ns - now_ns
    if not 0 <= left_ns <= rules.funding_before_s * SECOND_NS:
        return None
    first = _funding_side(rate, rules)
    if first is None:
        return None
    said = f"funding {rate:+.3f} % in {left_ns // MINUTE_NS} min"
    if side is first:
        return Lean("funding", rules.faster_pct, None, f"{said}: {side.value} before it")
    after = "pull-back" if side is Side.BUY else "bounce"
    return Lean("funding", rules.wait_pct, None, f"{said}: wait for the {after} after it")


def _after_funding(
    signals: Signals, view: MarketView, side: Side, now_ns: int, rules: SignalRules
) -> Lean | None:
    """The snapshot is over: who has waited for the pull-back or the bounce goes into it."""
    rate, paid_ns = signals.last_funding_rate_pct, signals.last_funding_ns
    if rate is None or paid_ns is None:
        return None
    if not 0 <= now_ns - paid_ns <= rules.funding_after_s * SECOND_NS:
        return None
    first = _funding_side(rate, rules)
    if first is None or side is first:
        return None
    after = "pull-back" if side is Side.BUY else "bounce"
    minutes = (now_ns - paid_ns) // MINUTE_NS
    said = f"funding {rate:+.3f} % was paid {minutes} min ago: {side.value} the {after}"
    return Lean("funding", rules.faster_pct, None, said)


def _funding_side(rate_pct: float, rules: SignalRules) -> Side | None:
    """Return the side that goes before the snapshot, or None where the rate says nothing."""
    if rate_pct > rules.funding_high_pct:
        return Side.SELL
    return Side.BUY if rate_pct < rules.funding_low_pct else None


def _open_interest(
    signals: Signals, view: MarketView, side: Side, now_ns: int, rules: SignalRules
) -> Lean | None:
    interest, price = signals.open_interest_change_pct, signals.price_change_pct
    if interest is None or price is None:
        return None
    if abs(price) < rules.move_pct or abs(interest) < rules.open_interest_pct:
        return None
    said = f"open interest {interest:+.2f} %, price {price:+.2f} %"
    if interest < 0:
        return Lean("open_interest", None, Style.PASSIVE, f"{said}: positions close, less eager")
    if (price > 0) is (side is Side.BUY):
        return Lean("open_interest", 100, None, f"{said}: {side.value} steadily")
    return None


def _liquidations(
    signals: Signals, view: MarketView, side: Side, now_ns: int, rules: SignalRules
) -> Lean | None:
    """Be ahead of a cascade that would hurt; wait for one that serves, and execute into it."""
    price, longs, mid = signals.liquidation_price, signals.liquidation_long, view.mid
    if price is None or longs is None or mid is None:
        return None
    size = signals.liquidation_quote
    if size is not None and size < rules.cluster_min_quote:
        return None
    if abs(price - mid) > mid * Decimal(str(rules.cluster_near_pct)) / 100:
        return None
    hurt = Side.SELL if longs else Side.BUY  # longs are sold and press the price, shorts lift it
    who = "longs" if longs else "shorts"
    reached = mid <= price if longs else mid >= price
    if reached:
        if side is hurt:
            return None  # the worst is over: normal pace
        said = f"{who} are being liquidated from {price}: {side.value} into the cascade"
        return Lean("liquidations", rules.faster_pct, None, said)
    toward_bps = -view.trend_bps if longs else view.trend_bps
    if toward_bps < rules.toward_bps:
        return None
    said = f"the price moves toward liquidations of {who} at {price}"
    if side is hurt:
        return Lean("liquidations", rules.faster_pct, None, f"{said}: {side.value} before it")
    return Lean("liquidations", rules.wait_pct, None, f"{said}: wait for the cascade")


def _flows(
    signals: Signals, view: MarketView, side: Side, now_ns: int, rules: SignalRules
) -> Lean | None:
    flow = signals.exchange_netflow_pct
    if flow is None or abs(flow) < rules.netflow_large_pct:
        return None
    if flow > 0 and side is Side.SELL:
        return Lean("flows", rules.faster_pct, None, f"exchange inflow {flow:.1f} %: sell faster")
    if flow < 0 and side is Side.BUY:
        return Lean("flows", rules.faster_pct, None, f"exchange outflow {-flow:.1f} %: buy faster")
    return None


Rule = Callable[[Signals, MarketView, Side, int, SignalRules], Lean | None]
_RULES: Final[tuple[Rule, ...]] = (
    _before_funding,
    _after_funding,
    _open_interest,
    _liquidations,
    _flows,
)
