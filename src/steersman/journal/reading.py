"""Read a journal, check that it is whole, write it out in other forms; nothing here changes it."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import msgspec

from steersman.domain.messages import Input
from steersman.errors import JournalError, UsageError
from steersman.journal.record import GENESIS, Record, chain, kind_of, parent_of
from steersman.journal.storage import DAMAGED, connect, schema_of, storage

__all__ = ["Verified", "export", "read", "verify"]


@dataclass(frozen=True, slots=True)
class Verified:
    """A journal found whole; `closed` tells whether its writer came to its end and sealed it."""

    records: int
    head_hash: str
    first_ns: int | None
    last_ns: int | None
    schema: int
    closed: bool


def read(path: Path) -> Iterator[Record]:
    """Read a journal from its first record, also while it is written or after a crash.

    What cannot be opened is told at once, a broken chain where it is met: JournalError either way.
    """
    connection = connect(path)
    try:
        schema_of(connection, path)
    except JournalError:
        connection.close()
        raise
    return _closing(connection, path)


def verify(path: Path) -> Verified:
    """Check a whole journal: pages, chain, order, every column, the seal; raise JournalError.

    A journal that was never sealed is checked as far as it goes: a killed writer leaves a prefix.
    """
    with contextlib.closing(connect(path)) as connection, storage(path):
        connection.execute("BEGIN")  # one snapshot, even while the journal grows
        schema = schema_of(connection, path)
        damage = str(connection.pragma("integrity_check", 1))
        if damage != "ok":
            raise JournalError(f"{path} is damaged: {' '.join(damage.split())}", DAMAGED)
        first_ns, last_ns, records, head = None, None, 0, GENESIS
        for record in _chained(connection, path):
            _check_labels(record, last_ns, path)
            records, last_ns, head = record.seq, record.at_ns, record.hash
            first_ns = last_ns if first_ns is None else first_ns
        seals = connection.execute("SELECT records, head FROM seal").fetchall()
        if seals and seals != [(records, head)]:
            raise JournalError(f"{path} does not hold what it was closed with", DAMAGED)
        return Verified(records, head.hex(), first_ns, last_ns, schema, bool(seals))


def export(path: Path, out: Path, fmt: str) -> int:
    """Write all records to a new file as `jsonl` or `csv` and return their number.

    Raises UsageError for another format or an existing file, JournalError as `read` does or where
    the file cannot be written; then nothing of it is left behind.
    """
    if fmt not in ("jsonl", "csv"):
        raise UsageError(f"unknown export format {fmt!r}", "use jsonl or csv")
    if out.exists():
        raise UsageError(f"{out} exists already", "name a new file")
    records = read(path)
    draft = out.with_name(f".{out.name}.part")
    try:
        count = (_write_csv if fmt == "csv" else _write_jsonl)(records, draft)
        draft.rename(out)
    except OSError as error:
        raise JournalError(
            f"{out} cannot be written: {error}", "check its folder and disk"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return count


def _closing(connection: apsw.Connection, path: Path) -> Iterator[Record]:
    with contextlib.closing(connection), storage(path):
        yield from _chained(connection, path)


def _chained(connection: apsw.Connection, path: Path) -> Iterator[Record]:
    columns = "seq, at_ns, kind, type, parent, CAST(payload AS BLOB), hash"
    head = GENESIS
    rows: Iterator[Any] = connection.execute(f"SELECT {columns} FROM record ORDER BY seq")
    for expected, row in enumerate(rows, 1):
        record = Record(*row)
        if record.seq != expected:
            raise JournalError(f"{path} is damaged: record {expected} is missing", DAMAGED)
        head = chain(head, record.kind, record.payload)
        if record.hash != head:
            raise JournalError(f"{path} is damaged: record {expected} breaks the chain", DAMAGED)
        yield record


def _check_labels(record: Record, last_ns: int | None, path: Path) -> None:
    """Check the columns that no hash covers against the payload that they repeat."""
    message = record.message()
    at_ns = message.at_ns if isinstance(message, Input) else last_ns
    labels = (kind_of(message), type(message).__name__, parent_of(message), at_ns)
    if labels != (record.kind, record.type, record.parent, record.at_ns):
        raise JournalError(f"{path} is damaged: record {record.seq} has a wrong label", DAMAGED)


def _labels(record: Record) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "at_ns": record.at_ns,
        "kind": record.kind,
        "type": record.type,
        "parent": record.parent,
        "hash": record.hash.hex(),
    }


def _write_jsonl(records: Iterator[Record], draft: Path) -> int:
    count = 0
    with draft.open("wb") as file:
        for record in records:
            line = _labels(record) | {"message": msgspec.Raw(record.payload)}
            file.write(msgspec.json.encode(line) + b"\n")
            count += 1
    return count


def _write_csv(records: Iterator[Record], draft: Path) -> int:
    count = 0
    with draft.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["seq", "at_ns", "kind", "type", "parent", "hash", "message"])
        for record in records:
            sheet.writerow([*_labels(record).values(), record.payload.decode()])
            count += 1
    return count
