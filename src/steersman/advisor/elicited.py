"""The embedded advisor: a small model reads the headlines, code composes the advice.

This is the elicited protocol: as a generator a model of this size is at chance, as a reader it is
not. So it is asked one thing only, where a headline points and how much it matters, and the rest
follows from `rules.compose`, the same for every reader.
"""

from __future__ import annotations

from typing import Final

import msgspec

from steersman.advisor.embedded import NewsReader
from steersman.advisor.rules import NewsReading, compose, fresh_news
from steersman.domain.advice import Answer, Direction, Origin, Question, Usage
from steersman.domain.market import NewsItem
from steersman.signals.lean import DEFAULT_RULES, SignalRules

__all__ = ["EmbeddedAdvisor"]

PROTOCOL: Final = "elicited-1"


class EmbeddedAdvisor:
    """Answer with the embedded model's readings of the news, composed with the rules."""

    def __init__(self, reader: NewsReader, rules: SignalRules = DEFAULT_RULES) -> None:
        self._reader = reader
        self._rules = rules
        head = reader.head
        self.name = f"smollm2-135m/{head.weights_sha256[:8]}/{head.sha256[:8]}/{PROTOCOL}"
        self._usage = Usage(PROTOCOL, f"{head.weights_sha256[:16]}/{head.sha256[:16]}")

    def advise(self, question: Question) -> Answer:
        """Read what is fresh and compose; the same question gives the same advice."""
        return self.advise_on(question, self.read(question))

    def read(self, question: Question) -> tuple[NewsReading, ...]:
        """Return the model's readings of what is fresh."""
        return tuple(self._read(item) for item in fresh_news(question))

    def advise_on(self, question: Question, readings: tuple[NewsReading, ...]) -> Answer:
        """Compose an advice of readings and the rest."""
        advice = compose(question, readings, Origin.MODEL, self._rules)
        return Answer(advice, self._usage, _raw(readings))

    def _read(self, item: NewsItem) -> NewsReading:
        reading = self._reader.read(item.text)
        chances = {
            Direction.UP: reading.p_up,
            Direction.FLAT: reading.p_flat,
            Direction.DOWN: reading.p_down,
        }
        return NewsReading(item, reading.direction, reading.severity, chances[reading.direction])


def _raw(readings: tuple[NewsReading, ...]) -> str:
    """Return what the model itself said: its readings, one JSON object a line."""
    lines = (
        msgspec.json.encode(
            {
                "id": reading.item.id,
                "direction": reading.direction,
                "severity": reading.severity,
                "probability": round(reading.probability, 4),
            }
        ).decode()
        for reading in readings
    )
    return "\n".join(lines)
