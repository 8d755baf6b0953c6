"""What an order expects to pay, told at its start, and again when the market or advice changes it.

While it works it learns from views and own fills, a sample every five seconds at most. What it
believes is told, and the plan made anew, only when risk or cost has moved by a quarter since it
was last told, and not more often than once a slice: an estimate that jitters moves no order.
"""

from __future__ import annotations

import msgspec

from steersman.algos.base import AlgoContext
from steersman.algos.conditions import conditions_at, known_at
from steersman.algos.decide import replan
from steersman.domain.impact import ImpactEstimate
from steersman.domain.market import MarketView
from steersman.domain.messages import Effect, Estimated, Recalibrated
from steersman.domain.units import SECOND_NS, Price
from steersman.engine.state import Outlook, Parent
from steersman.models.impact_estimate import estimate_impact
from steersman.models.recalibration import SAMPLE_NS, differ, learn

__all__ = ["estimate_of", "follow", "foresee"]

replace = msgspec.structs.replace


def foresee(parent: Parent, view: MarketView, context: AlgoContext) -> tuple[Parent, Estimated]:
    """Return an order that has arrived with its outlook, and the estimate of its cost."""
    known = known_at(view, context.law)
    told = conditions_at(parent.order, parent.arrival_ns, view, context.curve, known)
    outlook = Outlook(known, told, parent.arrival_ns, (view.spread_bps or 0.0) / 2)
    return replace(parent, outlook=outlook), _estimated(parent, outlook, "at arrival", "")


def follow(
    parent: Parent, view: MarketView, now_ns: int, context: AlgoContext
) -> tuple[Parent, tuple[Effect, ...]]:
    """Learn from a view, take in what is advised, and tell what has changed materially."""
    outlook = parent.outlook
    assert outlook is not None  # it has arrived
    advice = parent.steering.in_force(now_ns)
    impact_pct = None if advice is None else advice.impact_pct
    sampled = view.at_ns - outlook.learned.at_ns >= SAMPLE_NS and view.usable
    if not sampled and impact_pct == outlook.impact_pct:
        return parent, ()
    effects: tuple[Effect, ...] = ()
    why = "advised" if impact_pct != outlook.impact_pct else ""
    outlook = replace(outlook, impact_pct=impact_pct)
    if sampled:
        outlook = _learned(parent, view, outlook)
        now = conditions_at(parent.order, parent.arrival_ns, view, context.curve, outlook.learned)
        pause_ns = context.execution.slice_s * SECOND_NS
        if now_ns - outlook.told_ns >= pause_ns and differ(outlook.told, now):
            outlook = replace(outlook, told=now, told_ns=now_ns)
            parent, recalibrated = _recalibrated(parent, view, context, outlook)
            effects, why = (recalibrated,), why or "recalibrated"
    parent = replace(parent, outlook=outlook)
    if not why:
        return parent, effects
    reasoning = "" if advice is None or impact_pct is None else advice.reasoning
    return parent, (*effects, _estimated(parent, outlook, why, reasoning))


def _learned(parent: Parent, view: MarketView, outlook: Outlook) -> Outlook:
    assert view.mid is not None and view.spread_bps is not None  # usable
    learned = learn(
        outlook.learned,
        view.at_ns,
        float(view.mid),
        float(parent.filled),
        parent.order.side.sign,
        outlook.told.volume_per_s,
    )
    return replace(outlook, learned=learned, half_spread_bps=view.spread_bps / 2)


def _recalibrated(
    parent: Parent, view: MarketView, context: AlgoContext, outlook: Outlook
) -> tuple[Parent, Recalibrated]:
    """Plan the rest for what is believed now."""
    order, told = parent.order, outlook.told
    assert view.mid is not None  # usable
    price = Price(view.mid)
    at_ns = outlook.told_ns
    plans = replan(order, parent.plans, parent.scheduled, at_ns, price, context, told)
    changed = plans != parent.plans
    effect = Recalibrated(
        parent_id=order.id,
        sigma_day_bps=told.sigma_day_bps,
        volume_per_s=told.volume_per_s,
        y=told.y,
        y_error=told.y_error,
        replanned=changed,
    )
    return replace(parent, plans=plans), effect


def estimate_of(parent: Parent, outlook: Outlook, advised: str = "") -> ImpactEstimate:
    """Return what the order is expected to cost by what it last told, with advice as it is."""
    order = parent.order
    horizon_s = (order.deadline_ns - parent.arrival_ns) / SECOND_NS
    return estimate_impact(
        float(order.qty),
        horizon_s,
        outlook.half_spread_bps,
        outlook.told,
        outlook.impact_pct,
        advised,
    )


def _estimated(parent: Parent, outlook: Outlook, why: str, advised: str) -> Estimated:
    return Estimated(parent.order.id, why, estimate_of(parent, outlook, advised))
