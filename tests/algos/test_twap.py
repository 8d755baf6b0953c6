"""TWAP: the same in every slice, the remainder in the last."""

from __future__ import annotations

from decimal import Decimal

from steersman.algos import twap
from steersman.domain.limits import ExecutionConfig
from steersman.domain.units import HOUR_NS, MINUTE_NS, Price, Qty
from tests.algos.stage import MID, SHARES, T0, context, order

PRICE = Price(MID)


def test_ten_thousand_shares_over_eight_quarters_of_an_hour() -> None:
    parent = order(qty=Qty(Decimal(10_000)), deadline_ns=T0 + 2 * HOUR_NS)
    plan = twap.plan(parent, T0, PRICE, context(SHARES, ExecutionConfig(slice_s=900)))
    assert plan.done == tuple(Decimal(1_250 * k) for k in range(1, 9))
    assert plan.times_ns == tuple(T0 + k * 15 * MINUTE_NS for k in range(9))


def test_the_remainder_is_in_the_last_slice() -> None:
    parent = order(qty=Qty(Decimal(1_001)), deadline_ns=T0 + 90 * 1_000_000_000)
    plan = twap.plan(parent, T0, PRICE, context(SHARES))
    assert plan.done == (Decimal(334), Decimal(667), Decimal(1_001))
