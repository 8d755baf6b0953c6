"""Calibration from start to file: a generated market, own orders, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.specs import find
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.errors import DataError, UsageError
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, LAST, SNAPSHOT
from steersman.marketdata.rows import Events
from steersman.models.calibration import fit_impact_parts
from steersman.models.parameters import ImpactParameters, Parameter, Verdict
from steersman.runtime import calibrating
from steersman.runtime.own_orders import Later, OwnOrder
from steersman.runtime.watching import watch
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue
from tests.marketdata.sample import PERP, trades, write_history
from tests.marketdata.sample import START_NS as MIDNIGHT_NS
from tests.runtime.runs import run

BTC = find("BTCUSDT", category=Category.LINEAR, venue="sim")


def watched(seconds: int) -> ImpactParameters:
    end_ns = START_NS + seconds * SECOND_NS
    venue = SimulatedVenue.generated(BTC, seed=1, start_ns=START_NS, end_ns=end_ns)
    seen = watch(venue, end_ns, lambda share: None)
    return calibrating.from_watched(seen, venue.tape(), ("generated",))


def orders(n: int, y: float = 0.6, apart: float = 300.0) -> list[OwnOrder]:
    draws = np.random.default_rng(4)
    found = []
    for k in range(n):
        share = 1e-4 * apart ** draws.random()
        noise = 300 * math.sqrt(0.01 / 3) * draws.normal()
        cost = 0.5 + y * 300 * math.sqrt(share) + noise
        found.append(
            OwnOrder(
                "sim:X.linear", "X", Category.LINEAR, 5, 9, cost, 0.5, 300.0, share, 0.01,
                Decimal(100), Decimal(k),
            )
        )  # fmt: skip
    return found


def test_a_market_tells_how_flow_moves_it() -> None:
    found = dict(watched(900).named())
    assert "y" not in found
    assert all(one.verdict is Verdict.IDENTIFIED for one in found.values())
    assert 100 < (found["volatility_day_bps"].value or 0) < 2_000
    for name in ("kyle_bps", "flow_bps", "response_bps[1]", "propagator_bps[1]"):
        assert (found[name].low or 0) > 0, name


def test_a_market_that_was_hardly_seen_is_refused_figure_by_figure() -> None:
    found = dict(watched(20).named())
    for name in ("kyle_bps", "volatility_day_bps", "volume_per_s"):
        assert found[name].verdict is Verdict.REFUSED
        assert "at least 30" in found[name].why


def trading_days(days: int, lots: int = 0) -> Events:
    """Return trades every four minutes, busier from day to day's noon; `lots` each where given."""
    ns = MIDNIGHT_NS + np.arange(days * 360) * 4 * MINUTE_NS
    draws = np.random.default_rng(2)
    busy = 50 * (1.5 + np.sin(ns / 86_400e9 * 2 * math.pi)) * np.exp(draws.normal(size=len(ns)))
    return trades(ns, np.maximum(busy.astype(np.int64), 1) if lots == 0 else np.full(len(ns), lots))


def from_days(folder: Path, events: Events) -> ImpactParameters:
    write_history(folder, (PERP, events))
    return calibrating.from_market(folder, None, None, lambda share: None)


