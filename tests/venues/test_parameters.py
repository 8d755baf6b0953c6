"""Parameters of the compiled flow: in its units, ordered, and a week with its hours."""

from __future__ import annotations

from datetime import UTC, datetime, time

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.units import SECOND_NS
from steersman.venues import parameters
from steersman.venues.parameters import flow_params
from steersman.venues.presets import PRESETS, FlowPreset, preset_for

EACH = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.symbol + p.category)


@EACH
def test_params_are_finite_and_ordered(preset: FlowPreset) -> None:
    p = flow_params(preset)
    assert p.shape == (parameters.N_PARAMS,)
    assert np.isfinite(p).all()
    assert 0 < p[parameters.P_MARKET_SHARE] < 1
    sizes = p[parameters.P_SIZES :]
    assert (np.diff(sizes) >= 0).all()
    assert sizes[0] >= 1
    assert sizes[-1] == pytest.approx(p[parameters.P_TAIL_START])
    far = p[parameters.P_DISTANCE : parameters.P_DISTANCE + parameters.DISTANCES + 1]
    assert (np.diff(far) >= 0).all()
    assert far[-1] == pytest.approx(preset.ticks(preset.reach_bps))
    assert far[-1] < preset.span_ticks / 8
    decays = p[parameters.P_MODES : parameters.P_MODES + parameters.MODES]
    assert ((decays > 0) & (decays < 1)).all()


@EACH
def test_no_memory_of_volume_pays_for_a_round_trip(preset: FlowPreset) -> None:
    decays, weights = np.split(
        flow_params(preset)[parameters.P_MODES : parameters.P_MODES + 2 * parameters.MODES], 2
    )
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(preset.ticks(preset.impact_bps))
    remembered_s = -0.5 * parameters.STEP_NS / 1e9 / np.log(decays)
    assert remembered_s == pytest.approx(parameters.MEMORY_S)


def test_shares_trade_on_weekdays_in_the_session_only() -> None:
    curve = flow_params(preset_for("AAPL", Category.EQUITY))[parameters.P_CURVE :][:336]
    part_ns = 1_800 * SECOND_NS
    opened = [
        datetime.fromtimestamp(part * part_ns / 1e9, tz=UTC) for part in np.flatnonzero(curve)
    ]
    assert len(opened) == 5 * 13
    assert {at.weekday() for at in opened} == {0, 1, 2, 3, 4}
    assert min(at.time() for at in opened) == time(14, 30)
    assert max(at.time() for at in opened) == time(20, 30)
    assert curve[curve > 0].mean() == pytest.approx(1.0)
    crypto = flow_params(preset_for("BTCUSDT", Category.LINEAR))[parameters.P_CURVE :][:336]
    assert (crypto > 0.5).all() and crypto.mean() == pytest.approx(1.0)


@EACH
def test_seeds_are_not_in_the_params(preset: FlowPreset) -> None:
    assert flow_params(preset).tobytes() == flow_params(preset).tobytes()
