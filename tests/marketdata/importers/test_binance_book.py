from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steersman.marketdata.importers.assembly import Assembly
from steersman.marketdata.importers.binance_book import BinanceBook, Delta, Snapshot
from steersman.marketdata.importers.capture import Malformed
from steersman.marketdata.writer import Writer
from tests.marketdata.sample import PERP, START_NS


@pytest.fixture
def assembly(tmp_path: Path) -> Iterator[Assembly]:
    with Writer(tmp_path / "h") as writer:
        assembly = Assembly(writer, tmp_path / "h", PERP)
        assembly.stamp(START_NS, START_NS)
        yield assembly


def futures(first: int, last: int, previous: int) -> Delta:
    return Delta(first, last, previous, [(100, 1)], [(102, 1)])


def spot(first: int, last: int) -> Delta:
    return futures(first, last, first - 1)


@pytest.mark.parametrize(
    ("delta", "begins"),
    [
        (spot(90, 99), False),  # all of it is in the snapshot
        (spot(90, 100), False),
        (spot(90, 101), True),
        (spot(101, 105), True),
        (spot(102, 105), False),  # 101 was never seen
    ],
)
def test_spot_begins_with_the_delta_that_bridges(
    assembly: Assembly, delta: Delta, begins: bool
) -> None:
    for order in (0, 1):
        book = BinanceBook(assembly, futures=False)
        for turn in (order, 1 - order):
            if turn:
                book.delta(delta)
            else:
                book.snapshot(Snapshot(100, [], []))
        assert book.update_id == (delta.last if begins else None)


@pytest.mark.parametrize(
    ("delta", "begins"),
    [
        (futures(90, 99, 88), False),
        (futures(90, 100, 88), True),  # its sizes are those of the snapshot
        (futures(100, 105, 98), True),
        (futures(101, 105, 100), True),  # the snapshot was taken between two deltas
        (futures(103, 105, 99), True),
        (futures(103, 105, 101), False),  # 101 was never seen
    ],
)
def test_futures_begin_with_the_delta_that_bridges(
    assembly: Assembly, delta: Delta, begins: bool
) -> None:
    book = BinanceBook(assembly, futures=True)
    book.delta(delta)
    assert book.update_id is None
    book.snapshot(Snapshot(100, [], []))
    assert book.update_id == (delta.last if begins else None)


def test_deltas_before_the_snapshot_belong_to_the_book(assembly: Assembly) -> None:
    book = BinanceBook(assembly, futures=False)
    for first in (90, 100, 110, 120):
        book.delta(spot(first, first + 9))
    book.snapshot(Snapshot(112, [(99, 7)], []))
    assert book.update_id == 129
    assert assembly.depth_messages == 2
    assert assembly.skipped["depth before a snapshot"] == 2
    assert assembly.book.touch()[1:] == (100, 1, 102, 1)


def test_a_broken_chain_waits_for_a_snapshot(assembly: Assembly) -> None:
    book = BinanceBook(assembly, futures=False, update_id=100)
    book.delta(spot(101, 105))
    book.delta(spot(107, 110))
    assert book.update_id is None
    assert assembly.gaps == 1
    book.delta(spot(111, 115))
    book.snapshot(Snapshot(111, [], []))
    assert book.update_id == 115
    assert assembly.gaps == 1


def test_a_chain_that_breaks_while_it_waits_is_a_gap(assembly: Assembly) -> None:
    book = BinanceBook(assembly, futures=False)
    book.delta(spot(101, 105))
    book.delta(spot(107, 110))
    book.snapshot(Snapshot(102, [], []))
    assert assembly.gaps == 1
    assert book.update_id is None
    assert [delta.last for delta in book.waiting] == [110]


def test_a_snapshot_between_is_kept_and_heals_a_later_gap(assembly: Assembly) -> None:
    book = BinanceBook(assembly, futures=False, update_id=100)
    book.snapshot(Snapshot(110, [(50, 1)], []))
    book.delta(spot(101, 105))
    assert assembly.gaps == 0
    book.delta(spot(109, 112))
    assert assembly.gaps == 1
    assert book.update_id == 112
    assert assembly.book.touch()[1:] == (100, 1, 102, 1)


def test_what_was_applied_is_not_applied_again(assembly: Assembly) -> None:
    book = BinanceBook(assembly, futures=False, update_id=100)
    book.delta(spot(95, 100))
    assert book.update_id == 100
    assert assembly.depth_messages == 0
    assert assembly.skipped["depth already applied"] == 1


def test_ids_that_go_back_are_malformed(assembly: Assembly) -> None:
    with pytest.raises(Malformed, match="go back"):
        BinanceBook(assembly, futures=False).delta(spot(10, 9))
