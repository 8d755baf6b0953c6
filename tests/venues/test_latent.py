"""How trades push the latent price: by the root of volume, fading, and never to be milked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.units import SECOND_NS
from steersman.venues import latent as l_
from steersman.venues.latent import fade, leave, push
from steersman.venues.pairs import open_path
from steersman.venues.parameters import flow_params
from steersman.venues.presets import START_NS, preset_for

BTC = preset_for("BTCUSDT", Category.LINEAR)
PARAMS = flow_params(BTC)


def effect_of(orders: list[tuple[int, int]], steps: int = 0) -> float:
    """Return the push, in ticks, of (steps to wait, signed lots) and of `steps` after them."""
    state = np.zeros(l_.FLOW_F)
    for wait, lots in orders:
        for _ in range(wait):
            fade(PARAMS, state)
        push(PARAMS, state, l_.OURS, 1 if lots > 0 else -1, abs(lots))
    for _ in range(steps):
        fade(PARAMS, state)
    return float(state[l_.EFFECT])


def test_four_times_the_volume_moves_twice_as_far() -> None:
    one = effect_of([(0, 500)])
    assert effect_of([(0, 2_000)]) == pytest.approx(2.0 * one)
    assert effect_of([(0, -2_000)]) == pytest.approx(-2.0 * one)
    slices = [(100, 500)] * 180
    assert effect_of([(wait, 4 * lots) for wait, lots in slices]) == pytest.approx(
        2.0 * effect_of(slices)
    )


def test_a_minute_after_its_end_nobody_can_tell_how_an_order_was_cut() -> None:
    coarse = effect_of([(600, 6_000)] * 30, 600)
    assert effect_of([(10, 100)] * 1_800, 600) == pytest.approx(coarse, rel=0.03)
    assert effect_of([(100, 1_000)] * 180, 600) == pytest.approx(coarse, rel=0.03)


def test_what_is_left_falls_to_two_thirds_and_lower() -> None:
    order = [(100, 1_000)] * 180
    end = effect_of(order)
    left = [effect_of(order, 600 * minutes) / end for minutes in (5, 15, 30, 120)]
    assert left == sorted(left, reverse=True)
    assert 0.6 < left[1] < 0.8
    assert left[3] < 0.5


def test_orders_of_several_add_up_and_leave_alike() -> None:
    state, gone = np.zeros((2, l_.FLOW_F))
    for one in (state, gone):
        push(PARAMS, one, 0, 1, 700)
        push(PARAMS, one, 1, 1, 700)
    assert state[l_.EFFECT] == pytest.approx(2.0 * effect_of([(0, 700)]))
    leave(gone, 0)
    for _ in range(500):
        fade(PARAMS, state)
        fade(PARAMS, gone)
    assert gone[l_.EFFECT] == pytest.approx(state[l_.EFFECT])
    push(PARAMS, state, 0, 1, 700)
    push(PARAMS, gone, 0, 1, 700)  # somebody new: pushes as if nothing had been before
    assert gone[l_.EFFECT] > state[l_.EFFECT]


def test_the_layout_does_not_overlap() -> None:
    assert l_.SLOTS + l_.HIDDEN <= l_.KEY
    assert l_.REMAINS + 5 <= l_.OPEN_INTEREST
    assert l_.NEAREST + 2 <= l_.CLUSTERS


# -- round trips ----------------------------------------------------------------------------------
Trip = list[tuple[int, int, int]]  # seconds, side, lots


def _buy_slow_sell_fast() -> Trip:
    return [(s, 1, 1_500) for s in range(0, 600, 5)] + [(600, -1, 180_000)]


def _buy_fast_sell_slow() -> Trip:
    return [(0, 1, 180_000)] + [(s, -1, 1_500) for s in range(5, 605, 5)]


def _buy_wait_sell() -> Trip:
    return [(0, 1, 90_000), (300, -1, 90_000)]


def _to_and_fro() -> Trip:
    return [(10 * n, 1 if n % 2 == 0 else -1, 20_000) for n in range(60)]


def _four_blocks_one_sweep() -> Trip:
    return [(30 * n, 1, 45_000) for n in range(4)] + [(125, -1, 180_000)]


@pytest.mark.parametrize(
    "trip",
    [_buy_slow_sell_fast, _buy_fast_sell_slow, _buy_wait_sell, _to_and_fro, _four_blocks_one_sweep],
)
@pytest.mark.parametrize("side", [1, -1])
def test_no_round_trip_earns(trip: Callable[[], Trip], side: int) -> None:
    """Cash of the round trip at the prices it really got, over paired seeds."""
    earned = []
    for seed in range(8):
        rows = np.array(
            [(START_NS + s * SECOND_NS, side * way, lots) for s, way, lots in trip()], np.int64
        )
        assert (rows[:, 1] * rows[:, 2]).sum() == 0
        path = open_path(BTC, seed)
        cash, flat = path.cash(rows), path.plain_cash(rows)
        earned.append((cash - flat) / rows[:, 2].sum())  # ticks a lot, against having no impact
    mean, error = np.mean(earned), np.std(earned, ddof=1) / len(earned) ** 0.5
    assert mean < 0.0
    if trip is not _to_and_fro:  # so small a loss against so much noise that 8 pairs cannot tell
        assert mean < -2.0 * error
