"""Fresh futures: what stands where they branch, what is drawn anew, and by the market's law."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from steersman.domain.instrument import Category
from steersman.domain.market import NewsItem
from steersman.domain.messages import Wake
from steersman.domain.units import MINUTE_NS, MS_NS
from steersman.errors import UsageError
from steersman.venues import latent as l_
from steersman.venues import market as m_
from steersman.venues.latency import Delay, Latency
from steersman.venues.presets import START_NS, preset_for
from steersman.venues.simulated import SimulatedVenue
from tests.venues.desk import BOOK as RECORDED
from tests.venues.desk import BTC, recording

F64 = npt.NDArray[np.float64]
PRESET = replace(preset_for("BTCUSDT", Category.LINEAR), span_ticks=1 << 15)  # fast to copy
CHAINED = ("calm", "trend_up", "trend_down", "volatile", "thin")
SLOW = Latency(
    order=Delay.log_normal(40 * MS_NS, 1.0),
    report=Delay.log_normal(40 * MS_NS, 1.0),
    feed=Delay.log_normal(40 * MS_NS, 1.0),
)
Parts = tuple[dict[str, npt.NDArray[np.generic]], dict[str, npt.NDArray[np.generic]]]


def minute(at: float) -> int:
    return START_NS + round(at * MINUTE_NS)


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


def test_a_recording_has_one_future() -> None:
    with pytest.raises(UsageError, match="is recorded; branch a generated market"):
        SimulatedVenue.recorded(BTC, recording(RECORDED)).fresh(1)


# -- the law --------------------------------------------------------------------------------------
def _move(venue: SimulatedVenue) -> float:
    return mid_ticks(venue)


def _events(venue: SimulatedVenue) -> float:
    return float(venue.background_events)


def _traded(venue: SimulatedVenue) -> float:
    m, _ = venue.background()
    return float(m.trades[: m.s[m_.N_TRADES], 2].sum())


def rank_excess(ranks: list[float], places: int) -> float:
    """Return the chi-square of ranks that would be uniform on 0 to `places` - 1."""
    counts = np.bincount(np.array(ranks, np.int64), minlength=places)
    expected = len(ranks) / places
    return float(((counts - expected) ** 2 / expected).sum())


def test_the_market_goes_on_as_one_of_its_futures() -> None:
    """Given where it stands, what it does next ranks evenly among what its futures do."""
    measures: tuple[Callable[[SimulatedVenue], float], ...] = (_move, _events, _traded)
    ranks: dict[str, list[float]] = {}
    moves, own = [], []
    for seed in range(200):
        venue = at(minute(4.0), market(seed))
        start = mid_ticks(venue)
        futures = [venue.fresh(k) for k in range(7)]
        for one in [venue, *futures]:
            run(one, minute(7.0))
        for measure in measures:
            told = [measure(one) for one in futures]
            mine = measure(venue)
            ranks.setdefault(measure.__name__, []).append(sum(x < mine for x in told))
        away = [abs(mid_ticks(one) - start) for one in futures]
        ranks.setdefault("far", []).append(sum(x < abs(mid_ticks(venue) - start) for x in away))
        moves.append([mid_ticks(one) - start for one in futures])
        own.append(mid_ticks(venue) - start)
    for name, found in ranks.items():
        assert rank_excess(found, 8) < 24.3, name  # 1 in 1,000 with 7 degrees of freedom
    means = np.mean(moves, axis=1)
    assert abs(means.mean()) < 3.3 * means.std(ddof=1) / math.sqrt(len(means))
    sizes = np.abs(moves).mean(axis=1) - np.abs(own)
    assert abs(sizes.mean()) < 3.3 * sizes.std(ddof=1) / math.sqrt(len(sizes))
