"""Expected volume: flat by default, in proportion to the curve, over any number of days."""

from __future__ import annotations

import pytest

from steersman.models.volume import BUCKET_NS, BUCKETS, expected_volume, weight_between

HOUR_NS = 2 * BUCKET_NS
DAY_NS = BUCKETS * BUCKET_NS
PEAK = tuple(3.0 if bucket == 10 else 1.0 for bucket in range(BUCKETS))


def test_a_flat_day() -> None:
    assert expected_volume(2.0, 0, HOUR_NS, (), 0) == pytest.approx(7200)
    assert expected_volume(2.0, HOUR_NS, HOUR_NS, (), 0) == 0.0
    assert expected_volume(2.0, HOUR_NS, 0, (), 0) == 0.0


def test_the_curve_scales_the_measured_rate() -> None:
    at_ns, end_ns = 10 * BUCKET_NS, 11 * BUCKET_NS
    assert expected_volume(1.0, at_ns, end_ns, PEAK, 0) == pytest.approx(3 * 1800)
    assert expected_volume(3.0, 0, BUCKET_NS, PEAK, at_ns) == pytest.approx(1800)


def test_pieces_add_up_across_borders_and_days() -> None:
    from_ns, to_ns = 7 * BUCKET_NS + 123, 3 * DAY_NS + 12 * BUCKET_NS + 77
    middle_ns = DAY_NS + 10 * BUCKET_NS + 5
    whole = weight_between(from_ns, to_ns, PEAK)
    parts = weight_between(from_ns, middle_ns, PEAK) + weight_between(middle_ns, to_ns, PEAK)
    assert whole == pytest.approx(parts, rel=1e-12)
    assert weight_between(0, DAY_NS, PEAK) == pytest.approx(50 * 1800)


def test_a_curve_that_is_zero_now_counts_as_flat() -> None:
    closed = tuple(0.0 if bucket == 0 else 1.0 for bucket in range(BUCKETS))
    assert expected_volume(2.0, 0, 1_000_000_000, closed, 0) == pytest.approx(2.0)


@pytest.mark.parametrize("curve", [(1.0,) * 47, (-1.0, *(1.0,) * 47)])
def test_what_is_not_a_curve_is_refused(curve: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="48 non-negative"):
        weight_between(0, 1, curve)
