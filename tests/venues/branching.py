"""What tests of fresh futures share: a small market, its times, and ranks among futures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from steersman.domain.instrument import Category
from steersman.domain.units import MINUTE_NS
from steersman.venues.presets import START_NS, preset_for

__all__ = ["CHI_SQUARE_7", "PRESET", "minute", "rank", "rank_excess"]

PRESET = replace(preset_for("BTCUSDT", Category.LINEAR), span_ticks=1 << 15)  # fast to copy
CHI_SQUARE_7 = 24.3  # exceeded once in 1,000 by eight places


def minute(at: float) -> int:
    return START_NS + round(at * MINUTE_NS)


def rank(mine: float, others: Iterable[float], tie: float) -> int:
    """Return how many of the others are below; of those that are equal the share `tie`."""
    values = np.array(list(others))
    return int((values < mine).sum()) + int(tie * ((values == mine).sum() + 1))


def rank_excess(ranks: Iterable[int], places: int = 8) -> float:
    """Return the chi-square of ranks that would be uniform on 0 to `places` - 1."""
    counts = np.bincount(list(ranks), minlength=places)
    expected = counts.sum() / places
    return float(((counts - expected) ** 2 / expected).sum())