def test_whole_days_of_trades_tell_how_volume_is_spread(tmp_path: Path) -> None:
    found = from_days(tmp_path / "days", trading_days(6))
    curves = found.volume_curves
    assert curves is not None and curves.every_day is not None
    assert (curves.verdict, curves.n) == (Verdict.IDENTIFIED, 6)
    true = 1.5 + np.sin((np.arange(48) + 0.5) / 48 * 2 * math.pi)
    apart = np.array(curves.every_day.weights) - true / true.mean()
    assert np.mean(np.abs(apart) < 3 * np.array(curves.every_day.standard_errors)) > 0.9
    day = curves.every_day.day_volume
    assert found.volume_per_s is not None and found.volume_per_s.n == 6 * 48
    assert found.volume_per_s.value == pytest.approx(day / 86_400)
    assert day == pytest.approx(float(trading_days(6)["lots"].sum()) / 6 * float(PERP.lot))
    others = {name: one for name, one in found.named() if name != "volume_per_s"}
    assert set(others) == set(dict(watched(20).named())) - {"volume_per_s"}, "none is left out"
    for one in others.values():
        assert one.verdict is Verdict.REFUSED and "no book" in one.why
    *_, row = calibrating.rows(found)
    assert row == ("volume_curves", "", "", "", "6", "1", "identified", calibrating.BELOW)
    drawn = calibrating.curve_rows(curves)
    assert [len(drawn), drawn[0][0], drawn[27][0]] == [48, "00:00", "13:30"]
    assert all(len(each) == len(calibrating.CURVE_HEADERS) for each in drawn)
    assert drawn[13][1:3] == (
        f"{curves.every_day.weights[13]:.2f}", f"{curves.every_day.standard_errors[13]:.2f}",
    )  # fmt: skip
    assert drawn[13][3] == f"{curves.weekdays[0].weights[13]:.2f}"


def test_days_that_are_too_few_are_told_with_their_number(tmp_path: Path) -> None:
    found = from_days(tmp_path / "days", trading_days(5)[:-30])  # the last of them ends at 22:00
    *_, row = calibrating.rows(found)
    assert row[:5] == ("volume_curves", "", "", "", "4")
    assert row[6:] == ("refused", "too short: 4 whole days, at least 5 are needed")
    assert found.volume_curves is not None and calibrating.curve_rows(found.volume_curves) == []


def test_volume_that_does_not_vary_is_no_estimate(tmp_path: Path) -> None:
    rate = from_days(tmp_path / "even", trading_days(2, lots=7)).volume_per_s
    assert rate is not None and rate.verdict is Verdict.IDENTIFIED, "eight or seven a half-hour"
    flat = from_days(tmp_path / "flat", trading_days(2, lots=7)[::5]).volume_per_s
    assert flat is not None and flat.verdict is Verdict.REFUSED


def test_a_book_without_trades_has_no_volume(tmp_path: Path) -> None:
    """Nothing traded, nothing moved: each figure is refused with its reason, and none is zero."""
    events = np.zeros(1_802, EVENT)
    events["exch_ns"] = events["recv_ns"] = START_NS + np.arange(1_802) * SECOND_NS // 10
    events["kind"], events["side"], events["tick"] = SNAPSHOT, 1, 618_000
    events["kind"][0], events["side"][0], events["tick"][0] = CLEAR, 0, 0
    events["lots"][1:], events["flags"][2:] = 5, LAST
    events["side"][2], events["tick"][2] = -1, 618_001
    events["kind"][3:] = DEPTH
    found = from_days(tmp_path / "still", events)
    told = dict(found.named())
    assert all(one.verdict is Verdict.REFUSED and one.why for one in told.values()), told
    assert "vary" in told["volume_per_s"].why or "traded" in told["volume_per_s"].why
    assert found.volume_curves is not None and "too short: 0" in found.volume_curves.why


def test_own_orders_tell_y() -> None:
    found = calibrating.from_orders(orders(400), ("a", "b"))
    assert found.y is not None and found.y.verdict is Verdict.IDENTIFIED
    assert (found.y.low or 0) < 0.6 < (found.y.high or 0)
    assert (found.instrument, found.first_ns, found.last_ns) == ("sim:X.linear", 5, 9)


