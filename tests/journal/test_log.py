"""The journal as the runtime holds it: order, hash, durability through kill -9."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.domain.market import Signals
from steersman.domain.messages import Effect, Input, SignalsArrived, Tick
from steersman.errors import JournalError
from steersman.journal import Journal, read, verify
from tests.journal.messages import effects, inputs, run

ROOT = Path(__file__).parents[2]
# Appends for seconds, syncs every few records and tells how many are synced.
VICTIM = """
import sys
from pathlib import Path
from steersman.journal import Journal
from tests.journal.messages import run
messages = run(50_000)
journal = Journal.create(Path(sys.argv[1]))
for n, message in enumerate(messages, 1):
    journal.append(message)
    if n % 7 == 0:
        journal.sync()
        print(n, flush=True)
"""


def test_sequence_numbers_count_from_one(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j") as journal:
        assert [journal.append(message) for message in run(4)] == [1, 2, 3, 4]
        assert journal.records == 4


def test_memory_and_file_have_the_same_head(tmp_path: Path) -> None:
    with Journal.create(None) as memory, Journal.create(tmp_path / "j") as file:
        assert memory.head == file.head == "00" * 32
        for message in run(50):
            assert memory.append(message) == file.append(message)
            assert memory.head == file.head
        memory.sync()
        file.sync()
        assert (memory.commits, file.commits > 0) == (0, True)
    assert verify(tmp_path / "j").head_hash == memory.head


@settings(max_examples=25)  # each waits for the disk several times
@given(st.lists(inputs | effects, max_size=20))
def test_what_was_appended_is_read(
    tmp_path_factory: pytest.TempPathFactory, messages: list[Input | Effect]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    messages = [Tick(0), *messages]
    with Journal.create(path) as journal:
        for message in messages:
            journal.append(message)
    assert [record.message() for record in read(path)] == messages
    assert verify(path).records == len(messages)


def test_any_change_changes_the_head() -> None:
    heads = set()
    for messages in (run(9), run(10), [*run(9), Tick(9)], [*run(8), Tick(9), run(9)[8]]):
        with Journal.create(None) as journal:
            for message in messages:
                journal.append(message)
        heads.add(journal.head)
    assert len(heads) == 4


def test_an_effect_has_the_time_of_its_input(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j") as journal:
        for message in run(6):
            journal.append(message)
    assert [(r.at_ns, r.kind) for r in read(tmp_path / "j")] == [
        (1, "input"),
        (1, "effect"),
        (3, "input"),
        (3, "effect"),
        (3, "effect"),
        (6, "input"),
    ]


def test_misuse_is_our_own_fault(tmp_path: Path) -> None:
    with Journal.create(None) as journal, pytest.raises(AssertionError, match="before the first"):
        journal.append(run(2)[1])
    with pytest.raises(AssertionError, match="closed"):
        journal.append(Tick(1))
    journal.close()  # again: nothing


def test_a_refused_message_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j") as journal:
        journal.append(Tick(1))
        head = journal.head
        with pytest.raises(JournalError):
            journal.append(SignalsArrived(2, Signals("i", 2, price_change_pct=float("nan"))))
        assert (journal.records, journal.head) == (1, head)
        journal.append(Tick(3))
    assert verify(tmp_path / "j").records == 2


def test_a_closed_journal_is_one_file(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j") as journal:
        for message in run(2_000):
            journal.append(message)
    assert [entry.name for entry in tmp_path.iterdir()] == ["j"]
    found = verify(tmp_path / "j")
    assert (found.records, found.closed, found.first_ns, found.last_ns) == (2_000, True, 1, 1998)


def test_an_error_within_closes_the_journal_and_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Journal.create(tmp_path / "j") as journal:
        journal.append(Tick(1))
        _ = 1 // 0
    assert verify(tmp_path / "j").closed


def test_a_journal_is_continued_where_it_ended(tmp_path: Path) -> None:
    whole = run(30)
    with Journal.create(tmp_path / "j") as journal:
        for message in whole[:13]:
            journal.append(message)
    with Journal.open(tmp_path / "j") as journal:
        assert not verify(tmp_path / "j").closed
        assert [journal.append(message) for message in whole[13:]] == list(range(14, 31))
    with Journal.create(None) as memory:
        for message in whole:
            memory.append(message)
    assert verify(tmp_path / "j").head_hash == memory.head


def test_a_journal_without_records_is_one(tmp_path: Path) -> None:
    Journal.create(tmp_path / "j").close()
    found = verify(tmp_path / "j")
    assert (found.records, found.first_ns, found.closed) == (0, None, True)
    with Journal.open(tmp_path / "j") as journal, pytest.raises(AssertionError):
        journal.append(run(2)[1])


@pytest.mark.parametrize("seed", range(6))
def test_kill_9_leaves_every_synced_record(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "j"
    command = [sys.executable, "-c", VICTIM, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        first = victim.stdout.readline()
        time.sleep(random.Random(seed).uniform(0, 0.4))
        os.kill(victim.pid, signal.SIGKILL)
        told = [first, *victim.stdout.read().split("\n")[:-1]]
    synced = int(told[-1])
    assert synced >= 7
    found = verify(path)
    assert found.records >= synced
    assert not found.closed
    assert [record.message() for record in read(path)] == run(found.records)
    with Journal.open(path) as journal:  # and the work goes on
        journal.append(Tick(found.last_ns or 0))
    assert verify(path).records == found.records + 1
