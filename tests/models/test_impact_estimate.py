"""The estimate of an order's cost: base, adjustment, and an interval that keeps its word."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from steersman.domain.impact import CostLaw
from steersman.models.calibration import PRIOR_Y
from steersman.models.impact_estimate import (
    PRIOR_LAW,
    Conditions,
    adjustment,
    estimate_impact,
    law_bps,
    law_of,
)
from steersman.models.parameters import ImpactParameters, Parameter, Verdict, refused
from steersman.models.validity import ModelError


def conditions(**changes: Any) -> Conditions:
    """A day's volume of 864 units at 300 bps a day, Y 0.8 +- 0.4."""
    values: dict[str, Any] = {
        "sigma_day_bps": 300.0,
        "volume_per_s": 0.01,
        "y": 0.8,
        "y_error": 0.4,
        "source": "prior",
        **changes,
    }
    return Conditions(**values)


def test_fifteen_bps_adjusted_by_1_4_are_twenty_one() -> None:
    # One per cent of a day's volume at 100 bps a day: 1.4 x 100 x 0.1 + 1 of half spread = 15.
    found = estimate_impact(8.64, 1800, 1.0, conditions(sigma_day_bps=100.0, y=1.4), 140, "news")
    assert found.base_impact_bps == pytest.approx(15.0)
    assert found.adjustment == 1.4
    assert found.estimated_impact_bps == pytest.approx(21.0)
    assert found.confidence_low_bps < 21 < found.confidence_high_bps
    assert found.provenance == {"base_impact_bps": "prior", "adjustment": "advice"}
    assert "advised: news" in found.reasoning and "= 15 bps" in found.reasoning


@pytest.mark.parametrize(
    ("impact_pct", "factor"),
    [(None, 1.0), (50, 0.5), (100, 1.0), (200, 2.0), (10, 0.5), (900, 2.0)],
)
def test_an_adjustment_stays_within_half_and_double(impact_pct: int | None, factor: float) -> None:
    assert adjustment(impact_pct) == factor


def half_width(impact_pct: int | None = None, **changes: Any) -> float:
    found = estimate_impact(8.64, 1800, 1.0, conditions(**changes), impact_pct)
    assert found.estimated_impact_bps - found.confidence_low_bps == pytest.approx(
        found.confidence_high_bps - found.estimated_impact_bps
    )
    return found.confidence_high_bps - found.estimated_impact_bps


def test_the_interval_widens_with_the_adjustment_and_without_calibration() -> None:
    up = [half_width(pct) for pct in (100, 120, 160, 200)]
    down = [half_width(pct) for pct in (100, 80, 60, 50)]
    assert up == sorted(up) and up[0] < up[-1]
    assert down == sorted(down) and down[0] < down[-1]
    assert half_width(y_error=0.1) < half_width()
    assert half_width(y_error=0.1) == pytest.approx(
        1.959964 * math.hypot(0.1 * 30, 300 * math.sqrt(1800 / 86400 / 3))
    )


def test_the_interval_covers_costs_drawn_from_what_it_assumes() -> None:
    draws = np.random.default_rng(5)
    c, found = conditions(), 0
    estimate = estimate_impact(8.64, 1800, 1.0, c)
    for _ in range(4_000):
        y = draws.normal(c.y, c.y_error)
        noise = draws.normal(0, c.sigma_day_bps * math.sqrt(1800 / 86400 / 3))
        found += estimate.holds(1.0 + law_bps(8.64, conditions(y=y)) + noise)
    assert 0.94 < found / 4_000 < 0.96


def told(value: float) -> Parameter:
    return Parameter("1", Verdict.SHRUNK, 100, value, 0.2, value - 0.4, value + 0.4, "why")


def test_the_law_of_a_file_is_the_priors_where_the_file_is_silent() -> None:
    silent = ImpactParameters("i", ("a.journal",), 1, 2)
    assert law_of(silent) == PRIOR_LAW and (PRIOR_LAW.y, PRIOR_LAW.y_error) == PRIOR_Y
    no = ImpactParameters("i", ("a.journal",), 1, 2, y=refused("1", 3, "too few"))
    assert law_of(no) == PRIOR_LAW
    known = ImpactParameters("i", ("a.journal", "b"), 1, 2, y=told(0.7))
    assert law_of(known) == CostLaw(0.7, 0.2, True, "a.journal, b")
    market = ImpactParameters("i", ("history",), 1, 2, volatility_day_bps=told(365.0))
    assert law_of(market) == CostLaw(*PRIOR_Y, False, "prior", 365.0)


def test_what_makes_no_sense_is_refused() -> None:
    for name, value in (("volume_per_s", 0.0), ("y_error", 0.0), ("sigma_day_bps", math.nan)):
        with pytest.raises(ModelError, match=name):
            conditions(**{name: value})
    with pytest.raises(ModelError, match="horizon"):
        estimate_impact(1.0, 0.0, 0.0, conditions())


def test_the_interval_is_wider_where_the_volatility_rests_on_little() -> None:
    assert half_width(samples=18.0) == pytest.approx(half_width() * 2.446912 / 1.959964, rel=1e-5)
    assert half_width(samples=1.0) > 6 * half_width()
    with pytest.raises(ModelError, match="samples"):
        conditions(samples=0.5)