def later(n: int, gamma: float = 0.3, eta: float = 0.14) -> list[OwnOrder]:
    """Return orders whose price is known half an hour after, under the law of two parts."""
    draws = np.random.default_rng(6)
    found = []
    for one in orders(n):
        days, until = one.days, one.days + 0.02
        end = math.sqrt(days) * draws.normal()
        mean = end / 2 + math.sqrt(days / 12) * draws.normal()
        last = 300 * (gamma * one.of_day + end + math.sqrt(0.02) * draws.normal())
        passing = eta * (one.of_day / days) ** 0.6
        cost = 0.5 + 300 * (gamma * one.of_day / 2 + passing + mean)
        found.append(replace(one, cost_bps=cost, later=Later(last, until)))
    return found


def test_prices_after_own_orders_tell_what_lasts_and_what_passes() -> None:
    found = calibrating.from_orders(later(4_000), ())
    assert found.gamma is not None and found.eta is not None
    assert found.gamma.verdict is found.eta.verdict is Verdict.IDENTIFIED
    assert found.gamma.n == found.eta.n == 4_000
    assert (found.gamma.low or 9) < 0.3 < (found.gamma.high or 0)
    assert (found.eta.low or 9) < 0.14 < (found.eta.high or 0)
    assert [name for name, *_ in calibrating.rows(found)] == ["y", "gamma", "eta"]
    few = later(40)
    few[7] = replace(few[7], spread_bps=90.0)
    moves = [one.later or Later(0.0, 0.0) for one in few]
    fit = fit_impact_parts(
        [one.cost_bps - one.spread_bps for one in few],
        [move.move_bps for move in moves],
        [one.sigma_day_bps for one in few],
        [one.of_day for one in few],
        [one.days for one in few],
        [move.days for move in moves],
    )
    found = calibrating.from_orders(few, ())
    assert found.gamma == Parameter.identified(fit.gamma, "1")
    assert found.eta == Parameter.identified(fit.eta, "1")


def test_what_lasts_is_refused_in_words() -> None:
    some = [*later(40)[:29], *orders(11)]
    nan = [*later(40)]
    nan[3] = replace(nan[3], cost_bps=math.nan)
    lost = [*later(40)]
    lost[3] = replace(lost[3], later=Later(math.nan, 0.03))
    still = [replace(one, sigma_day_bps=0.0) for one in later(40)]
    even = [replace(one, of_day=0.01) for one in later(40)]
    cases = (
        (orders(40), 0, "0 of 40 orders have a price 30 min after their end"),
        (some, 29, "29 of 40 orders have a price 30 min after their end"),
        (later(29), 29, "29 observations, at least 30"),
        (nan, 40, "not finite"),
        (still, 40, "every volatility must be positive"),
        (even, 40, "sizes are 1 times apart"),
    )
    for given, n, words in cases:
        found = calibrating.from_orders(given, ())
        same = () if "after their end" in words else (found.y,)
        for one in (found.gamma, found.eta, *same):
            assert one is not None and one.verdict is Verdict.REFUSED
            assert words in one.why and one.n == n, (words, one)
    found = calibrating.from_orders(lost, ())
    assert found.gamma is not None and "moves has values that are not finite" in found.gamma.why
    assert found.y is not None and found.y.verdict is not Verdict.REFUSED, "it needs no later price"


def test_few_orders_are_pulled_to_the_prior_and_too_few_are_refused() -> None:
    noisy = [replace(one, cost_bps=one.cost_bps * 20) for one in orders(40, apart=5.0)]
    pulled = calibrating.from_orders(noisy, ()).y
    assert pulled is not None and pulled.verdict is Verdict.SHRUNK
    for few, words in ((orders(29), "29 observations"), (orders(60, apart=3.0), "times apart")):
        y = calibrating.from_orders(few, ()).y
        assert y is not None and y.verdict is Verdict.REFUSED and words in y.why


def test_a_law_by_which_trading_more_earns_is_refused() -> None:
    y = calibrating.from_orders(orders(2_000, y=-0.6), ()).y
    assert y is not None and y.verdict is Verdict.REFUSED
    assert "trading more would earn" in y.why and y.n == 2_000


