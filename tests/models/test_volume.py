"""Expected volume: flat by default, in proportion to the curve, over any number of days."""

from __future__ import annotations

import math

import pytest

from steersman.domain.volume import DayVolume
from steersman.models.volume import (
    BUCKET_NS,
    BUCKETS,
    FadingVolume,
    expected_volume,
    weight_between,
)

HOUR_NS = 2 * BUCKET_NS
DAY_NS = BUCKETS * BUCKET_NS
PEAK = tuple(3.0 if bucket == 10 else 1.0 for bucket in range(BUCKETS))


def test_a_flat_day() -> None:
    assert expected_volume(2.0, 0, HOUR_NS, (), 0, 0) == pytest.approx(7200)
    assert expected_volume(2.0, HOUR_NS, HOUR_NS, (), 0, 0) == 0.0
    assert expected_volume(2.0, HOUR_NS, 0, (), 0, 0) == 0.0


def test_the_curve_scales_the_measured_rate() -> None:
    at_ns, end_ns = 10 * BUCKET_NS, 11 * BUCKET_NS
    assert expected_volume(1.0, at_ns, end_ns, PEAK, 0, 0) == pytest.approx(3 * 1800)
    assert expected_volume(3.0, 0, BUCKET_NS, PEAK, at_ns, 0) == pytest.approx(1800)


def test_pieces_add_up_across_borders_and_days() -> None:
    from_ns, to_ns = 7 * BUCKET_NS + 123, 3 * DAY_NS + 12 * BUCKET_NS + 77
    middle_ns = DAY_NS + 10 * BUCKET_NS + 5
    whole = weight_between(from_ns, to_ns, PEAK)
    parts = weight_between(from_ns, middle_ns, PEAK) + weight_between(middle_ns, to_ns, PEAK)
    assert whole == pytest.approx(parts, rel=1e-12)
    assert weight_between(0, DAY_NS, PEAK) == pytest.approx(50 * 1800)


def test_a_curve_that_is_zero_now_counts_as_flat() -> None:
    closed = tuple(0.0 if bucket == 0 else 1.0 for bucket in range(BUCKETS))
    assert expected_volume(2.0, 0, 1_000_000_000, closed, 0, 0) == pytest.approx(2.0)


@pytest.mark.parametrize("curve", [(1.0,) * 47, (-1.0, *(1.0,) * 47)])
def test_what_is_not_a_curve_is_refused(curve: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="48 non-negative"):
        weight_between(0, 1, curve)


SECOND_NS = 1_000_000_000


def by_seconds(volume: FadingVolume, from_s: int, to_s: int, curve: tuple[float, ...]) -> float:
    """Add up the fading rate second by second, at the middle of each."""
    total = 0.0
    for second in range(from_s, to_s):
        weight = curve[second // 1800 % BUCKETS] if curve else 1.0
        left = math.exp(-(second + 0.5 - volume.at_ns / SECOND_NS) / 1200)
        total += weight * (volume.usual + (volume.level - volume.usual) * left)
    return total


@pytest.mark.parametrize("curve", [(), PEAK])
def test_a_busy_market_fades_to_the_usual(curve: tuple[float, ...]) -> None:
    at_s, end_s = 10 * 1800 + 600, 12 * 1800 + 300
    busy = FadingVolume(at_s * SECOND_NS, 3.0, 1.0, curve)
    found = busy.between(at_s * SECOND_NS, end_s * SECOND_NS)
    assert found == pytest.approx(by_seconds(busy, at_s, end_s, curve), rel=1e-6)
    border_ns = (at_s + 1234) * SECOND_NS
    parts = busy.between(busy.at_ns, border_ns) + busy.between(border_ns, end_s * SECOND_NS)
    assert found == pytest.approx(parts, rel=1e-12)
    steady = FadingVolume(busy.at_ns, 3.0, 3.0, curve)
    assert steady.between(busy.at_ns, border_ns) == pytest.approx(
        3 * weight_between(busy.at_ns, border_ns, curve)
    )


def test_what_is_usual_is_a_day_of_history_or_what_was_seen() -> None:
    at_ns, since_ns = 10 * BUCKET_NS, 8 * BUCKET_NS
    scaled = tuple(0.25 * weight for weight in PEAK)  # only the shape of a curve counts
    for curve in (PEAK, scaled):
        day = DayVolume(50 * 1800.0, 0.0, 0.5)
        told = FadingVolume.of(at_ns, 6.0, since_ns, 1.0, day, curve)
        seen = FadingVolume.of(at_ns, 6.0, since_ns, 2 * 3600.0, None, curve)
        # Of the 50 parts of a day two were seen: one a second is usual by the day, two by those.
        hour = weight_between(at_ns, at_ns + HOUR_NS, curve)
        assert told.usual * hour == pytest.approx(4 * 1800)
        assert seen.usual * hour == pytest.approx(2 * 4 * 1800)
        # The rate is of the half-hour before: that curve[10] begins now says nothing of it.
        assert told.level == seen.level == pytest.approx(6.0 / curve[9])
        # Two half-hours seen at twice the usual: noise 0.5^2 / 2 against a spread of 0.5^2.
        learnt = FadingVolume.of(
            at_ns, 6.0, since_ns, 2 * 3600.0, DayVolume(50 * 1800.0, 0.5, 0.5), curve
        )
        assert learnt.usual / told.usual == pytest.approx(1 + 2 / 3)
    alone = FadingVolume.of(at_ns, 6.0, at_ns, 0.0, None, PEAK)
    assert alone.usual == alone.level == pytest.approx(2.0)
    closed = tuple(0.0 if bucket == 10 else 1.0 for bucket in range(BUCKETS))
    flat = FadingVolume.of(at_ns, 6.0, since_ns, 3600.0, None, closed)
    assert flat.between(at_ns, at_ns + SECOND_NS) == pytest.approx(6.0, rel=1e-3)


def test_a_market_that_keeps_to_its_curve_is_expected_to_go_on_so_after_a_step() -> None:
    step_ns = 10 * BUCKET_NS  # from 1 to PEAK[10] a second
    for after_s in (1, 60, 300, 900):
        at_ns = step_ns + after_s * 10**9
        rate, kept = 0.0, 0.0  # as the observer folds it: a half-life of five minutes
        for second in range(-3_600, after_s):
            rate = (rate + PEAK[10 if second >= 0 else 9]) * 0.5 ** (1 / 300)
            kept = (kept + 1.0) * 0.5 ** (1 / 300)
        told = FadingVolume.of(at_ns, rate / kept, step_ns - HOUR_NS, 5_400.0, None, PEAK)
        assert told.level == pytest.approx(1.0, rel=0.002)
        whole = expected_volume(rate / kept, at_ns, at_ns + BUCKET_NS, PEAK, at_ns, HOUR_NS)
        assert whole == pytest.approx(weight_between(at_ns, at_ns + BUCKET_NS, PEAK), rel=0.002)
