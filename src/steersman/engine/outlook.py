"""What an order expects to pay, told at its start, and again when the market or advice changes it.

While it works it learns from views and own fills, a sample every five seconds at most. What it
believes is told, and the plan made anew, only when risk or cost has moved by a quarter since it
was last told, or the market's volume has left the plan, and not more often than once a slice: an
estimate that jitters moves no order. Advice that changes the impact, or the base to follow, is
planned for at once.
"""

from __future__ import annotations

import msgspec

from steersman.algos.adaptive import followed
from steersman.algos.base import AlgoContext, Plans
from steersman.algos.conditions import conditions_at, known_at
from steersman.algos.decide import replan, strays
from steersman.domain.impact import ImpactEstimate
from steersman.domain.market import MarketView
from steersman.domain.messages import Effect, Estimated, Recalibrated
from steersman.domain.order import Progress
from steersman.domain.units import SECOND_NS
from steersman.engine.state import Outlook, Parent
from steersman.models.impact_estimate import advised_conditions, estimate_impact
from steersman.models.recalibration import SAMPLE_NS, differ, learn

__all__ = ["estimate_of", "follow", "foresee"]

replace = msgspec.structs.replace


def foresee(parent: Parent, view: MarketView, context: AlgoContext) -> tuple[Parent, Estimated]:
    """Return an order that has arrived with its outlook, and the estimate of its cost."""
    known = known_at(view, context.law)
    told = conditions_at(parent.order, parent.arrival_ns, view, context.curve, known)
    follows = followed(parent.order, None)
    outlook = Outlook(known, told, parent.arrival_ns, (view.spread_bps or 0.0) / 2, follows)
    return replace(parent, outlook=outlook), _estimated(parent, outlook, "at arrival", "")


def follow(
    parent: Parent, view: MarketView, progress: Progress, context: AlgoContext
) -> tuple[Parent, tuple[Effect, ...]]:
    """Learn from a view, take in what is advised, tell what has changed, and plan for it."""
    outlook, now_ns = parent.outlook, progress.at_ns
    assert outlook is not None  # it has arrived
    advice = parent.steering.in_force(now_ns)
    impact_pct = None if advice is None else advice.impact_pct
    follows = followed(parent.order, advice)
    advised = (impact_pct, follows) != (outlook.impact_pct, outlook.follows)
    sampled = view.at_ns - outlook.learned.at_ns >= SAMPLE_NS
    if not view.usable or not (sampled or advised):
        return parent, ()
    why = "advised" if impact_pct != outlook.impact_pct else ""
    outlook = replace(outlook, impact_pct=impact_pct, follows=follows)
    told = outlook.told_ns
    if sampled:
        outlook = _learned(parent, view, outlook)
        outlook = _told_anew(parent, view, progress, context, outlook)
    parent = replace(parent, outlook=outlook)
    effects: list[Effect] = []
    anew = outlook.told_ns != told
    if anew or advised:
        plans = _planned(parent, view, progress, context, outlook)
        if anew or plans != parent.plans:
            effects.append(_recalibrated(parent, outlook, plans != parent.plans))
        parent = replace(parent, plans=plans)
    if why or anew:
        reasoning = "" if advice is None or impact_pct is None else advice.reasoning
        effects.append(_estimated(parent, outlook, why or "recalibrated", reasoning))
    return parent, tuple(effects)


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


def _told_anew(
    parent: Parent, view: MarketView, progress: Progress, context: AlgoContext, outlook: Outlook
) -> Outlook:
    """Return the outlook with what is believed now as told, where that matters and time is ripe."""
    if progress.at_ns - outlook.told_ns < context.execution.slice_s * SECOND_NS:
        return outlook
    order = parent.order
    now = conditions_at(order, parent.arrival_ns, view, context.curve, outlook.learned)
    material = differ(outlook.told, now)
    if not (material or strays(order, parent.plans, outlook.follows, progress, view, context)):
        return outlook
    return replace(outlook, told=now, told_ns=progress.at_ns)


def _planned(
    parent: Parent, view: MarketView, progress: Progress, context: AlgoContext, outlook: Outlook
) -> Plans:
    """Return the plans with the rest of the followed one made for what is told and advised."""
    believed = advised_conditions(outlook.told, outlook.impact_pct)
    return replan(parent.order, parent.plans, outlook.follows, progress, view, context, believed)


def _recalibrated(parent: Parent, outlook: Outlook, replanned: bool) -> Recalibrated:
    told = outlook.told
    return Recalibrated(
        parent_id=parent.order.id,
        sigma_day_bps=told.sigma_day_bps,
        volume_per_s=told.volume_per_s,
        y=told.y,
        y_error=told.y_error,
        replanned=replanned,
    )


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
