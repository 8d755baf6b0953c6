"""The recordings that are measured on: generated and cached, or a file that may be anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steersman.errors import DataError, UsageError
from steersman.marketdata.history import History
from steersman.marketdata.rows import Events
from steersman.runtime.bench.files import (
    BTC,
    ROWS_MIN,
    generated_history,
    read_events,
    write_history,
)

COLUMNS = [("exch_ts", "i8"), ("local_ts", "i8"), ("kind", "u1"), ("side", "i1")]
COLUMNS += [("tick", "i8"), ("px", "f8"), ("qty", "f8")]


@pytest.fixture
def columnar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Events:
    """A generated stream in the columnar form that other tools write."""
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path / "cache"))
    _, events = read_events(generated_history(ROWS_MIN + 500))
    table = np.zeros(len(events) - 1, COLUMNS)
    for theirs, ours in (("exch_ts", "exch_ns"), ("local_ts", "recv_ns"), ("kind", "kind"),
                         ("side", "side"), ("tick", "tick")):  # fmt: skip
        table[theirs] = events[ours][1:]
    table["px"], table["qty"] = np.round(table["tick"] * 0.1, 1), events["lots"][1:] / 1_000
    return table


def test_a_stream_is_generated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    folder = generated_history(300_000)
    rows = History.open(folder).rows(BTC)
    assert 299_980 <= rows <= 300_000
    made = (folder / "manifest.json").stat().st_mtime_ns
    assert generated_history(300_000) == folder
    assert (folder / "manifest.json").stat().st_mtime_ns == made
    (folder / "manifest.json").write_text("{")
    assert History.open(generated_history(300_000)).rows(BTC) == rows


def test_columns_become_the_events_they_were_made_from(
    tmp_path: Path,
    columnar: Events,
) -> None:
    np.savez(tmp_path / "a.npz", data=columnar)
    instrument, events = read_events(tmp_path / "a.npz")
    _, original = read_events(generated_history(ROWS_MIN + 500))
    assert instrument == BTC
    for name in ("exch_ns", "recv_ns", "lots", "tick", "kind", "side"):
        assert np.array_equal(events[name], original[name]), name
    folder = write_history(tmp_path / "h", instrument, events)
    assert np.array_equal(read_events(folder)[1], events)


def test_files_that_cannot_be_used_are_one_line(
    tmp_path: Path,
    columnar: Events,
) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_events(tmp_path / "nowhere.npz")
    (tmp_path / "b.npz").write_text("no archive")
    with pytest.raises(DataError, match="is not an "):
        read_events(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", data=columnar[["exch_ts", "kind"]])
    with pytest.raises(DataError, match="no column local_ts, side"):
        read_events(tmp_path / "c.npz")
    np.savez(tmp_path / "d.npz", data=columnar[:100])
    with pytest.raises(DataError, match="has 100 rows"):
        read_events(tmp_path / "d.npz")
    columnar["exch_ts"][77] = 5
    np.savez(tmp_path / "e.npz", data=columnar)
    with pytest.raises(DataError, match=r"row 77: exchange time goes back"):
        read_events(tmp_path / "e.npz")
    with pytest.raises(UsageError, match="--rows"):
        generated_history(3)
