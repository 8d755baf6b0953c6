"""What a study says: every arm, every pair of arms, and how sure one can be.

All arms worked the same orders in the same markets, so arms are compared by the difference of each
order's costs, whose spread is a fraction of that of the costs. Intervals are by block (a seed, or a
day): `tca.bootstrap`. The p values of all pairs are adjusted together (Holm). Beside the
interval for the number of orders at hand stands one that holds however often one looks, for all
pairs at once: by that a study may stop early (`settled`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steersman.models.inference import holm, mixture_bound, sample_size
from steersman.tca.bootstrap import (
    BLOCKS_MIN,
    RESAMPLES_MIN,
    MeanInterval,
    block_weights,
    mean_intervals,
    percentiles,
    weighted_medians,
    weighted_tails,
)
from steersman.tca.break_even import BreakEven, break_even
from steersman.tca.columns import Columns

__all__ = ["Arm", "Pair", "Part", "PartArm", "PartPair", "Study", "settled", "summarise"]

RESAMPLES: Final = 4_999
RESAMPLES_ELSEWHERE: Final = RESAMPLES_MIN  # of medians, tails and parts
TAIL: Final = 0.05
ALPHA: Final = 0.05
POWER: Final = 0.8
EFFECT_BPS: Final = 1.0  # what the advice on sample sizes is for
SUSPECT_BPS: Final = 5.0  # an advisor that gains more than this has probably seen the future
ORDERS_MIN: Final = 30  # before a study may stop: the variance must be known
THIRDS: Final = ("low", "middle", "high")

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm over all orders, in bps; costs net of all but `gross_mean_bps` (no fees, no tokens).

    `cvar95_bps` is the mean of the dearest twentieth. `incomplete` counts orders that ended
    unfilled in part, `refused` those of them that a limit did not let begin.
    """

    n: int
    mean_bps: float
    ci_low: float | None
    ci_high: float | None
    median_bps: float
    median_low: float | None
    median_high: float | None
    cvar95_bps: float
    cvar95_low: float | None
    cvar95_high: float | None
    sd_bps: float
    gross_mean_bps: float
    fees_bps: float
    funding_bps: float
    token_bps: float
    unfilled_bps: float
    fill_rate: float
    maker_share: float | None
    incomplete: int
    refused: int
    asked: int
    answers: int
    fallbacks: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Arm a less arm b, order by order, in bps: negative where a is the cheaper one.

    `win_rate` is the share of orders that a worked cheaper (ties count half), `cvar95_diff_bps` the
    difference of the two tails. `anytime_low` and `anytime_high` hold at every number of orders and
    for all pairs at once. `orders_for_1bp` is how many orders find a difference of 1 bp with a
    power of 80 % at this paired deviation, `sd_bps`.
    """

    a: str
    b: str
    n: int
    mean_diff_bps: float
    ci_low: float | None
    ci_high: float | None
    p: float | None
    p_holm: float | None
    gross_diff_bps: float
    median_diff_bps: float
    cvar95_diff_bps: float
    cvar95_diff_low: float | None
    cvar95_diff_high: float | None
    win_rate: float
    sd_bps: float
    anytime_low: float | None
    anytime_high: float | None
    orders_for_1bp: int


@dataclass(frozen=True, slots=True)
class PartArm:
    """One arm over a part of the orders, in bps."""

    mean_bps: float
    ci_low: float | None
    ci_high: float | None
    cvar95_bps: float


@dataclass(frozen=True, slots=True)
class PartPair:
    """Arm a less arm b over a part of the orders, in bps."""

    a: str
    b: str
    mean_diff_bps: float
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the orders; its intervals are not adjusted for there being many parts."""

    n: int
    arms: dict[str, PartArm]
    pairs: tuple[PartPair, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """All that a study says."""

    n: int
    seeds: int
    arms: dict[str, Arm]
    pairs: tuple[Pair, ...]
    splits: dict[str, dict[str, Part]]
    warnings: tuple[str, ...]
    break_even: BreakEven | None = None

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "n": self.n,
            "seeds": self.seeds,
            "arms": {name: asdict(arm) for name, arm in self.arms.items()},
            "pairs": [asdict(pair) for pair in self.pairs],
            "splits": {
                by: {name: asdict(part) for name, part in parts.items()}
                for by, parts in self.splits.items()
            },
            "warnings": list(self.warnings),
            "break_even": None if self.break_even is None else asdict(self.break_even),
        }


