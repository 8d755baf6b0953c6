"""Rows of the table of reports become messages in prices and quantities of the instrument."""

from __future__ import annotations

from decimal import Decimal

from steersman.domain.messages import Accepted, Amended, Cancelled, Filled, Report, Resolved
from steersman.domain.order import Liquidity
from steersman.venues import market as m_
from steersman.venues.matching import REASONS
from steersman.venues.messages import NOTES, message_of
from tests.venues.desk import BTC


def said(kind: int, *, lots: int = 0, tick: int = 0, maker: int = 0, why: int = 0) -> Report:
    row = [0] * m_.REPORT_F
    row[m_.KIND], row[m_.REP_SERIAL], row[m_.REP_EXCH] = kind, 1, 77
    row[m_.REP_LOTS], row[m_.REP_TICK], row[m_.MAKER] = lots, tick, maker
    row[m_.REASON], row[m_.EXEC] = why, 9
    return message_of(BTC, ["a", "b"], row)


def test_each_kind_of_row_is_its_message() -> None:
    assert said(m_.ACCEPTED) == Accepted("b", 77)
    assert said(m_.CANCELLED, lots=5, why=1) == Cancelled("b", 77, BTC.qty(5), REASONS[1])
    assert said(m_.AMENDED, lots=5, tick=600_001) == Amended(
        "b", 77, BTC.price(600_001), BTC.qty(5)
    )
    assert said(m_.RESOLVED, lots=2, tick=m_.LIVE) == Resolved("b", 77, True, True, BTC.qty(2))
    assert said(m_.RESOLVED, tick=m_.UNHEARD) == Resolved("b", 77, False, False, BTC.qty(0))


def test_a_fill_carries_its_fee_by_who_made_it() -> None:
    taken, made = (said(m_.TOLD_TRADE, lots=1_000, tick=600_000, maker=m) for m in (0, 1))
    assert isinstance(taken, Filled) and isinstance(made, Filled)
    assert taken.qty == 1 and taken.price == 60_000
    assert taken.liquidity is Liquidity.TAKER and made.liquidity is Liquidity.MAKER
    assert taken.fee == Decimal(60_000) * BTC.taker_fee_bps / 10_000
    assert made.fee == Decimal(60_000) * BTC.maker_fee_bps / 10_000
    assert taken.exec_id.endswith("-9")


def test_every_note_has_a_name() -> None:
    assert set(NOTES) == {m_.NOTE_GAP, m_.NOTE_CROSSED, m_.NOTE_VALID, m_.NOTE_END}
