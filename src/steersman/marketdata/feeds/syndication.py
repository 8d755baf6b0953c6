"""Read items from RSS and Atom, one at a time, so that none can harm the others.

Each item is cut out of the document and parsed alone below the document's root tag. So what is
declared before it (entities that grow a billionfold, or that name a file) never reaches a parser, a
broken or huge item costs only itself, and a million items cost no more than the first few hundred.
"""

from __future__ import annotations

import calendar
import html
import io
import re
from collections.abc import Iterator
from typing import Final

from steersman.domain.units import SECOND_NS
from steersman.marketdata.feeds.items import Drafts

__all__ = ["decode", "looks_like_xml", "read_syndication"]

ITEM_CHARS_MAX: Final = 16_384
ROOT_WITHIN: Final = 65_536  # characters from the start
NESTED_MAX: Final = 200  # tags in one item: real ones have a dozen or two
_ROOT: Final = re.compile(r"<(rss|feed|rdf:RDF)(?=[\s>])[^<>]{0,4096}>")
_ENCODING: Final = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
_TAG: Final = re.compile(r"<[^<>]*>")
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_TEXT_ENCODINGS: Final = re.compile(
    r"utf[-_]?8|utf[-_]?16|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|windows-125\d|cp125\d"
    r"|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-jp|euc-kr",
    re.IGNORECASE,
)


def looks_like_xml(body: bytes) -> bool:
    """Tell by its first sign whether something is XML rather than JSON."""
    start = body[:64]
    return start.startswith(tuple(bom for bom, _ in _BOMS[1:])) or (
        start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
    )


def decode(body: bytes, charset: str = "") -> str:
    """Return the text of a document by its mark, its declaration, or what HTTP said; else UTF-8.

    Raises ValueError where that is no encoding of text, or the bytes are not of it.
    """
    declared = _ENCODING.search(body[:1_024])
    name = next((name for bom, name in _BOMS if body.startswith(bom)), "")
    marked = bool(name)
    name = name or (declared[1].decode() if declared else charset) or "utf-8"
    if not marked and not _TEXT_ENCODINGS.fullmatch(name):
        raise ValueError(f"its encoding {name[:40]!r} is not known")
    try:
        return body.decode(name).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        raise ValueError(f"it is not {name}") from None


def read_syndication(text: str, drafts: Drafts) -> None:
    """Read the items of an RSS or Atom document; raise ValueError where it is neither."""
    root = _ROOT.search(text[:ROOT_WITHIN])
    if root is None:
        raise ValueError("it is neither RSS nor Atom")
    name = "entry" if root[1] == "feed" else "item"
    for block in _blocks(text, root.end(), name, drafts):
        if drafts.found >= drafts.feed.config.max_items:  # whether they are of use or not
            return drafts.stop(f"the first {drafts.feed.config.max_items}")
        _read(root, block, drafts)
    return None


def _blocks(text: str, at: int, name: str, drafts: Drafts) -> Iterator[str]:
    """Yield each whole item; what has no end, or is too long to be one, is counted."""
    opening = re.compile(rf"<{name}(?=[\s>])")
    closing = f"</{name}>"
    while (begin := opening.search(text, at)) is not None:
        end = text.find(closing, begin.end())
        if end < 0:
            drafts.fault("broken", "an item has no end")
            return
        at = end + len(closing)
        if at - begin.start() > ITEM_CHARS_MAX:
            drafts.fault("too long", f"an item has more than {ITEM_CHARS_MAX} characters")
        else:
            yield text[begin.start() : at]


def _read(root: re.Match[str], block: str, drafts: Drafts) -> None:
    import feedparser  # only who has feeds pays for it

    if block.count("<") > 2 * NESTED_MAX:
        return drafts.fault("broken", "an item has too many tags")
    inner = f"<channel>{block}</channel>" if root[1] == "rss" else block
    document = f"{root[0]}{inner}</{root[1]}>"
    read = feedparser.parse(io.BytesIO(document.encode(errors="replace")))
    if len(read.entries) != 1:
        return drafts.fault("broken", f"{read.get('bozo_exception', 'there is no item in it')}")
    entry = read.entries[0]
    words = _plain(entry.get("title", "")) or _plain(entry.get("summary", ""))
    if not words:
        return drafts.fault("without text", "an item has neither title nor summary")
    at = entry.get("published_parsed") or entry.get("updated_parsed")
    at_ns = None if at is None else calendar.timegm(at) * SECOND_NS
    ref = str(entry.get("id") or entry.get("link") or at_ns)
    drafts.add(words, at_ns, ref)
    return None


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())
