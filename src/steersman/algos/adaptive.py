"""Adaptive: a classic schedule, bent by advice inside an envelope (F5).

The wheel turns the *increments* of the base schedule: pace 150 % does half as much again as the
base would have in that time, hold does nothing, finish goes to the envelope's edge. The base that
is followed may be planned anew, as estimates move or because advice calls impact dearer; it goes on
from where it was itself, not from where it has been bent to. Whatever comes of all this is clipped
to the envelope around the base as submitted (`plans[ADAPTIVE]`, never planned anew), which is
widest at mid-horizon and nothing at the start and the end; advice that rests on text alone has half
of it. So no answer, however wrong or injected, moves the order outside, and the deadline's target
is the whole order.
Inside, every turn is scaled by its advisor's weight: a weight of a quarter makes pace 180 % 120 %.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import accumulate
from typing import Final

import msgspec

from steersman.algos.base import AlgoContext, Plan, Plans, slice_at
from steersman.algos.pov import done_by_volume
from steersman.domain.advice import Action, Advice
from steersman.domain.order import AlgoName, ParentOrder, Progress
from steersman.domain.units import Qty

__all__ = [
    "Steering",
    "bend",
    "envelope",
    "envelopes",
    "followed",
    "in_effect",
    "steer",
    "turn_of",
]

TEXT_SHARE: Final = Decimal("0.5")
_WHOLE: Final = Decimal(1)


class Steering(msgspec.Struct, frozen=True):
    """The wheel: the advice in force, and how far the schedule has been bent so far.

    `bent` is the cumulative target (base units, unrounded) at `last_ns`, when others had traded
    `last_volume`; `clipped` tells whether the envelope holds it back. `low` and `high` are the
    envelope of the slice `bounds_slice` at the half-width `bounds_share`, kept because they change
    with the slice only. `weight` (0..1) is the advisor's when the advice came.
    """

    advice: Advice | None = None
    advice_until_ns: int = 0
    weight: Decimal = _WHOLE
    text_only: bool = False
    bent: Decimal = Decimal(0)
    last_ns: int = -1
    last_volume: Decimal = Decimal(0)
    clipped: bool = False
    bounds_slice: int = -1
    bounds_share: Decimal = Decimal(0)
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    def in_force(self, at_ns: int) -> Advice | None:
        """Return the advice that counts at a time, or None."""
        return self.advice if at_ns < self.advice_until_ns else None


def steer(
    steering: Steering, advice: Advice, until_ns: int, text_only: bool, weight: Decimal = _WHOLE
) -> Steering:
    """Return the steering with an advice in force until a time (UTC ns)."""
    return msgspec.structs.replace(
        steering, advice=advice, advice_until_ns=until_ns, text_only=text_only, weight=weight
    )


def turn_of(advice: Advice) -> int:
    """Return how far an advice turns the pace away from 100 %: negative to wait, 0 for nothing."""
    match advice.action:
        case Action.HOLD:
            return -100
        case Action.FINISH:
            return 100
        case Action.CONTINUE:
            return 0 if advice.pace_pct is None else advice.pace_pct - 100


def followed(order: ParentOrder, advice: Advice | None) -> AlgoName:
    """Return the classic algorithm that an order follows under an advice."""
    if order.algo is not AlgoName.ADAPTIVE:
        return order.algo
    return order.base if advice is None or advice.base is None else advice.base


def in_effect(order: ParentOrder, steering: Steering, at_ns: int) -> tuple[object, ...]:
    """Return all that the wheel does from a time on: where it is equal, an order goes on alike.

    An advice that bends nothing is as good as none, however long it is in force. A text's half
    envelope outlasts its advice.
    """
    advice = steering.in_force(at_ns)
    if advice is None:
        return (steering.text_only,)
    turn, follow = turn_of(advice), followed(order, advice)
    bends = (_finishing(advice), turn, follow, advice.style, advice.impact_pct)
    if bends == (False, 0, order.base, None, None):
        return (steering.text_only,)
    weight = steering.weight if turn else _WHOLE
    return (steering.text_only, *bends, weight, steering.advice_until_ns)


def envelope(order: ParentOrder, plan: Plan, at_ns: int, share: Decimal) -> tuple[Decimal, Decimal]:
    """Return the least and the most that may be targeted at a time (cumulative, base units).

    The half-width is share x quantity x 4u(1-u), u being the part of the horizon gone at the end of
    the current slice. The bounds never fall over time: the upper one is the least of all that
    follow, the lower one the greatest of all before.
    """
    here = slice_at(plan, at_ns)
    width = _width(order, plan, share)
    high = min(plan.done[k] + width(k) for k in range(here, len(plan.done)))
    low = max(plan.done[k] - width(k) for k in range(here + 1))
    return max(Decimal(0), low), min(order.qty, high)


def envelopes(order: ParentOrder, plan: Plan, share: Decimal) -> list[tuple[Decimal, Decimal]]:
    """Return what `envelope` is in each slice of the plan."""
    width = _width(order, plan, share)
    widths = [width(k) for k in range(len(plan.done))]
    edges = list(zip(plan.done, widths, strict=True))
    lows = accumulate((done - width for done, width in edges), max)
    highs = list(accumulate((done + width for done, width in reversed(edges)), min))
    return [
        (max(Decimal(0), low), min(order.qty, high))
        for low, high in zip(lows, reversed(highs), strict=True)
    ]


def _width(order: ParentOrder, plan: Plan, share: Decimal) -> Callable[[int], Decimal]:
    """Return the half-width by slice."""
    start_ns, end_ns = plan.times_ns[0], plan.times_ns[-1]
    horizon_ns = end_ns - start_ns
    peak, square = share * order.qty * 4, horizon_ns**2

    def width(k: int) -> Decimal:
        gone_ns = plan.times_ns[k + 1] - start_ns
        return peak * (gone_ns * (horizon_ns - gone_ns)) / square

    return width


def bend(
    order: ParentOrder, plans: Plans, progress: Progress, context: AlgoContext, steering: Steering
) -> tuple[Qty, Steering]:
    """Return what should be done by now (whole lots) and the steering after it."""
    at_ns = progress.at_ns
    advice = steering.in_force(at_ns)
    step = _base_step(order, plans, progress, context, steering, followed(order, advice))
    share = context.execution.envelope
    if steering.text_only:  # until other advice comes: what a text has bent stays where it belongs
        share *= TEXT_SHARE
    steering = _bounded(order, plans[AlgoName.ADAPTIVE], at_ns, share, context, steering)
    low, high = steering.low, steering.high
    wanted = steering.bent + step
    if _finishing(advice):
        done = plans[AlgoName.ADAPTIVE].at(at_ns)
        wanted = max(wanted, done + steering.weight * (high - done))
    elif advice is not None:
        wanted += steering.weight * (step * turn_of(advice) / 100)
    bent = min(max(wanted, low), high)
    after = msgspec.structs.replace(
        steering,
        bent=bent,
        last_ns=at_ns,
        last_volume=progress.others_volume,
        clipped=bent != wanted,
    )
    return context.instrument.floor_qty(bent), after


def _bounded(
    order: ParentOrder,
    plan: Plan,
    at_ns: int,
    share: Decimal,
    context: AlgoContext,
    steering: Steering,
) -> Steering:
    """Return the steering with the bounds of now, in whole lots inside the envelope."""
    here = slice_at(plan, at_ns)
    if (here, share) == (steering.bounds_slice, steering.bounds_share):
        return steering
    low, high = envelope(order, plan, at_ns, share)
    return msgspec.structs.replace(
        steering,
        bounds_slice=here,
        bounds_share=share,
        low=context.instrument.ceil_qty(Qty(low)),
        high=context.instrument.floor_qty(Qty(high)),
    )


def _finishing(advice: Advice | None) -> bool:
    return advice is not None and advice.action is Action.FINISH


def _base_step(
    order: ParentOrder,
    plans: Plans,
    progress: Progress,
    context: AlgoContext,
    steering: Steering,
    follow: AlgoName,
) -> Decimal:
    """What the followed base adds between the last decision and now."""
    if follow is AlgoName.POV:
        now = done_by_volume(order, progress, context)
        then_progress = msgspec.structs.replace(progress, others_volume=steering.last_volume)
        return now - done_by_volume(order, then_progress, context)
    plan = plans[follow]
    return plan.at(progress.at_ns) - plan.at(steering.last_ns)
