"""Read items from JSON: an object a line (JSONL), an array of objects, or an object with `items`.

An object has `time` (ISO 8601 or integer ns) and `text`, and may have `received`, `source`, `kind`,
`trust_pct` and `numbers`; `title` and `date_published`, as JSON Feed calls them, are read as well.
Everything else is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from steersman.marketdata.feeds.items import Drafts

__all__ = ["LINE_BYTES_MAX", "read_document", "read_lines"]

LINE_BYTES_MAX: Final = 65_536
_HTML: Final = re.compile(r"<[^<>]*>")


class _Object(msgspec.Struct):
    time: int | str | None = None
    text: str | None = None
    title: str | None = None
    content_text: str | None = None
    date_published: str | None = None
    received: int | str | None = None
    source: str | None = None
    kind: str | None = None
    trust_pct: int | None = None
    numbers: dict[str, float] = {}
    id: str | int | None = None


class _Holder(msgspec.Struct):
    items: list[msgspec.Raw]


_OBJECT: Final = msgspec.json.Decoder(_Object)
_DOCUMENT: Final = msgspec.json.Decoder(list[msgspec.Raw] | _Holder)


def read_lines(lines: Iterable[bytes], drafts: Drafts) -> None:
    """Read an object a line; a bad line is left out with its number, the others stay."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            _read(line, drafts, f"line {number}", f"f{number}" if drafts.feed.own else "")


def read_document(body: bytes, drafts: Drafts) -> bool:
    """Read a whole document; return False, and read nothing, where it is not of that form."""
    try:
        document = _DOCUMENT.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    objects = document.items if isinstance(document, _Holder) else document
    for number, raw in enumerate(objects, 1):
        _read(raw, drafts, f"item {number}", f"f{number}" if drafts.feed.own else "")
    return True


def _read(raw: bytes | msgspec.Raw, drafts: Drafts, where: str, item_id: str) -> None:
    if len(memoryview(raw)) > LINE_BYTES_MAX:
        return drafts.fault("too long", f"{where}: more than {LINE_BYTES_MAX} bytes")
    try:
        read = _OBJECT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return drafts.fault("that cannot be read", f"{where}: {error}")
    text = read.text if read.text is not None else read.title
    text = text if text is not None else read.content_text
    if text is None and not read.numbers:
        return drafts.fault("without text", f"{where}: neither text nor numbers")
    drafts.add(
        _HTML.sub(" ", text or "") if read.text is None else read.text,
        read.time if read.time is not None else read.date_published,
        str(read.id if read.id is not None else read.time),
        received=read.received,
        kind=read.kind,
        trust_pct=read.trust_pct,
        numbers=read.numbers,
        source=read.source,
        item_id=item_id,
    )
    return None
