"""The comparison of forecasts, on series whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench import forecasts as module
from steersman.models.volume import BUCKETS


def test_the_loss_of_a_variance_is_least_at_the_truth() -> None:
    assert module.qlike(2.0, 2.0) == 0
    assert module.qlike(2.0, 1.0) > module.qlike(2.0, 4.0) > 0


def test_every_forecast_means_the_variance_of_a_second() -> None:
    draws = np.random.default_rng(1)
    # Finer steps within each bar, so that its extremes are those of the path.
    path = 100 * np.exp(np.cumsum(1e-5 * draws.normal(size=900 * 60 + 1)))
    found = module.past_variances(path, 60 * 60)
    assert next(iter(found)) == "close to close" and "Yang-Zhang" in found
    for name, variance in found.items():
        assert variance == pytest.approx(1e-10, rel=0.8), name
    assert found["two scales"] == pytest.approx(1e-10, rel=0.1)


def test_volatility_is_judged_by_what_comes_after() -> None:
    draws = np.random.default_rng(2)
    mid = 100 * np.exp(np.cumsum(1e-4 * draws.normal(size=1_600)))
    mid[700] = math.nan
    losses = module.volatility_losses(mid, module.Spans(60, 30, 30, 10))
    whole = [now for now in range(60, 1_570, 30) if np.isfinite(mid[now - 60 : now + 31]).all()]
    assert {len(found) for found in losses.values()} == {len(whole)}
    assert np.mean(losses["every second"]) < np.mean(losses["close to close"])


def test_a_profile_knows_the_rest_of_a_day_from_its_morning() -> None:
    curve = 1 + 0.8 * np.sin(np.arange(BUCKETS) / BUCKETS * 2 * math.pi)
    levels = np.exp(np.random.default_rng(3).normal(size=30))
    rate, last, ours = module.volume_losses(curve * levels[:, None])
    assert len(rate) == len(last) == len(ours) == 30 - module.FORTNIGHT
    assert max(ours) < 0.02 < np.mean(rate) and np.mean(last) > 0.5


def test_what_is_too_short_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    module.show_volumes("recorded", [np.full((1, BUCKETS), math.nan)])
    module.show("few", [1.0] * 29, [0.5] * 29)
    slow = np.repeat([1.0, 2.0], 20).tolist()
    module.show("slow", slow, [0.0] * 40)
    out = capsys.readouterr().out
    assert out.count("too short: ") == 3
    assert "0 whole days" in out and "at least 30" in out and "independent ones" in out
