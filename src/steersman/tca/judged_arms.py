"""The decisions of a study's advised arms that were judged by counterfactual, arm by arm.

Decisions of one order share its market. The mean gain of a decision has a block bootstrap by seed
(or day), as a study's other means have. The share right has Wilson's interval with the number of
blocks in the place of that of decisions: exact where each order had one decision that was right or
wrong, too wide where it had several, and never of no width because all were right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from steersman.tca.bootstrap import RESAMPLES_MIN, block_weights, mean_intervals
from steersman.tca.intervals import Estimate, share_of
from steersman.tca.results import Drawn, OrderResult

__all__ = ["JudgedArm", "judged_arms"]


COUNTED: Final = {
    "right": "judged_right",
    "wrong": "judged_wrong",
    "undecided": "judged_undecided",
    "hindsight": "judged_hindsight",
    "idle": "judged_idle",
    "unjudged": "unjudged",
}


@dataclass(frozen=True, slots=True)
class JudgedArm:
    """One advised arm: how many decisions were judged, how, and what one saved in bps of its order.

    `share_right` is right / (right + wrong). `unjudged` decisions were not drawn, `idle` ones steer
    nothing. `orders` had a decision that was judged. An end is None where there are too few blocks.
    """

    orders: int
    judged: int
    right: int
    wrong: int
    undecided: int
    hindsight: int
    idle: int
    unjudged: int
    share_right: float | None
    share_low: float | None
    share_high: float | None
    gain_bps: float | None
    gain_low: float | None
    gain_high: float | None

    @property
    def share(self) -> Estimate | None:
        """The share of right decisions, of those that were right or wrong."""
        if self.share_right is None:
            return None
        n = self.right + self.wrong
        return Estimate(self.share_right, self.share_low, self.share_high, n)


@dataclass(slots=True)
class _Sums:
    """What adds up over an arm's orders; lists have an entry for each that was judged."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    blocks: list[str] = field(default_factory=list)
    decisions: list[int] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    decisive: set[str] = field(default_factory=set)


def judged_arms(
    groups: Iterable[tuple[Drawn, Sequence[OrderResult]]], seed: int
) -> dict[str, JudgedArm]:
    """Return what the arms' decisions were worth; `seed` is that of the resampling.

    Arms without an advisor are left out.
    """
    sums: dict[str, _Sums] = {}
    for drawn, results in groups:
        for row in results:
            if row.asked:
                _add(sums.setdefault(row.arm, _Sums()), drawn.block, row)
    return {name: _arm(one, seed) for name, one in sums.items()}


def _add(sums: _Sums, block: str, row: OrderResult) -> None:
    for name, figure in COUNTED.items():
        sums.counts[name] += getattr(row, figure)
    decisive = row.judged_right + row.judged_wrong
    judged = decisive + row.judged_undecided + row.judged_hindsight
    if decisive:
        sums.decisive.add(block)
    if judged:
        sums.blocks.append(block)
        sums.decisions.append(judged)
        sums.gains.append(row.judged_gain_bps)


def _arm(sums: _Sums, seed: int) -> JudgedArm:
    counts = sums.counts
    right, decisive = counts["right"], counts["right"] + counts["wrong"]
    blocks = len(sums.decisive)
    share = share_of(blocks * right / decisive, blocks) if decisive else None
    gain = gain_low = gain_high = None
    if sums.blocks:
        _, numbers = np.unique(sums.blocks, return_inverse=True)
        repeats = np.array(sums.decisions)
        rows = np.repeat(np.array(sums.gains) / repeats, repeats)[:, None]
        held = np.repeat(numbers.astype(np.int64), repeats)
        (found,) = mean_intervals(rows, held, block_weights(held, RESAMPLES_MIN, seed))
        gain, gain_low, gain_high = found.mean, found.low, found.high
    return JudgedArm(
        orders=len(sums.blocks),
        judged=sum(sums.decisions),
        **counts,
        share_right=None if share is None else share.value,
        share_low=None if share is None else share.low,
        share_high=None if share is None else share.high,
        gain_bps=gain,
        gain_low=gain_low,
        gain_high=gain_high,
    )
