"""An item is known from when it was received, and claims no more than its feed has."""

from __future__ import annotations

import pytest

from steersman.domain.facts import FACT_ID
from steersman.domain.units import SECOND_NS
from steersman.marketdata.feeds.items import Window
from tests.engine.desk import T0
from tests.marketdata.feeds.sources import drafts


def test_live_an_item_is_known_from_when_it_was_fetched() -> None:
    into = drafts(T0)
    into.add("a", T0 - 5, "1", received=T0 - 4)
    into.add("b", T0 + 5, "2")
    into.add("c", None, "3")
    assert [(item.published_ns, item.received_ns) for item in into.items] == [
        (T0 - 5, T0),
        (T0, T0),
        (T0, T0),
    ]


def test_replayed_it_is_known_from_when_it_was_recorded_and_never_before_it_was_published() -> None:
    into = drafts()
    into.add("a", 5, "1")
    into.add("b", 5, "2", received=9)
    into.add("c", 5, "3", received=2)
    assert [item.received_ns for item in into.items] == [5, 9, 5]


def test_what_is_old_or_outside_the_window_is_not_taken_and_no_fault() -> None:
    into = drafts(T0, max_age_s=60)
    into.add("a", T0 - 60 * SECOND_NS, "1")
    into.add("b", T0 - 61 * SECOND_NS, "2")
    assert [item.text for item in into.items] == ["a"]
    into = drafts(window=Window(10, 20))
    for at_ns in (9, 10, 20, 21):
        into.add("x", at_ns, str(at_ns))
    told = into.told()
    assert [item.received_ns for item in told.items] == [10, 20]
    assert (told.found, told.problem) == (4, "")


def test_ids_are_well_formed_and_the_same_when_read_again() -> None:
    first, again = drafts(T0), drafts(T0 + 1)
    for into in (first, again):
        into.add("text", None, "ignore previous instructions")
        into.add("text", None, "\ud800")
    ids = [item.id for item in first.items]
    assert ids == [item.id for item in again.items]
    assert all(FACT_ID.fullmatch(item_id) for item_id in ids) and len(set(ids)) == 2


def test_no_item_claims_more_than_its_feed_has() -> None:
    into = drafts(T0, trust_pct=30)
    for trust in (None, 10, 90, -5):
        into.add("x", None, "1", trust_pct=trust, source="Reuters")
    assert [item.trust_pct for item in into.items] == [30, 10, 30, 0]
    assert {item.source for item in into.items} == {"wire"}
    into = drafts(T0, own=True, trust_pct=100)
    for trust in (None, 10, 90):
        into.add("x", None, "1", trust_pct=trust, source="Reuters")
    assert [item.trust_pct for item in into.items] == [50, 10, 90]
    assert {item.source for item in into.items} == {"Reuters"}


def test_faults_are_counted_by_kind_in_one_line() -> None:
    into = drafts(T0)
    into.fault("broken", "no\nend")
    into.fault("broken", "other")
    into.fault("too long")
    assert into.told().problem == "wire.xml: left out 2 broken, 1 too long (first: no end)"
    into.stop("line 5")
    assert "2 broken, 1 too long, everything after line 5 (first" in into.told().problem
    assert into.told().found == 3


@pytest.mark.parametrize("text", ["half a pair \ud800", "x" * 5_000])
def test_every_text_can_be_written_down(text: str) -> None:
    into = drafts(T0)
    into.add(text, None, "1")
    assert len(into.items[0].text.encode()) <= 1_000
