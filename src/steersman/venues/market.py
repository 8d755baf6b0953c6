"""Everything a simulated market is: eighteen arrays, and nothing outside of them.

Copying the arrays branches the market: both copies go on bit by bit alike until they are told
different things. Every table is bounded or grown by the caller between two events, never in the
middle of one: a kernel that lacks room says so, before the event, and is called again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from steersman.marketdata.book import FAR_ROOM, grown, new_book, new_far
from steersman.marketdata.observer import new_observer
from steersman.venues.latency import NO_DELAY, Delay
from steersman.venues.own_impact import NO_IMPACT, OwnImpact
from steersman.venues.queues import CAUTIOUS, QueueModel

__all__ = ["LEVELS_MAX", "LIVE_MAX", "NEVER", "Market", "copied", "new_market", "with_room"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

NEVER: Final = 1 << 62
LIVE_MAX: Final = 256  # own orders that rest at one time
LEVELS_MAX: Final = 2_048  # levels that one taker order may sweep
NOTE_ROOM: Final = 4  # notes that may come between two looks at the room for them
# Reports and trades that one event may cause at most: a sweep, and on each side of it our own push.
ROOM: Final = 3 * LEVELS_MAX + LIVE_MAX + 16

# -- s: the scalars -------------------------------------------------------------------------------
NOW: Final = 0  # local time reached
EXCH: Final = 1  # exchange time of the newest event
RECV: Final = 2  # local time at which it was received
AT: Final = 3  # number of the next event in the batch at hand
BEFORE: Final = 4  # events in earlier batches
BOOK: Final = 5  # one of the book states below
N_TAKEN: Final = 6  # levels of which we have taken something
REQ_HEAD: Final = 7
REQ_TAIL: Final = 8
REP_HEAD: Final = 9
REP_TAIL: Final = 10
EXECS: Final = 11  # fills so far
CROSS: Final = 12  # by row: what comes to this tick x side, as trade or level, meets an own order
TOUCH_NS: Final = 14  # local time when the touch left what was watched, or NEVER
ENDED: Final = 15
ERROR: Final = 16  # one of the errors below
TOUCH_BID: Final = 17  # as last seen: ticks, 0 = none
TOUCH_ASK: Final = 18
N_TOUCHES: Final = 19
N_TRADES: Final = 20
TAPE: Final = 21  # whether the tape is kept
QUEUE_MODEL: Final = 22  # recorded markets: one of `queues`
FEED_LATENCY: Final = 23  # generated markets: where it is always the same, else -1 (then `feed`)
RECORDED: Final = 24
END_NS: Final = 25  # generated markets: exchange time after which nothing happens
SEED: Final = 26
WANT_BID: Final = 27  # the watched touch in ticks, 0 = none there, negative = not watched
WANT_ASK: Final = 28
SHIFT: Final = 29  # ticks by which our own impact has moved everybody's prices
SHIFT_NS: Final = 30  # exchange time of its next decay, or NEVER
N_REPORTS: Final = 31  # reports so far
DELIVERED: Final = 32  # local time at which the newest report is delivered
N_NOTES: Final = 33
NOTES_TOLD: Final = 34
QUEUE: Final = 37  # by row: a level with tick x side below this has no own order in its queue
MEETS: Final = 36  # whether a row of the message at hand may have met an own order
TROUBLED: Final = 35  # whether a note said that the book cannot be used, and none that it can
SCALARS: Final = 64

# Book states
EMPTY: Final = 0
VALID: Final = 1
GAPPED: Final = 2
CLEARED: Final = 3
LOADING: Final = 4
CROSSED: Final = 5

# Errors
FINE: Final = 0
TIME_BACK: Final = 1
EARLY: Final = 2
BAD_KIND: Final = 3
BAD_SIDE: Final = 4
BAD_TICK: Final = 5
BAD_LOTS: Final = 6

# What a kernel returns
DONE: Final = 0
NEED_DATA: Final = 1
NEED_ROOM: Final = 2
RECENTRE: Final = 3
BAD: Final = 4

# -- orders: one row for each id ever heard of ----------------------------------------------------
STATE: Final = 0
SIDE: Final = 1  # +1 buy, -1 sell
TICK: Final = 2
LOTS: Final = 3  # in all, filled ones included
FILLED: Final = 4
AHEAD: Final = 5  # lots of others before us at our price, rounded up
AHEAD_REST: Final = 6  # by how much it was rounded up, in 2^-20 lots
TRADED: Final = 7  # lots traded at our price since the recording last showed the level
ORDER_F: Final = 8
UNHEARD, LIVE, OVER = 0, 1, 2  # a new row is unheard of

# -- requests -------------------------------------------------------------------------------------
ARRIVAL: Final = 0  # exchange time
ACTION: Final = 1
SERIAL: Final = 2  # row in orders
REQ_SIDE: Final = 3
REQ_TICK: Final = 4
REQ_LOTS: Final = 5
REQ_IOC: Final = 6
REQUEST_F: Final = 7
PLACE, AMEND, CANCEL, QUERY, REJECT_PLACE, REJECT_AMEND = 1, 2, 3, 4, 5, 6

# -- reports --------------------------------------------------------------------------------------
KIND: Final = 0
REP_SERIAL: Final = 1
REP_EXCH: Final = 2
DELIVER: Final = 3  # local time
REP_LOTS: Final = 4  # filled by this trade, total of an amended order, or filled in all
REP_TICK: Final = 5
MAKER: Final = 6
REASON: Final = 7
EXEC: Final = 8  # number of the fill
REPORT_F: Final = 9
ACCEPTED, REJECTED, TOLD_TRADE, CANCELLED, CANCEL_REJECTED = 1, 2, 3, 4, 5
AMENDED, AMEND_REJECTED, RESOLVED = 6, 7, 8

# -- tape -----------------------------------------------------------------------------------------
TOUCH_F: Final = 3  # exch_ns, bid tick, ask tick
TRADE_F: Final = 5  # exch_ns, tick, lots, aggressor, own

# -- notes: what happened to the recording itself -------------------------------------------------
NOTE_F: Final = 4  # kind, number of the event, exch_ns, local ns
NOTE_GAP, NOTE_CROSSED, NOTE_VALID, NOTE_END = 1, 2, 3, 4


class Market(NamedTuple):
    """One simulated market. `live` int64[1 + LIVE_MAX]: how many, then their rows by time."""

    levels: I64
    taken: I64
    top: I64
    far: I64
    orders: I64
    live: I64
    requests: I64
    reports: I64
    s: I64
    obs_i: I64
    obs_f: F64
    touches: I64
    trades: I64
    notes: I64
    delays: I64
    feed: I64
    impact: F64
    queue: F64


def new_market(
    *,
    span: int,
    tape: bool,
    recorded: bool,
    now_ns: int,
    report_delay: Delay,
    feed_delay: Delay = NO_DELAY,
    impact: OwnImpact | None = None,
    queue: QueueModel = CAUTIOUS,
) -> Market:
    """Return a market at `now_ns` with an empty book and no orders."""
    levels, taken, top = new_book(span)
    s = np.zeros(SCALARS, np.int64)
    s[NOW] = now_ns
    s[CROSS : CROSS + 2] = s[QUEUE : QUEUE + 2] = NEVER
    s[TOUCH_NS] = s[END_NS] = NEVER
    s[WANT_BID] = s[WANT_ASK] = -1
    s[SHIFT_NS] = NEVER
    s[QUEUE_MODEL] = queue.kind
    s[TAPE], s[RECORDED] = tape, recorded
    s[FEED_LATENCY] = feed_delay.always_ns
    obs_i, obs_f = new_observer()
    return Market(
        levels=levels,
        taken=taken,
        top=top,
        far=new_far(),
        orders=np.zeros((64, ORDER_F), np.int64),
        live=np.zeros(1 + LIVE_MAX, np.int64),
        requests=np.zeros((16, REQUEST_F), np.int64),
        reports=np.zeros((2 * ROOM, REPORT_F), np.int64),
        s=s,
        obs_i=obs_i,
        obs_f=obs_f,
        touches=np.zeros((1 << 14, TOUCH_F), np.int64),
        trades=np.zeros((1 << 14, TRADE_F), np.int64),
        notes=np.zeros((64, NOTE_F), np.int64),
        delays=report_delay.table.copy(),
        feed=feed_delay.table.copy(),
        impact=(impact or NO_IMPACT).state(),
        queue=np.array([queue.exponent]),
    )


def copied(m: Market) -> Market:
    """Return a market that goes on as `m` would and shares nothing with it."""
    # Of what only grows, the unused part need not be copied.
    used = {
        "touches": m.s[N_TOUCHES],
        "trades": m.s[N_TRADES],
        "reports": m.s[REP_TAIL],
        "notes": m.s[N_NOTES],
    }
    arrays = {}
    for name, whole in m._asdict().items():
        end = used.get(name, len(whole))
        arrays[name] = np.empty_like(whole)
        arrays[name][:end] = whole[:end]
    return Market(**arrays)


def with_room(m: Market) -> Market:
    """Return the market with room for whatever one event, or one request, may cause."""
    s = m.s
    if m.far[0, 0] + FAR_ROOM > (len(m.far) - 2) // 2:
        m = m._replace(far=grown(m.far, 2 * FAR_ROOM))
    head, tail = int(s[REP_HEAD]), int(s[REP_TAIL])
    if head > 0:  # drop what has been delivered
        m.reports[: tail - head] = m.reports[head:tail].copy()
        s[REP_HEAD], s[REP_TAIL] = 0, tail - head
    return m._replace(
        reports=_grown(m.reports, int(s[REP_TAIL]) + ROOM),
        touches=_grown(m.touches, int(s[N_TOUCHES]) + ROOM),
        trades=_grown(m.trades, int(s[N_TRADES]) + ROOM),
        notes=_grown(m.notes, int(s[N_NOTES]) + NOTE_ROOM),
    )


def _grown(table: I64, least: int) -> I64:
    if len(table) > least:
        return table
    larger = np.zeros((2 * least, table.shape[1]), np.int64)
    larger[: len(table)] = table
    return larger
