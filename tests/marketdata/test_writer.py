from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from steersman.domain.instrument import Instrument
from steersman.errors import DataError, UsageError
from steersman.marketdata import writer as writer_module
from steersman.marketdata.events import EVENT
from steersman.marketdata.history import History
from steersman.marketdata.manifest import Source
from steersman.marketdata.writer import Writer
from tests.marketdata.sample import PERP, SPOT, START_NS, random_events, write_history

LATER_NS = START_NS + 3_600 * 10**9


def listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_leaving_without_commit_leaves_nothing(tmp_path: Path) -> None:
    with Writer(tmp_path / "h") as writer:
        writer.append(PERP, random_events(300_000))
        assert not (tmp_path / "h").exists()
    assert listing(tmp_path) == set()
    with pytest.raises(KeyboardInterrupt), Writer(tmp_path / "h") as writer:
        writer.append(PERP, random_events(10))
        raise KeyboardInterrupt
    assert listing(tmp_path) == set()


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_history(tmp_path, (PERP, random_events(10)))
    assert History.open(tmp_path).rows(PERP) == 10


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    with pytest.raises(UsageError, match="is not empty; add --append"):
        Writer(tmp_path)
    with pytest.raises(DataError, match="is not a history"):
        Writer(tmp_path, append=True)
    with pytest.raises(UsageError, match="is a file"):
        Writer(tmp_path / "other")
    assert listing(tmp_path) == {"other"}


def test_append_begins_a_history_where_there_is_none(tmp_path: Path) -> None:
    with Writer(tmp_path / "h", append=True) as writer:
        writer.append(PERP, random_events(10))
        writer.commit()
    assert History.open(tmp_path / "h").rows(PERP) == 10


def test_append_adds_parts_and_instruments(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "h", (PERP, random_events(10)))
    with Writer(folder, append=True) as writer:
        writer.append(PERP, random_events(20, 2, LATER_NS), crossed=3)
        writer.append(SPOT, random_events(30, 3))
        last = writer.last_part(PERP)
        assert last is not None
        assert last.rows == 10
        assert writer.last_part(SPOT) is None
        writer.commit(
            {PERP.id: [Source("a.gz", "aa")]}, {PERP.id: {"update_id": 7}, "unknown": {"x": 1}}
        )
    history = History.open(folder)
    perp = history.parts(PERP)
    assert [part.file[-13:] for part in perp] == ["00000.parquet", "00001.parquet"]
    assert perp[1].sources == (Source("a.gz", "aa"),)
    assert perp[1].tail == {"update_id": 7}
    assert perp[1].crossed == 3
    assert [part.rows for part in history.parts(SPOT)] == [30]
    with Writer(folder, append=True) as writer:
        assert writer.sources() == {"aa"}
    assert not list(folder.glob(".*"))


def test_append_refuses_what_is_before_the_end(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "h", (PERP, random_events(10, 1, LATER_NS)))
    before = listing(folder)
    with Writer(folder, append=True) as writer:
        with pytest.raises(DataError, match=r"part-00001\.parquet row 0: exchange time goes back"):
            writer.append(PERP, random_events(10))
    assert listing(folder) == before


def test_append_refuses_other_trading_rules(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "h", (PERP, random_events(10)))
    other = msgspec.structs.replace(PERP, tick=PERP.tick * 2)
    with Writer(folder, append=True) as writer:
        with pytest.raises(DataError, match="under other trading rules"):
            writer.append(other, random_events(10, 2, LATER_NS))


def test_rows_are_checked_over_all_that_is_appended(tmp_path: Path) -> None:
    with Writer(tmp_path / "h") as writer:
        writer.append(PERP, random_events(10, 1, LATER_NS))
        with pytest.raises(DataError, match="row 10: exchange time goes back"):
            writer.append(PERP, random_events(10))
        cut = random_events(10, 2, LATER_NS + 10**13)
        cut["flags"][-1] = 0
        with pytest.raises(DataError, match="row 19: the last message is cut"):
            writer.append(PERP, cut)


def test_nothing_is_refused_and_empty_arrays_are_nothing(tmp_path: Path) -> None:
    with Writer(tmp_path / "h") as writer:
        writer.append(PERP, np.empty(0, EVENT))
        with pytest.raises(DataError, match="nothing to write"):
            writer.commit()
        with pytest.raises(DataError, match="not an array of events"):
            writer.append(PERP, np.zeros(4, np.int64))
    assert listing(tmp_path) == set()


def test_long_series_are_split_into_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "PART_ROWS_MAX", 100)
    events = random_events(240)
    with Writer(tmp_path / "h") as writer:
        for at in range(0, 240, 60):
            chunk = events[at : at + 60].copy()
            chunk["flags"][-1] = 1
            events["flags"][at + 59] = 1
            writer.append(PERP, chunk)
        writer.commit({PERP.id: [Source("a", "aa")]}, {PERP.id: {"update_id": 1}})
    history = History.open(tmp_path / "h")
    assert [part.rows for part in history.parts(PERP)] == [120, 120]
    assert [part.tail for part in history.parts(PERP)] == [{}, {"update_id": 1}]
    assert np.array_equal(history.load(PERP), events)


