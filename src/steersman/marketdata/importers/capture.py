"""Captured files, read line by line: whatever is wrong with one is an error with file and line.

A capture is somebody else's bytes. It may be cut, compressed, mixed or not a capture at all; none
of that may become a market. Prices and sizes are text until they are exact integers: a float never
stands in between.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

import orjson

from steersman.domain.instrument import Instrument
from steersman.errors import DataError, UsageError
from steersman.marketdata.events import LOTS_MAX
from steersman.marketdata.manifest import Source

__all__ = [
    "LATENCY_NS",
    "LevelLots",
    "Levels",
    "Lines",
    "Malformed",
    "Progress",
    "Reading",
    "Sources",
    "Steps",
    "at_line",
    "lot_steps",
    "parse_json",
    "read_levels",
    "read_lines",
    "sources_of",
    "text_field",
    "tick_steps",
    "whole_number",
]

LATENCY_NS: Final = 10_000_000
"""The declared latency of a message whose receive time is unknown or impossible: 10 ms."""

Progress = Callable[[float, str], None]
"""Called now and then with the fraction done (0..1) and what is being read."""

Lines = Generator[tuple[int, bytes], None, None]
"""Numbered lines of a file that stays open until they end or the generator is closed."""

Levels = list[tuple[int, int]]
"""Levels of one side of a book: price in ticks, size in lots."""

LINE_BYTES_MAX: Final = 1 << 24
_HASH_BYTES: Final = 1 << 20
_TEXT_MAX: Final = 32
_REMEMBERED_MAX: Final = 1 << 20
_INT32_MAX: Final = 2**31 - 1
_DECIMAL: Final = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"


class Malformed(Exception):
    """What is wrong with a message, and the remedy; `at_line` says where."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy or "record it again, or cut the file before this line"


def at_line(path: Path, line: int, error: Malformed) -> DataError:
    """Return the DataError that says where a message is malformed."""
    return DataError(f"{path}:{line}: {error.what}", error.remedy)


class Sources(dict[Path, Source]):
    """The name and the SHA-256 of each file of an import, by path."""

    def __init__(self) -> None:
        super().__init__()
        self._identities: dict[Path, tuple[int, ...]] = {}

    def add(self, path: Path, source: Source, identity: tuple[int, ...]) -> None:
        """Note a file, and which one it was when it was hashed."""
        self[path] = source
        self._identities[path] = identity

    def check_unchanged(self) -> None:
        """Raise DataError where a file is not the one that was hashed: what was read is unknown."""
        for path, identity in self._identities.items():
            if not path.exists() or _identity(path.stat()) != identity:
                raise DataError(
                    f"{path} changed while it was read", "import it when it is complete"
                )


def sources_of(paths: Sequence[Path], known: frozenset[str]) -> Sources:
    """Return the name and the SHA-256 of each file, by path.

    Raises UsageError where there is none, DataError where one cannot be read, is given twice, or is
    among `known`, the files that the history was already made from.
    """
    if not paths:
        raise UsageError("no files to import", "name at least one capture")
    sources = Sources()
    for path in paths:
        sha256, identity = _sha256(path)
        source = Source(path.name, sha256)
        for other, seen in sources.items():
            if source.sha256 == seen.sha256:
                raise DataError(f"{path} is the same as {other}", "give it once")
        if source.sha256 in known:
            raise DataError(f"{path} is already in the history", "leave it out")
        sources.add(path, source, identity)
    return sources


def _identity(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def _sha256(path: Path) -> tuple[str, tuple[int, ...]]:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            identity = _identity(os.fstat(file.fileno()))
            while block := file.read(_HASH_BYTES):
                digest.update(block)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "give files that can be read") from None
    return digest.hexdigest(), identity


class Reading:
    """The files of one import and how far they are read."""

    def __init__(self, paths: Iterable[Path], progress: Progress | None) -> None:
        self._total = max(1, sum(path.stat().st_size for path in paths))
        self._before = 0
        self._progress = progress

    def lines(self, path: Path) -> Lines:
        """Yield the numbered lines of one of the files, and tell how far the import is."""

        def told(position: int) -> None:
            if self._progress is not None:
                self._progress(min(1.0, (self._before + position) / self._total), path.name)

        yield from read_lines(path, told)
        self._before += path.stat().st_size
        told(0)


