"""The recorder: whatever happens to it, the history is whole, and ends up as if nothing had."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.specs import find
from steersman.errors import DataError, UsageError
from steersman.marketdata.history import History
from steersman.marketdata.rows import Events
from steersman.marketdata.writer import Writer
from steersman.runtime.record import Recording, record, recording

ROOT = Path(__file__).parents[2]
XRP = find("XRPUSDT", category=Category.LINEAR, venue="sim")


def job(out: Path, **changes: str | int | None) -> Recording:
    asked: dict[str, str | int | None] = {
        "venue": "sim",
        "symbol": "XRPUSDT",
        "category": None,
        "seed": 3,
        "duration": "4m",
        "until": None,
        "every": "20s",
        **changes,
    }
    return recording(out=out, **asked)  # type: ignore[arg-type]


def loaded(out: Path) -> Events:
    return History.open(out).load(XRP)


def files(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def stopping_after(calls: int) -> Callable[[], bool]:
    left = iter(range(calls))
    return lambda: next(left, None) is None


def test_a_recording_is_the_feed_in_parts(tmp_path: Path) -> None:
    done = record(job(tmp_path / "h"))
    assert (done.parts, done.resumed, done.complete) == (12, False, True)
    source = job(tmp_path).feed
    rows = [source.read(source.start_ns + 10**12)]
    while len(rows[-1]):
        rows.append(source.read(source.start_ns + 10**12))
    fed = np.concatenate(rows)
    assert np.array_equal(loaded(tmp_path / "h"), fed)
    assert done.events == len(fed) and done.trades == (fed["kind"] == 2).sum() > 50
    parts = History.open(tmp_path / "h").parts(XRP)
    every_ns = 20 * 10**9
    assert [(part.last_exch_ns - source.start_ns) // every_ns for part in parts] == [*range(12)]


@pytest.mark.parametrize("calls", [1, 2, 3, 9, 20])
def test_a_stop_keeps_what_was_read_and_the_rest_follows(tmp_path: Path, calls: int) -> None:
    record(job(tmp_path / "whole"))
    first = record(job(tmp_path / "h"), stopping_after(calls))
    assert not first.complete
    again = record(job(tmp_path / "h"))
    assert again.complete and again.resumed == (first.events > 0)
    assert np.array_equal(loaded(tmp_path / "h"), loaded(tmp_path / "whole"))
    assert first.events + again.events == len(loaded(tmp_path / "whole"))


def test_started_again_it_has_nothing_to_do_and_longer_it_goes_on(tmp_path: Path) -> None:
    record(job(tmp_path / "h", duration="2m"))
    before = files(tmp_path / "h")
    done = record(job(tmp_path / "h", duration="2m"))
    assert (done.events, done.parts, done.complete) == (0, 0, True)
    assert files(tmp_path / "h") == before
    record(job(tmp_path / "h"))
    record(job(tmp_path / "whole"))
    assert files(tmp_path / "h") == files(tmp_path / "whole")


def test_another_seed_is_refused_and_another_instrument_stands_beside(tmp_path: Path) -> None:
    record(job(tmp_path / "h"))
    before = files(tmp_path / "h")
    with pytest.raises(DataError, match="recorded there with seed 3, not 4"):
        record(job(tmp_path / "h", seed=4))
    assert files(tmp_path / "h") == before
    record(job(tmp_path / "h", symbol="AAPL", seed=4))
    history = History.open(tmp_path / "h")
    assert [one.id for one in history.instruments()] == [XRP.id, "sim:AAPL.equity"]
    assert files(tmp_path / "h").items() > {k: v for k, v in before.items() if "part" in k}.items()


def test_a_second_recorder_is_refused(tmp_path: Path) -> None:
    def second() -> bool:
        with pytest.raises(DataError, match="is being written by another process; wait for it"):
            record(job(tmp_path / "h"))
        return False

    assert record(job(tmp_path / "h", duration="41s"), second).complete
    assert record(job(tmp_path / "h", duration="41s")).events == 0


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"venue": "bybit"}, "no feed of 'bybit' to record; use --venue sim"),
        ({"until": "2025-01-06T16:00:00"}, "both --duration and --until"),
        ({"duration": None, "until": "2025-01-06T15:00:00"}, "is not within 31 days"),
        ({"duration": None, "until": "2026-01-06T15:00:00"}, "is not within 31 days"),
        ({"duration": "0s"}, "is not a duration"),
        ({"every": "500ms"}, "too many parts"),
        ({"duration": "31d", "every": "20s"}, "too many parts"),
        ({"seed": 1 << 63}, "out of range"),
        ({"seed": -1}, "out of range"),
        ({"symbol": "NOPE"}, "unknown symbol"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, changes: dict[str, str | int | None], what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        job(tmp_path / "h", **changes)
    assert not any(tmp_path.iterdir())


def test_a_time_may_end_it(tmp_path: Path) -> None:
    record(job(tmp_path / "a", duration=None, until="2025-01-06T15:04:00"))
    record(job(tmp_path / "b"))
    assert files(tmp_path / "a") == files(tmp_path / "b")


# Recorders in a row on one folder, each killed with SIGKILL: at a drawn one of its steps towards
# the disk, or at a drawn moment. The last one is let to its end.
KILLED = """
import os, random, signal, sys, threading, time
from pathlib import Path
from steersman.runtime.record import record
from tests.runtime.test_record import job, loaded

out, whole, rng = Path(sys.argv[1]), loaded(Path(sys.argv[2])), random.Random(int(sys.argv[3]))

def die(): os.kill(os.getpid(), signal.SIGKILL)

def dying(call, left):
    def step(*args, **kwargs):
        left[0] -= 1
        if not left[0]:
            die()
        return call(*args, **kwargs)
    return step

def child(step, moment_s):
    left = [step]
    for owner, name in ((os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir")):
        setattr(owner, name, dying(getattr(owner, name), left))
    if moment_s:
        threading.Thread(target=lambda: (time.sleep(moment_s), die()), daemon=True).start()
    record(job(out))

for attempt in range(16):
    step, moment_s = rng.randint(1, 25), rng.choice([0, rng.uniform(0.001, 0.1)])
    if attempt == 15:
        step = moment_s = 0
    process = os.fork()
    if not process:
        child(step, moment_s)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    rows = loaded(out) if out.exists() else whole[:0]
    assert rows.tobytes() == whole[:len(rows)].tobytes(), "not a beginning of the whole"
    print(code, len(rows), flush=True)
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kill_at_any_moment_leaves_a_beginning_and_the_end_is_the_same(
    tmp_path: Path, seed: int
) -> None:
    record(job(tmp_path / "whole"))
    told = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "h"), str(tmp_path / "whole"), str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    pairs = [tuple(map(int, line.split())) for line in told.stdout.splitlines()]
    codes, lengths = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    assert codes.count(-signal.SIGKILL) >= 5 and codes[-1] == 0
    assert list(lengths) == sorted(lengths) and len(set(lengths)) >= 4
    assert files(tmp_path / "h") == files(tmp_path / "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"h", "whole"}
    assert not [path for path in tmp_path.rglob(".*")]


def test_leftovers_of_others_are_left_alone(tmp_path: Path) -> None:
    for name in ("123", ".h.mine.partial", ".other.7.partial", ".hx.7.partial"):
        (tmp_path / name).mkdir()
    (tmp_path / ".h.7.partial").mkdir()
    with Writer(tmp_path / "h"):
        pass
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"123", ".h.mine.partial", ".other.7.partial", ".hx.7.partial"}
