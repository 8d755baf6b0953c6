from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from steersman.errors import DataError
from steersman.marketdata.events import CLEAR, DEPTH, GAP, LAST, SNAPSHOT, TRADE
from steersman.marketdata.history import History
from steersman.marketdata.importers import assembly as assembly_module
from steersman.marketdata.importers.assembly import Assembly
from steersman.marketdata.importers.capture import Malformed
from steersman.marketdata.importers.summary import Imported
from steersman.marketdata.rows import Events
from steersman.marketdata.writer import Writer
from tests.marketdata.sample import PERP, START_NS

MS = 1_000_000
FILES = (Path("a"),)


def assembled(
    folder: Path, work: Callable[[Assembly], None], tail: dict[str, int] | None = None
) -> tuple[Events, Imported]:
    """Let `work` say some messages; return the rows that came of it, and the account."""
    before = History.open(folder).rows(PERP) if folder.exists() else 0
    with Writer(folder, append=True) as writer:
        assembly = Assembly(writer, folder, PERP, 10 * MS)
        work(assembly)
        imported = assembly.finish(FILES, tail or {})
        writer.commit(tails={PERP.id: assembly.tail})
    return History.open(folder).load(PERP)[before:], imported


def test_messages_become_rows(tmp_path: Path) -> None:
    def work(assembly: Assembly) -> None:
        assembly.stamp(START_NS, START_NS + 5)
        assembly.snapshot([(100, 1), (99, 0)], [(102, 2)])
        assembly.stamp(START_NS + 10, START_NS + 20)
        assembly.depth(7, [(100, 0)], [(101, 4)])
        assembly.trade(-1, 99, 3)
        assembly.gap()
        assembly.depth(8, [], [])

    events, imported = assembled(tmp_path / "h", work)
    one, two = (START_NS, START_NS + 5), (START_NS + 10, START_NS + 20)
    assert events.tolist() == [
        (*one, 0, 0, CLEAR, 0, 0),
        (*one, 1, 100, SNAPSHOT, 1, 0),
        (*one, 2, 102, SNAPSHOT, -1, LAST),
        (*two, 0, 100, DEPTH, 1, 0),
        (*two, 4, 101, DEPTH, -1, LAST),
        (*two, 3, 99, TRADE, -1, LAST),
        (*two, 0, 0, GAP, 0, LAST),
    ]
    assert (imported.trades, imported.depth_messages, imported.gaps, imported.rows) == (1, 2, 1, 7)
    assert (imported.first_exch_ns, imported.last_exch_ns) == (START_NS, START_NS + 10)


def test_an_empty_snapshot_is_a_message(tmp_path: Path) -> None:
    def work(assembly: Assembly) -> None:
        assembly.stamp(START_NS, None)
        assembly.snapshot([], [])

    events, _ = assembled(tmp_path / "h", work)
    assert events.tolist() == [(START_NS, START_NS + 10 * MS, 0, 0, CLEAR, 0, LAST)]


def times(folder: Path, *stamps: tuple[int, int | None]) -> tuple[list[tuple[int, int]], Imported]:
    def work(assembly: Assembly) -> None:
        for exch, recv in stamps:
            assembly.stamp(START_NS + exch, None if recv is None else START_NS + recv)
            assembly.trade(1, 5, 5)

    events, imported = assembled(folder, work)
    return [(row[0] - START_NS, row[1] - START_NS) for row in events.tolist()], imported


def test_times_never_go_back(tmp_path: Path) -> None:
    found, imported = times(tmp_path / "h", (0, 5), (20, 25), (10, 23), (30, 31))
    assert found == [(0, 5), (20, 25), (20, 25), (30, 31)]
    assert imported.adjusted_times == 1
    assert imported.replaced_receive_times == 0


def test_a_time_raised_above_its_reception_is_received_then(tmp_path: Path) -> None:
    found, imported = times(tmp_path / "h", (20, 21), (10, 15))
    assert found == [(20, 21), (20, 21)]
    assert imported.replaced_receive_times == 0


def test_an_impossible_reception_becomes_the_declared_latency(tmp_path: Path) -> None:
    found, imported = times(tmp_path / "h", (0, 0), (5, 4), (6, 8), (20 * MS, 20 * MS + 1))
    assert found == [(0, 0), (5, 5 + 10 * MS), (6, 5 + 10 * MS), (20 * MS, 20 * MS + 1)]
    assert imported.replaced_receive_times == 1
    assert imported.clock_offset_ms == 0.0


def test_no_reception_is_the_declared_latency(tmp_path: Path) -> None:
    found, imported = times(tmp_path / "h", (0, None), (7, None))
    assert found == [(0, 10 * MS), (7, 7 + 10 * MS)]
    assert imported.clock_offset_ms is None
    assert any("no receive times" in text for text in imported.warnings)


