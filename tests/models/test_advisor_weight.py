"""The weight of an advisor: begins at a half, follows the record, stays within its bounds."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.advice import TrackRecord
from steersman.models.advisor_weight import (
    WEIGHT_MIN,
    Judgement,
    judge_turn,
    weight_of,
    with_judgement,
)

counts = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("turn", "moved_bps", "judgement"),
    [
        (60, 2.6, Judgement.RIGHT),
        (60, 2.4, Judgement.UNDECIDED),
        (60, 0.0, Judgement.UNDECIDED),
        (60, -2.4, Judgement.UNDECIDED),
        (60, -2.6, Judgement.WRONG),
        (-1, -2.6, Judgement.RIGHT),
        (-1, 2.6, Judgement.WRONG),
    ],
)
def test_a_turn_is_judged_by_the_move_net_of_half_a_spread_and_a_bp(
    turn: int, moved_bps: float, judgement: Judgement
) -> None:
    assert judge_turn(turn, moved_bps, half_spread_bps=1.5) is judgement


def test_what_turns_nothing_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="turns nothing"):
        judge_turn(0, 5.0, 0.1)


def test_a_judgement_is_counted_where_it_belongs() -> None:
    record = TrackRecord()
    for judgement in (Judgement.RIGHT, Judgement.WRONG, Judgement.WRONG, Judgement.UNDECIDED):
        record = with_judgement(record, judgement)
    assert record == TrackRecord(right=1, wrong=2, undecided=1)


def test_a_new_advisor_has_half_and_its_record_moves_it() -> None:
    assert weight_of(TrackRecord()) == Decimal("0.5")
    assert weight_of(TrackRecord(undecided=50)) == Decimal("0.5")
    always_right = [weight_of(TrackRecord(right=n)) for n in range(13)]
    always_wrong = [weight_of(TrackRecord(wrong=n)) for n in range(5)]
    assert all(a < b for a, b in pairwise(always_right)) and always_right[-1] == 1
    assert all(a > b for a, b in pairwise(always_wrong)) and always_wrong[-1] == WEIGHT_MIN


@given(counts, counts)
def test_the_weight_stays_within_its_bounds_and_never_falls_for_being_right(
    right: int, wrong: int
) -> None:
    weight = weight_of(TrackRecord(right, wrong))
    assert WEIGHT_MIN <= weight <= 1
    assert weight <= weight_of(TrackRecord(right + 1, wrong))
    assert weight >= weight_of(TrackRecord(right, wrong + 1))


def test_two_in_three_earn_all_and_a_coin_ends_at_the_floor() -> None:
    assert weight_of(TrackRecord(2_010, 1_000)) == 1
    assert weight_of(TrackRecord(6_000, 4_000)) == Decimal("0.60")
    assert weight_of(TrackRecord(5_000, 5_000)) == WEIGHT_MIN


def test_the_luck_of_a_coin_moves_the_weight_by_a_fifth_in_half_an_hour() -> None:
    draw = random.Random(1)
    weights = []
    for _ in range(4_000):
        right = sum(draw.random() < 0.5 for _ in range(30))
        p = (28 + right) / (48 + 30)
        weights.append(3 * (2 * p - 1))
    mean = sum(weights) / len(weights)
    deviation = (sum((w - mean) ** 2 for w in weights) / len(weights)) ** 0.5
    assert 0.18 < deviation < 0.24
