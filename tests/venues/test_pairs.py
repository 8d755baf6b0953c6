"""Paired runs: the same market to the bit until our first order, and only our order after it."""

from __future__ import annotations

import numpy as np

from steersman.domain.instrument import Category
from steersman.domain.units import HOUR_NS, SECOND_NS
from steersman.venues.flow import START_NS, preset_for
from steersman.venues.pairs import evenly, open_path

BTC = preset_for("BTCUSDT", Category.LINEAR)
GRID = START_NS + np.arange(1, 121) * SECOND_NS
NOTHING = np.zeros((0, 3), np.int64)


def order(lots: int, side: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return one order after a minute."""
    return np.array([[START_NS + 60 * SECOND_NS, side, lots]], np.int64)


def test_a_run_leaves_the_path_as_it_was() -> None:
    path = open_path(BTC, 3)
    first, lots = path.run(GRID, NOTHING)
    again, lots_again = path.run(GRID, NOTHING)
    assert first.tobytes() == again.tobytes() and lots == lots_again > 0
    assert first.tobytes() != open_path(BTC, 4).run(GRID, NOTHING)[0].tobytes()


def test_nothing_differs_before_the_order_and_the_price_after_it_does() -> None:
    path = open_path(BTC, 3)
    without, lots = path.run(GRID, NOTHING)
    for side in (1, -1):
        with_us, lots_with_us = path.run(GRID, order(20_000, side))
        assert (with_us[:59] == without[:59]).all()
        assert side * (with_us[59] - without[59]) > 0.0, "at its very time it has traded"
        assert side * (with_us[60:70] - without[60:70]).mean() > 0.0
        assert lots_with_us == lots, "what others want is theirs"


def test_times_may_repeat_and_lie_before_the_first_event() -> None:
    path = open_path(BTC, 3)
    at = np.array([START_NS, START_NS, START_NS + 1, GRID[3], GRID[3]])
    mids, _ = path.run(at, NOTHING)
    assert mids[0] == mids[1] and mids[3] == mids[4] == path.run(GRID, NOTHING)[0][3]


def test_an_order_is_cut_evenly_and_wholly() -> None:
    rows = evenly(1_000, -1, START_NS, START_NS + 60 * SECOND_NS, 10 * SECOND_NS)
    assert rows.shape == (6, 3)
    assert rows[:, 2].sum() == 1_000 and np.ptp(rows[:, 2]) <= 1
    assert (rows[:, 1] == -1).all() and rows[0, 0] == START_NS
    few = evenly(2, 1, START_NS, START_NS + 60 * SECOND_NS, 10 * SECOND_NS)
    assert few[:, 2].tolist() == [1, 1]


def test_a_tenth_of_a_day_moves_the_illiquid_coin_by_percents() -> None:
    coin = preset_for("KLPUSDT", Category.LINEAR)
    hours = 4
    end_ns = START_NS + hours * HOUR_NS
    at_ns = np.array([end_ns])
    moved = []
    for seed in range(4):
        path = open_path(coin, seed)
        without, volume = path.run(at_ns, np.zeros((0, 3), np.int64))
        own = evenly(round(0.1 * volume * 24 / hours), 1, START_NS, end_ns, 60 * SECOND_NS)
        moved.append(float(path.run(at_ns, own)[0][0] / without[0] - 1.0))
    assert 0.01 < np.mean(moved) < 0.05


def test_impact_does_not_depend_on_the_slicing() -> None:
    """A quarter of an hour's order of 3 % of the volume, cut in 900, 90 and 15."""
    preset = preset_for("BTCUSDT", Category.LINEAR)
    end_ns = START_NS + 900 * SECOND_NS
    at_ns = np.array([end_ns + 60 * SECOND_NS])
    means = []
    for every_s in (1, 10, 60):
        moved = []
        for seed in range(6):
            path = open_path(preset, seed)
            without, volume = path.run(at_ns, np.zeros((0, 3), np.int64))
            own = evenly(round(0.03 * volume), 1, START_NS, end_ns, every_s * SECOND_NS)
            moved.append(float(path.run(at_ns, own)[0][0] - without[0]))
        means.append(float(np.mean(moved)))
    assert max(means) < 1.12 * min(means)
