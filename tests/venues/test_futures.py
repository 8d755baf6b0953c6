"""Fresh futures: what stands where they branch, what is drawn anew, and by the market's law."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pytest

from steersman.domain.advice import Severity
from steersman.domain.market import NewsItem
from steersman.domain.messages import Accepted, Approved, Cancel, Filled, Wake
from steersman.domain.units import MINUTE_NS, MS_NS, SECOND_NS, Side
from steersman.errors import UsageError
from steersman.venues import latent as l_
from steersman.venues import market as m_
from steersman.venues.latency import Delay, Latency
from steersman.venues.presets import START_NS
from steersman.venues.scripts import script_of
from steersman.venues.simulated import SimulatedVenue
from tests.venues.branching import CHI_SQUARE_7, PRESET, minute, rank, rank_excess
from tests.venues.desk import BOOK as RECORDED
from tests.venues.desk import BTC, Desk, recording

F64 = npt.NDArray[np.float64]
SLOW = Latency(order=Delay.log_normal(40 * MS_NS, 0.5), report=Delay.log_normal(40 * MS_NS, 0.5))
Parts = tuple[dict[str, npt.NDArray[np.generic]], dict[str, npt.NDArray[np.generic]]]


def market(
    seed: int = 1,
    minutes: float = 30.0,
    *,
    latency: Latency | None = None,
    share: float | None = None,
    regime: str = "mixed",
) -> SimulatedVenue:
    return SimulatedVenue.generated(
        BTC,
        seed=seed,
        start_ns=START_NS,
        end_ns=minute(minutes),
        preset=PRESET,
        informativeness=share,
        regime=regime,
        latency=latency,
    )


def run(venue: SimulatedVenue, at_ns: int) -> None:
    while venue.run(Wake(BTC.id, at_ns, None, None)).now_ns < at_ns:
        pass


def at(at_ns: int, venue: SimulatedVenue) -> SimulatedVenue:
    run(venue, at_ns)
    return venue


def mid_ticks(venue: SimulatedVenue) -> float:
    m, _ = venue.background()
    return float(m.s[m_.TOUCH_BID] + m.s[m_.TOUCH_ASK]) / 2.0


def standing(venue: SimulatedVenue) -> Parts:
    """Return all arrays of a market and its background, as far as they are in use."""
    m, flow = venue.background()
    used = {
        "touches": m.s[m_.N_TOUCHES],
        "trades": m.s[m_.N_TRADES],
        "reports": m.s[m_.REP_TAIL],
        "notes": m.s[m_.N_NOTES],
    }
    arrays = {name: whole[: used.get(name, len(whole))] for name, whole in m._asdict().items()}
    return arrays, {"flow_i": flow.flow_i, "flow_f": flow.flow_f}


def differing(one: SimulatedVenue, other: SimulatedVenue) -> set[str]:
    """Return which arrays of two markets differ."""
    pairs = zip(standing(one), standing(other), strict=True)
    return {name for a, b in pairs for name in a if not np.array_equal(a[name], b[name])}


def heard(venue: SimulatedVenue, at_ns: int) -> tuple[NewsItem, ...]:
    run(venue, at_ns)
    return venue.news_until(at_ns)


# -- to the bit -----------------------------------------------------------------------------------
def test_one_seed_is_one_future_event_by_event() -> None:
    venue = at(minute(10.0), market())
    one, other = venue.fresh(5), venue.copy().fresh(5)
    for now in np.arange(10.1, 15.0, 0.37).tolist():
        run(one, minute(now))
        run(other, minute(now))
        assert differing(one, other) == set()
    assert heard(one, minute(29)) == heard(other, minute(29))
    assert one.hidden_regimes() == other.hidden_regimes()
    assert one.funding_between(0, minute(29)) == other.funding_between(0, minute(29))


def test_futures_stand_where_the_market_stands_and_part_from_there() -> None:
    venue = at(minute(10.0), market(seed=3))
    futures = [venue.fresh(seed) for seed in (0, 1, 2, 3, -1, 2**63 - 1)]
    for future in futures:
        assert differing(future, venue) == {"s", "flow_i"}
        (_, flow), (_, fresh) = venue.background(), future.background()
        others = np.delete(flow.flow_i, [l_.NEWS_ROW, l_.PLAN_ROW])
        assert (others == np.delete(fresh.flow_i, [l_.NEWS_ROW, l_.PLAN_ROW])).all()
        before, after = standing(venue)[0]["s"], standing(future)[0]["s"]
        assert np.flatnonzero(before != after).tolist() == [m_.SEED]
        assert future.run(Wake(BTC.id, minute(10.0), None, None)) == venue.copy().run(
            Wake(BTC.id, minute(10.0), None, None)
        )
    for one in [venue, *futures]:
        run(one, minute(12.0))
    # the original's own seed (3) among them: that it is known beforehand must not help
    assert len({mid_ticks(one) for one in [venue, *futures]}) == len(futures) + 1
    assert len({one.background_events for one in [venue, *futures]}) == len(futures) + 1


def test_the_market_itself_goes_on_as_if_nobody_had_asked() -> None:
    venue, twin = at(minute(10.0), market()), at(minute(10.0), market())
    future = venue.fresh(1)
    run(future, minute(14.0))
    future.news_until(minute(14.0))
    run(venue, minute(20.0))
    run(twin, minute(20.0))
    assert differing(venue, twin) == set()
    assert venue.hidden_regimes() == twin.hidden_regimes()
    assert venue.news_until(minute(20.0)) == twin.news_until(minute(20.0))


def test_a_future_of_a_future_is_none_that_is_known() -> None:
    future = at(minute(10.0), market()).fresh(5)
    again, moved = future.fresh(5), future.copy()
    run(moved, minute(11.0))
    later = moved.fresh(5)
    for one in (future, again, later):
        run(one, minute(14.0))
    assert len({mid_ticks(one) for one in (future, again, later)}) == 3
    seeds = {standing(one)[0]["s"][m_.SEED] for one in (future, again, later)}
    venue = at(minute(10.0), market())
    seeds |= {standing(one.fresh(5))[0]["s"][m_.SEED] for one in (venue, at(minute(11.0), venue))}
    assert len(seeds) == 4  # of two times of one market too


def test_the_flow_finds_its_place_in_the_new_rows() -> None:
    venue = at(minute(20.0), market(share=1.0)).fresh(1)
    run(venue, venue.now_ns + 2 * SECOND_NS)
    _, flow = venue.background()
    for rows, pointer in ((flow.script.drift, l_.NEWS_ROW), (flow.script.plan, l_.PLAN_ROW)):
        assert (rows[: flow.flow_i[pointer], 1] <= flow.flow_i[l_.STEP_END]).all()
    assert flow.flow_i[l_.NEWS_ROW] > 0


def test_a_recording_has_one_future() -> None:
    with pytest.raises(UsageError, match="is recorded; branch a generated market"):
        SimulatedVenue.recorded(BTC, recording(RECORDED)).fresh(1)


# -- the law --------------------------------------------------------------------------------------
def _events(venue: SimulatedVenue) -> float:
    return float(venue.background_events)


def _traded(venue: SimulatedVenue) -> float:
    m, _ = venue.background()
    return float(m.trades[: m.s[m_.N_TRADES], 2].sum())


def test_the_market_goes_on_as_one_of_its_futures() -> None:
    """Given where it stands, what it does next ranks evenly among what its futures do."""
    measures: tuple[Callable[[SimulatedVenue], float], ...] = (mid_ticks, _events, _traded)
    ranks: dict[str, list[int]] = {}
    moves, own = [], []
    ties = np.random.default_rng(1).random(120)
    for seed in range(120):
        venue = at(minute(4.0), market(seed))
        start = mid_ticks(venue)
        futures = [venue.fresh(k) for k in range(7)]
        for one in [venue, *futures]:
            run(one, minute(7.0))
        for measure in measures:
            place = rank(measure(venue), map(measure, futures), ties[seed])
            ranks.setdefault(measure.__name__, []).append(place)
        moves.append([mid_ticks(one) - start for one in futures])
        own.append(mid_ticks(venue) - start)
        ranks.setdefault("far", []).append(rank(abs(own[-1]), np.abs(moves[-1]), ties[seed]))
    for name, found in ranks.items():
        assert rank_excess(found) < CHI_SQUARE_7, name
    means = np.mean(moves, axis=1)
    assert abs(means.mean()) < 3.3 * means.std(ddof=1) / math.sqrt(len(means))
    sizes = np.abs(moves).mean(axis=1) - np.abs(own)
    assert abs(sizes.mean()) < 3.3 * sizes.std(ddof=1) / math.sqrt(len(sizes))


# -- headlines ------------------------------------------------------------------------------------
def true_major(seed: int, minutes: float) -> tuple[NewsItem, float] | None:
    """Return a market's first headline that is large and true, and its drift in ticks."""
    told = script_of(PRESET, seed, START_NS, minute(minutes), None, "calm")
    for item, truth in zip(told.news, told.truths, strict=True):
        late = minute(3) < item.published_ns < minute(minutes) - 8 * MINUTE_NS
        if late and truth.informative and truth.severity is Severity.MAJOR:
            return item, PRESET.ticks(truth.drift_bps)
    return None


