"""The market view: a mid and a spread where there are two sides, and prices to act on or not."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.market import MarketView, Signals
from steersman.domain.units import Price
from tests.engine.desk import T0, view

prices = st.decimals("0.0001", 10**6, places=4).map(Price)


@dataclass(frozen=True)
class Touch:
    bid: str | None
    ask: str | None

    def seen(self, invalid: str = "") -> MarketView:
        bid = None if self.bid is None else Price(Decimal(self.bid))
        ask = None if self.ask is None else Price(Decimal(self.ask))
        return view(T0, best_bid=bid, best_ask=ask, invalid=invalid)


def test_mid_and_spread_are_those_of_the_touch() -> None:
    seen = Touch("99.5", "100.5").seen()
    assert seen.mid == 100
    assert seen.spread_bps == pytest.approx(100.0, abs=1e-9)
    assert seen.usable


@pytest.mark.parametrize("touch", [Touch(None, "100"), Touch("100", None), Touch(None, None)])
def test_a_missing_side_leaves_no_mid_no_spread_and_nothing_to_act_on(touch: Touch) -> None:
    seen = touch.seen()
    assert seen.mid is None
    assert seen.spread_bps is None
    assert not seen.usable


@pytest.mark.parametrize(
    "touch",
    [Touch("100.1", "100"), Touch("100", "100"), Touch("0", "100"), Touch("-1", "100")],
    ids=["crossed", "locked", "zero", "negative"],
)
def test_prices_that_cannot_be_are_not_acted_on(touch: Touch) -> None:
    assert not touch.seen().usable


def test_an_invalid_book_is_not_acted_on_however_good_it_looks() -> None:
    assert Touch("99", "100").seen().usable
    assert not Touch("99", "100").seen(invalid="gap").usable


@given(prices, prices)
def test_the_mid_lies_between_and_the_spread_is_never_negative(one: Price, two: Price) -> None:
    seen = view(T0, best_bid=min(one, two), best_ask=max(one, two))
    mid, spread_bps = seen.mid, seen.spread_bps
    assert mid is not None and spread_bps is not None
    assert min(one, two) <= mid <= max(one, two)
    assert mid * 2 == one + two
    assert 0 <= spread_bps <= 20_000
    assert seen.usable is (one != two)


def test_a_view_is_valid_and_nothing_in_it_unusual_unless_it_says_otherwise() -> None:
    seen = view(T0)
    assert (seen.volatility_ratio, seen.depth_share, seen.volume_ratio) == (1, 1, 1)
    assert seen.invalid == ""
    with pytest.raises(AttributeError):
        seen.best_bid = None  # type: ignore[misc]


def test_signals_know_nothing_unless_told() -> None:
    signals = Signals("sim:BTCUSDT.linear", T0)
    told = [getattr(signals, name) for name in signals.__struct_fields__]
    assert told == ["sim:BTCUSDT.linear", T0, *[None] * (len(told) - 2)]
