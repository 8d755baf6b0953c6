"""What an order believes at its arrival: the view, the law, and the volume of its own time."""

from __future__ import annotations

import pytest

from steersman.algos.conditions import conditions_at, known_at
from steersman.domain.impact import CostLaw
from steersman.models.impact_estimate import PRIOR_LAW
from tests.algos.stage import T0, order
from tests.engine.desk import view

DAY = 24**0.5


def test_the_views_volatility_is_turned_into_that_of_a_day() -> None:
    known = known_at(view(T0, volatility_hour_pct=0.5), PRIOR_LAW)
    assert known.sigma_day_bps == pytest.approx(50 * DAY)
    mixed = known_at(view(T0), CostLaw(1.0, 0.2, True, "p", 500.0))
    assert 50 * DAY < mixed.sigma_day_bps < 500


def test_volume_is_the_mean_of_the_orders_time_by_the_curve() -> None:
    known = known_at(view(T0), PRIOR_LAW)
    flat = conditions_at(order(), T0, view(T0), (), known)
    assert flat.volume_per_s == pytest.approx(2.0)
    assert (flat.y, flat.source) == (0.8, "prior")
    assert flat.y_error == pytest.approx(0.4)
    now = (T0 // 1_800_000_000_000) % 48
    curve = tuple(1.0 if k in (now - 1, now) else 3.0 for k in range(48))  # measured in the former
    # T0 is at a half hour: an order of an hour spends its second half in a busier one.
    parent = order(deadline_ns=T0 + 3_600 * 1_000_000_000)
    busier = conditions_at(parent, T0, view(T0), curve, known)
    assert busier.volume_per_s == pytest.approx(4.0)
    dead = conditions_at(order(), T0, view(T0, volume_rate_per_s=0.0), (), known)
    assert dead.volume_per_s > 0