def test_futures_know_what_a_published_headline_is_worth_and_no_other() -> None:
    """The mean over futures moves by its drift; a moment before it is published by nothing."""
    after: list[float] = []
    before: list[float] = []
    for seed in range(1, 20):
        found = true_major(seed, 60.0)
        if found is None:
            continue
        item, ticks = found
        venue = at(item.published_ns - 10 * MS_NS, market(seed, 60.0, regime="calm"))
        for gains in (before, after):
            futures = [venue.fresh(k) for k in range(16)]
            start = mid_ticks(venue)
            for future in futures:
                run(future, item.published_ns + 7 * MINUTE_NS)
            moves = [mid_ticks(future) - start for future in futures]
            gains.append(float(np.mean(moves)) / ticks)
            run(venue, item.published_ns)
    error = float(np.std(before, ddof=1)) / math.sqrt(len(before))
    assert error < 0.15
    assert abs(np.mean(before)) < 3.0 * error
    assert abs(np.mean(after) - 1.0) < 0.4 and np.mean(after) > 5.0 * error


def test_what_was_said_and_has_not_been_received_comes_as_it_would() -> None:
    told = script_of(PRESET, 1, START_NS, minute(60.0), None, "mixed").news
    item = next(i for i in told if i.received_ns > max(i.published_ns + 5 * SECOND_NS, minute(20)))
    venue = at(item.published_ns + SECOND_NS, market(1, 60.0))
    venue.news_until(venue.now_ns)
    known = {one.id for one in told if one.published_ns <= venue.now_ns}
    earlier = {one.id for one in told if one.received_ns <= venue.now_ns}
    assert item.id in known - earlier and len(earlier) > 3
    for seed in range(5):
        future = venue.fresh(seed)
        first = heard(future, item.received_ns - 1)
        assert item not in first and not earlier & {one.id for one in first}
        assert item in heard(future, item.received_ns)
        rest = heard(future, minute(59.5))
        assert item not in rest and not earlier & {one.id for one in rest}
        assert not any(one in told for one in rest if one.id not in known)
        assert len({one.id for one in rest}) == len(rest) > 10


