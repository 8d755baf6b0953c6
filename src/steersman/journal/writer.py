"""The thread that owns the only writing connection, and the bounded queue in front of it.

Group commit: all that is queued when a transaction begins goes into it, and what arrives while its
fsync runs goes into the next. A transaction begins when somebody waits for one, when the queue
holds a batch, or when its oldest record has waited `LINGER_S`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from steersman.errors import JournalError
from steersman.journal.storage import Lock, make_durable

__all__ = ["Row", "Writer"]

QUEUE_RECORDS_MAX: Final = 8_192  # `put` waits while this many are not on disk
BATCH_RECORDS: Final = 512
LINGER_S: Final = 0.05
CLOSE_BUSY_MS: Final = 200  # how long closing waits for a reader to let go
STALL_S: Final = 60.0  # a disk that takes longer has failed

Row = tuple[int, int, str, str, str | None, str, bytes]


class Writer:
    """Write rows in the background until `stop`; every failure of the disk is final.

    Owns the connection and the lock from here on and lets go of both in `stop`.
    """

    def __init__(self, path: Path, connection: apsw.Connection, lock: Lock, durable: int) -> None:
        self.commits = 0
        self._path = path
        self._connection = connection
        self._lock = lock
        self._queue: deque[Row] = deque()
        self._durable = self._wanted = durable
        self._seal: tuple[int, bytes] | None = None
        self._failure: str | None = None
        guard = threading.Lock()
        self._work = threading.Condition(guard)  # the writer waits here
        self._done = threading.Condition(guard)  # and those who wait for the writer, here
        make_durable(connection, path)
        # A daemon: a program that ends without closing is treated like one that crashed.
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, row: Row) -> None:
        """Queue a row, waiting while the queue is full; raise JournalError once the disk failed."""
        with self._done:
            if len(self._queue) >= QUEUE_RECORDS_MAX:
                self._wait(lambda: len(self._queue) < QUEUE_RECORDS_MAX)
            if self._failure is not None:
                raise self._error()
            self._queue.append(row)
            if len(self._queue) in (1, BATCH_RECORDS):
                self._work.notify()

    def wait_for(self, seq: int) -> None:
        """Return once the row `seq` is on disk; raise JournalError if it never will be."""
        with self._done:
            if self._durable < seq:
                self._wanted = max(self._wanted, seq)
                self._work.notify()
                self._wait(lambda: self._durable >= seq)
            if self._durable < seq:
                raise self._error()

    def stop(self, records: int, head: bytes) -> None:
        """Write what is queued, seal the file, close it and unlock it; raise JournalError if not.

        The seal is left out after a failure; what was durable stays readable.
        """
        with self._work:
            self._seal = (records, head)
            self._work.notify()
        self._thread.join(STALL_S)
        if self._thread.is_alive():
            raise JournalError(f"{self._path}: the disk does not answer", "check the disk")
        self._connection.close()
        self._lock.release()
        if self._failure is not None:
            raise self._error()

    def _wait(self, enough: Callable[[], bool]) -> None:
        """Wait for the writer under the lock; no answer for long enough is a failure."""
        if not self._done.wait_for(lambda: enough() or self._failure is not None, STALL_S):
            self._failure = f"the disk has not answered for {STALL_S:.0f} s"

    def _error(self) -> JournalError:
        return JournalError(
            f"{self._path} cannot be written after record {self._durable}: {self._failure}",
            "check the disk; what was synced before is intact",
        )

    # -- on the writer's thread -------------------------------------------------------------------
    def _run(self) -> None:
        failure: str | None = "its writer stopped"
        try:
            while batch := self._next_batch():
                self._commit(batch)
            if self._failure is None:
                self._close_file()
            failure = None
        except (apsw.Error, OSError) as error:
            failure = str(error)
        finally:  # also on a fault of our own: nobody may wait for a thread that is gone
            with self._done:
                self._failure = self._failure or failure
                self._done.notify_all()

    def _next_batch(self) -> list[Row]:
        """Return all that is queued, once it is time to write it; nothing when all is done."""
        with self._work:
            self._work.wait_for(lambda: self._queue or self._seal is not None)
            self._work.wait_for(self._urgent, LINGER_S)
            batch = list(self._queue)
            self._queue.clear()
            self._done.notify_all()
        return batch

    def _urgent(self) -> bool:
        return (
            self._wanted > self._durable
            or len(self._queue) >= BATCH_RECORDS
            or self._seal is not None
        )

    def _commit(self, batch: list[Row]) -> None:
        # What fails here is rolled back when the connection closes.
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO record VALUES (?,?,?,?,?,?,?)", batch)
        self._connection.execute("COMMIT")
        with self._done:
            self.commits += 1
            self._durable = batch[-1][0]
            self._done.notify_all()

    def _close_file(self) -> None:
        """Seal the records and leave one complete file, unless a reader still holds its log."""
        assert self._seal is not None
        self._connection.execute("INSERT INTO seal VALUES (?, ?)", self._seal)
        self._connection.set_busy_timeout(CLOSE_BUSY_MS)
        try:
            self._connection.pragma("journal_mode", "delete")
        except apsw.BusyError:
            return  # all is durable in the write-ahead log, and any reader finds it there
