"""How much others are expected to trade between two times, given a rate measured at one time.

A curve is 48 weights, one for each half hour of the UTC day, relative to their mean; an empty curve
is flat. Weights say how the rate changes over the day, the measured rate says how large it is. For
a mean over hours that is enough; who follows the volume as it comes has to know that what is above
or below the usual does not stay so, which `FadingVolume` does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from steersman.domain.volume import DayVolume

__all__ = [
    "BUCKETS",
    "BUCKET_NS",
    "WEEK",
    "FadingVolume",
    "day_level",
    "expected_volume",
    "weekday",
    "weight_between",
]

BUCKETS: Final = 48
DAY_NS: Final = 86_400_000_000_000
BUCKET_NS: Final = DAY_NS // BUCKETS
RATE_NS: Final = 300_000_000_000  # the half-life of a view's volume rate (marketdata.observer)
RATE_MEMORY_NS: Final = 10 * RATE_NS  # what lies further back weighs a thousandth
FADE_S: Final = 1_200.0  # how long the market stays busy or quiet (docs/models.md)
WEEK: Final = 7
THURSDAY: Final = 3  # 1970-01-01


def weekday(at_ns: int) -> int:
    """Return the weekday of a time (UTC ns), 0 Monday to 6 Sunday."""
    return (at_ns // DAY_NS + THURSDAY) % WEEK


def weight_between(from_ns: int, to_ns: int, curve: Sequence[float]) -> float:
    """Return the curve's integral between two times (UTC ns), in seconds at mean weight.

    Raises ValueError where the curve is not 48 non-negative weights.
    """
    if to_ns <= from_ns:
        return 0.0
    if not curve:
        return (to_ns - from_ns) / 1e9
    if len(curve) != BUCKETS or min(curve) < 0:
        raise ValueError(f"a volume curve is {BUCKETS} non-negative weights, got {len(curve)}")
    days, rest_ns = divmod(to_ns - from_ns, DAY_NS)
    total = days * sum(curve) * BUCKET_NS
    for weight, begin_ns, end_ns in _pieces(from_ns, from_ns + rest_ns, curve):
        total += weight * (end_ns - begin_ns)
    return total / 1e9


def _pieces(from_ns: int, to_ns: int, curve: Sequence[float]) -> Iterator[tuple[float, int, int]]:
    """Yield the weight of each half-hour between two times, with when it begins and ends."""
    while from_ns < to_ns:
        bucket = from_ns // BUCKET_NS
        until_ns = min(to_ns, (bucket + 1) * BUCKET_NS)
        yield (curve[bucket % BUCKETS] if curve else 1.0), from_ns, until_ns
        from_ns = until_ns


def expected_volume(
    rate_per_s: float,
    from_ns: int,
    to_ns: int,
    curve: Sequence[float],
    rate_at_ns: int,
    observed_ns: int,
) -> float:
    """Return the expected volume between two times (base units).

    `rate_per_s` is the volume per second measured at `rate_at_ns`, with a half-life of 5 min, of a
    market that had been seen for `observed_ns`; the curve scales it to other times of day. A curve
    that is zero at the time of measurement is taken as flat.
    """
    curve = _known(curve, rate_at_ns)
    weight = _weight_of_rate(curve, rate_at_ns - observed_ns, rate_at_ns)
    return rate_per_s * weight_between(from_ns, to_ns, curve) / weight


def day_level(
    done: float, expected: Sequence[float], spread: float, half_hour_spread: float
) -> float:
    """Return the level of a day, 1 being usual, from what was `done` in its half-hours so far.

    `expected` is what the profile expects in each of them, or in the part of it that was seen:
    prior 1 with the spread that days have, against what came with the noise half-hours have.
    """
    whole = math.fsum(expected)
    if whole <= 0:
        return 1.0
    noise = half_hour_spread**2 * math.fsum(part * part for part in expected) / whole**2
    prior = spread**2
    trust = prior / (prior + noise) if prior + noise > 0 else 1.0
    return 1.0 + trust * (done / whole - 1.0)


@dataclass(frozen=True, slots=True)
class FadingVolume:
    """What others will trade from `at_ns` on: the level of now fades to the day's.

    A level is a volume over the curve's integral of its time. It is `level` at `at_ns` and comes
    nearer to `usual`, the day's, by a factor e every 20 minutes. `of` makes one of what is
    measured.
    """

    at_ns: int
    level: float
    usual: float
    curve: Sequence[float]

    @classmethod
    def of(
        cls,
        at_ns: int,
        rate_per_s: float,
        since_ns: int,
        seen: float,
        day: DayVolume | None,
        curve: Sequence[float],
    ) -> FadingVolume:
        """Return the forecast at a time, when others trade `rate_per_s` (base units a second).

        What is usual is a day's volume from history, at the level that is learnt from what was
        `seen` of the market since a time (base units, UTC ns). Where there is no history, what was
        seen is the level; where nothing was, the rate is all there is.
        """
        curve = _known(curve, at_ns)
        level = rate_per_s / _weight_of_rate(curve, since_ns, at_ns)
        parts = [
            weight * (end_ns - begin_ns) / 1e9
            for weight, begin_ns, end_ns in _pieces(since_ns, at_ns, curve)
        ]
        if day is not None:
            mean = day.mean / weight_between(0, DAY_NS, curve)
            expected = [mean * part for part in parts]
            today = day_level(seen, expected, day.spread, day.half_hour_spread)
            return cls(at_ns, level, mean * today, curve)
        span = math.fsum(parts)
        return cls(at_ns, level, seen / span if span > 0 else level, curve)

    def between(self, from_ns: int, to_ns: int) -> float:
        """Return the volume expected between two times (base units), neither before `at_ns`."""
        usual = excess = 0.0
        for weight, begin_ns, end_ns in _pieces(from_ns, to_ns, self.curve):
            usual += weight * (end_ns - begin_ns) / 1e9
            excess += weight * FADE_S * (self._left(begin_ns) - self._left(end_ns))
        return self.usual * usual + (self.level - self.usual) * excess

    def _left(self, ns: int) -> float:
        return math.exp((self.at_ns - ns) / (FADE_S * 1e9))


def _known(curve: Sequence[float], at_ns: int) -> Sequence[float]:
    """Return the curve, or a flat one where it says that nobody trades at a time: somebody does."""
    return curve if curve and _weight(curve, at_ns) > 0 else ()


def _weight_of_rate(curve: Sequence[float], since_ns: int, at_ns: int) -> float:
    """Return the curve's mean over what a measured rate remembers, not its weight of the moment."""
    weights = seconds = 0.0
    since_ns = max(since_ns, at_ns - RATE_MEMORY_NS)
    for weight, begin_ns, end_ns in _pieces(since_ns, at_ns, curve):
        part = 0.5 ** ((at_ns - end_ns) / RATE_NS) - 0.5 ** ((at_ns - begin_ns) / RATE_NS)
        weights += weight * part
        seconds += part
    return weights / seconds if weights > 0.0 else _weight(curve, at_ns)


def _weight(curve: Sequence[float], at_ns: int) -> float:
    return curve[(at_ns // BUCKET_NS) % BUCKETS] if curve else 1.0
