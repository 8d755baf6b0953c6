"""The prior for temporary impact reproduces the published table."""

from __future__ import annotations

import pytest

from steersman.models.impact import (
    EquityImpact,
    kyle_lambda,
    permanent_linear,
    power_law_bps,
    square_root_paid_bps,
    square_root_peak_bps,
)


@pytest.mark.parametrize(("days", "expected_bps"), [(0.1, 22), (0.2, 15), (0.5, 8)])
def test_ibm_of_the_2005_paper(days: float, expected_bps: float) -> None:
    # 656,100 shares of 6.561 M a day at 1.57 % a day, in `days` of a day.
    got = EquityImpact().temporary_bps(0.1 / days, 157)
    assert got == pytest.approx(expected_bps, abs=0.6)


def test_nothing_costs_nothing_and_negatives_are_refused() -> None:
    assert EquityImpact().temporary_bps(0.0, 100) == 0.0
    with pytest.raises(ValueError, match="negative"):
        EquityImpact().temporary_bps(-0.1, 100)
    with pytest.raises(ValueError, match="negative"):
        EquityImpact().temporary_bps(0.1, -100)


# Almgren, Thum, Hauptmann and Li (2005), table 3: permanent, then temporary and paid by duration.
@pytest.mark.parametrize(
    ("shares", "day", "outstanding", "sigma", "moved", "temporary", "paid"),
    [
        (656_100, 6.561e6, 1728e6, 157, 20, (22, 15, 8), (32, 25, 18)),
        (192_900, 1.929e6, 168e6, 226, 22, (32, 21, 12), (43, 32, 23)),
    ],
)
def test_table_3_of_the_2005_paper(
    shares: float,
    day: float,
    outstanding: float,
    sigma: float,
    moved: int,
    temporary: tuple[int, ...],
    paid: tuple[int, ...],
) -> None:
    model, share, theta = EquityImpact(), shares / day, outstanding / day
    assert round(model.permanent_bps(share, sigma, theta)) == moved
    days = (0.1, 0.2, 0.5)
    assert tuple(round(model.temporary_bps(share / d, sigma)) for d in days) == temporary
    assert tuple(round(model.cost_bps(share, d, sigma, theta)) for d in days) == paid


def test_without_shares_outstanding_the_factor_is_one() -> None:
    assert EquityImpact().permanent_bps(0.1, 100) == pytest.approx(0.314 * 100 * 0.1)


def test_peak_and_paid_are_two_numbers() -> None:
    assert square_root_peak_bps(0.01, 200, 1.0) == pytest.approx(20)
    assert square_root_paid_bps(0.01, 200, 1.0) == pytest.approx(40 / 3)
    steps = [square_root_peak_bps(0.01 * (k + 0.5) / 1000, 200, 1.0) for k in range(1000)]
    assert sum(steps) / 1000 == pytest.approx(square_root_paid_bps(0.01, 200, 1.0), rel=1e-4)


def test_linear_laws() -> None:
    assert permanent_linear(-3.0, 2.0) == -permanent_linear(3.0, 2.0) == -6.0
    assert kyle_lambda(2.0, 50.0) == pytest.approx(0.02)
    assert power_law_bps(0.25, 100, 1.0, 0.5) == pytest.approx(50)


def test_more_that_is_refused() -> None:
    for call in (
        lambda: EquityImpact(beta=0.0),
        lambda: EquityImpact().cost_bps(0.1, 0.0, 100),
        lambda: EquityImpact().permanent_bps(0.1, 100, 0.0),
        lambda: square_root_peak_bps(-0.1, 100, 1.0),
        lambda: permanent_linear(1.0, -1.0),
        lambda: kyle_lambda(1.0, 0.0),
        lambda: power_law_bps(0.1, 100, 1.0, 0.0),
    ):
        with pytest.raises(ValueError, match="must be finite and"):
            call()
