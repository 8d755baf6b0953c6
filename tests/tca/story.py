"""Tell the story of one order in messages, by hand, and draw a small tape; times in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from steersman.domain.instrument import Category, Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.market import MarketView
from steersman.domain.messages import (
    Approved,
    Effect,
    Filled,
    Input,
    ParentChanged,
    ParentState,
    Place,
    Report,
    Reported,
    Scheduled,
    Send,
    Started,
    Submit,
    Viewed,
)
from steersman.domain.order import Liquidity, ParentOrder, Style, TimeInForce
from steersman.domain.units import SECOND_NS, Money, Price, Qty, Side
from steersman.marketdata.tape import Tape

NONE = Qty(Decimal(0))


def instrument(category: Category = Category.LINEAR) -> Instrument:
    """An instrument with a fine grid, so that cases can be written as they are printed."""
    return Instrument(
        symbol="TST",
        category=category,
        venue="sim",
        base="T",
        quote="USD",
        settle="T" if category is Category.INVERSE else "USD",
        tick=Decimal("0.01"),
        lot=Decimal("0.1"),
        min_qty=Decimal("0.1"),
        min_notional=Decimal(1),
        maker_fee_bps=Decimal(0),
        taker_fee_bps=Decimal("1.5"),
    )


def ns(seconds: float) -> int:
    return round(seconds * SECOND_NS)


def view(spec: Instrument, at: float, bid: str | None, ask: str | None) -> MarketView:
    return MarketView(
        instrument=spec.id,
        at_ns=ns(at),
        exch_ns=ns(at),
        feed_age_ns=0,
        best_bid=None if bid is None else Price(Decimal(bid)),
        best_ask=None if ask is None else Price(Decimal(ask)),
        bid_qty=NONE,
        ask_qty=NONE,
        depth_bid=(NONE, NONE, NONE),
        depth_ask=(NONE, NONE, NONE),
        microprice=None,
        market_volume=NONE,
        buy_volume=NONE,
        sell_volume=NONE,
        trades=0,
        flow_imbalance=0.0,
        trend_bps=0.0,
        volatility_hour_pct=0.0,
        volume_rate_per_s=0.0,
        observed_ns=0,
    )


@dataclass
class Story:
    """The messages about one order `p`, told in order."""

    spec: Instrument = field(default_factory=instrument)
    side: Side = Side.BUY
    qty: str = "1000"
    decision: str | None = None
    horizon: float = 60
    messages: list[Input | Effect] = field(default_factory=list)
    children: int = 0
    fills: int = 0

    def __post_init__(self) -> None:
        limits = SafetyLimits(max_position=Decimal(10**6))
        started = Started(0, 1, (self.spec,), ExecutionConfig(), limits, {}, 1)
        self.messages.append(started)

    def view(self, at: float, bid: str | None, ask: str | None) -> Story:
        self.messages.append(Viewed(ns(at), view(self.spec, at, bid, ask)))
        return self

    def submit(self, at: float) -> Story:
        order = ParentOrder(
            id="p",
            instrument=self.spec.id,
            side=self.side,
            qty=Qty(Decimal(self.qty)),
            start_ns=ns(at),
            deadline_ns=ns(at + self.horizon),
            decision_price=None if self.decision is None else Price(Decimal(self.decision)),
        )
        self.messages.append(Submit(ns(at), order))
        return self.change(ParentState.CREATED)

    def change(self, state: ParentState, reason: str = "") -> Story:
        self.messages.append(ParentChanged("p", state, NONE, NONE, reason))
        return self

    def run(self, bid: str, ask: str, at: float = 0) -> Story:
        """See the market, submit, and begin to run."""
        return self.view(at, bid, ask).submit(at).change(ParentState.RUNNING)

    def schedule(self, done: str) -> Story:
        self.messages.append(Scheduled("p", Qty(Decimal(done)), Style.PASSIVE, "on schedule"))
        return self

    def place(
        self,
        qty: str,
        price: str,
        tif: TimeInForce = TimeInForce.IOC,
        style: Style = Style.CROSS,
    ) -> str:
        self.children += 1
        place = Place(
            child_id=f"p-{self.children}",
            parent_id="p",
            instrument=self.spec.id,
            side=self.side,
            qty=Qty(Decimal(qty)),
            price=Price(Decimal(price)),
            tif=tif,
            style=style,
            reason="behind schedule",
        )
        self.messages.append(Send(Approved(place)))
        return place.child_id

    def report(self, at: float, report: Report) -> Story:
        self.messages.append(Reported(ns(at), report))
        return self

    def fill(
        self, at: float, qty: str, price: str, *, fee: str = "0", maker: bool = False
    ) -> Story:
        """Fill the last child, or one of its own where there is none."""
        if not self.children:
            self.place(qty, price)
        self.fills += 1
        fill = Filled(
            child_id=f"p-{self.children}",
            exec_id=f"x{self.fills}",
            venue_ns=ns(at),
            qty=Qty(Decimal(qty)),
            price=Price(Decimal(price)),
            fee=Money(Decimal(fee)),
            liquidity=Liquidity.MAKER if maker else Liquidity.TAKER,
        )
        return self.report(at, fill)

    def end(self, at: float, bid: str, ask: str, state: ParentState) -> Story:
        return self.view(at, bid, ask).change(state, "told so")


def tape(
    touches: Sequence[tuple[float, str, str]],
    trades: Iterable[tuple[float, str, str, bool]] = (),
    *,
    end: float = 1_000,
    start: float = 0,
    spec: Instrument | None = None,
) -> Tape:
    """Draw a tape: touches (time, bid, ask; "0" = side missing), trades (time, price, qty, own)."""
    spec = spec or instrument()
    rows = list(trades)
    return Tape(
        start_ns=ns(start),
        end_ns=ns(end),
        touch_ns=np.array([ns(at) for at, _, _ in touches], np.int64),
        bid_ticks=np.array([spec.ticks(Decimal(bid)) for _, bid, _ in touches], np.int64),
        ask_ticks=np.array([spec.ticks(Decimal(ask)) for _, _, ask in touches], np.int64),
        trade_ns=np.array([ns(at) for at, *_ in rows], np.int64),
        trade_ticks=np.array([spec.ticks(Decimal(row[1])) for row in rows], np.int64),
        trade_lots=np.array([spec.lots(Decimal(row[2])) for row in rows], np.int64),
        trade_side=np.ones(len(rows), np.int8),
        trade_own=np.array([row[3] for row in rows], np.bool_),
        complete=True,
    )
