from __future__ import annotations

import os
import zlib
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steersman.domain.instrument import Category
from steersman.errors import DataError, UsageError
from steersman.marketdata import manifest
from steersman.marketdata.events import CLEAR, EVENT, GAP
from steersman.marketdata.history import History, Writer
from steersman.marketdata.writer import ARROW_SCHEMA, ROW_GROUP_ROWS
from tests.marketdata.sample import PERP, SPOT, random_events, write_history


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_history(tmp_path / "h", (PERP, random_events(300)), (SPOT, random_events(200, 2)))


def part_of(folder: Path) -> Path:
    return folder / "binance/BTCUSDT.linear/part-00000.parquet"


def accept(folder: Path) -> None:
    """Let the manifest say what the file of the perpetual now is: only its rows can betray it."""
    raw = part_of(folder).read_bytes()
    whole = msgspec.json.decode((folder / manifest.NAME).read_bytes(), type=manifest.Manifest)
    perp = whole.series[0]
    part = msgspec.structs.replace(perp.parts[0], bytes=len(raw), crc32=f"{zlib.crc32(raw):08x}")
    series = (msgspec.structs.replace(perp, parts=(part,)), *whole.series[1:])
    manifest.write(folder, msgspec.structs.replace(whole, series=series))


def test_what_is_written_is_read(folder: Path) -> None:
    history = History.open(str(folder))
    assert history.instruments() == (PERP, SPOT)
    assert np.array_equal(history.load(PERP), random_events(300))
    assert np.array_equal(history.load(SPOT), random_events(200, 2))
    events = random_events(300)
    assert history.span(PERP) == (events["recv_ns"][0], events["recv_ns"][-1])
    assert history.rows(PERP) == 300
    assert history.load(PERP).dtype == EVENT


def test_batches_are_bounded_and_complete(tmp_path: Path) -> None:
    events = random_events(2 * ROW_GROUP_ROWS + 5)
    history = History.open(write_history(tmp_path / "h", (PERP, events)))
    batches = list(history.batches(PERP))
    assert [len(batch) for batch in batches] == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 5]
    assert np.array_equal(np.concatenate(batches), events)
    assert np.array_equal(history.load(PERP), events)


def test_a_reader_may_stop_early(folder: Path) -> None:
    batches = History.open(folder).batches(PERP)
    assert len(next(batches)) == 300
    del batches


def test_pick_means_one_instrument(folder: Path) -> None:
    history = History.open(folder)
    assert history.pick("BTCUSDT", Category.SPOT) == SPOT
    assert history.pick("btcusdt", Category.LINEAR, "binance") == PERP
    with pytest.raises(UsageError, match=r"as binance:BTCUSDT\.linear, binance:BTCUSDT\.spot; say"):
        history.pick("BTCUSDT")
    with pytest.raises(UsageError, match=r"no BTCUSDT inverse in .* it holds binance:BTCUSDT"):
        history.pick("BTCUSDT", Category.INVERSE)
    with pytest.raises(UsageError, match=r"no ETHUSDT in .* it holds binance:BTCUSDT\.linear"):
        history.pick("ETHUSDT")
    with pytest.raises(UsageError, match=r"no sim:BTCUSDT\.linear"):
        history.load(msgspec.structs.replace(PERP, venue="sim"))


def test_an_empty_history_is_refused(tmp_path: Path) -> None:
    manifest.write(tmp_path, manifest.Manifest())
    with pytest.raises(DataError, match="is empty"):
        History.open(tmp_path)


