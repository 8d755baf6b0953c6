"""What own orders say about the cost of trading: one row an order, from the messages of a run.

Cost is against the mid at arrival; volatility and the others' volume are those of the order's own
time, which is known once it is over. Orders without a fill, or whose market never told volatility
or volume, say nothing and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from steersman.domain.instrument import Category
from steersman.domain.market import MarketView
from steersman.domain.messages import Effect, Input, Submit, Viewed
from steersman.domain.units import SECOND_NS
from steersman.tca.facts import Facts, gather
from steersman.tca.valuation import Touch, Valuation

__all__ = ["OwnOrder", "own_orders", "paid_bps"]

DAY_NS: Final = 86_400 * SECOND_NS
HOURS_ROOT: Final = 24**0.5


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """One order of ours, as calibration needs it; positive is a cost.

    `spread_bps` is the part of the half spread it paid (negative where it earned it), `of_day` the
    filled quantity in days of the others' volume, `days` how long it took.
    """

    instrument: str
    symbol: str
    category: Category
    start_ns: int
    end_ns: int
    cost_bps: float
    spread_bps: float
    sigma_day_bps: float
    of_day: float
    days: float


def own_orders(messages: Sequence[Input | Effect]) -> list[OwnOrder]:
    """Return every order in the messages of one run that was filled and can be measured."""
    ids = {m.parent.id: m.parent.instrument for m in messages if isinstance(m, Submit)}
    views = [m.view for m in messages if isinstance(m, Viewed) and m.view.usable]
    found = []
    for parent_id, instrument in ids.items():
        own = [view for view in views if view.instrument == instrument]
        order = _measured(gather(messages, parent_id), own)
        if order is not None:
            found.append(order)
    return found


def _measured(facts: Facts, views: Sequence[MarketView]) -> OwnOrder | None:
    if not facts.fills or facts.arrival is None or facts.arrival_ns is None:
        return None
    start_ns, end_ns = facts.arrival_ns, facts.fills[-1].at_ns
    during = [view for view in views if start_ns <= view.at_ns <= end_ns]
    if end_ns <= start_ns or len(during) < 2:
        return None
    last, days = during[-1], (end_ns - start_ns) / DAY_NS
    watched = (last.at_ns - during[0].at_ns) / DAY_NS
    volume = float(last.market_volume - during[0].market_volume)
    if watched <= 0 or volume <= 0 or last.volatility_hour_pct <= 0:
        return None
    filled = sum((fill.qty for fill in facts.fills), Decimal(0))
    mid = facts.arrival.mid
    taken = sum((fill.qty * (-1 if fill.maker else 1) for fill in facts.fills), Decimal(0))
    half = float((facts.arrival.ask - facts.arrival.bid) / (2 * mid)) * 1e4
    return OwnOrder(
        instrument=facts.instrument.id,
        symbol=facts.instrument.symbol,
        category=facts.instrument.category,
        start_ns=start_ns,
        end_ns=end_ns,
        cost_bps=paid_bps(facts, facts.arrival),
        spread_bps=half * float(taken / filled),
        sigma_day_bps=last.volatility_hour_pct * 100 * HOURS_ROOT,
        of_day=float(filled) / (volume / watched),
        days=days,
    )


def paid_bps(facts: Facts, arrival: Touch) -> float:
    """Return what an order's fills (at least one) cost against the mid at arrival, without fees."""
    valued = Valuation(facts.instrument, facts.order.side)
    mid = arrival.mid
    paid = sum((valued.cost(fill.qty, fill.price, mid) for fill in facts.fills), Decimal(0))
    filled = sum((fill.qty for fill in facts.fills), Decimal(0))
    return float(paid / facts.instrument.notional(mid, filled)) * 1e4
