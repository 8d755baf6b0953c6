"""Orders as calibration sees them, from real runs on the generated market."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.domain.units import Side
from steersman.runtime.own_orders import own_orders
from steersman.tca.facts import gather
from steersman.tca.valuation import Valuation
from tests.runtime.runs import run


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_an_order_is_measured_against_its_arrival(side: Side) -> None:
    result = run(side=side)
    (order,) = own_orders(result.messages)
    facts = gather(result.messages, "P1")
    assert facts.arrival is not None and facts.arrival_ns is not None
    valued = Valuation(facts.instrument, side)
    average = valued.average((fill.qty, fill.price) for fill in facts.fills)
    assert average is not None
    expected = valued.slippage_bps(average, facts.arrival.mid)
    assert order.cost_bps == pytest.approx(expected, abs=1e-6)
    made = sum((fill.qty for fill in facts.fills if fill.maker), Decimal(0))
    half = float((facts.arrival.ask / facts.arrival.mid - 1) * 10_000)
    assert order.spread_bps == pytest.approx(half * float(1 - made), abs=1e-9)  # of 2 units
    assert order.symbol == "BTCUSDT"
    assert (order.start_ns, order.end_ns) == (facts.arrival_ns, facts.fills[-1].at_ns)
    assert 100 < order.sigma_day_bps < 2_000
    assert 1e-7 < order.of_day < 1e-3
    assert 200 / 86_400 < order.days < 310 / 86_400


def test_an_order_without_a_fill_says_nothing() -> None:
    assert own_orders(run(limit_price=Decimal(1000)).messages) == []
    assert own_orders([]) == []
