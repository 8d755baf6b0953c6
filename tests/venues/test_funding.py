"""What a position pays at a funding time, worked out by hand; the exchange's clock decides."""

from __future__ import annotations

from decimal import Decimal as D

import numpy as np
import numpy.typing as npt
import pytest

from steersman.domain.instrument import Category, Instrument
from steersman.domain.messages import Approved, Filled, FundingPaid, Intent, Place, Wake
from steersman.domain.order import Style, TimeInForce
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, SECOND_NS, Price, Qty, Side
from steersman.errors import DataError, UsageError
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, LAST, SNAPSHOT, TRADE
from steersman.venues.flow import START_NS
from steersman.venues.funding import Rates
from steersman.venues.latency import Delay, Latency, constant_latency
from steersman.venues.peg import new_peg
from steersman.venues.simulated import SimulatedVenue

BTC = find("BTCUSDT", venue="sim")
BTCUSD = find("BTCUSD", venue="sim")
DUE_NS = 1_760_000_400 * SECOND_NS  # a whole hour
LATENCY_NS = 10_000_000
RATE = D("1.5")  # bps


def market(
    *rows: tuple[int, int, int, int, int], feed_ns: int = 1_000_000, end_s: int = 20
) -> npt.NDArray[np.void]:
    """A book of 100,000.0 / 100,000.1, and what follows: ns from the funding time, kind, side..."""
    book = [
        (-10 * SECOND_NS, CLEAR, 0, 0, 0),
        (-10 * SECOND_NS, SNAPSHOT, 1, 1_000_000, 5_000),
        (-10 * SECOND_NS, SNAPSHOT, -1, 1_000_001, 5_000),
    ]
    ticking = [(k * SECOND_NS, DEPTH, 1, 990_000 + k, 10) for k in range(-9, end_s)]
    listed = [*book, *sorted([*ticking, *rows], key=lambda row: row[0])]
    events = np.zeros(len(listed), EVENT)
    for i, (after_ns, kind, side, tick, lots) in enumerate(listed):
        at_ns = DUE_NS + after_ns
        flags = LAST if i >= len(book) - 1 else 0
        events[i] = (at_ns, at_ns + feed_ns, lots, tick, kind, side, flags)
    return events


def venue_of(
    events: npt.NDArray[np.void],
    rates: Rates = ((DUE_NS, RATE),),
    spec: Instrument = BTC,
    latency_ns: int = LATENCY_NS,
) -> SimulatedVenue:
    latency = constant_latency(LATENCY_NS, latency_ns)
    return SimulatedVenue.recorded(spec, events, funding=rates, latency=latency)


def order(
    venue: SimulatedVenue, side: Side, qty: str, price: str, child: str = "p-1", rest: bool = False
) -> None:
    place = Place(
        child_id=child,
        parent_id=child.partition("-")[0],
        instrument=venue.instrument.id,
        side=side,
        qty=Qty(D(qty)),
        price=Price(D(price)),
        tif=TimeInForce.POST_ONLY if rest else TimeInForce.IOC,
        style=Style.PASSIVE,
        reason="test",
    )
    request: Approved[Intent] = Approved(place)
    venue.send(request, venue.now_ns)


def heard(venue: SimulatedVenue, until_ns: int) -> list[tuple[int, object]]:
    """Run to a local time; return every fill and payment with the time at which it was known."""
    told: list[tuple[int, object]] = []
    while venue.now_ns < until_ns:
        step = venue.run(Wake(venue.instrument.id, until_ns, None, None))
        told += [(step.now_ns, r) for r in step.reports if isinstance(r, Filled)]
        told += [(step.now_ns, paid) for paid in step.funding]
        if step.ended and not step.reports:
            break
    return told


def payments(venue: SimulatedVenue, until_ns: int = DUE_NS + 5 * SECOND_NS) -> list[FundingPaid]:
    return [said for _, said in heard(venue, until_ns) if isinstance(said, FundingPaid)]


# -- the arithmetic -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "price", "rate", "amount"),
    [
        (Side.BUY, "100001.0", "1.5", "30.0000150"),  # 2 x 100,000.05 x 0.00015
        (Side.SELL, "99999.0", "1.5", "-30.0000150"),  # the short receives it
        (Side.BUY, "100001.0", "-1.5", "-30.0000150"),
        (Side.SELL, "99999.0", "-1.5", "30.0000150"),
        (Side.BUY, "100001.0", "0", "0"),
    ],
)
def test_a_linear_position_pays_its_value_times_the_rate(
    side: Side, price: str, rate: str, amount: str
) -> None:
    venue = venue_of(market(), ((DUE_NS, D(rate)),))
    order(venue, side, "2", price)
    (paid,) = payments(venue)
    assert paid.mark == D("100000.05")
    assert paid.position == 2 * side.sign
    assert paid.amount == D(amount)
    assert (paid.parent_id, paid.instrument, paid.venue_ns) == ("p", BTC.id, DUE_NS)


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_an_inverse_position_pays_in_base(side: Side, sign: int) -> None:
    """4,000 contracts of 1 USD at 40,000.0 are worth 0.1 BTC; 2.5 bps of that is 0.000025."""
    events = market()
    rows = [(1, 1_000_000, 399_999), (-1, 1_000_001, 400_001)]
    for row, (_, was, now) in enumerate(rows, 1):
        assert events["tick"][row] == was
        events["tick"][row] = now
    events["lots"][1:3] = 9_000
    events["tick"][3:] -= 990_000 - 300_000
    venue = venue_of(events, ((DUE_NS, D("2.5")),), BTCUSD)
    order(venue, side, "4000", "40001" if side is Side.BUY else "39999")
    (paid,) = payments(venue)
    assert [paid.position, paid.mark] == [4000 * sign, 40_000]
    assert paid.amount == D("0.000025") * sign


