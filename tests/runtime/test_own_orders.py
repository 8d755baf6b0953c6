"""Orders as calibration sees them, from real runs on the generated market."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from steersman.domain.messages import Viewed
from steersman.domain.units import Price, Side
from steersman.runtime.own_orders import LATER_NS, own_orders
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


def after(message: Viewed, at_ns: int, up: int) -> Viewed:
    view = message.view
    assert view.best_bid is not None and view.best_ask is not None
    later = msgspec.structs.replace(
        view, at_ns=at_ns, best_bid=Price(view.best_bid + up), best_ask=Price(view.best_ask + up)
    )
    return Viewed(at_ns, later)


def test_what_lasts_is_seen_half_an_hour_later() -> None:
    result = run(side=Side.SELL)
    (order,) = own_orders(result.messages)
    assert order.later is None, "a run ends with its order"
    last = [m for m in result.messages if isinstance(m, Viewed)][-1]
    early = after(last, order.end_ns + LATER_NS - 1, 10)
    assert own_orders([*result.messages, early])[0].later is None
    late, later = after(last, order.end_ns + LATER_NS, 20), after(last, order.end_ns * 2, 30)
    (told,) = own_orders([*result.messages, early, late, later])
    assert replace(told, later=None) == order
    facts = gather(result.messages, "P1")
    assert told.later is not None and facts.arrival is not None and late.view.mid is not None
    rose = float(late.view.mid / facts.arrival.mid - 1) * 1e4
    assert told.later.move_bps == pytest.approx(-rose), "it sold"
    assert told.later.days == (late.at_ns - order.start_ns) / 86_400e9


def test_what_another_order_moved_is_not_its_doing() -> None:
    one, two = run(), run(parent_id="P2", start="8m")
    both = [*one.messages, *two.messages[1:]]
    last = [m for m in both if isinstance(m, Viewed)][-1]
    first, second = own_orders([*both, after(last, last.at_ns + 2 * LATER_NS, 0)])
    assert first.later is None and second.later is not None
    (alone,) = own_orders([*one.messages, after(last, last.at_ns + 2 * LATER_NS, 0)])
    assert alone.later is not None


def test_an_order_without_a_fill_says_nothing() -> None:
    assert own_orders(run(limit_price=Decimal(1000)).messages) == []
    assert own_orders([]) == []
