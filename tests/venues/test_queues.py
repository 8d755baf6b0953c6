"""Where an own order stands once others have left its price: each model's promise, by hand."""

from __future__ import annotations

import pytest

from steersman.domain.units import Side
from steersman.errors import UsageError
from steersman.marketdata.events import DEPTH, TRADE
from steersman.venues import market as m_
from steersman.venues.queues import CAUTIOUS, QueueModel, front_power, power
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BOOK, BTC, QUIET, Desk, Row, recording

# After we have joined behind 5,000 lots: 5,000 more join, then 1,000 leave, of which 0 trade.
THINNED: tuple[Row, ...] = (
    *BOOK,
    (3, DEPTH, 1, 1_000_000, 10_000),
    (4, DEPTH, 1, 1_000_000, 9_000),
    *QUIET[5:],
)


def ahead(rows: tuple[Row, ...], queue: QueueModel) -> float:
    """Return the lots ahead of an order that joined at second 1.5, at the end."""
    desk = Desk(SimulatedVenue.recorded(BTC, recording(rows), queue=queue))
    desk.until(1.5)
    desk.rest("a", Side.BUY, "0.010", "100000.0")
    desk.until(8)
    order = desk.venue._m.orders[0]
    return float(order[m_.AHEAD] - order[m_.AHEAD_REST] / (1 << 20))


@pytest.mark.parametrize(
    ("queue", "left"),
    [
        (CAUTIOUS, 5_000),  # all left from behind us
        (power(1), 4_500),  # half of the queue is ahead: half of those who left
        (power(3), 4_500),  # symmetric
        (front_power(1), 4_500),
        (front_power(2), 4_750),  # (1/2)^2
        (front_power(0.5), 5_000 - 1_000 * 0.5**0.5),
    ],
)
def test_half_of_the_queue_is_behind_us(queue: QueueModel, left: float) -> None:
    assert ahead(THINNED, queue) == pytest.approx(left, abs=2e-3)


def test_uneven_queues_tell_the_families_apart() -> None:
    rows = (*BOOK, (3, DEPTH, 1, 1_000_000, 6_250), (4, DEPTH, 1, 1_000_000, 5_250), *QUIET[5:])
    share = 5_000 / 6_250  # ahead, of all
    assert ahead(rows, power(1)) == pytest.approx(5_000 - 1_000 * share, abs=2e-3)
    cubes = share**3 / (share**3 + (1 - share) ** 3)
    assert ahead(rows, power(3)) == pytest.approx(5_000 - 1_000 * cubes, abs=2e-3)
    assert ahead(rows, front_power(3)) == pytest.approx(5_000 - 1_000 * share**3, abs=2e-3)


def test_what_traded_is_not_counted_as_cancelled() -> None:
    rows = (
        *THINNED[:8],
        (4.5, TRADE, -1, 1_000_000, 500),
        (5, DEPTH, 1, 1_000_000, 8_500),
        *QUIET[6:],
    )
    assert ahead(rows, power(1)) == pytest.approx(4_000, abs=2e-3)
    cancelled = (*rows[:9], (5, DEPTH, 1, 1_000_000, 7_500), *QUIET[6:])  # and 1,000 left
    share = 4_000 / 8_500
    assert ahead(cancelled, power(1)) == pytest.approx(4_000 - 1_000 * share, abs=2e-3)


def test_whoever_cannot_have_stood_behind_us_stood_ahead() -> None:
    rows = (*BOOK, (3, DEPTH, 1, 1_000_000, 5_100), (4, DEPTH, 1, 1_000_000, 4_000), *QUIET[5:])
    # 1,100 left and only 100 were behind us: at least 1,000 of them were ahead
    assert ahead(rows, front_power(20)) == pytest.approx(4_000, abs=2e-3)


def test_many_small_cancels_are_not_rounded_away() -> None:
    one_by_one = tuple((3 + k / 1_000, DEPTH, 1, 1_000_000, 9_999 - k) for k in range(1_000))
    rows = (*BOOK, (2.9, DEPTH, 1, 1_000_000, 10_000), *one_by_one, *QUIET[5:])
    # with uniform cancels the share ahead stays what it was
    assert ahead(rows, power(1)) == pytest.approx(4_500, rel=1e-4)


@pytest.mark.parametrize("exponent", [0.0, -1.0, 21.0, float("nan")])
def test_an_exponent_without_sense_is_refused(exponent: float) -> None:
    for family in (power, front_power):
        with pytest.raises(UsageError, match="queue exponent"):
            family(exponent)
