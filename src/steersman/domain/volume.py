"""What others usually trade in a day; `models.volume_profile` measures it, a run is told it."""

from __future__ import annotations

import math

import msgspec

__all__ = ["DayVolume"]


class DayVolume(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A usual day's volume (base units), from history.

    `spread` is the relative standard deviation of days about it, `half_hour_spread` that of a
    half-hour about the day's curve. Raises ValueError for figures that make no sense.
    """

    mean: float
    spread: float
    half_hour_spread: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and self.mean > 0):
            raise ValueError(f"a day's volume must be finite and positive, got {self.mean}")
        for name in ("spread", "half_hour_spread"):
            value: float = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be finite and not negative, got {value}")
