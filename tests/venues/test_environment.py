"""The environment: repeatable, stationary, and shifted by a plan while it holds."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.units import SECOND_NS
from steersman.venues import latent as l_
from steersman.venues.environment import step
from steersman.venues.flow import Script, new_flow
from steersman.venues.parameters import FACTORS, flow_params
from steersman.venues.presets import START_NS, preset_for

SPOT = preset_for("BTCUSDT", Category.SPOT)  # without a perpetual's state
AAPL = preset_for("AAPL", Category.EQUITY)
PARAMS = flow_params(SPOT)
CALM = Script.empty()


def plan(from_s: float, to_s: float, **shift: float) -> np.ndarray:
    names = ("volatility", "activity", "depth", "drift", "pull", "jumps")
    times = [START_NS + from_s * SECOND_NS, START_NS + to_s * SECOND_NS]
    return np.array([[*times, *(shift.get(name, 0.0) for name in names)]])


def walk(script: Script, seconds: int, seed: int = 1) -> np.ndarray:
    """Return the state after each second."""
    flow_i, flow_f = new_flow(PARAMS, seed, START_NS, SPOT.mid_tick)
    rows = []
    for _ in range(seconds):
        for _ in range(10):
            step(PARAMS, seed, flow_i, flow_f, script)
        rows.append(flow_f.copy())
    return np.array(rows)


def test_a_regime_comes_and_goes_smoothly() -> None:
    depth = walk(CALM._replace(plan=plan(100, 300, depth=-0.7)), 600)[:, l_.DEPTH]
    assert (depth[:99] == 1.0).all()
    assert np.abs(np.diff(depth)).max() < 0.03
    assert depth[290] == pytest.approx(np.exp(-0.7), abs=0.01)
    assert depth[-1] == pytest.approx(1.0, abs=0.01)


def test_drift_is_what_the_plan_says() -> None:
    calm = walk(CALM, 400)[-1, l_.LATENT]
    moved = walk(CALM._replace(plan=plan(0, 200, drift=5.0)), 400)[-1, l_.LATENT]
    assert moved - calm == pytest.approx(1_000.0, rel=0.02)


def test_overlapping_regimes_add_up() -> None:
    both = np.vstack([plan(0, 300, activity=0.3), plan(50, 300, activity=0.4)])
    found = walk(CALM._replace(plan=both), 299)
    assert found[-1, l_.SHIFT + 1] == pytest.approx(0.7, abs=0.01)


def test_volatility_shifts_the_size_of_moves() -> None:
    wild = walk(CALM._replace(plan=plan(-1e4, 1e6, volatility=1.0)), 1_500)
    calm = walk(CALM, 1_500)
    sizes = [np.median(np.abs(np.diff(one[300:, l_.LATENT]))) for one in (wild, calm)]
    assert sizes[0] / sizes[1] == pytest.approx(np.e, rel=0.15)  # jumps are not scaled


def test_factors_are_stationary_from_the_start() -> None:
    first = np.array([new_flow(PARAMS, seed, START_NS, 1)[1] for seed in range(2_000)])
    later = np.array([walk(CALM, 30, seed)[-1] for seed in range(300)])
    for n in range(FACTORS):
        at = l_.FACTOR + n
        assert later[:, at].std() == pytest.approx(first[:, at].std(), rel=0.2)


def test_a_closed_market_stands_still() -> None:
    params = flow_params(AAPL)
    night_ns = START_NS + 8 * 3_600 * SECOND_NS
    flow_i, flow_f = new_flow(params, 1, night_ns, AAPL.mid_tick)
    for _ in range(1_000):
        step(params, 1, flow_i, flow_f, CALM)
    assert flow_f[l_.RATE] == 0.0
    assert flow_f[l_.LATENT] == AAPL.mid_tick + 0.5