def test_the_caller_may_reuse_its_array(tmp_path: Path) -> None:
    events = random_events(10)
    with Writer(tmp_path / "h") as writer:
        writer.append(PERP, events)
        events["lots"] = 0
        writer.commit()
    assert np.array_equal(History.open(tmp_path / "h").load(PERP), random_events(10))


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "h"
    with Writer(folder):
        with pytest.raises(DataError, match="is being written by another process"):
            Writer(folder)
    write_history(folder, (PERP, random_events(10)))
    with Writer(folder, append=True):
        with pytest.raises(DataError, match="is being written by another process"):
            Writer(folder, append=True)
    with Writer(folder, append=True):
        pass


@pytest.mark.parametrize("lives", [True, False])
def test_a_writer_of_another_process_that_has_not_committed_is_seen(
    tmp_path: Path, lives: bool
) -> None:
    staged = tmp_path / ".h.1.partial"
    staged.mkdir()
    handle = os.open(staged, os.O_RDONLY)
    if lives:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="is being written by another process"):
            Writer(tmp_path / "h")
        assert listing(tmp_path) == {".h.1.partial"}
    else:
        with Writer(tmp_path / "h"):
            assert not staged.exists()
    os.close(handle)


def test_a_commit_keeps_the_folder_and_the_next_goes_on(tmp_path: Path) -> None:
    with Writer(tmp_path / "h") as writer:
        writer.append(PERP, random_events(10))
        writer.commit()
        with pytest.raises(DataError, match="is being written by another process"):
            Writer(tmp_path / "h", append=True)
        writer.append(PERP, random_events(20, 2, LATER_NS))
        assert History.open(tmp_path / "h").rows(PERP) == 10
        writer.commit()
        writer.append(PERP, random_events(5, 3, LATER_NS + 10**13))
    assert [part.rows for part in History.open(tmp_path / "h").parts(PERP)] == [10, 20]
    assert not list(tmp_path.rglob(".*"))


def test_parts_that_nobody_named_are_removed_by_the_next_writer(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "h", (PERP, random_events(10)))
    before = listing(folder)
    (folder / "binance/BTCUSDT.linear/part-00001.parquet").write_bytes(b"half")
    (folder / ".manifest.json.partial").write_bytes(b"half")
    with Writer(folder, append=True):
        assert listing(folder) - before == {f".h.{os.getpid()}.partial"}
    assert listing(folder) == before


def test_a_folder_filled_in_the_meantime_is_left_alone(tmp_path: Path) -> None:
    with Writer(tmp_path / "h") as writer:
        writer.append(PERP, random_events(10))
        (tmp_path / "h").mkdir()
        (tmp_path / "h" / "mine").write_text("mine")
        with pytest.raises(DataError, match="cannot write"):
            writer.commit()
    assert listing(tmp_path) == {"h", "h/mine"}


def test_a_disk_that_fails_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with Writer(tmp_path / "h") as writer:
        writer.append(PERP, random_events(10))
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(DataError, match=r"cannot write .*: No space left on device"):
            writer.commit()
    assert listing(tmp_path) == set()


# Children write, and the n-th is killed with SIGKILL just before its n-th step towards the disk.
KILLED = """
import os, signal, sys
from pathlib import Path
from steersman.marketdata.writer import Writer
from tests.marketdata.sample import PERP, SPOT, random_events
from tests.marketdata.test_writer import LATER_NS

def dying(call, left):
    def step(*args, **kwargs):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return step

def write(folder, append, left):
    for owner, name in ((os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir")):
        setattr(owner, name, dying(getattr(owner, name), left))
    with Writer(folder, append=append) as writer:
        writer.append(PERP, random_events(20, 2, LATER_NS))
        writer.append(SPOT, random_events(30, 3))
        writer.commit()

for step, folder in enumerate(sys.argv[2:], 1):
    child = os.fork()
    if not child:
        write(Path(folder), sys.argv[1] == "append", [step])
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
STEPS = 24  # more than a writer takes, so that the last ones are not killed


@pytest.mark.parametrize("append", [False, True], ids=["new", "append"])
def test_kill_leaves_the_old_state_or_the_new(tmp_path: Path, append: bool) -> None:
    folders = [tmp_path / str(step) / "h" for step in range(STEPS)]
    for folder in folders if append else ():
        write_history(folder, (PERP, random_events(10)))
    told = subprocess.run(
        [sys.executable, "-c", KILLED, "append" if append else "new", *map(str, folders)],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    codes = [int(line) for line in told.stdout.split()]
    killed = codes.count(-signal.SIGKILL)
    assert killed > 10
    assert codes == [-signal.SIGKILL] * killed + [0] * (STEPS - killed)
    old: dict[Instrument, int] = {PERP: 10} if append else {}
    new: dict[Instrument, int] = {PERP: 30 if append else 20, SPOT: 30}
    states = [state_of(folder) for folder in folders]
    became_new = states.index(new)
    assert 5 < became_new <= killed
    assert states == [old] * became_new + [new] * (STEPS - became_new)
    for folder, state in zip(folders, states, strict=True):
        # The next writer removes the leftovers and is not hindered by them.
        with Writer(folder, append=True) as writer:
            writer.append(PERP, random_events(5, 4, LATER_NS + 10**13))
            writer.commit()
        assert History.open(folder).rows(PERP) == state.get(PERP, 0) + 5
        assert not list(folder.parent.rglob("*.partial"))


def state_of(folder: Path) -> dict[Instrument, int]:
    """Return the rows of each instrument that can be read, none where nothing is visible."""
    if not (folder / "manifest.json").exists():
        assert not folder.exists() or not listing(folder)
        return {}
    history = History.open(folder)
    return {one: len(history.load(one)) for one in history.instruments()}
