"""Thin a line to what can be seen of it.

A chart is some hundred pixels wide: of the points in one column only the first, the lowest, the
highest and the last can be told apart. Nothing that a person could see is lost, no value is made
up, and every extreme stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["COLUMNS", "RULE", "thin"]

COLUMNS: Final = 240
RULE: Final = (
    f"Lines keep the first, lowest, highest and last point in each of {COLUMNS} equal stretches "
    "of time."
)

Point = tuple[int, float]


def thin(points: Sequence[Point], columns: int = COLUMNS) -> list[Point]:
    """Return the points that remain, in order; all of them where they are few."""
    if len(points) <= 4 * columns:
        return list(points)
    start, span = points[0][0], max(1, points[-1][0] - points[0][0])
    kept: list[Point] = []
    held: list[Point] = []
    column = 0
    for point in points:
        own = min(columns - 1, (point[0] - start) * columns // span)
        if own != column and held:
            kept += _extremes(held)
            held = []
        column = own
        held.append(point)
    return kept + _extremes(held)


def _extremes(points: Sequence[Point]) -> list[Point]:
    indices = range(len(points))
    chosen = {
        0,
        min(indices, key=lambda i: points[i][1]),
        max(indices, key=lambda i: points[i][1]),
        len(points) - 1,
    }
    return [points[i] for i in sorted(chosen)]
