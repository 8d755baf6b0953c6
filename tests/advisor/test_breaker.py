"""The breaker: opens after failures in a row, tries once after the cool-down, in market time."""

from __future__ import annotations

from steersman.advisor.breaker import COOL_DOWN_NS, FAILURES_MAX, Breaker


def opened() -> Breaker:
    breaker = Breaker()
    for n in range(FAILURES_MAX):
        assert breaker.admits(n)
        breaker.note(n, good=False)
    return breaker


LAST_NS = FAILURES_MAX - 1
TRIAL_NS = LAST_NS + COOL_DOWN_NS


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker()
    for n in range(20):
        breaker.note(n, good=n % FAILURES_MAX == FAILURES_MAX - 1)
        assert breaker.admits(n)
    assert not opened().admits(LAST_NS)
    assert not opened().admits(TRIAL_NS - 1)


def test_after_the_cool_down_one_trial_decides() -> None:
    breaker = opened()
    assert breaker.admits(TRIAL_NS)
    assert not breaker.admits(TRIAL_NS + 1), "one trial at a time"
    breaker.note(TRIAL_NS + 2, good=False)
    assert not breaker.admits(TRIAL_NS + 3)
    again_ns = TRIAL_NS + 2 + COOL_DOWN_NS
    assert breaker.admits(again_ns)
    breaker.note(again_ns + 1, good=True)
    assert breaker.admits(again_ns + 1) and breaker.admits(again_ns + 2)


def test_what_is_noted_of_later_does_not_count_yet() -> None:
    breaker = Breaker()
    for n in (300, 100, 200):
        breaker.note(n, good=False)
    assert breaker.admits(299)
    assert not breaker.admits(300)
