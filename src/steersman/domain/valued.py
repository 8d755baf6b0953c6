"""What a decision was worth, known once its order is over: an input that does nothing."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["DecisionValued", "Gain", "Over", "Worth"]


class Worth(StrEnum):
    """What a decision's gain over doing without it says.

    Right and wrong exclude zero. Hindsight is the gain in the one future that a recording holds,
    which says nothing of a single decision. An idle decision was obeyed and steers nothing
    otherwise than what was in force; its gain is 0 by what it is.
    """

    RIGHT = "right"
    WRONG = "wrong"
    UNDECIDED = "undecided"
    HINDSIGHT = "hindsight"
    IDLE = "idle"


class Gain(msgspec.Struct, frozen=True, gc=False):
    """What a decision saved in bps of the order's notional at arrival, positive = cheaper with it.

    The mean over paired futures and its interval, None where there are fewer than two.
    """

    mean_bps: float
    low_bps: float | None = None
    high_bps: float | None = None


class Over(msgspec.Struct, frozen=True, gc=False):
    """The decision against another action: what the action asks for, and the gain over it.

    The interval is widened for there being several actions (Bonferroni): one that lies below zero
    says that a better action was there.
    """

    effect: str
    gain: Gain


class DecisionValued(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A decision was judged by counterfactual: `gain` is that over leaving its question unanswered.

    All futures are the same for every action. `futures` is 0 of an idle decision and 1 on a
    recording.
    """

    at_ns: int
    parent_id: str
    ask_id: str
    worth: Worth
    futures: int
    gain: Gain
    over: tuple[Over, ...] = ()

    @property
    def best(self) -> Over | None:
        """The other action that came out cheapest, None where none was tried."""
        return min(self.over, key=lambda one: one.gain.mean_bps, default=None)

    @property
    def better(self) -> Over | None:
        """The other action that was cheaper than the decision beyond chance, or None."""
        sure = (one for one in self.over if one.gain.high_bps is not None and one.gain.high_bps < 0)
        return min(sure, key=lambda one: one.gain.mean_bps, default=None)