def summarise(data: Columns, seed: int, resamples: int = RESAMPLES) -> Study:
    """Return what the orders say; `seed` is that of the resampling."""
    blocks = data.blocks
    weights = block_weights(blocks, resamples, seed)
    costs, pairs = data.costs, list(combinations(range(len(data.arms)), 2))
    arm_means = mean_intervals(costs, blocks, weights)
    pair_means = mean_intervals(_differences(costs, pairs), blocks, weights)
    drawn = None
    if data.block_count >= BLOCKS_MIN:
        fewer = block_weights(blocks, RESAMPLES_ELSEWHERE, seed)
        drawn = _drawn((held[:, blocks] for held in fewer()), costs)
    arms = {
        name: _arm(data, column, arm_means[column], drawn) for column, name in enumerate(data.arms)
    }
    chances = [found.p for found in pair_means]
    adjusted = holm([p for p in chances if p is not None])
    compared = tuple(
        _pair(data, pair, pair_means[number], adjusted[number] if adjusted else None, drawn)
        for number, pair in enumerate(pairs)
    )
    return Study(
        n=len(costs),
        seeds=data.block_count,
        arms=arms,
        pairs=compared,
        splits=dict(_splits(data, pairs, seed)),
        warnings=tuple(_warnings(data, arms, compared)),
        break_even=break_even(data, resamples, seed),
    )


def settled(costs: F64, resolve_bps: float) -> bool:
    """Tell whether every pair is told apart, or its difference known to within `resolve_bps`.

    `costs` are those of (orders, arms) in bps. By the intervals that hold at any time, so that it
    may be asked after every order.
    """
    orders, arms = costs.shape
    pairs = list(combinations(range(arms), 2))
    if orders < ORDERS_MIN:
        return False
    for column in _differences(costs, pairs).T:
        low, high = _anytime(column, len(pairs))
        if low <= 0 <= high and (high - low) / 2 > resolve_bps:
            return False
    return True


def _anytime(differences: F64, pairs: int) -> tuple[float, float]:
    n = len(differences)
    deviation, mean = float(differences.std(ddof=1)), float(differences.mean())
    half = mixture_bound(n, ALPHA / pairs) * deviation / n
    return mean - half, mean + half


def _differences(costs: F64, pairs: Sequence[tuple[int, int]]) -> F64:
    if not pairs:
        return np.zeros((len(costs), 0))
    first, second = (list(side) for side in zip(*pairs, strict=True))
    return costs[:, first] - costs[:, second]


@dataclass(frozen=True, slots=True)
class _Draws:
    """Medians and tails of each arm (resamples, arms)."""

    medians: F64
    tails: F64


def _drawn(weights: Iterable[F64], costs: F64) -> _Draws:
    medians, tails = [], []
    for held in weights:
        columns = costs.T
        medians.append(np.column_stack([weighted_medians(one, held) for one in columns]))
        tails.append(np.column_stack([weighted_tails(one, held, TAIL) for one in columns]))
    return _Draws(np.vstack(medians), np.vstack(tails))


def _tail(values: F64) -> float:
    return float(weighted_tails(values, np.ones((1, len(values))), TAIL)[0])


def _within(draws: F64 | None) -> tuple[float | None, float | None]:
    return (None, None) if draws is None else percentiles(draws)


def _deviation(values: F64) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _arm(data: Columns, column: int, found: MeanInterval, drawn: _Draws | None) -> Arm:
    costs, figures = data.costs[:, column], data.figures(column)
    median_low, median_high = _within(None if drawn is None else drawn.medians[:, column])
    tail_low, tail_high = _within(None if drawn is None else drawn.tails[:, column])
    fees, tokens = figures["fees_bps"], figures["token_bps"]
    return Arm(
        n=found.n,
        mean_bps=found.mean,
        ci_low=found.low,
        ci_high=found.high,
        median_bps=float(np.median(costs)),
        median_low=median_low,
        median_high=median_high,
        cvar95_bps=_tail(costs),
        cvar95_low=tail_low,
        cvar95_high=tail_high,
        sd_bps=_deviation(costs),
        gross_mean_bps=found.mean - fees - tokens,
        fees_bps=fees,
        funding_bps=figures["funding_bps"],
        token_bps=tokens,
        unfilled_bps=figures["unfilled_bps"],
        fill_rate=figures["fill_rate"],
        maker_share=None if math.isnan(figures["maker_share"]) else figures["maker_share"],
        incomplete=data.incomplete[column],
        refused=data.refused[column],
        asked=data.asked[column],
        answers=data.answers[column],
        fallbacks=data.fallbacks[column],
    )


