"""Calibration from start to file: a generated market, own orders, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.specs import find
from steersman.domain.units import SECOND_NS
from steersman.errors import DataError, UsageError
from steersman.models.parameters import ImpactParameters, Verdict
from steersman.runtime import calibrating
from steersman.runtime.own_orders import OwnOrder
from steersman.runtime.watching import watch
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue
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
    for _ in range(n):
        share = 1e-4 * apart ** draws.random()
        noise = 300 * math.sqrt(0.01 / 3) * draws.normal()
        cost = 0.5 + y * 300 * math.sqrt(share) + noise
        found.append(
            OwnOrder("sim:X.linear", "X", Category.LINEAR, 5, 9, cost, 0.5, 300.0, share, 0.01)
        )
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


def test_own_orders_tell_y() -> None:
    found = calibrating.from_orders(orders(400), ("a", "b"))
    assert found.y is not None and found.y.verdict is Verdict.IDENTIFIED
    assert (found.y.low or 0) < 0.6 < (found.y.high or 0)
    assert (found.instrument, found.first_ns, found.last_ns) == ("sim:X.linear", 5, 9)


def test_few_orders_are_pulled_to_the_prior_and_too_few_are_refused() -> None:
    noisy = [replace(one, cost_bps=one.cost_bps * 20) for one in orders(40, apart=5.0)]
    pulled = calibrating.from_orders(noisy, ()).y
    assert pulled is not None and pulled.verdict is Verdict.SHRUNK
    for few, words in ((orders(29), "29 observations"), (orders(60, apart=3.0), "times apart")):
        y = calibrating.from_orders(few, ()).y
        assert y is not None and y.verdict is Verdict.REFUSED and words in y.why


def test_journals_are_read_and_their_orders_counted(tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.journal" for seed in (1, 2)]
    for seed, file in enumerate(files, 1):
        run(file, seed=seed)
    found, watched = calibrating.from_journals(files, "btcusdt", None)
    assert watched.n == 2, "their predictions are counted too"
    assert found.y is not None and found.y.n == 2 and "2 observations" in found.y.why
    assert found.sources == ("1.journal", "2.journal")
    with pytest.raises(DataError, match="no order"):
        calibrating.from_journals(files, None, Category.SPOT)
    with pytest.raises(DataError, match="no order"):
        calibrating.from_journals(files, "ETHUSDT", None)


def test_journals_of_two_instruments_need_a_symbol(tmp_path: Path) -> None:
    run(tmp_path / "b", horizon="2m")
    run(tmp_path / "e", symbol="ETHUSDT", horizon="2m")
    with pytest.raises(UsageError, match=r"BTCUSDT.*ETHUSDT"):
        calibrating.from_journals([tmp_path / "b", tmp_path / "e"], None, None)
    one, _ = calibrating.from_journals([tmp_path / "b", tmp_path / "e"], "ETHUSDT", None)
    assert "ETHUSDT" in one.instrument


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
    ((name, value, error, interval, n, unit, verdict, why),) = calibrating.rows(found)
    assert (name, n, unit, verdict, why) == ("y", "400", "1", "identified", "")
    assert float(value) == pytest.approx(0.6, abs=0.2) and float(error) > 0 and " to " in interval
    ((_, value, error, interval, *_, why),) = calibrating.rows(
        calibrating.from_orders(orders(3), ())
    )
    assert value == error == interval == "" and "3 observations" in why