# -- who holds what when --------------------------------------------------------------------------
@pytest.mark.parametrize(("after_ns", "held"), [(-1, "1"), (0, "1"), (1, None)])
def test_a_maker_fill_counts_up_to_the_funding_time_itself(after_ns: int, held: str | None) -> None:
    """The trade that empties the level fills us at its exchange time, to the nanosecond."""
    venue = venue_of(market((after_ns, TRADE, -1, 999_999, 9_000)))
    order(venue, Side.BUY, "1", "100000.0", rest=True)
    told = heard(venue, DUE_NS + 5 * SECOND_NS)
    (fill,) = [said for _, said in told if isinstance(said, Filled)]
    assert fill.venue_ns == DUE_NS + after_ns
    paid = [said for _, said in told if isinstance(said, FundingPaid)]
    assert [p.position for p in paid] == ([] if held is None else [D(held)])


@pytest.mark.parametrize(("after_ns", "held"), [(-1, True), (0, True), (1, False)])
def test_a_taker_fill_counts_by_its_arrival(after_ns: int, held: bool) -> None:
    venue = venue_of(market())
    heard(venue, DUE_NS + after_ns - LATENCY_NS)
    order(venue, Side.BUY, "1", "100001.0")
    assert bool(payments(venue)) is held


@pytest.mark.parametrize(
    ("after_ns", "mark"), [(-1, "99995.05"), (0, "99995.05"), (1, "100000.05")]
)
def test_the_mark_is_the_mid_at_the_funding_time(after_ns: int, mark: str) -> None:
    venue = venue_of(
        market((-2 * SECOND_NS, DEPTH, 1, 999_900, 10), (after_ns, DEPTH, 1, 1_000_000, 0))
    )
    order(venue, Side.BUY, "1", "100001.0")
    (paid,) = payments(venue)
    assert paid.mark == D(mark)


def test_it_is_known_when_the_report_latency_has_passed_and_after_the_fills_of_its_time() -> None:
    venue = venue_of(market((0, TRADE, -1, 999_999, 9_000)))
    order(venue, Side.BUY, "1", "100000.0", rest=True)
    told = heard(venue, DUE_NS + SECOND_NS)
    assert [(at_ns, type(said)) for at_ns, said in told] == [
        (DUE_NS + LATENCY_NS, Filled),
        (DUE_NS + LATENCY_NS, FundingPaid),
    ]
    paid = told[1][1]
    assert isinstance(paid, FundingPaid) and paid.at_ns == DUE_NS + LATENCY_NS


def test_a_slow_feed_holds_the_payment_back_until_the_exchange_is_known_so_far() -> None:
    """Nothing here can know what the exchange did by then: the fill before it comes first."""
    slow_ns = 700_000_000
    venue = venue_of(market((-1, TRADE, -1, 999_999, 9_000), feed_ns=slow_ns))
    order(venue, Side.BUY, "1", "100000.0", rest=True)
    told = heard(venue, DUE_NS + 5 * SECOND_NS)
    assert [at_ns - DUE_NS for at_ns, _ in told] == [slow_ns - 1, slow_ns]
    assert isinstance(told[1][1], FundingPaid)


def test_without_a_position_nothing_is_said_and_nothing_is_different() -> None:
    """Also where a position was closed in time; a run without rates stops at the same places."""
    rates: Rates = ((DUE_NS, RATE),)
    for funding in ((), rates):
        venue = venue_of(market(), funding)
        order(venue, Side.BUY, "1", "100001.0")
        order(venue, Side.SELL, "1", "99999.0", "p-2")
        told = heard(venue, DUE_NS + 5 * SECOND_NS)
        assert [type(said) for _, said in told] == [Filled, Filled]
        step = venue.run(Wake(BTC.id, DUE_NS + 15 * SECOND_NS, None, None))
        assert step.now_ns == DUE_NS + 15 * SECOND_NS and not step.funding


def test_each_parent_pays_for_its_own_fills() -> None:
    venue = venue_of(market())
    order(venue, Side.BUY, "2", "100001.0", "long-1")
    order(venue, Side.SELL, "0.5", "99999.0", "short-1")
    assert {p.parent_id: p.position for p in payments(venue)} == {"long": 2, "short": D("-0.5")}


