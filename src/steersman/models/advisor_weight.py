"""How much an advisor counts, by how its past turns were judged (F25).

A turn is right when the price then moved the way that makes it right, by more than half a spread
and a tick of noise: hurrying before it moved against the order, waiting before it moved in its
favour. It is wrong when the price moved as far the other way, and undecided between.

The chance `p` that the next turn is right has a Beta distribution: a prior of 48 judgements, of
which 28 were right, and those there have been since; its mean is (28 + right) / (48 + right +
wrong). The weight is three times the share of a fortune that an even bet with that chance deserves,
2p - 1 (J. L. Kelly, "A New Interpretation of Information Rate", Bell System Technical Journal 35,
1956), within a quarter and one:

    weight = min(1, max(1/4, 3 (2p - 1)))

A new advisor so begins with 0.5: it can lose half of that or double it. Two in three right is full
weight, a coin or worse the floor; never below, because an advisor without weight could not be
judged any more. Half an hour of an order gives some thirty judgements, and those of a coin are off
by five or six: the prior is as heavy as it is so that chance alone moves the weight by a fifth.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from steersman.domain.advice import TrackRecord

__all__ = ["WEIGHT_MIN", "Judgement", "judge_turn", "weight_of", "with_judgement"]

PRIOR_RIGHT: Final = 28
PRIOR_ALL: Final = 48
WEIGHT_MIN: Final = Decimal("0.25")
NOISE_BPS: Final = 1.0


class Judgement(StrEnum):
    """What the price said of a turn."""

    RIGHT = "right"
    WRONG = "wrong"
    UNDECIDED = "undecided"


def judge_turn(turn: int, moved_bps: float, half_spread_bps: float) -> Judgement:
    """Judge a turn by the move of the mid after it, in bps, positive where it is against the order.

    `turn` is positive for hurrying, negative for waiting. Raises ValueError for a turn of 0.
    """
    if not turn:
        raise ValueError("what turns nothing cannot be judged")
    gained_bps = moved_bps if turn > 0 else -moved_bps
    least_bps = half_spread_bps + NOISE_BPS
    if abs(gained_bps) < least_bps:
        return Judgement.UNDECIDED
    return Judgement.RIGHT if gained_bps > 0 else Judgement.WRONG


def with_judgement(record: TrackRecord, judgement: Judgement) -> TrackRecord:
    """Return a record with one more judgement."""
    name = judgement.value
    return msgspec.structs.replace(record, **{name: getattr(record, name) + 1})


def weight_of(record: TrackRecord) -> Decimal:
    """Return the weight that a record deserves, from 0.25 to 1, in hundredths."""
    right, judged = PRIOR_RIGHT + record.right, PRIOR_ALL + record.right + record.wrong
    weight = Decimal(3 * (2 * right - judged)) / judged
    return min(Decimal(1), max(WEIGHT_MIN, weight)).quantize(Decimal("0.01"))