def read_lines(path: Path, told: Callable[[int], None] | None = None) -> Lines:
    """Yield the number (from 1) and the bytes of each line that is not blank.

    The file is plain, gzip, or a zip of one file, told by its first bytes. `told` receives the
    position in the file now and then. Raises DataError where the file is empty, cut, damaged,
    changed while it was read, or not made of lines.
    """
    number = seen = 0
    try:
        with path.open("rb") as raw:
            before = os.fstat(raw.fileno())
            with _unpacked(path, raw) as stream:
                while line := stream.readline(LINE_BYTES_MAX):
                    number += 1
                    if len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
                        raise at_line(path, number, Malformed("the line has no end"))
                    if told is not None and not number & 0xFFF:
                        told(raw.tell())
                    if not line.isspace():
                        seen += 1
                        yield number, line
                after = os.fstat(raw.fileno())
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise at_line(path, number + 1, Malformed(f"the archive is damaged: {error}")) from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "give files that can be read") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DataError(f"{path} changed while it was read", "import it when it is complete")
    if not seen:
        raise DataError(f"{path} is empty", "leave it out, or record it again")


def _unpacked(path: Path, raw: io.BufferedReader) -> IO[bytes]:
    magic = raw.peek(4)[:4]
    if magic.startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    if magic == _ZIP:
        archive = zipfile.ZipFile(raw)
        names = [info for info in archive.infolist() if not info.is_dir()]
        if len(names) != 1:
            raise DataError(f"{path} holds {len(names)} files", "give an archive of one file")
        try:
            return archive.open(names[0])
        except RuntimeError as error:  # encrypted, or packed by a method that zipfile lacks
            raise DataError(f"{path}: {error}", "unpack it and give the file inside") from None
    return raw


def parse_json(text: bytes) -> Any:
    """Return the parsed object; raise Malformed where it is not a JSON object."""
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from None
    if type(parsed) is not dict:
        raise Malformed("not a JSON object")
    return parsed


def whole_number(message: dict[str, Any], name: str) -> int:
    """Return a field that must be a non-negative integer; raise Malformed where it is not."""
    value = message.get(name)
    if type(value) is not int or value < 0:
        raise Malformed(f"field {name!r} is {value!r}, not a whole number")
    return value


def text_field(message: dict[str, Any], name: str) -> str:
    """Return a field that must be text; raise Malformed where it is not."""
    value = message.get(name)
    if type(value) is not str:
        raise Malformed(f"field {name!r} is {value!r}, not text")
    return value


class Steps(dict[str, int]):
    """Exact integers of decimal text, remembered: market data says the same numbers again.

    ``steps["61800.20"]`` raises Malformed where the text is not a finite decimal number, is not a
    multiple of the step, or does not fit the event record.
    """

    def __init__(self, convert: Callable[[Decimal], int], what: str, most: int, rules: str) -> None:
        super().__init__()
        self._convert = convert
        self._what = what
        self._most = most
        self._rules = rules

    def __missing__(self, text: object) -> int:
        if type(text) is not str or len(text) > _TEXT_MAX or not _DECIMAL.fullmatch(text):
            raise Malformed(f"{self._what} {text!r} is not a decimal number in text")
        try:
            steps = self._convert(Decimal(text))
        except UsageError as error:
            raise Malformed(error.message, self._rules) from None
        if steps > self._most:
            raise Malformed(f"{self._what} {text} is too large", self._rules)
        if len(self) >= _REMEMBERED_MAX:
            self.clear()
        self[text] = steps
        return steps


class LevelLots(Steps):
    """Sizes of book levels in lots, of which only whole ones can be traded.

    A level may hold orders from before its venue made the lot coarser (Binance's far round prices
    do): its size is floored to whole lots, and every such size is counted in `floored`. A trade is
    never floored: it is converted by `lot_steps`.
    """

    def __init__(self, instrument: Instrument) -> None:
        super().__init__(self._floor, "quantity", LOTS_MAX, _rules(instrument))
        self.floored = 0
        self._instrument = instrument

    def _floor(self, qty: Decimal) -> int:
        whole = self._instrument.floor_qty(qty)
        self.floored += whole != qty
        return self._instrument.lots(whole)

    def __missing__(self, text: object) -> int:
        before = self.floored
        lots = super().__missing__(text)
        if self.floored != before:
            del self[str(text)]  # not remembered, so that every occurrence counts
        return lots


def tick_steps(instrument: Instrument) -> Steps:
    """Return the converter from price text to ticks (int32)."""
    return Steps(instrument.ticks, "price", _INT32_MAX, _rules(instrument))


def lot_steps(instrument: Instrument) -> Steps:
    """Return the converter from quantity text to lots."""
    return Steps(instrument.lots, "quantity", LOTS_MAX, _rules(instrument))


def read_levels(ticks: Steps, lots: Steps, raw: Any) -> Levels:
    """Return ``[["61800.20", "2.909"], ...]`` as ticks and lots; raise Malformed."""
    if type(raw) is not list:
        raise Malformed("the levels of a side are not a list")
    try:
        return [(ticks[price], lots[size]) for price, size in raw]
    except (TypeError, ValueError):
        raise Malformed("a level is not a pair of price and size in text") from None


def _rules(instrument: Instrument) -> str:
    return (
        f"{instrument.id} has tick {instrument.tick} and lot {instrument.lot}: "
        "check --category, or record it again"
    )
