"""Facts: the one shape of everything an advisor is told beyond the order itself (F14).

A fact is text or numbers with a source, a time, an age and a trust. Its id is what an advice names
as evidence. Text is untrusted whatever its trust says: trust ranks facts, it opens no door.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

__all__ = ["STATE_FACTS", "Fact", "FactKind"]


class FactKind(StrEnum):
    """What a fact is about."""

    MARKET = "market"
    PROGRESS = "progress"
    IMPACT = "impact"
    SIGNALS = "signals"
    REGIME = "regime"
    SESSION = "session"
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


STATE_FACTS: Final = frozenset({"view", "progress", "impact", "signals", "regime", "session"})
"""The ids of the facts that come with every question; what was told has ids of its own."""


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