def test_a_message_without_a_time_takes_the_distance_of_the_one_before(tmp_path: Path) -> None:
    def work(assembly: Assembly) -> None:
        assembly.stamp_untimed(START_NS)  # nothing to go by: no time yet
        assembly.stamp(START_NS + 100, START_NS + 130)
        assembly.trade(1, 5, 5)
        assembly.stamp_untimed(START_NS + 150)
        assembly.trade(1, 5, 5)

    events, _ = assembled(tmp_path / "h", work)
    assert events["exch_ns"].tolist() == [START_NS + 100, START_NS + 120]
    assert events["recv_ns"].tolist() == [START_NS + 130, START_NS + 150]


@pytest.mark.parametrize(
    ("exch_ns", "recv_ns", "what"),
    [
        (5, 5, "is not in this century"),
        (5 * 10**18, 5 * 10**18, "is not in this century"),
        (START_NS - 61 * 10**9, START_NS, "goes back by 61"),
        (START_NS, START_NS + 25 * 3600 * 10**9, "more than a day apart"),
    ],
)
def test_what_cannot_be_a_time_is_malformed(
    tmp_path: Path, exch_ns: int, recv_ns: int, what: str
) -> None:
    with Writer(tmp_path / "h") as writer:
        assembly = Assembly(writer, tmp_path / "h", PERP)
        assembly.stamp(START_NS, START_NS)
        with pytest.raises(Malformed, match=what):
            assembly.stamp(exch_ns, recv_ns)


def test_what_has_no_price_or_size_is_malformed(tmp_path: Path) -> None:
    with Writer(tmp_path / "h") as writer:
        assembly = Assembly(writer, tmp_path / "h", PERP)
        assembly.stamp(START_NS, START_NS)
        for tick, lots in ((0, 5), (5, 0), (-1, 5)):
            with pytest.raises(Malformed, match="without a price or without a size"):
                assembly.trade(1, tick, lots)
        with pytest.raises(Malformed, match="a level without a price"):
            assembly.depth(1, [(0, 5)], [])


def test_crossed_books_are_counted_where_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly_module, "_FLUSH_ROWS", 2)

    def work(assembly: Assembly) -> None:
        assembly.stamp(START_NS, START_NS)
        assembly.snapshot([(100, 1)], [(102, 1)])
        assembly.depth(1, [(102, 1)], [])
        assembly.trade(1, 102, 1)
        assembly.depth(2, [(102, 0)], [])
        assembly.depth(3, [(103, 1)], [])

    events, imported = assembled(tmp_path / "h", work)
    assert imported.crossed == 2
    assert any("the book is crossed after 2 messages" in text for text in imported.warnings)
    assert History.open(tmp_path / "h").parts(PERP)[0].crossed == 2
    assert len(events) == 7


def test_an_import_that_continues_begins_with_the_book_of_the_history(tmp_path: Path) -> None:
    def first(assembly: Assembly) -> None:
        assert assembly.tail == {}
        assembly.stamp(START_NS, START_NS)
        assembly.snapshot([(100, 1), (99, 5)], [(102, 1)])
        assembly.depth(7, [(100, 0)], [])

    def second(assembly: Assembly) -> None:
        assert assembly.tail == {"update_id": 7}
        assert assembly.book.touch()[1:] == (99, 5, 102, 1)
        with pytest.raises(Malformed, match="before the end of the history"):
            assembly.stamp(START_NS - 2 * 10**9, START_NS)
        assembly.stamp(START_NS - 10, START_NS)  # a little late is jitter
        assembly.depth(8, [(98, 1)], [])

    assembled(tmp_path / "h", first, {"update_id": 7})
    events, imported = assembled(tmp_path / "h", second, {"update_id": 8})
    assert events["exch_ns"].tolist() == [START_NS]
    assert imported.adjusted_times == 1
    assert History.open(tmp_path / "h").parts(PERP)[1].tail == {"update_id": 8}


def test_a_lot_that_is_too_coarse_for_the_sizes_is_refused(tmp_path: Path) -> None:
    def work(assembly: Assembly) -> None:
        assembly.stamp(START_NS, START_NS)
        for tick in range(1, 200):
            assembly.depth(tick, [(tick, assembly.level_lots["0.0015"])], [])

    with pytest.raises(DataError, match=r"a: 199 of 199 sizes are not multiples of the lot 0\.001"):
        assembled(tmp_path / "h", work)


def test_clock_samples_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly_module, "_SAMPLES_MAX", 16)
    stamps = [(at * 10, at * 10 + 3) for at in range(500)]
    _, imported = times(tmp_path / "h", *stamps)
    assert imported.clock_offset_ms == pytest.approx(-3e-6, abs=1e-3)


def test_many_rows_are_handed_over_in_time(tmp_path: Path) -> None:
    def work(assembly: Assembly) -> None:
        for at in range(300_000):
            assembly.stamp(START_NS + at, START_NS + at)
            assembly.trade(1, 5, 5)
            assert len(assembly._rows) < 200_000

    events, _ = assembled(tmp_path / "h", work)
    assert np.array_equal(events["exch_ns"], START_NS + np.arange(300_000))
