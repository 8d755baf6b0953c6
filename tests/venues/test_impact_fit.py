"""The propagator is found again from a tape that it has made, with its error."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.errors import DataError
from steersman.marketdata.tape import Tape
from steersman.models.propagator import ShiftedPowerKernel
from steersman.venues.impact_fit import BIN_NS, fit_own_impact

SCALE = 1_000_000  # ticks are fine here, so that rounding to them plays no part


def tape(kernel: ShiftedPowerKernel, per_lot: float, noise: float, seed: int, n: int) -> Tape:
    """Return a tape with a trade and a touch in each 100 ms, moved by the kernel and by noise."""
    rng = np.random.default_rng(seed)
    lots = rng.integers(1, 100, n)
    side = rng.choice([-1, 1], n)
    lags = np.arange(n) * BIN_NS / 1e9
    left = np.array([kernel.left(float(lag)) for lag in lags])
    impact = np.convolve(lots * side, left)[:n] * per_lot
    mid = 10_000 * SCALE + SCALE * (impact + noise * rng.standard_normal(n).cumsum())
    bid = np.concatenate([[10_000 * SCALE], mid.round()]).astype(np.int64)
    ns = np.arange(n + 1) * BIN_NS
    trade_ns = ns[:-1] + BIN_NS // 2
    none = np.zeros(n, np.bool_)
    return Tape(
        0, int(ns[-1]), ns, bid, bid + 2, trade_ns, bid[1:], lots, side.astype(np.int8), none, True
    )


@pytest.mark.parametrize(("scale_s", "exponent"), [(1.0, 0.5), (5.0, 0.8)])
def test_the_kernel_is_found_again(scale_s: float, exponent: float) -> None:
    kernel = ShiftedPowerKernel(scale_s, exponent)
    fit = fit_own_impact(tape(kernel, 0.02, 0.5, 3, 20_000))
    per_lot = fit.ticks_per_lot / SCALE
    for lag_s in (0.1, 1.0, 5.0, 20.0):
        found, true = per_lot * fit.kernel.left(lag_s), 0.02 * kernel.left(lag_s)
        assert found == pytest.approx(true, rel=0.15)
    assert fit.impact.ticks_per_lot == fit.ticks_per_lot
    assert fit.intervals > 19_000


def test_the_error_covers_the_level() -> None:
    kernel = ShiftedPowerKernel(2.0, 0.6)
    fits = [fit_own_impact(tape(kernel, 0.02, 1.0, seed, 4_000)) for seed in range(6)]
    spread = float(np.std([fit.ticks_per_lot for fit in fits]))
    assert 0.4 < spread / float(np.mean([fit.error for fit in fits])) < 2.5


def test_what_cannot_be_told_is_refused() -> None:
    kernel = ShiftedPowerKernel(1.0, 0.5)
    with pytest.raises(DataError, match="cannot be fitted to 50 s"):
        fit_own_impact(tape(kernel, 0.02, 0.5, 3, 500))
    with pytest.raises(DataError, match="ticks a lot"):
        fit_own_impact(tape(kernel, 0.0, 1.0, 2, 4_000))
    silent = tape(kernel, 0.02, 0.5, 3, 4_000)
    silent.trade_lots[:] = 0
    with pytest.raises(DataError, match="too few trades"):
        fit_own_impact(silent)
    late = tape(kernel, 0.02, 0.5, 3, 4_000)
    late.trade_lots[:-20] = 0
    with pytest.raises(DataError, match="too few trades"):
        fit_own_impact(late)
