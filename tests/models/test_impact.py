"""The prior for temporary impact reproduces the published table."""

from __future__ import annotations

import pytest

from steersman.models.impact import temporary_bps


@pytest.mark.parametrize(("days", "expected_bps"), [(0.1, 22), (0.2, 15), (0.5, 8)])
def test_ibm_of_the_2005_paper(days: float, expected_bps: float) -> None:
    # 656,100 shares of 6.561 M a day at 1.57 % a day, in `days` of a day.
    got = temporary_bps(0.1 / days, 157)
    assert got == pytest.approx(expected_bps, abs=0.6)


def test_nothing_costs_nothing_and_negatives_are_refused() -> None:
    assert temporary_bps(0.0, 100) == 0.0
    with pytest.raises(ValueError, match="negative"):
        temporary_bps(-0.1, 100)
    with pytest.raises(ValueError, match="negative"):
        temporary_bps(0.1, -100)
