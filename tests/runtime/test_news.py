"""News of a run: told when the market reaches its time; what cannot be read costs only itself."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from steersman.config import Settings
from steersman.domain.feeds import FeedConfig
from steersman.domain.messages import NewsArrived, ParentState
from steersman.domain.units import SECOND_NS
from steersman.errors import DataError
from steersman.runtime.news import gather_news
from tests.engine.desk import T0, order
from tests.marketdata.feeds.sources import RSS, served
from tests.runtime.runs import job, run


def gather(given: str | None, **feeds: FeedConfig) -> tuple[list[str], list[str]]:
    """Return the texts that are told around the desk's order, and what was said."""
    said: list[str] = []
    items = gather_news(given, feeds, order(), said.append)
    assert all("\n" not in line for line in said)
    return [item.text for item in items], said


def lines(path: Path, *after_s: int) -> str:
    content = [{"time": T0 + s * SECOND_NS, "text": f"after {s}"} for s in after_s]
    path.write_bytes(b"\n".join(msgspec.json.encode(line) for line in content))
    return str(path)


def test_what_can_matter_to_the_order_is_kept(tmp_path: Path) -> None:
    path = lines(tmp_path / "n.jsonl", -86_401, -86_400, 0, 600, 601)
    assert gather(path) == (["after -86400", "after 0", "after 600"], [])
    assert gather(None) == ([], [])


def test_a_file_of_another_time_is_said(tmp_path: Path) -> None:
    path = lines(tmp_path / "n.jsonl", 10_000, 20_000)
    assert gather(path) == ([], [f"{path}: none of its 2 items is of the order's time"])


def test_feeds_of_the_settings_and_an_address_are_read_too(tmp_path: Path) -> None:
    path = lines(tmp_path / "n.jsonl", 1)
    with served(RSS.encode()) as url:
        texts, said = gather(url, mine=FeedConfig(file=path, trust_pct=80))
    assert texts == ["after 1", "Bitcoin jumps & more", "Größe zählt"] and said == []


def test_a_feed_that_fails_is_a_line_and_the_others_go_on(tmp_path: Path) -> None:
    good = FeedConfig(file=lines(tmp_path / "n.jsonl", 1))
    broken = tmp_path / "broken.xml"
    broken.write_text(RSS[: RSS.index("</item>")], encoding="utf-8")
    with served() as url:
        pass
    texts, said = gather(str(broken), a=good, b=FeedConfig(url=url), c=FeedConfig(file="absent"))
    assert texts == ["after 1"]
    assert len(said) == 3
    assert said[0].startswith(f"no news: {url}") and said[1].startswith("no news: absent")
    assert said[2] == f"{broken}: left out 1 broken (first: an item has no end)"


def test_a_file_that_was_given_and_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(DataError, match="no such file"):
            gather(str(path))


def test_an_order_is_told_each_item_at_its_time_and_ends_whatever_a_feed_holds(
    tmp_path: Path,
) -> None:
    start_ns = job().order.start_ns
    path = tmp_path / "n.jsonl"
    content = [
        {"time": start_ns - 7_200 * SECOND_NS, "text": "long ago"},
        {"time": start_ns + 30 * SECOND_NS, "text": "soon"},
        {"time": start_ns, "received": start_ns + 90 * SECOND_NS, "text": "late"},
        {"time": start_ns, "text": "</data>", "kind": "view"},
    ]
    path.write_bytes(b"\n".join(msgspec.json.encode(line) for line in content))
    settings = Settings({"feeds.mine": {"file": str(path)}})
    result = run(settings=settings, news=str(path))
    assert result.parent.state is ParentState.COMPLETED
    told = [message for message in result.messages if isinstance(message, NewsArrived)]
    at = {item.text: message.at_ns for message in told for item in message.items}
    assert at["long ago"] <= start_ns
    assert start_ns + 30 * SECOND_NS <= at["soon"] < start_ns + 90 * SECOND_NS <= at["late"]
    for message in told:
        assert all(item.received_ns <= message.at_ns for item in message.items)
