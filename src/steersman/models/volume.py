"""How much others are expected to trade between two times, given a rate measured at one time.

A curve is 48 weights, one for each half hour of the UTC day, relative to their mean; an empty curve
is flat. Weights say how the rate changes over the day, the measured rate says how large it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["BUCKETS", "BUCKET_NS", "WEEK", "expected_volume", "weekday", "weight_between"]

BUCKETS: Final = 48
DAY_NS: Final = 86_400_000_000_000
BUCKET_NS: Final = DAY_NS // BUCKETS
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
    at_ns, end_ns = from_ns, from_ns + rest_ns
    while at_ns < end_ns:
        bucket = at_ns // BUCKET_NS
        until_ns = min(end_ns, (bucket + 1) * BUCKET_NS)
        total += curve[bucket % BUCKETS] * (until_ns - at_ns)
        at_ns = until_ns
    return total / 1e9


def expected_volume(
    rate_per_s: float, from_ns: int, to_ns: int, curve: Sequence[float], rate_at_ns: int
) -> float:
    """Return the expected volume between two times (base units).

    `rate_per_s` is the volume per second measured at `rate_at_ns`; the curve scales it to other
    times of day. A curve that is zero at the time of measurement is taken as flat.
    """
    if curve:
        here = curve[(rate_at_ns // BUCKET_NS) % BUCKETS]
        if here > 0:
            return rate_per_s * weight_between(from_ns, to_ns, curve) / here
    return rate_per_s * weight_between(from_ns, to_ns, ())
