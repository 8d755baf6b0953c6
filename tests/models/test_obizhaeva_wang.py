"""Obizhaeva-Wang: the closed form is the propagator's optimum, and its limits are sensible."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.obizhaeva_wang import ObizhaevaWang
from steersman.models.propagator import ExponentialKernel, cost_of_blocks, optimal_blocks

BOOK = ObizhaevaWang(depth=5000, resilience=2.231, permanent=1e-4)


def test_the_papers_base_case() -> None:
    trades = BOOK.blocks(1e5, 1.0, 10)
    assert trades == pytest.approx((26317.961, *[5262.675] * 9, 26317.961), abs=1e-3)
    assert BOOK.impact_cost(trades, 1.0) == pytest.approx(736866.236, abs=1e-3)
    assert BOOK.impact_cost([1e5 / 11] * 11, 1.0) == pytest.approx(758026.659, abs=1e-3)
    limit = BOOK.continuous(1e5, 1.0)
    assert limit.first_block == limit.last_block == pytest.approx(23635.074, abs=1e-3)
    assert limit.rate == pytest.approx(52729.851, abs=1e-3)
    assert limit.impact_cost == pytest.approx(736350.745, abs=1e-3)


@given(resilience=st.floats(0.01, 50), intervals=st.integers(1, 40))
def test_the_closed_form_is_the_optimum_of_the_propagator(
    resilience: float, intervals: int
) -> None:
    book = ObizhaevaWang(depth=2.0, resilience=resilience)
    times = [k / intervals for k in range(intervals + 1)]
    trades = book.blocks(1.0, 1.0, intervals)
    kernel = ExponentialKernel(resilience)
    assert trades == pytest.approx(optimal_blocks(1.0, times, kernel), rel=1e-6)
    cost = book.transient * cost_of_blocks(trades, times, kernel)
    assert book.impact_cost(trades, 1.0) == pytest.approx(cost, rel=1e-12)


def test_many_blocks_tend_to_the_continuous_optimum() -> None:
    trades = BOOK.blocks(1e5, 1.0, 20_000)
    limit = BOOK.continuous(1e5, 1.0)
    assert sum(trades) == pytest.approx(1e5)
    assert trades[0] == pytest.approx(limit.first_block, rel=1e-3)
    assert trades[1] * 20_000 == pytest.approx(limit.rate, rel=1e-3)
    assert BOOK.impact_cost(trades, 1.0) == pytest.approx(limit.impact_cost, rel=1e-6)


def test_the_edges() -> None:
    assert BOOK.blocks(1e5, 1.0, 1) == (5e4, 5e4)
    still = ObizhaevaWang(depth=5000, resilience=0.0)
    assert still.blocks(1.0, 1.0, 3) == (0.5, 0.0, 0.0, 0.5)
    fast = ObizhaevaWang(depth=5000, resilience=1e6).blocks(1.0, 1.0, 3)
    assert fast == pytest.approx((0.25,) * 4)
    lasting = ObizhaevaWang(depth=5000, resilience=1.0, permanent=1 / 5000)
    assert lasting.impact_cost([50, 50], 1.0) == pytest.approx(100**2 / 5000 / 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"depth": 0.0}, "depth must be finite and positive"),
        ({"resilience": -1.0}, "resilience"),
        ({"permanent": 1.0}, "more than the whole"),
        ({"depth": math.nan}, "depth"),
    ],
)
def test_books_without_sense_are_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ObizhaevaWang(**{"depth": 5000.0, "resilience": 1.0, **changes})


def test_calls_without_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one interval"):
        BOOK.blocks(1.0, 1.0, 0)
    with pytest.raises(ValueError, match="at least two blocks"):
        BOOK.impact_cost([1.0], 1.0)
    with pytest.raises(ValueError, match="horizon"):
        BOOK.continuous(1.0, 0.0)
