"""The port of a venue that keeps its own market time: send, ask, and let time pass.

Nothing but `run` moves time, and a step tells everything that is known at the time it reached.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from steersman.domain.market import MarketNote, MarketView
from steersman.domain.messages import Approved, FundingPaid, Intent, Report, Wake

__all__ = ["Step", "Venue"]


class Step(msgspec.Struct, frozen=True, gc=False):
    """What is known at `now_ns` (local time) that was not known before.

    `reports` are in the order in which they arrived, and `funding` came after them. `touched` tells
    that the touch left what the wake watched. `ended` tells that the market is over and nothing of
    ours is on its way; it is never set because of an error, which is raised. `notes` are what
    happened to the recording itself: a gap, a crossed book, its recovery, its end.
    """

    now_ns: int
    reports: tuple[Report, ...]
    view: MarketView
    ended: bool
    touched: bool
    notes: tuple[MarketNote, ...] = ()
    funding: tuple[FundingPaid, ...] = ()


class Venue(Protocol):
    """Where approved intents go, and where market time comes from."""

    def send(self, request: Approved[Intent], at_ns: int) -> None:
        """Send an intent at local time `at_ns`; its fate comes back as reports."""
        ...

    def query(self, child_id: str, at_ns: int) -> None:
        """Ask what became of a child; the answer comes back as a `Resolved` report."""
        ...

    def run(self, wake: Wake) -> Step:
        """Let time pass to the wake, or to the first own report or watched change before it."""
        ...
