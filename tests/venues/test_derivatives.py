"""Liquidations arise where the price goes; funding follows the premium as it does at Bybit."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.venues import latent as l_
from steersman.venues.derivatives import FUNDING_EVERY_NS, begin_perpetual, mark_step
from steersman.venues.flow import MARKET, OUT, Script, new_flow, next_event
from steersman.venues.parameters import flow_params
from steersman.venues.presets import START_NS, preset_for
from steersman.venues.quotes import seed_book
from steersman.venues.regimes import RegimeName, with_clusters

BTC = preset_for("BTCUSDT", Category.LINEAR)
PARAMS = with_clusters(flow_params(BTC), BTC, RegimeName.MIXED)


def clusters(flow_f: np.ndarray) -> np.ndarray:
    return flow_f[l_.CLUSTERS : l_.FUNDING].reshape(-1, 2)


def test_longs_lie_below_and_shorts_above() -> None:
    _, flow_f = new_flow(PARAMS, 1, START_NS, BTC.mid_tick)
    found = clusters(flow_f)
    assert (found[:, 1] != 0).all()
    assert (np.sign(found[:, 1]) == np.sign(found[:, 0] - BTC.mid_tick)).all()
    assert np.abs(found[:, 1]).max() > 4 * np.median(np.abs(found[:, 1]))  # heavy tails
    assert flow_f[l_.NEAREST] == found[found[:, 1] < 0, 0].max()
    assert flow_f[l_.NEAREST + 1] == found[found[:, 1] > 0, 0].min()


@pytest.mark.parametrize("side", [1, -1])
def test_a_cluster_that_is_reached_is_worked_off_within_seconds(side: int) -> None:
    flow_i, flow_f = new_flow(PARAMS, 1, START_NS, BTC.mid_tick)
    lots = 50_000.0
    clusters(flow_f)[:] = 0.0
    clusters(flow_f)[3] = BTC.mid_tick + side * 5.0, side * lots
    flow_f[l_.NEAREST : l_.NEAREST + 2] = -1e18, 1e18
    flow_f[l_.NEAREST + (1 if side > 0 else 0)] = BTC.mid_tick + side * 5.0
    before = flow_f[l_.OPEN_INTEREST]
    mark_step(PARAMS, 1, flow_i, flow_f, 1, START_NS)  # not there yet
    assert flow_i[l_.FORCED_NS] == 0
    flow_f[l_.LATENT] += side * 6.0
    mark_step(PARAMS, 1, flow_i, flow_f, 1, START_NS)
    levels, top = np.zeros((2, BTC.span_ticks), np.int64), np.zeros(4, np.int64)
    seed_book(PARAMS, 1, BTC.mid_tick, levels, top)
    out, forced, numbers = np.zeros(OUT, np.int64), [], []
    while flow_i[l_.FORCED_NS] != 0:
        due = flow_i[l_.FORCED_NS]
        number = flow_i[l_.EVENT]
        next_event(PARAMS, 1, flow_i, flow_f, Script.empty(), levels, top, out)
        if out[0] == due and flow_i[l_.EVENT] == number:
            forced.append(out.copy())
            numbers.append(number)
    assert sum(row[4] for row in forced) == lots
    assert {(row[1], row[2]) for row in forced} == {(MARKET, side)}
    assert forced[-1][0] - START_NS < 30e9
    assert flow_i[l_.CASCADES] == 1
    assert flow_f[l_.OPEN_INTEREST] < before - 0.5 * lots


def funding_rates(days: int, seed: int) -> np.ndarray:
    """Return the rates of a random walk of 60 % a year."""
    flow_i, flow_f = new_flow(PARAMS, seed, START_NS, BTC.mid_tick)
    begin_perpetual(PARAMS, seed, flow_i, flow_f, START_NS)
    minute_ns = 60_000_000_000
    moves = np.random.default_rng(seed).normal(size=days * 1_440) * 0.6 / (365 * 1_440) ** 0.5
    rates = []
    for n, move in enumerate(moves):
        flow_f[l_.LATENT] *= 1.0 + move
        begin = (START_NS // minute_ns + n) * minute_ns
        count = flow_i[l_.FUNDINGS]
        mark_step(PARAMS, seed, flow_i, flow_f, 600 * n, begin)
        if flow_i[l_.FUNDINGS] > count:
            assert begin % FUNDING_EVERY_NS == 0
            rates.append(flow_f[l_.FUNDING + count % l_.FUNDING_MOST])
    return np.array(rates)


def test_funding_looks_like_what_was_measured() -> None:
    rates = np.concatenate([funding_rates(365, seed) for seed in range(3)])
    assert len(rates) == 3 * 365 * 3
    assert 0.3 < (np.abs(rates - 1.0) < 1e-9).mean() < 0.6  # 46 %
    assert 0.05 < (rates < 0).mean() < 0.25  # 15 %
    assert 0.5 < rates.mean() < 3.0  # 1.53
    assert 2.5 < rates.std() < 5.0  # 3.7
    assert np.abs(rates).max() <= 37.5
    known = rates - rates.mean()
    assert 0.7 < (known[1:] * known[:-1]).mean() / (known**2).mean() < 0.95  # .82


def test_funding_follows_the_price() -> None:
    rates = []
    for drift in (1.0, -1.0):
        flow_i, flow_f = new_flow(PARAMS, 5, START_NS, BTC.mid_tick)
        for n in range(2 * 1_440):
            flow_f[l_.LATENT] *= 1.0 + drift * 4e-5
            mark_step(PARAMS, 5, flow_i, flow_f, 600 * n, START_NS + n * 60_000_000_000)
        rates.append(flow_f[l_.FUNDING + flow_i[l_.FUNDINGS] - 1])
    assert rates[0] > rates[1] + 5.0
