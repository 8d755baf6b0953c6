"""Implementation shortfall: the Almgren-Chriss trajectory between impact and timing risk (F4).

Everything is in shares of the order and bps of price, so that no unit of the instrument enters:

* sigma: the volatility believed, bps per square root of a second;
* eta: what the law says that the whole order pays, traded evenly over the horizon, in bps, per
  rate (shares per second);
* lambda = urgency / (1 - urgency) / 1000 bps: urgency 0 is the straight line, 0.5 accepts one bp
  more expected cost for 1000 bps^2 less variance. Urgency 1 stands for 0.99.

An expected move against the order (`alpha_bps`, decaying with its half-life) makes waiting dearer:
it adds to lambda in proportion to the part of alpha that falls within the horizon, relative to the
standard deviation of the price over it.

The trajectory is consistent in time: planned again under the same conditions, the rest of it is
the same. So `replan` changes the plan only as far as conditions have changed, and only what lies
ahead: what is scheduled stays scheduled, and nothing is ever sent back.
"""

from __future__ import annotations

import math
from typing import Final

from steersman.algos.base import AlgoContext, Plan, borders, kept, plan_from_shares, plan_rest
from steersman.domain.order import ParentOrder
from steersman.domain.units import SECOND_NS, Price, Qty
from steersman.models.impact_estimate import DAY_S, Conditions, law_bps
from steersman.models.trajectory import AlmgrenChriss

__all__ = ["plan", "replan"]

RISK_TOLERANCE_BPS: Final = 1_000.0
URGENCY_MAX: Final = 0.99
IMPACT_MIN_BPS: Final = 1e-6  # a law that says trading is free still has a trajectory


def plan(
    order: ParentOrder,
    start_ns: int,
    price: Price,
    context: AlgoContext,
    conditions: Conditions,
) -> Plan:
    """Return the trajectory for the conditions at arrival."""
    times_ns = borders(order, start_ns, context.execution)
    left = _left(order, times_ns, len(times_ns) - 1, conditions)
    return plan_from_shares(order, times_ns, [1 - x for x in left], context, price)


def replan(
    order: ParentOrder,
    before: Plan,
    scheduled: Qty,
    at_ns: int,
    price: Price,
    context: AlgoContext,
    conditions: Conditions,
) -> Plan:
    """Return the plan with all slices after the current one planned anew."""
    here = kept(order, before, scheduled, at_ns)
    if here is None:
        return before
    k, done = here
    left = _left(order, before.times_ns, len(before.done) - 1 - k, conditions)
    share = float((order.qty - done) / order.qty)
    return plan_rest(order, before, k, done, [1 - share * x for x in left], context, price)


def _left(
    order: ParentOrder, times_ns: tuple[int, ...], intervals: int, conditions: Conditions
) -> tuple[float, ...]:
    """Return which share of what is held now is held after each of the last `intervals` slices."""
    horizon_s = (times_ns[-1] - times_ns[0]) / SECOND_NS
    sigma_bps = conditions.sigma_day_bps / math.sqrt(DAY_S)
    impact_bps = max(law_bps(float(order.qty), conditions), IMPACT_MIN_BPS)
    model = AlmgrenChriss(
        sigma=sigma_bps, eta=impact_bps * horizon_s, tau=horizon_s / (len(times_ns) - 1)
    )
    aversion = _risk_aversion(order, sigma_bps * math.sqrt(horizon_s), horizon_s)
    return model.trajectory(1.0, intervals, aversion).x[1:]


def _risk_aversion(order: ParentOrder, risk_bps: float, horizon_s: float) -> float:
    urgency = min(float(order.urgency), URGENCY_MAX)
    aversion = urgency / (1 - urgency) / RISK_TOLERANCE_BPS
    if order.alpha_bps is not None and order.alpha_bps > 0:
        half_life_s = float(order.alpha_half_life_s or horizon_s)
        within_bps = float(order.alpha_bps) * (1 - 0.5 ** (horizon_s / half_life_s))
        aversion *= 1 + within_bps / risk_bps
    return aversion
