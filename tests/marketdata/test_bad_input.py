"""What a history on disk may do to a reader: an error that names it, or the data as written."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steersman.errors import DataError
from steersman.marketdata import manifest
from steersman.marketdata.events import LOTS_MAX, TIME_NS_MAX
from steersman.marketdata.history import History
from steersman.marketdata.importers.capture import LevelLots, Malformed, lot_steps, sources_of
from steersman.marketdata.rows import find_violation
from steersman.marketdata.writer import ARROW_SCHEMA, Writer
from tests.marketdata.sample import PERP, random_events, write_history
from tests.marketdata.test_history import accept, part_of, table_of

YEAR_NS = 366 * 86_400 * 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_history(tmp_path / "h", (PERP, random_events(300)))


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("exch_ns", -1, "exchange time goes back"),
        ("exch_ns", 0, "exchange time goes back"),
        ("recv_ns", TIME_NS_MAX + 1, rf"row 9: receive time {TIME_NS_MAX + 1} is not a time"),
        ("recv_ns", 2**63 - 1, "is not a time"),
        ("lots", LOTS_MAX + 1, rf"row 9: size in lots {LOTS_MAX + 1}"),
        ("lots", 2**63 - 1, "size in lots"),
        ("lots", -(2**63), "size in lots"),
        ("tick", -(2**31), "price in ticks"),
    ],
)
def test_what_no_market_says_is_not_written(
    tmp_path: Path, name: str, value: int, what: str
) -> None:
    events = random_events(10)
    events["kind"], events["side"], events["tick"], events["lots"] = 1, 1, 618_000, 5
    events[name][-1] = value
    with Writer(tmp_path / "h") as writer:
        with pytest.raises(DataError, match=what):
            writer.append(PERP, events)
    assert not any(tmp_path.iterdir())


def test_the_largest_size_and_the_last_time_are_fine() -> None:
    events = random_events(10)
    events["kind"], events["side"], events["tick"], events["lots"] = 1, 1, 2**31 - 1, LOTS_MAX
    events["exch_ns"] = events["recv_ns"] = TIME_NS_MAX
    assert find_violation(events, exch_ns=0, recv_ns=0) is None


@pytest.mark.parametrize("row", [0, 7])
def test_a_jump_of_years_is_no_recording(row: int) -> None:
    events = random_events(10)
    before = int(events["exch_ns"][0])
    events["exch_ns"][row:] += YEAR_NS + 10**9
    events["recv_ns"][row:] += YEAR_NS + 10**9
    found = find_violation(events, exch_ns=before, recv_ns=before)
    assert found is not None and found.row == row and "jumps by 366 days" in found.what
    assert row or find_violation(events, exch_ns=0, recv_ns=0) is None  # nothing was before it


def test_years_in_small_steps_are_fine() -> None:
    events = random_events(10)
    events["exch_ns"] = events["recv_ns"] = 10**18 + np.arange(10) * YEAR_NS
    assert find_violation(events, exch_ns=0, recv_ns=0) is None


@pytest.mark.parametrize("steps", [lot_steps, LevelLots])
def test_sizes_that_would_overflow_a_sum_are_malformed(steps: type[LevelLots]) -> None:
    lots = steps(PERP)
    assert lots[str(PERP.qty(LOTS_MAX))] == LOTS_MAX
    for text in (str(PERP.qty(LOTS_MAX + 1)), str(PERP.qty(2**63)), "1e15"):
        with pytest.raises(Malformed, match="is too large"):
            lots[text]


# -- empty partitions -----------------------------------------------------------------------------
def test_a_part_without_rows_is_not_what_the_manifest_says(folder: Path) -> None:
    pq.write_table(ARROW_SCHEMA.empty_table(), part_of(folder))
    accept(folder)
    with pytest.raises(DataError, match=r"part-00000\.parquet rows: 0, the manifest says 300"):
        History.open(folder).load(PERP)


def test_an_empty_row_group_is_passed_over(folder: Path) -> None:
    table = table_of(folder)
    with pq.ParquetWriter(part_of(folder), ARROW_SCHEMA) as writer:
        for piece in (table.slice(0, 0), table.slice(0, 100), table.slice(0, 0), table.slice(100)):
            writer.write_batch(pa.record_batch(piece.combine_chunks().to_pydict(), ARROW_SCHEMA))
    accept(folder)
    assert np.array_equal(History.open(folder).load(PERP), random_events(300))


def test_a_series_without_parts_is_not_there(folder: Path) -> None:
    whole = manifest.read(folder)
    series = msgspec.structs.replace(whole.series[0], parts=())
    manifest.write(folder, msgspec.structs.replace(whole, series=(series,)))
    with pytest.raises(DataError, match="is empty; import something into it"):
        History.open(folder)


# -- files that change ----------------------------------------------------------------------------
def test_a_part_replaced_by_another_is_found_when_it_is_opened(folder: Path) -> None:
    history = History.open(folder)
    other = random_events(300)
    other["lots"][0] += 1
    table = pa.table({name: other[name] for name in ARROW_SCHEMA.names}, ARROW_SCHEMA)
    pq.write_table(table, folder / "new")
    (folder / "new").rename(part_of(folder))
    with pytest.raises(DataError, match="does not have the checksum of the manifest"):
        history.load(PERP)


def test_a_part_replaced_while_it_is_read_is_found(tmp_path: Path) -> None:
    events = random_events((1 << 18) + 5)
    folder = write_history(tmp_path / "h", (PERP, events))
    batches = History.open(folder).batches(PERP)
    first = next(batches)
    (folder / "new").write_bytes(b"something else")
    (folder / "new").rename(part_of(folder))
    assert np.array_equal(first, events[: len(first)])
    with pytest.raises(DataError, match=r"changed while it was read|is damaged"):
        list(batches)


def test_a_part_whose_bytes_change_while_it_is_read_is_found(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "h", (PERP, random_events((1 << 18) + 5)))
    batches = History.open(folder).batches(PERP)
    next(batches)
    with part_of(folder).open("r+b") as file:
        file.write(b"PAR0")
    with pytest.raises(DataError, match="changed while it was read"):
        list(batches)


@pytest.mark.parametrize("how", ["grown", "replaced", "gone"])
def test_a_capture_that_is_not_the_one_that_was_hashed_is_refused(tmp_path: Path, how: str) -> None:
    path = tmp_path / "capture"
    path.write_bytes(b"one\n")
    sources = sources_of([path], frozenset())
    sources.check_unchanged()
    if how == "grown":
        with path.open("ab") as file:
            file.write(b"two\n")
    elif how == "replaced":
        (tmp_path / "other").write_bytes(b"two\n")
        os.utime(tmp_path / "other", ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
        (tmp_path / "other").rename(path)
    else:
        path.unlink()
    with pytest.raises(DataError, match="capture changed while it was read"):
        sources.check_unchanged()
