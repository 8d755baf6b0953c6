"""Random numbers without a generator: each is a pure function of (seed, stream, counter, k).

Nothing is consumed and nothing advances, so a market can branch by copying its arrays, and two runs
that do different things at event 5 still see the same numbers at event 6. `seed` and `counter` are
any 64-bit integers, `stream` names the purpose (below), `k` numbers the draws of one counter.

    bits(seed, stream, counter, k) = mix(mix(mix(seed + G (stream + 1)) + G counter) + H k)

with `mix` the finalizer of splitmix64 (Steele, Lea and Flood 2014, variant 13 of Stafford), a
bijection of 64-bit words. The compiled functions and `Stream`, for plain Python, agree to the bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

__all__ = [
    "BOOK",
    "ENVIRONMENT",
    "EVENTS",
    "FUNDING",
    "FUTURES",
    "JUMPS",
    "LATENCY",
    "LIQUIDATIONS",
    "NETFLOWS",
    "NEWS",
    "PLACES",
    "REGIMES",
    "SIGNS",
    "Stream",
    "bits",
    "exponential",
    "key",
    "normal",
    "normal_fast",
    "pareto",
    "uniform",
    "uniform_of",
]

EVENTS: Final = 1  # all of a background event: when, what, how many lots, where, which side
PLACES: Final = 4  # where in a queue a cancel begins
SIGNS: Final = 5  # the hidden metaorders of others at the start
ENVIRONMENT: Final = 6  # volatility, activity and the news-free drift of the latent price
JUMPS: Final = 7  # its rare jumps
BOOK: Final = 8  # the book at the start
LATENCY: Final = 9  # orders, reports and feeds
NEWS: Final = 10  # headlines, their times and what they are worth
REGIMES: Final = 11  # which regime follows, how long it lasts
LIQUIDATIONS: Final = 12  # clusters, and the forced orders when one is reached
FUNDING: Final = 13  # the part of the premium that does not come from the price
NETFLOWS: Final = 14  # coins to and from exchanges, and what follows
FUTURES: Final = 15  # the seeds of fresh futures

_G = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd
_H = np.uint64(0xD1B54A32D192ED03)  # 2^64 / an odd constant unrelated to G
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
_MASK: Final = (1 << 64) - 1
_UNIT: Final = 2.0**-52


@njit(cache=True, inline="always")
def _mix(word: np.uint64) -> np.uint64:
    word = (word ^ (word >> _S30)) * _M1
    word = (word ^ (word >> _S27)) * _M2
    return word ^ (word >> _S31)


@njit(cache=True, inline="always")
def key(seed: int, stream: int, counter: int) -> np.uint64:
    """Return what `uniform_of` turns into any of the counter's numbers: one mix each from here."""
    word = _mix(np.uint64(seed) + _G * (np.uint64(stream) + np.uint64(1)))
    return _mix(word + _G * np.uint64(counter))


@njit(cache=True, inline="always")
def uniform_of(word: np.uint64, k: int) -> float:
    """Return `uniform` of the counter that `word` is the key of."""
    return (np.float64(_mix(word + _H * np.uint64(k)) >> _S12) + 0.5) * _UNIT


@njit(cache=True)
def bits(seed: int, stream: int, counter: int, k: int) -> int:
    """Return 64 random bits as uint64."""
    return _mix(key(seed, stream, counter) + _H * np.uint64(k))  # type: ignore[return-value]


@njit(cache=True)
def uniform(seed: int, stream: int, counter: int, k: int) -> float:
    """Return a number in the open interval (0, 1), a multiple of 2^-53."""
    word = np.uint64(bits(seed, stream, counter, k))
    return (np.float64(word >> _S12) + 0.5) * _UNIT


@njit(cache=True)
def exponential(u: float) -> float:
    """Turn a uniform number into an exponential one of mean 1."""
    return -math.log(u)


@njit(cache=True)
def pareto(u: float, alpha: float) -> float:
    """Turn a uniform number into a Pareto one: at least 1, P(X > x) = x^-alpha."""
    return float(u ** (-1.0 / alpha))


@njit(cache=True)
def normal(u: float) -> float:
    """Turn a uniform number into a standard normal one, to 1e-8 (P. J. Acklam's rational form)."""
    if u < 0.02425:
        q = math.sqrt(-2.0 * math.log(u))
        return _tail(q)
    if u > 0.97575:
        q = math.sqrt(-2.0 * math.log(1.0 - u))
        return -_tail(q)
    q = u - 0.5
    r = q * q
    top = (-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02
    top = ((top * r + 1.383577518672690e02) * r - 3.066479806614716e01) * r + 2.506628277459239
    low = (-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02
    low = ((low * r + 6.680131188771972e01) * r - 1.328068155288572e01) * r + 1.0
    return top * q / low


@njit(cache=True)
def _tail(q: float) -> float:
    top = (-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838
    top = ((top * q - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783
    low = (7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996
    low = (low * q + 3.754408661907416) * q + 1.0
    return top / low


@njit(cache=True)
def normal_fast(word: int) -> float:
    """Turn 64 random bits into a number of mean 0 and deviation 1: four uniform ones, added.

    Bounded by 2 sqrt(3) and of kurtosis 2.7: for innovations whose tails come from elsewhere.
    """
    w = np.uint64(word)
    m = np.uint64(0xFFFF)
    s = np.uint64(16)
    total = (w & m) + ((w >> s) & m) + ((w >> (s + s)) & m) + (w >> (s + s + s))
    return (np.float64(total) - 131070.0) * (1.0 / 37837.227495)  # sqrt((65536^2 - 1) / 3)


@dataclass(frozen=True, slots=True)
class Stream:
    """One named stream of one seed for plain Python; equal to the compiled functions to the bit."""

    seed: int
    stream: int

    def bits(self, counter: int, k: int = 0) -> int:
        """Return 64 random bits."""
        key = _mix_int(self.seed + int(_G) * (self.stream + 1))
        return _mix_int(_mix_int(key + int(_G) * counter) + int(_H) * k)

    def uniform(self, counter: int, k: int = 0) -> float:
        """Return a number in the open interval (0, 1)."""
        return ((self.bits(counter, k) >> 12) + 0.5) * _UNIT

    def exponential(self, counter: int, k: int = 0) -> float:
        """Return an exponential number of mean 1."""
        return -math.log(self.uniform(counter, k))

    def normal(self, counter: int, k: int = 0) -> float:
        """Return a standard normal number, to 1e-8."""
        return float(normal.py_func(self.uniform(counter, k)))

    def below(self, n: int, counter: int, k: int = 0) -> int:
        """Return an integer from 0 to n - 1."""
        return (self.bits(counter, k) * n) >> 64


def _mix_int(word: int) -> int:
    word &= _MASK
    word = ((word ^ (word >> 30)) * int(_M1)) & _MASK
    word = ((word ^ (word >> 27)) * int(_M2)) & _MASK
    return word ^ (word >> 31)
