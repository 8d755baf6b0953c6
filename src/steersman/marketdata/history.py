"""Recorded markets on disk: columns of integers, read in bounded memory, never half-written.

A history is appended to and never edited. Each file is checked against the manifest (size,
checksum, rows, times) and each row against its rules on the way out, because a market that was
cut or changed would still fill orders, only wrongly.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from steersman.domain.instrument import Category, Instrument
from steersman.errors import DataError, UsageError
from steersman.marketdata import manifest as manifests
from steersman.marketdata.events import EVENT, GAP
from steersman.marketdata.manifest import Part, Series
from steersman.marketdata.rows import Events, find_violation
from steersman.marketdata.writer import ARROW_SCHEMA, Writer

__all__ = ["History", "Writer"]

_READ_BYTES: Final = 1 << 20
_REMEDY: Final = "import the sources again"


class History:
    """The recorded instruments of one folder; open it with `History.open`."""

    def __init__(self, directory: Path, series: tuple[Series, ...]) -> None:
        self.directory = directory
        self._series = {one.instrument.id: one for one in series if one.parts}

    @classmethod
    def open(cls, directory: Path | str) -> History:
        """Read the manifest of `directory`; raise DataError where it is no history, or empty."""
        folder = Path(directory)
        manifest = manifests.read(folder)
        if not any(series.parts for series in manifest.series):
            raise DataError(f"the history {folder} is empty", "import something into it")
        return cls(folder, manifest.series)

    def instruments(self) -> tuple[Instrument, ...]:
        """Return what is recorded, with the trading rules it was recorded under."""
        return tuple(series.instrument for series in self._series.values())

    def pick(
        self, symbol: str, category: Category | None = None, venue: str | None = None
    ) -> Instrument:
        """Return the one instrument meant; raise UsageError naming the choices otherwise."""
        same = [one for one in self.instruments() if one.symbol == symbol.upper()]
        found = [
            one for one in same if category in (None, one.category) and venue in (None, one.venue)
        ]
        if len(found) == 1:
            return found[0]
        choices = ", ".join(one.id for one in found or same or self.instruments())
        if found:
            raise UsageError(
                f"{symbol} is in {self.directory} as {choices}", "say which with --category"
            )
        wanted = f"{symbol} {category.value}" if category else symbol
        raise UsageError(f"no {wanted} in {self.directory}", f"it holds {choices}")

    def parts(self, instrument: Instrument) -> tuple[Part, ...]:
        """Return what the manifest says of each file of this instrument, in time order."""
        series = self._series.get(instrument.id)
        if series is None:
            raise UsageError(
                f"no {instrument.id} in {self.directory}", f"it holds {', '.join(self._series)}"
            )
        return series.parts

    def rows(self, instrument: Instrument) -> int:
        """Return the number of events of this instrument."""
        return sum(part.rows for part in self.parts(instrument))

    def span(self, instrument: Instrument) -> tuple[int, int]:
        """Return the receive times of the first and the last event (UTC ns)."""
        parts = self.parts(instrument)
        return parts[0].first_recv_ns, parts[-1].last_recv_ns

    def load(self, instrument: Instrument) -> Events:
        """Return all events, an array of `EVENT` of shape (rows,); raise DataError as `batches`."""
        events = np.empty(self.rows(instrument), EVENT)
        at = 0
        for batch in self.batches(instrument):
            events[at : at + len(batch)] = batch
            at += len(batch)
        assert at == len(events), "each part was read to its last row"
        return events

    def batches(self, instrument: Instrument) -> Iterator[Events]:
        """Yield all events in order, in arrays of at most 262,144 rows, one row group each.

        A batch may end inside of a message. Raises DataError, naming file, row and remedy, where a
        part is not what the manifest says, changes while it is read, or holds an invalid row.
        """
        exch_ns = recv_ns = 0
        for part in self.parts(instrument):
            path = self.directory / part.file
            with _opened(path) as file:
                for batch in _read_part(path, file, part, exch_ns, recv_ns):
                    exch_ns, recv_ns = int(batch["exch_ns"][-1]), int(batch["recv_ns"][-1])
                    yield batch


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", _REMEDY) from None


def _read_part(
    path: Path, file: BinaryIO, part: Part, exch_ns: int, recv_ns: int
) -> Iterator[Events]:
    before = os.fstat(file.fileno())
    if _crc32(file) != part.crc32:
        raise DataError(f"{path} does not have the checksum of the manifest", _REMEDY)
    row = gaps = 0
    for columns in _row_groups(path, file, part):
        wrong = find_violation(columns, exch_ns=exch_ns, recv_ns=recv_ns)
        if wrong is not None:
            raise DataError(f"{path} row {row + wrong.row}: {wrong.what}", _REMEDY)
        exch_ns, recv_ns = int(columns["exch_ns"][-1]), int(columns["recv_ns"][-1])
        if row == 0:
            _expect(path, "begins", part.first_exch_ns, int(columns["exch_ns"][0]))
        row += len(columns["kind"])
        gaps += int(np.count_nonzero(columns["kind"] == GAP))
        batch = np.empty(len(columns["kind"]), EVENT)
        for name, column in columns.items():
            batch[name] = column
        yield batch
    for what, said, found in (
        ("rows", part.rows, row),
        ("gaps", part.gaps, gaps),
        ("ends", part.last_exch_ns, exch_ns),
        ("was last received", part.last_recv_ns, recv_ns),
    ):
        _expect(path, what, said, found)
    after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DataError(f"{path} changed while it was read", "let the other writer finish, retry")


def _row_groups(path: Path, file: BinaryIO, part: Part) -> Iterator[dict[str, npt.NDArray[Any]]]:
    try:
        parquet = pq.ParquetFile(file)
        if not parquet.schema_arrow.equals(ARROW_SCHEMA):
            raise DataError(f"{path} does not have the columns of a history", _REMEDY)
        _expect(path, "rows", part.rows, parquet.metadata.num_rows)
        for group in range(parquet.num_row_groups):
            table = parquet.read_row_group(group).combine_chunks()
            if any(column.null_count for column in table.columns):
                raise DataError(f"{path} row group {group} has missing values", _REMEDY)
            if table.num_rows:
                yield {name: table.column(name).chunk(0).to_numpy() for name in EVENT.names or ()}
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is damaged: {str(error).splitlines()[0]}", _REMEDY) from None


def _crc32(file: BinaryIO) -> str:
    crc = 0
    file.seek(0)
    while block := file.read(_READ_BYTES):
        crc = zlib.crc32(block, crc)
    file.seek(0)
    return f"{crc:08x}"


def _expect(path: Path, what: str, said: int, found: int) -> None:
    if said != found:
        raise DataError(f"{path} {what}: {found}, the manifest says {said}", _REMEDY)
