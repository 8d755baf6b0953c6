"""Regimes: the schedule by seed and calendar, the truth, and what each does to the flow."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.messages import Wake
from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS
from steersman.errors import UsageError
from steersman.venues.news import NewsModel, hidden_truth
from steersman.venues.presets import START_NS, preset_for
from steersman.venues.regimes import RegimeName, make_plan, parse_regime
from steersman.venues.simulated import SimulatedVenue

BTC = preset_for("BTCUSDT", Category.LINEAR)
AAPL = preset_for("AAPL", Category.EQUITY)
SPOT = preset_for("BTCUSDT", Category.SPOT)
WEEK_NS = 7 * 24 * HOUR_NS


def test_names_that_there_are() -> None:
    assert parse_regime("mixed", BTC) is RegimeName.MIXED
    assert parse_regime("cascade", BTC) is RegimeName.CASCADE
    for preset, name in (
        (BTC, "stormy"), (AAPL, "weekend"), (AAPL, "funding"), (SPOT, "cascade"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=rf"{preset.symbol}.* has no regime '{name}'"):
            parse_regime(name, preset)


def test_the_chain_covers_all_time_and_never_repeats() -> None:
    _, spans = make_plan(1, START_NS, START_NS + WEEK_NS, BTC, RegimeName.MIXED, ())
    calendar = (RegimeName.FUNDING, RegimeName.WEEKEND)
    chain = [span for span in spans if span.name not in calendar]
    assert chain[0].from_ns == START_NS and chain[-1].to_ns == START_NS + WEEK_NS
    for one, following in pairwise(chain):
        assert one.to_ns == following.from_ns and one.name is not following.name
    assert len({span.name for span in chain}) == 5
    again = make_plan(1, START_NS, START_NS + WEEK_NS, BTC, RegimeName.MIXED, ())[1]
    other = make_plan(2, START_NS, START_NS + WEEK_NS, BTC, RegimeName.MIXED, ())[1]
    assert again == spans != other


def test_the_calendar() -> None:
    _, spans = make_plan(1, START_NS, START_NS + WEEK_NS, BTC, RegimeName.MIXED, ())
    (weekend,) = [span for span in spans if span.name is RegimeName.WEEKEND]
    begin = datetime.fromtimestamp(weekend.from_ns / 1e9, tz=UTC)
    assert begin.isoformat() == "2025-01-11T00:00:00+00:00"  # a Saturday
    assert weekend.to_ns - weekend.from_ns == 48 * HOUR_NS
    funding = [span for span in spans if span.name is RegimeName.FUNDING]
    assert len(funding) == 21
    for span in funding:
        assert (span.from_ns + 10 * MINUTE_NS) % (8 * HOUR_NS) == 0
    _, shares = make_plan(1, START_NS, START_NS + WEEK_NS, AAPL, RegimeName.MIXED, ())
    assert not {RegimeName.FUNDING, RegimeName.WEEKEND} & {span.name for span in shares}


def test_calm_changes_nothing() -> None:
    plan, (span,) = make_plan(1, START_NS, START_NS + HOUR_NS, BTC, RegimeName.CALM, ())
    assert (plan[:, 2:] == 0.0).all() and span.name is RegimeName.CALM


@cache
def measured(regime: str) -> tuple[float, float, float, float]:
    """Return volatility of 10 s (ticks), taker orders, depth in 5 bps, move per hour."""
    found = []
    for seed in range(1, 4):
        end_ns = START_NS + HOUR_NS
        venue = SimulatedVenue.generated(
            BTC.instrument, seed=seed, start_ns=START_NS, end_ns=end_ns, regime=regime,
            informativeness=0.0,
        )  # fmt: skip
        mids, depths = [], []
        for at_ns in range(START_NS + 120 * SECOND_NS, end_ns, 10 * SECOND_NS):
            view = venue.run(Wake(BTC.instrument.id, at_ns, None, None)).view
            assert view.mid is not None
            mids.append(float(view.mid))
            depths.append(float(view.depth_bid[1] + view.depth_ask[1]))
        moves = np.diff(mids)
        orders = np.unique(venue.tape().trade_ns).size
        found.append([float(moves.std()), orders, float(np.mean(depths)), float(moves.sum())])
    volatility, trades, depth, move = np.mean(found, axis=0)
    return float(volatility), float(trades), float(depth), float(move)


@pytest.mark.parametrize("name", ["volatile", "news", "cascade"])
def test_nervous_regimes_move_more(name: str) -> None:
    assert measured(name)[0] > 1.15 * measured("calm")[0]


def test_thin_and_weekend_are_thinner_and_quieter() -> None:
    for name in ("thin", "weekend"):
        assert measured(name)[1] < 0.75 * measured("calm")[1]
        assert measured(name)[2] < 0.8 * measured("calm")[2]
    assert measured("weekend")[0] < 0.9 * measured("calm")[0]


def test_trends_go_their_way_and_back() -> None:
    up, down, calm = (measured(name)[3] for name in ("trend_up", "trend_down", "calm"))
    hour = BTC.price * 1e-4 * 47.0
    assert up - calm > 0.6 * hour
    assert down - calm < -0.6 * hour


def test_funding_minutes_are_busy() -> None:
    assert measured("funding")[1] > 1.2 * measured("calm")[1]


def test_the_truth_stays_out_of_what_the_engine_sees() -> None:
    venue = SimulatedVenue.generated(
        BTC.instrument, seed=1, start_ns=START_NS, end_ns=START_NS + HOUR_NS, regime="volatile"
    )
    (truth,) = venue.hidden_regimes()
    assert truth.name is RegimeName.VOLATILE
    step = venue.run(Wake(BTC.instrument.id, START_NS + 60 * SECOND_NS, None, None))
    assert not hasattr(step.view, "regime")
    # What has always been so is usual: nobody has told the observer that it is not.
    assert step.view.volatility_ratio < 1.5


def test_shocks_of_several_headlines_at_once_are_no_more_than_one() -> None:
    """Added up they left so little of the book that single orders emptied it."""
    end_ns = START_NS + HOUR_NS
    asked = (3, START_NS, end_ns, "BTCUSDT", Category.LINEAR, NewsModel(rate_per_hour=60.0))
    truths = hidden_truth(*asked)
    plan, spans = make_plan(3, START_NS, end_ns, BTC, RegimeName.NEWS, truths)
    assert any(one.to_ns > other.from_ns for one, other in pairwise(spans)), "they do overlap"
    assert all(row[1] <= after[0] for row, after in pairwise(plan))
    told = {(span.from_ns, span.to_ns) for span in spans}
    assert sum(row[1] - row[0] for row in plan) == pytest.approx(_length_of_union(told), rel=1e-9)


def _length_of_union(spans: set[tuple[int, int]]) -> int:
    length, until = 0, 0
    for begin, end in sorted(spans):
        length += max(0, end - max(begin, until))
        until = max(until, end)
    return length


def test_rows_stand_by_their_start_also_where_a_shock_was_cut() -> None:
    """The kernel stops at the first row that has not begun: none may hide behind it."""
    end_ns = START_NS + 24 * HOUR_NS
    for seed in (0, 9):
        truths = hidden_truth(seed, START_NS, end_ns, "BTCUSDT", Category.LINEAR, NewsModel())
        plan, _ = make_plan(seed, START_NS, end_ns, BTC, RegimeName.MIXED, truths)
        assert (np.diff(plan[:, 0]) >= 0).all()
