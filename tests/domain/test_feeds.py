"""What a feed's address may be; the rest of its settings is tested with the configuration."""

from __future__ import annotations

import pytest

from steersman.domain.feeds import is_url


@pytest.mark.parametrize(
    "text", ["http://x", "https://example.org/a?b=c", "HTTP://127.0.0.1:8/", "http://[::1]:80/x"]
)
def test_addresses_on_the_web(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "news.jsonl",
        "/tmp/x",
        "file:///x",
        "ftp://x",
        "http:",
        "http://",
        "http://[x",
        "http://me:secret@x/",
    ],
)
def test_everything_else_is_none(text: str) -> None:
    assert not is_url(text)
