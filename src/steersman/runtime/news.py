"""Gather the news of a run: the file or address that was given, and the feeds of the settings.

A market in a run has a time of its own. What a feed holds is told when the market reaches the time
at which it was received, so only what can still matter then is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from steersman.domain.facts import AGE_MAX_S
from steersman.domain.feeds import FEED_ITEMS_MAX, FeedConfig, is_url
from steersman.domain.market import NewsItem
from steersman.domain.order import ParentOrder
from steersman.domain.units import SECOND_NS
from steersman.errors import DataError

__all__ = ["gather_news"]


def gather_news(
    given: str | None,
    feeds: Mapping[str, FeedConfig],
    order: ParentOrder,
    say: Callable[[str], None],
) -> tuple[NewsItem, ...]:
    """Return what is told around an order; `say` gets a line for what cannot be read.

    A feed that fails costs the order nothing but its news. Raises DataError where the very file
    that was given is not there.
    """
    if given is None and not feeds:
        return ()
    # Only who has news pays for what reads it.
    from steersman.marketdata.feeds import Feed, read_feed
    from steersman.marketdata.feeds.items import Window

    oldest_ns = order.start_ns - max(AGE_MAX_S.values()) * SECOND_NS
    window = Window(max(0, oldest_ns), order.deadline_ns)
    sources = [Feed(name, config) for name, config in feeds.items()]
    if given is not None:
        own = not is_url(given)
        sources.append(Feed("file" if own else "web", _config(given), own))
    items: list[NewsItem] = []
    for feed in sources:
        try:
            told = read_feed(feed, window=window)
        except DataError as error:
            say(f"no news: {error.message}")
            continue
        if told.problem:
            say(told.problem)
        elif told.found and not told.items:
            say(f"{feed.where}: none of its {told.found} items is of the order's time")
        items += told.items
    return tuple(items)


def _config(given: str) -> FeedConfig:
    """Return how a file or an address given for one run is read; the file must be there."""
    if is_url(given):
        return FeedConfig(url=given)
    path = Path(given)
    if not path.is_file():
        raise DataError(f"{given}: there is no such file", "give a file, or an http(s) address")
    return FeedConfig(file=given, trust_pct=100, max_items=FEED_ITEMS_MAX)
