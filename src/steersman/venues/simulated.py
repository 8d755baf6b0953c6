"""One instrument's simulated market: recorded events or generated flow behind the port of a venue.

The kernels work in ticks, lots and integer nanoseconds; this is where they meet prices, quantities
and messages. Everything that changes is in arrays and three small tables, so `copy()` branches the
market: both go on alike, bit by bit, until they are told different things.

An intent has one id for ever: a second order under the same id is an error here, not an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Instrument
from steersman.domain.market import MarketView, NewsItem, Signals
from steersman.domain.messages import (
    Accepted,
    Amend,
    Amended,
    AmendRejected,
    Approved,
    Cancel,
    Cancelled,
    CancelRejected,
    Filled,
    Intent,
    Place,
    Rejected,
    Report,
    Resolved,
    Wake,
)
from steersman.domain.order import Liquidity, TimeInForce
from steersman.domain.units import SECOND_NS, Price
from steersman.errors import DataError, UsageError, VenueError
from steersman.marketdata.book import SPAN, recentred
from steersman.marketdata.events import EVENT
from steersman.marketdata.observer import VIEW_F, VIEW_I, market_view, read
from steersman.marketdata.tape import Tape
from steersman.venues import market as m_
from steersman.venues.background import Flow, copied_flow, new_background, run_generated
from steersman.venues.base import Step
from steersman.venues.kernel import run_recorded
from steersman.venues.market import Market, copied, new_market, with_room
from steersman.venues.matching import REASONS
from steersman.venues.netflows import Netflows
from steersman.venues.perpetual import funding_between, newest_minute, signals_of
from steersman.venues.presets import FlowPreset, preset_for
from steersman.venues.regimes import HiddenRegime, RegimeName, cascades
from steersman.venues.scripts import script_of

__all__ = ["ORDER_LATENCY_NS", "SimulatedVenue"]

I64 = npt.NDArray[np.int64]
Events = npt.NDArray[np.void]

ORDER_LATENCY_NS: Final = 10_000_000
FEED_LATENCY_NS: Final = 5_000_000
WARM_UP_NS: Final = 60 * SECOND_NS  # a generated market has been going on, and was watched

_ERRORS: Final = {
    m_.TIME_BACK: "time goes back",
    m_.EARLY: "received before the exchange sent it",
    m_.BAD_KIND: "unknown kind",
    m_.BAD_SIDE: "no such side",
    m_.BAD_TICK: "price out of range",
    m_.BAD_LOTS: "impossible size",
    m_.CROSSED: "the book is crossed after a whole message",
}
_INVALID: Final = {
    m_.EMPTY: "no snapshot yet",
    m_.VALID: "",
    m_.GAPPED: "a gap in the recording: no valid book until the next snapshot",
    m_.CLEARED: "the book was cleared and its snapshot has not come",
    m_.LOADING: "the snapshot is not complete",
}


class SimulatedVenue:
    """One instrument's market in market time; build it with `recorded` or `generated`."""

    def __init__(
        self,
        instrument: Instrument,
        market: Market,
        *,
        order_latency_ns: int,
        batches: tuple[I64, ...] = (),
        flow: Flow | None = None,
        news: tuple[NewsItem, ...] = (),
        netflows: Netflows | None = None,
        regimes: tuple[HiddenRegime, ...] = (),
    ) -> None:
        self.instrument = instrument
        self._m = market
        self._order_latency_ns = order_latency_ns
        self._batches = batches
        self._batch = 0
        self._flow = flow
        self._news = news
        self._netflows = netflows
        self._regimes = regimes
        self._signalled = -1  # the last minute whose signals were told
        self._start_ns = self.now_ns
        self._sent_ns = self.now_ns
        self._cut = False  # whether a run was ended by the end of the data
        self._ids: list[str] = []
        self._serials: dict[str, int] = {}
        self._placed: set[str] = set()

    @classmethod
    def recorded(
        cls,
        instrument: Instrument,
        events: Events | Sequence[Events],
        *,
        order_latency_ns: int = ORDER_LATENCY_NS,
        report_latency_ns: int = ORDER_LATENCY_NS,
        tape: bool = True,
    ) -> Self:
        """Return a market that replays `events` (arrays of `EVENT`, one or several in order).

        Raises DataError where there are none or they are not such arrays.
        """
        batches = (events,) if isinstance(events, np.ndarray) else tuple(events)
        if any(batch.dtype != EVENT or batch.ndim != 1 for batch in batches):
            raise DataError(f"{instrument.id}: not an array of events", "use the dtype EVENT")
        if not any(len(batch) for batch in batches):
            raise DataError(f"{instrument.id}: no events", "give a recording with events")
        first = next(batch for batch in batches if len(batch))
        market = new_market(
            span=SPAN,
            report_latency_ns=_latency(report_latency_ns),
            tape=tape,
            recorded=True,
            now_ns=int(first["recv_ns"][0]),
        )
        words = tuple(_words(batch) for batch in batches)
        latency_ns = _latency(order_latency_ns)
        return cls(instrument, market, order_latency_ns=latency_ns, batches=words)

    @classmethod
    def generated(
        cls,
        instrument: Instrument,
        *,
        seed: int,
        start_ns: int,
        end_ns: int,
        preset: FlowPreset | None = None,
        informativeness: float | None = None,
        regime: str = RegimeName.MIXED,
        order_latency_ns: int = ORDER_LATENCY_NS,
        report_latency_ns: int = ORDER_LATENCY_NS,
        feed_latency_ns: int = FEED_LATENCY_NS,
        tape: bool = True,
    ) -> Self:
        """Return a market of generated flow from `start_ns` to `end_ns`, a function of the seed.

        `informativeness` is the share of news items and of large transfers that come true (None:
        the model's default); `regime` one that holds throughout, or mixed. Raises UsageError where
        there is no preset or no such regime for the instrument, or the times are not a span.
        """
        if end_ns <= start_ns:
            raise UsageError(f"{instrument.id}: the market ends before it starts", "set end_ns")
        preset = preset or preset_for(instrument.symbol, instrument.category)
        told = script_of(preset, seed, start_ns, end_ns, informativeness, regime)
        begin_ns = start_ns - WARM_UP_NS
        market = new_market(
            span=preset.span_ticks,
            report_latency_ns=_latency(report_latency_ns),
            tape=False,
            recorded=False,
            now_ns=begin_ns,
        )
        market.s[m_.FEED_LATENCY] = _latency(feed_latency_ns)
        flow = new_background(
            market,
            told.params,
            told.script,
            seed=seed,
            start_ns=begin_ns,
            end_ns=end_ns,
            mid_tick=preset.mid_tick,
        )
        venue = cls(
            instrument,
            market,
            order_latency_ns=_latency(order_latency_ns),
            flow=flow,
            news=told.news,
            netflows=told.netflows,
            regimes=told.regimes,
        )
        venue._begin(start_ns, tape)
        return venue

    @property
    def now_ns(self) -> int:
        """The local time reached."""
        return int(self._m.s[m_.NOW])

    # -- what we say ------------------------------------------------------------------------------
    def send(self, request: Approved[Intent], at_ns: int) -> None:
        """Send an approved intent at local time `at_ns`; it arrives after the order latency.

        Raises VenueError for a second order under one id, for another instrument, and for a time
        that has passed. What breaks the instrument's rules is rejected by a report, as venues do.
        """
        intent = request.intent
        if intent.instrument != self.instrument.id:
            raise VenueError(f"{intent.instrument} is not traded here: {self.instrument.id} is")
        if isinstance(intent, Place):
            if intent.child_id in self._placed:
                raise VenueError(f"duplicate order id {intent.child_id}", "use one id per intent")
            self._placed.add(intent.child_id)
        match intent:
            case Place() | Amend():
                self._request(at_ns, intent.child_id, *self._order(intent))
            case Cancel():
                self._request(at_ns, intent.child_id, m_.CANCEL)

    def query(self, child_id: str, at_ns: int) -> None:
        """Ask at local time `at_ns` what became of a child; `Resolved` answers."""
        self._request(at_ns, child_id, m_.QUERY)

    def _order(self, intent: Place | Amend) -> tuple[int, int, int, int, int]:
        """Return action, side, tick, lots and IOC of an order or amendment."""
        place = isinstance(intent, Place)
        rules = self.instrument
        try:
            tick, lots = rules.ticks(intent.price), rules.lots(intent.qty)
        except UsageError:
            tick = lots = 0
        small = place and (lots < 1 or intent.qty < rules.tradable_min(intent.price))
        if tick < 1 or lots < 1 or small:
            return (m_.REJECT_PLACE if place else m_.REJECT_AMEND), 0, 0, 0, 0
        ioc = isinstance(intent, Place) and intent.tif is TimeInForce.IOC
        return (m_.PLACE if place else m_.AMEND), intent.side.sign, tick, lots, int(ioc)

    def _request(self, at_ns: int, child_id: str, action: int, *fields: int) -> None:
        if at_ns < max(self._sent_ns, self.now_ns):
            raise VenueError(f"{child_id} is sent at {at_ns}, which has passed", "send it now")
        self._sent_ns = at_ns
        serial = self._serial(child_id)
        m, s = self._m, self._m.s
        tail = int(s[m_.REQ_TAIL])
        if s[m_.REQ_HEAD] == tail:
            s[m_.REQ_HEAD] = s[m_.REQ_TAIL] = tail = 0
        if tail == len(m.requests):
            self._m = m = m._replace(requests=np.concatenate([m.requests, m.requests * 0]))
        row = (at_ns + self._order_latency_ns, action, serial, *fields)
        m.requests[tail] = 0
        m.requests[tail, : len(row)] = row
        s[m_.REQ_TAIL] = tail + 1

    def _serial(self, child_id: str) -> int:
        """Return the row of an id in the table of orders, a new one where it is not known yet."""
        serial = self._serials.get(child_id)
        if serial is None:
            serial = self._serials[child_id] = len(self._ids)
            self._ids.append(child_id)
            orders = self._m.orders
            if serial == len(orders):
                self._m = self._m._replace(orders=np.concatenate([orders, orders * 0]))
        return serial

    # -- what we hear -----------------------------------------------------------------------------
    def run(self, wake: Wake) -> Step:
        """Run to `wake.at_ns`, or to an own report or the touch's leaving before; tell what is new.

        Everything received by the time reached is in the view, and nothing later. Raises DataError
        with the number of the event where the recording is impossible.
        """
        s = self._m.s
        s[m_.WANT_BID] = self._watched(wake.touch_bid)
        s[m_.WANT_ASK] = self._watched(wake.touch_ask)
        self._advance(wake.at_ns)
        ended = bool(s[m_.ENDED])
        self._cut = self._cut or (ended and self.now_ns < wake.at_ns)
        touched = bool(s[m_.TOUCH_NS] <= s[m_.NOW])
        return Step(self.now_ns, self._reports(), self._view(), ended, touched)

    def _watched(self, price: Price | None) -> int:
        return -1 if price is None else self.instrument.ticks(price)

    def _advance(self, until_ns: int) -> None:
        s = self._m.s
        s[m_.TOUCH_NS], s[m_.ENDED] = m_.NEVER, 0
        until_ns = max(until_ns, self.now_ns)
        while True:
            if self._flow is not None:
                status = run_generated(self._m, self._flow, until_ns)
            else:
                final = self._batch == len(self._batches) - 1
                batch = self._batches[self._batch]
                status = run_recorded(self._m, batch, final, until_ns)
            if status == m_.DONE:
                return
            self._provide(status)

    def _provide(self, status: int) -> None:
        """Give a kernel what it stopped for; raise where it stopped at an impossible event."""
        m, s = self._m, self._m.s
        if status == m_.NEED_ROOM:
            self._m = with_room(m)
        elif status == m_.RECENTRE:
            self._m = m._replace(far=recentred(m.levels, m.taken, m.top, m.far))
        elif status == m_.NEED_DATA:
            s[m_.BEFORE] += s[m_.AT]
            s[m_.AT] = 0
            self._batch += 1
        else:
            assert self._flow is None, "the background never crosses its own book"
            number = int(s[m_.BEFORE] + s[m_.AT])
            what = _ERRORS[int(s[m_.ERROR])]
            remedy = "import the sources again"
            raise DataError(f"{self.instrument.id} event {number}: {what}", remedy)

    def _view(self) -> MarketView:
        m, s = self._m, self._m.s
        view_i, view_f = np.empty(VIEW_I, np.int64), np.empty(VIEW_F, np.float64)
        state = int(s[m_.BOOK])
        valid = state == m_.VALID
        read(m.obs_i, m.obs_f, m.levels, m.top, m.far, self.now_ns, valid, view_i, view_f)
        return market_view(
            self.instrument,
            view_i,
            view_f,
            at_ns=self.now_ns,
            exch_ns=int(s[m_.EXCH]),
            feed_age_ns=self.now_ns - int(s[m_.RECV]) if s[m_.RECV] else 0,
            invalid=_INVALID[state],
        )

    def _reports(self) -> tuple[Report, ...]:
        """Take the reports that have arrived by now."""
        s, reports = self._m.s, self._m.reports
        head, tail = int(s[m_.REP_HEAD]), int(s[m_.REP_TAIL])
        taken = []
        while head < tail and reports[head, m_.DELIVER] <= s[m_.NOW]:
            taken.append(self._message(reports[head].tolist()))
            head += 1
        s[m_.REP_HEAD] = head
        if head == tail:
            s[m_.REP_HEAD] = s[m_.REP_TAIL] = 0
        return tuple(taken)

    def _message(self, row: list[int]) -> Report:
        child_id = self._ids[row[m_.REP_SERIAL]]
        venue_ns = row[m_.REP_EXCH]
        why = REASONS[row[m_.REASON]]
        qty = self.instrument.qty(row[m_.REP_LOTS])
        match row[m_.KIND]:
            case m_.ACCEPTED:
                return Accepted(child_id, venue_ns)
            case m_.REJECTED:
                return Rejected(child_id, venue_ns, why)
            case m_.TRADED:
                return self._filled(child_id, row)
            case m_.CANCELLED:
                return Cancelled(child_id, venue_ns, qty, why)
            case m_.CANCEL_REJECTED:
                return CancelRejected(child_id, venue_ns, why)
            case m_.AMENDED:
                price = self.instrument.price(row[m_.REP_TICK])
                return Amended(child_id, venue_ns, price, qty)
            case m_.AMEND_REJECTED:
                return AmendRejected(child_id, venue_ns, why)
            case m_.RESOLVED:
                state = row[m_.REP_TICK]
                found, live = state != m_.UNHEARD, state == m_.LIVE
                return Resolved(child_id, venue_ns, found, live, qty)
        raise AssertionError(f"no report of kind {row[m_.KIND]}")

    def _filled(self, child_id: str, row: list[int]) -> Filled:
        maker = bool(row[m_.MAKER])
        price = self.instrument.price(row[m_.REP_TICK])
        qty = self.instrument.qty(row[m_.REP_LOTS])
        return Filled(
            child_id=child_id,
            exec_id=f"{self.instrument.symbol}-{row[m_.EXEC]}",
            venue_ns=row[m_.REP_EXCH],
            qty=qty,
            price=price,
            fee=self.instrument.fee(price, qty, maker=maker),
            liquidity=Liquidity.MAKER if maker else Liquidity.TAKER,
        )

    # -- the rest ---------------------------------------------------------------------------------
    def news_until(self, now_ns: int) -> tuple[NewsItem, ...]:
        """Return the headlines received by `now_ns` that were not returned before, by reception."""
        came = [item for item in self._news if item.received_ns <= now_ns]
        self._news = tuple(item for item in self._news if item.received_ns > now_ns)
        return tuple(sorted(came, key=lambda item: (item.received_ns, item.published_ns, item.id)))

    def signals_until(self, now_ns: int) -> tuple[Signals, ...]:
        """Return the newest signals of a generated perpetual that were published by `now_ns`.

        They are told once, and at most once a minute of market time; other markets have none.
        """
        minute = newest_minute(min(now_ns, self.now_ns))
        if self._flow is None or self._netflows is None or minute <= self._signalled:
            return ()
        flow = self._flow
        found = signals_of(self.instrument, flow.flow_i, flow.flow_f, self._netflows, minute)
        self._signalled = minute
        return () if found is None else (found,)

    def funding_between(self, from_ns: int, to_ns: int) -> tuple[tuple[int, Decimal], ...]:
        """Return time and rate (bps; longs pay) of each funding in [from_ns, to_ns) by now.

        Only a generated perpetual has any.
        """
        if self._flow is None or self._netflows is None:
            return ()
        until_ns = min(to_ns, self.now_ns + 1)
        return funding_between(self._flow.flow_i, self._flow.flow_f, from_ns, until_ns)

    def hidden_regimes(self) -> tuple[HiddenRegime, ...]:
        """Return the truth about which regime held when, by start: to measure, never to trade.

        Scheduled ones of the whole market, and the cascades so far (the last 64).
        """
        if self._flow is None:
            return ()
        happened = cascades(self._flow.flow_i, self._flow.flow_f)
        return tuple(sorted((*self._regimes, *happened), key=lambda span: span.from_ns))

    def tape(self) -> Tape:
        """Return what the market did so far; empty where it was built without a tape."""
        m, s = self._m, self._m.s
        touches = m.touches[: s[m_.N_TOUCHES]]
        trades = m.trades[: s[m_.N_TRADES]]
        return Tape(
            start_ns=self._start_ns,
            end_ns=self.now_ns,
            touch_ns=touches[:, 0].copy(),
            bid_ticks=touches[:, 1].copy(),
            ask_ticks=touches[:, 2].copy(),
            trade_ns=trades[:, 0].copy(),
            trade_ticks=trades[:, 1].copy(),
            trade_lots=trades[:, 2].copy(),
            trade_side=trades[:, 3].astype(np.int8),
            trade_own=trades[:, 4].astype(np.bool_),
            complete=not self._cut,
        )

    def copy(self) -> SimulatedVenue:
        """Return a market that goes on as this one would, independently of it."""
        other = SimulatedVenue(
            self.instrument,
            copied(self._m),
            order_latency_ns=self._order_latency_ns,
            batches=self._batches,
            flow=copied_flow(self._flow) if self._flow is not None else None,
            news=self._news,
            netflows=self._netflows,
            regimes=self._regimes,
        )
        other._signalled = self._signalled
        other._batch = self._batch
        other._start_ns, other._sent_ns = self._start_ns, self._sent_ns
        other._cut = self._cut
        other._ids = list(self._ids)
        other._serials = dict(self._serials)
        other._placed = set(self._placed)
        return other

    def _begin(self, start_ns: int, tape: bool) -> None:
        """Let a generated market go on by itself up to its start, and begin to keep its tape."""
        self._advance(start_ns)
        s = self._m.s
        self._view()  # the volumes of the first view begin here
        if tape:
            s[m_.TAPE] = 1
            self._m.touches[0] = start_ns, s[m_.TOUCH_BID], s[m_.TOUCH_ASK]
            s[m_.N_TOUCHES] = 1
        self._start_ns = self._sent_ns = start_ns


def _latency(latency_ns: int) -> int:
    if latency_ns < 0:
        raise UsageError(f"a latency of {latency_ns} ns", "give 0 or more")
    return latency_ns


def _words(events: Events) -> I64:
    """Return events as the kernel reads them: int64 of shape (n, 4), of the same memory."""
    owned = events if events.flags.c_contiguous and events.flags.writeable else events.copy()
    assert owned.dtype == EVENT and owned.dtype.itemsize == 32
    return owned.view(np.int64).reshape(-1, 4)
