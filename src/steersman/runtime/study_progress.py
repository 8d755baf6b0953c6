"""Which orders of a study are done, and whether they are enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from steersman.errors import DataError
from steersman.tca.results import Worked
from steersman.tca.study import settled

__all__ = ["Progress"]

LOOK: Final = 25  # orders between two looks of a study that may stop early


class Progress:
    """Which orders are done, and whether they are enough.

    A study that may stop looks at its first 25 orders, 50 and so on, whenever those are complete:
    so it stops after the same order however many workers there are.
    """

    def __init__(
        self, arms: Sequence[str], orders: int, resolve_bps: float | None, numbers: range
    ) -> None:
        self._arms = arms
        self._orders = orders
        self._numbers = numbers  # to be worked here
        self._done = 0  # of these
        self._resolve_bps = resolve_bps
        self._held = bytearray(orders)
        self._costs = np.zeros((orders, len(arms)))  # of those held
        self._looked = 0
        self._stop: int | None = None

    @property
    def counted(self) -> int:
        """How many orders count, from the first on."""
        return self._orders if self._stop is None else self._stop

    @property
    def share(self) -> float:
        """How much of the study is done."""
        return 1.0 if self._stop is not None else self._done / len(self._numbers)

    @property
    def words(self) -> str:
        """How much of the study is done, in words."""
        return f"{self._done:,} of {len(self._numbers):,} orders"

    @property
    def held(self) -> int:
        """How many orders are done, here or elsewhere."""
        return sum(self._held)

    def left(self) -> Iterator[int]:
        """Yield the numbers of the orders that are still to be worked, until they are enough."""
        for number in self._numbers:
            if self._stop is not None:
                return
            if not self._held[number]:
                yield number

    def take(self, worked: Worked) -> None:
        """Take in an order that was worked; raise DataError where it is none of the study's."""
        drawn, results = worked
        costs = {result.arm: result.cost_bps for result in results}
        if set(costs) != set(self._arms) or not 0 <= drawn.order < self._orders:
            raise DataError(f"order {drawn.order} is not of this study", "give another --out")
        if self._held[drawn.order]:
            raise DataError(f"order {drawn.order} was worked twice", "give another --out")
        self._held[drawn.order] = True
        self._costs[drawn.order] = [costs[name] for name in self._arms]
        self._done += drawn.order in self._numbers
        if self._resolve_bps is not None:
            self._look(self._resolve_bps)

    def _look(self, resolve_bps: float) -> None:
        while self._stop is None:
            ahead = range(self._looked, self._looked + LOOK)
            if not all(number < self._orders and self._held[number] for number in ahead):
                return
            self._looked += LOOK
            if settled(self._costs[: self._looked], resolve_bps):
                self._stop = self._looked
