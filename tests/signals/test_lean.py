"""The thresholds of the rules: what makes no sense is refused."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.signals.lean import SignalRules


@pytest.mark.parametrize(
    "given",
    [
        {"funding_high_pct": -0.01},
        {"funding_low_pct": 0.01},
        {"faster_pct": 90},
        {"faster_pct": 201},
        {"wait_pct": 101},
        {"wait_pct": -1},
        {"session_turn_pct": 51},
        {"cluster_near_pct": -1.0},
        {"toward_bps": float("nan")},
        {"move_pct": float("inf")},
        {"funding_before_s": -1},
        {"thin_pct": 201},
        {"cascade_favour_pct": -1},
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given)).rpartition("_")[0].split("_")[0]):
        SignalRules(**given)