def test_signals_are_told_once_and_those_of_begun_minutes_are_alike() -> None:
    venue = at(minute(20.0) + 30 * SECOND_NS, market())
    waiting = venue.fresh(1)
    (told,) = venue.signals_until(venue.now_ns)
    assert waiting.signals_until(venue.now_ns) == (told,)
    future = venue.fresh(2)
    assert future.signals_until(venue.now_ns) == ()
    run(future, minute(21.5))
    (later,) = future.signals_until(future.now_ns)
    assert later.at_ns == minute(21.0)


# -- our own orders -------------------------------------------------------------------------------
def test_an_own_order_keeps_its_place_and_its_fate_differs() -> None:
    desk = Desk(at(minute(5.0), market()))
    view = desk.until_ns(minute(5.0)).view
    assert view.best_bid is not None
    desk.rest("a", Side.BUY, "0.500", str(view.best_bid - Decimal("0.5")))
    desk.until_ns(minute(5.0) + 40 * MS_NS)
    assert desk.said("a") == ["Accepted"]
    m, _ = desk.venue.background()
    assert m.live[0] == 1 and m.orders[0, m_.AHEAD] >= 0
    filled_ns = []
    for seed in range(16):
        branch = Desk(desk.venue.fresh(seed))
        (orders, live) = (standing(branch.venue)[0][name] for name in ("orders", "live"))
        assert (orders == m.orders).all() and (live == m.live).all()
        branch.until_ns(minute(25.0))
        fills = [report for report in branch.reports if isinstance(report, Filled)]
        assert branch.filled in (0, Decimal("0.5"))
        filled_ns.append(fills[-1].venue_ns if fills else 0)
    assert len(set(filled_ns) - {0}) > 6
    assert all(ns == 0 or ns > minute(5.0) for ns in filled_ns)


