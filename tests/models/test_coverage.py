"""The alarm over many orders: rarely false however often one looks, soon where it is right."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.integrate import quad

from steersman.models.coverage import CoverageMonitor
from steersman.models.validity import ModelError

ORDERS = 500


@cache
def evidence(n: int, misses: int) -> float:
    return CoverageMonitor(n, misses).evidence


def alarmed(chance: float, runs: int, seed: int) -> tuple[float, float]:
    """Return the share of runs with an alarm in 500 orders, and the median order of it."""
    missed = np.cumsum(np.random.default_rng(seed).random((runs, ORDERS)) < chance, axis=1)
    first = [
        next((n + 1 for n in range(ORDERS) if evidence(n + 1, int(row[n])) >= 20), ORDERS + 1)
        for row in missed
    ]
    return float(np.mean(np.array(first) <= ORDERS)), float(np.median(first))


def test_looking_after_every_order_raises_few_false_alarms() -> None:
    assert alarmed(0.05, 2_000, 1)[0] < 0.05
    assert alarmed(0.02, 500, 2)[0] < 0.01


def test_bad_intervals_are_found() -> None:
    share, median = alarmed(0.2, 300, 3)
    assert share == 1.0 and median < 30
    share, median = alarmed(0.1, 300, 4)
    assert share > 0.9 and median < 250


def test_evidence_is_the_mixed_likelihood_ratio() -> None:
    def integral(weight: float, n: int, misses: int) -> float:
        def density(p: float) -> float:
            ratio = (p / 0.05) ** misses * ((1 - p) / 0.95) ** (n - misses)
            return float((1 - p) ** 4 * (ratio if weight else 1.0))

        return float(quad(density, 0.05, 1)[0])

    for n, misses in ((0, 0), (1, 1), (1, 0), (40, 7), (200, 8)):
        expected = integral(1, n, misses) / integral(0, n, misses)
        assert CoverageMonitor(n, misses).evidence == pytest.approx(expected, rel=1e-6)


def test_an_alarm_stays() -> None:
    monitor = CoverageMonitor()
    for _ in range(4):
        monitor = monitor.after(within=False)
    assert monitor.alarm and (monitor.n, monitor.misses) == (4, 4)
    for _ in range(300):
        monitor = monitor.after(within=True)
    assert monitor.alarm and monitor.evidence < 1
    assert CoverageMonitor(2_000, 2_000).evidence > 1e300, "no overflow"


@pytest.mark.parametrize("values", [(1, 2, 0.05, 0.05), (1, 0, 0.0, 0.05), (1, 0, 0.05, 1.0)])
def test_what_makes_no_sense_is_refused(values: tuple[int, int, float, float]) -> None:
    with pytest.raises(ModelError):
        CoverageMonitor(*values)
