"""The market's arrays: room before it is needed, and copies that share nothing."""

from __future__ import annotations

import numpy as np

from steersman.marketdata import book
from steersman.venues import market as m_
from steersman.venues.kernel import has_room
from steersman.venues.latency import Delay
from steersman.venues.market import Market, copied, new_market, with_room


def fresh() -> Market:
    return new_market(span=64, report_delay=Delay.constant(7), tape=True, recorded=True, now_ns=5)


def test_a_new_market_is_empty_and_has_room() -> None:
    m = fresh()
    assert m.s[m_.NOW] == 5
    assert m.delays[1, 1] == 7
    assert m.live[0] == 0
    assert has_room(m)


def test_a_copy_is_equal_and_shares_nothing() -> None:
    m = fresh()
    m.s[m_.N_TOUCHES], m.s[m_.N_TRADES], m.s[m_.REP_TAIL] = 3, 2, 1
    m.s[m_.N_NOTES] = 2
    m.notes[:2] = 6
    m.touches[:3], m.trades[:2], m.reports[:1] = 7, 8, 9
    other = copied(m)
    for name, array, again in zip(Market._fields, m, other, strict=True):
        used = {"touches": 3, "trades": 2, "reports": 1, "notes": 2}.get(name, len(array))
        assert np.array_equal(array[:used], again[:used])
        assert array.shape == again.shape
        assert not np.shares_memory(array, again)


def test_room_is_made_for_whatever_comes_next() -> None:
    m = fresh()
    m.s[m_.REP_HEAD], m.s[m_.REP_TAIL] = 10, len(m.reports) - 1
    m.reports[:, 0] = np.arange(len(m.reports))
    m.s[m_.N_TOUCHES] = len(m.touches) - 1
    m.s[m_.N_TRADES] = len(m.trades) - 1
    m.touches[-2] = 4
    assert not has_room(m)
    larger = with_room(m)
    assert has_room(larger)
    assert larger.s[m_.REP_HEAD] == 0
    assert larger.reports[0, 0] == 10
    assert larger.touches[len(m.touches) - 2].tolist() == [4, 4, 4]


def test_room_is_made_in_the_far_table() -> None:
    m = fresh()
    for k in range(507):
        book.put(m.levels, m.top, m.far, 0, 1_000_000 + 100 * k, 1)
    larger = with_room(m)
    assert len(larger.far) > len(m.far)
    assert book.size_at(m.levels, m.top, larger.far, 0, 1_000_000 + 100 * 506) == 1
