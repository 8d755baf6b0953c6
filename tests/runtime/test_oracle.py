"""The truth: it is what the market does next without us, and asking it changes nothing."""

from __future__ import annotations

from dataclasses import replace as replace_request
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from steersman.config import Settings
from steersman.domain.messages import Wake
from steersman.domain.units import SECOND_NS
from steersman.runtime.oracle import Truth, moves_after
from steersman.runtime.prepare import prepare
from steersman.runtime.record import record
from tests.advisor.questions import question
from tests.runtime import runs
from tests.runtime.runs import job
from tests.runtime.test_record import job as recording


def test_the_truth_is_the_move_that_the_market_makes() -> None:
    venue = job(horizon="30m").venue
    truth, twin = Truth(venue), venue.copy()
    told, seen = [], []
    for n in range(1, 12):
        at_ns = venue.now_ns + n * 121 * SECOND_NS
        told.append(truth(replace(question(), asked_ns=at_ns)))
        before = twin.run(Wake(twin.instrument.id, at_ns, None, None)).view.mid
        after = twin.run(Wake(twin.instrument.id, at_ns + 120 * SECOND_NS, None, None)).view.mid
        assert before is not None and after is not None
        seen.append((after > before) - (after < before))
    assert told == seen
    assert {1, -1} <= set(told)


def test_the_market_itself_does_not_notice() -> None:
    asked, alone = job(), job()
    Truth(asked.venue)(replace(question(), asked_ns=asked.venue.now_ns + 60 * SECOND_NS))
    wake = Wake(asked.instrument.id, asked.venue.now_ns + 90 * SECOND_NS, None, None)
    assert asked.venue.run(wake) == alone.venue.run(wake)


def test_moves_told_afterwards_are_those_that_were_told_before() -> None:
    venue = job(horizon="30m").venue
    truth, quiet = Truth(venue), venue.copy()
    times = [venue.now_ns + n * 61 * SECOND_NS for n in range(1, 20)]
    told = {at_ns: truth(replace(question(), asked_ns=at_ns)) for at_ns in times}
    assert moves_after(quiet, [*times[::-1], times[0]]) == told
    assert {1, -1} <= set(told.values())


def test_what_the_data_do_not_reach_is_no_move(tmp_path: Path) -> None:
    record(recording(tmp_path / "h"))
    request = runs.request(symbol="XRPUSDT", market=str(tmp_path / "h"), horizon="1m")
    venue = prepare(replace_request(request, qty=Decimal(500)), Settings({}), print).venue
    begin_ns = venue.now_ns
    early, late = begin_ns + 30 * SECOND_NS, begin_ns + 200 * SECOND_NS  # of four minutes
    moves = moves_after(venue, [late, early])
    assert set(moves) == {early, late} and moves[late] == 0
