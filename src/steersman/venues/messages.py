"""What the kernels tell in ticks, lots and numbers, as messages in prices and quantities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from steersman.domain.instrument import Instrument
from steersman.domain.market import MarketNote, NoteKind
from steersman.domain.messages import (
    Accepted,
    Amend,
    Amended,
    AmendRejected,
    Cancelled,
    CancelRejected,
    Filled,
    Place,
    Rejected,
    Report,
    Resolved,
)
from steersman.domain.order import Liquidity, TimeInForce
from steersman.errors import UsageError
from steersman.marketdata.events import LOTS_MAX
from steersman.marketdata.tape import Tape
from steersman.venues import market as m_
from steersman.venues.market import Market
from steersman.venues.matching import REASONS

__all__ = ["ERRORS", "INVALID", "NOTES", "message_of", "order_fields", "take_notes", "tape_of"]

_TICK_MAX: Final = 2**31 - 1

ERRORS: Final = {
    m_.TIME_BACK: "time goes back",
    m_.EARLY: "received before the exchange sent it",
    m_.BAD_KIND: "unknown kind",
    m_.BAD_SIDE: "no such side",
    m_.BAD_TICK: "price out of range",
    m_.BAD_LOTS: "impossible size",
}
INVALID: Final = {
    m_.EMPTY: "no snapshot yet",
    m_.VALID: "",
    m_.GAPPED: "a gap in the recording: no valid book until the next snapshot",
    m_.CLEARED: "the book was cleared and its snapshot has not come",
    m_.LOADING: "the snapshot is not complete",
    m_.CROSSED: "the recorded book is crossed",
}
NOTES: Final = {
    m_.NOTE_GAP: NoteKind.GAP,
    m_.NOTE_CROSSED: NoteKind.CROSSED,
    m_.NOTE_VALID: NoteKind.RECOVERED,
    m_.NOTE_END: NoteKind.ENDED,
}


def message_of(rules: Instrument, ids: Sequence[str], row: list[int]) -> Report:
    """Return a row of the table of reports as the message that the engine takes."""
    child_id = ids[row[m_.REP_SERIAL]]
    venue_ns = row[m_.REP_EXCH]
    why = REASONS[row[m_.REASON]]
    qty = rules.qty(row[m_.REP_LOTS])
    match row[m_.KIND]:
        case m_.ACCEPTED:
            return Accepted(child_id, venue_ns)
        case m_.REJECTED:
            return Rejected(child_id, venue_ns, why)
        case m_.TOLD_TRADE:
            return _filled(rules, child_id, row)
        case m_.CANCELLED:
            return Cancelled(child_id, venue_ns, qty, why)
        case m_.CANCEL_REJECTED:
            return CancelRejected(child_id, venue_ns, why)
        case m_.AMENDED:
            price = rules.price(row[m_.REP_TICK])
            return Amended(child_id, venue_ns, price, qty)
        case m_.AMEND_REJECTED:
            return AmendRejected(child_id, venue_ns, why)
        case m_.RESOLVED:
            state = row[m_.REP_TICK]
            found, live = state != m_.UNHEARD, state == m_.LIVE
            return Resolved(child_id, venue_ns, found, live, qty)
    raise AssertionError(f"no report of kind {row[m_.KIND]}")


def _filled(rules: Instrument, child_id: str, row: list[int]) -> Filled:
    maker = bool(row[m_.MAKER])
    price = rules.price(row[m_.REP_TICK])
    qty = rules.qty(row[m_.REP_LOTS])
    return Filled(
        child_id=child_id,
        exec_id=f"{rules.symbol}-{row[m_.EXEC]}",
        venue_ns=row[m_.REP_EXCH],
        qty=qty,
        price=price,
        fee=rules.fee(price, qty, maker=maker),
        liquidity=Liquidity.MAKER if maker else Liquidity.TAKER,
    )


def take_notes(m: Market, ends: bool) -> tuple[MarketNote, ...]:
    """Return what happened to the recording itself since the last time; `ends`: that it has."""
    s = m.s
    if not ends and s[m_.NOTES_TOLD] == s[m_.N_NOTES]:
        return ()
    rows = m.notes[s[m_.NOTES_TOLD] : s[m_.N_NOTES]].tolist()
    s[m_.NOTES_TOLD] = s[m_.N_NOTES]
    if ends:
        number = int(s[m_.BEFORE] + s[m_.AT])
        rows.append([m_.NOTE_END, number, int(s[m_.EXCH]), int(s[m_.RECV])])
    return tuple(MarketNote(NOTES[kind], *row) for kind, *row in rows)


def order_fields(rules: Instrument, intent: Place | Amend) -> tuple[int, int, int, int, int]:
    """Return action, side, tick, lots and IOC of an order or amendment."""
    place = isinstance(intent, Place)
    try:
        tick, lots = rules.ticks(intent.price), rules.lots(intent.qty)
    except UsageError:
        tick = lots = 0
    small = place and (lots < 1 or intent.qty < rules.tradable_min(intent.price))
    large = tick > _TICK_MAX or lots > LOTS_MAX  # more than a market's own rows may hold
    if tick < 1 or lots < 1 or small or large:
        return (m_.REJECT_PLACE if place else m_.REJECT_AMEND), 0, 0, 0, 0
    ioc = isinstance(intent, Place) and intent.tif is TimeInForce.IOC
    return (m_.PLACE if place else m_.AMEND), intent.side.sign, tick, lots, int(ioc)


def tape_of(m: Market, start_ns: int, *, complete: bool) -> Tape:
    """Return what the market did since `start_ns`."""
    s = m.s
    touches = m.touches[: s[m_.N_TOUCHES]]
    trades = m.trades[: s[m_.N_TRADES]]
    return Tape(
        start_ns=start_ns,
        end_ns=int(s[m_.NOW]),
        touch_ns=touches[:, 0].copy(),
        bid_ticks=touches[:, 1].copy(),
        ask_ticks=touches[:, 2].copy(),
        trade_ns=trades[:, 0].copy(),
        trade_ticks=trades[:, 1].copy(),
        trade_lots=trades[:, 2].copy(),
        trade_side=trades[:, 3].astype(np.int8),
        trade_own=trades[:, 4].astype(np.bool_),
        complete=complete,
    )
