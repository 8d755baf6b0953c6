"""VWAP: in proportion to the volume curve."""

from __future__ import annotations

from decimal import Decimal

from steersman.algos import vwap
from steersman.domain.limits import ExecutionConfig
from steersman.domain.units import HOUR_NS, Price, Qty
from tests.algos.stage import MID, SHARES, T0, context, order

PRICE = Price(MID)


def test_volume_weights() -> None:
    # The second half hour trades three times as much as the first.
    start = (T0 // (24 * HOUR_NS)) * 24 * HOUR_NS
    parent = order(qty=Qty(Decimal(4_000)), start_ns=start, deadline_ns=start + HOUR_NS)
    curve = (0.5, 1.5, *(1.0,) * 46)
    plan = vwap.plan(
        parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800), curve=curve)
    )
    assert plan.done == (Decimal(1_000), Decimal(4_000))
    flat = vwap.plan(parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800)))
    assert flat.done == (Decimal(2_000), Decimal(4_000))
    closed = (0.0,) * 48
    assert vwap.plan(
        parent, start, PRICE, context(SHARES, ExecutionConfig(slice_s=1800), curve=closed)
    ).done == (Decimal(2_000), Decimal(4_000))
