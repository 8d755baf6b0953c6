"""What an order learns while it works is what its data are worth, and no more."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steersman.domain.impact import CostLaw
from steersman.models.impact_estimate import DAY_S, PRIOR_LAW, Conditions
from steersman.models.recalibration import Learned, begin, conditions_of, differ, learn
from steersman.models.validity import ModelError

STEP_NS = 5_000_000_000
RATE = 7.0


def start(law: CostLaw = PRIOR_LAW, sigma: float = 300.0, watched_s: float = 30.0) -> Learned:
    return begin(law, 0, 60_000.0, sigma, watched_s)


def walk(learned: Learned, sigma: float, steps: int, seed: int, y: float, of: float) -> Learned:
    """Trade `of` evenly over `steps` in a market of volatility `sigma` and impact `y`."""
    draws = np.random.default_rng(seed)
    mid, moved, day = learned.mid, 0.0, RATE * DAY_S
    for k in range(1, steps + 1):
        filled = of * k / steps
        peak = 1.5 * y * sigma * math.sqrt(filled / day)
        noise = draws.normal(0, sigma * math.sqrt(5 / DAY_S))
        mid *= math.exp((peak - moved + noise) / 1e4)
        moved = peak
        learned = learn(learned, learned.at_ns + STEP_NS, mid, filled, 1, RATE)
    return learned


def test_volatility_is_followed_within_minutes() -> None:
    calm = start()
    assert calm.sigma_day_bps == pytest.approx(300)
    wild = [walk(calm, 900, 240, seed, 0.0, 0.0).sigma_day_bps for seed in range(20)]
    assert 800 < float(np.mean(wild)) < 920


def test_a_calibrated_volatility_counts_for_a_minute() -> None:
    law = CostLaw(0.8, 0.4, True, "p.json", 600.0)
    assert start(law, 300.0, 60.0).sigma_day_bps == pytest.approx(math.sqrt((300**2 + 600**2) / 2))
    assert start(law, 0.0, 0.0).sigma_day_bps > 500, "a market that was not seen yet"
    assert start(PRIOR_LAW, 0.0, 0.0).sigma_day_bps > 0


def test_y_moves_as_bayes_says() -> None:
    """A path without noise is the posterior by hand: precision adds, the mean is weighed."""
    learned = walk(start(), 300.0, 60, 1, 0.8, 25.0)
    day = RATE * DAY_S
    x = [
        1.5 * (math.sqrt(25 * k / 60 / day) - math.sqrt(25 * (k - 1) / 60 / day))
        / math.sqrt(5 / DAY_S)
        for k in range(1, 61)
    ]  # fmt: skip
    precision = 1 / 0.4**2 + sum(each**2 for each in x)
    assert conditions_of(learned, RATE).y_error == pytest.approx(precision**-0.5)
    assert conditions_of(learned, RATE).source == "prior, own fills"
    assert conditions_of(start(), RATE).source == "prior"


def test_a_price_that_comes_towards_the_order_never_makes_trading_free() -> None:
    lucky = walk(start(), 300.0, 60, 1, -20.0, 4_000.0)
    assert lucky.y.theta[0] < 0.0, "what the data alone say"
    assert conditions_of(lucky, RATE).y == pytest.approx(0.2)


def test_over_many_orders_the_posterior_covers_the_truth() -> None:
    """Truths are drawn from the prior; orders are half again the volume, so that the data count."""
    draws, held, errors = np.random.default_rng(3), 0, []
    for seed in range(400):
        y = draws.normal(0.8, 0.4)
        learned = walk(start(watched_s=600.0), 300.0, 40, 100 + seed, y, 2e3)
        now = conditions_of(learned, RATE)
        held += abs(now.y - y) < 1.96 * now.y_error
        errors.append(now.y_error)
    assert 0.9 < held / 400 < 0.98
    assert max(errors) < 0.32, "the data were worth something"


def test_one_wild_print_does_not_turn_it() -> None:
    learned = walk(start(), 300.0, 20, 1, 0.8, 25.0)
    jumped = learn(learned, learned.at_ns + STEP_NS, learned.mid * 1.2, 26.0, 1, RATE)
    assert abs(jumped.y.theta[0] - learned.y.theta[0]) < 0.2


def test_only_material_changes_count() -> None:
    told = Conditions(300.0, 7.0, 0.8, 0.4, "")
    same = Conditions(340.0, 5.0, 0.9, 0.4, "")
    assert not differ(told, same) and not differ(told, told)
    for now in (
        Conditions(380.0, 7.0, 0.8, 0.4, ""),
        Conditions(300.0, 4.0, 0.8, 0.4, ""),
        Conditions(300.0, 7.0, 0.55, 0.4, ""),
    ):
        assert differ(told, now)


def test_time_must_go_on() -> None:
    with pytest.raises(ModelError, match="seconds"):
        learn(start(), 0, 60_000.0, 1.0, 1, RATE)


def test_samples_are_counted_as_they_are_weighed() -> None:
    assert start(watched_s=0.0).samples == 1 and start(watched_s=30.0).samples == 6
    assert start(watched_s=1e6).samples == 87
    assert start(CostLaw(0.8, 0.4, True, "p", 300.0)).samples == 18
    assert walk(start(), 300.0, 1, 1, 0.0, 0.0).samples == pytest.approx(6 * 0.99 + 1)
    assert walk(start(), 300.0, 2_000, 1, 0.0, 0.0).samples == pytest.approx(100, rel=1e-3)
