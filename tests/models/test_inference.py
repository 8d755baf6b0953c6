"""Sample sizes and sequential bounds, against tables and against simulation."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from steersman.models.inference import (
    false_positive_rate,
    holm,
    mixture_bound,
    pocock_constant,
    sample_size,
    wilson_interval,
)


def rate(looks: int, z: float) -> float:
    counts = [float(look) for look in range(1, looks + 1)]
    return false_positive_rate(counts, [z * math.sqrt(count) for count in counts])


def test_how_many_pairs() -> None:
    assert sample_size(1.0, 5.0, 0.05, 0.8) == 197
    assert sample_size(-1.0, 20.0, 0.05, 0.8) == 3140
    assert sample_size(100.0, 1.0, 0.05, 0.8) == 1


def test_holm_adjusts_the_smallest_most_and_keeps_the_order() -> None:
    # Four tests: 4 x 0.005, 3 x 0.01, max(2 x 0.03, ...), max(1 x 0.04, 0.06).
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.6, 0.7]) == (1.0, 1.0)
    assert holm([]) == ()


# Armitage, McPherson and Rowe (1969), table 2: z = 1.96 at 1, 2, 5, 10, 20, 50 looks.
@pytest.mark.parametrize(
    ("looks", "expected"),
    [(1, 0.05), (2, 0.083), (5, 0.142), (10, 0.193), (20, 0.248), (50, 0.320)],
)
def test_peeking_at_a_fixed_bound(looks: int, expected: float) -> None:
    assert rate(looks, 1.96) == pytest.approx(expected, abs=6e-4)


# Pocock (1977), table 1, for 5 %.
@pytest.mark.parametrize(
    ("looks", "expected"), [(1, 1.960), (2, 2.178), (5, 2.413), (10, 2.555), (20, 2.672)]
)
def test_pococks_constants(looks: int, expected: float) -> None:
    assert pocock_constant(looks, 0.05) == pytest.approx(expected, abs=6e-4)
    assert rate(looks, pocock_constant(looks, 0.05)) == pytest.approx(0.05, abs=1e-6)


def test_the_recursion_agrees_with_simulation() -> None:
    counts = [3.0, 10.0, 11.0, 40.0]
    bounds = [4.0, 5.0, 9.0, 12.0]
    draws = np.random.default_rng(5).normal(size=(40_000, 4))
    sums = np.cumsum(draws * np.sqrt(np.diff([0, *counts])), axis=1)
    seen = float((np.abs(sums) > bounds).any(axis=1).mean())
    assert false_positive_rate(counts, bounds) == pytest.approx(seen, abs=0.008)


def test_the_mixture_boundary_holds_however_often_one_looks() -> None:
    assert mixture_bound(1000, 0.05) / math.sqrt(1000) == pytest.approx(3.04, abs=5e-3)
    assert mixture_bound(1.0, 1e-200) == pytest.approx(
        math.sqrt(101 * 400 * math.log(10)), rel=1e-4
    )
    rates = []
    for looks in (1, 20, 200):
        counts = [1000 * look / looks for look in range(1, looks + 1)]
        bounds = [mixture_bound(count, 0.05) for count in counts]
        rates.append(false_positive_rate(counts, bounds))
    assert rates == sorted(rates)
    assert rates[-1] < 0.05


def test_a_bound_that_is_never_reached_is_never_crossed() -> None:
    assert false_positive_rate([1.0, 2.0], [1e12, 1e300]) == pytest.approx(0.0, abs=1e-12)
    assert false_positive_rate([1.0, 2.0], [1e12, 2.0]) == pytest.approx(
        2 * NormalDist().cdf(-math.sqrt(2.0)), abs=1e-9
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sample_size(0.0, 1.0, 0.05, 0.8), "effect"),
        (lambda: sample_size(1.0, 1.0, 0.0, 0.8), "alpha"),
        (lambda: false_positive_rate([], []), "looks"),
        (lambda: false_positive_rate([2.0, 1.0], [1.0, 1.0]), "new_observations"),
        (lambda: pocock_constant(0, 0.05), "looks must be"),
        (lambda: mixture_bound(1.0, 1.0), "alpha"),
        (lambda: sample_size(1e-200, 1e200, 0.05, 0.8), "no sample tells"),
        (lambda: sample_size(1.0, 1e200, 0.05, 0.8), "no sample tells"),
        (lambda: mixture_bound(1e300, 0.05, 1e-309), "have no bound"),
        (lambda: wilson_interval(3, 2), "3 successes in 2 trials"),
    ],
)
def test_calls_without_sense_are_refused(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=words):
        call()


# Newcombe (Statistics in Medicine 17, 1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson_interval(trials - successes, trials)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_no_trials_say_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
