"""A circuit breaker: after failures in a row an advisor is left alone for a while.

closed --[three failures in a row]--> open --[the cool-down is over]--> one trial: closed or open

All of it in market time and a function of what was noted when, so that runs repeat. What is noted
of a later time than the one asked about does not count yet.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import Final

from steersman.domain.units import MINUTE_NS

__all__ = ["COOL_DOWN_NS", "FAILURES_MAX", "Breaker"]

FAILURES_MAX: Final = 3
COOL_DOWN_NS: Final = 5 * MINUTE_NS


@dataclass(slots=True)
class Breaker:
    """Tell whether to ask: `note` what became of each question, `admits` the next one."""

    _noted: list[tuple[int, bool]] = field(default_factory=list)  # by time, not counted yet
    _failures: int = 0
    _opens_ns: int = 0  # the end of the cool-down
    _trying: bool = False

    def note(self, at_ns: int, good: bool) -> None:
        """Note at a time (UTC ns) whether a question was answered well."""
        insort(self._noted, (at_ns, good))

    def admits(self, at_ns: int) -> bool:
        """Tell whether a question may be put now; after a cool-down, one is put as a trial."""
        while self._noted and self._noted[0][0] <= at_ns:
            self._count(*self._noted.pop(0))
        if self._failures < FAILURES_MAX:
            return True
        if self._trying or at_ns < self._opens_ns:
            return False
        self._trying = True
        return True

    def _count(self, at_ns: int, good: bool) -> None:
        self._trying = False
        self._failures = 0 if good else self._failures + 1
        self._opens_ns = at_ns + COOL_DOWN_NS
