"""Decisions taken together: right of the right and wrong, and the others apart."""

from __future__ import annotations

import pytest

from steersman.domain.messages import Verdict
from steersman.domain.valued import Worth
from steersman.tca.decisions import decisions
from steersman.tca.judged import judged as together
from steersman.tca.judged import record_of
from tests.tca.test_decisions import judged, valued

WORTHS = (Worth.RIGHT, Worth.RIGHT, Worth.RIGHT, Worth.WRONG, Worth.UNDECIDED, Worth.IDLE)


def test_nothing_is_said_of_decisions_that_nobody_judged() -> None:
    assert together(decisions(judged(1, "hold"), "p")) is None
    assert together(()) is None


def test_the_share_right_is_of_the_right_and_wrong_and_all_others_stand_apart() -> None:
    messages = []
    for at, worth in enumerate(WORTHS):
        messages += [*judged(at, "hold"), *valued(at, 0.0 if worth is Worth.IDLE else at, worth)]
    messages += judged(7, "hold")  # passed, and was not drawn
    messages += judged(8, "hold", Verdict.STALE)  # did not pass: no decision
    found = together(decisions(messages, "p"))
    assert found is not None and found.share_right is not None and found.gain_bps is not None
    counts = found.right, found.wrong, found.undecided, found.hindsight, found.idle, found.unjudged
    assert counts == (3, 1, 1, 0, 1, 1)
    assert (found.n, found.futures, found.caveat) == (5, 16, "")
    assert (found.share_right.value, found.share_right.n) == (0.75, 4)
    assert found.share_right.low == pytest.approx(0.3006, abs=1e-4)  # Wilson's
    assert found.gain_bps.value == pytest.approx(2.0) and found.gain_bps.n == 5
    assert found.document()["judged"] == 5


def test_hindsight_is_neither_right_nor_wrong_and_says_so() -> None:
    messages = [*judged(1, "hold"), *valued(1, 2.0, Worth.HINDSIGHT, half=None)]
    found = together(decisions(messages, "p"))
    assert found is not None and found.share_right is None
    assert "hindsight" in found.caveat and found.document()["caveat"] == found.caveat


def test_a_record_names_the_better_action() -> None:
    messages = [*judged(1, "hold"), *valued(1, 0.3, over={"finish": -0.4, "continue": 0.2})]
    (one,) = decisions(messages, "p")
    assert one.valued is not None
    record = record_of(one, one.valued)
    assert (record["asks_for"], record["worth"], record["better"]) == ("hold", "right", "finish")
    assert record["over"][1] == {
        "effect": "continue", "gain_bps": 0.2, "low_bps": 0.1, "high_bps": pytest.approx(0.3)
    }  # fmt: skip
