"""The truth: it is what the market does next without us, and asking it changes nothing."""

from __future__ import annotations

from msgspec.structs import replace

from steersman.domain.messages import Wake
from steersman.domain.units import SECOND_NS
from steersman.runtime.oracle import Truth
from tests.advisor.questions import question
from tests.runtime.runs import job


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
