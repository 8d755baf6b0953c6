"""Regimes: into what is urgent at once, out of it only when it has been over for a while."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from steersman.domain.market import Regime
from steersman.models.regime import Features, Held, intensities, next_regime
from steersman.models.validity import ModelError

CALM = Features(1.0, 0.3, 1.0, 1.0, 0.1)
START = Held(Regime.CALM, 0)
S = 1_000_000_000


@pytest.mark.parametrize(
    ("changes", "regime"),
    [
        ({}, Regime.CALM),
        ({"volatility_ratio": 2.0}, Regime.VOLATILE),
        ({"volatility_ratio": 1.99}, Regime.CALM),
        ({"move_sds": 2.0}, Regime.TREND_UP),
        ({"move_sds": -2.0}, Regime.TREND_DOWN),
        ({"depth_share": 0.5}, Regime.THIN),
        ({"depth_share": 0.0}, Regime.THIN),
        ({"news_age_s": 60.0}, Regime.NEWS),
        ({"news_age_s": 61.0}, Regime.CALM),
        ({"move_sds": -4.0, "volume_ratio": 4.0, "flow_imbalance": -0.6}, Regime.CASCADE),
        ({"move_sds": -4.0, "volume_ratio": 4.0, "flow_imbalance": 0.6}, Regime.TREND_DOWN),
        ({"move_sds": -4.0, "volume_ratio": 2.0, "flow_imbalance": -0.6}, Regime.TREND_DOWN),
        ({"move_sds": 3.0, "volatility_ratio": 3.0, "depth_share": 0.1}, Regime.THIN),
    ],
)
def test_each_begins_at_its_threshold(changes: dict[str, float], regime: Regime) -> None:
    assert next_regime(START, replace(CALM, **changes), 5) == Held(regime, 5)


def test_what_is_more_urgent_takes_over_at_once_and_the_rest_waits() -> None:
    volatile = next_regime(START, replace(CALM, volatility_ratio=2.5), 0)
    assert next_regime(volatile, replace(CALM, depth_share=0.2), 1).regime is Regime.THIN
    trend = replace(CALM, move_sds=5.0, volatility_ratio=1.3)
    assert next_regime(volatile, trend, 1).regime is Regime.VOLATILE


def test_it_is_left_after_half_a_minute_below() -> None:
    held = next_regime(START, replace(CALM, volatility_ratio=2.0), 0)
    hovering = replace(CALM, volatility_ratio=1.2)
    held = next_regime(held, hovering, 60 * S)
    assert held == Held(Regime.VOLATILE, 60 * S)
    held = next_regime(held, CALM, 80 * S)
    assert held == Held(Regime.VOLATILE, 60 * S)
    assert next_regime(held, hovering, 95 * S).confirmed_ns == 95 * S
    assert next_regime(held, CALM, 89 * S).regime is Regime.VOLATILE
    assert next_regime(held, CALM, 90 * S).regime is Regime.CALM
    assert next_regime(held, replace(CALM, move_sds=2.5), 90 * S).regime is Regime.TREND_UP


def test_hovering_at_a_threshold_does_not_flicker() -> None:
    held, changes = START, 0
    for second in range(600):
        seen = replace(CALM, volatility_ratio=2.0 + 0.1 * (-1) ** second)
        later = next_regime(held, seen, second * S)
        changes += later.regime is not held.regime
        held = later
    assert changes == 1


def test_intensities_are_never_negative_and_features_are_checked() -> None:
    assert min(intensities(replace(CALM, move_sds=-1.0)).values()) >= 0
    for name, bad in (("volatility_ratio", -1.0), ("move_sds", math.nan), ("news_age_s", -1.0)):
        with pytest.raises(ModelError, match=name):
            replace(CALM, **{name: bad})
