"""A history is what its manifest says: a file that the manifest does not name does not exist.

So the rename of one small file is the moment at which an import happens, all of it or nothing,
however many instruments and parts it wrote, and whenever its process was killed.

    DIR/manifest.json
    DIR/<venue>/<SYMBOL>.<category>/part-00000.parquet
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from steersman.domain.instrument import Instrument
from steersman.errors import DataError

__all__ = ["NAME", "SCHEMA", "Manifest", "Part", "Series", "Source", "folder_of", "read", "write"]

NAME: Final = "manifest.json"
SCHEMA: Final = 1
_FORMAT: Final = "steersman-history"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that was imported: its name without folders, and the SHA-256 of its bytes."""

    name: str
    sha256: str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Parquet file: what is in it, and what it was made from.

    `file` is relative to the history. `gaps` counts GAP rows, `crossed` the messages after which
    the book was crossed. `tail` is what an importer needs to continue after this part (such as the
    last update id), empty where it cannot be continued.
    """

    file: str
    rows: int
    bytes: int
    crc32: str
    first_exch_ns: int
    last_exch_ns: int
    first_recv_ns: int
    last_recv_ns: int
    gaps: int
    crossed: int
    sources: tuple[Source, ...] = ()
    tail: dict[str, int] = {}


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parts of one instrument, in time order."""

    instrument: Instrument
    parts: tuple[Part, ...]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a history holds."""

    format: str = _FORMAT
    schema: int = SCHEMA
    series: tuple[Series, ...] = ()

    def of(self, instrument: Instrument) -> Series | None:
        """Return the series of this instrument's id, or None."""
        return next((s for s in self.series if s.instrument.id == instrument.id), None)


def folder_of(instrument: Instrument) -> str:
    """Return the folder of an instrument, relative to the history."""
    return f"{instrument.venue}/{instrument.symbol}.{instrument.category.value}"


def read(directory: Path) -> Manifest:
    """Read and check the manifest; raise DataError where `directory` is not a history we can read.

    The parts must be there with the sizes the manifest gives; their contents are checked when they
    are read.
    """
    path = directory / NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        what = "is not a history (no manifest.json)" if directory.is_dir() else "does not exist"
        raise DataError(f"{directory} {what}", "make one with steersman import") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "give a folder that can be read") from None
    manifest = _decode(path, raw)
    for series in manifest.series:
        for part in series.parts:
            _check(directory, series.instrument, part)
    return manifest


def write(directory: Path, manifest: Manifest) -> None:
    """Put the manifest in place, whole and durable; this is what makes its parts exist."""
    path = directory / NAME
    partial = directory / f".{NAME}.partial"
    with partial.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(directory)


def sync_folder(directory: Path) -> None:
    """Make the names in `directory` durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Envelope(msgspec.Struct):
    format: str = ""
    schema: int = 0


def _decode(path: Path, raw: bytes) -> Manifest:
    try:
        envelope = msgspec.json.decode(raw, type=_Envelope)
        if envelope.format != _FORMAT:
            raise DataError(f"{path} is not a history's", "make one with steersman import")
        if envelope.schema != SCHEMA:
            raise DataError(
                f"{path} has schema {envelope.schema}, this version reads {SCHEMA}",
                "import the sources again",
            )
        return msgspec.json.decode(raw, type=Manifest)
    except msgspec.MsgspecError as error:
        raise DataError(f"{path} is damaged: {error}", "import the sources again") from None


def _check(directory: Path, instrument: Instrument, part: Part) -> None:
    # A manifest from elsewhere must not make us open files outside of its folder.
    parent, _, name = part.file.rpartition("/")
    if parent != folder_of(instrument) or not name.startswith("part-") or ".." in parent:
        raise DataError(f"{directory / NAME} names {part.file}", "import the sources again")
    try:
        size = (directory / part.file).stat().st_size
    except OSError:
        raise DataError(
            f"{directory / part.file} is missing", "put it back or import the sources again"
        ) from None
    if part.rows < 1:
        raise DataError(
            f"{directory / NAME} says that {part.file} has {part.rows} rows",
            "import the sources again",
        )
    if size != part.bytes:
        raise DataError(
            f"{directory / part.file} has {size} bytes, the manifest says {part.bytes}",
            "put the file back or import the sources again",
        )
