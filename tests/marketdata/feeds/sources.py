"""Feeds for tests: written files, documents, and a server on loopback that can misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from steersman.domain.feeds import FeedConfig
from steersman.marketdata.feeds.items import Drafts, Feed, Window
from steersman.marketdata.feeds.reading import read_feed
from tests.engine.desk import T0

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Wire</title>
<item><title>Bitcoin jumps &amp; &lt;b&gt;more&lt;/b&gt;</title><guid>1</guid>
<pubDate>Mon, 06 Jan 2025 14:00:00 GMT</pubDate><description>long</description></item>
<item><title><![CDATA[Größe <i>zählt</i>]]></title><dc:date>2025-01-06T13:59:00Z</dc:date></item>
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Wire</title>
<entry><title type="html">Rates &amp;amp; more</title><id>urn:1</id>
<updated>2025-01-06T14:00:00+00:00</updated><summary>s</summary></entry></feed>
"""


def drafts(
    received_ns: int | None = None, window: Window | None = None, own: bool = False, **config: Any
) -> Drafts:
    feed = Feed("wire", FeedConfig(**{"file": "wire.xml", **config}), own)
    return Drafts(feed, received_ns, window or Window())


def own_file(path: Path) -> Feed:
    config = FeedConfig(file=str(path), trust_pct=100, max_items=10_000)
    return Feed("file", config, own=True)


def write(path: Path, text: str | bytes) -> Feed:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return own_file(path)


def texts(feed: Feed, received_ns: int | None = T0) -> list[str]:
    return [item.text for item in read_feed(feed, received_ns).items]


@contextmanager
def served(body: bytes = b"", code: int = 200, **headers: str) -> Iterator[str]:
    """Serve one answer for every path; a `Drip` header names seconds between single bytes."""
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            try:
                if "Drip" in headers:
                    for byte in body:
                        if stop.wait(float(headers["Drip"])):
                            return
                        self.wfile.write(bytes([byte]))
                else:
                    self.wfile.write(body)
            except OSError:
                return  # whoever asked has gone

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed"
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
