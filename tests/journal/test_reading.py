"""Reading: a damaged journal is found, whatever byte was changed and wherever it was cut."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import apsw
import pytest

from steersman.domain.messages import Tick
from steersman.errors import JournalError, UsageError
from steersman.journal import Journal, Verified, export, read, verify
from steersman.journal.record import GENESIS, chain
from tests.journal.messages import run

PAGE = 4096


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal of several pages; tests work on copies."""
    path = tmp_path_factory.mktemp("whole") / "run.journal"
    with Journal.create(path) as journal:
        for message in run(300):
            journal.append(message)
    assert path.stat().st_size > 15 * PAGE
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    path = tmp_path / "run.journal"
    path.write_bytes(whole.read_bytes())
    return path


def change(path: Path, statement: str, *values: object) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(statement, values)
    connection.close()


def verify_or_none(path: Path) -> Verified | None:
    try:
        return verify(path)
    except JournalError as error:
        assert error.remedy and "\n" not in str(error)
        return None


def test_a_whole_journal_verifies(whole: Path) -> None:
    found = verify(whole)
    assert (found.records, found.first_ns, found.last_ns, found.schema) == (300, 1, 300, 1)
    assert found.closed and len(found.head_hash) == 64


def test_a_changed_byte_is_found_or_changes_nothing(whole: Path, tmp_path: Path) -> None:
    """At every page: some bytes are unused space or counters; all others must be noticed."""
    original, expected = whole.read_bytes(), verify(whole)
    path, numbers = tmp_path / "flipped", random.Random(1)
    found = 0
    offsets = [
        page + numbers.randrange(PAGE) for page in range(0, len(original), PAGE) for _ in range(12)
    ]
    for offset in [*range(100), *offsets]:
        flipped = bytearray(original)
        flipped[offset] ^= 1 << numbers.randrange(8)
        path.write_bytes(flipped)
        result = verify_or_none(path)
        assert result in (None, expected), f"offset {offset}"
        found += result is None
    assert found > len(offsets) / 2


def test_every_changed_byte_of_a_payload_is_found(whole: Path, tmp_path: Path) -> None:
    original, path = whole.read_bytes(), tmp_path / "flipped"
    payload = list(read(whole))[200].payload
    for offset in range(len(payload)):
        flipped = bytearray(payload)
        flipped[offset] ^= 1
        path.write_bytes(original.replace(payload, flipped))  # unused space may hold it as well
        assert verify_or_none(path) is None, f"offset {offset}"


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.999])
def test_a_truncated_journal_is_found(copy: Path, share: float) -> None:
    data = copy.read_bytes()
    copy.write_bytes(data[: int(len(data) * share)])
    assert verify_or_none(copy) is None


def test_a_sealed_journal_does_not_lose_its_end_unnoticed(copy: Path) -> None:
    change(copy, "DELETE FROM record WHERE seq > 290")
    with pytest.raises(JournalError, match="does not hold what it was closed with"):
        verify(copy)


def test_a_missing_record_is_named(copy: Path) -> None:
    change(copy, "DELETE FROM record WHERE seq = 17")
    with pytest.raises(JournalError, match="record 17 is missing"):
        verify(copy)
    with pytest.raises(JournalError, match="record 17 is missing"):
        list(read(copy))


def test_a_forged_record_breaks_the_chain(copy: Path) -> None:
    change(copy, "UPDATE record SET payload = replace(payload, '100.25', '100.20') WHERE seq = 30")
    records = read(copy)
    with pytest.raises(JournalError, match="record 30 breaks the chain"):
        list(records)
    with pytest.raises(JournalError, match="record 30 breaks the chain"):
        verify(copy)


@pytest.mark.parametrize("label", ["at_ns = 5", "type = 'Tick'", "parent = 'p2'", "parent = NULL"])
def test_a_forged_label_is_found(copy: Path, label: str) -> None:
    change(copy, f"UPDATE record SET {label} WHERE seq = 30")
    with pytest.raises(JournalError, match="record 30 has a wrong label"):
        verify(copy)


def test_a_message_of_another_version_is_named(tmp_path: Path) -> None:
    Journal.create(tmp_path / "j").close()
    payload = '{"type":"Unheard"}'
    digest = chain(GENESIS, "input", payload.encode())
    row = (1, 1, "input", "Unheard", None, payload, digest)
    change(tmp_path / "j", "INSERT INTO record VALUES (?,?,?,?,?,?,?)", *row)
    with pytest.raises(JournalError, match=r"record 1 \(Unheard\).*the version of steersman"):
        verify(tmp_path / "j")


def test_a_journal_is_read_while_it_is_written(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j") as journal:
        for message in run(20):
            journal.append(message)
        journal.sync()
        found = verify(tmp_path / "j")
        assert (found.records, found.closed, found.head_hash) == (20, False, journal.head)
        journal.append(Tick(99))
    assert verify(tmp_path / "j").closed


def test_jsonl_holds_every_record(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert export(whole, out, "jsonl") == 300
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    for line, record in zip(lines, read(whole), strict=True):
        assert line["message"] == json.loads(record.payload)
        assert (line["seq"], line["hash"]) == (record.seq, record.hash.hex())
        assert (line["kind"], line["type"], line["parent"]) == (
            record.kind,
            record.type,
            record.parent,
        )


def test_csv_holds_every_record(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert export(whole, out, "csv") == 300
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    payloads = [record.payload.decode() for record in read(whole)]
    assert [row["message"] for row in rows] == payloads
    assert rows[0]["parent"] == "p1"


def test_an_export_leaves_nothing_half_written(copy: Path, tmp_path: Path) -> None:
    change(copy, "DELETE FROM record WHERE seq = 17")
    with pytest.raises(JournalError):
        export(copy, tmp_path / "out.csv", "csv")
    assert [entry.name for entry in tmp_path.iterdir()] == [copy.name]


def test_an_export_that_cannot_be_is_told(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown export format 'xls'; use jsonl or csv"):
        export(whole, tmp_path / "out.xls", "xls")
    (tmp_path / "taken").touch()
    with pytest.raises(UsageError, match="taken exists already"):
        export(whole, tmp_path / "taken", "csv")
    with pytest.raises(JournalError, match="cannot be written"):
        export(whole, tmp_path / "nowhere" / "out.csv", "csv")
