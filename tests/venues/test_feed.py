"""The public feed of the built-in market: whoever replays it is in the same market."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from steersman.domain.messages import Accepted, Filled, Wake
from steersman.domain.order import TimeInForce
from steersman.domain.units import Side
from steersman.errors import DataError
from steersman.marketdata.events import CLEAR, DEPTH, LAST, SNAPSHOT, TRADE
from steersman.marketdata.manifest import Part
from steersman.marketdata.rows import Events, find_violation
from steersman.venues.feed import SimulatedFeed
from steersman.venues.flow import START_NS
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BTC, SECOND_NS, post

END_NS = START_NS + 90 * SECOND_NS
FEED_NS = 5_000_000


def feed(seed: int = 7, end_ns: int = END_NS) -> SimulatedFeed:
    return SimulatedFeed(BTC, seed=seed, end_ns=end_ns)


def drained(source: SimulatedFeed, *steps_ns: int) -> Events:
    """Read to each time in turn, and then to the end."""
    read = []
    for until_ns in (*steps_ns, END_NS):
        while len(rows := source.read(until_ns)):
            assert rows["exch_ns"][-1] <= until_ns
            read.append(rows)
    return np.concatenate(read)


def both(seed: int = 7) -> tuple[SimulatedVenue, SimulatedVenue]:
    """Return the market itself, watched from its start on, and the replay of its feed."""
    market = SimulatedVenue.generated(BTC, seed=seed, start_ns=START_NS, end_ns=END_NS)
    market._m.obs_i[:] = 0  # a recording cannot know what was before it
    market._m.obs_f[:] = 0.0
    return market, SimulatedVenue.recorded(BTC, drained(feed(seed)))


@pytest.mark.parametrize("pause_ns", [50_000_000, 1_234_567_891])
def test_the_replay_shows_what_the_market_shows_at_any_time(pause_ns: int) -> None:
    market, replay = both()
    for at_ns in range(START_NS, END_NS - SECOND_NS, pause_ns):
        views = [venue.run(Wake(BTC.id, at_ns, None, None)).view for venue in (market, replay)]
        # A market counts taker orders, a feed prints; a snapshot has a time, its book an older.
        one, two = (msgspec.structs.replace(view, trades=0) for view in views)
        if two.exch_ns == START_NS - FEED_NS:
            two = msgspec.structs.replace(two, exch_ns=one.exch_ns, feed_age_ns=one.feed_age_ns)
        assert one == two, at_ns
    left, right = market.tape(), replay.tape()
    assert len(left.trade_ns) > 500 and len(left.touch_ns) > 100
    for name in ("touch_ns", "bid_ticks", "ask_ticks"):
        # The first touch was there before the recording began.
        assert getattr(left, name)[1:].tolist() == getattr(right, name)[1:].tolist(), name
    for name in ("trade_ns", "trade_ticks", "trade_lots", "trade_side", "trade_own"):
        assert getattr(left, name).tolist() == getattr(right, name).tolist(), name


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
@pytest.mark.parametrize("second", [3.0, 31.337, 77.7])
def test_the_first_take_gets_the_same_on_both(side: Side, second: float) -> None:
    heard = []
    for venue in both():
        step = venue.run(Wake(BTC.id, START_NS + round(second * SECOND_NS), None, None))
        touch = step.view.best_ask if side is Side.BUY else step.view.best_bid
        assert touch is not None
        limit = touch + 40 * side.sign
        venue.send(post("a", side, "25.000", str(limit), TimeInForce.IOC), venue.now_ns)
        said = venue.run(Wake(BTC.id, venue.now_ns + SECOND_NS, None, None)).reports
        heard.append(said)
    assert heard[0] == heard[1]
    assert isinstance(heard[0][0], Accepted)
    assert sum(isinstance(report, Filled) for report in heard[0]) > 5  # it swept levels


def test_the_rows_are_a_venues_messages() -> None:
    rows = drained(feed())
    assert find_violation(rows, exch_ns=0, recv_ns=0) is None
    assert (rows["recv_ns"] - rows["exch_ns"] == FEED_NS).all()
    first = int(np.flatnonzero(rows["flags"])[0]) + 1
    assert rows["recv_ns"][0] == START_NS
    assert rows["kind"][:first].tolist() == [CLEAR] + [SNAPSHOT] * (first - 1)
    ends = np.flatnonzero(rows["flags"] == LAST) + 1
    assert ends[-1] == len(rows)
    sweeps = 0
    for begin, end in pairwise(ends):
        message = rows[begin:end]
        assert len(set(message["exch_ns"].tolist())) == 1
        trades, levels = message[message["kind"] == TRADE], message[message["kind"] == DEPTH]
        if len(trades):  # the trades, then the levels they left, of the other side
            assert message["kind"].tolist() == [TRADE] * len(trades) + [DEPTH] * len(levels)
            assert trades["tick"].tolist() == levels["tick"].tolist()
            assert (levels["side"] == -trades["side"]).all()
            sweeps += len(trades) > 1
        else:
            assert len(levels) == 1
    assert sweeps > 10


def test_how_it_is_read_changes_nothing() -> None:
    whole = drained(feed())
    rng = np.random.default_rng(5)
    steps = np.sort(rng.integers(START_NS, END_NS, 40)).tolist()
    assert np.array_equal(drained(feed(), *steps), whole)
    assert not np.array_equal(drained(feed(seed=8)), whole)
    longer = SimulatedFeed(BTC, seed=7, end_ns=END_NS + 60 * SECOND_NS)
    assert np.array_equal(drained(longer), whole)


def part(rows: Events, tail: dict[str, int]) -> Part:
    last = rows[-1]
    return Part("x", len(rows), 1, "", 1, int(last["exch_ns"]), 1, 1, 0, 0, (), tail)


@pytest.mark.parametrize("second", [0.0, 0.5, 40.0])
def test_it_goes_on_where_a_recording_ended(second: float) -> None:
    source = feed()
    until_ns = START_NS + round(second * SECOND_NS)
    before = []
    while len(rows := source.read(until_ns)):
        before.append(rows)
    again = feed(end_ns=END_NS)
    again.begin(part(before[-1], source.tail()))
    assert again.tail() == source.tail()
    rest = drained(again)
    assert np.array_equal(np.concatenate([*before, rest]), drained(feed()))
    assert again.tail()["events"] == len(rest) + sum(map(len, before))


def test_it_does_not_go_on_after_another_market() -> None:
    source = feed()
    last = part(source.read(END_NS), source.tail())
    with pytest.raises(DataError, match="recorded there with seed 7, not 8; give that seed"):
        feed(seed=8).begin(last)
    for name in ("crc32", "events"):
        other = msgspec.structs.replace(last, tail={**last.tail, name: last.tail[name] + 1})
        with pytest.raises(DataError, match="a market that this version does not make"):
            feed().begin(other)
