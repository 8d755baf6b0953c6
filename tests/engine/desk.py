"""A small trading desk for engine tests: one instrument, a market of numbers, messages by hand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from steersman.domain.instrument import Category, Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.market import MarketView
from steersman.domain.messages import (
    Accepted,
    Effect,
    Filled,
    Input,
    Place,
    Report,
    Reported,
    Send,
    Started,
    Submit,
    Viewed,
)
from steersman.domain.order import AlgoName, Liquidity, ParentOrder
from steersman.domain.units import SECOND_NS, Money, Price, Qty, Side
from steersman.engine.engine import process, start
from steersman.engine.state import Parent, State

BTC = Instrument(
    symbol="BTCUSDT",
    category=Category.LINEAR,
    venue="sim",
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.1"),
    lot=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    min_notional=Decimal(5),
    maker_fee_bps=Decimal(2),
    taker_fee_bps=Decimal("5.5"),
)
T0 = 1_736_172_000 * SECOND_NS
MID = Decimal(60_000)


def limits(**changes: Any) -> SafetyLimits:
    values: dict[str, Any] = {"max_position": Decimal(1000), **changes}
    return SafetyLimits(**values)


def order(**changes: Any) -> ParentOrder:
    values: dict[str, Any] = {
        "id": "P1",
        "instrument": BTC.id,
        "side": Side.BUY,
        "qty": Qty(Decimal(10)),
        "start_ns": T0,
        "deadline_ns": T0 + 600 * SECOND_NS,
        "algo": AlgoName.TWAP,
        **changes,
    }
    return ParentOrder(**values)


def view(at_ns: int, mid: Decimal = MID, **changes: Any) -> MarketView:
    qty = Qty(Decimal(5))
    seconds = Decimal(at_ns - T0) / SECOND_NS
    values: dict[str, Any] = {
        "instrument": BTC.id,
        "at_ns": at_ns,
        "exch_ns": at_ns - 5_000_000,
        "feed_age_ns": 5_000_000,
        "best_bid": Price(mid - Decimal("0.1")),
        "best_ask": Price(mid + Decimal("0.1")),
        "bid_qty": qty,
        "ask_qty": qty,
        "depth_bid": (qty, qty, qty),
        "depth_ask": (qty, qty, qty),
        "microprice": float(mid),
        "market_volume": Qty(max(Decimal(0), (seconds + 60) * 2).quantize(Decimal("0.001"))),
        "buy_volume": Qty(Decimal(1)),
        "sell_volume": Qty(Decimal(1)),
        "trades": 3,
        "flow_imbalance": 0.0,
        "trend_bps": 0.0,
        "volatility_hour_pct": 0.5,
        "volume_rate_per_s": 2.0,
        "observed_ns": max(at_ns - T0 + 60 * SECOND_NS, 0),
        **changes,
    }
    return MarketView(**values)


class Desk:
    """Feeds an engine and keeps every effect; `venue` answers are given by the test."""

    def __init__(
        self,
        safety: SafetyLimits | None = None,
        execution: ExecutionConfig | None = None,
    ) -> None:
        started = Started(
            at_ns=T0 - 60 * SECOND_NS,
            schema=1,
            instruments=(BTC,),
            execution=execution or ExecutionConfig(),
            limits=safety or limits(),
            volume_curves={},
            seed=1,
        )
        self.state: State = start(started)
        self.effects: list[Effect] = []
        self.now_ns = T0

    def feed(self, message: Input) -> tuple[Effect, ...]:
        self.state, effects = process(self.state, message)
        self.effects.extend(effects)
        return effects

    def see(self, after_s: float = 0.0, **changes: Any) -> tuple[Effect, ...]:
        """Let time pass and show the market."""
        self.now_ns += int(after_s * SECOND_NS)
        mid = changes.pop("mid", MID)
        return self.feed(Viewed(self.now_ns, view(self.now_ns, mid, **changes)))

    def submit(self, **changes: Any) -> tuple[Effect, ...]:
        """Show the market once and submit an order."""
        self.see()
        return self.feed(Submit(self.now_ns, order(**changes)))

    def report(self, report: Report) -> tuple[Effect, ...]:
        return self.feed(Reported(self.now_ns, report))

    def accept(self, child_id: str) -> tuple[Effect, ...]:
        return self.report(Accepted(child_id, self.now_ns))

    def fill(self, child_id: str, qty: str, exec_id: str = "e1") -> tuple[Effect, ...]:
        return self.report(fill(child_id, Decimal(qty), exec_id, self.now_ns))

    def parent(self, parent_id: str = "P1") -> Parent:
        return self.state.parents[parent_id]

    def sent(self) -> list[Any]:
        return intents(self.effects)

    def placed(self) -> list[Place]:
        return [intent for intent in self.sent() if isinstance(intent, Place)]


def intents(effects: Iterable[Effect]) -> list[Any]:
    return [effect.approved.intent for effect in effects if isinstance(effect, Send)]


def fill(child_id: str, qty: Decimal, exec_id: str, at_ns: int) -> Filled:
    return Filled(
        child_id=child_id,
        exec_id=exec_id,
        venue_ns=at_ns,
        qty=Qty(qty),
        price=Price(MID),
        fee=Money(Decimal(0)),
        liquidity=Liquidity.TAKER,
    )


def changed(struct: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(struct, **changes)
