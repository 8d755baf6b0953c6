"""How a day's volume is spread over its half-hours, from history, and what the day says so far.

A day counts where it was seen whole. Its shape is its volume by half-hour relative to its own mean,
so that a busy day does not weigh more. The profile is the mean of shapes; that of one weekday is
weighed against that of all days as if the latter were `ALL_DAYS` more of them. Fewer than five
whole days are refused as too short: what a few hours show is the rate, not its curve. Errors take
days for independent draws of one shape.

During a day the level, volume over what the profile expects, is known better with every half-hour
(`volume.day_level`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from steersman.models.validity import ModelError, NotIdentifiedError, not_negative, positive
from steersman.models.volume import BUCKETS, WEEK, day_level

__all__ = ["DAYS_MIN", "VolumeProfile", "fit_profile"]

DAYS_MIN: Final = 5
ALL_DAYS: Final = 4

F64 = npt.NDArray[np.float64]


class VolumeProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """48 weights relative to their mean with standard errors, and what days are like.

    `day_volume` is the mean of such a day, `level_spread` the relative standard deviation of days,
    `shape_spread` that of a half-hour about the profile; `days` is the sample. Raises ModelError
    for figures that make no sense.
    """

    weights: tuple[float, ...]
    standard_errors: tuple[float, ...]
    day_volume: float
    level_spread: float
    shape_spread: float
    days: int

    def __post_init__(self) -> None:
        if not len(self.weights) == len(self.standard_errors) == BUCKETS:
            raise ModelError(f"a volume profile has {BUCKETS} weights with an error each")
        for each in (*self.weights, *self.standard_errors):
            not_negative(weight=each)
        not_negative(level_spread=self.level_spread, shape_spread=self.shape_spread)
        positive(day_volume=self.day_volume, weights=math.fsum(self.weights), days=self.days)

    def level(self, done: float, buckets: int) -> float:
        """Return the day's level after `buckets` half-hours with `done` volume; 1 is usual."""
        not_negative(done=done)
        if not 0 <= buckets <= BUCKETS:
            raise ModelError(f"buckets must be from 0 to {BUCKETS}, got {buckets}")
        past = [weight * self.day_volume / BUCKETS for weight in self.weights[:buckets]]
        return day_level(done, past, self.level_spread, self.shape_spread)

    def rest(self, done: float, buckets: int) -> float:
        """Return the volume still expected in the day after `buckets` half-hours."""
        ahead = math.fsum(self.weights[buckets:])
        return self.level(done, buckets) * ahead * self.day_volume / BUCKETS


def fit_profile(volumes: F64, weekdays: Sequence[int], weekday: int | None = None) -> VolumeProfile:
    """Fit a profile to days of volume by half-hour, shape (days, 48), NaN where not seen whole.

    `weekdays` (0 Monday to 6) are those of the days; `weekday` asks for the profile of one.
    """
    if volumes.ndim != 2 or volumes.shape[1] != BUCKETS or len(weekdays) != len(volumes):
        raise ModelError(f"volumes must be days of {BUCKETS} half-hours with a weekday each")
    if weekday is not None and not 0 <= weekday < WEEK:
        raise ModelError(f"weekday must be from 0 to {WEEK - 1}, got {weekday}")
    whole = np.isfinite(volumes).all(axis=1)
    days, of_week = volumes[whole], np.asarray(weekdays)[whole]
    if len(days) < DAYS_MIN:
        raise NotIdentifiedError(
            f"too short: {len(days)} whole days, at least {DAYS_MIN} are needed"
        )
    if (days < 0).any() or (days.sum(axis=1) <= 0).any():
        raise NotIdentifiedError("a day without volume tells no profile")
    totals = days.sum(axis=1)
    shapes = days / totals[:, None] * BUCKETS
    every = shapes.mean(axis=0)
    counted = np.full(len(days), 1 / len(days))  # how much each day counts
    if weekday is not None:
        same = of_week == weekday
        counted = (same + ALL_DAYS * counted) / (same.sum() + ALL_DAYS)
    error = shapes.std(axis=0, ddof=1) * math.sqrt(float(counted @ counted))
    about = (shapes - every)[:, every > 0] / every[every > 0]
    return VolumeProfile(
        weights=tuple((counted @ shapes).tolist()),
        standard_errors=tuple(error.tolist()),
        day_volume=float(counted @ totals),
        level_spread=float(totals.std(ddof=1) / totals.mean()),
        shape_spread=float(np.sqrt((about**2).mean())),
        days=len(days),
    )
