"""Which way advice turned, and how often the price went that way."""

from __future__ import annotations

from steersman.domain.advice import Action, Advice, NoAdvice
from steersman.domain.messages import Verdict
from steersman.domain.units import MS_NS, Side
from steersman.tca.turns import Tally, Turn, tally, turns_of
from tests.tca.story import ns
from tests.tca.test_decisions import judged

FASTER, SLOWER = Advice(pace_pct=140), Advice(pace_pct=20)


def test_a_turn_expects_the_move_that_it_would_be_right_for() -> None:
    messages = [
        *judged(1, "x", answer=FASTER),
        *judged(2, "x", answer=SLOWER),
        *judged(3, "x", answer=Advice(action=Action.HOLD)),
        *judged(4, "x", answer=Advice(action=Action.FINISH), verdict=Verdict.CLAMPED),
    ]
    asked = [ns(at) - 250 * MS_NS for at in (1, 2, 3, 4)]
    bought = [Turn(at, by) for at, by in zip(asked, (40, -80, -100, 100), strict=True)]
    assert list(turns_of(messages, "p", Side.BUY)) == bought
    sold = [Turn(turn.asked_ns, -turn.toward) for turn in bought]
    assert list(turns_of(messages, "p", Side.SELL)) == sold


def test_what_turns_nothing_or_did_not_pass_is_no_turn() -> None:
    messages = [
        *judged(1, "x", answer=Advice(pace_pct=100)),
        *judged(2, "x", answer=Advice()),
        *judged(3, "x", answer=FASTER, verdict=Verdict.STALE),
        *judged(4, "x", answer=FASTER, verdict=Verdict.LATE),
        *judged(5, "x", answer=FASTER, parent="other"),
        *judged(6, "x", answer=NoAdvice("timeout", "slow"), verdict=Verdict.TIMEOUT),
    ]
    assert turns_of(messages, "p", Side.BUY) == ()


def test_turns_are_counted_once_and_by_how_far_they_turned() -> None:
    turns = [Turn(1, 40), Turn(2, -80), Turn(3, 10), Turn(4, -20)]
    assert tally(turns, {1: 1, 2: 1, 3: 0, 4: -1}) == Tally(3, 2, 140, 60)
    assert tally([], {}) == Tally(0, 0, 0, 0)
