"""Delays: constant, drawn from what was observed, or interpolated between recorded round trips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steersman.domain.messages import Accepted, Wake
from steersman.domain.units import MS_NS, SECOND_NS, Side
from steersman.errors import DataError, UsageError
from steersman.marketdata.events import DEPTH
from steersman.venues.latency import FEED, ORDER, REPORT, Delay, Latency
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BOOK, BTC, QUIET, START_NS, Desk, recording

HEADER = "sent_ns,exchange_ns,received_ns\n"


def test_a_sampled_delay_has_the_quantiles_of_what_was_observed() -> None:
    observed = np.random.default_rng(3).gamma(2.0, 4e6, 5_000).astype(int)
    delay = Delay.sampled(observed.tolist())
    drawn = [delay.of(7, REPORT, n, 0) for n in range(20_000)]
    for share in (0.05, 0.5, 0.95, 0.99):
        assert np.quantile(drawn, share) == pytest.approx(np.quantile(observed, share), rel=0.05)
    assert min(drawn) >= observed.min() and max(drawn) <= observed.max()


def test_legs_seeds_and_messages_have_draws_of_their_own() -> None:
    delay = Delay.log_normal(5 * MS_NS, 0.5)
    draws = {delay.of(seed, leg, n, 0) for seed in (1, 2) for leg in (ORDER, FEED) for n in (0, 1)}
    assert len(draws) == 8
    assert delay.of(1, ORDER, 3, 0) == delay.of(1, ORDER, 3, 10**18), "not a matter of when"
    many = [delay.of(1, ORDER, n, 0) for n in range(4_000)]
    assert np.median(many) == pytest.approx(5 * MS_NS, rel=0.05)
    assert np.log(many).std() == pytest.approx(0.5, rel=0.05)


def test_an_interpolated_delay_goes_through_its_observations() -> None:
    delay = Delay.interpolated([100, 200, 400], [10, 30, 20])
    for at_ns, ns in ((0, 10), (100, 10), (150, 20), (200, 30), (300, 25), (400, 20), (999, 20)):
        assert delay.of(1, ORDER, 5, at_ns) == ns


@pytest.mark.parametrize(
    "build",
    [
        lambda: Delay.constant(-1),
        lambda: Delay.constant(61 * SECOND_NS),
        lambda: Delay.sampled([5]),
        lambda: Delay.log_normal(5, -0.1),
        lambda: Delay.interpolated([], []),
        lambda: Delay.interpolated([1, 1], [5, 5]),
        lambda: Delay.interpolated([1, 2], [5]),
    ],
)
def test_what_is_no_delay_is_refused(build: object) -> None:
    with pytest.raises(UsageError):
        build()  # type: ignore[operator]


def test_round_trips_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "trips.csv"
    path.write_text(HEADER + "1000,1400,2000\n5000,5600,5700\n", encoding="utf-8")
    latency = Latency.from_round_trips(path)
    assert [latency.order.of(0, ORDER, 0, at) for at in (1_000, 3_000, 9_000)] == [400, 500, 600]
    assert [latency.report.of(0, REPORT, 0, at) for at in (1_400, 5_600)] == [600, 100]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ":1: not the header"),
        (HEADER, "no round trips"),
        (HEADER + "1,2\n", ":2: not three integers"),
        (HEADER + "5,4,6\n", ":2: no round trip"),
        (HEADER + "1,2,3\n1,4,5\n", ":3: no round trip"),
        (HEADER + "1,2,99000000000\n", ":2: no round trip"),
    ],
)
def test_a_broken_file_of_round_trips_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "trips.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        Latency.from_round_trips(path)


def test_requests_and_reports_do_not_overtake_each_other() -> None:
    start, end = START_NS + SECOND_NS, START_NS + 2 * SECOND_NS
    falling = Delay.interpolated([start, end], [500 * MS_NS, 1 * MS_NS])
    latency = Latency(falling, falling)
    desk = Desk(SimulatedVenue.recorded(BTC, recording((*BOOK, *QUIET)), latency=latency))
    desk.until(1.2)
    desk.rest("a", Side.BUY, "1.000", "99999.0")  # takes 400 ms
    desk.until(1.5)
    desk.rest("b", Side.BUY, "1.000", "99998.0")  # takes 250 ms, sent 300 ms later
    desk.until(9)
    accepted = [r for r in desk.reports if isinstance(r, Accepted)]
    assert [r.child_id for r in accepted] == ["a", "b"]
    assert accepted[0].venue_ns == START_NS + 1_200 * MS_NS + falling.of(
        0, ORDER, 0, start + 200 * MS_NS
    )
    times = [at for at, _ in desk.heard]
    assert times == sorted(times)


def test_the_feed_delay_replaces_what_was_recorded() -> None:
    slow = Latency(feed=Delay.constant(300 * MS_NS))
    desk = Desk(SimulatedVenue.recorded(BTC, recording((*BOOK, *QUIET)), latency=slow))
    step = desk.until(2.25)  # the event of second 2 is not known before 2.3
    assert step.view.exch_ns == START_NS + SECOND_NS
    assert desk.until(2.35).view.exch_ns == START_NS + 2 * SECOND_NS


def test_a_message_is_received_at_once_and_never_seen_in_part() -> None:
    up = ((DEPTH, 1, 1_000_002, 5), (DEPTH, -1, 1_000_001, 0), (DEPTH, -1, 1_000_002, 0))
    down = ((DEPTH, -1, 1_000_001, 4), (DEPTH, -1, 1_000_002, 3), (DEPTH, 1, 1_000_002, 0))
    rows = [*BOOK, *((k, *row) for k in range(1, 60) for row in (up if k % 2 else down))]
    feed = Latency(feed=Delay.log_normal(10 * MS_NS, 0.4))
    parts = np.array_split(recording(rows), 7)  # a message may go on in the next batch
    desk = Desk(SimulatedVenue.recorded(BTC, parts, latency=feed, seed=1))
    views = [desk.until(k + j / 500).view for k in range(1, 59) for j in range(20)]
    assert all(view.usable for view in views)
    branch = desk.venue.copy()
    last = Wake(BTC.id, desk.venue.now_ns + 2 * SECOND_NS, None, None)
    assert branch.run(last).view == desk.venue.run(last).view
