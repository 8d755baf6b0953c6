"""The file: a SQLite database with our application id, a schema version and one writer at a time.

It is only ever opened through SQLite, since closing a second, plain descriptor of the file would
drop SQLite's locks. Every failure becomes one line that names the file and the remedy.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self

import apsw

from steersman.errors import AnotherInstance, JournalError

__all__ = [
    "MIGRATIONS",
    "Lock",
    "connect",
    "is_locked",
    "make_durable",
    "make_new",
    "migrate",
    "migrate_locked",
    "schema_of",
    "storage",
]

APPLICATION_ID: Final = 0x53544552  # "STER"
BUSY_MS: Final = 5_000

DAMAGED: Final = "use a copy that `steersman journal verify` accepts"
NOT_OURS: Final = "give a file that `steersman run --journal FILE` wrote"


def _m001_initial(connection: apsw.Connection) -> None:
    connection.execute(
        """
        CREATE TABLE record (
            seq INTEGER PRIMARY KEY,
            at_ns INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('input', 'effect')),
            type TEXT NOT NULL,
            parent TEXT,
            payload TEXT NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT;
        CREATE TABLE seal (records INTEGER NOT NULL, head BLOB NOT NULL) STRICT;
        """
    )


MIGRATIONS: list[Callable[[apsw.Connection], None]] = [_m001_initial]
"""What leads from each schema version to the next; `user_version` counts those applied."""


@contextlib.contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk say into JournalError, or AnotherInstance where it is busy."""
    try:
        yield
    except apsw.BusyError as error:
        raise AnotherInstance(
            f"{path} is locked by another process", "end that process, or use another journal"
        ) from error
    except apsw.NotADBError as error:
        raise JournalError(f"{path} is not a journal", NOT_OURS) from error
    except (apsw.CantOpenError, apsw.FullError, apsw.IOError, apsw.ReadOnlyError, OSError) as error:
        raise JournalError(
            f"{path} cannot be used: {error}", "check the disk's space and the file's rights"
        ) from error
    except UnicodeEncodeError as error:
        raise JournalError(
            f"{path} has a name that is no text", "rename file and folders to UTF-8"
        ) from error
    except (apsw.Error, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise JournalError(f"{path} is damaged: {why}", DAMAGED) from error


def connect(path: Path, *, write: bool = False) -> apsw.Connection:
    """Open an existing file, read-only unless `write`; raise JournalError where there is none."""
    if not path.is_file():
        raise JournalError(f"there is no journal {path}", "check the path")
    if path.stat().st_size == 0:
        raise JournalError(f"{path} is empty", NOT_OURS)
    flags = apsw.SQLITE_OPEN_READWRITE if write else apsw.SQLITE_OPEN_READONLY
    with storage(path):
        connection = apsw.Connection(str(path), flags=flags)
        connection.set_busy_timeout(BUSY_MS)
    return connection


def make_durable(connection: apsw.Connection, path: Path) -> None:
    """Make every transaction wait for the disk; raise JournalError where SQLite will not."""
    with storage(path):
        mode = connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("fullfsync", True)  # macOS: also flush the drive's own cache
        connection.pragma("checkpoint_fullfsync", True)
        promise = mode, connection.pragma("synchronous")
    if promise != ("wal", 2):
        raise JournalError(
            f"{path} cannot be made durable: {promise}", "put the journal on a local disk"
        )


def make_new(path: Path) -> None:
    """Make the file aside and move it into place whole, so that no half of it is ever found."""
    draft = path.with_name(f".{path.name}.new")
    with storage(path):
        try:
            draft.unlink(missing_ok=True)
            with contextlib.closing(apsw.Connection(str(draft))) as connection:
                connection.pragma("application_id", APPLICATION_ID)
                _apply(connection, 0)
            draft.rename(path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        finally:
            draft.unlink(missing_ok=True)


def schema_of(connection: apsw.Connection, path: Path) -> int:
    """Return the schema version; raise JournalError unless it is a journal of the present one."""
    schema = _identify(connection, path)
    if schema < len(MIGRATIONS):
        raise JournalError(
            f"{path} has the older schema {schema}, now it is {len(MIGRATIONS)}",
            "bring it up to date first: steersman.journal.migrate(path)",
        )
    return schema


def migrate(path: Path) -> None:
    """Bring a journal of an older schema up to date; its records and hashes stay as they are."""
    with Lock(path):
        migrate_locked(path)


def migrate_locked(path: Path) -> None:
    """Do what `migrate` does for whoever holds the lock already."""
    with contextlib.closing(connect(path, write=True)) as connection:
        schema = _identify(connection, path)
        if schema < len(MIGRATIONS):
            with storage(path):
                _apply(connection, schema)


def _apply(connection: apsw.Connection, schema: int) -> None:
    connection.execute("BEGIN IMMEDIATE")  # one transaction: all steps or none
    for number, step in enumerate(MIGRATIONS[schema:], schema + 1):
        step(connection)
        connection.pragma("user_version", number)
    connection.execute("COMMIT")


def _identify(connection: apsw.Connection, path: Path) -> int:
    with storage(path):
        application = connection.pragma("application_id")
        schema = connection.pragma("user_version")
    if application != APPLICATION_ID or not isinstance(schema, int) or schema < 1:
        raise JournalError(f"{path} is not a journal", NOT_OURS)
    if schema > len(MIGRATIONS):
        raise JournalError(
            f"{path} has schema {schema}, this version knows {len(MIGRATIONS)}",
            "update steersman to read it",
        )
    return schema


class Lock:
    """One writer per journal: an exclusive flock on a file beside it, gone with its process.

    Raises AnotherInstance where another process, or another journal of this one, holds it.
    """

    def __init__(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise JournalError(f"there is no folder {path.parent}", "make it first")
        self._path = path.with_name(f"{path.name}.lock")
        self._fd = -1
        with storage(path):
            while self._fd < 0:
                self._fd = self._acquire(path)

    def _acquire(self, path: Path) -> int:
        """Return the locked descriptor, or -1 where the last owner has just removed the file."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(fd)
            raise AnotherInstance(
                f"{path} is being written by another process",
                "wait for it to end, or write elsewhere",
            ) from error
        if os.fstat(fd).st_nlink == 0:
            os.close(fd)
            return -1
        return fd

    def release(self) -> None:
        """Let go; the file beside the journal goes too."""
        self._path.unlink(missing_ok=True)
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def is_locked(path: Path) -> bool:
    """Tell whether anybody holds the `Lock` of a file; what a killed owner left is no lock."""
    beside = path.with_name(f"{path.name}.lock")
    try:
        fd = os.open(beside, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
