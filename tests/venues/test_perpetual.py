"""What is published about a perpetual: once, in time, and nothing that is not yet known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.domain.instrument import Category
from steersman.domain.market import Signals
from steersman.domain.messages import Wake
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue

BTC = find("BTCUSDT", category=Category.LINEAR, venue="sim")


def market(hours: float = 1.0, symbol: str = "BTCUSDT", **more: object) -> SimulatedVenue:
    rules = find(symbol, venue="sim")
    end_ns = START_NS + int(hours * HOUR_NS)
    return SimulatedVenue.generated(rules, seed=1, start_ns=START_NS, end_ns=end_ns, **more)  # type: ignore[arg-type]


def told(venue: SimulatedVenue, at_ns: int) -> tuple[Signals, ...]:
    step = venue.run(Wake(venue.instrument.id, at_ns, None, None))
    return venue.signals_until(step.now_ns)


def test_once_a_minute_and_a_second_late() -> None:
    venue = market()
    early = told(venue, START_NS + 10 * MINUTE_NS + SECOND_NS - 1)
    assert [one.at_ns for one in early] == [START_NS + 9 * MINUTE_NS]
    (signals,) = told(venue, START_NS + 10 * MINUTE_NS + SECOND_NS)
    assert signals.at_ns == START_NS + 10 * MINUTE_NS
    assert told(venue, START_NS + 10 * MINUTE_NS + 30 * SECOND_NS) == ()
    assert signals.next_funding_ns == START_NS + HOUR_NS  # 16:00 UTC
    assert signals.liquidation_price is not None and signals.liquidation_long is not None
    view = venue.run(Wake(BTC.id, START_NS + 10 * MINUTE_NS + 31 * SECOND_NS, None, None)).view
    assert view.mid is not None
    assert (signals.liquidation_price < view.mid) is signals.liquidation_long


def test_how_often_one_asks_changes_nothing() -> None:
    often, seldom = market(), market()
    for minute in range(1, 30):
        found = told(often, START_NS + minute * MINUTE_NS + 2 * SECOND_NS)
    assert told(seldom, START_NS + 29 * MINUTE_NS + 2 * SECOND_NS) == found


def test_a_branch_tells_what_the_market_would() -> None:
    venue = market()
    told(venue, START_NS + 5 * MINUTE_NS)
    branch = venue.copy()
    later = START_NS + 20 * MINUTE_NS + 2 * SECOND_NS
    assert told(venue, later) == told(branch, later) != ()
    assert venue.hidden_regimes() == branch.hidden_regimes()


def test_funding_is_known_when_it_is_set() -> None:
    venue = market(hours=18.0, regime="calm")
    times = [START_NS + HOUR_NS, START_NS + 9 * HOUR_NS, START_NS + 17 * HOUR_NS]
    venue.run(Wake(BTC.id, times[0] - SECOND_NS, None, None))
    assert venue.funding_between(START_NS, times[-1] + 1) == ()
    venue.run(Wake(BTC.id, times[-1] + SECOND_NS, None, None))
    rates = venue.funding_between(START_NS, times[-1] + 1)
    assert [at_ns for at_ns, _ in rates] == times
    assert all(abs(rate) <= Decimal("37.5") for _, rate in rates)
    assert venue.funding_between(times[0], times[1]) == rates[1:2], "after, and up to"


@pytest.mark.parametrize("symbol", ["AAPL"])
def test_a_share_has_nothing_of_it(symbol: str) -> None:
    venue = market(hours=0.2, symbol=symbol)
    assert told(venue, START_NS + 5 * MINUTE_NS) == ()
    assert venue.funding_between(0, 1 << 62) == ()
