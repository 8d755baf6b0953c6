"""Volume by half-hour from a history: whole half-hours to the lot, and none that was not heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.domain.units import MINUTE_NS
from steersman.marketdata.events import DEPTH
from steersman.marketdata.history import History
from steersman.marketdata.rows import Events
from steersman.models.volume import BUCKET_NS, BUCKETS
from steersman.runtime.half_hours import HalfHours, half_hours
from tests.marketdata.sample import PERP, START_NS, trades, write_history

I64 = npt.NDArray[np.int64]
LOT = float(PERP.lot)
FRIDAY = 4  # the day of START_NS, at its first nanosecond
DAY_NS = BUCKETS * BUCKET_NS


def every_four_minutes(days: int) -> I64:
    return START_NS + np.arange(days * 360) * 4 * MINUTE_NS


def read(folder: Path, events: Events, instrument: Instrument = PERP) -> HalfHours:
    history = History.open(write_history(folder, (instrument, events)))
    return half_hours(history, instrument, lambda share: None)


def test_each_lot_is_counted_in_its_half_hour(tmp_path: Path) -> None:
    ns = every_four_minutes(3)
    lots = np.random.default_rng(1).integers(1, 99, len(ns))
    told: list[float] = []
    history = History.open(write_history(tmp_path / "h", (PERP, trades(ns, lots))))
    found = half_hours(history, PERP, told.append)
    expected = np.zeros((3, BUCKETS))
    for at, size in zip(ns.tolist(), lots.tolist(), strict=True):
        expected[divmod((at - START_NS) // BUCKET_NS, BUCKETS)] += size * LOT
    assert found.volumes == pytest.approx(expected)
    assert found.weekdays == (FRIDAY, FRIDAY + 1, FRIDAY + 2)
    assert not found.book and told == [1.0]


def test_what_was_not_heard_is_not_zero(tmp_path: Path) -> None:
    ns = every_four_minutes(3)
    late, early = START_NS + 5 * MINUTE_NS, START_NS + 3 * DAY_NS - 5 * MINUTE_NS
    hole = START_NS + DAY_NS + 605 * MINUTE_NS  # 10:05 of the second day
    heard = (ns > late) & (ns < early) & ((ns < hole) | (ns > hole + 56 * MINUTE_NS))
    found = read(tmp_path / "h", trades(ns[heard], np.ones(int(heard.sum()), np.int64)))
    unknown = np.zeros((3, BUCKETS), np.bool_)
    unknown[0, 0] = unknown[2, 47] = True  # it began late and ended early
    unknown[1, 20:22] = True  # of the one at 11:00 four minutes
    assert (np.isnan(found.volumes) == unknown).all()


def test_a_silence_of_five_minutes_is_no_hole(tmp_path: Path) -> None:
    ns = START_NS + np.arange(0, 24 * 60, 5) * MINUTE_NS
    found = read(tmp_path / "h", trades(ns, np.ones(len(ns), np.int64)))
    assert np.isfinite(found.volumes).all()
    longer = np.delete(ns, 7)  # none between 00:30 and 00:40
    found = read(tmp_path / "longer", trades(longer, np.ones(len(longer), np.int64)))
    assert np.flatnonzero(np.isnan(found.volumes)).tolist() == [1]


def test_a_book_keeps_a_quiet_market_heard(tmp_path: Path) -> None:
    ns = every_four_minutes(1)
    events = trades(ns, np.ones(len(ns), np.int64))
    events["kind"][90:270] = DEPTH  # no trade from 06:00 to 18:00
    found = read(tmp_path / "h", events)
    assert found.book and (found.volumes[0, 12:36] == 0).all()
    assert np.isfinite(found.volumes).all()


def test_shares_do_not_trade_at_night(tmp_path: Path) -> None:
    share = find("AAPL", category=Category.EQUITY, venue="sim")
    ns = every_four_minutes(4)
    minute = (ns - START_NS) // MINUTE_NS
    session = (minute % 1440 >= 870) & (minute % 1440 < 1260)  # 14:30 to 21:00
    ns = ns[session & (minute // 1440 != 1)]  # the second day is a holiday
    found = read(tmp_path / "h", trades(ns, np.ones(len(ns), np.int64)), share)
    assert (found.volumes[[0, 2, 3]][:, :29] == 0).all()
    assert np.isfinite(found.volumes).all(axis=1).tolist() == [True, False, True, True]
