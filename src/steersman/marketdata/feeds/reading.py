"""Read one feed, whatever its form: that is told by its content, not by its name.

A feed is read for a replay (everything it has, each item known from its own time on) or live (what
it has now, known from now on). What it has wrong costs the items concerned and is told in one line;
only a feed that cannot be reached or read at all raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from steersman.errors import DataError
from steersman.marketdata.feeds.fetching import BYTES_MAX, fetch
from steersman.marketdata.feeds.items import Drafts, Feed, Told, Window
from steersman.marketdata.feeds.lines import LINE_BYTES_MAX, read_document, read_lines
from steersman.marketdata.feeds.syndication import decode, looks_like_xml, read_syndication

__all__ = ["read_feed"]

REMEDY: Final = "give RSS, Atom, or UTF-8 JSONL with time and text; docs/context.md has the form"
LINES_MAX: Final = 5_000_000
_HEAD: Final = 4_096


def read_feed(feed: Feed, received_ns: int | None = None, window: Window | None = None) -> Told:
    """Return the items of a feed; `received_ns` is now where it is live, None where replayed.

    Of a replay only what is received within the window is kept. Raises DataError in one line where
    the feed cannot be reached, is too large, or is of no known form.
    """
    drafts = Drafts(feed, received_ns, window or Window())
    if feed.config.url is not None:
        document = fetch(feed.config.url)
        _read_body(document.body, document.charset, drafts)
        return drafts.told()
    try:
        with Path(feed.where).open("rb") as file:
            _read_file(file, drafts)
    except OSError as error:
        raise DataError(f"{feed.where}: {error.strerror or error}", REMEDY) from None
    return drafts.told()


def _read_file(file: BinaryIO, drafts: Drafts) -> None:
    """Read a file: JSONL line by line, however long; what must be read whole, up to a size."""
    head = file.read(_HEAD)
    file.seek(0)
    if not looks_like_xml(head) and not head.lstrip().startswith(b"["):
        body = file.read(BYTES_MAX + 1)
        if len(body) > BYTES_MAX or not read_document(body, drafts):
            file.seek(0)
            read_lines(_lines(file, drafts), drafts)
        return
    body = file.read(BYTES_MAX + 1)
    if len(body) > BYTES_MAX:
        raise DataError(f"{drafts.feed.where}: it is larger than {BYTES_MAX} bytes", REMEDY)
    _read_body(body, "", drafts)


def _lines(file: BinaryIO, drafts: Drafts) -> Iterator[bytes]:
    """Yield the lines of a file; of one that is too long no more than shows that it is."""
    for _ in range(LINES_MAX):
        line = file.readline(LINE_BYTES_MAX + 1)
        if not line:
            return
        more = line
        while len(more) > LINE_BYTES_MAX and not more.endswith(b"\n"):
            more = file.readline(LINE_BYTES_MAX + 1)
        yield line
    drafts.stop(f"line {LINES_MAX}")


def _read_body(body: bytes, charset: str, drafts: Drafts) -> None:
    if not body.strip():
        raise DataError(f"{drafts.feed.where}: there is nothing in it", REMEDY)
    if not looks_like_xml(body):
        if not read_document(body, drafts):
            read_lines(body.split(b"\n"), drafts)
        return
    try:
        read_syndication(decode(body, charset), drafts)
    except ValueError as error:
        raise DataError(f"{drafts.feed.where}: {error}", REMEDY) from None