def _pair(
    data: Columns,
    pair: tuple[int, int],
    found: MeanInterval,
    adjusted: float | None,
    drawn: _Draws | None,
) -> Pair:
    a, b = pair
    costs = data.costs
    differences = costs[:, a] - costs[:, b]
    deviation = _deviation(differences)
    tails = None if drawn is None else drawn.tails[:, a] - drawn.tails[:, b]
    tail_low, tail_high = _within(tails)
    any_low, any_high = None, None
    if data.independent and len(differences) >= ORDERS_MIN:
        any_low, any_high = _anytime(differences, len(data.arms) * (len(data.arms) - 1) // 2)
    wins = float(np.mean(differences < 0) + np.mean(differences == 0) / 2)
    return Pair(
        a=data.arms[a],
        b=data.arms[b],
        n=found.n,
        mean_diff_bps=found.mean,
        ci_low=found.low,
        ci_high=found.high,
        p=found.p,
        p_holm=adjusted,
        gross_diff_bps=float((data.gross[:, a] - data.gross[:, b]).mean()),
        median_diff_bps=float(np.median(differences)),
        cvar95_diff_bps=_tail(costs[:, a]) - _tail(costs[:, b]),
        cvar95_diff_low=tail_low,
        cvar95_diff_high=tail_high,
        win_rate=wins,
        sd_bps=deviation,
        anytime_low=any_low,
        anytime_high=any_high,
        orders_for_1bp=sample_size(EFFECT_BPS, deviation, ALPHA, POWER) if deviation > 0 else 1,
    )


# -- parts of the orders --------------------------------------------------------------------------
def _splits(
    data: Columns, pairs: Sequence[tuple[int, int]], seed: int
) -> Iterator[tuple[str, dict[str, Part]]]:
    cuts = np.quantile(data.sigma, [1 / 3, 2 / 3])
    volatility = [THIRDS[int(third)] for third in np.searchsorted(cuts, data.sigma)]
    sizes = [f"{size * 100:g} % of the volume" for size in data.sizes]
    for by, labels in (
        ("regime", data.regimes),
        ("symbol", data.symbols),
        ("size", sizes),
        ("volatility", volatility),
    ):
        names = list(dict.fromkeys(labels))
        if by == "volatility":
            names.sort(key=THIRDS.index)
        if len(names) > 1:
            held = np.array(labels)
            yield (
                by,
                {name: _split(data, np.flatnonzero(held == name), pairs, seed) for name in names},
            )


def _split(data: Columns, rows: I64, pairs: Sequence[tuple[int, int]], seed: int) -> Part:
    costs = data.costs[rows]
    blocks = np.unique(data.blocks[rows], return_inverse=True)[1]
    weights = block_weights(blocks, RESAMPLES_ELSEWHERE, seed)
    both = np.hstack([costs, _differences(costs, pairs)])
    found = mean_intervals(both, blocks, weights)
    count = len(data.arms)
    arms = {
        name: PartArm(mean.mean, mean.low, mean.high, _tail(costs[:, column]))
        for column, (name, mean) in enumerate(zip(data.arms, found[:count], strict=True))
    }
    compared = tuple(
        PartPair(data.arms[a], data.arms[b], mean.mean, mean.low, mean.high)
        for (a, b), mean in zip(pairs, found[count:], strict=True)
    )
    return Part(len(rows), arms, compared)


# -- what a reader must be told -------------------------------------------------------------------
def _warnings(data: Columns, arms: dict[str, Arm], pairs: Sequence[Pair]) -> Iterator[str]:
    n = len(data.costs)
    if data.block_count < BLOCKS_MIN:
        what = "seeds" if data.independent else "days"
        yield f"no intervals: they need {BLOCKS_MIN} {what} or more, there are {data.block_count}"
    for name, arm in arms.items():
        if arm.incomplete:
            refused = f", {arm.refused} of them refused by a limit" if arm.refused else ""
            yield (
                f"{name}: {arm.incomplete} of {n} orders were not filled whole{refused}; "
                f"the rest is valued at the close"
            )
        if arm.fallbacks:
            yield f"{name}: rules answered in its place {arm.fallbacks} times of {arm.asked}"
    steered = {name for name, arm in arms.items() if arm.asked}
    for pair in pairs:
        if pair.ci_low is None or pair.ci_high is None:
            continue
        one, other, best = pair.a, pair.b, pair.ci_high
        if pair.b in steered:
            one, other, best = pair.b, pair.a, -pair.ci_low
        if one in steered and other not in steered and best < -SUSPECT_BPS:
            yield f"{one} gains more than {SUSPECT_BPS:g} bps on {other}: suspect a leak"
