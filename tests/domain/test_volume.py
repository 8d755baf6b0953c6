"""A usual day's volume: figures that make sense, or none."""

from __future__ import annotations

import math

import pytest

from steersman.domain.volume import DayVolume


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((0.0, 0.2, 0.5), "positive"),
        ((math.inf, 0.2, 0.5), "positive"),
        ((1.0, -0.1, 0.5), "spread must be"),
        ((1.0, 0.2, math.nan), "half_hour_spread must be"),
    ],
)
def test_what_makes_no_sense_is_refused(figures: tuple[float, float, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DayVolume(*figures)
    assert DayVolume(1.0, 0.0, 0.0).mean == 1.0
