from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import SPECS, find
from steersman.domain.units import Side
from steersman.errors import UsageError

PERP = find("BTCUSDT", category=Category.LINEAR, venue="binance")
INVERSE = find("BTCUSD")
INT32 = st.integers(0, 2**31 - 1)


@given(st.sampled_from(SPECS), INT32)
def test_prices_and_quantities_go_round(spec: Instrument, steps: int) -> None:
    assert spec.ticks(spec.price(steps)) == steps
    assert spec.lots(spec.qty(steps)) == steps
    # However many zeros a venue writes behind it.
    assert spec.ticks(Decimal(f"{spec.price(steps):.10f}")) == steps


@given(st.sampled_from(SPECS), INT32, st.integers(1, 999))
def test_what_is_between_two_steps_is_refused(spec: Instrument, steps: int, part: int) -> None:
    off = Decimal(part) / 1000
    with pytest.raises(UsageError, match="is not a multiple of the tick"):
        spec.ticks(spec.price(steps) + off * spec.tick)
    with pytest.raises(UsageError, match="is not a multiple of the lot"):
        spec.lots(spec.qty(steps) + off * spec.lot)


def test_a_refusal_names_the_neighbours() -> None:
    with pytest.raises(UsageError) as caught:
        PERP.lots(Decimal("1.0005"))
    assert str(caught.value) == (
        "BTCUSDT quantity 1.0005 is not a multiple of the lot 0.001; use 1 or 1.001"
    )


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_not_a_number_is_refused(value: str) -> None:
    for convert in (PERP.ticks, PERP.lots):
        with pytest.raises(UsageError, match="is not a number"):
            convert(Decimal(value))


@given(st.sampled_from(SPECS), st.decimals(0, 10**6, places=9))
def test_rounding_is_to_the_lot_and_says_which_way(spec: Instrument, qty: Decimal) -> None:
    low, near, high = spec.floor_qty(qty), spec.nearest_qty(qty), spec.ceil_qty(qty)
    for rounded in (low, near, high):
        spec.lots(rounded)
    assert low <= qty <= high
    assert high - low in (0, spec.lot)
    assert abs(near - qty) <= spec.lot / 2
    assert near in (low, high)


@given(st.sampled_from(SPECS), st.decimals(1, 10**5, places=7))
def test_passive_prices_are_never_beyond(spec: Instrument, price: Decimal) -> None:
    buy, sell = spec.passive_price(price, Side.BUY), spec.passive_price(price, Side.SELL)
    assert buy <= price <= sell
    assert spec.ticks(sell) - spec.ticks(buy) in (0, 1)


def test_linear_money() -> None:
    price, qty = Decimal("61800.2"), Decimal("0.5")
    assert PERP.notional(price, qty) == PERP.quote_value(price, qty) == Decimal("30900.1")
    assert PERP.fee(price, qty, maker=False) == Decimal("30900.1") * 5 / 10_000
    assert PERP.fee(price, qty, maker=True) == Decimal("30900.1") * 2 / 10_000


def test_inverse_money_is_in_coin() -> None:
    price, contracts = Decimal(50_000), Decimal(1_000)
    assert INVERSE.notional(price, contracts) == Decimal("0.02")
    assert INVERSE.quote_value(price, contracts) == Decimal(1_000)
    assert INVERSE.fee(price, contracts, maker=False) == Decimal("0.02") * Decimal("5.5") / 10_000
    hundred = msgspec.structs.replace(INVERSE, multiplier=Decimal(100))
    assert hundred.notional(price, contracts) == 2
    assert hundred.quote_value(price, contracts) == 100_000


def test_rebates_are_negative_fees() -> None:
    apple = find("AAPL")
    assert apple.fee(Decimal(200), Decimal(100), maker=True) < 0


@given(st.sampled_from(SPECS), st.integers(1, 10**7))
def test_the_smallest_order_is_the_smallest(spec: Instrument, ticks: int) -> None:
    price = spec.price(ticks)
    least = spec.tradable_min(price)
    spec.lots(least)
    assert least >= spec.min_qty
    assert spec.quote_value(price, least) >= spec.min_notional
    less = least - spec.lot
    assert less < spec.min_qty or spec.quote_value(price, less) < spec.min_notional


@pytest.mark.parametrize(
    "changes",
    [
        {"tick": Decimal(0)},
        {"lot": Decimal(-1)},
        {"min_qty": Decimal("NaN")},
        {"multiplier": Decimal("Infinity")},
        {"min_notional": Decimal(-1)},
        {"min_notional": Decimal("NaN")},
        {"maker_fee_bps": Decimal("NaN")},
        {"taker_fee_bps": Decimal("Infinity")},
    ],
)
def test_rules_that_are_not_rules_are_refused(changes: dict[str, Any]) -> None:
    values = {name: getattr(PERP, name) for name in PERP.__struct_fields__}
    with pytest.raises(ValueError, match=rf"BTCUSDT: {next(iter(changes))}"):
        Instrument(**{**values, **changes})


def test_instruments_go_to_json_and_back() -> None:
    for spec in SPECS:
        assert msgspec.json.decode(msgspec.json.encode(spec), type=Instrument) == spec
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"symbol": "X", "surprise": 1}', type=Instrument)


def test_the_id_names_venue_symbol_and_category() -> None:
    assert PERP.id == "binance:BTCUSDT.linear"
    assert INVERSE.id == "sim:BTCUSD.inverse"
