"""The file: who may write it, which files it is, what becomes of an older one."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from steersman.errors import AnotherInstance, JournalError
from steersman.journal import Journal, migrate, read, verify
from steersman.journal import storage as module
from steersman.journal.storage import Lock, connect, is_locked, make_durable
from tests.journal.messages import run

HOLD = """
import sys
from pathlib import Path
from steersman.journal.storage import Lock
with Lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A closed journal of ten records."""
    path = tmp_path / "run.journal"
    with Journal.create(path) as made:
        for message in run(10):
            made.append(message)
    return path


def set_header(path: Path, pragma: str) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA {pragma}")
    connection.close()


def test_a_second_process_is_told_that_the_journal_is_in_use(journal: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(journal)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        for attempt in (Journal.create, Journal.open, migrate):
            with pytest.raises(AnotherInstance, match=r"run\.journal is being written") as caught:
                attempt(journal)
            assert caught.value.exit_code == 8
        assert verify(journal).closed  # reading is not writing
        holder.stdin.close()
    Journal.open(journal).close()


def test_two_journals_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "run.journal"
    with Journal.create(path), pytest.raises(AnotherInstance):
        Journal.create(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.journal"]


def test_a_lock_file_removed_by_its_owner_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flock = tmp_path / "run.journal", fcntl.flock
    removed: list[bool] = []

    def removed_meanwhile(fd: int, how: int) -> None:
        if not removed:
            removed.append(True)
            (tmp_path / "run.journal.lock").unlink()
        flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)
    with Lock(path), pytest.raises(AnotherInstance):
        Lock(path)


def test_an_existing_file_is_never_written_over(journal: Path) -> None:
    before = journal.read_bytes()
    with pytest.raises(JournalError, match="exists already; name a new file"):
        Journal.create(journal)
    assert journal.read_bytes() == before


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no folder"):
        Journal.create(tmp_path / "nowhere" / "run.journal")


def test_a_crash_while_a_journal_was_made_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / ".run.journal.new").write_bytes(b"half a file")
    (tmp_path / "run.journal.lock").touch()
    Journal.create(tmp_path / "run.journal").close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.journal"]


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / ".run.journal.new").mkdir()
    with pytest.raises(JournalError, match=r"run\.journal cannot be used"):
        Journal.create(tmp_path / "run.journal")


@pytest.mark.parametrize("reader", [read, verify, Journal.open, migrate])
class TestFilesThatAreNoJournal:
    def test_absent(self, reader: type, tmp_path: Path) -> None:
        with pytest.raises(JournalError, match="there is no journal"):
            reader(tmp_path / "absent")

    def test_empty(self, reader: type, tmp_path: Path) -> None:
        (tmp_path / "empty").touch()
        with pytest.raises(JournalError, match="is empty"):
            reader(tmp_path / "empty")

    def test_text(self, reader: type, tmp_path: Path) -> None:
        (tmp_path / "text").write_text("time,price\n" * 100)
        with pytest.raises(JournalError, match="is not a journal"):
            reader(tmp_path / "text")

    def test_another_database(self, reader: type, tmp_path: Path) -> None:
        connection = apsw.Connection(str(tmp_path / "other"))
        connection.execute("CREATE TABLE record (seq)")
        connection.close()
        with pytest.raises(JournalError, match="is not a journal"):
            reader(tmp_path / "other")

    def test_newer_schema(self, reader: type, journal: Path) -> None:
        set_header(journal, "user_version = 99")
        with pytest.raises(JournalError, match=r"has schema 99.*update steersman"):
            reader(journal)


class TestAnOlderSchema:
    @pytest.fixture(autouse=True)
    def _next_schema(self, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def add_note(connection: apsw.Connection) -> None:
            connection.execute("CREATE TABLE note (text TEXT) STRICT")

        monkeypatch.setattr(module, "MIGRATIONS", [*module.MIGRATIONS, add_note])

    @pytest.mark.parametrize("reader", [read, verify])
    def test_is_refused_by_readers_with_the_remedy(self, reader: type, journal: Path) -> None:
        with pytest.raises(JournalError, match=r"older schema 1, now it is 2.*migrate"):
            reader(journal)

    def test_is_migrated_with_its_records_as_they_are(self, journal: Path) -> None:
        migrate(journal)
        assert verify(journal).schema == 2
        assert verify(journal).records == 10
        assert verify(journal).closed
        migrate(journal)  # again: nothing to do

    def test_is_migrated_by_whoever_continues_it(self, journal: Path) -> None:
        with Journal.open(journal) as opened:
            assert opened.records == 10
        assert verify(journal).schema == 2

    def test_a_failing_step_changes_nothing(
        self, journal: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(connection: apsw.Connection) -> None:
            connection.execute("CREATE TABLE record (seq)")

        monkeypatch.setattr(module, "MIGRATIONS", [*module.MIGRATIONS, fail])
        before = journal.read_bytes()
        with pytest.raises(JournalError, match="table record already exists"):
            migrate(journal)
        assert journal.read_bytes() == before


def test_a_busy_file_is_told_as_busy(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_MS", 10)
    holder = apsw.Connection(str(journal))
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(AnotherInstance, match="locked by another process"):
        verify(journal)
    holder.close()


def test_a_file_that_cannot_be_made_durable_is_refused() -> None:
    memory = apsw.Connection(":memory:")
    with pytest.raises(JournalError, match="cannot be made durable"):
        make_durable(memory, Path("run.journal"))


def test_reading_changes_nothing(journal: Path) -> None:
    before = journal.read_bytes()
    connect(journal).close()
    assert len(list(read(journal))) == verify(journal).records == 10
    assert journal.read_bytes() == before
    assert [entry.name for entry in journal.parent.iterdir()] == [journal.name]


def test_a_lock_is_seen_while_it_is_held_only(tmp_path: Path) -> None:
    path = tmp_path / "results"
    assert not is_locked(path)
    with Lock(path):
        assert is_locked(path)
    assert not is_locked(path)
    (tmp_path / "results.lock").touch()  # left by a process that was killed
    assert not is_locked(path)
