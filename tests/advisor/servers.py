"""Servers on loopback for tests of models over HTTP: a real one, and one that breaks replies.

`FaultServer` stands in front of a model's server, or of a reply it was given, and lets an answer
through as a `Fault` does: late, in part, garbled, as an error, as something else. It keeps every
request, so that a test can say what left this machine.
"""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

GOOD: dict[str, Any] = {
    "action": "continue",
    "base": None,
    "pace_pct": 120,
    "style": "mid",
    "impact_pct": None,
    "regime": "calm",
    "news_direction": None,
    "news_severity": None,
    "ttl_s": 60,
    "evidence": ["view"],
    "reasoning": "flow is with us",
}


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


Fault = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]
"""Answer, given the body of the good reply."""


def openai_reply(text: str, **changes: Any) -> bytes:
    """Return the body that an OpenAI-compatible server sends."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": changes.pop("finish_reason", "stop"),
    }
    usage = changes.pop("usage", {"prompt_tokens": 400, "completion_tokens": 60})
    usage = {**usage, "total_tokens": 460} if isinstance(usage, dict) else usage
    reply = {
        "id": "r1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": usage,
        **changes,
    }
    return json.dumps(reply).encode()


def anthropic_reply(text: str) -> bytes:
    """Return the body that Anthropic sends."""
    reply = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 410, "output_tokens": 61},
    }
    return json.dumps(reply).encode()


def gemini_reply(text: str) -> bytes:
    """Return the body that Gemini sends."""
    part = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 420, "candidatesTokenCount": 62, "totalTokenCount": 482}
    return json.dumps({"candidates": [part], "usageMetadata": usage, "modelVersion": "m"}).encode()


def head(
    status: str, length: int | None, media: str = "application/json", extra: str = ""
) -> bytes:
    """Return the head of a response."""
    size = "" if length is None else f"Content-Length: {length}\r\n"
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\n{size}{extra}Connection: close\r\n\r\n"
    ).encode()


async def good(writer: asyncio.StreamWriter, body: bytes) -> None:
    """Answer as the server behind does."""
    writer.write(head("200 OK", len(body)) + body)
    await writer.drain()


def says(
    body: bytes, status: str = "200 OK", media: str = "application/json", extra: str = ""
) -> Fault:
    """Answer with these bytes."""

    async def fault(writer: asyncio.StreamWriter, _: bytes) -> None:
        writer.write(head(status, len(body), media, extra) + body)
        await writer.drain()

    return fault


@dataclass
class FaultServer:
    """One address on loopback; `fault` may be changed between requests."""

    upstream: str | None = None
    reply: bytes = b""
    fault: Fault = good
    seen: list[Seen] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,))
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self, started: threading.Event) -> None:
        loop = self._loop
        server = loop.run_until_complete(asyncio.start_server(self._answer, "127.0.0.1", 0))
        self._port = server.sockets[0].getsockname()[1]
        started.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            self.seen.append(request)
            body = self.reply
            if self.upstream is not None:
                body = await self._loop.run_in_executor(None, _forward, self.upstream, request)
            await self.fault(writer, body)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Seen:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines[1:] if line)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(lines[0], headers, body)


def _forward(upstream: str, request: Seen) -> bytes:
    headers = {
        name: value
        for name, value in request.headers.items()
        if name in ("authorization", "content-type")
    }
    asked = urllib.request.Request(f"{upstream}/chat/completions", request.body, headers)
    with urllib.request.urlopen(asked, timeout=240) as answer:
        return bytes(answer.read())


@contextmanager
def llama_server(weights: Path, key: str) -> Iterator[str]:
    """Serve the weights over the OpenAI-compatible API of llama.cpp; yield its address."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.offline = True
    params.n_ctx = 4096
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.warmup = False
    params.verbosity = -1
    params.api_keys = [key]
    params.ui = False
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


def table(url: str, **changes: Any) -> Mapping[str, Any]:
    """Return an `[advisors.NAME]` table for a server on loopback."""
    return {"provider": "openai-compatible", "model": "m", "base_url": url, **changes}
