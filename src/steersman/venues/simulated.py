"""One instrument's simulated market: recorded events or generated flow behind the port of a venue.

The kernels work in ticks, lots and integer nanoseconds; this is where they meet prices, quantities
and messages. Everything that changes is in arrays and three small tables, so `copy()` branches the
market: both go on alike, bit by bit, until they are told different things.

An intent has one id for ever: a second order under the same id is an error here, not an order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy as shallow
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Instrument
from steersman.domain.market import MarketView, NewsItem, Signals
from steersman.domain.messages import (
    Amend,
    Approved,
    Cancel,
    FundingPaid,
    Intent,
    Place,
    Report,
    Wake,
)
from steersman.domain.units import SECOND_NS, Price
from steersman.errors import DataError, UsageError, VenueError
from steersman.marketdata.book import SPAN, recentred
from steersman.marketdata.observer import (
    VIEW_F,
    VIEW_I,
    VOLUME,
    VOLUME_MAX,
    market_view,
    read,
)
from steersman.marketdata.source import Source, source_of
from steersman.marketdata.tape import Tape
from steersman.venues import market as m_
from steersman.venues.background import Flow, copied_flow, new_background, run_generated
from steersman.venues.base import Step
from steersman.venues.funding import Execution, FundingClock, Rates
from steersman.venues.futures import seed_after
from steersman.venues.kernel import run_recorded
from steersman.venues.latency import ORDER, REPORT, Delay, Latency, Redelivered
from steersman.venues.market import Market, copied, new_market, with_room
from steersman.venues.messages import ERRORS, INVALID, message_of, order_fields, take_notes, tape_of
from steersman.venues.own_impact import OwnImpact
from steersman.venues.peg import SERIALS, run_peg
from steersman.venues.presets import FlowPreset, preset_for
from steersman.venues.queues import CAUTIOUS, QueueModel
from steersman.venues.regimes import HiddenRegime, RegimeName
from steersman.venues.scripts import script_of
from steersman.venues.world import World

__all__ = ["SimulatedVenue"]

I64 = npt.NDArray[np.int64]
Events = npt.NDArray[np.void]

FEED_DELAY: Final = Delay.constant(5_000_000)  # of a generated market, where none is given
WARM_UP_NS: Final = 60 * SECOND_NS  # a generated market has been going on, and was watched

_NO_EVENTS: Final = np.empty((0, 4), np.int64)


class SimulatedVenue:
    """One instrument's market in market time; build it with `recorded` or `generated`."""

    def __init__(
        self,
        instrument: Instrument,
        market: Market,
        *,
        latency: Latency,
        source: Source | None = None,
        world: World | None = None,
        funding: FundingClock | None = None,
    ) -> None:
        self.instrument = instrument
        self._m, self._latency = market, latency
        self._requests = self._arrival_ns = 0  # sent so far, and when the newest of them arrives
        self._source, self._batch, self._events = source, 0, _NO_EVENTS
        self._world = world
        self._funding = funding or FundingClock(instrument, (), 0)
        self._start_ns = self._sent_ns = self.now_ns
        self._cut = self._end_told = False  # whether the end of the data ended a run; was told
        self._ids: list[str] = []
        self._serials: dict[str, int] = {}
        self._placed: dict[str, str] = {}  # the parent order of each child
        self._read_i, self._read_f = np.empty(VIEW_I, np.int64), np.empty(VIEW_F)

    @classmethod
    def recorded(
        cls,
        instrument: Instrument,
        events: Source | Events | Sequence[Events],
        *,
        latency: Latency | None = None,
        queue: QueueModel = CAUTIOUS,
        impact: OwnImpact | None = None,
        seed: int = 0,
        tape: bool = True,
        funding: Rates = (),
    ) -> Self:
        """Return a market that replays `events`: a source, or arrays of `EVENT` in order.

        `latency` is 10 ms each way by default, its `feed` replaces the recorded receive times;
        `impact` is what our taking does to the prices (None: nothing beyond what it consumes);
        `seed` draws sampled latencies. Raises DataError where there are no events, they are not
        such arrays, or the first of a source cannot be read, and UsageError where `funding` cannot
        be the funding times and rates (bps) of this instrument.
        """
        latency = latency or Latency()
        source = source_of(instrument.id, events)
        if latency.feed is not None:
            source = Redelivered(source, latency.feed, seed)
        first = source.batch(0)
        market = new_market(
            span=SPAN,
            report_delay=latency.report,
            tape=tape,
            recorded=True,
            now_ns=int(first[0, 1]),
            impact=impact,
            queue=queue,
        )
        market.s[m_.SEED] = seed
        clock = FundingClock(instrument, funding, int(market.s[m_.NOW]))
        venue = cls(instrument, market, latency=latency, source=source, funding=clock)
        venue._events = first
        return venue

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
        latency: Latency | None = None,
        tape: bool = True,
        funding: Rates = (),
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
        latency = latency or Latency()
        begin_ns = start_ns - WARM_UP_NS
        market = new_market(
            span=preset.span_ticks,
            report_delay=latency.report,
            feed_delay=latency.feed or FEED_DELAY,
            tape=False,
            recorded=False,
            now_ns=begin_ns,
        )
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
            latency=latency,
            world=World(flow, told),
            funding=FundingClock(
                instrument, funding, start_ns, generated=preset.perpetual and tape
            ),
        )
        venue._begin(start_ns, tape)
        return venue

    @property
    def now_ns(self) -> int:
        """The local time reached."""
        return self._m.s.item(m_.NOW)

    @property
    def background_events(self) -> int:
        """How many events everybody else has made so far; 0 in a recorded market."""
        return 0 if self._world is None else self._world.events

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
            self._placed[intent.child_id] = intent.parent_id
        match intent:
            case Place() | Amend():
                self._request(at_ns, intent.child_id, *order_fields(self.instrument, intent))
            case Cancel():
                self._request(at_ns, intent.child_id, m_.CANCEL)

    def query(self, child_id: str, at_ns: int) -> None:
        """Ask at local time `at_ns` what became of a child; `Resolved` answers."""
        self._request(at_ns, child_id, m_.QUERY)

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
        took_ns = self._latency.order.of(int(s[m_.SEED]), ORDER, self._requests, at_ns)
        self._requests += 1
        self._arrival_ns = max(self._arrival_ns, at_ns + took_ns)  # nothing overtakes
        row = (self._arrival_ns, action, serial, *fields)
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

        A funding payment is an own report that comes after the others of its time.

        Everything received by the time reached is in the view, and nothing later. Raises DataError
        with the number of the event where the recording is impossible.
        """
        s = self._m.s
        s[m_.WANT_BID] = self._watched(wake.touch_bid)
        s[m_.WANT_ASK] = self._watched(wake.touch_ask)
        while True:
            self._advance(min(wake.at_ns, self._settled_ns()))
            now_ns = self.now_ns
            ended = bool(s.item(m_.ENDED))
            touched = s.item(m_.TOUCH_NS) <= now_ns
            reports = self._reports(now_ns)
            funding = self._settle() if now_ns >= self._settled_ns() else ()
            if reports or funding or ended or touched or now_ns >= wake.at_ns:
                break
        self._cut = self._cut or (ended and now_ns < wake.at_ns)
        ends, self._end_told = ended and not self._end_told, self._end_told or ended
        notes = take_notes(self._m, ends)
        return Step(now_ns, reports, self._view(now_ns), ended, touched, notes, funding)

    def drive(self, strategy: I64, name: str) -> None:
        """Let a compiled strategy of `peg` trade until it is over; its orders are `{name}-{n}`.

        Recorded markets without funding only. Its reports are taken; raises as `run` does.
        """
        if self._funding.next_ns < m_.NEVER:
            raise UsageError(f"{self.instrument.id}: no funding here", "give the venue no rates")
        s, first = self._m.s, len(self._ids)
        strategy[SERIALS] = first
        s[m_.WANT_BID] = s[m_.WANT_ASK] = -1
        s[m_.ENDED] = 0

        def kernel() -> int:
            m = self._m
            if strategy[SERIALS] == len(m.orders):
                self._m = m = m._replace(orders=np.concatenate([m.orders, m.orders * 0]))
            if m.s[m_.REQ_TAIL] == len(m.requests):
                self._m = m = m._replace(requests=np.concatenate([m.requests, m.requests * 0]))
            return int(run_peg(m, self._events, self._final, strategy))

        self._finish(kernel)
        self._cut = self._cut or bool(s[m_.ENDED])
        self._sent_ns = self.now_ns
        for number in range(1, int(strategy[SERIALS]) - first + 1):
            self._placed[f"{name}-{number}"] = name
            self._serial(f"{name}-{number}")

    def _watched(self, price: Price | None) -> int:
        return -1 if price is None else self.instrument.ticks(price)

    def _advance(self, until_ns: int) -> None:
        s = self._m.s
        s[m_.TOUCH_NS], s[m_.ENDED] = m_.NEVER, 0
        until_ns = max(until_ns, self.now_ns)
        world = self._world
        if world is not None:
            self._finish(lambda: run_generated(self._m, world.flow, until_ns))
        else:
            self._finish(lambda: run_recorded(self._m, self._events, self._final, until_ns))

    @property
    def _final(self) -> bool:
        """Whether no batch follows the one at hand."""
        return self._source is None or self._source.is_last(self._batch)

    def _finish(self, kernel: Callable[[], int]) -> None:
        while (status := kernel()) != m_.DONE:
            self._provide(status)

    def _provide(self, status: int) -> None:
        """Give a kernel what it stopped for; raise where it stopped at an impossible event."""
        m, s = self._m, self._m.s
        if status == m_.NEED_ROOM:
            self._m = with_room(m)
        elif status == m_.RECENTRE:
            self._m = m._replace(far=recentred(m.levels, m.taken, m.top, m.far))
        elif status == m_.NEED_DATA:
            assert self._source is not None, "only a recording has batches"
            self._events = self._source.batch(self._batch + 1)
            self._batch += 1
            s[m_.BEFORE] += s[m_.AT]
            s[m_.AT] = 0
        else:
            assert self._world is None, "the background never crosses its own book"
            number = int(s[m_.BEFORE] + s[m_.AT])
            what = ERRORS[int(s[m_.ERROR])]
            remedy = "import the sources again"
            raise DataError(f"{self.instrument.id} event {number}: {what}", remedy)

    def _view(self, now_ns: int) -> MarketView:
        m, s = self._m, self._m.s
        if m.obs_i.item(VOLUME) > VOLUME_MAX:
            number = int(s[m_.BEFORE] + s[m_.AT])
            what = f"more than 2^62 lots were traded by event {number}"
            raise DataError(f"{self.instrument.id}: {what}", "check the lot, import again")
        view_i, view_f = self._read_i, self._read_f
        state, recv_ns = s.item(m_.BOOK), s.item(m_.RECV)
        valid = state == m_.VALID
        read(m.obs_i, m.obs_f, m.levels, m.top, m.far, now_ns, valid, view_i, view_f)
        return market_view(
            self.instrument,
            view_i,
            view_f,
            at_ns=now_ns,
            exch_ns=s.item(m_.EXCH),
            feed_age_ns=now_ns - recv_ns if recv_ns else 0,
            invalid=INVALID[state],
        )

    def _reports(self, now_ns: int) -> tuple[Report, ...]:
        """Take the reports that have arrived by now."""
        s, reports = self._m.s, self._m.reports
        head, tail = s.item(m_.REP_HEAD), s.item(m_.REP_TAIL)
        taken = []
        while head < tail and reports[head, m_.DELIVER] <= now_ns:
            row = reports[head].tolist()
            taken.append(message_of(self.instrument, self._ids, row))
            if row[m_.KIND] == m_.TOLD_TRADE:
                self._funding.executions.append(self._execution(row))
            head += 1
        s[m_.REP_HEAD] = head
        if head == tail:
            s[m_.REP_HEAD] = s[m_.REP_TAIL] = 0
        return tuple(taken)

    # -- funding ----------------------------------------------------------------------------------
    def funding_between(self, from_ns: int, to_ns: int) -> Rates:
        """Return the funding times after `from_ns` up to `to_ns` (exchange) with rates in bps.

        Rates that were given come before those that a generated market has set by now.
        """
        if self._world is not None and not self._funding.rates:
            return self._world.funding_between(from_ns, min(to_ns, self.now_ns))
        return tuple(rate for rate in self._funding.rates if from_ns < rate[0] <= to_ns)

    def _settled_ns(self) -> int:
        """Return when the next funding is known here: reported, and all that led to it received."""
        s, due_ns = self._m.s, self._funding.next_ns
        if due_ns >= m_.NEVER:
            return due_ns
        took_ns = self._latency.report.of(int(s[m_.SEED]), REPORT, due_ns, due_ns)
        known_ns = due_ns + max(took_ns, int(self._m.feed[1:, 1].max()))
        at = int(s[m_.AT])
        if at < len(self._events) and self._events[at, 0] <= due_ns:
            known_ns = max(known_ns, int(self._events[at, 1]))
        head = int(s[m_.REQ_HEAD])
        if head < s[m_.REQ_TAIL] and (arrival := int(self._m.requests[head, m_.ARRIVAL])) <= due_ns:
            number = int(s[m_.N_REPORTS])  # what it trades may be part of the position
            took_ns = self._latency.report.of(int(s[m_.SEED]), REPORT, number, arrival)
            known_ns = max(known_ns, arrival + took_ns, int(s[m_.DELIVERED]))
        return known_ns

    def _settle(self) -> tuple[FundingPaid, ...]:
        s, due_ns = self._m.s, self._funding.next_ns
        reports = self._m.reports[s[m_.REP_HEAD] : s[m_.REP_TAIL]].tolist()
        unheard = [self._execution(row) for row in reports if row[m_.KIND] == m_.TOLD_TRADE]
        due = self.funding_between(due_ns - 1, due_ns)
        touches = self._m.touches[: s[m_.N_TOUCHES]]
        return self._funding.settle(due, self.now_ns, unheard, touches)

    def _execution(self, row: list[int]) -> Execution:
        serial = row[m_.REP_SERIAL]
        lots = row[m_.REP_LOTS] * int(self._m.orders[serial, m_.SIDE])
        return row[m_.REP_EXCH], self._placed[self._ids[serial]], lots

    # -- the rest ---------------------------------------------------------------------------------
    def news_until(self, now_ns: int) -> tuple[NewsItem, ...]:
        """Return the headlines received by `now_ns` that were not returned before."""
        return () if self._world is None else self._world.news_until(now_ns)

    def signals_until(self, now_ns: int) -> tuple[Signals, ...]:
        """Return the newest signals of a generated perpetual that were published by `now_ns`.

        They are told once, and at most once a minute of market time; other markets have none.
        """
        world, now_ns = self._world, min(now_ns, self.now_ns)
        return () if world is None else world.signals_until(self.instrument, now_ns)

    def hidden_regimes(self) -> tuple[HiddenRegime, ...]:
        """Return which regime of a generated market held when: to measure, never to trade."""
        return () if self._world is None else self._world.hidden_regimes()

    def keep_tape_from(self, at_ns: int) -> None:
        """Run to local time `at_ns`, where it has not passed, and keep the tape from there on only.

        What is measured of an order needs no more, and a long recording's tape would not end.
        """
        self._advance(at_ns)
        self._begin_tape(int(self._m.s[m_.EXCH]))
        self._start_ns = self.now_ns

    def tape(self) -> Tape:
        """Return what the market did so far; empty where it was built without a tape."""
        return tape_of(self._m, self._start_ns, complete=not self._cut)

    def background(self) -> tuple[Market, Flow]:
        """Return copies of a generated market's arrays, as they stand at `now_ns`."""
        assert self._world is not None, "a recorded market has no background"
        return copied(self._m), copied_flow(self._world.flow)

    def copy(self) -> Self:
        """Return a market that goes on as this one would, independently of it."""
        other = shallow(self)
        other._m = copied(self._m)
        other._world = None if self._world is None else self._world.copy()
        other._funding = self._funding.copy()
        other._ids, other._serials = list(self._ids), dict(self._serials)
        other._placed = dict(self._placed)
        other._read_i, other._read_f = self._read_i.copy(), self._read_f.copy()
        return other

    def fresh(self, seed: int) -> Self:
        """Return a generated market in exactly this state whose future is drawn anew (`futures`).

        To pair futures of several actions, branch here first and tell the copies what differs.
        Raises UsageError where the market is recorded: what happened next cannot be drawn.
        """
        if self._world is None:
            raise UsageError(f"{self.instrument.id} is recorded", "branch a generated market")
        drawn = seed_after(self._m, self._world.flow, self._funding.next_ns, seed)
        other = self.copy()
        other._m.s[m_.SEED], other._world = drawn, self._world.fresh(drawn, self.now_ns)
        return other

    def _begin(self, start_ns: int, tape: bool) -> None:
        """Let a generated market go on by itself up to its start, and begin to keep its tape."""
        self._advance(start_ns)
        self._view(self.now_ns)  # the volumes of the first view begin here
        if tape:
            self._begin_tape(start_ns)
        self._start_ns = self._sent_ns = start_ns

    def _begin_tape(self, touch_ns: int) -> None:
        s = self._m.s
        s[m_.TAPE], s[m_.N_TOUCHES], s[m_.N_TRADES] = 1, 1, 0
        self._m.touches[0] = touch_ns, s[m_.TOUCH_BID], s[m_.TOUCH_ASK]
