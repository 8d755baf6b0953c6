"""The law of cost and the estimate from it cannot be built without sense."""

from __future__ import annotations

import math
from typing import Any

import pytest

from steersman.domain.impact import CostLaw, ImpactEstimate


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"y": math.nan}, "y"),
        ({"y_error": 0.0}, "y_error"),
        ({"y_error": math.inf}, "y_error"),
        ({"volatility_day_bps": -1.0}, "volatility_day_bps"),
    ],
)
def test_a_law_has_an_error_and_finite_figures(changes: dict[str, Any], name: str) -> None:
    values: dict[str, Any] = {"y": 0.8, "y_error": 0.4, "calibrated": False, "source": "a test"}
    with pytest.raises(ValueError, match=name):
        CostLaw(**{**values, **changes})


def test_an_interval_holds_its_ends() -> None:
    estimate = ImpactEstimate(15.0, 1.4, 21.0, 1.0, 41.0, "", {})
    assert [estimate.holds(cost) for cost in (0.99, 1.0, 41.0, 41.01)] == [False, True, True, False]
