"""What own orders say about the cost of trading: one row an order, from the messages of a run.

Cost is against the mid at arrival; volatility and the others' volume are those of the order's own
time, which is known once it is over. Orders without a fill, or whose market never told volatility
or volume, say nothing and are left out.

What an order moved for good is in the price half an hour after it, if the journal goes on so long
and no other order of ours traded the same from its arrival until then: it would be in that price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from steersman.domain.instrument import Category
from steersman.domain.market import MarketView
from steersman.domain.messages import Effect, Input, Submit, Viewed
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.tca.facts import Facts, gather
from steersman.tca.valuation import Touch, Valuation

__all__ = ["LATER_NS", "Later", "OwnOrder", "own_orders", "paid_bps"]

DAY_NS: Final = 86_400 * SECOND_NS
HOURS_ROOT: Final = 24**0.5
LATER_NS: Final = 30 * MINUTE_NS


@dataclass(frozen=True, slots=True)
class Later:
    """The mid's move from an order's arrival to well after its end, and how long that is.

    A move against the order is positive.
    """

    move_bps: float
    days: float


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """One order of ours, as calibration needs it; positive is a cost.

    `spread_bps` is the part of the half spread it paid (negative where it earned it), `of_day` the
    filled quantity in days of the others' volume, `days` how long it took. `arrival_mid` and
    `volume_before`, what others had traded by then, tell its market from another. `later` is None
    where no price is known half an hour after it that it alone had moved.
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
    arrival_mid: Decimal
    volume_before: Decimal
    later: Later | None = None

    @property
    def arrival(self) -> tuple[int, Decimal, Decimal]:
        """The moment of a market at which it arrived: equal for two orders only if both met it."""
        return self.start_ns, self.arrival_mid, self.volume_before


def own_orders(messages: Sequence[Input | Effect]) -> list[OwnOrder]:
    """Return every order in the messages of one run that was filled and can be measured."""
    ids = dict.fromkeys(m.parent.id for m in messages if isinstance(m, Submit))
    views = [m.view for m in messages if isinstance(m, Viewed) and m.view.usable]
    facts = [gather(messages, parent_id) for parent_id in ids]
    found = []
    for one in facts:
        own = [view for view in views if view.instrument == one.instrument.id]
        order = _measured(one, own)
        if order is not None:
            found.append(replace(order, later=_later(one, facts, own)))
    return found


def _later(one: Facts, others: Sequence[Facts], views: Sequence[MarketView]) -> Later | None:
    """Return where the price was half an hour after an order, None where that is not its doing."""
    assert one.arrival is not None and one.arrival_ns is not None, "it was measured"
    from_ns, end_ns = one.arrival_ns, one.fills[-1].at_ns
    view = next((view for view in views if view.at_ns >= end_ns + LATER_NS), None)
    if view is None or view.mid is None:
        return None
    for other in others:
        if other is not one and other.instrument.id == one.instrument.id:
            if any(from_ns <= fill.at_ns <= view.at_ns for fill in other.fills):
                return None
    move = Valuation(one.instrument, one.order.side).slippage_bps(view.mid, one.arrival.mid)
    return Later(move, (view.at_ns - from_ns) / DAY_NS)


def _measured(facts: Facts, views: Sequence[MarketView]) -> OwnOrder | None:
    if not facts.fills or facts.arrival is None or facts.arrival_ns is None:
        return None
    start_ns, end_ns = facts.arrival_ns, facts.fills[-1].at_ns
    during = [view for view in views if start_ns <= view.at_ns <= end_ns]
    if end_ns <= start_ns or len(during) < 2:
        return None
    before = [view.market_volume for view in views if view.at_ns <= start_ns]
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
        arrival_mid=mid,
        volume_before=before[-1] if before else Decimal(0),
    )


def paid_bps(facts: Facts, arrival: Touch) -> float:
    """Return what an order's fills (at least one) cost against the mid at arrival, without fees."""
    valued = Valuation(facts.instrument, facts.order.side)
    mid = arrival.mid
    paid = sum((valued.cost(fill.qty, fill.price, mid) for fill in facts.fills), Decimal(0))
    filled = sum((fill.qty for fill in facts.fills), Decimal(0))
    return float(paid / facts.instrument.notional(mid, filled)) * 1e4
