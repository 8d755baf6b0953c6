"""What a study says: every arm, every pair of arms, and how sure one can be.

All arms worked the same orders in the same markets, so arms are compared by the difference of each
order's costs, whose spread is a fraction of that of the costs. Intervals are by block (a seed, or a
day): `tca.bootstrap`. The p values of all pairs are adjusted together (Holm). Beside the
interval for the number of orders at hand stands one that holds however often one looks, for all
pairs at once: by that a study may stop early (`settled`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from steersman.models.inference import holm, mixture_bound, sample_size
from steersman.tca.bootstrap import (
    BLOCKS_MIN,
    RESAMPLES_MIN,
    MeanInterval,
    Means,
    block_weights,
    percentiles,
    weighted_medians,
    weighted_tails,
)
from steersman.tca.break_even import BreakEven, break_even
from steersman.tca.columns import Columns
from steersman.tca.frames import frame_of, html_of

__all__ = [
    "OF_VOLUME",
    "ORDERS_MIN",
    "Arm",
    "Pair",
    "Part",
    "PartArm",
    "PartPair",
    "Study",
    "anytime",
    "labels_of",
    "settled",
    "summarise",
    "tail_of",
]

RESAMPLES: Final = 4_999
FINEST: Final = 4  # times the least p value there is, adjusted for all pairs, must be below ALPHA
RESAMPLES_ELSEWHERE: Final = RESAMPLES_MIN  # of medians, tails and parts
TAIL: Final = 0.05
ALPHA: Final = 0.05
POWER: Final = 0.8
EFFECT_BPS: Final = 1.0  # what the advice on sample sizes is for
SUSPECT_BPS: Final = 5.0  # an advisor that gains more than this has probably seen the future
ORDERS_MIN: Final = 30  # before a study may stop: the variance must be known
OF_VOLUME: Final = " of the volume"  # that the mean time as long as an order trades
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
    orders_for_1bp: int | None


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

    def to_polars(self, what: Literal["arms", "pairs"] = "arms") -> Any:
        """Return a row for each arm, or pair, as a polars DataFrame.

        Raises UsageError where polars is not installed.
        """
        return frame_of(self._rows(what))

    def _rows(self, what: Literal["arms", "pairs"]) -> list[dict[str, Any]]:
        if what == "pairs":
            return [asdict(pair) for pair in self.pairs]
        return [{"arm": name, **asdict(arm)} for name, arm in self.arms.items()]

    def _repr_html_(self) -> str:
        told = f"What {self.n:,} orders cost in bps; independent seeds or days: {self.seeds:,}"
        notes = "".join(f"<p>{escape(warning)}</p>" for warning in self.warnings)
        tables = html_of(self._rows("arms"), told), html_of(self._rows("pairs"), "Pairs, a less b")
        return notes + "".join(tables)


def summarise(data: Columns, seed: int, resamples: int = RESAMPLES) -> Study:
    """Return what the orders say; `seed` is that of the resampling.

    Memory: some 50 bytes for each order and each arm and pair, 16 MB of weights, and 8 bytes for
    each resample of each arm and pair.
    """
    pairs = list(combinations(range(len(data.arms)), 2))
    # The least p value is 1 / (resamples + 1): times all pairs it must stay well below ALPHA.
    resamples = max(resamples, math.ceil(FINEST * len(pairs) / ALPHA))
    found, drawn = _over_all(data, pairs, resamples, seed)
    arm_means, pair_means = found[: len(data.arms)], found[len(data.arms) :]
    arms = {
        name: _arm(data, column, arm_means[column], drawn) for column, name in enumerate(data.arms)
    }
    chances = [found.p for found in pair_means]
    known = iter(holm([p for p in chances if p is not None]))
    adjusted = [None if p is None else next(known) for p in chances]
    compared = tuple(
        _pair(data, pair, pair_means[number], adjusted[number], drawn)
        for number, pair in enumerate(pairs)
    )
    return Study(
        n=len(data.costs),
        seeds=data.block_count,
        arms=arms,
        pairs=compared,
        splits=_splits(data, pairs, seed),
        warnings=tuple(_warnings(data, arms, compared)),
        break_even=break_even(data, resamples, seed),
    )


def _over_all(
    data: Columns, pairs: Sequence[tuple[int, int]], resamples: int, seed: int
) -> tuple[tuple[MeanInterval, ...], _Draws | None]:
    """Return the means of arms and then of pairs over all orders, and what was drawn of tails."""
    means = Means.of(np.hstack([data.costs, _differences(data.costs, pairs)]), data.blocks)
    drawn = None
    if means.enough:
        drawn = _Draws(data.costs, data.blocks)
        for held in block_weights(data.blocks, resamples, seed)():
            means.take(held)
            drawn.take(held)
    return means.intervals(), drawn


def settled(costs: F64, resolve_bps: float) -> bool:
    """Tell whether every pair is told apart, or its difference known to within `resolve_bps`.

    `costs` are those of (orders, arms) in bps. By the intervals that hold at any time, so that it
    may be asked after every order.
    """
    orders, arms = costs.shape
    pairs = list(combinations(range(arms), 2))
    if orders < ORDERS_MIN:
        return False
    known = False
    for column in _differences(costs, pairs).T:
        found = anytime(column, len(pairs))
        if found is None:
            if column.any():  # too few differ for their spread to be known
                return False
            continue
        known, (low, high) = True, found
        if low <= 0 <= high and (high - low) / 2 > resolve_bps:
            return False
    return known


def anytime(differences: F64, pairs: int) -> tuple[float, float] | None:
    """Return what holds a mean difference at any number of orders, for so many pairs at once.

    None where fewer than `ORDERS_MIN` orders differ: the spread of the others says nothing of it.
    """
    n = len(differences)
    if np.count_nonzero(differences) < ORDERS_MIN:
        return None
    deviation, mean = float(differences.std(ddof=1)), float(differences.mean())
    half = mixture_bound(n, ALPHA / pairs) * deviation / n
    return mean - half, mean + half


def _differences(costs: F64, pairs: Sequence[tuple[int, int]]) -> F64:
    if not pairs:
        return np.zeros((len(costs), 0))
    first, second = (list(side) for side in zip(*pairs, strict=True))
    return costs[:, first] - costs[:, second]


class _Draws:
    """Medians and tails of each arm, in the first of the resamples."""

    def __init__(self, costs: F64, blocks: I64) -> None:
        self._costs, self._blocks = costs, blocks
        self._left = RESAMPLES_ELSEWHERE
        self._medians: list[F64] = []
        self._tails: list[F64] = []

    def take(self, weights: F64) -> None:
        """Take in resamples, as long as more are wanted."""
        held, blocks = weights[: self._left], self._blocks
        self._left -= len(held)
        if len(held):
            self._medians.append(weighted_medians(self._costs, blocks, held))
            self._tails.append(weighted_tails(self._costs, blocks, held, TAIL))

    @property
    def medians(self) -> F64:
        """Of (resamples, arms)."""
        return np.vstack(self._medians)

    @property
    def tails(self) -> F64:
        """Of (resamples, arms)."""
        return np.vstack(self._tails)


def tail_of(values: F64) -> float:
    """Return the mean of the dearest twentieth."""
    once = np.ones((1, len(values)))
    return float(weighted_tails(values[:, None], np.arange(len(values)), once, TAIL)[0, 0])


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
        cvar95_bps=tail_of(costs),
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
    costs, differences = data.costs, data.costs[:, a] - data.costs[:, b]
    deviation = _deviation(differences)
    tail_low, tail_high = _within(None if drawn is None else drawn.tails[:, a] - drawn.tails[:, b])
    any_low, any_high = None, None
    if data.independent and len(differences) >= ORDERS_MIN:
        every = len(data.arms) * (len(data.arms) - 1) // 2
        any_low, any_high = anytime(differences, every) or (None, None)
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
        cvar95_diff_bps=tail_of(costs[:, a]) - tail_of(costs[:, b]),
        cvar95_diff_low=tail_low,
        cvar95_diff_high=tail_high,
        win_rate=wins,
        sd_bps=deviation,
        anytime_low=any_low,
        anytime_high=any_high,
        orders_for_1bp=_orders_for_1bp(found),
    )


def _orders_for_1bp(found: MeanInterval) -> int | None:
    """Return how many orders find 1 bp, by the error of the blocks; None of one, which has none."""
    if not found.standard_error:
        return 1 if found.standard_error == 0 else None
    return sample_size(EFFECT_BPS, found.standard_error * math.sqrt(found.n), ALPHA, POWER)


# -- parts of the orders --------------------------------------------------------------------------
def _splits(
    data: Columns, pairs: Sequence[tuple[int, int]], seed: int
) -> dict[str, dict[str, Part]]:
    costs = np.hstack([data.costs, _differences(data.costs, pairs)])
    return {by: _split(data, costs, labels, by, seed) for by, labels in labels_of(data).items()}


def _split(data: Columns, costs: F64, labels: Sequence[str], by: str, seed: int) -> dict[str, Part]:
    held = np.array(labels)
    rows = {name: np.flatnonzero(held == name) for name in _names(by, labels)}
    means = {
        name: Means.of(costs[own], np.unique(data.blocks[own], return_inverse=True)[1])
        for name, own in rows.items()
    }
    for count in dict.fromkeys(one.blocks for one in means.values() if one.enough):
        alike = [one for one in means.values() if one.blocks == count]
        for weights in block_weights(np.arange(count), RESAMPLES_ELSEWHERE, seed)():
            for one in alike:
                one.take(weights)
    return {name: _part(data, own, means[name].intervals()) for name, own in rows.items()}


def labels_of(data: Columns) -> dict[str, list[str]]:
    """Return what part each order is of, by each way to part them that there is."""
    cuts = np.quantile(data.sigma, [1 / 3, 2 / 3])
    found = {
        "regime": list(data.regimes),
        "symbol": list(data.symbols),
        "size": [f"{size * 100:g} %{OF_VOLUME}" for size in data.sizes],
        "volatility": [THIRDS[int(third)] for third in np.searchsorted(cuts, data.sigma)],
    }
    return {by: labels for by, labels in found.items() if len(set(labels)) > 1}


def _names(by: str, labels: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(labels))
    return sorted(names, key=THIRDS.index) if by == "volatility" else names


def _part(data: Columns, rows: I64, found: Sequence[MeanInterval]) -> Part:
    count = len(data.arms)
    arms = {
        name: PartArm(mean.mean, mean.low, mean.high, tail_of(data.costs[rows, column]))
        for column, (name, mean) in enumerate(zip(data.arms, found[:count], strict=True))
    }
    compared = tuple(
        PartPair(a, b, mean.mean, mean.low, mean.high)
        for (a, b), mean in zip(combinations(data.arms, 2), found[count:], strict=True)
    )
    return Part(len(rows), arms, compared)


# -- what a reader must be told -------------------------------------------------------------------
def _warnings(data: Columns, arms: dict[str, Arm], pairs: Sequence[Pair]) -> Iterator[str]:
    n = len(data.costs)
    if data.block_count < BLOCKS_MIN:
        what = "seeds" if data.independent else "days"
        yield f"no intervals: they need {BLOCKS_MIN} {what} or more, there are {data.block_count}"
    empty = [name for name, arm in arms.items() if not arm.fill_rate]
    for name in empty:
        yield f"{name}: nothing was filled in any order: its cost is what the market did"
    partly = [
        f"{name} {arm.incomplete:,}"
        + (f" ({arm.refused:,} refused by a limit)" * bool(arm.refused))
        for name, arm in arms.items()
        if arm.incomplete and name not in empty
    ]
    if partly:
        yield (
            f"not filled whole, of {n:,} orders, and the rest valued at the close: "
            f"{', '.join(partly)}"
        )
    for name, arm in arms.items():
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