def test_two_fundings_in_a_row_pay_on_what_is_held_at_each() -> None:
    later_ns = DUE_NS + HOUR_NS
    venue = venue_of(market(end_s=3_700), ((DUE_NS, RATE), (later_ns, D("-4"))))
    order(venue, Side.BUY, "2", "100001.0")
    heard(venue, DUE_NS - SECOND_NS)
    paid = payments(venue, DUE_NS + SECOND_NS)
    order(venue, Side.SELL, "0.5", "99999.0", "p-2")
    paid += payments(venue, later_ns + SECOND_NS)
    assert [(p.venue_ns, p.position) for p in paid] == [(DUE_NS, 2), (later_ns, D("1.5"))]
    assert paid[1].amount == -D("1.5") * paid[1].mark * 4 / 10_000


def test_a_copy_settles_like_the_original_and_apart_from_it() -> None:
    venue = venue_of(market())
    order(venue, Side.BUY, "1", "100001.0")
    heard(venue, DUE_NS - 5 * SECOND_NS)
    branch = venue.copy()
    order(branch, Side.BUY, "1", "100001.0", "p-2")
    assert [p.position for p in payments(branch)] == [2]
    assert [p.position for p in payments(venue)] == [1]


def test_a_generated_market_settles_at_the_exchange_time_too() -> None:
    due_ns = (START_NS // HOUR_NS + 1) * HOUR_NS
    begin_ns = due_ns - 30 * SECOND_NS
    venue = SimulatedVenue.generated(
        BTC, seed=5, start_ns=begin_ns, end_ns=due_ns + 60 * SECOND_NS, funding=((due_ns, RATE),)
    )
    order(venue, Side.SELL, "0.5", "1000.0")
    ((known_ns, paid),) = [
        (at_ns, said)
        for at_ns, said in heard(venue, due_ns + SECOND_NS)
        if isinstance(said, FundingPaid)
    ]
    assert known_ns == due_ns + LATENCY_NS
    tape = venue.tape()
    at = np.searchsorted(tape.touch_ns, due_ns, side="right") - 1
    mid = D(int(tape.bid_ticks[at] + tape.ask_ticks[at])) / 2 * BTC.tick
    assert paid.mark == mid and paid.position < 0
    assert paid.amount == paid.position * mid * RATE / 10_000


def test_what_is_due_between_two_times_can_be_asked() -> None:
    venue = venue_of(market(), ((DUE_NS, RATE), (DUE_NS + HOUR_NS, D(2))))
    assert venue.funding_between(DUE_NS - 1, DUE_NS) == ((DUE_NS, RATE),)
    assert venue.funding_between(DUE_NS, DUE_NS + HOUR_NS) == ((DUE_NS + HOUR_NS, D(2)),)


# -- what cannot be -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rates", "spec", "words"),
    [
        (((DUE_NS, RATE),), find("BTCUSDT", category=Category.SPOT), "has no funding"),
        (((DUE_NS, RATE),), find("AAPL"), "has no funding"),
        (((DUE_NS + 1, RATE),), BTC, "out of place"),
        (((DUE_NS, RATE), (DUE_NS, RATE)), BTC, "out of place"),
        (((DUE_NS + HOUR_NS, RATE), (DUE_NS, RATE)), BTC, "out of place"),
        (((DUE_NS, D("nan")),), BTC, "rate of NaN"),
        (((DUE_NS, D(10_000)),), BTC, "rate of 10000"),
    ],
)
def test_rates_that_cannot_be_a_schedule_are_refused(
    rates: Rates, spec: Instrument, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        venue_of(market(), rates, spec)


def test_funding_needs_a_price() -> None:
    one_sided = market()
    one_sided["lots"][1] = 0
    one_sided["kind"][1] = DEPTH
    one_sided["tick"][3:] = 1_000_005
    one_sided["side"][3:] = -1
    venue = venue_of(one_sided[[0, 2, *range(3, len(one_sided))]])
    order(venue, Side.BUY, "1", "100001.0")
    with pytest.raises(DataError, match="before any price"):
        payments(venue)


@pytest.mark.parametrize("seed", range(20))
def test_a_fill_whose_report_is_slow_is_part_of_the_position(seed: int) -> None:
    events = market()
    events = events[events["exch_ns"] != DUE_NS]
    drawn = Latency(Delay.constant(0), Delay.sampled([1_000_000, 200_000_000]))
    venue = SimulatedVenue.recorded(
        BTC, events, funding=((DUE_NS, RATE),), latency=drawn, seed=seed
    )
    heard(venue, DUE_NS - 1_000_000)
    order(venue, Side.BUY, "1.000", "100010.0")
    assert len(payments(venue)) == 1


def test_a_compiled_strategy_is_refused_where_funding_would_be_due() -> None:
    venue = venue_of(market())
    peg = new_peg(
        start_ns=venue.now_ns, step_ns=SECOND_NS, steps=5, slices=1, slice_lots=100, side=1,
        reach_ticks=100, passive=False, order_latency_ns=0,
    )  # fmt: skip
    with pytest.raises(UsageError, match="no funding here"):
        venue.drive(peg, "t")
