"""What the market will do, for the control that is told: a generated market, run ahead.

Two branches of the market go on without any order of ours: one is where a question is asked, the
other an advice's time to live further on. Nothing but the oracle may see them.
"""

from __future__ import annotations

from typing import Final

from steersman.domain.advice import Advice, Question
from steersman.domain.messages import Wake
from steersman.domain.units import SECOND_NS, Price
from steersman.venues.simulated import SimulatedVenue

__all__ = ["Truth"]

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
        return (then > now) - (then < now)


def _mid(venue: SimulatedVenue, at_ns: int) -> Price:
    while True:
        step = venue.run(Wake(venue.instrument.id, at_ns, None, None))
        if step.now_ns >= at_ns or step.ended:
            assert step.view.mid is not None  # a generated book has both sides
            return Price(step.view.mid)
