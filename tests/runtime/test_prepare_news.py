"""Headlines of a file, read line by line or refused with the number of the line."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.units import SECOND_NS
from steersman.errors import DataError
from steersman.runtime.prepare import read_news


# -- headlines ------------------------------------------------------------------------------------
def test_headlines_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text(
        '{"time": "2024-08-09T00:00:00", "text": "First", "source": "wire", "url": "ignored"}\n'
        "\n   \n"
        '{"time": 1723161600000000001, "text": "Zweite — größer"}\r\n',
        encoding="utf-8",
    )
    first, second = read_news(path)
    assert (first.id, first.text, first.source) == ("f1", "First", "wire")
    assert first.published_ns == first.received_ns == 1_723_161_600 * SECOND_NS
    assert (second.id, second.text, second.source) == ("f4", "Zweite — größer", "file")
    assert second.received_ns == 1_723_161_600 * SECOND_NS + 1


def test_headlines_are_bounded_and_an_empty_file_is_no_news(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_bytes(msgspec.json.encode({"time": 1, "text": "x" * 10_000, "source": "y" * 10_000}))
    (item,) = read_news(path)
    assert (len(item.text), len(item.source)) == (1_000, 64)
    path.write_bytes(b"")
    assert read_news(path) == ()


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "{",
        "[]",
        "null",
        "{}",
        '{"time": 1}',
        '{"text": "x"}',
        '{"time": "yesterday", "text": "x"}',
        '{"time": 1.5, "text": "x"}',
        '{"time": 1e30, "text": "x"}',
        '{"time": NaN, "text": "x"}',
        '{"time": null, "text": "x"}',
        '{"time": true, "text": "x"}',
        '{"time": 1, "text": null}',
        '{"time": 1, "text": ["x"]}',
        '{"time": 1, "text": "x", "source": 5}',
        '{"time": 1, "text": "\\ud800"}',
        '{"time": 1, "text": "x"} {"time": 1, "text": "y"}',
    ],
)
def test_a_bad_line_is_named_with_its_file_and_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text(f'{{"time": 1, "text": "good"}}\n\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_news(path)
    assert caught.value.message.startswith(f"{path}:3: ")
    assert '"text": "..."' in caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"\xff\xfe{\x00}\x00", b'{"time": 1, "text": "\xe9"}'])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "news.jsonl"
    path.write_bytes(raw)
    with pytest.raises(DataError, match="give a UTF-8 file") as caught:
        read_news(path)
    assert str(path) in caught.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(DataError, match=re.escape(str(path))):
            read_news(path)


@given(raw=st.binary(max_size=60))
def test_no_file_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-news.jsonl"
    path.write_bytes(raw)
    try:
        assert isinstance(read_news(path), tuple)
    except DataError as error:
        assert str(path) in error.message


def test_a_headline_may_hold_a_unicode_line_separator(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text('{"time": 1, "text": "one\u2028two"}\n', encoding="utf-8")
    (item,) = read_news(path)
    assert item.text == "one\u2028two"


def test_a_deeply_nested_line_is_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text('{"time": 1, "text": "x", "a": ' + "[" * 100_000, encoding="utf-8")
    with pytest.raises(DataError, match=r"news\.jsonl:1"):
        read_news(path)
