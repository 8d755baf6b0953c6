"""What is published of a generated market: once each, when it is known, alike in both branches."""

from __future__ import annotations

from steersman.domain.market import Signals
from steersman.domain.messages import Wake
from steersman.domain.units import HOUR_NS, MINUTE_NS
from steersman.venues.flow import START_NS
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BTC


def market() -> SimulatedVenue:
    return SimulatedVenue.generated(BTC, seed=3, start_ns=START_NS, end_ns=START_NS + 2 * HOUR_NS)


def test_signals_are_told_once_a_minute_and_alike_in_both_branches() -> None:
    venue = market()
    told: list[Signals] = []
    for minute in range(1, 30):
        now_ns = venue.run(Wake(BTC.id, START_NS + minute * MINUTE_NS, None, None)).now_ns
        told += venue.signals_until(now_ns)
        assert venue.signals_until(now_ns) == ()
        assert all(signals.at_ns < now_ns for signals in told)
        if minute == 10:
            branch = venue.copy()
    times = [signals.at_ns for signals in told]
    assert len(set(times)) == len(times) >= 28
    later = branch.run(Wake(BTC.id, START_NS + 29 * MINUTE_NS, None, None)).now_ns
    assert branch.signals_until(later) == (told[-1],)


def test_a_generated_perpetual_sets_rates_of_its_own_and_given_ones_come_first() -> None:
    venue = market()
    due_ns = START_NS + HOUR_NS  # 16:00 UTC
    assert venue.funding_between(START_NS, START_NS + 2 * HOUR_NS) == ()
    venue.run(Wake(BTC.id, due_ns + MINUTE_NS, None, None))
    ((at_ns, rate_bps),) = venue.funding_between(START_NS, START_NS + 2 * HOUR_NS)
    assert at_ns == due_ns and abs(rate_bps) <= 37.5
    assert venue.funding_between(due_ns, START_NS + 2 * HOUR_NS) == ()
    given = ((due_ns, rate_bps + 1),)
    other = SimulatedVenue.generated(
        BTC, seed=3, start_ns=START_NS, end_ns=START_NS + HOUR_NS, funding=given
    )
    assert other.funding_between(START_NS, START_NS + 2 * HOUR_NS) == given
