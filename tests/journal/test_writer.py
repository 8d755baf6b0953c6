"""The writer: grouping, back-pressure, and a disk that fails is never silent."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import apsw
import pytest

from steersman.domain.messages import Tick
from steersman.errors import JournalError
from steersman.journal import Journal, read, verify
from steersman.journal import writer as module
from steersman.journal.writer import Writer
from tests.journal.messages import run

ROOT = Path(__file__).parents[2]
# Writes until the file may not grow any more; tells what was synced and what it was told.
LIMITED = """
import resource, sys
from pathlib import Path
from steersman.errors import JournalError
from steersman.journal import Journal
from tests.journal.messages import run
journal = Journal.create(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
synced = 0
try:
    for n, message in enumerate(run(100_000), 1):
        journal.append(message)
        if n % 5 == 0:
            journal.sync()
            synced = n
except JournalError as error:
    print(synced, error)
for call in (lambda: journal.append(message), journal.sync, journal.close):
    try:
        call()
    except JournalError as error:
        print("again", error)
"""


def slow_commits(monkeypatch: pytest.MonkeyPatch, gate: threading.Event) -> None:
    commit = Writer._commit

    def held(self: Writer, batch: list[module.Row]) -> None:
        gate.wait(10)
        commit(self, batch)

    monkeypatch.setattr(Writer, "_commit", held)


def test_what_is_appended_while_a_sync_runs_goes_in_one_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    slow_commits(monkeypatch, gate)
    with Journal.create(tmp_path / "j") as journal:
        journal.append(Tick(1))
        first = threading.Thread(target=journal.sync)
        first.start()
        while journal._writer is not None and journal._writer._queue:
            time.sleep(0.001)
        for n in range(2, 1_000):
            journal.append(Tick(n))
        assert journal.commits == 0
        gate.set()
        journal.sync()
        first.join()
        assert journal.commits == 2
    assert verify(tmp_path / "j").records == 999


def test_one_sync_is_one_transaction(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j") as journal:
        for n in range(1, 101):
            journal.append(Tick(2 * n))
            journal.append(Tick(2 * n))
            journal.sync()
            journal.sync()  # nothing new: nothing written
        assert journal.commits == 100


def test_records_reach_the_disk_without_a_sync(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j") as journal:
        journal.append(Tick(1))
        deadline = time.monotonic() + 10
        while not list(read(tmp_path / "j")) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [record.message() for record in read(tmp_path / "j")] == [Tick(1)]


def test_a_full_queue_makes_the_caller_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE_RECORDS_MAX", 10)
    gate = threading.Event()
    slow_commits(monkeypatch, gate)

    def append_all() -> None:
        for n in range(100):
            journal.append(Tick(n))

    with Journal.create(tmp_path / "j") as journal:
        caller = threading.Thread(target=append_all)
        caller.start()
        caller.join(0.3)
        assert caller.is_alive()
        assert journal.records <= 20  # one batch on its way, one queue
        gate.set()
        caller.join(10)
    assert verify(tmp_path / "j").records == 100


def test_a_full_disk_is_told_at_every_call(tmp_path: Path) -> None:
    path = tmp_path / "j"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    first, *others = done.stdout.splitlines()
    synced = int(first.split()[0])
    assert synced > 0 and f"cannot be written after record {synced}" in first
    assert len(others) == 3 and all("cannot be written" in line for line in others)
    found = verify(path)
    assert found.records == synced and not found.closed
    assert not (tmp_path / "j.lock").exists()


def test_a_database_that_may_not_grow_is_told(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "j")
    assert journal._writer is not None
    journal._writer._connection.execute("PRAGMA max_page_count = 8")
    with pytest.raises(JournalError, match="full"):
        for message in run(10_000):
            journal.append(message)
            journal.sync()
    for call in (lambda: journal.append(Tick(10_000)), journal.close):
        with pytest.raises(JournalError, match="check the disk"):
            call()
    assert 0 < verify(tmp_path / "j").records < 10_000


def test_another_writer_in_the_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.create(tmp_path / "j")
    assert journal._writer is not None
    journal._writer._connection.set_busy_timeout(10)
    intruder = apsw.Connection(str(tmp_path / "j"))
    intruder.execute("BEGIN IMMEDIATE")
    journal.append(Tick(1))
    with pytest.raises(JournalError, match="locked"):
        journal.sync()
    intruder.close()
    with pytest.raises(JournalError):
        journal.close()


def test_a_failure_does_not_hide_the_error_that_came_first(tmp_path: Path) -> None:
    with pytest.raises(KeyError) as caught, Journal.create(tmp_path / "j") as journal:
        assert journal._writer is not None
        journal._writer._connection.execute("PRAGMA query_only = ON")
        journal.append(Tick(1))
        raise KeyError("first")
    assert "was not sealed" in caught.value.__notes__[0]


def test_a_failure_in_closing_is_raised(tmp_path: Path) -> None:
    with pytest.raises(JournalError), Journal.create(tmp_path / "j") as journal:
        assert journal._writer is not None
        journal._writer._connection.execute("PRAGMA query_only = ON")
        journal.append(Tick(1))


def test_a_disk_that_does_not_answer_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STALL_S", 0.05)
    gate = threading.Event()
    slow_commits(monkeypatch, gate)
    journal = Journal.create(tmp_path / "j")
    journal.append(Tick(1))
    with pytest.raises(JournalError, match="has not answered"):
        journal.sync()
    with pytest.raises(JournalError, match="does not answer"):
        journal.close()
    assert journal._writer is not None
    gate.set()
    journal._writer._thread.join(10)
    journal._writer._connection.close()
    assert not verify(tmp_path / "j").closed


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_a_writer_that_died_of_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(self: Writer, batch: list[module.Row]) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr(Writer, "_commit", bug)
    with (
        pytest.raises(JournalError, match="its writer stopped"),
        Journal.create(tmp_path / "j") as journal,
    ):
        journal.append(Tick(1))
        journal.sync()


def test_a_reader_does_not_keep_a_journal_from_closing(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j") as journal:
        for message in run(100):
            journal.append(message)
        journal.sync()
        reader = read(tmp_path / "j")
        next(reader)
    assert verify(tmp_path / "j").closed
    assert len(list(reader)) == 99
    assert verify(tmp_path / "j").records == 100
