"""Impact of metaorders from paired paths that were planted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steersman.models.facts import Figure
from steersman.models.metaorders import (
    impact_exponent,
    impact_factor,
    path_significance,
    reversion,
)

SHARE = np.geomspace(0.001, 0.1, 5)
NOISE = np.random.default_rng(1).normal(scale=0.05, size=(20, 5))
SQUARE_ROOT = 0.8 * 40.0 * np.sqrt(SHARE) * (1.0 + NOISE)


def test_the_square_root_law_is_found() -> None:
    exponent = impact_exponent(SHARE, SQUARE_ROOT)
    assert exponent.error is not None and exponent.error < 0.02
    assert exponent.value == pytest.approx(0.5, abs=4 * exponent.error)
    factor = impact_factor(SHARE, SQUARE_ROOT, 40.0)
    assert factor.value == pytest.approx(0.8, rel=0.05)
    assert factor.n == 20


def test_linear_impact_is_not_taken_for_it() -> None:
    assert impact_exponent(SHARE, 100 * SHARE * (1.0 + NOISE)).value == pytest.approx(1, abs=0.05)


def test_impact_of_the_wrong_sign_has_no_factor() -> None:
    assert math.isnan(impact_factor(SHARE, -SQUARE_ROOT, 40.0).value)
    assert math.isnan(impact_exponent(SHARE, -SQUARE_ROOT).value)
    assert impact_exponent(SHARE, -SQUARE_ROOT).error is None


def test_reversion_is_the_planted_share() -> None:
    end = SQUARE_ROOT[:, -1]
    assert reversion(end, end * 2 / 3).value == pytest.approx(2 / 3)
    assert reversion(end, end * 2 / 3).error == pytest.approx(0.0, abs=1e-9)


def test_a_pair_that_differs_before_the_order_is_worth_nothing() -> None:
    end = SQUARE_ROOT[:, -1]
    before = np.zeros(20)
    assert path_significance(before, end).value > 10.0
    assert path_significance(before, -end).value < -10.0
    before[7] = 1e-12
    assert path_significance(before, end) == Figure(0.0, None, 20)


def test_one_pair_tells_nothing() -> None:
    one = SQUARE_ROOT[:1]
    for figure in (
        impact_exponent(SHARE, one),
        impact_factor(SHARE, one, 40.0),
        reversion(one[:, 0], one[:, 1]),
        path_significance(np.zeros(1), one[:, 0]),
    ):
        assert math.isnan(figure.value) and figure.n == 1
