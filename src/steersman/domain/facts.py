"""Facts: the one shape of everything an advisor is told beyond the order itself (F14).

A fact is text or numbers with a source, a time, an age and a trust. Its id is what an advice names
as evidence. Text is untrusted whatever its trust says: trust ranks facts, it opens no door.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

__all__ = [
    "AGE_MAX_S",
    "FACT_ID",
    "NUMBERS_MAX",
    "NUMBER_NAME",
    "STATE_FACTS",
    "TOLD_KINDS",
    "Fact",
    "FactKind",
]

FACT_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,47}")
"""What the id of something told looks like; whatever else a feed gives is replaced."""

NUMBER_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
NUMBERS_MAX: Final = 8  # of one item


class FactKind(StrEnum):
    """What a fact is about."""

    MARKET = "market"
    PROGRESS = "progress"
    IMPACT = "impact"
    SIGNALS = "signals"
    REGIME = "regime"
    SESSION = "session"
    CONTEXT = "context"
    NEWS = "news"
    SOCIAL = "social"
    EARNINGS = "earnings"
    MACRO = "macro"
    SECTOR = "sector"
    CROSS_ASSET = "cross_asset"
    REGULATION = "regulation"
    TECHNICAL = "technical"
    ANALYST = "analyst"
    CHAIN = "chain"
    EXCHANGE = "exchange"


STATE_FACTS: Final = frozenset(
    {"view", "progress", "impact", "signals", "regime", "session", "left_out"}
)
"""The ids of the facts about market, order and context; what was told has ids of its own."""

AGE_MAX_S: Final[dict[FactKind, int]] = {
    FactKind.SOCIAL: 600,
    FactKind.CROSS_ASSET: 900,
    FactKind.TECHNICAL: 900,
    FactKind.NEWS: 1_800,
    FactKind.CHAIN: 3_600,
    FactKind.EXCHANGE: 3_600,
    FactKind.MACRO: 14_400,
    FactKind.SECTOR: 14_400,
    FactKind.EARNINGS: 86_400,
    FactKind.REGULATION: 86_400,
    FactKind.ANALYST: 86_400,
}
"""For how long what was told counts, in seconds, by kind."""

TOLD_KINDS: Final = frozenset(AGE_MAX_S)
"""The kinds of what comes from outside; the others are made here."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One thing known at a time: `text` or `numbers` (names with units), or both.

    `at_ns` is when it became known (UTC), `age_s` how long before the question, `trust_pct` 0..100.
    """

    id: str
    kind: FactKind
    source: str
    at_ns: int
    age_s: float
    trust_pct: int
    text: str = ""
    numbers: dict[str, float] = {}
