"""What the names of a study's arms say: which are controls, and what each control is for.

`NAME#2` is the arm of that name once more, with other random numbers of its own.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BASE", "NEUTRAL", "PLACEBOS", "TAKER", "in_question", "is_placebo", "oracle_p"]

NEUTRAL: Final = "neutral"  # is asked, and changes nothing
PLACEBOS: Final = ("random", "shuffled")  # turn as an advisor does, without what it knows
BASE: Final = "twap-passive"  # what every advisor bends
TAKER: Final = "twap"
ORACLE: Final = "oracle:"


def is_placebo(arm: str) -> bool:
    """Whether an arm is there to show what an advisor's knowledge is worth, having none."""
    return arm.partition("#")[0] in PLACEBOS


def in_question(arm: str) -> bool:
    """Whether the advice of an advised arm is in question: it is not there to compare with."""
    name = arm.partition("#")[0]
    return name != NEUTRAL and not is_placebo(name) and oracle_p(name) is None


def oracle_p(arm: str) -> float | None:
    """Return how often an oracle is right by its name; None for an arm that is no oracle."""
    name = arm.partition("#")[0]
    return float(name.removeprefix(ORACLE)) if name.startswith(ORACLE) else None
