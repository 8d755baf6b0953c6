"""Regimes: into what is urgent at once, out of it only when it has been over for a while."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from steersman.domain.market import Regime
from steersman.models.regime import (
    LEAVE_NS,
    SAMPLE_NS,
    Features,
    Held,
    due_ns,
    features_of,
    intensities,
    next_regime,
    takes_over,
    why,
)
from steersman.models.regime import START as NOTHING_SEEN
from steersman.models.validity import ModelError
from tests.engine.desk import T0, view

CALM = Features(1.0, 0.3, 1.0, 1.0, 0.1)
START = Held(Regime.CALM, 0)
S = 1_000_000_000
FALLING = {"move_sds": -2.5, "volume_ratio": 2.0, "flow_imbalance": -0.3}


@pytest.mark.parametrize(
    ("changes", "regime"),
    [
        ({}, Regime.CALM),
        ({"volatility_ratio": 1.5}, Regime.VOLATILE),
        ({"volatility_ratio": 1.49}, Regime.CALM),
        ({"move_sds": 3.0}, Regime.TREND_UP),
        ({"move_sds": -3.0}, Regime.TREND_DOWN),
        ({"depth_share": 0.45}, Regime.THIN),
        ({"depth_share": 0.0}, Regime.THIN),
        ({"news_age_s": 60.0}, Regime.NEWS),
        ({"news_age_s": 61.0}, Regime.CALM),
        (FALLING, Regime.CASCADE),
        (FALLING | {"move_sds": -3.0, "flow_imbalance": 0.6}, Regime.TREND_DOWN),
        (FALLING | {"move_sds": -3.0, "volume_ratio": 1.9}, Regime.TREND_DOWN),
        ({"move_sds": 3.0, "volatility_ratio": 3.0, "depth_share": 0.1}, Regime.THIN),
    ],
)
def test_each_begins_at_its_threshold(changes: dict[str, float], regime: Regime) -> None:
    assert next_regime(START, replace(CALM, **changes), 5) == Held(regime, 5, 5)


def test_what_is_more_urgent_takes_over_at_once_and_the_rest_waits() -> None:
    volatile = next_regime(START, replace(CALM, volatility_ratio=2.5), 0)
    assert next_regime(volatile, replace(CALM, depth_share=0.2), 1).regime is Regime.THIN
    trend = replace(CALM, move_sds=5.0, volatility_ratio=1.3)
    assert next_regime(volatile, trend, 1).regime is Regime.VOLATILE


@pytest.mark.parametrize("sign", [1, -1])
def test_a_trend_that_turns_is_the_other_trend_at_once(sign: int) -> None:
    held = next_regime(START, replace(CALM, move_sds=3.5 * sign), 0)
    turned = next_regime(held, replace(CALM, move_sds=-3.5 * sign), 5 * S)
    assert {held.regime, turned.regime} == {Regime.TREND_UP, Regime.TREND_DOWN}
    assert next_regime(held, replace(CALM, move_sds=-2.9 * sign), 5 * S).regime is held.regime


def test_it_is_left_after_a_minute_below() -> None:
    held = next_regime(START, replace(CALM, volatility_ratio=1.5), 0)
    hovering = replace(CALM, volatility_ratio=1.2)
    held = next_regime(held, hovering, 90 * S)
    assert held == Held(Regime.VOLATILE, 90 * S, 90 * S)
    held = next_regime(held, CALM, 110 * S)
    assert held == Held(Regime.VOLATILE, 90 * S, 110 * S)
    assert next_regime(held, hovering, 155 * S).confirmed_ns == 155 * S
    assert next_regime(held, CALM, 149 * S).regime is Regime.VOLATILE
    assert next_regime(held, CALM, 150 * S).regime is Regime.CALM
    assert next_regime(held, replace(CALM, move_sds=3.5), 150 * S).regime is Regime.TREND_UP


def test_hovering_at_a_threshold_does_not_flicker() -> None:
    held, changes = START, 0
    for second in range(0, 3_600, 5):
        seen = replace(CALM, volatility_ratio=1.5 + 0.1 * (-1) ** second)
        later = next_regime(held, seen, second * S)
        changes += later.regime is not held.regime
        held = later
    assert changes == 1


@given(st.lists(st.sampled_from([0.9, 1.1, 1.2, 1.4, 1.6]), min_size=2, max_size=400))
def test_no_regime_lasts_less_than_it_takes_to_leave(ratios: list[float]) -> None:
    """Whatever the volatility does, it is in force for a minute at least each time."""
    held, begun_ns = START, 0
    for k, ratio in enumerate(ratios):
        at_ns = k * SAMPLE_NS
        later = next_regime(held, replace(CALM, volatility_ratio=ratio), at_ns)
        if later.regime is not held.regime:
            assert held.regime is Regime.CALM or at_ns - begun_ns >= LEAVE_NS
            begun_ns = at_ns
        held = later
        assert held.regime is Regime.VOLATILE or ratio < 1.5  # and it is never entered late


def test_the_order_of_urgency() -> None:
    order = [Regime.CASCADE, Regime.NEWS, Regime.THIN, Regime.VOLATILE, Regime.TREND_UP]
    for first, later in zip(order, [*order[1:], Regime.CALM], strict=True):
        assert takes_over(first, later) and not takes_over(later, first)
    assert not any(takes_over(regime, regime) for regime in Regime)


def test_intensities_are_never_negative_and_features_are_checked() -> None:
    assert min(intensities(replace(CALM, move_sds=-1.0))) >= 0
    for name, bad in (
        ("volatility_ratio", -1.0),
        ("move_sds", math.nan),
        ("news_age_s", -1.0),
        ("depth_share", math.inf),
        ("volume_ratio", math.nan),
        ("flow_imbalance", -math.inf),
    ):
        with pytest.raises(ModelError, match=name):
            replace(CALM, **{name: bad})


def test_features_are_what_a_view_says_in_terms_of_what_is_usual() -> None:
    seen = view(
        T0,
        trend_bps=-12.0,
        flow_imbalance=-0.4,
        usual_volatility_hour_pct=0.6 * math.sqrt(60) / 10,
        volatility_ratio=1.7,
        depth_share=0.8,
        volume_ratio=3.0,
    )
    found = features_of(seen, 12.0)
    assert found.move_sds == pytest.approx(-2.0)  # a minute's deviation is 6 bps
    assert found == Features(1.7, found.move_sds, 0.8, 3.0, -0.4, 12.0)


def test_where_the_price_hardly_moves_a_tick_is_no_trend() -> None:
    still = view(T0, trend_bps=1.0, usual_volatility_hour_pct=0.0)
    assert features_of(still, None).move_sds == 2.0


def test_looks_are_five_seconds_apart_and_none_comes_before_a_minute() -> None:
    old, young = view(T0, observed_ns=900 * S), view(T0, observed_ns=20 * S)
    assert due_ns(Held(Regime.CALM, 0, T0 - S), old) == T0 + 4 * S
    assert due_ns(NOTHING_SEEN, old) <= T0
    assert due_ns(NOTHING_SEEN, young) == T0 + 40 * S


@pytest.mark.parametrize(
    ("regime", "words"),
    [
        (Regime.CALM, "nothing unusual"),
        (Regime.VOLATILE, "volatility 2.4 times the usual"),
        (Regime.THIN, "depth 0.31 of the usual"),
        (Regime.TREND_UP, "a move of +3.2 usual deviations in a minute"),
        (Regime.TREND_DOWN, "a move of +3.2 usual deviations"),
        (Regime.CASCADE, "5.0 times the usual volume, takers' net share +0.70"),
        (Regime.NEWS, "severe news, read 7 s ago"),
    ],
)
def test_each_says_why(regime: Regime, words: str) -> None:
    assert words in why(regime, Features(2.4, 3.2, 0.31, 5.0, 0.7, 7.2))
