"""A word list that reads news: the baseline every reader has to beat, and a control of studies."""

from __future__ import annotations

import re
from typing import Final

from steersman.domain.advice import Direction, Severity

__all__ = ["read_keywords"]

UP: Final = frozenset(
    """approve approves approved approval beat beats boost boosts bullish buy buys buyback climb
    climbs exceed expands gain gains grow grows growth hike hikes jump jumps launch lifts
    outperform partnership profit raise raises rally rallies rebound rebounds record recover
    recovers resume resumes rise rises soar soars strong stronger surge surges tops up
    upgrade upgrades win wins wins adopts adopt ease eases cools deal inflows inflow
    breakthrough higher""".split()
)
DOWN: Final = frozenset(
    """arrest arrested ban bans bankrupt bankruptcy bearish breach crash crashes cut cuts decline
    declines default delay delays delist delists down downgrade downgrades drain drained
    drop drops exploit fall falls fear fears fine fined fines fraud hack hacked halt halts
    insolvent investigation lawsuit layoffs liquidated loss losses lower miss misses outage
    outflows plunge plunges probe recall recession reject rejects sell selloff sink sinks
    slump slumps slash slashes steal stolen sue sues suspend suspends tariffs theft tumble
    tumbles war warn warning warns weak weaker shutdown slides slips shrinks freeze freezes
    sanctions exits""".split()
)
MAJOR: Final = frozenset(
    """approve approves approved approval ban bans bankrupt bankruptcy crash crashes default exploit
    fraud hack hacked halt halts insolvent plunge plunges sanctions soar soars steal stolen
    theft war""".split()
)
_WORD: Final = re.compile(r"[a-z]+")


def read_keywords(text: str) -> tuple[Direction, Severity]:
    """Return direction and severity by counting words; as many up as down reads flat."""
    words = _WORD.findall(text.lower())
    score = sum(word in UP for word in words) - sum(word in DOWN for word in words)
    if score == 0:
        return Direction.FLAT, Severity.NONE
    severity = Severity.MAJOR if any(word in MAJOR for word in words) else Severity.MINOR
    return (Direction.UP if score > 0 else Direction.DOWN), severity
