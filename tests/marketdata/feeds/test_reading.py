"""A feed is read whatever its form; what cannot be read at all is one clear line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steersman.domain.feeds import FeedConfig
from steersman.errors import DataError
from steersman.marketdata.feeds import Feed, read_feed
from steersman.marketdata.feeds.items import Window
from tests.engine.desk import T0
from tests.marketdata.feeds.sources import ATOM, RSS, own_file, served, texts, write


def refused(feed: Feed) -> str:
    with pytest.raises(DataError) as caught:
        read_feed(feed)
    assert "\n" not in str(caught.value) and caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RSS, ["Bitcoin jumps & more", "Größe zählt"]),
        (ATOM, ["Rates & more"]),
        (RSS.encode("utf-16"), None),
        ('{"text": "one"}\n{"text": "two"}', ["one", "two"]),
        ('[{"text": "one"}]', ["one"]),
        ('{"items": [{"title": "one"}]}', ["one"]),
        ('{"text": "one", "items": 5}', ["one"]),
    ],
)
def test_the_form_is_told_by_the_content_of_file_and_address_alike(
    tmp_path: Path, text: str | bytes, found: list[str] | None
) -> None:
    feed = write(tmp_path / "feed", text)
    expected = found or ["Bitcoin jumps & more", "Größe zählt"]
    assert texts(feed) == expected
    with served((tmp_path / "feed").read_bytes()) as url:
        assert texts(Feed("web", FeedConfig(url=url, max_age_s=10**9))) == expected


def test_what_a_server_says_of_the_encoding_counts() -> None:
    body = ATOM.replace("Rates", "Größe").encode("latin-1")
    with served(body, Content_Type="application/atom+xml; charset=ISO-8859-1") as url:
        assert texts(Feed("web", FeedConfig(url=url, max_age_s=10**9))) == ["Größe & more"]


def test_what_is_not_there_or_of_no_form_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        assert str(path) in refused(own_file(path))
    assert "neither RSS nor Atom" in refused(write(tmp_path / "a", "<html></html>"))
    assert "not utf-8" in refused(write(tmp_path / "a", b"<rss>\xff</rss>"))
    with served(b" \n") as url:
        assert "nothing in it" in refused(Feed("web", FeedConfig(url=url)))
    large = write(tmp_path / "large.xml", "<rss>" + "x" * 5_000_000)
    assert "larger than 5000000 bytes" in refused(large)


def test_a_long_file_is_read_for_its_window_line_by_line(tmp_path: Path) -> None:
    lines = (f'{{"time": {n}, "text": "{"x" * 50}"}}\n' for n in range(80_000))
    feed = write(tmp_path / "long.jsonl", "".join(lines))
    assert Path(feed.where).stat().st_size > 5_000_000
    told = read_feed(feed, window=Window(70_000, 70_010))
    assert [item.received_ns for item in told.items] == list(range(70_000, 70_011))
    assert (told.found, told.problem) == (80_000, "")


def test_a_line_without_end_takes_no_room(tmp_path: Path) -> None:
    good = '{"time": 1, "text": "good"}'
    feed = write(tmp_path / "n.jsonl", f"{good}\n{'x' * 6_000_000}\n{good}")
    told = read_feed(feed)
    assert [item.id for item in told.items] == ["f1", "f3"]
    assert re.search("left out 1 too long", told.problem)


def test_live_and_replayed_readings_differ_only_in_when_an_item_is_known(tmp_path: Path) -> None:
    feed = write(tmp_path / "feed.xml", RSS)
    live, replayed = read_feed(feed, T0).items, read_feed(feed).items
    assert [item.text for item in live] == [item.text for item in replayed]
    assert {item.received_ns for item in live} == {T0}
    assert all(item.received_ns == item.published_ns <= T0 for item in replayed)
