"""Recorded markets on disk: columns of integers, read in bounded memory, never half-written.

A history is appended to and never edited. Each file is checked against the manifest (size,
checksum, rows, times) and each row against its rules on the way out, because a market that was
cut or changed would still fill orders, only wrongly.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from steersman.domain.instrument import Category, Instrument
from steersman.errors import DataError, UsageError
from steersman.marketdata import manifest as manifests
from steersman.marketdata.events import EVENT
from steersman.marketdata.manifest import Part, Series
from steersman.marketdata.rows import Events, find_violation, pack
from steersman.marketdata.writer import ARROW_SCHEMA, Writer

__all__ = ["History", "Recording", "Writer"]

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
        source = self.source(instrument)
        number = 0
        while True:
            yield source.batch(number).reshape(-1).view(EVENT)
            if source.is_last(number):
                return
            number += 1

    def source(self, instrument: Instrument) -> Recording:
        """Return all events as a `Source`, read row group by row group, each when it is asked for.

        What is asked for is checked as in `batches`, with the same errors.
        """
        return Recording(self.directory, self.parts(instrument))


class Recording:
    """The events of one instrument as a `Source`: one row group at a time, no file left open."""

    def __init__(self, directory: Path, parts: tuple[Part, ...]) -> None:
        self._directory = directory
        self._parts = parts
        self._starts = [0]  # number of the first batch of each part seen, and of the one after
        self._seen: list[tuple[pq.FileMetaData, list[int], tuple[int, int]]] = []  # each part met
        self._before = [(0, 0, 0, 0)]  # each batch: times of the row before, rows and gaps so far

    def is_last(self, number: int) -> bool:
        """Tell whether no batch follows this one, which has been asked for."""
        return len(self._starts) > len(self._parts) and number + 1 == self._starts[-1]

    def batch(self, number: int) -> npt.NDArray[np.int64]:
        """Return one row group; raise DataError as `History.batches` does."""
        at = min(bisect_right(self._starts, number) - 1, len(self._parts) - 1)
        part = self._parts[at]
        path = self._directory / part.file
        with _reading(path), path.open("rb") as file:
            if at == len(self._seen):
                self._meet(path, part, file)
            metadata, groups, seen = self._seen[at]
            group = number - self._starts[at]
            parquet = pq.ParquetFile(file, metadata=metadata)
            columns = _columns(path, parquet, groups[group])
            after = _identity(file)
        words = self._checked(path, columns, number)
        if group + 1 == len(groups):
            self._end(path, part, self._starts[at], number)
        if after != seen:
            raise DataError(
                f"{path} changed while it was read", "let the other writer finish, retry"
            )
        return words

    def _meet(self, path: Path, part: Part, file: BinaryIO) -> None:
        """Verify the checksum and the columns of the next part, and note its row groups."""
        seen = _identity(file)
        if _crc32(file) != part.crc32:
            raise DataError(f"{path} does not have the checksum of the manifest", _REMEDY)
        parquet = pq.ParquetFile(file)
        metadata = parquet.metadata
        if not parquet.schema_arrow.equals(ARROW_SCHEMA):
            raise DataError(f"{path} does not have the columns of a history", _REMEDY)
        _expect(path, "rows", part.rows, metadata.num_rows)
        sizes = [metadata.row_group(k).num_rows for k in range(metadata.num_row_groups)]
        groups = [k for k, rows in enumerate(sizes) if rows]
        self._seen.append((metadata, groups, seen))
        self._starts.append(self._starts[-1] + len(groups))

    def _checked(
        self, path: Path, columns: dict[str, npt.NDArray[Any]], number: int
    ) -> npt.NDArray[np.int64]:
        exch_ns, recv_ns, rows, gaps = self._before[number]
        at = bisect_right(self._starts, number) - 1
        before = np.array([exch_ns, recv_ns], np.int64)
        words = np.empty((len(columns["kind"]), 4), np.int64)
        found = pack(columns, before, words)
        if found < 0:
            wrong = find_violation(columns, exch_ns=exch_ns, recv_ns=recv_ns)
            assert wrong is not None, "what `pack` refuses has a reason"
            row = wrong.row + rows - self._before[self._starts[at]][2]
            raise DataError(f"{path} row {row}: {wrong.what}", _REMEDY)
        if number + 1 == len(self._before):
            last = int(before[0]), int(before[1])
            self._before.append((*last, rows + len(words), gaps + int(found)))
        if number == self._starts[at]:
            _expect(path, "begins", self._parts[at].first_exch_ns, int(words[0, 0]))
        return words

    def _end(self, path: Path, part: Part, first: int, last: int) -> None:
        """Compare a part that was read to its last row with what the manifest says of it."""
        exch_ns, recv_ns, rows, gaps = self._before[last + 1]
        for what, said, found in (
            ("rows", part.rows, rows - self._before[first][2]),
            ("gaps", part.gaps, gaps - self._before[first][3]),
            ("ends", part.last_exch_ns, exch_ns),
            ("was last received", part.last_recv_ns, recv_ns),
        ):
            _expect(path, what, said, found)


def _columns(path: Path, parquet: pq.ParquetFile, group: int) -> dict[str, npt.NDArray[Any]]:
    # A thread a column costs more than it saves where another market runs beside this one.
    table = parquet.read_row_group(group, use_threads=False).combine_chunks()
    if any(column.null_count for column in table.columns):
        raise DataError(f"{path} row group {group} has missing values", _REMEDY)
    return {name: table.column(name).chunk(0).to_numpy() for name in EVENT.names or ()}


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn a failure of the disk or of the format into a DataError that names the file."""
    try:
        yield
    except pa.ArrowException as error:
        raise DataError(f"{path} is damaged: {str(error).splitlines()[0]}", _REMEDY) from None
    except OSError as error:
        if error.strerror:
            raise DataError(f"{path}: {error.strerror}", _REMEDY) from None
        raise DataError(f"{path} is damaged: {str(error).splitlines()[0]}", _REMEDY) from None


def _identity(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


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