def test_orders_of_one_market_are_not_many(tmp_path: Path) -> None:
    """Their price noise is the same: the error of their mean would be far too small."""
    small, large = tmp_path / "small", tmp_path / "large"
    run(small, seed=1, horizon="2m")
    run(large, seed=1, horizon="2m", qty=Decimal(8))
    with pytest.raises(UsageError, match=r"2 orders arrived in one.*--seed"):
        calibrating.from_journals([small, large], None, None)
    (tmp_path / "copy").write_bytes(small.read_bytes())
    with pytest.raises(UsageError, match=r"small and .*copy are one journal.*twice"):
        calibrating.from_journals([small, tmp_path / "copy"], None, None)
    run(large.with_name("later"), seed=1, horizon="2m", start="3m")
    found, watched = calibrating.from_journals([small, large.with_name("later")], None, None)
    assert found.y is not None and found.y.n == watched.n == 2


def test_journals_are_read_and_their_orders_counted(tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.journal" for seed in (1, 2)]
    for seed, file in enumerate(files, 1):
        run(file, seed=seed)
    found, watched = calibrating.from_journals(files, "btcusdt", None)
    assert watched.n == 2, "their predictions are counted too"
    assert found.y is not None and found.y.n == 2 and "2 observations" in found.y.why
    assert found.sources == ("1.journal", "2.journal")
    with pytest.raises(UsageError, match="given twice"):
        calibrating.from_journals([*files, tmp_path / "x" / ".." / "1.journal"], None, None)
    held = r"hold sim:BTCUSDT\.linear, no order of"
    for symbol, category, asked in (
        (None, Category.SPOT, "spot"), ("ethusdt", None, "ETHUSDT"),
        ("BTCUSDT", Category.SPOT, "BTCUSDT spot"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=f"{held} {asked};"):
            calibrating.from_journals(files, symbol, category)
    run(tmp_path / "unfilled", limit_price=Decimal(1000))
    with pytest.raises(DataError, match="no order that was filled"):
        calibrating.from_journals([tmp_path / "unfilled"], None, None)


def test_journals_of_two_instruments_need_a_symbol(tmp_path: Path) -> None:
    run(tmp_path / "b", horizon="2m")
    run(tmp_path / "e", symbol="ETHUSDT", horizon="2m")
    with pytest.raises(UsageError, match=r"BTCUSDT.*ETHUSDT"):
        calibrating.from_journals([tmp_path / "b", tmp_path / "e"], None, None)
    one, watched = calibrating.from_journals([tmp_path / "b", tmp_path / "e"], "ETHUSDT", None)
    assert "ETHUSDT" in one.instrument
    assert watched.n == 1, "the predictions are its own"


def test_files_are_read_back_or_refused(tmp_path: Path) -> None:
    found = calibrating.from_orders(orders(50), ("a",))
    file = tmp_path / "p.json"
    calibrating.save(found, file)
    assert calibrating.load(file) == found
    file.write_text("{}")
    with pytest.raises(DataError, match=r"p\.json.*instrument"):
        calibrating.load(file)
    with pytest.raises(DataError, match="No such file"):
        calibrating.load(tmp_path / "none")
    with pytest.raises(DataError, match="directory"):
        calibrating.save(found, tmp_path)


def test_the_table_gives_every_figure_its_error() -> None:
    found = calibrating.from_orders(orders(400), ())
    (name, value, error, interval, n, unit, verdict, why), *rest = calibrating.rows(found)
    assert (name, n, unit, verdict, why) == ("y", "400", "1", "identified", "")
    assert float(value) == pytest.approx(0.6, abs=0.2) and float(error) > 0 and " to " in interval
    assert [(row[0], row[6]) for row in rest] == [("gamma", "refused"), ("eta", "refused")]
    (_, value, error, interval, *_, why), *_ = calibrating.rows(
        calibrating.from_orders(orders(3), ())
    )
    assert value == error == interval == "" and "3 observations" in why
