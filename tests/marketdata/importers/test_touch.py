from __future__ import annotations

import random

import numpy as np
import pytest

from steersman.marketdata.events import DEPTH, EVENT
from steersman.marketdata.importers.touch import Touch, TouchBook, TouchCheck
from tests.marketdata.reference import ReferenceBook
from tests.marketdata.sample import random_events


@pytest.mark.parametrize("seed", range(5))
def test_the_touch_is_the_reference_books(seed: int) -> None:
    rng = random.Random(seed)
    book, reference = TouchBook(), ReferenceBook()
    for step in range(5_000):
        side, tick = rng.choice([1, -1]), rng.randint(1, 60)
        levels = reference.bids if side == 1 else reference.asks
        lots = 0 if tick in levels and rng.random() < 0.6 else rng.randint(1, 9)
        book.put(side, tick, lots)
        reference.apply((1, 1, lots, tick, DEPTH, side, 0))
        assert book.touch(step)[1:] == reference.touch()
        assert book.is_crossed() == reference.is_crossed()


def test_levels_that_come_and_go_do_not_fill_the_memory() -> None:
    book = TouchBook()
    book.put(1, 1_000_000, 1)
    for tick in range(1, 20_000):
        book.put(1, tick, 1)
        book.put(1, tick, 0)
    assert len(book._sides[1]._heap) < 2_000
    assert book.touch() == (0, 1_000_000, 1, 0, 0)


def test_deleting_what_is_not_there_is_nothing() -> None:
    book = TouchBook()
    book.put(1, 5, 0)
    assert book.touch() == (0, 0, 0, 0, 0)
    assert not book.is_crossed()
    book.put(1, 5, 1)
    book.put(-1, 5, 1)
    assert book.is_crossed()  # a locked book is one too
    book.clear()
    assert book.touch() == (0, 0, 0, 0, 0)


def test_replay_leaves_the_book_that_row_by_row_leaves() -> None:
    events = random_events(4_000)
    book, reference = TouchBook(), ReferenceBook()
    for row in events.tolist():
        reference.apply(row)
    book.replay(events[at : at + 700] for at in range(0, 4_000, 700))
    assert book.touch()[1:] == reference.touch()


def touch(update_id: int, bid_tick: int = 10) -> Touch:
    return Touch(update_id, bid_tick, 1, 12, 1)


def test_the_last_word_up_to_an_update_is_what_counts() -> None:
    check = TouchCheck()
    check.build(touch(5, 10))
    check.say(touch(3, 9))
    check.say(touch(5, 10))
    assert check.checked == 0  # another word on 5 could still come
    check.say(touch(6, 11))
    assert (check.checked, check.agreed) == (1, 1)
    check.build(touch(7, 99))
    check.say(touch(8, 12))
    assert (check.checked, check.agreed) == (2, 1)


def test_what_was_built_before_the_first_word_is_not_judged() -> None:
    check = TouchCheck()
    check.build(touch(2))
    check.say(touch(4))
    check.say(touch(6))
    assert check.checked == 0
    check.build(touch(5))
    assert (check.checked, check.agreed) == (1, 1)


def test_words_that_go_back_are_ignored() -> None:
    check = TouchCheck()
    for said in (touch(4), touch(3, 99), touch(4, 99), touch(9)):
        check.say(said)
    check.build(touch(5))
    assert (check.checked, check.agreed) == (1, 1)


def test_empty_batches_are_nothing() -> None:
    book = TouchBook()
    book.replay([np.empty(0, EVENT)])
    assert book.touch() == (0, 0, 0, 0, 0)
