"""The A/A test itself: what it draws has no difference, and its verdict is the asked one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from bench.study_intervals import covered, disasters, judged, resampled, skewed
from steersman.errors import UsageError
from tests.tca.rows import drawn, result


def study(folder: Path, differences: list[float], days: int | None = None) -> Path:
    """Write the results of two arms that differ by so much in each order."""
    lines = [
        msgspec.json.encode(
            {
                "drawn": drawn(n, block=str(n if days is None else n % days)),
                "results": (result(n, "random", by), result(n, "random#2", 0.0)),
            }
        )
        for n, by in enumerate(differences)
    ]
    (folder / "results.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


def test_orders_come_anew_and_arms_are_exchanged(tmp_path: Path) -> None:
    pool = [5.0, 1.0, 0.0]
    draw = resampled(study(tmp_path, pool), ("random", "random#2"))
    values, blocks = draw(np.random.default_rng(1), 6_000)
    assert len(np.unique(blocks)) == 6_000, "each is an order of its own"
    counts = {float(v): int(k) for v, k in zip(*np.unique(values, return_counts=True), strict=True)}
    assert set(counts) == {-5.0, -1.0, 0.0, 1.0, 5.0}
    assert all(abs(counts[v] - 1_000) < 150 for v in (-5.0, -1.0, 1.0, 5.0))
    assert abs(counts[0.0] - 2_000) < 200, "with nothing between them nothing is exchanged"


def test_a_pool_that_leans_has_a_difference_of_zero_all_the_same(tmp_path: Path) -> None:
    leaning = (3 + np.random.default_rng(2).normal(size=50)).tolist()
    draw = resampled(study(tmp_path, leaning), ("random", "random#2"))
    assert 0.9 <= covered(draw, 100, 40, 1) <= 1.0


def test_orders_that_share_days_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="share days"):
        resampled(study(tmp_path, [1.0, 2.0, 3.0, 4.0], days=2), ("random", "random#2"))


@pytest.mark.parametrize("draw", [skewed, disasters])
def test_what_is_drawn_has_a_mean_of_zero(draw: object) -> None:
    values, _ = draw(np.random.default_rng(3), 400_000)  # type: ignore[operator]
    assert abs(values.mean()) < 4 * values.std() / 400_000**0.5


def test_the_verdict_is_against_what_is_asked() -> None:
    assert "within 93 to 97 %" in judged(0.953, 2_000)
    for share in (0.926, 0.974):
        assert "outside 93 to 97 %" in judged(share, 2_000)
    assert judged(0.95, 2_000).startswith("covered  95.0 % (94.0 to 95.9)")
