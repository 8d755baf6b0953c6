"""Every way a server can fail ends in one line of the right kind, in time, without the key."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steersman.advisor import weights, wire
from steersman.advisor.wire import one_line
from steersman.domain.advice import Advice, Answer, NoAdvice
from tests.advisor.asking import SECRET, advisor
from tests.advisor.questions import question
from tests.advisor.servers import (
    GOOD,
    Fault,
    FaultServer,
    good,
    head,
    llama_server,
    openai_reply,
    says,
)

pytestmark = pytest.mark.usefixtures("model_requests")
GOOD_TEXT = json.dumps(GOOD)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(reply=openai_reply(GOOD_TEXT)) as running:
        yield running


def ask(server: FaultServer, tmp_path: Path, **changes: Any) -> Answer:
    """Ask once; whatever happened, nothing of the answer shows the key."""
    answer = advisor(server.url, tmp_path, **changes).advise(question())
    assert SECRET not in repr(answer)
    assert SECRET[:12] not in repr(answer)
    if isinstance(answer.said, NoAdvice):
        assert answer.said.why and len(answer.said.why) <= 300
        assert answer.said.why.isprintable()
    return answer


async def hang(writer: asyncio.StreamWriter, _: bytes) -> None:
    await asyncio.sleep(3_600)


async def drip(writer: asyncio.StreamWriter, body: bytes) -> None:
    """Never silent for long, never done: no timeout of one read sees it."""
    writer.write(head("200 OK", None))
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def hang_up(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.close()


async def cut(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(head("200 OK", len(body)) + body[: len(body) // 2])
    await writer.drain()


async def endless(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(head("200 OK", None))
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()


async def half_a_head(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
    await writer.drain()


def shaped(**changes: Any) -> bytes:
    return json.dumps({**json.loads(openai_reply(GOOD_TEXT)), **changes}).encode()


def error(message: str) -> bytes:
    return json.dumps({"error": {"message": message, "code": 1}}).encode()


def texts(text: str, **changes: Any) -> Fault:
    return says(openai_reply(text, **changes))


def moved(status: str) -> Fault:
    return says(b"", status, extra="Location: http://127.0.0.1:9/v1/chat/completions\r\n")


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "hang": (hang, "timeout", "within 0.5 s"),
    "drip": (drip, "timeout", "within 0.5 s"),
    "hang up": (hang_up, "unavailable", "cannot reach"),
    "half a head": (half_a_head, "unavailable", "cannot reach"),
    "no HTTP": (says(b"", "garbage garbage"), "unavailable", "cannot reach"),
    "cut": (cut, "invalid", "cut off"),
    "garbled": (says(b"\x00\xff\xfe{]" * 99), "invalid", "form"),
    "cut JSON": (says(openai_reply(GOOD_TEXT)[:-40]), "invalid", "form"),
    "not UTF-8": (says(b"\xff\xfe" + openai_reply(GOOD_TEXT)), "invalid", "form"),
    "deep": (says(b"[" * 100_000), "invalid", "form"),
    "empty": (says(b""), "invalid", "form"),
    "null": (says(b"null"), "invalid", "form"),
    "list": (says(b"[1, 2]"), "invalid", "form"),
    "other object": (says(b"{}"), "invalid", "form"),
    "no choices": (says(shaped(choices=[])), "invalid", "form"),
    "null choices": (says(shaped(choices=None)), "invalid", "form"),
    "numbers for choices": (says(shaped(choices=[7])), "invalid", "form"),
    "HTML": (says(b"<html>", media="text/html"), "invalid", "not JSON but text/html"),
    "stream": (says(b"data: {}", media="text/event-stream"), "invalid", "text/event-stream"),
    "no type": (says(b"{}", media=""), "invalid", "not JSON but nothing"),
    "compressed": (
        says(gzip.compress(openai_reply(GOOD_TEXT)), extra="Content-Encoding: gzip\r\n"),
        "invalid",
        "compressed",
    ),
    "huge": (says(shaped(id="x" * wire.REPLY_BYTES_MAX)), "invalid", "longer than 262144"),
    "endless": (endless, "invalid", "longer than 262144"),
    "nothing": (says(b"", "204 No Content"), "unavailable", "(204)"),
    "moved for good": (moved("301 Moved"), "unavailable", "another address"),
    "moved for now": (moved("307 Temporary"), "unavailable", "another address"),
    "wrong key": (
        says(error(f"Incorrect API key {SECRET}"), "401 No"),
        "unavailable",
        "(401) refuses the key: PLANTED_KEY",
    ),
    "forbidden": (says(b"", "403 No"), "unavailable", "(403) refuses the key"),
    "unknown model": (
        says(error("the model m does not exist"), "404 No"),
        "unavailable",
        "(404) knows no model m at http://127.0.0.1",
    ),
    "too many": (says(error("slow down"), "429 No"), "unavailable", "(429) has had enough"),
    "server error": (says(b"<html>", "500 No", "text/html"), "unavailable", "(500) failed"),
    "overloaded": (says(error("busy"), "503 No"), "unavailable", "(503) failed: busy"),
    "refused": (
        says(error("json_schema is\n not supported"), "400 No"),
        "unavailable",
        "(400) refuses the question: json_schema is not supported",
    ),
    "long error": (says(error("x" * 99_999), "422 No"), "unavailable", "(422) refuses"),
    "key in an error": (says(error(f"you sent {SECRET}"), "400 No"), "unavailable", "***"),
    "prose": (texts("I would wait."), "invalid", "JSON"),
    "fenced": (texts(f"```json\n{GOOD_TEXT}\n```"), "invalid", "JSON"),
    "truncated": (texts(GOOD_TEXT[:-9]), "invalid", "truncated"),
    "cut at the limit": (texts(GOOD_TEXT, finish_reason="length"), "invalid", "max_tokens, 1024"),
    "held back": (texts("", finish_reason="content_filter"), "declined", "held its reply back"),
    "no text": (texts(""), "invalid", "empty"),
    "a price": (texts(json.dumps({**GOOD, "price": 1})), "invalid", "price"),
    "not finite": (texts(GOOD_TEXT.replace("120", "NaN")), "invalid", "malformed"),
    "no integer": (texts(GOOD_TEXT.replace("120", "1e30")), "invalid", "int"),
    "out of bounds": (texts(GOOD_TEXT.replace("120", "201")), "invalid", "between 0 and 200"),
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_each_fault_is_an_answer_of_its_kind(
    server: FaultServer, tmp_path: Path, name: str
) -> None:
    server.fault, kind, words = FAULTS[name]
    timeout_s = 0.5 if kind == "timeout" else 20.0
    said = ask(server, tmp_path, timeout_s=timeout_s).said
    assert isinstance(said, NoAdvice)
    assert (said.kind, words) == (kind, words if words in said.why else said.why)
    assert len(server.seen) == 1, "nobody tries again"


def test_nobody_listening_is_said_with_the_address(tmp_path: Path) -> None:
    with FaultServer() as gone:
        pass
    said = ask(gone, tmp_path).said
    assert isinstance(said, NoAdvice)
    assert said.kind == "unavailable"
    assert said.why.startswith(f"cannot reach {gone.url}: ")


def test_an_unknown_host_is_said_with_the_address(tmp_path: Path) -> None:
    answer = advisor("https://localhost.invalid/v1", tmp_path).advise(question())
    assert isinstance(answer.said, NoAdvice)
    assert answer.said.kind == "unavailable"


def test_a_reply_is_known_by_its_first_words_however_it_is_broken(
    server: FaultServer, tmp_path: Path
) -> None:
    server.fault = says(f"sorry, {SECRET} is wrong \ud7ff".encode())
    answer = ask(server, tmp_path)
    assert answer.raw == "sorry, *** is wrong \ud7ff"


@pytest.mark.parametrize("provider", ["openai-compatible", "anthropic", "gemini"])
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_takes_no_key_anywhere(
    server: FaultServer, tmp_path: Path, provider: str, status: str
) -> None:
    with FaultServer(reply=openai_reply(GOOD_TEXT)) as elsewhere:
        server.fault = says(b"", status, extra=f"Location: {elsewhere.url}/chat/completions\r\n")
        prices = {"usd_per_million_in": 1, "usd_per_million_out": 1}
        said = ask(server, tmp_path, provider=provider, model="claude-sonnet-5", **prices).said
        assert isinstance(said, NoAdvice) and said.kind == "unavailable"
        assert len(server.seen) == 1
        assert elsewhere.seen == []


def test_only_named_headers_leave(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, f"of-the-environment-{name}")
    assert isinstance(ask(server, tmp_path).said, Advice)
    (request,) = server.seen
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert set(request.headers) <= wire.HEADERS_SENT | {"authorization"}
    assert request.headers["user-agent"].startswith("steersman/")
    assert "of-the-environment" not in repr(request)
    assert SECRET not in request.line + request.body.decode()


def test_without_a_key_none_is_sent(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "VLLM_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, "of-the-environment")
    for provider in ("openai-compatible", "vllm", "ollama"):
        assert isinstance(ask(server, tmp_path, key=None, provider=provider).said, Advice)
    assert all("authorization" not in request.headers for request in server.seen)
    assert "of-the-environment" not in repr(server.seen)


def test_one_line_is_one_bounded_line() -> None:
    assert one_line("a\r\n\x1b[31mb\u2028 c", 80) == "a [31mb c"
    assert one_line("x" * 999, 10) == "x" * 10


@pytest.mark.skipif(weights.find() is None, reason="no model weights: run `steersman model pull`")
def test_a_real_server_behind_the_faults(tmp_path: Path) -> None:
    path = weights.find()
    assert path is not None
    with llama_server(path, SECRET) as url, FaultServer(upstream=url) as server:
        asked = advisor(server.url, tmp_path, timeout_s=240, max_tokens=400)
        server.fault = good
        whole = asked.advise(question())
        assert isinstance(whole.said, Advice), whole
        assert whole.usage.tokens_in > 50 and whole.usage.tokens_out > 20
        server.fault = cut
        said = asked.advise(question()).said
        assert isinstance(said, NoAdvice) and said.kind == "invalid"
