"""The results of a study by column: one row an order, one column an arm.

Every order must have been worked by every arm in one and the same market; where the market before
the order's start differs between two arms, they differ in more than how the order was worked, and
nothing is compared.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.errors import DataError
from steersman.tca.results import Drawn, OrderResult

__all__ = ["Columns", "collect"]

FIGURES: Final = (
    "fees_bps",
    "funding_bps",
    "token_bps",
    "unfilled_bps",
    "fill_rate",
    "maker_share",
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Columns:
    """Costs (orders, arms) in bps and what the orders were, in the order of their numbers.

    `gross` is without fees and tokens; `fill_rates` and `participation` are shares, not a number
    where unknown; `means` holds the mean of each of `FIGURES` by arm.
    `independent` tells whether every order is a block of its own. `turned` holds the
    turns, right turns, points of pace turned and turned right of each (orders, arms, 4).
    """

    arms: tuple[str, ...]
    costs: F64
    gross: F64
    fill_rates: F64
    participation: F64
    blocks: I64
    sigma: F64
    sizes: tuple[float, ...]
    regimes: tuple[str, ...]
    symbols: tuple[str, ...]
    means: F64
    incomplete: tuple[int, ...]
    refused: tuple[int, ...]
    asked: tuple[int, ...]
    answers: tuple[int, ...]
    fallbacks: tuple[int, ...]
    turned: I64

    @property
    def block_count(self) -> int:
        """How many blocks there are."""
        return int(self.blocks.max()) + 1

    @property
    def independent(self) -> bool:
        """Whether every order is a block of its own."""
        return self.block_count == len(self.blocks)

    def figures(self, column: int) -> dict[str, float]:
        """Return the mean of each figure of an arm; not a number where it has none."""
        return dict(zip(FIGURES, self.means[:, column].tolist(), strict=True))


def collect(groups: Iterable[tuple[Drawn, Sequence[OrderResult]]], arms: Sequence[str]) -> Columns:
    """Put the results of all orders into columns; each group is one order in all arms.

    Raises DataError where there is none, where one is there twice, where an arm is missing, and
    where two arms did not begin in the same market.
    """
    drawn: list[Drawn] = []
    cells = array("d")
    turned = array("q")
    counts = np.zeros((5, len(arms)), np.int64)
    for order, results in groups:
        rows = _matched(order, results, arms)
        drawn.append(order)
        for row in rows:
            cells.extend(_cell(row))
            turned.extend((row.turns, row.right_turns, row.turned_pct, row.right_pct))
        counts += np.array([_count(row) for row in rows]).T
    if not drawn:
        raise DataError("the study has no results", "run it first")
    numbers = np.array([order.order for order in drawn])
    by_number = np.argsort(numbers, kind="stable")
    twice = np.flatnonzero(np.diff(numbers[by_number]) == 0)
    if twice.size:
        number = numbers[by_number[twice[0]]]
        raise DataError(f"order {number} is there twice", "put folders together with --merge")
    table = np.asarray(cells).reshape(len(drawn), len(arms), -1)[by_number]  # orders, arms, figures
    sorted_orders = [drawn[place] for place in by_number]
    _, blocks = np.unique([order.block for order in sorted_orders], return_inverse=True)
    costs = table[:, :, 1]
    figures = table[:, :, 2:-1]
    known = ~np.isnan(figures)
    held = known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        means = np.where(held > 0, np.where(known, figures, 0.0).sum(axis=0) / held, np.nan)
    incomplete, refused, asked, answers, fallbacks = (tuple(row) for row in counts.tolist())
    return Columns(
        arms=tuple(arms),
        costs=costs,
        gross=costs - figures[:, :, 0] - figures[:, :, 2],
        fill_rates=figures[:, :, FIGURES.index("fill_rate")],
        participation=table[:, :, -1],
        blocks=blocks.astype(np.int64),
        sigma=table[:, 0, 0],
        sizes=tuple(order.size for order in sorted_orders),
        regimes=tuple(order.regime for order in sorted_orders),
        symbols=tuple(order.symbol for order in sorted_orders),
        means=means.T,
        incomplete=incomplete,
        refused=refused,
        asked=asked,
        answers=answers,
        fallbacks=fallbacks,
        turned=np.asarray(turned).reshape(len(drawn), len(arms), -1)[by_number],
    )


def _matched(
    order: Drawn, results: Sequence[OrderResult], arms: Sequence[str]
) -> list[OrderResult]:
    """Return the results in the order of the arms, once each and all from one market."""
    found = {result.arm: result for result in results}
    missing = [name for name in arms if name not in found]
    if missing or len(found) != len(results) or len(found) != len(arms):
        what = f"no result of {missing[0]}" if missing else "results of other arms"
        raise DataError(f"order {order.order} has {what}", "run the study anew into a new folder")
    first = found[arms[0]]
    for name in arms[1:]:
        if found[name].market != first.market:
            raise DataError(
                f"order {order.order}: the market before its start is not the same for "
                f"{arms[0]} and {name}: these arms differ in more than how the order was worked",
                "run the study anew into a new folder",
            )
    return [found[name] for name in arms]


def _cell(row: OrderResult) -> list[float]:
    unknown = float("nan")
    return [
        row.sigma_hour_pct,
        row.cost_bps,
        row.fees_bps,
        row.funding_bps,
        row.token_bps,
        row.unfilled_bps,
        row.fill_rate,
        unknown if row.maker_share is None else row.maker_share,
        unknown if row.participation is None else row.participation,
    ]


def _count(row: OrderResult) -> tuple[int, int, int, int, int]:
    whole, refused = row.fill_rate >= 1.0, row.state == "refused"
    return int(not whole), int(refused), row.asked, row.answers, row.fallbacks
