"""Errors that hold, quantiles to their digits, and what is refused before any fit."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from steersman.models.regression import (
    Estimate,
    columns,
    expect_spread,
    inverse_gram,
    leverage,
    mean_in_time,
    newey_west,
    student_quantile,
    sum_error,
)
from steersman.models.validity import ModelError, NotIdentifiedError

F64 = npt.NDArray[np.float64]


def test_the_t_quantile_against_its_table() -> None:
    for degrees, expected in ((3, 3.182446), (28, 2.048407), (60, 2.000298), (1000, 1.962339)):
        assert student_quantile(0.975, degrees) == pytest.approx(expected, abs=1e-6)


def test_an_interval_knows_its_degrees() -> None:
    low, high = Estimate(1.0, 0.1, 31).interval()
    assert (low + high) / 2 == pytest.approx(1.0)
    assert high - 1.0 == pytest.approx(0.1 * 2.04227, abs=1e-5)
    assert Estimate(1.0, 0.1, 31, degrees=3).interval()[1] == pytest.approx(1.3182446)
    low, high = Estimate(1.0, 0.1, 31, positive=True).interval()
    half = 0.1 * 2.04227
    assert [math.log(low), math.log(high)] == pytest.approx([-half, half], abs=1e-5)
    assert Estimate(0.1, 9.0, 31, positive=True).interval()[0] > 0
    with pytest.raises(ModelError, match="confidence"):
        Estimate(1.0, 1.0, 40).interval(1.0)


def test_the_error_of_a_sum_is_its_cosine_formula() -> None:
    x = np.random.default_rng(1).normal(size=80)
    error, count = sum_error(x)
    assert count == math.floor(0.4 * 80 ** (2 / 3))
    at = (np.arange(80) + 0.5) / 80
    waves = [math.sqrt(2 / 80) * float(x @ np.cos(math.pi * j * at)) for j in range(1, count + 1)]
    assert float(error) == pytest.approx(math.sqrt(80 * np.mean(np.square(waves))))


def test_the_mean_of_a_series_with_memory_is_covered() -> None:
    hits, naive = 0, 0
    for seed in range(1_000):
        draws = np.random.default_rng(seed).normal(size=309)
        series = np.convolve(draws, 0.6 ** np.arange(10), "valid")
        mean = mean_in_time(series)
        hits += mean.interval()[0] <= 0 <= mean.interval()[1]
        naive += abs(series.mean()) <= 1.97 * series.std() / math.sqrt(300)
    assert 930 <= hits <= 970 and naive < 800


def test_a_series_that_remembers_too_long_is_refused() -> None:
    draws = np.random.default_rng(4).normal(size=440)
    smooth = np.convolve(draws, np.ones(41), "valid")
    with pytest.raises(NotIdentifiedError, match=r"400 observations, as good as \d+ independent"):
        mean_in_time(smooth)
    for series in (np.ones(50), draws[:29]):
        with pytest.raises(NotIdentifiedError, match="at least 30 that vary"):
            mean_in_time(series)
    for value in (math.nan, math.inf):
        with pytest.raises(NotIdentifiedError, match="not finite"):
            mean_in_time(np.append(draws, value))


@pytest.mark.parametrize("size", [1e-250, 1e-200, 1e200, 1e290])
def test_a_mean_is_found_in_any_unit(size: float) -> None:
    draws = np.random.default_rng(9).normal(size=400) + 2
    series = np.convolve(draws, [0.5, 0.3, 0.2], "valid")
    one, other = mean_in_time(series), mean_in_time(series * size)
    assert other.value == pytest.approx(one.value * size, rel=1e-12)
    assert other.standard_error == pytest.approx(one.standard_error * size, rel=1e-12)
    assert one.degrees == other.degrees


def test_leverage_sums_to_the_parameters() -> None:
    x = np.column_stack([np.ones(40), np.random.default_rng(2).standard_t(2, 40)])
    found = leverage(x, inverse_gram(x))
    assert found.sum() == pytest.approx(2)
    assert found.argmax() == np.abs(x[:, 1] - x[:, 1].mean()).argmax()
    lone = np.column_stack([np.ones(40), np.arange(40) == 3]).astype(np.float64)
    with pytest.raises(NotIdentifiedError, match="single observation"):
        leverage(lone, inverse_gram(lone))


def test_newey_west_without_lags_is_the_sum_of_squares() -> None:
    scores = np.random.default_rng(3).normal(size=(50, 1))
    assert newey_west(scores, 0, np.eye(1))[0] == pytest.approx(float((scores**2).sum()) ** 0.5)


def test_what_no_fit_may_begin_with() -> None:
    good = np.arange(30.0)
    with pytest.raises(NotIdentifiedError, match="29 observations, at least 30"):
        columns(x=good[:29])
    with pytest.raises(NotIdentifiedError, match="x has values that are not finite"):
        columns(x=np.append(good, math.inf))
    with pytest.raises(NotIdentifiedError, match="x, y must be lists of one length"):
        columns(x=good, y=good[:-1])
    with pytest.raises(NotIdentifiedError, match="volumes do not vary"):
        expect_spread("volumes", np.ones(30))
    for twin in (2 * good, np.zeros(30)):
        with pytest.raises(NotIdentifiedError, match="collinear"):
            inverse_gram(np.column_stack([good, twin]))
