"""Journals read and measured, and what has to be said about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.domain.market import Regime
from steersman.domain.messages import ParentState, RegimeChanged, Tick
from steersman.errors import DataError, JournalError, UsageError
from steersman.journal import Journal
from steersman.report.cases import cases_of, document, problems, read_cases
from tests.report.told import Told
from tests.tca.story import Story, ns


def test_a_journal_is_read_with_where_it_is_from(tmp_path: Path) -> None:
    path = Told().whole().write(tmp_path / "one.journal")
    (case,) = read_cases([path])
    assert (case.name, case.source.sealed) == ("p (one.journal)", True)
    assert case.source.records == len(Told().whole().messages)
    assert problems([case]) == []
    figures = document(case)
    # 4 at 101 and 6 at 99 against a mid of 100, and fees of 0.01, of a value of 1000
    assert figures["is_bps"] == pytest.approx((4 - 6 + 0.01) / 1000 * 1e4)
    assert (figures["journal"], figures["ended"]) == ("one.journal", True)
    assert figures["journal_hash"] == case.source.journal_hash


def test_journals_of_one_name_are_told_apart(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for i, folder in enumerate(folders):
        folder.mkdir()
        Told(words=f"run {i}").whole().write(folder / "run.journal")
    first, second = read_cases([folder / "run.journal" for folder in folders])
    assert first.name == f"p ({folders[0] / 'run.journal'})" != second.name


def test_a_journal_still_being_written_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "open.journal"
    with Journal.create(path) as journal:
        for message in Told().whole().messages:
            journal.append(message)
        journal.sync()
        (case,) = read_cases([path])
    assert not case.source.sealed
    (said,) = problems([case])
    assert "open.journal was never closed: it is still being written" in said


def test_each_bad_order_is_named_for_what_it_is() -> None:
    running = Told(story=Story(qty="10").run("99", "101").fill(6, "4", "101"))
    nothing = Told(story=Story(qty="10").run("99", "101")).ended(ParentState.EXPIRED)
    part = Told(story=Story(qty="10").run("99", "101").fill(6, "4", "101"))
    refused = Told(story=Story().submit(0).change(ParentState.REFUSED, "no room"))
    said = [
        problems(told.cases())
        for told in (running, nothing, part.ended(ParentState.EXPIRED), refused)
    ]
    assert ["has not ended (running)" in said[0][0], len(said[0])] == [True, 1]
    assert ["has no fills" in said[1][0], len(said[1])] == [True, 1]
    assert ["filled 4 of 10 (expired: told so)" in said[2][0], len(said[2])] == [True, 1]
    assert ["never ran: no room" in said[3][0], len(said[3])] == [True, 1]


def test_what_cannot_be_reported_on_is_refused(tmp_path: Path) -> None:
    path = Told().whole().write(tmp_path / "one.journal")
    twin = tmp_path / "twin.journal"
    twin.write_bytes(path.read_bytes())
    with pytest.raises(UsageError, match="same journal"):
        read_cases([path, twin])
    with pytest.raises(JournalError, match="there is no journal"):
        read_cases([tmp_path / "absent"])
    empty = Told(story=Story()).write(tmp_path / "empty.journal")
    for given in ([empty], [path, empty]):
        with pytest.raises(DataError, match=r"no order in empty\.journal"):
            read_cases(given)
    with Journal.create(tmp_path / "bare.journal"):
        pass
    with pytest.raises(DataError, match="no records"):
        read_cases([tmp_path / "bare.journal"])


def test_messages_without_their_start_are_refused() -> None:
    told = Told().whole()
    (case,) = told.cases()
    with pytest.raises(DataError, match="start"):
        cases_of(told.messages[1:], case.source)


def test_the_regime_is_that_of_the_time() -> None:
    told = Told(story=Story(qty="10").run("99", "101"))
    turned = RegimeChanged(told.story.spec.id, Regime.NEWS, Regime.CALM, "headline")
    told.story.messages += [Tick(ns(5)), turned]
    (case,) = told.ended(ParentState.EXPIRED).cases()
    assert (case.regime_at(ns(4)), case.regime_at(ns(5))) == (Regime.CALM, Regime.NEWS)
