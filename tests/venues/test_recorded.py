"""What happens to the recording itself is told with the number of its event, never silently."""

from __future__ import annotations

from steersman.domain.market import NoteKind
from steersman.domain.units import Side
from steersman.marketdata.events import DEPTH, GAP
from tests.venues.desk import BOOK, QUIET, Desk


def test_a_book_is_crossed_only_after_a_whole_message() -> None:
    crossing = ((3, DEPTH, 1, 1_000_001, 7), (3, DEPTH, -1, 1_000_001, 0), *QUIET[5:])
    desk = Desk.on((*BOOK, *crossing))
    desk.until(5)
    assert not any(step.notes for step in desk.steps)


def test_a_crossed_book_is_told_with_its_event_and_nothing_is_done_on_it() -> None:
    desk = Desk.on(
        (*BOOK, (3, DEPTH, 1, 1_000_001, 7), *QUIET[3:6], (8, DEPTH, -1, 1_000_001, 0), *QUIET[8:])
    )
    step = desk.until(3.5)
    assert [(note.kind, note.event) for note in step.notes] == [(NoteKind.CROSSED, 6)]
    assert step.view.invalid == "the recorded book is crossed" and step.view.best_bid is None
    desk.take("a", Side.BUY, "0.010", "100010.0")
    assert desk.until(7).view.invalid
    assert desk.said("a") == ["Accepted", "Cancelled"] and not desk.fills
    step = desk.until(8.5)
    assert [(note.kind, note.event) for note in step.notes] == [(NoteKind.RECOVERED, 10)]
    assert step.view.usable and str(step.view.best_bid) == "100000.1"


def test_a_gap_its_recovery_and_the_end_are_told_with_their_events() -> None:
    desk = Desk.on((*BOOK, (2, GAP, 0, 0, 0), *((3, *row[1:]) for row in BOOK), *QUIET[4:]))
    desk.until(30)
    notes = [(note.kind.value, note.event) for step in desk.steps for note in step.notes]
    assert notes == [("gap", 6), ("recovered", 12), ("ended", 19)]


def test_a_level_that_crosses_the_book_fills_nobody_at_its_price() -> None:
    rows = (*BOOK, (3, DEPTH, -1, 999_990, 5), (4, DEPTH, -1, 999_990, 0), *QUIET[5:])
    desk = Desk.on(rows)
    desk.until(1.5)
    desk.rest("a", Side.BUY, "0.010", "99999.0")
    step = desk.until(3.5)
    assert step.view.invalid and not desk.fills
    assert desk.until(8).view.usable and not desk.fills


def test_what_came_to_our_price_fills_us_once_the_message_is_whole() -> None:
    crossing = ((3, DEPTH, -1, 1_000_000, 5), (3, DEPTH, 1, 1_000_000, 0), *QUIET[5:])
    desk = Desk.on((*BOOK, *crossing))
    desk.until(1.5)
    desk.rest("a", Side.BUY, "0.010", "100000.0")
    desk.until(8)
    assert [str(fill.qty) for fill in desk.fills] == ["0.005"]
    assert not any(step.notes for step in desk.steps)
