"""The book against a dictionary: where a level is kept never changes what the book says."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.marketdata import book

LEVEL = st.tuples(st.sampled_from([0, 1]), st.integers(-90, 90), st.sampled_from([0, 0, 1, 2, 30]))


class Held:
    """A small book of both kinds, with a window of 32 ticks."""

    def __init__(self) -> None:
        self.levels, self.taken, self.top = book.new_book(32)
        self.far = book.new_far(16)
        self.shown: dict[tuple[int, int], int] = {}
        self.gone: dict[tuple[int, int], int] = {}
        self.counted = 0

    def size(self, row: int, tick: int) -> int:
        return self.shown.get((row, tick), 0) - self.gone.get((row, tick), 0)

    def ticks(self, row: int) -> list[int]:
        return sorted(t for r, t in self.shown if r == row and self.size(r, t) > 0)

    def room(self) -> None:
        if self.far[0, 0] + book.FAR_ROOM > (len(self.far) - 2) // 2:
            self.far = book.grown(self.far, book.FAR_ROOM)

    def show(self, row: int, tick: int, lots: int) -> None:
        self.room()
        key = row, tick
        forgot = book.show(self.levels, self.taken, self.top, self.far, row, tick, lots)
        before = self.gone.get(key, 0)
        self.shown[key] = lots
        self.gone[key] = min(before, lots)
        assert forgot == (before > 0 and lots == 0)
        self.counted -= forgot

    def consume(self, row: int, tick: int, lots: int) -> None:
        self.room()
        first = book.consume(self.levels, self.taken, self.top, self.far, row, tick, lots)
        assert first == (self.gone.get((row, tick), 0) == 0)
        self.gone[row, tick] = self.gone.get((row, tick), 0) + lots
        self.counted += first

    def check(self) -> None:
        for row in range(2):
            ticks = self.ticks(row)
            best = (ticks[-1] if row == 0 else ticks[0]) if ticks else 0
            assert book.best(self.top, self.far, row) == best
            for last in (1_000 - 95, 1_000 - 7, 1_000, 1_000 + 9, 1_000 + 95):
                inner = [t for t in ticks if (t >= last if row == 0 else t <= last)]
                total = sum(self.size(row, t) for t in inner)
                assert book.depth(self.levels, self.top, self.far, row, last) == total
        for (row, tick), _ in self.shown.items():
            args = self.top, self.far, row, tick
            assert book.size_at(self.levels, *args) == self.size(row, tick)
            assert book.taken_at(self.taken, *args) == self.gone.get((row, tick), 0)

    def recentre(self) -> None:
        if book.is_misplaced(self.top, self.far):
            self.far = book.recentred(self.levels, self.taken, self.top, self.far)
            assert not book.is_misplaced(self.top, self.far)


@settings(max_examples=100)
@given(st.lists(st.tuples(LEVEL, st.booleans(), st.booleans()), max_size=80))
def test_the_book_says_what_a_dictionary_says(
    steps: list[tuple[tuple[int, int, int], bool, bool]],
) -> None:
    held = Held()
    for (row, away, lots), move, take in steps:
        tick = 1_000 + away
        if take and held.size(row, tick) > 0:
            held.consume(row, tick, 1 + held.size(row, tick) // 2)
        else:
            held.show(row, tick, lots)
        held.check()
        if move:
            held.recentre()
            held.check()
    counted = sum(1 for lots in held.gone.values() if lots > 0)
    assert held.counted == counted


def test_the_window_is_placed_by_the_first_level_and_follows_the_touch() -> None:
    held = Held()
    held.show(0, 1_000, 5)
    assert held.top.tolist() == [16, 32, 984, 32]
    held.show(1, 1_002, 5)
    held.show(0, 1_000, 0)
    held.show(1, 1_002, 0)
    held.show(0, 2_000, 5)
    held.show(1, 2_001, 5)
    assert book.is_misplaced(held.top, held.far)
    held.recentre()
    assert held.top.tolist() == [16, 17, 1_984, 32]


def test_a_touch_wider_than_the_window_stays_exact() -> None:
    held = Held()
    held.show(0, 1_000, 5)
    held.show(1, 1_400, 6)
    assert not book.is_misplaced(held.top, held.far)
    held.check()
    held.show(1, 1_300, 7)
    held.check()


def test_a_clear_forgets_the_book_but_not_what_was_taken_and_shown_again() -> None:
    held = Held()
    for row, tick in ((1, 1_001), (1, 1_002), (1, 1_090), (1, 1_091)):
        held.show(row, tick, 5)
        held.consume(row, tick, 3)
    book.clear(held.levels, held.top, held.far)
    assert book.forget_unshown(held.taken, held.far, True) == 4
    assert [book.best(held.top, held.far, row) for row in range(2)] == [0, 0]
    held.show(1, 1_002, 4)
    held.show(1, 1_091, 2)
    assert book.forget_unshown(held.taken, held.far, False) == 2
    sizes = [
        (
            book.size_at(held.levels, held.top, held.far, 1, tick),
            book.taken_at(held.taken, held.top, held.far, 1, tick),
        )
        for tick in (1_001, 1_002, 1_090, 1_091)
    ]
    assert sizes == [(0, 0), (1, 3), (0, 0), (0, 2)]


def test_an_empty_book_has_nothing() -> None:
    levels, taken, top = book.new_book(64)
    far = book.new_far()
    assert book.best(top, far, 0) == book.best(top, far, 1) == 0
    assert book.size_at(levels, top, far, 0, 7) == book.taken_at(taken, top, far, 0, 7) == 0
    assert book.depth(levels, top, far, 1, 10_000) == 0
    book.put(levels, top, far, 0, 50, 3)
    book.put(levels, top, far, 0, 50, 0)
    assert not np.any(levels)
    assert top[0] == -1
