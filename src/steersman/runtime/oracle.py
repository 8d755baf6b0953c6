"""What the market will do, for the control that is told: a generated market, run ahead.

Two branches of the market go on without any order of ours: one is where a question is asked, the
other an advice's time to live further on. Nothing but the oracle may see them. `moves_after` tells
the same afterwards, of any market: by that every advice is judged that turned the pace.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from steersman.domain.advice import Advice, Question
from steersman.domain.messages import Wake
from steersman.domain.units import SECOND_NS, Price
from steersman.venues.simulated import SimulatedVenue

__all__ = ["Truth", "moves_after"]

AHEAD_NS: Final = Advice().ttl_s * SECOND_NS


class Truth:
    """Tell the sign of the mid's move after a question; questions come in order of time."""

    def __init__(self, venue: SimulatedVenue) -> None:
        """Branch a generated market twice; the market itself is left as it is."""
        self._now, self._ahead = venue.copy(), venue.copy()

    def __call__(self, question: Question) -> int:
        """Return 1 where the price will be higher, -1 lower, 0 where it will not have moved."""
        now = _mid(self._now, question.asked_ns)
        then = _mid(self._ahead, question.asked_ns + AHEAD_NS)
        assert now is not None and then is not None  # a generated market has both sides to its end
        return (then > now) - (then < now)


def moves_after(venue: SimulatedVenue, times_ns: Iterable[int]) -> dict[int, int]:
    """Return the sign of the mid's move over `AHEAD_NS` after each time (local, UTC ns).

    The market is run on as it is; 0 where the mid did not move, or is not known at both ends.
    """
    asked = set(times_ns)
    mids = {at: _mid(venue, at) for at in sorted(asked | {at + AHEAD_NS for at in asked})}
    moves = {}
    for at in asked:
        now, then = mids[at], mids[at + AHEAD_NS]
        moves[at] = 0 if now is None or then is None else (then > now) - (then < now)
    return moves


def _mid(venue: SimulatedVenue, at_ns: int) -> Price | None:
    """Return the mid as seen at a time, None where the data end before or a side is missing."""
    while True:
        step = venue.run(Wake(venue.instrument.id, at_ns, None, None))
        if step.now_ns >= at_ns:
            return None if step.view.mid is None else Price(step.view.mid)
        if step.ended:
            return None
