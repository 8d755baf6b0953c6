"""What is told and seen in another market of the same kind, for the control that hears only that.

A sibling is a generated market of the same instrument, regime and time of day with another seed: so
its news comes as often, is as true there, and says nothing of the market an order is in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from steersman.advisor.controls import in_context
from steersman.advisor.fusion import kind_of
from steersman.domain.advice import Question
from steersman.domain.facts import AGE_MAX_S
from steersman.domain.market import MarketView, NewsItem, Signals
from steersman.domain.messages import Wake
from steersman.domain.units import SECOND_NS
from steersman.venues.simulated import SimulatedVenue

__all__ = ["Sibling", "seed_of_sibling"]

SEED_BYTES: Final = 6  # below the seeds that a `chance` makes of one


def seed_of_sibling(seed: int) -> int:
    """Return the seed of the sibling that an advisor with a seed of its own listens to."""
    digest = hashlib.blake2b(f"{seed}/sibling".encode(), digest_size=SEED_BYTES).digest()
    return int.from_bytes(digest, "big")


class Sibling:
    """Put questions as they would be in another market; they come in order of time."""

    def __init__(self, make: Callable[[], SimulatedVenue]) -> None:
        """Listen to the market that `make` returns, which is made at the first question."""
        self._make = make
        self._venue: SimulatedVenue | None = None
        self._news: tuple[NewsItem, ...] = ()
        self._signals: Signals | None = None

    def __call__(self, question: Question) -> Question:
        """Return the question with what the other market has told and shown by its time."""
        if self._venue is None:
            self._venue = self._make()
        venue, at_ns = self._venue, question.asked_ns
        view = _seen(venue, at_ns)
        told = (*self._news, *venue.news_until(at_ns))
        self._news = tuple(item for item in told if _counts(item, at_ns))
        for signals in venue.signals_until(at_ns):
            self._signals = signals
        return in_context(question, self._news, self._signals, view)


def _seen(venue: SimulatedVenue, at_ns: int) -> MarketView:
    while True:
        step = venue.run(Wake(venue.instrument.id, at_ns, None, None))
        if step.now_ns >= at_ns or step.ended:
            return step.view


def _counts(item: NewsItem, at_ns: int) -> bool:
    return at_ns - item.received_ns <= AGE_MAX_S[kind_of(item)] * SECOND_NS
