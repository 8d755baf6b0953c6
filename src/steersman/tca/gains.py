"""What a decision saved: the rest of its order with it, and the rest without it, future by future.

The cost of a rest is the whole of it, in bps of the order's notional at arrival, positive = cost:
fills at their prices, fees, funding, and what was not filled at the close (the mid at the deadline)
as a study counts it. Both rests go on in the same futures, so a gain is a mean of differences, with
Student's interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from steersman.domain.instrument import Instrument
from steersman.domain.messages import Effect, Filled, FundingPaid, Input, Reported
from steersman.domain.order import ParentOrder
from steersman.domain.units import BPS, Money, Price, Qty
from steersman.domain.valued import DecisionValued, Gain, Over, Worth
from steersman.tca.intervals import Estimate, mean_of
from steersman.tca.valuation import Valuation

__all__ = ["cost_bps", "idle", "valued"]


def cost_bps(
    order: ParentOrder,
    instrument: Instrument,
    messages: Iterable[Input | Effect],
    *,
    arrival: Price,
    unfilled: Qty,
    close: Price,
) -> float:
    """Return what an order paid among `messages`, all of them its own, and for what is `unfilled`.

    No fill is told twice: so it is in a simulated market.
    """
    valuation = Valuation(instrument, order.side)
    paid = Money(valuation.cost(unfilled, close, arrival)) if unfilled else Decimal(0)
    for message in messages:
        match message:
            case Reported() if isinstance(message.report, Filled):
                fill = message.report
                paid += valuation.cost(fill.qty, fill.price, arrival) + fill.fee
            case FundingPaid():
                paid += message.amount
            case _:
                pass
    return float(paid / instrument.notional(arrival, order.qty) * BPS)


def idle(at_ns: int, parent_id: str, ask_id: str) -> DecisionValued:
    """Return the value of a decision that steers nothing otherwise."""
    return DecisionValued(at_ns, parent_id, ask_id, Worth.IDLE, 0, Gain(0.0))


def valued(
    at_ns: int,
    parent_id: str,
    ask_id: str,
    effects: Sequence[str],
    costs: Sequence[Sequence[float]],
) -> DecisionValued:
    """Return the value of a decision by its costs in bps, shape (futures, 2 + other actions).

    The first column is with the decision, the second without it, the others those of `effects`.
    One future is a recording's: its gain is seen in hindsight.
    """
    gain = _gain(costs, 1, 1)
    others = tuple(
        Over(effect, _gain(costs, column, len(effects))) for column, effect in enumerate(effects, 2)
    )
    return DecisionValued(at_ns, parent_id, ask_id, _worth(gain), len(costs), gain, others)


def _gain(costs: Sequence[Sequence[float]], column: int, looks: int) -> Gain:
    found: Estimate | None = mean_of([row[column] - row[0] for row in costs], looks)
    assert found is not None, "there is a future"
    return Gain(found.value, found.low, found.high)


def _worth(gain: Gain) -> Worth:
    if gain.low_bps is None or gain.high_bps is None:
        return Worth.HINDSIGHT
    if gain.low_bps > 0:
        return Worth.RIGHT
    return Worth.WRONG if gain.high_bps < 0 else Worth.UNDECIDED
