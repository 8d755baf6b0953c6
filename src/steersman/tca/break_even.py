"""How good advice must be to pay for itself, and whether an advisor's is.

Oracles are right a known share of the time: what each saves against `neutral`, which is asked as
often and changes nothing, is a point of a curve. Where the curve crosses zero advice begins to pay.
Costs are net of fees and tokens, so what pays there pays for all of that.

The curve is the nearest one that does not fall as accuracy rises (isotonic regression by least
squares; R. Barlow, D. Bartholomew, J. Bremner, H. Brunk, "Statistical Inference under Order
Restrictions", 1972), straight between its points. Each point stands at the accuracy that was
measured: oracles draw alike, so that in few orders all are right a little more often, or less, than
they were to be. It need not be straight as a whole: an advisor that is often wrong is given
less weight by the engine. Its crossing has the percentile interval of resampled blocks, all arms
drawn together; an end beyond the oracles that were asked is None.

An advisor's accuracy is the share of the points of pace that it turned which it turned toward the
move that came (`tca.turns`): an oracle turns by one amount, so that for it this is how often it was
right. It says how well an advisor knows the price, not how much it does about it: an oracle turns
at every question. Whether an advisor pays is therefore decided by its own costs, paired with those
of `neutral` and adjusted by Holm's procedure over the advisors of the study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from steersman.models.inference import holm, wilson_interval
from steersman.tca.arm_names import NEUTRAL, in_question, is_placebo, oracle_p
from steersman.tca.bootstrap import (
    BLOCKS_MIN,
    RESAMPLES_MIN,
    MeanInterval,
    block_weights,
    mean_intervals,
    percentile_ends,
    ratio_interval,
)
from steersman.tca.columns import Columns

__all__ = ["Accuracy", "BreakEven", "Mark", "Point", "Verdict", "break_even"]

ORACLES_MIN: Final = 2
ALPHA: Final = 0.05
TURNS, RIGHT, TURNED_PCT, RIGHT_PCT = range(4)  # of `Columns.turned`

F64 = npt.NDArray[np.float64]

Verdict = Literal["pays", "does not pay", "undecided", "never turned"]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How right an arm's turns were: `share` of the points of pace, with its interval by blocks.

    `right_share` counts each turn once, however far it turned.
    """

    share: float
    low: float | None
    high: float | None
    right_share: float
    turns: int


@dataclass(frozen=True, slots=True)
class Point:
    """An oracle that was to be right with probability `p`; gains in bps against `neutral`.

    `curve_bps` is where the curve that does not fall runs, `at` the accuracy at which it stands:
    the measured one, `p` where it never turned.
    """

    arm: str
    p: float
    accuracy: Accuracy | None
    gain_bps: float
    ci_low: float | None
    ci_high: float | None
    curve_bps: float
    at: float


