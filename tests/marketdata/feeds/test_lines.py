"""Items of JSON, read line by line or whole; what is bad is left out and named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.facts import FactKind
from steersman.domain.units import SECOND_NS
from steersman.errors import DataError
from steersman.marketdata.feeds.lines import LINE_BYTES_MAX, read_document, read_lines
from steersman.marketdata.feeds.reading import read_feed
from tests.marketdata.feeds.sources import drafts, own_file, write


def test_headlines_are_read_line_by_line(tmp_path: Path) -> None:
    feed = write(
        tmp_path / "news.jsonl",
        '{"time": "2024-08-09T00:00:00", "text": "First", "source": "wire", "url": "ignored"}\n'
        "\n   \n"
        '{"time": 1723161600000000001, "text": "Zweite — größer\u2028line"}\r\n',
    )
    told = read_feed(feed)
    first, second = told.items
    assert (told.found, told.problem) == (2, "")
    assert (first.id, first.text, first.source) == ("f1", "First", "wire")
    assert first.published_ns == first.received_ns == 1_723_161_600 * SECOND_NS
    assert (first.kind, first.trust_pct, first.numbers) == (FactKind.NEWS, 50, {})
    assert (second.id, second.text) == ("f4", "Zweite — größer\u2028line")
    assert (second.source, second.received_ns) == ("file", 1_723_161_600 * SECOND_NS + 1)


def test_a_line_may_say_its_kind_trust_figures_and_when_it_was_received(tmp_path: Path) -> None:
    line = {
        "time": 10,
        "received": "1970-01-01T00:00:01Z",
        "kind": "macro",
        "trust_pct": 90,
        "numbers": {"surprise_pct": 0.3, "Bad Name": 1, "n": 2},
    }
    (item,) = read_feed(write(tmp_path / "n.jsonl", msgspec.json.encode(line))).items
    assert (item.published_ns, item.received_ns) == (10, SECOND_NS)
    assert (item.kind, item.trust_pct, item.text) == (FactKind.MACRO, 90, "")
    assert item.numbers == {"surprise_pct": 0.3, "n": 2.0}


def test_headlines_are_bounded_and_an_empty_file_is_no_news(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    long = {"time": 1, "text": "x" * 10_000, "source": "y" * 10_000, "trust_pct": 10**6}
    (item,) = read_feed(write(path, msgspec.json.encode(long))).items
    assert (len(item.text), len(item.source), item.trust_pct) == (1_000, 64, 100)
    assert read_feed(write(path, b"")).items == ()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("not JSON", "that cannot be read"),
        ("{", "that cannot be read"),
        ("[]", "that cannot be read"),
        ("null", "that cannot be read"),
        ("{}", "without text"),
        ('{"time": 1}', "without text"),
        ('{"text": "x"}', "without a time"),
        ('{"time": "yesterday", "text": "x"}', "without a time that can be read"),
        ('{"time": -1, "text": "x"}', "without a time that can be read"),
        ('{"time": 1.5, "text": "x"}', "that cannot be read"),
        ('{"time": 1e30, "text": "x"}', "that cannot be read"),
        ('{"time": NaN, "text": "x"}', "that cannot be read"),
        ('{"time": true, "text": "x"}', "that cannot be read"),
        ('{"time": 1, "text": ["x"]}', "that cannot be read"),
        ('{"time": 1, "text": "x", "source": 5}', "that cannot be read"),
        ('{"time": 1, "text": "\\ud800"}', "that cannot be read"),
        ('{"time": 1, "text": "x"} {"time": 1, "text": "y"}', "that cannot be read"),
        ('{"time": 1, "text": "x", "kind": "market"}', "of an unknown kind"),
        ('{"time": 1, "text": "x", "numbers": {"a": 1e999}}', "that cannot be read"),
        ('{"time": 1, "text": "x", "a": ' + "[" * 50_000, "that cannot be read"),
        ('{"time": 1, "text": "' + "x" * LINE_BYTES_MAX + '"}', "too long"),
    ],
)
def test_a_bad_line_is_left_out_and_named_and_the_others_stay(
    tmp_path: Path, line: str, what: str
) -> None:
    good = '{"time": 1, "text": "good"}'
    told = read_feed(write(tmp_path / "news.jsonl", f"{good}\n\n{line}\n{good}\n"))
    assert [item.id for item in told.items] == ["f1", "f4"]
    assert told.found == 3
    assert told.problem.startswith(f"{tmp_path / 'news.jsonl'}: left out 1 {what} (first: ")
    assert "line 3: " in told.problem or "f3: " in told.problem
    assert "\n" not in told.problem and len(told.problem) < 500


@pytest.mark.parametrize("raw", [b"\xff\xffx", b'{"time": 1, "text": "\xe9"}'])
def test_what_is_not_utf_8_is_left_out(tmp_path: Path, raw: bytes) -> None:
    told = read_feed(write(tmp_path / "news.jsonl", raw))
    assert told.items == () and "left out 1 that cannot be read" in told.problem


@pytest.mark.parametrize(
    "text",
    [
        '[{"time": 1, "text": "one"}, {"time": 2, "text": "two"}, 5]',
        '{"version": "x", "items": [{"time": 1, "title": "<b>one</b>"},'
        ' {"date_published": "1970-01-01", "content_text": "two"}, {"id": 1}]}',
    ],
)
def test_documents_are_read_whole(tmp_path: Path, text: str) -> None:
    told = read_feed(write(tmp_path / "feed.json", text))
    assert [item.text.strip() for item in told.items] == ["one", "two"]
    assert told.found == 3 and "item 3" in told.problem


def test_a_document_of_a_million_items_gives_what_is_taken_at_a_time() -> None:
    into = drafts(1, max_items=100)
    assert read_document(b"[" + b'{"text":1},' * 200_000 + b'{"text":"x"}]', into)
    told = into.told()
    assert (len(told.items), told.found) == (1, 200_001)
    assert "200000 that cannot be read" in told.problem
    into = drafts(1, max_items=100)
    read_lines((b'{"text": "%d"}' % n for n in range(100_000)), into)
    told = into.told()
    assert (len(told.items), told.found) == (100, 100_000)
    assert told.problem == "wire.xml: left out 99900 beyond the first 100"


@given(raw=st.binary(max_size=60))
def test_no_file_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-news.jsonl"
    path.write_bytes(raw)
    try:
        told = read_feed(own_file(path))
    except DataError as error:
        assert str(path) in error.message
    else:
        assert "\n" not in told.problem
