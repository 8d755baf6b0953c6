"""Feeds of news: RSS, Atom, JSONL and JSON, from files and over HTTP, bounded in size and time."""

from steersman.marketdata.feeds.items import Feed, Told
from steersman.marketdata.feeds.reading import read_feed

__all__ = ["Feed", "Told", "read_feed"]
