"""Read headlines with the embedded model: one line in, one JSON object out."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import nullcontext
from typing import BinaryIO, Final

__all__ = ["READ_EXAMPLES", "read"]

READ_EXAMPLES: Final = """
Examples:

  echo "Exchange halts withdrawals after a hack" | steersman read

  steersman read < headlines.txt > readings.jsonl
"""


def read() -> None:
    """Read headlines on stdin, one a line; print one JSON object a line: where each points.

    Every line in gives one line out, in order and at once: text, direction (up, flat, down),
    severity (none, minor, major), and the probabilities p_up, p_flat and p_down, whose sum is 1.
    """
    import msgspec
    from rich.console import Console

    from steersman.advisor.embedded import THREADS_MAX, NewsReader
    from steersman.screen import percent_bar

    # Nothing else of ours runs meanwhile, so every core may read; the readings are the same.
    reader = NewsReader(threads=min(THREADS_MAX, os.cpu_count() or 1))
    reader.load()
    stream = sys.stdin.buffer
    size = _size(stream)
    with percent_bar(Console(stderr=True), "headlines") if size else nullcontext() as advance:
        done = 0
        for raw in stream:
            text = raw.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", errors="replace")
            reading = reader.read(text)
            document = {
                "text": text,
                "direction": reading.direction,
                "severity": reading.severity,
                "p_up": reading.p_up,
                "p_flat": reading.p_flat,
                "p_down": reading.p_down,
            }
            sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
            sys.stdout.flush()  # somebody may be waiting for this line before giving the next
            done += len(raw)
            if advance is not None:
                advance(done / size, f"{done} of {size} bytes")


def _size(stream: BinaryIO) -> int:
    """Return the bytes of a file, 0 for a pipe or a terminal, whose end nobody knows."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
