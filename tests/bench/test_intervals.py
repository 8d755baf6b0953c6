"""Every kind of 95 % interval covers the truth about as often as it says; simpler ones are caught.

The short version of `bench/intervals.py`, whose 6,000 replications are in docs/models.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench import intervals as module
from steersman.models.calibration import FlowFit, fit_flow

REPLICATIONS = 300
COVERED = (0.93, 0.97)
ERRORS = 3.0  # of what a share of so few replications may be off by chance


def outside(shares: Mapping[str, float]) -> set[str]:
    """Name the intervals that cover less or more than is promised, beyond chance."""
    chance = ERRORS * math.sqrt(0.95 * 0.05 / REPLICATIONS)
    return {
        name
        for name, share in shares.items()
        if not COVERED[0] - chance <= share <= COVERED[1] + chance
    }


def test_every_interval_covers_what_it_says() -> None:
    shares = module.coverage(REPLICATIONS, seed=1)
    ours = {name: share for name, share in shares.items() if not name.startswith("  (")}
    assert len(ours) > 25 and outside(ours) == set()


def test_an_interval_of_ols_with_hc0_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(*sample: object) -> FlowFit:
        fit = fit_flow(*sample)  # type: ignore[arg-type]
        return replace(fit, slope=replace(fit.slope, standard_error=fit.se_hc0, degrees=None))

    monkeypatch.setattr(module, "fit_flow", planted)
    monkeypatch.setattr(module, "CASES", (module.flow_cases,))
    caught = outside(module.coverage(REPLICATIONS, seed=1))
    for kind in ("heavy, n=60", "memory, n=60", "memory, n=400"):
        assert f"flow slope, {kind}" in caught
