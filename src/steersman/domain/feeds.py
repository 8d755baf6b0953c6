"""Feeds: where news comes from, and what each source is trusted with."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from steersman.domain.facts import TOLD_KINDS, FactKind

__all__ = ["FEED_ITEMS_MAX", "FEED_NAME", "FeedConfig", "is_url"]

FEED_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")
FEED_ITEMS_MAX: Final = 10_000
_URL: Final = re.compile(
    r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)


class FeedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One source of news: a `url` (http or https) or a `file`, of RSS, Atom, JSONL or JSON.

    `kind` is what its items are about where they do not say so themselves, `trust_pct` 0..100 what
    the source is trusted with and the most that an item of it may claim. At most `max_items` are
    taken at a time, none published more than `max_age_s` before it was received.
    Raises ValueError where a value makes no sense.
    """

    url: str | None = None
    file: str | None = None
    kind: FactKind = FactKind.NEWS
    trust_pct: int = 50
    max_items: int = 200
    max_age_s: int = 86_400

    def __post_init__(self) -> None:
        if (self.url is None) == (self.file is None):
            raise ValueError("give either url or file")
        if self.url is not None and not is_url(self.url):
            raise ValueError(f"url must begin with http:// or https://, got {self.url[:80]!r}")
        if self.kind not in TOLD_KINDS:
            told = ", ".join(sorted(TOLD_KINDS))
            raise ValueError(f"kind must be one of {told}, got {self.kind.value}")
        if not 0 <= self.trust_pct <= 100:
            raise ValueError(f"trust_pct must lie between 0 and 100, got {self.trust_pct}")
        if not 1 <= self.max_items <= FEED_ITEMS_MAX:
            raise ValueError(f"max_items must lie between 1 and {FEED_ITEMS_MAX}")
        if self.max_age_s < 1:
            raise ValueError(f"max_age_s must be positive, got {self.max_age_s}")


def is_url(text: str) -> bool:
    """Tell whether a text is an address on the web (without a password), and no path of a file."""
    return _URL.fullmatch(text) is not None
