"""The way to a provider and back, watched: what leaves, what comes, and what that means.

Every provider's library sits on the one client made here, so the same rules hold for all of them,
whatever a library does by itself: only the headers named here leave; a redirect is never followed,
so a key goes nowhere but to the address it was given for; a reply is JSON, not encoded, and bounded
in size. What went wrong is read off the status here, once, not off each library's exceptions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from steersman import __version__
from steersman.advisor.keys import Key
from steersman.advisor.providers import AdvisorConfig
from steersman.domain.advice import NoAdvice

__all__ = ["REPLY_BYTES_MAX", "Broken", "Watch", "one_line"]

REPLY_BYTES_MAX: Final = 262_144
ERROR_BYTES_MAX: Final = 16_384
WORDS_CHARS_MAX: Final = 160  # of a provider's own words in ours
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
HEADERS_SENT: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "anthropic-beta",
        "anthropic-version",
    }
)
KEY_HEADERS: Final = frozenset({"authorization", "x-api-key", "x-goog-api-key"})


class Broken(Exception):
    """What came back cannot be used; the watch knows why."""


@dataclass(slots=True)
class Watch:
    """One question's way: what was sent, the status that came, what was wrong, and the body.

    `charged` tells whether the provider may ask money for it.
    """

    config: AdvisorConfig
    key: Key | None
    charged: bool = False
    status: int | None = None
    fault: NoAdvice | None = None
    body: bytearray = field(default_factory=bytearray)

    @property
    def seen(self) -> str:
        """What came of the body, as text."""
        return self.body.decode("utf-8", "replace")

    def client(self, timeout_s: float) -> httpx2.AsyncClient:
        """Return the client for one question; the caller closes it."""
        return httpx2.AsyncClient(
            timeout=httpx2.Timeout(timeout_s, pool=None),
            follow_redirects=False,
            trust_env=urlsplit(self.config.address).hostname not in LOOPBACK,  # for proxies
            event_hooks={"request": [self._leaves], "response": [self._comes]},
        )

    def clean(self, text: str) -> str:
        """Return a text that can be stored: Unicode, and without the key."""
        text = text.encode("utf-8", "replace").decode("utf-8")
        return text if self.key is None else self.key.hide(text)

    async def _leaves(self, request: httpx2.Request) -> None:
        """Let only what is named leave, and a key only where there is one."""
        self.charged = True
        allowed = HEADERS_SENT | (KEY_HEADERS if self.key is not None else frozenset())
        for name in set(request.headers) - allowed:
            del request.headers[name]
        for name in KEY_HEADERS & set(request.headers):
            if self.key is not None and self.key.reveal() not in request.headers[name]:
                del request.headers[name]  # a library found another one in the environment
        request.headers["accept-encoding"] = "identity"
        request.headers["user-agent"] = f"steersman/{__version__}"

    async def _comes(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        if response.status_code != httpx2.codes.OK:
            self.charged = False
            self._break(await self._refusal(response))
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            self._break(NoAdvice("invalid", f"the reply is not JSON but {media[:40] or 'nothing'}"))
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            self._break(NoAdvice("invalid", "the reply is compressed, which was not asked for"))
        response.stream = _Bounded(response, self)

    async def _refusal(self, response: httpx2.Response) -> NoAdvice:
        """Say what a status other than 200 means."""
        config, status = self.config, response.status_code
        who = f"{config.provider} ({status})"
        if 300 <= status < 400:
            return NoAdvice("unavailable", f"{who} points to another address: not followed")
        if status in (401, 403):  # its words may repeat the key, in part
            where = config.key_variable or config.key_file or "none is configured"
            return NoAdvice("unavailable", f"{who} refuses the key: {where}")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk[: ERROR_BYTES_MAX - len(body)]
            if len(body) >= ERROR_BYTES_MAX:
                break
        words = self.clean(_words(bytes(body)))
        meaning = {
            404: f"knows no model {config.model} at {config.address}",
            408: "gave up waiting",
            429: "has had enough questions for now",
        }.get(status, "failed" if status >= 500 else "refuses the question")
        return NoAdvice("unavailable", one_line(f"{who} {meaning}{': ' if words else ''}{words}"))

    def _break(self, fault: NoAdvice) -> None:
        self.fault = fault
        raise Broken


class _Bounded(httpx2.AsyncByteStream):
    """A reply's body, noted as it comes and broken off where it grows too long."""

    def __init__(self, response: httpx2.Response, watch: Watch) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        self._stream = response.stream
        self._watch = watch

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._watch.body += chunk
            if len(self._watch.body) > REPLY_BYTES_MAX:
                self._watch.fault = NoAdvice(
                    "invalid", f"the reply is longer than {REPLY_BYTES_MAX} bytes"
                )
                raise Broken
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def one_line(text: str, chars_max: int = 300) -> str:
    """Return a text as one bounded line without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * chars_max])
    return " ".join(printable.split())[:chars_max]


def _words(body: bytes) -> str:
    """Return a provider's own words about an error, or nothing where there are none."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    said = said[0] if isinstance(said, list) and said else said
    error = said.get("error", said) if isinstance(said, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return one_line(message, WORDS_CHARS_MAX) if isinstance(message, str) else ""
