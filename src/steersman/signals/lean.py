"""What a rule says, a bounded turn with its reason; and the thresholds of all rules."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from steersman.domain.order import Style

__all__ = ["DEFAULT_RULES", "Lean", "SignalRules"]


PACES: Final = (
    "thin_pct",
    "volatile_pct",
    "trend_against_pct",
    "trend_favour_pct",
    "cascade_against_pct",
    "cascade_favour_pct",
)


@dataclass(frozen=True, slots=True)
class Lean:
    """A bounded turn: the rule's name, pace in percent of the schedule's, a style, and why.

    A pace of 100 keeps the schedule, which is advice, too: None says nothing about the pace.
    """

    rule: str
    pace_pct: int | None
    style: Style | None
    reason: str


class SignalRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The thresholds of the rules (F15, F17, F18) and how far they turn.

    Rates, changes and flows are in percent. `funding_before_s` is how long before a funding
    snapshot its rate counts, `funding_after_s` how long after it the pull-back or bounce lasts.
    `cluster_near_pct` is the distance of liquidations that count, `cluster_min_quote` their least
    size in quote currency, `toward_bps` the move of the last minute that is a move towards them.
    `faster_pct` and `wait_pct` are the paces of accelerating and waiting, `session_turn_pct` what
    an hour of the day or the weekend turns (0: they say nothing).
    The last six are the paces of the regimes: `against` runs away from the order, `favour` comes.
    Raises ValueError where a value makes no sense.
    """

    funding_high_pct: float = 0.05
    funding_low_pct: float = -0.03
    funding_before_s: int = 3_600
    funding_after_s: int = 900
    move_pct: float = 0.10
    open_interest_pct: float = 0.10
    cluster_near_pct: float = 2.0
    cluster_min_quote: Decimal = Decimal(1_000_000)
    toward_bps: float = 2.0
    netflow_large_pct: float = 1.0
    faster_pct: int = 140
    wait_pct: int = 60
    session_turn_pct: int = 10
    thin_pct: int = 80
    volatile_pct: int = 110
    trend_against_pct: int = 115
    trend_favour_pct: int = 85
    cascade_against_pct: int = 130
    cascade_favour_pct: int = 60

    def __post_init__(self) -> None:
        if not self.funding_low_pct <= 0 <= self.funding_high_pct:
            raise ValueError("funding_low_pct must not be above 0, nor funding_high_pct below it")
        if not 100 <= self.faster_pct <= 200 or not 0 <= self.wait_pct <= 100:
            raise ValueError("faster_pct must lie between 100 and 200, wait_pct between 0 and 100")
        if not 0 <= self.session_turn_pct <= 50:
            raise ValueError("session_turn_pct must lie between 0 and 50")
        for name in PACES:
            if not 0 <= getattr(self, name) <= 200:
                raise ValueError(f"{name} must lie between 0 and 200, got {getattr(self, name)}")
        for name in (
            "funding_before_s",
            "funding_after_s",
            "move_pct",
            "open_interest_pct",
            "cluster_near_pct",
            "cluster_min_quote",
            "toward_bps",
            "netflow_large_pct",
        ):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise ValueError(f"{name} must not be negative, got {value}")


DEFAULT_RULES: Final = SignalRules()
