"""Fetch a document over HTTP: one address, bounded in bytes and in time, and nothing but HTTP."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import IO, Final

from steersman import __version__
from steersman.domain.feeds import is_url
from steersman.errors import DataError

__all__ = ["BYTES_MAX", "Document", "fetch"]

BYTES_MAX: Final = 5_000_000
TIMEOUT_S: Final = 10.0
_CHUNK: Final = 65_536
REMEDY: Final = "the order goes on without it; check the address"


@dataclass(frozen=True, slots=True)
class Document:
    """What was fetched, and the encoding that the server named ("" where it named none)."""

    body: bytes
    charset: str


class _OnlyHttp(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but never out of the web."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not is_url(newurl):
            fp.close()
            raise urllib.error.URLError("it leads away from http")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, timeout_s: float = TIMEOUT_S) -> Document:
    """Return a document within `timeout_s` in all; raise DataError in one line where it cannot be.

    Compressed answers are refused: what a few bytes may grow to is not known beforehand.
    """
    ends_s = time.monotonic() + timeout_s
    request = urllib.request.Request(
        url, headers={"User-Agent": f"steersman/{__version__}", "Accept-Encoding": "identity"}
    )
    try:
        with urllib.request.build_opener(_OnlyHttp).open(request, timeout=timeout_s) as answer:
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise DataError(f"{url}: the answer is compressed", REMEDY)
            body = _read(answer, url, ends_s)
            return Document(body, answer.headers.get_content_charset() or "")
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or str(error) or type(error).__name__
        code = ""
        if isinstance(error, urllib.error.HTTPError):
            error.close()
            code = f"{error.code} "
        raise DataError(f"{url}: {code}{' '.join(str(reason).split())[:120]}", REMEDY) from None


def _read(answer: http.client.HTTPResponse, url: str, ends_s: float) -> bytes:
    body = bytearray()
    while chunk := answer.read1(_CHUNK):
        body += chunk
        if len(body) > BYTES_MAX:
            raise DataError(f"{url}: the answer is larger than {BYTES_MAX} bytes", REMEDY)
        if time.monotonic() > ends_s:
            raise DataError(f"{url}: the answer did not end in time", REMEDY)
    return bytes(body)
