"""The journal as the runtime holds it: append, sync, close."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from steersman.domain.messages import Effect, Input
from steersman.errors import JournalError
from steersman.journal.reading import verify
from steersman.journal.record import GENESIS, canonical, chain, kind_of, parent_of
from steersman.journal.storage import Lock, connect, make_new, migrate_locked, storage
from steersman.journal.writer import Writer

__all__ = ["Journal"]


class Journal:
    """Append messages and wait until they are durable; begun by `create`, continued by `open`.

    One thread appends. Leaving the `with` block closes it.
    """

    def __init__(self, writer: Writer | None, records: int, head: bytes, at_ns: int | None) -> None:
        self._writer = writer
        self._records = records
        self._head = head
        self._at_ns = at_ns
        self._closed = False

    @classmethod
    def create(cls, path: Path | None) -> Self:
        """Begin a journal in a new file; None keeps only count and hash, in memory.

        Raises JournalError where the file exists or cannot be made, AnotherInstance where another
        process is writing it.
        """
        if path is None:
            return cls(None, 0, GENESIS, None)
        with contextlib.ExitStack() as undo:
            lock = undo.enter_context(Lock(path))
            if path.exists():
                raise JournalError(
                    f"{path} exists already", "name a new file, or move the old one away"
                )
            make_new(path)
            writer = _writer(path, lock, 0)
            undo.pop_all()
        return cls(writer, 0, GENESIS, None)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Continue a journal after its last record, once it verifies; migrate it where it is old.

        Raises JournalError where it does not verify, AnotherInstance where it is being written.
        """
        with contextlib.ExitStack() as undo:
            lock = undo.enter_context(Lock(path))
            migrate_locked(path)
            found = verify(path)
            writer = _writer(path, lock, found.records)
            undo.pop_all()
        return cls(writer, found.records, bytes.fromhex(found.head_hash), found.last_ns)

    @property
    def head(self) -> str:
        """The hash of the last record in lowercase hex: the `journal_hash` of a run."""
        return self._head.hex()

    @property
    def records(self) -> int:
        """How many records there are, durable or not."""
        return self._records

    @property
    def commits(self) -> int:
        """How many transactions have reached the disk; 0 in memory."""
        return self._writer.commits if self._writer is not None else 0

    def append(self, message: Input | Effect) -> int:
        """Add a message and return its sequence number, from 1; it is durable only after `sync`.

        Raises JournalError where the disk has failed, or where the message would not read back as
        it is. The first message of all must be an input.
        """
        assert not self._closed, "the journal is closed"
        kind = kind_of(message)
        at_ns = message.at_ns if isinstance(message, Input) else self._at_ns
        assert at_ns is not None, "an effect before the first input"
        payload = canonical(message)
        digest = chain(self._head, kind, payload)
        seq = self._records + 1
        if self._writer is not None:
            name, parent = type(message).__name__, parent_of(message)
            self._writer.put((seq, at_ns, kind, name, parent, payload.decode(), digest))
        self._records, self._head, self._at_ns = seq, digest, at_ns
        return seq

    def sync(self) -> None:
        """Return once all that was appended is on disk; raise JournalError if it never will be."""
        if self._writer is not None:
            self._writer.wait_for(self._records)

    def close(self) -> None:
        """Write what is left, seal the file and let go of it; a second call does nothing."""
        if not self._closed:
            self._closed = True
            if self._writer is not None:
                self._writer.stop(self._records, self._head)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except JournalError as failure:
            if error is None:
                raise
            error.add_note(f"the journal was not sealed: {failure}")


def _writer(path: Path, lock: Lock, records: int) -> Writer:
    with contextlib.ExitStack() as undo:
        connection = connect(path, write=True)
        undo.callback(connection.close)
        with storage(path):
            connection.execute("DELETE FROM seal")
        writer = Writer(path, connection, lock, records)
        undo.pop_all()
    return writer
