"""Implementation shortfall: the Almgren-Chriss trajectory between impact and timing risk (F4).

Everything is in shares of the order and bps of price, so that no unit of the instrument enters:

* sigma: the view's volatility, bps per square root of a second;
* eta: the prior temporary impact of trading the whole order evenly over the horizon, in bps, per
  rate (shares per second);
* lambda = urgency / (1 - urgency) / 1000 bps: urgency 0 is the straight line, 0.5 accepts one bp
  more expected cost for 1000 bps^2 less variance. Urgency 1 stands for 0.99.

An expected move against the order (`alpha_bps`, decaying with its half-life) makes waiting dearer:
it adds to lambda in proportion to the part of alpha that falls within the horizon, relative to the
standard deviation of the price over it.
"""

from __future__ import annotations

import math
from typing import Final

from steersman.algos.base import AlgoContext, Plan, borders, plan_from_shares
from steersman.domain.market import MarketView
from steersman.domain.order import ParentOrder
from steersman.domain.units import SECOND_NS, Price
from steersman.models.impact import temporary_bps
from steersman.models.trajectory import AlmgrenChriss

__all__ = ["plan"]

RISK_TOLERANCE_BPS: Final = 1_000.0
URGENCY_MAX: Final = 0.99
VOLATILITY_MIN_BPS: Final = 0.01  # bps per square-root second: a market that never moved yet
PARTICIPATION_MIN: Final = 1e-4


def plan(order: ParentOrder, view: MarketView, price: Price, context: AlgoContext) -> Plan:
    """Return the trajectory for the volatility and volume seen at arrival."""
    times_ns = borders(order, view.at_ns, context.execution)
    count = len(times_ns) - 1
    horizon_s = (times_ns[-1] - times_ns[0]) / SECOND_NS
    sigma_bps = max(view.volatility_hour_pct * 100 / math.sqrt(3600), VOLATILITY_MIN_BPS)
    others = max(view.volume_rate_per_s * horizon_s, 1e-12)
    participation = min(1.0, max(float(order.qty) / others, PARTICIPATION_MIN))
    impact_bps = max(temporary_bps(participation, sigma_bps * math.sqrt(86_400)), 1e-6)
    model = AlmgrenChriss(sigma=sigma_bps, eta=impact_bps * horizon_s, tau=horizon_s / count)
    aversion = _risk_aversion(order, sigma_bps * math.sqrt(horizon_s), horizon_s)
    held = model.trajectory(1.0, count, aversion).x
    return plan_from_shares(order, times_ns, [1 - x for x in held[1:]], context, price)


def _risk_aversion(order: ParentOrder, risk_bps: float, horizon_s: float) -> float:
    urgency = min(float(order.urgency), URGENCY_MAX)
    aversion = urgency / (1 - urgency) / RISK_TOLERANCE_BPS
    if order.alpha_bps is not None and order.alpha_bps > 0:
        half_life_s = float(order.alpha_half_life_s or horizon_s)
        within_bps = float(order.alpha_bps) * (1 - 0.5 ** (horizon_s / half_life_s))
        aversion *= 1 + within_bps / max(risk_bps, VOLATILITY_MIN_BPS)
    return aversion
