"""Volume profiles: recovered from days of known shape, refused where history is too short."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from steersman.models.validity import ModelError, NotIdentifiedError
from steersman.models.volume import BUCKETS
from steersman.models.volume_profile import VolumeProfile, fit_profile

F64 = npt.NDArray[np.float64]
SHAPE = 1 + 0.8 * np.sin(np.arange(BUCKETS) / BUCKETS * 2 * math.pi)


def history(days: int, seed: int, level: float = 0.3, noise: float = 0.2) -> F64:
    draws = np.random.default_rng(seed)
    levels = np.exp(level * draws.normal(size=(days, 1)) - level**2 / 2)
    return 100 * SHAPE * levels * np.exp(noise * draws.normal(size=(days, BUCKETS)))


def fitted(days: int, seed: int = 1) -> VolumeProfile:
    return fit_profile(history(days, seed), [d % 7 for d in range(days)])


def test_the_shape_is_recovered_within_its_errors() -> None:
    found = fitted(60)
    apart = (np.array(found.weights) - SHAPE) / np.array(found.standard_errors)
    assert np.mean(np.abs(apart) < 2.0) > 0.85
    assert np.mean(found.weights) == pytest.approx(1)
    assert found.level_spread == pytest.approx(0.3, abs=0.1)
    assert found.shape_spread == pytest.approx(0.2, abs=0.05)
    assert found.days == 60
    assert found.day_volume == pytest.approx(4800, rel=0.2)


def test_a_busy_day_weighs_no_more_and_a_cut_one_does_not_count() -> None:
    days = history(10, 2)
    plain = fit_profile(days, [0] * 10)
    busy = days.copy()
    busy[3] *= 50
    assert fit_profile(busy, [0] * 10).weights == pytest.approx(plain.weights)
    cut = np.vstack([days, np.full(BUCKETS, 7.0)])
    cut[10, 5] = math.nan
    assert fit_profile(cut, [0] * 11) == plain


def test_one_weekday_is_weighed_against_all_days() -> None:
    days = history(12, 3, noise=0.0)
    sunday = days[0] * np.linspace(0.5, 1.5, BUCKETS)
    found = fit_profile(np.vstack([days, sunday]), [0] * 12 + [6], 6)
    every = fit_profile(np.vstack([days, sunday]), [0] * 12 + [6])
    own = sunday / sunday.mean()
    assert found.weights == pytest.approx((own + 4 * np.array(every.weights)) / 5)
    whole = np.append(days.sum(axis=1), sunday.sum())
    assert every.day_volume == pytest.approx(whole.mean())
    assert found.day_volume == pytest.approx((whole[-1] + 4 * whole.mean()) / 5)
    assert fit_profile(days, [0] * 12, 2).weights == pytest.approx(
        fit_profile(days, [0] * 12).weights
    )


def test_errors_are_those_of_the_days_that_count() -> None:
    """Days 4 of a weekday beside 8 others: the spread of its weights over many such histories."""
    weekdays = [0] * 4 + [1, 2, 3, 4] * 2
    found = [fit_profile(history(12, seed), weekdays, 0) for seed in range(300)]
    spread = np.std([each.weights for each in found], axis=0)
    told = np.sqrt(np.mean(np.square([each.standard_errors for each in found]), axis=0))
    assert told / spread == pytest.approx(1, abs=0.15)
    assert np.mean(told / spread) == pytest.approx(1, abs=0.02)


def test_a_profile_that_makes_no_sense_is_refused() -> None:
    good = fitted(6)
    wrong: dict[str, tuple[object, str]] = {
        "weights": (good.weights[:47], "48 weights"),
        "standard_errors": ((*good.standard_errors[:47], -0.1), "not negative"),
        "day_volume": (0.0, "day_volume"),
        "level_spread": (math.nan, "level_spread"),
        "days": (0, "days"),
    }
    for name, (value, words) in wrong.items():
        with pytest.raises(ModelError, match=words):
            msgspec.structs.replace(good, **{name: value})
    with pytest.raises(ModelError, match="weights must be"):
        msgspec.structs.replace(good, weights=(0.0,) * BUCKETS)


def test_the_level_is_learnt_as_the_day_goes() -> None:
    found = fitted(60)
    expected = [sum(found.weights[:k]) * found.day_volume / BUCKETS for k in range(49)]
    assert found.level(0.0, 0) == 1.0
    levels = [found.level(2 * expected[k], k) for k in (1, 6, 24, 48)]
    assert 1.3 < levels[0] < levels[1] < levels[2] < levels[3] < 2.0
    assert found.level(expected[10], 10) == pytest.approx(1)
    assert found.rest(expected[24], 24) == pytest.approx(expected[48] - expected[24])
    assert found.rest(expected[48], 48) == 0.0


def test_the_updated_forecast_beats_rate_and_profile_alone() -> None:
    found = fitted(60)
    ours, rate, profile = [], [], []
    for day in history(200, 9):
        done, truth = float(day[:12].sum()), float(day[12:].sum())
        ours.append(math.log(found.rest(done, 12) / truth) ** 2)
        rate.append(math.log(done / 12 * 36 / truth) ** 2)
        profile.append(math.log(sum(found.weights[12:]) * found.day_volume / 48 / truth) ** 2)
    assert np.mean(ours) < 0.5 * min(np.mean(rate), np.mean(profile))


def test_what_is_too_short_or_without_sense_is_refused() -> None:
    days = history(8, 4)
    with pytest.raises(NotIdentifiedError, match="too short: 4 whole days, at least 5"):
        fit_profile(days[:4], [0] * 4)
    with pytest.raises(NotIdentifiedError, match="without volume"):
        fit_profile(days * 0, [0] * 8)
    for volumes, count in ((days[:, :40], 8), (days, 7)):
        with pytest.raises(ModelError, match="48 half-hours"):
            fit_profile(volumes, [0] * count)
    with pytest.raises(ModelError, match="weekday"):
        fit_profile(days, [0] * 8, 7)
    with pytest.raises(ModelError, match="buckets"):
        fit_profile(days, [0] * 8).level(1.0, 49)
    with pytest.raises(ModelError, match="done"):
        fit_profile(days, [0] * 8).level(-1.0, 4)
