"""Places of quotes: never across the other side, stale ones first, the touch closed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.instrument import Category
from steersman.venues.parameters import P_JOIN, P_STALE, flow_params
from steersman.venues.presets import PRESETS, FlowPreset, preset_for
from steersman.venues.quotes import cancel, place_deep, place_touch, seed_book

I64 = npt.NDArray[np.int64]
UNIT = st.floats(1e-12, 1.0, exclude_max=True)
BTC = preset_for("BTCUSDT", Category.LINEAR)
PARAMS = flow_params(BTC)
SPAN = 4_096


def book(bid: int, ask: int, lots: int = 100) -> tuple[I64, I64]:
    """Build a book of a touch and one level far behind it on each side."""
    levels = np.zeros((2, SPAN), dtype=np.int64)
    levels[0, bid] = levels[1, ask] = lots
    levels[0, 10] = levels[1, SPAN - 10] = 5
    return levels, np.array([bid, ask, 1_000, SPAN], dtype=np.int64)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.symbol + p.category)
def test_first_book(preset: FlowPreset) -> None:
    levels = np.zeros((2, preset.span_ticks), dtype=np.int64)
    top = np.zeros(4, dtype=np.int64)
    params = flow_params(preset)
    seed_book(params, 3, preset.mid_tick, levels, top)
    assert top[2] + top[0] == preset.mid_tick
    assert top[1] == top[0] + 1
    assert top[3] == preset.span_ticks
    assert (levels >= 0).all()
    assert levels[0, top[0]] > 0
    assert levels[1, top[1]] > 0
    assert not levels[0, top[1] :].any()
    assert not levels[1, : top[1]].any()
    again = np.zeros_like(levels)
    seed_book(params, 3, preset.mid_tick, again, top)
    assert (again == levels).all()
    for row in range(2):
        for bps, quote in preset.depth_quote[1:]:
            reach = round(preset.ticks(bps))
            near = levels[row, top[row] - reach : top[row] + reach + 1].sum()
            assert near / preset.lots(quote) == pytest.approx(1.0, abs=0.5)


@given(
    st.integers(500, 3_500), st.integers(1, 400), st.floats(-600, 600), UNIT, UNIT, st.booleans()
)
def test_places_never_cross(bid: int, gap: int, off: float, u: float, v: float, trim: bool) -> None:
    levels, top = book(bid, min(bid + gap, SPAN - 20))
    latent = bid + off
    out = np.zeros(5, dtype=np.int64)
    for deep in (False, True):
        if deep:
            place_deep(PARAMS, latent, top, u, v, out)
        else:
            place_touch(PARAMS, latent, levels, top, u, out)
        assert out[2] in (-1, 1)
        assert 0 <= out[3] < SPAN
        assert out[3] < top[1] if out[2] > 0 else out[3] > top[0]
    cancel(PARAMS, latent, levels, top, trim, u, v, out)
    assert 1 <= out[4] <= levels[0 if out[2] > 0 else 1, out[3]]


@given(UNIT, UNIT, st.booleans())
def test_a_stale_quote_goes_first_and_whole(u: float, v: float, trim: bool) -> None:
    levels, top = book(2_000, 2_001)
    out = np.zeros(5, dtype=np.int64)
    cancel(PARAMS, 2_001.5 + PARAMS[P_STALE], levels, top, trim, u, v, out)
    assert list(out[2:]) == [-1, 2_001, 100]
    cancel(PARAMS, 1_999.5 - PARAMS[P_STALE], levels, top, trim, u, v, out)
    assert list(out[2:]) == [1, 2_000, 100]


@given(UNIT)
def test_an_open_spread_is_closed_from_the_side_of_the_latent_price(u: float) -> None:
    levels, top = book(2_000, 2_040)
    out = np.zeros(5, dtype=np.int64)
    place_touch(PARAMS, 2_040.0, levels, top, u, out)
    assert list(out[2:4]) == [1, 2_039]
    place_touch(PARAMS, 2_000.0, levels, top, u, out)
    assert list(out[2:4]) == [-1, 2_001]
    place_touch(PARAMS, 2_020.5, levels, top, u, out)
    assert PARAMS[P_JOIN] < 19
    assert list(out[2:4]) in ([1, 2_020], [-1, 2_021])


@given(UNIT, UNIT)
def test_empty_sides_are_filled_again(u: float, v: float) -> None:
    out = np.zeros(5, dtype=np.int64)
    levels = np.zeros((2, SPAN), dtype=np.int64)
    levels[0, 2_000] = 7
    top = np.array([2_000, SPAN, 0, SPAN], dtype=np.int64)
    place_touch(PARAMS, 2_030.2, levels, top, 0.9, out)
    assert list(out[2:4]) == [-1, 2_031]
    cancel(PARAMS, 2_000.5, levels, top, False, u, v, out)
    assert list(out[2:4]) == [1, 2_000]
