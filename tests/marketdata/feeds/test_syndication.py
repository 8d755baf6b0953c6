"""RSS and Atom: read item by item, so that nothing in one can harm another or this machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.units import SECOND_NS, utc_ns
from steersman.marketdata.feeds.syndication import decode, looks_like_xml, read_syndication
from tests.marketdata.feeds.sources import ATOM, RSS, drafts

AT_NS = utc_ns("2025-01-06T14:00:00")
ITEM = "<item><title>one</title><pubDate>Mon, 06 Jan 2025 14:00:00 GMT</pubDate></item>"


def rss(*items: str, before: str = "", after: str = "</channel></rss>") -> str:
    return f'<?xml version="1.0"?>{before}<rss version="2.0"><channel>{"".join(items)}{after}'


def test_rss_is_read() -> None:
    into = drafts()
    read_syndication(RSS, into)
    first, second = into.told().items
    assert (first.text, first.received_ns) == ("Bitcoin jumps & more", AT_NS)
    assert (second.text, second.received_ns) == ("Größe zählt", AT_NS - 60 * SECOND_NS)
    assert into.told().problem == ""


def test_atom_and_rdf_are_read() -> None:
    into = drafts()
    read_syndication(ATOM, into)
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<channel><title>t</title></channel><item><title>old form</title>"
        "<dc:date>2025-01-06T14:00:00Z</dc:date></item></rdf:RDF>"
    )
    read_syndication(rdf, into)
    assert [(item.text, item.received_ns) for item in into.items] == [
        ("Rates & more", AT_NS),
        ("old form", AT_NS),
    ]


def test_a_broken_item_costs_only_itself() -> None:
    into = drafts()
    broken = (
        "<item></item>",
        "<item><pubDate>Mon, 06 Jan 2025 14:00:00 GMT</pubDate></item>",
        "<item><title>no time</title></item>",
        f"<item><title>{'x' * 20_000}</title></item>",
        f"<item>{'<a>' * 3_000}</item>",
    )
    read_syndication(rss(ITEM, *broken, ITEM.replace("one", "two"), "<item><title>cut"), into)
    told = into.told()
    assert [item.text for item in told.items] == ["one", "two"]
    assert told.found == 8
    for part in ("2 without text", "1 without a time", "1 too long", "2 broken"):
        assert part in told.problem


def test_entities_never_reach_a_parser() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "' + "&a;" * 1_000 + '">]>'
    reading = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for before in (laughs, reading):
        into = drafts()
        read_syndication(rss(ITEM.replace("one", "x &b;&a; y"), before=before), into)
        text = into.told().items[0].text if into.items else ""
        assert "ha" not in text and "root" not in text and len(text) < 50


def test_a_million_items_cost_no_more_than_those_that_are_taken() -> None:
    into = drafts(max_items=20)
    read_syndication(rss(ITEM * 50_000), into)
    told = into.told()
    assert (len(told.items), told.found) == (20, 20)
    assert told.problem == "wire.xml: left out everything after the first 20"
    into = drafts()
    read_syndication(rss("<item/>" * 300_000), into)
    assert into.told().items == ()


@pytest.mark.parametrize("text", ["<html><body>404</body></html>", "<a", "<rss", "<feedback >"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither RSS nor Atom"):
        read_syndication(text, drafts())


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("größe".encode(), "", "größe"),
        ("\ufeffgröße".encode(), "latin-1", "größe"),
        ("größe".encode("utf-16"), "", "größe"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>größe'.encode("latin-1"), "", None),
        ("größe".encode("cp1252"), "windows-1252", "größe"),
    ],
)
def test_the_encoding_is_the_one_that_is_marked_declared_or_sent(
    body: bytes, charset: str, text: str | None
) -> None:
    assert decode(body, charset).endswith(text or "größe")


@pytest.mark.parametrize(
    ("body", "charset", "words"),
    [
        (b"\xff", "", "it is not utf-8"),
        (b"\xff\xfe\x00", "", "it is not utf-16"),
        (b"x", "unicode_escape", "not known"),
        (b'<?xml encoding="zlib"?>', "", "not known"),
    ],
)
def test_what_is_no_text_is_refused(body: bytes, charset: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode(body, charset)


def test_xml_is_told_by_its_first_sign() -> None:
    assert looks_like_xml(b" \n<rss>") and looks_like_xml("<rss>".encode("utf-16"))
    assert looks_like_xml(b"\xef\xbb\xbf<rss>")
    assert not looks_like_xml(b'{"a": "<rss>"}') and not looks_like_xml(b"")


@given(st.text(st.sampled_from("<>/&;item! []CDATA-\"'=x"), max_size=80))
def test_no_item_raises(inner: str) -> None:
    into = drafts()
    read_syndication(rss(f"<item>{inner}</item>", ITEM), into)
    assert "\n" not in into.told().problem
    assert into.told().found >= 1
