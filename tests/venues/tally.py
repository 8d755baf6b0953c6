"""How much the twins have seen: streams, events and own fills, by market."""

from __future__ import annotations

from collections import Counter, defaultdict

RAN: defaultdict[str, Counter[str]] = defaultdict(Counter)


def note(market: str, events: int, fills: int) -> None:
    """Count a stream that was played on a market and on its twin and agreed after every event."""
    RAN[market].update({"streams": 1, "events": events, "fills": fills})
