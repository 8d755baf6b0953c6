"""Counter-based numbers: uniform, independent, the same compiled and not, the same for ever."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from steersman.venues import draws
from steersman.venues.draws import Stream, bits, exponential, normal, normal_fast, pareto, uniform

I64 = st.integers(-(2**63), 2**63 - 1)
N = 200_000
F64 = npt.NDArray[np.float64]
PINNED = [8533934582276931853, 10448619749665694397, 16273165093683540088]


@njit(cache=False)
def _series(seed: int, stream: int, counter: int, k: int, what: int, n: int) -> F64:
    """Vary one of seed (0), stream (1), counter (2), k (3) over n consecutive values."""
    out = np.empty(n)
    for i in range(n):
        out[i] = uniform(
            seed + i * (what == 0),
            stream + i * (what == 1),
            counter + i * (what == 2),
            k + i * (what == 3),
        )
    return out


@njit(cache=False)
def _fast(n: int) -> F64:
    out = np.empty(n)
    for i in range(n):
        out[i] = normal_fast(bits(1, 2, i, 0))
    return out


@njit(cache=False)
def _flips(n: int) -> F64:
    """Count, per output bit, how often flipping one bit of the counter flips it."""
    counts = np.zeros(64)
    for i in range(n):
        one = np.uint64(bits(5, 1, i, 0)) ^ np.uint64(bits(5, 1, i ^ (1 << (i % 40)), 0))
        for b in range(64):
            counts[b] += (one >> np.uint64(b)) & np.uint64(1)
    return counts / n


def test_pinned_values() -> None:
    """A change of these changes every generated market."""
    assert [Stream(7, draws.EVENTS).bits(n) for n in range(3)] == PINNED
    assert Stream(0, 0).bits(0) != 0


@given(I64, st.integers(0, 50), I64, st.integers(0, 1_000))
def test_compiled_and_plain_agree_to_the_bit(seed: int, stream: int, counter: int, k: int) -> None:
    plain = Stream(seed, stream)
    u = uniform(seed, stream, counter, k)
    assert 0.0 < u < 1.0
    assert plain.uniform(counter, k) == u
    assert plain.bits(counter, k) == bits(seed, stream, counter, k)
    assert plain.normal(counter, k) == normal(u)
    assert plain.exponential(counter, k) == exponential(u)
    assert 0 <= plain.below(7, counter, k) < 7


@pytest.mark.parametrize("what", range(4), ids=["seed", "stream", "counter", "k"])
def test_uniform_along_each_argument(what: int) -> None:
    u = _series(3, 2, 10, 0, what, N)
    cells = np.bincount((u * 256).astype(int), minlength=256)
    chi2 = float(((cells - N / 256) ** 2).sum() / (N / 256))
    assert abs(chi2 - 255) < 5 * math.sqrt(2 * 255)
    low = np.bincount((u * 2**52).astype(np.int64) & 255, minlength=256)
    chi2_low = float(((low - N / 256) ** 2).sum() / (N / 256))
    assert abs(chi2_low - 255) < 5 * math.sqrt(2 * 255)
    z = (u - 0.5) * math.sqrt(12)
    for lag in (1, 2, 3, 7, 64):
        assert abs(float((z[lag:] * z[:-lag]).mean())) < 5 / math.sqrt(N)


def test_neighbours_are_independent() -> None:
    base = _series(3, 2, 0, 0, 2, N)
    others = (
        _series(4, 2, 0, 0, 2, N),
        _series(3, 3, 0, 0, 2, N),
        _series(3, 2, 0, 1, 2, N),
        _series(3, 2, 1, 0, 2, N),
    )
    for other in others:
        pairs = np.bincount((base * 16).astype(int) * 16 + (other * 16).astype(int), minlength=256)
        chi2 = float(((pairs - N / 256) ** 2).sum() / (N / 256))
        assert abs(chi2 - 255) < 5 * math.sqrt(2 * 255)
        assert not (base == other).any()


def test_one_bit_of_the_counter_flips_half_of_the_bits() -> None:
    assert np.abs(_flips(N) - 0.5).max() < 0.01


def test_transforms() -> None:
    law = NormalDist()
    for u in (1e-9, 1e-4, 0.02, 0.03, 0.2, 0.5, 0.9, 0.98, 1 - 1e-6):
        assert normal(u) == pytest.approx(law.inv_cdf(u), abs=1e-7)
    assert exponential(math.exp(-2.5)) == pytest.approx(2.5)
    assert pareto(2.0**-3, 1.5) == pytest.approx(4.0)
    z = _fast(N)
    assert abs(z.mean()) < 0.02
    assert abs(z.std() - 1.0) < 0.01
    assert np.abs(z).max() < 2 * math.sqrt(3)


def test_streams_differ() -> None:
    names = [getattr(draws, name) for name in draws.__all__ if name.isupper()]
    assert len(set(names)) == len(names) >= 10
