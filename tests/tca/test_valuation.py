"""Prices as costs: signs, inverse contracts, averages."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.instrument import Category
from steersman.domain.units import Price, Side
from steersman.tca.valuation import Touch, Valuation
from tests.tca.story import instrument

prices = st.decimals("0.01", 10**6, places=2)
qtys = st.decimals("0.1", 10**6, places=1)
BUY, SELL = Valuation(instrument(), Side.BUY), Valuation(instrument(), Side.SELL)
LONG = Valuation(instrument(Category.INVERSE), Side.BUY)
SHORT = Valuation(instrument(Category.INVERSE), Side.SELL)


@pytest.mark.parametrize("valuation", [BUY, LONG])
def test_buying_dearer_costs_and_selling_cheaper_costs(valuation: Valuation) -> None:
    seller = Valuation(valuation.instrument, Side.SELL)
    assert valuation.cost(D(3), D(101), D(100)) > 0
    assert seller.cost(D(3), D(101), D(100)) == -valuation.cost(D(3), D(101), D(100))


def test_linear_cost_is_in_quote() -> None:
    assert BUY.cost(D(10), D("100.5"), D(100)) == 5
    assert SELL.slippage_bps(D("99.9"), D(100)) == pytest.approx(10)


def test_inverse_cost_is_in_base() -> None:
    """100,000 contracts of 1 USD at 50,000 are 2 BTC; at 40,000 they are 2.5."""
    assert LONG.cost(D(100_000), D(50_000), D(40_000)) == D("0.5")
    assert SHORT.cost(D(100_000), D(40_000), D(50_000)) == D("0.5")
    assert LONG.slippage_bps(D(50_000), D(40_000)) == pytest.approx(2_000)


@given(qtys, prices, prices, prices)
def test_costs_add_up_along_a_chain(qty: D, first: D, second: D, third: D) -> None:
    for valuation in (BUY, SELL, LONG, SHORT):
        parts = valuation.cost(qty, third, second) + valuation.cost(qty, second, first)
        assert float(parts) == pytest.approx(float(valuation.cost(qty, third, first)), abs=1e-9)


@given(st.lists(st.tuples(qtys, prices), min_size=1, max_size=6))
def test_the_average_has_the_notional_of_all(trades: list[tuple[D, D]]) -> None:
    for valuation in (BUY, LONG):
        average = valuation.average(trades)
        assert average is not None
        notional = valuation.instrument.notional
        whole = notional(average, sum((qty for qty, _ in trades), D(0)))
        assert float(whole) == pytest.approx(
            float(sum(notional(price, qty) for qty, price in trades))
        )


def test_nothing_has_no_average() -> None:
    assert BUY.average([]) is None


def test_a_maker_rests_on_its_own_side() -> None:
    touch = Touch(Price(D(99)), Price(D(101)))
    assert touch.mid == 100
    assert [touch.side(Side.BUY, maker=maker) for maker in (True, False)] == [99, 101]
    assert [touch.side(Side.SELL, maker=maker) for maker in (True, False)] == [101, 99]