@dataclass(frozen=True, slots=True)
class Mark:
    """An advised arm on the curve; `accuracy` is None where it never turned the pace.

    A `placebo` is there to compare with and has no verdict.
    """

    arm: str
    placebo: bool
    turns_per_order: float
    accuracy: Accuracy | None
    gain_bps: float
    ci_low: float | None
    ci_high: float | None
    p: float | None
    p_holm: float | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The curve by rising `p`, the accuracy at which advice begins to pay, and who reaches it.

    `accuracy` is None where the curve crosses zero nowhere between the oracles; `why` says so.
    """

    n: int
    points: tuple[Point, ...]
    accuracy: float | None
    low: float | None
    high: float | None
    why: str
    advisors: tuple[Mark, ...]

    def in_words(self) -> str:
        """Say where advice begins to pay."""
        if self.accuracy is None:
            return self.why
        if self.points[0].ci_low is None:
            return f"{self.accuracy:.3f} (too few orders for an interval)"
        low = "below the oracles" if self.low is None else f"{self.low:.3f}"
        high = "above the oracles" if self.high is None else f"{self.high:.3f}"
        return f"{self.accuracy:.3f} (95 %: {low} to {high})"


def break_even(data: Columns, resamples: int, seed: int) -> BreakEven | None:
    """Return the curve, None of a study without `neutral` or with fewer than two oracles.

    Of two oracles of one and the same `p` the one named last is the point. `resamples` are those of
    the gains; the crossing and accuracies have 2,000.
    """
    oracles = {p: k for k, arm in enumerate(data.arms) if (p := oracle_p(arm)) is not None}
    if NEUTRAL not in data.arms or len(oracles) < ORACLES_MIN:
        return None
    asked = np.array(sorted(oracles))
    columns = [oracles[p] for p in asked.tolist()]
    gains = data.costs[:, [data.arms.index(NEUTRAL)]] - data.costs
    weights = block_weights(data.blocks, resamples, seed)
    found = mean_intervals(gains, data.blocks, weights)
    oracle = gains[:, columns]
    curve = _rising(np.array([[found[k].mean for k in columns]]))
    accuracies = [_accuracy(data, k, seed) for k in range(len(data.arms))]
    turned = data.turned[:, columns].astype(np.float64)
    every = np.ones((1, data.block_count))
    at = _shares(every, turned, data, asked)
    points = tuple(
        Point(
            arm=data.arms[k],
            p=p,
            accuracy=accuracies[k],
            gain_bps=found[k].mean,
            ci_low=found[k].low,
            ci_high=found[k].high,
            curve_bps=level,
            at=share,
        )
        for p, k, level, share in zip(
            asked.tolist(), columns, curve[0].tolist(), at[0].tolist(), strict=True
        )
    )
    (crossing,) = _crossings(at, curve).tolist()
    low = high = None
    if data.block_count >= BLOCKS_MIN:
        fewer = block_weights(data.blocks, RESAMPLES_MIN, seed)
        drawn = [
            _crossings(_shares(held, turned, data, asked), _rising(_means(held, oracle, data)))
            for held in fewer()
        ]
        low, high = percentile_ends(np.concatenate(drawn))
    return BreakEven(
        n=len(gains),
        points=points,
        accuracy=crossing if np.isfinite(crossing) else None,
        low=low,
        high=high,
        why=_why(crossing, at[0], low, high),
        advisors=tuple(_marks(data, found, accuracies)),
    )


def _means(held: F64, gains: F64, data: Columns) -> F64:
    """Return the mean gains of each resample, (resamples, oracles)."""
    sizes = np.bincount(data.blocks).astype(np.float64)
    means: F64 = held @ _by_block(gains, data) / (held @ sizes)[:, None]
    return means


def _shares(held: F64, turned: F64, data: Columns, asked: F64) -> F64:
    """Return the accuracy of each resample, (resamples, oracles), not falling; `asked` of none."""
    right = held @ _by_block(turned[:, :, RIGHT_PCT], data)
    total = held @ _by_block(turned[:, :, TURNED_PCT], data)
    shares = np.where(total > 0, right / np.maximum(total, 1.0), asked)
    return np.maximum.accumulate(shares, axis=1)


def _by_block(values: F64, data: Columns) -> F64:
    sums = np.zeros((data.block_count, values.shape[1]))
    np.add.at(sums, data.blocks, values)
    return sums


def _rising(gains: F64) -> F64:
    """Return the nearest rows that do not fall, by the min-max formula of isotonic regression."""
    count = gains.shape[1]
    total = np.concatenate([np.zeros((len(gains), 1)), np.cumsum(gains, axis=1)], axis=1)
    fitted = np.empty_like(gains)
    for k in range(count):
        starts, ends = np.arange(k + 1), np.arange(k, count) + 1
        means = (total[:, None, ends] - total[:, starts, None]) / (ends - starts[:, None])
        fitted[:, k] = means.min(axis=2).max(axis=1)
    return fitted


def _crossings(at: F64, curves: F64) -> F64:
    """Return where each curve that does not fall reaches zero, its points being `at`.

    Minus infinity where it is above from the first on, plus infinity where it never gets there.
    """
    below = (curves < 0).sum(axis=1)
    crossings = np.where(below == 0, -np.inf, np.inf)
    inside = np.flatnonzero((below > 0) & (below < curves.shape[1]))
    last = below[inside] - 1
    under, over = curves[inside, last], curves[inside, last + 1]
    start, end = at[inside, last], at[inside, last + 1]
    crossings[inside] = start + (end - start) * under / (under - over)
    return crossings


def _why(crossing: float, at: F64, low: float | None, high: float | None) -> str:
    if np.isfinite(crossing):
        return ""
    if crossing < 0:
        reach = "" if high is None else f", but its interval reaches up to {high:.3f}"
        right, pays = f"{at[0]:.3g}", f"pays already{reach}"
    else:
        reach = "" if low is None else f", but its interval reaches down to {low:.3f}"
        right, pays = f"{at[-1]:.3g}", f"does not pay{reach}"
    return f"none within the range: advice that is right {right} of the time {pays}"


def _accuracy(data: Columns, column: int, seed: int) -> Accuracy | None:
    blocks = np.zeros((data.block_count, 4))
    np.add.at(blocks, data.blocks, data.turned[:, column].astype(np.float64))
    held = blocks[blocks[:, TURNED_PCT] > 0]
    if not len(held):
        return None
    total = held.sum(axis=0)
    weights = block_weights(np.arange(len(held)), RESAMPLES_MIN, seed)
    found = ratio_interval(held[:, RIGHT_PCT], held[:, TURNED_PCT], weights)
    low, high = found.low, found.high
    if low is not None and high is not None:
        low, high = max(0.0, low), min(1.0, high)
        if found.mean in (0.0, 1.0):  # all alike: resampling shows no spread, a block is a trial
            low, high = wilson_interval(round(found.mean * len(held)), len(held))
    return Accuracy(
        share=found.mean,
        low=low,
        high=high,
        right_share=float(total[RIGHT] / total[TURNS]),
        turns=int(total[TURNS]),
    )


def _marks(
    data: Columns, found: Sequence[MeanInterval], accuracies: Sequence[Accuracy | None]
) -> Iterator[Mark]:
    advised = [
        k
        for k, arm in enumerate(data.arms)
        if data.asked[k] and (in_question(arm) or is_placebo(arm))
    ]
    chances = {k: p for k in advised if (p := found[k].p) is not None}
    judged = [k for k in chances if not is_placebo(data.arms[k])]
    adjusted = dict(zip(judged, holm([chances[k] for k in judged]), strict=True))
    for k in advised:
        placebo = is_placebo(data.arms[k])
        one, p_holm = found[k], adjusted.get(k)
        yield Mark(
            arm=data.arms[k],
            placebo=placebo,
            turns_per_order=float(data.turned[:, k, TURNS].mean()),
            accuracy=accuracies[k],
            gain_bps=one.mean,
            ci_low=one.low,
            ci_high=one.high,
            p=one.p,
            p_holm=p_holm,
            verdict=None if placebo else _verdict(one.mean, p_holm, accuracies[k]),
        )


def _verdict(gain_bps: float, p_holm: float | None, accuracy: Accuracy | None) -> Verdict:
    if accuracy is None:
        return "never turned"
    if p_holm is None or p_holm > ALPHA:
        return "undecided"
    return "pays" if gain_bps > 0 else "does not pay"
