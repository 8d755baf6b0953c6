"""Which arms of a study to set beside each other, and what two of them differ in.

A difference is worth what the two arms have in common. An advised arm and the schedule it steers
differ in the advice alone; an advised arm and another schedule differ in the algorithm as well, and
their difference is no measure of the advice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np

from steersman.tca.arm_names import BASE, NEUTRAL, PLACEBOS, TAKER, in_question
from steersman.tca.columns import Columns
from steersman.tca.study import ORDERS_MIN, Pair, PartPair, Study, anytime

__all__ = [
    "ADVICE_ONLY",
    "Made",
    "Running",
    "advised",
    "base_of",
    "differs_in",
    "key_pairs",
    "mixed",
    "oriented",
    "part_oriented",
    "reference_of",
    "running",
]

NOBODY: Final = "none"
REFERENCES: Final = (TAKER, BASE)  # what all arms are set beside, where it is there
ADVICE_ONLY: Final = ("advice",)
LOOKS: Final = 80


@dataclass(frozen=True, slots=True)
class Made:
    """How an arm was made: the schedule it follows, who steers it, a hash of its settings."""

    base: str
    advisor: str
    settings: str

    @property
    def steered(self) -> bool:
        """Whether anybody steers."""
        return self.advisor != NOBODY

    @property
    def control(self) -> bool:
        """Whether what steers is there for comparison only."""
        return not in_question(self.advisor)


def differs_in(one: Made, other: Made) -> tuple[str, ...]:
    """Return what two arms differ in; of two that differ in nothing else, chance."""
    pairs = (
        ("advice", one.advisor, other.advisor),
        ("algorithm", one.base, other.base),
        ("settings", one.settings, other.settings),
    )
    return tuple(name for name, a, b in pairs if a != b) or ("chance",)


def mixed(arms: Mapping[str, Made]) -> str | None:
    """Say how many pairs differ in advice and in more, so that they are no measure of it."""
    found = [differs_in(one, other) for one, other in combinations(arms.values(), 2)]
    count = sum("advice" in which and which != ADVICE_ONLY for which in found)
    if not count:
        return None
    return (
        f"{count} of {len(found)} pairs differ in more than the advice (algorithm or settings): "
        "they are no measure of what it is worth"
    )


def advised(arms: Mapping[str, Made]) -> list[str]:
    """Return the arms that an advisor steers which somebody might use."""
    return [name for name, made in arms.items() if made.steered and not made.control]


def base_of(arms: Mapping[str, Made], name: str) -> str | None:
    """Return the arm that an advised arm would be without its advice; None where there is none."""
    for other, made in arms.items():
        if not made.steered and differs_in(arms[name], made) == ADVICE_ONLY:
            return other
    return None


def reference_of(arms: Mapping[str, Made]) -> str:
    """Return the arm that all others are set beside: taker TWAP, or what comes nearest to it."""
    return next((name for name in REFERENCES if name in arms), next(iter(arms)))


def key_pairs(arms: Mapping[str, Made]) -> list[tuple[str, str]]:
    """Return the pairs that tell what advice is worth: each advised arm against its schedule, and
    against the controls that know nothing.
    """
    found = []
    for name in advised(arms):
        others = [base_of(arms, name), *(one for one in (NEUTRAL, *PLACEBOS) if one in arms)]
        found += [(name, other) for other in others if other is not None]
    return found


def oriented(study: Study, a: str, b: str) -> Pair:
    """Return the pair as a less b, whichever way round it was made."""
    for pair in study.pairs:
        if (pair.a, pair.b) == (a, b):
            return pair
        if (pair.a, pair.b) == (b, a):
            return _turned(pair)
    raise AssertionError(f"there is no pair of {a} and {b}")


def _turned(pair: Pair) -> Pair:
    return replace(
        pair,
        a=pair.b,
        b=pair.a,
        mean_diff_bps=0.0 - pair.mean_diff_bps,
        ci_low=_minus(pair.ci_high),
        ci_high=_minus(pair.ci_low),
        gross_diff_bps=0.0 - pair.gross_diff_bps,
        median_diff_bps=0.0 - pair.median_diff_bps,
        cvar95_diff_bps=0.0 - pair.cvar95_diff_bps,
        cvar95_diff_low=_minus(pair.cvar95_diff_high),
        cvar95_diff_high=_minus(pair.cvar95_diff_low),
        win_rate=1 - pair.win_rate,
        anytime_low=_minus(pair.anytime_high),
        anytime_high=_minus(pair.anytime_low),
    )


def part_oriented(pairs: Sequence[PartPair], a: str, b: str) -> PartPair:
    """Return a pair over a part of the orders as a less b."""
    for pair in pairs:
        if (pair.a, pair.b) == (a, b):
            return pair
        if (pair.a, pair.b) == (b, a):
            low, high = _minus(pair.ci_high), _minus(pair.ci_low)
            return PartPair(a, b, 0.0 - pair.mean_diff_bps, low, high)
    raise AssertionError(f"there is no pair of {a} and {b}")


def _minus(value: float | None) -> float | None:
    return None if value is None else 0.0 - value  # no minus before nothing


@dataclass(frozen=True, slots=True)
class Running:
    """The mean difference of the first `n` orders, and what held of it then and at all times."""

    n: int
    mean_bps: float
    low: float
    high: float

    @property
    def told_apart(self) -> bool:
        """Whether zero was outside."""
        return not self.low <= 0 <= self.high


def running(data: Columns, a: str, b: str) -> list[Running]:
    """Return a less b as orders came in, at no more than 80 of them, evenly by their logarithm.

    The intervals hold at all of them and for all pairs of the study, as `Pair.anytime_low` does.
    Nothing where orders depend on each other, or where they are too few.
    """
    count = len(data.costs)
    if not data.independent or count < ORDERS_MIN:
        return []
    looks = np.unique(np.geomspace(ORDERS_MIN, count, LOOKS).round().astype(np.int64))
    return list(_looked(data, data.arms.index(a), data.arms.index(b), looks.tolist()))


def _looked(data: Columns, a: int, b: int, looks: Sequence[int]) -> Iterator[Running]:
    differences = data.costs[:, a] - data.costs[:, b]
    pairs = len(data.arms) * (len(data.arms) - 1) // 2
    for n in looks:
        seen = differences[:n]
        found = anytime(seen, pairs)
        if found is not None:
            yield Running(n, float(seen.mean()), *found)