def test_what_is_under_way_arrives_when_it_would() -> None:
    desk = Desk(at(minute(5.0), market(latency=SLOW)))
    view = desk.until_ns(minute(5.0)).view
    assert view.best_bid is not None
    price = str(view.best_bid - 20)
    for child in "abc":
        desk.rest(child, Side.BUY, "0.010", price)
    while desk.venue.background()[0].s[m_.REP_TAIL] == 0:
        desk.until_ns(desk.venue.now_ns + MS_NS)
    desk.rest("d", Side.BUY, "0.010", price)
    m, _ = desk.venue.background()
    assert not desk.heard  # a report is under way, and at least one request
    deliver_ns = int(m.reports[0, m_.DELIVER])
    arrivals = m.requests[m.s[m_.REQ_HEAD] : m.s[m_.REQ_TAIL], m_.ARRIVAL].tolist()
    assert deliver_ns > desk.venue.now_ns and arrivals[-1] > desk.venue.now_ns
    sent_again = set()
    for seed in range(12):
        branch = Desk(desk.venue.fresh(seed))
        branch.venue.send(
            Approved(Cancel("a", "p", BTC.id, "test")), branch.venue.now_ns + 500 * MS_NS
        )
        branch.until_ns(minute(6.0))
        assert branch.heard[0][0] == deliver_ns
        accepted = [report for report in branch.reports if isinstance(report, Accepted)]
        assert [report.child_id for report in accepted] == ["a", "b", "c", "d"]
        assert [report.venue_ns for report in accepted][-len(arrivals) :] == arrivals
        sent_again.add(branch.heard[-1][0])
    assert len(sent_again) == 12  # of what is sent later the delay is another


def test_nothing_that_has_not_come_by_now_has_come_in_a_future() -> None:
    """Delays that the market draws late are drawn anew, but above what has passed."""
    feed = Delay.log_normal(40 * MS_NS, 0.5)
    desk = Desk(at(minute(5.0), market(latency=replace(SLOW, feed=feed))))
    view = desk.until_ns(minute(5.0)).view
    assert view.best_bid is not None
    waiting = 0
    for number in range(30):
        desk.until_ns(desk.venue.now_ns + 400 * MS_NS)
        desk.rest(f"a{number}", Side.BUY, "0.010", str(view.best_bid - 20))
        desk.until_ns(desk.venue.now_ns + 50 * MS_NS)
        now_ns, told = desk.venue.now_ns, len(desk.heard)
        same = desk.venue.copy().run(Wake(BTC.id, now_ns, None, None))
        for seed in range(20):
            branch = Desk(desk.venue.fresh(seed))
            assert branch.venue.run(Wake(BTC.id, now_ns, None, None)) == same
            branch.until_ns(now_ns + SECOND_NS)
            waiting += len(branch.heard)
            assert all(ns > now_ns for ns, _ in branch.heard)
        assert len(desk.heard) == told
    assert waiting > 200


# -- funding --------------------------------------------------------------------------------------
def test_funding_that_was_set_stays_and_is_reported_once() -> None:
    due_ns = minute(60.0)
    desk = Desk(at(minute(58.0), market(minutes=120.0, latency=SLOW)))
    desk.take("a", Side.BUY, "0.100", "70000")
    desk.until_ns(due_ns)
    ahead = Desk(desk.venue.copy())
    ahead.until_ns(minute(61.0))
    now_ns = next(step.now_ns for step in ahead.steps if step.funding) - MS_NS
    desk.until_ns(now_ns)  # it is about to be told
    assert desk.filled == Decimal("0.1") and not desk.steps[-1].funding
    ((at_ns, rate_bps),) = desk.venue.funding_between(START_NS, due_ns)
    paid_ns = set()
    for seed in range(16):
        future = desk.venue.fresh(seed)
        assert future.funding_between(START_NS, due_ns) == ((at_ns, rate_bps),)
        branch = Desk(future)
        branch.until_ns(minute(65.0))
        (paid,) = [one for step in branch.steps for one in step.funding]
        assert (paid.venue_ns, paid.rate_bps, paid.position) == (due_ns, rate_bps, desk.filled)
        assert paid.at_ns > now_ns > due_ns + 10 * MS_NS
        paid_ns.add(paid.at_ns)
    assert len(paid_ns) > 12


def test_the_premium_to_come_is_drawn_anew() -> None:
    venue = at(minute(50.5), market(minutes=120.0))
    futures = [venue.fresh(seed) for seed in range(8)]
    noise = [standing(one)[1]["flow_f"][l_.PREMIUM_NOISE] for one in [venue, *futures]]
    assert len(set(noise)) == 1
    later = [standing(at(minute(51.5), one))[1]["flow_f"][l_.PREMIUM_NOISE] for one in futures]
    assert len(set(later)) == 8
