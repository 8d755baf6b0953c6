"""Response and propagator: recovered where the truth is known, refused where nothing tells."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from steersman.models.response import LAGS_MAX, fit_propagator, fit_response
from steersman.models.validity import ModelError, NotIdentifiedError

F64 = npt.NDArray[np.float64]
ALL = tuple(range(1, 11))
KERNEL = (1 + np.arange(1, 11)) ** -0.5  # G(1) .. G(10)


def market(n: int, seed: int, noise: float = 1.0) -> tuple[F64, F64]:
    """Return returns and signs: signs that follow each other, each moving the price by G."""
    draws = np.random.default_rng(seed)
    stays = draws.random(n + 50) < 0.8
    signs = np.where(np.cumsum(~stays) % 2 == 0, 1.0, -1.0)
    single = np.diff(np.concatenate([[0.0], KERNEL]))
    returns = np.convolve(signs, single)[50 : n + 50] + noise * draws.normal(size=n)
    return returns, signs[50:]


def test_the_propagator_is_recovered_and_the_response_is_above_it() -> None:
    returns, signs = market(20_000, 1)
    found = fit_propagator(returns, signs, ALL)
    assert found.lags == tuple(range(1, 11))
    for estimate, truth in zip(found.values, KERNEL, strict=True):
        assert abs(estimate.value - truth) < 4 * estimate.standard_error < 0.2
    response = fit_response(returns, signs, (1, 5, 10))
    for lag, estimate in zip(response.lags, response.values, strict=True):
        path = np.concatenate([[0.0], np.cumsum(returns)])
        direct = [signs[t] * (path[t + lag] - path[t]) for t in range(20_001 - lag)]
        assert estimate.value == pytest.approx(float(np.mean(direct)))
    # Those that follow push on: the response holds where the propagator has faded.
    assert response.values[2].value > found.values[9].value + 2 * response.values[2].standard_error


def test_without_noise_it_is_exact_but_for_the_edges() -> None:
    found = fit_propagator(*market(20_000, 2, noise=1e-9), ALL)
    assert [e.value for e in found.values] == pytest.approx(KERNEL.tolist(), abs=0.02)


def test_errors_are_what_estimates_scatter_by_and_intervals_cover() -> None:
    lags = (1, 5, 10)
    found = [fit_propagator(*market(800, seed), lags).values for seed in range(400)]
    for at, lag in enumerate(lags):
        scatter = float(np.std([one[at].value for one in found]))
        said = float(np.mean([one[at].standard_error for one in found]))
        assert said == pytest.approx(scatter, rel=0.12)
        truth = KERNEL[lag - 1]
        hits = [one[at].interval()[0] <= truth <= one[at].interval()[1] for one in found]
        assert 0.92 <= np.mean(hits) <= 0.98


def test_what_tells_nothing_is_refused() -> None:
    returns, signs = market(400, 3)
    refused: list[tuple[Callable[[], object], type[ModelError], str]] = [
        (lambda: fit_propagator(returns, signs, (0, 3)), ModelError, "lags must be from 1"),
        (lambda: fit_response(returns, signs, ()), ModelError, "lags must be from 1"),
        (lambda: fit_propagator(returns, signs, (1, 1)), ModelError, "each given once"),
        (lambda: fit_response(returns, signs, (5, 1)), ModelError, "the smallest first"),
        (lambda: fit_propagator(returns, signs, (1, LAGS_MAX + 1)), ModelError, "501"),
        (lambda: fit_propagator(returns, signs, (50,)), NotIdentifiedError, "at least 530 needed"),
        (lambda: fit_propagator(returns, 2 * signs, (5,)), NotIdentifiedError, r"\+1 or -1"),
        (lambda: fit_propagator(returns, np.ones(400), (5,)), NotIdentifiedError, "signs do not"),
        (lambda: fit_response(np.zeros(400), signs, (5,)), NotIdentifiedError, "returns do not"),
        (lambda: fit_response(returns * math.nan, signs, (5,)), NotIdentifiedError, "not finite"),
    ]
    for call, kind, words in refused:
        with pytest.raises(kind, match=words):
            call()
