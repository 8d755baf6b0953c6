"""Fetching: bounded in bytes and time, http only, and each failure is one line."""

from __future__ import annotations

import pytest

from steersman.errors import DataError
from steersman.marketdata.feeds import fetching
from steersman.marketdata.feeds.fetching import fetch
from tests.marketdata.feeds.sources import served


def refused(url: str, timeout_s: float = 5.0) -> str:
    with pytest.raises(DataError) as caught:
        fetch(url, timeout_s)
    assert "\n" not in str(caught.value) and caught.value.remedy
    assert caught.value.message.startswith(url)
    return caught.value.message


def test_a_document_comes_with_its_encoding() -> None:
    with served(b"hello", Content_Type="text/xml; charset=latin-1") as url:
        document = fetch(url)
    assert (document.body, document.charset) == (b"hello", "latin-1")


@pytest.mark.parametrize("code", [404, 429, 500])
def test_an_error_of_the_server_is_named(code: int) -> None:
    with served(b"no", code=code) as url:
        assert f"{code} " in refused(url)


def test_nobody_there_is_one_line() -> None:
    with served() as url:
        pass
    assert "refused" in refused(url).lower()


def test_a_redirect_out_of_the_web_is_not_followed() -> None:
    for address in ("file:///etc/passwd", "ftp://127.0.0.1:1/x"):
        with served(code=302, Location=address) as url:
            assert "leads away from http" in refused(url) or address.startswith("file")
    with served(b"there") as there, served(code=302, Location=there) as url:
        assert fetch(url).body == b"there"


def test_too_much_is_refused_however_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "BYTES_MAX", 1_000)
    with served(b"x" * 1_000_000) as url:
        assert "larger than 1000 bytes" in refused(url)
    with served(b"x", Content_Encoding="gzip") as url:
        assert "compressed" in refused(url)


def test_an_answer_that_trickles_ends_in_time() -> None:
    with served(b"x" * 1_000, Drip="0.05") as url:
        assert "did not end in time" in refused(url, timeout_s=0.3)
    with served(b"x", Drip="60") as url:
        assert "timed out" in refused(url, timeout_s=0.3)
