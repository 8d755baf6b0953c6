"""Make items of what strangers send: each field bounded, each fault counted, nothing raised.

An item is known from when it was received. Live that is when it was fetched; in a replay it is the
`received` that a recording has, else when it was published, which is the earliest it can have been.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from steersman.domain.facts import NUMBER_NAME, NUMBERS_MAX, TOLD_KINDS, FactKind
from steersman.domain.feeds import FeedConfig
from steersman.domain.market import NewsItem
from steersman.domain.units import SECOND_NS, utc_ns

__all__ = ["Drafts", "Feed", "Told", "Window"]

TEXT_CHARS_MAX: Final = 1_000
SOURCE_CHARS_MAX: Final = 64
FAULT_CHARS_MAX: Final = 200
OWN_TRUST_PCT: Final = 50  # of an item in a person's own file that does not say
YEAR_10000_NS: Final = 253_402_300_800 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed by name. In a person's `own` file each line may name its source and its trust."""

    name: str
    config: FeedConfig
    own: bool = False

    @property
    def where(self) -> str:
        """The place that a person can look at: the file or the address."""
        return self.config.url or self.config.file or self.name


@dataclass(frozen=True, slots=True)
class Window:
    """The times (UTC ns, both included) in which something received can still matter."""

    from_ns: int = 0
    to_ns: int = YEAR_10000_NS


@dataclass(frozen=True, slots=True)
class Told:
    """What a feed gave, how many items it had in all, and what was wrong with it, in one line."""

    items: tuple[NewsItem, ...]
    found: int
    problem: str


@dataclass(slots=True)
class Drafts:
    """The items of one reading of a feed as they are found; `received_ns` None means a replay."""

    feed: Feed
    received_ns: int | None
    window: Window
    items: list[NewsItem] = field(default_factory=list)
    found: int = 0
    _faults: Counter[str] = field(default_factory=Counter)
    _first_fault: str = ""
    _unread: str = ""

    @property
    def full(self) -> bool:
        """Whether no more items are taken."""
        return len(self.items) >= self.feed.config.max_items

    def fault(self, what: str, detail: str = "") -> None:
        """Count one item that cannot be taken."""
        self.found += 1
        self._faults[what] += 1
        if detail and not self._first_fault:
            self._first_fault = " ".join(detail.split())[:FAULT_CHARS_MAX]

    def stop(self, at: str) -> None:
        """Say where reading stopped: what comes after it was not looked at."""
        self._unread = f"everything after {at}"

    def add(
        self,
        text: str,
        published: int | str | None,
        ref: str,
        *,
        received: int | str | None = None,
        kind: str | None = None,
        trust_pct: int | None = None,
        numbers: Mapping[str, float] | None = None,
        source: str | None = None,
        item_id: str = "",
    ) -> None:
        """Take one item, or count why not; `ref` is what tells it from the feed's other items."""
        try:
            told_ns = _time(published)
            came_ns = _time(received)
        except ValueError as error:
            return self.fault("without a time that can be read", f"{item_id or ref}: {error}")
        if self.received_ns is not None:
            published_ns = min(self.received_ns, told_ns or self.received_ns)
            known_ns = self.received_ns
        elif told_ns is None:
            return self.fault("without a time", f"{item_id or ref}: no time")
        else:
            published_ns, known_ns = told_ns, max(told_ns, came_ns or told_ns)
        if kind is not None and kind not in set(TOLD_KINDS):
            return self.fault("of an unknown kind", f"{item_id or ref}: kind {kind!r}")
        self.found += 1
        if not self.window.from_ns <= known_ns <= self.window.to_ns:
            return None
        if known_ns - published_ns > self.feed.config.max_age_s * SECOND_NS:
            return None
        if self.full:
            self._faults[f"beyond the first {self.feed.config.max_items}"] += 1
            return None
        self.items.append(
            NewsItem(
                id=item_id or self._id(f"{ref}\0{text}"),
                published_ns=published_ns,
                received_ns=known_ns,
                source=self._source(source),
                text=_sayable(text)[:TEXT_CHARS_MAX],
                kind=FactKind(kind) if kind is not None else self.feed.config.kind,
                numbers=_figures(numbers or {}),
                trust_pct=self._trust(trust_pct),
            )
        )
        return None

    def told(self) -> Told:
        """Return what was taken and, in one line, what was not."""
        problem = ""
        parts = [f"{count} {what}" for what, count in self._faults.items()]
        parts += [self._unread] if self._unread else []
        if parts:
            problem = f"{self.feed.where}: left out {', '.join(parts)}"
        if self._first_fault:
            problem += f" (first: {self._first_fault})"
        return Told(tuple(self.items), self.found, problem)

    def _id(self, ref: str) -> str:
        """Return an id that is the same whenever the same item is read again."""
        digest = hashlib.sha256(ref.encode(errors="surrogatepass")).hexdigest()
        return f"{self.feed.name}-{digest[:10]}"

    def _source(self, given: str | None) -> str:
        if self.feed.own and given is not None:
            return _sayable(given)[:SOURCE_CHARS_MAX]
        return self.feed.name

    def _trust(self, given: int | None) -> int:
        """Return the trust: no item claims more than its feed has."""
        most = self.feed.config.trust_pct
        if given is None:
            return min(OWN_TRUST_PCT, most) if self.feed.own else most
        return min(most, max(0, given))


def _time(given: int | str | None) -> int | None:
    if given is None:
        return None
    at_ns = given if isinstance(given, int) else utc_ns(given)
    if not 0 <= at_ns < YEAR_10000_NS:
        raise ValueError(f"{str(given)[:40]} is not a time")
    return at_ns


def _figures(numbers: Mapping[str, float]) -> dict[str, float]:
    fit = {
        name: value
        for name, value in numbers.items()
        if NUMBER_NAME.fullmatch(name) and math.isfinite(value)
    }
    return dict(list(fit.items())[:NUMBERS_MAX])


def _sayable(text: str) -> str:
    """Return a text that can be written down: halves of characters are none."""
    return text.encode(errors="replace").decode()