def test_a_changed_byte_is_found(folder: Path) -> None:
    history = History.open(folder)
    raw = bytearray(part_of(folder).read_bytes())
    raw[len(raw) // 2] ^= 1
    part_of(folder).write_bytes(raw)
    with pytest.raises(DataError, match=r"part-00000\.parquet does not have the checksum"):
        history.load(PERP)
    assert len(history.load(SPOT)) == 200


def test_a_cut_file_is_found_at_once(folder: Path) -> None:
    os.truncate(part_of(folder), 100)
    with pytest.raises(DataError, match="has 100 bytes, the manifest says"):
        History.open(folder)


def test_a_file_that_vanishes_is_found(folder: Path) -> None:
    history = History.open(folder)
    part_of(folder).unlink()
    with pytest.raises(DataError, match="No such file"):
        history.load(PERP)


def test_a_file_that_changes_while_it_is_read_is_found(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "h", (PERP, random_events(ROW_GROUP_ROWS + 5)))
    batches = History.open(folder).batches(PERP)
    next(batches)
    os.utime(part_of(folder), ns=(1, 1))
    with pytest.raises(DataError, match="changed while it was read"):
        list(batches)


def test_not_parquet_is_found(folder: Path) -> None:
    part_of(folder).write_bytes(b"PAR1 but not really PAR1")
    accept(folder)
    with pytest.raises(DataError, match=r"part-00000\.parquet is damaged"):
        History.open(folder).load(PERP)


def rewrite(folder: Path, table: pa.Table) -> None:
    pq.write_table(table, part_of(folder))
    accept(folder)


def table_of(folder: Path) -> pa.Table:
    return pq.read_table(part_of(folder), partitioning=None)


def test_other_columns_are_found(folder: Path) -> None:
    rewrite(folder, table_of(folder).drop_columns(["flags"]))
    with pytest.raises(DataError, match="does not have the columns of a history"):
        History.open(folder).load(PERP)


def test_missing_rows_are_found(folder: Path) -> None:
    rewrite(folder, table_of(folder).slice(0, 299))
    with pytest.raises(DataError, match="rows: 299, the manifest says 300"):
        History.open(folder).load(PERP)


def with_column(table: pa.Table, name: str, row: int, value: int) -> pa.Table:
    at = ARROW_SCHEMA.get_field_index(name)
    values = table.column(name).to_numpy().copy()
    values[row] = value
    return table.set_column(at, ARROW_SCHEMA.field(name), pa.array(values))


@pytest.mark.parametrize(
    ("name", "row", "value", "what"),
    [
        ("exch_ns", 100, 5, r"row 100: exchange time goes back"),
        ("recv_ns", 100, 5, r"row 100: receive time goes back"),
        ("lots", 7, -1, r"row 7: size in lots -1"),
        ("kind", 8, 9, r"row 8: unknown kind 9"),
    ],
)
def test_an_invalid_row_is_found(folder: Path, name: str, row: int, value: int, what: str) -> None:
    rewrite(folder, with_column(table_of(folder), name, row, value))
    with pytest.raises(DataError, match=rf"part-00000\.parquet {what}"):
        History.open(folder).load(PERP)


def test_times_that_are_not_the_manifests_are_found(folder: Path) -> None:
    table = table_of(folder)
    first = table.column("exch_ns")[0].as_py()
    rewrite(folder, with_column(table, "exch_ns", 0, first - 1))
    with pytest.raises(DataError, match=r"begins: \d+, the manifest says"):
        History.open(folder).load(PERP)
    last = table.column("recv_ns")[-1].as_py()
    rewrite(folder, with_column(table, "recv_ns", 299, last + 1))
    with pytest.raises(DataError, match=r"was last received: \d+, the manifest says"):
        History.open(folder).load(PERP)


def test_parts_follow_one_another(tmp_path: Path) -> None:
    first, second = (
        random_events(40),
        random_events(30, 3, begin_ns=random_events(40)["recv_ns"][-1]),
    )
    folder = write_history(tmp_path / "h", (PERP, first))
    with Writer(folder, append=True) as writer:
        writer.append(PERP, second)
        writer.commit()
    history = History.open(folder)
    assert [part.rows for part in history.parts(PERP)] == [40, 30]
    assert np.array_equal(history.load(PERP), np.concatenate([first, second]))
    # The same parts in the wrong order: each is valid, but time goes back between them.
    history = History(folder, (manifest.Series(PERP, history.parts(PERP)[::-1]),))
    with pytest.raises(DataError, match="row 0: exchange time goes back"):
        history.load(PERP)


def test_gaps_are_counted(folder: Path) -> None:
    events = random_events(300)
    gaps = int((events["kind"] == GAP).sum())
    assert gaps
    assert History.open(folder).parts(PERP)[0].gaps == gaps
    table = table_of(folder)
    row = int(np.flatnonzero(events["kind"] == GAP)[0])
    rewrite(folder, with_column(table, "kind", row, CLEAR))
    with pytest.raises(DataError, match=f"gaps: {gaps - 1}, the manifest says {gaps}"):
        History.open(folder).load(PERP)


def test_a_source_is_read_again_by_those_who_branched(tmp_path: Path) -> None:
    events = random_events(2 * ROW_GROUP_ROWS + 5)
    folder = write_history(tmp_path / "h", (PERP, events))
    source = History.open(folder).source(PERP)
    first = [source.batch(number).copy() for number in range(3)]
    assert [source.is_last(number) for number in range(3)] == [False, False, True]
    for number in (0, 2, 1, 2):
        assert np.array_equal(source.batch(number), first[number])
    assert np.array_equal(np.concatenate(first).reshape(-1).view(EVENT), events)


def test_a_part_that_was_replaced_is_found_by_who_reads_again(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "h", (PERP, random_events(ROW_GROUP_ROWS + 5)))
    source = History.open(folder).source(PERP)
    source.batch(0), source.batch(1)
    os.utime(part_of(folder), ns=(1, 1))
    with pytest.raises(DataError, match="changed while it was read"):
        source.batch(0)


def test_an_empty_partition_is_found(folder: Path) -> None:
    rewrite(folder, table_of(folder).slice(0, 0))
    with pytest.raises(DataError, match="rows: 0, the manifest says 300"):
        History.open(folder).source(PERP).batch(0)
