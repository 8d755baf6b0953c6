"""Orders drawn by number: balanced, alike everywhere, within what a recording holds."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from steersman.domain.messages import Wake
from steersman.domain.units import HOUR_NS, SECOND_NS
from steersman.errors import UsageError
from steersman.runtime.drawing import (
    RECORDED,
    SIZES,
    Market,
    draw,
    generated_markets,
    parse_regimes,
    recorded,
)
from steersman.runtime.record import record
from steersman.runtime.validate import parse_presets
from steersman.tca.results import Drawn
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue
from tests.runtime.test_record import job

BTC, ETH = generated_markets(parse_presets("BTCUSDT.linear,ETHUSDT.linear"), START_NS)


def one(number: int, **changes: Any) -> Drawn:
    values: dict[str, Any] = {
        "seed": 1, "markets": (BTC,), "regimes": ("calm", "news"), "horizon": "30m", **changes,
    }  # fmt: skip
    return draw(number, **values)


def test_an_order_is_a_function_of_seed_and_number() -> None:
    assert one(7) == one(7)
    assert one(7).seed != one(8).seed and one(7).seed != one(7, seed=2).seed
    assert one(7).block == str(one(7).seed), "each has a market of its own"
    assert (one(7).horizon, one(7).start_s) == ("30m", 30)


def test_regimes_sizes_and_markets_take_turns() -> None:
    drawn = [one(n, markets=(BTC, ETH)) for n in range(120)]
    each = Counter((order.symbol, order.regime, order.size) for order in drawn)
    assert set(each.values()) == {10} and len(each) == 2 * 2 * len(SIZES)
    first = Counter((order.regime, order.size) for order in drawn[: 2 * len(SIZES)])
    assert set(first.values()) == {1}, "any beginning holds each about as often"
    sides = Counter(order.side for order in drawn)
    assert 40 < sides["buy"] < 80 and sides["buy"] + sides["sell"] == 120
    assert len({order.seed for order in drawn}) == 120


def test_quantities_are_shares_of_the_horizons_volume_in_whole_lots() -> None:
    for order in (one(0), one(2), one(4)):
        exact = BTC.day_qty / 48 * Decimal(repr(order.size))
        assert abs(Decimal(order.qty) - exact) <= BTC.instrument.lot / 2
        BTC.instrument.lots(Decimal(order.qty))
    half = Decimal(one(4, horizon="15m").qty)
    assert abs(2 * half - Decimal(one(4).qty)) <= BTC.instrument.lot
    tiny = Market(BTC.instrument, Decimal("0.001"), 86_400, START_NS, 30, 30)
    assert one(0, markets=(tiny,)).qty == "0.001"


def test_a_days_volume_is_about_what_the_calm_market_trades() -> None:
    instrument = BTC.instrument
    traded = Decimal(0)
    for seed in range(4):  # the first hour, which has 1.6 times the mean hour's volume
        venue = SimulatedVenue.generated(
            instrument, seed=seed, start_ns=START_NS, end_ns=START_NS + HOUR_NS, regime="calm",
            tape=False,
        )  # fmt: skip
        step = venue.run(Wake(instrument.id, START_NS + HOUR_NS - SECOND_NS, None, None))
        traded += step.view.market_volume / 4
    assert 0.7 < float(traded / (BTC.day_qty * Decimal("1.6") / 24)) < 1.3


def test_shares_are_traded_in_the_session_only() -> None:
    (aapl,) = generated_markets(parse_presets("AAPL.equity"), START_NS)
    # 39e9 USD if it were open all day and night, at 230 USD: 6.5 of 24 hours of it.
    assert 40_000_000 < aapl.day_qty < 60_000_000 and aapl.open_s == 23_400


def test_regimes_are_known_or_refused_with_a_suggestion() -> None:
    instruments = parse_presets("BTCUSDT.linear,AAPL.equity")
    assert parse_regimes("calm, news,calm", instruments) == ("calm", "news")
    for text, words in (
        ("clam", "did you mean calm"),
        ("zzz", "choose one of"),
        ("cascade", "AAPL.equity has no regime 'cascade'"),
        ("", "no regimes"),
    ):
        with pytest.raises(UsageError, match=words):
            parse_regimes(text, instruments)


def test_orders_on_a_recording_lie_within_it_and_are_blocked_by_day(tmp_path: Path) -> None:
    folder = tmp_path / "h"
    record(job(folder))
    (market,) = recorded(folder, "1m")
    drawn = [one(n, markets=(market,), regimes=(RECORDED,), market=str(folder)) for n in range(50)]
    starts = [order.start_s for order in drawn]
    assert min(starts) >= 30 and max(starts) <= 4 * 60 - 60
    assert len(set(starts)) > 20
    assert {(order.block, order.seed) for order in drawn} == {("2025-01-06", 1)}
    late = Market(market.instrument, market.day_qty, 86_400, market.begin_ns + 24 * HOUR_NS, 30, 30)
    assert one(0, markets=(late,), market=str(folder)).block == "2025-01-07"
    # A day at its mean rate, 240 s long: near that of the preset, in the busiest hours.
    (preset,) = generated_markets((market.instrument,), START_NS)
    assert 0.3 < float(market.day_qty / preset.day_qty) < 6
    with pytest.raises(UsageError, match=r"240 s of .*: too short for an order of 5m"):
        recorded(folder, "5m")
