"""A thinned line keeps its ends and every extreme, and makes nothing up."""

from __future__ import annotations

import random

from steersman.report.thin import thin


def test_few_points_stay() -> None:
    points = [(i, float(i)) for i in range(40)]
    assert thin(points, 10) == points
    assert thin([], 10) == []


def test_ends_and_extremes_of_every_column_stay() -> None:
    draws = random.Random(3)
    points = [(i * 7, draws.gauss(0, 1)) for i in range(5_000)]
    kept = thin(points, 50)
    assert len(kept) <= 4 * 50 and set(kept) <= set(points)
    assert kept == sorted(kept) and kept[0] == points[0] and kept[-1] == points[-1]
    start, span = points[0][0], points[-1][0]
    for column in range(50):
        own = [p for p in points if min(49, (p[0] - start) * 50 // span) == column]
        values = [value for _, value in own]
        left = [p[1] for p in kept if min(49, (p[0] - start) * 50 // span) == column]
        assert min(left) == min(values) and max(left) == max(values)


def test_points_at_one_time_do_not_divide_by_nothing() -> None:
    assert thin([(5, float(i)) for i in range(100)], 10) == [(5, 0.0), (5, 99.0)]
