"""Interval prices and volumes on tiny tapes, and where the tape does not reach."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.units import Qty
from steersman.tca.tapes import TapeReader, _weighted
from tests.tca.story import instrument, ns, tape

QUIET = [(0, "99.99", "100.01"), (10, "100.99", "101.01"), (50, "102.99", "103.01")]


def reader_of(*arguments: object, **named: object) -> TapeReader:
    return TapeReader(tape(*arguments, **named), instrument())  # type: ignore[arg-type]


def test_twap_weights_by_duration(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "vectors.json").read_text())
    vector = next(v for v in vectors if v["name"] == "interval_twap_step")
    twap = reader_of(QUIET).twap(ns(0), ns(60))
    assert twap is not None
    assert float(twap) == pytest.approx(vector["expected"]["twap_time_weighted"], rel=1e-12)


def test_vwap_with_and_without_own(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "vectors.json").read_text())
    vector = next(v for v in vectors if v["name"] == "interval_vwap_exclude_own")
    inputs, expected = vector["inputs"], vector["expected"]
    own_price = inputs["own_fill"][0]
    trades = [
        (index + 1, str(price), str(qty), price == own_price)
        for index, (price, qty) in enumerate(zip(inputs["prices"], inputs["vols"], strict=True))
    ]
    reader = reader_of(QUIET, trades)
    assert reader.vwap(ns(0), ns(60), own=True) == D(str(expected["vwap_incl"]))
    assert reader.vwap(ns(0), ns(60), own=False) == D(str(expected["vwap_excl_own"]))
    assert reader.volume(ns(0), ns(60), own=True) == 2
    assert reader.volume(ns(0), ns(60), own=False) == 8


def test_an_interval_begins_after_its_start_and_holds_its_end() -> None:
    reader = reader_of(QUIET, [(5, "100", "1", False), (6, "101", "1", False)], end=20)
    assert reader.volume(ns(5), ns(6), own=False) == 1
    assert reader.vwap(ns(5), ns(6), own=False) == 101
    assert reader.volume(ns(6), ns(7), own=False) == 0
    assert reader.vwap(ns(6), ns(7), own=False) is None


def test_vwap_of_inverse_contracts_weights_by_base() -> None:
    spec = instrument(Category.INVERSE)
    drawn = tape(QUIET, [(1, "40000", "40000", False), (2, "50000", "100000", False)], spec=spec)
    vwap = TapeReader(drawn, spec).vwap(ns(0), ns(60), own=True)
    assert vwap is not None
    assert float(vwap) == pytest.approx(140_000 / 3)


def test_time_without_a_touch_does_not_count_for_twap() -> None:
    reader = reader_of([(0, "99", "101"), (10, "0", "101"), (50, "109", "111")])
    assert reader.twap(ns(0), ns(60)) == 105
    assert reader.twap(ns(5), ns(50)) == 100
    assert reader.twap(ns(20), ns(30)) is None


def test_a_tape_of_views_must_know_most_of_an_interval_for_its_twap() -> None:
    drawn = tape([(0, "99", "101"), (89, "0", "0")])
    blind = TapeReader(drawn, instrument(), blind_ns=1)
    assert blind.twap(ns(0), ns(98)) == 100
    assert blind.twap(ns(0), ns(100)) is None
    assert TapeReader(drawn, instrument()).twap(ns(0), ns(100)) == 100


def test_a_tape_of_views_is_blind_to_what_comes_too_soon() -> None:
    views = tape([(0, "99", "101"), (5, "101", "103"), (9, "0", "0"), (10, "103", "105")])
    reader = TapeReader(views, instrument(), blind_ns=ns(2))

    def mid_later(at: float, after: float) -> D | None:
        touch = reader.touch_later(ns(at), ns(after))
        return None if touch is None else touch.mid

    assert mid_later(4, 1.9) is None, "sooner than views tell of a change"
    assert mid_later(1, 2) == 102, "the nearest since the moment, not the one before it"
    assert mid_later(1, 3.9) == 102 and mid_later(1, 6) == 102
    assert mid_later(6, 2.9) == 104, "the one at 5 was before the moment"
    assert mid_later(5, 3.9) == 104, "nearest of those that can be used, at most 2 s away"
    assert mid_later(5, 2.5) is None and mid_later(10, 3) is None


def test_what_a_moment_has_left_is_in_the_next_view_if_that_is_soon() -> None:
    touches = [(0, "99", "101"), (3, "101", "103")]
    whole = TapeReader(tape(touches), instrument())
    views = TapeReader(tape(touches), instrument(), blind_ns=ns(2))
    found = [reader.touch_left(ns(1)) for reader in (whole, views)]
    assert [touch and touch.mid for touch in found] == [100, 102]
    assert views.touch_left(ns(0.9)) is None and views.touch_left(ns(3.1)) is None


def test_the_vwap_of_a_quantity_takes_of_the_last_trade_what_it_needs() -> None:
    trades = [(1.0, "100", "1", False), (2.0, "90", "9", True), (3.0, "102", "3", False)]
    reader = reader_of(QUIET, trades)
    assert reader.participation_vwap(ns(0), Qty(D(2))) == 101
    assert reader.participation_vwap(ns(0), Qty(D(4))) == D("101.5")
    assert reader.participation_vwap(ns(0), Qty(D("4.1"))) is None, "too little was traded"
    assert reader.participation_vwap(ns(1), Qty(D(1))) == 102, "from after its start"
    assert reader.participation_vwap(ns(2_000), Qty(D(1))) is None


def test_touches_at_and_before_a_moment() -> None:
    reader = reader_of([(1, "99", "101"), (2, "100", "102"), (3, "0", "102")], end=4)

    def mids(at: float) -> list[D | None]:
        touches = reader.touch_before(ns(at)), reader.touch_at(ns(at))
        return [None if touch is None else touch.mid for touch in touches]

    assert mids(0.5) == [None, None]
    assert mids(1) == [None, 100]
    assert mids(2) == [100, 101]
    assert mids(2.5) == [101, 101]
    assert mids(3) == [101, None]
    assert mids(5) == [None, None]  # the tape is over


@pytest.mark.parametrize(
    ("start", "end", "covered"),
    [(10, 20, True), (9, 20, False), (10, 21, True), (10, 21.5, False), (20, 20, False)],
)
def test_where_the_tape_does_not_reach_there_is_nothing(
    start: float, end: float, covered: bool
) -> None:
    touches, trades = [(9.0, "99", "101")], [(12.0, "100", "1", False)]
    reader = reader_of(touches, trades, start=10, end=20)
    interval = ns(start), ns(end)
    assert reader.covers(*interval) is covered
    assert (reader.volume(*interval, own=False) is not None) is covered
    assert (reader.vwap(*interval, own=True) is not None) is covered
    assert (reader.twap(*interval) is not None) is covered


def test_an_empty_tape_knows_nothing() -> None:
    reader = reader_of([])
    assert reader.twap(ns(0), ns(60)) is None
    assert reader.touch_at(ns(1)) is None
    assert reader.volume(ns(0), ns(60), own=False) == 0


def test_weighted_means_are_exact_beyond_64_bits() -> None:
    values = np.array([10**9, 3 * 10**9], np.int64)
    weights = np.array([10**17, 10**17], np.int64)
    assert _weighted(values, weights) == 2 * 10**9
