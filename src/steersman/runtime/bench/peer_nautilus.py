"""nautilus_trader as a peer: run this file with an interpreter that has it, once for a benchmark.

usage: PYTHON peer_nautilus.py EVENTS.npy TICK LOT

Every line of standard input names one case; the answer is one line of JSON. Its events are Python
objects, so only the first `ROWS_MAX` rows are replayed; its throughput does not depend on how many.
"""

from __future__ import annotations

import json
import sys
import time
from decimal import Decimal
from typing import Any

import nautilus_trader
import numpy as np
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.models import FillModel, LatencyModel
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BookOrder, OrderBookDelta, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, TraderId, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

ROWS_MAX = 300_000
TRADE, CLEAR, GAP = 2, 3, 5
LAST_FLAG = 128  # of a record that ends its message
SECOND_NS = 1_000_000_000
VENUE = Venue("BENCH")
KEY = InstrumentId(Symbol("BTCUSDT-PERP"), VENUE)


def places(step: str) -> int:
    """Return the decimals of a step such as 0.1."""
    return len(step.partition(".")[2])


def instrument(tick: str, lot: str) -> Any:
    """Return the perpetual that is traded."""
    return CryptoPerpetual(
        instrument_id=KEY, raw_symbol=Symbol("BTCUSDT"), base_currency=BTC, quote_currency=USDT,
        settlement_currency=USDT, is_inverse=False, price_precision=places(tick),
        size_precision=places(lot), price_increment=Price.from_str(tick),
        size_increment=Quantity.from_str(lot), max_quantity=None, min_quantity=None,
        max_notional=None, min_notional=None, max_price=None, min_price=None,
        margin_init=Decimal("0.05"), margin_maint=Decimal("0.03"), maker_fee=Decimal("0.0002"),
        taker_fee=Decimal("0.00055"), ts_event=0, ts_init=0,
    )  # fmt: skip


def converted(events: Any, tick: str, lot: str) -> list[Any]:
    """Return events as the objects that nautilus replays."""
    made = []
    for number, row in enumerate(events.tolist()):
        exch, recv, lots, ticks, kind, side, flags = row
        if kind in (CLEAR, GAP):
            continue
        price = Price(ticks * float(tick), places(tick))
        size = Quantity(lots * float(lot), places(lot))
        if kind == TRADE:
            aggressor = AggressorSide.BUYER if side > 0 else AggressorSide.SELLER
            made.append(TradeTick(KEY, price, size, aggressor, TradeId(str(number)), exch, recv))
            continue
        order = BookOrder(OrderSide.BUY if side > 0 else OrderSide.SELL, price, size, ticks)
        action = BookAction.UPDATE if lots else BookAction.DELETE
        flag = LAST_FLAG if flags & 1 else 0
        made.append(OrderBookDelta(KEY, action, order, flag, number, exch, recv))
    return made


class Trader(Strategy):  # type: ignore[misc]
    """Buys by market orders at an interval, or what a probe asks for."""

    def __init__(self, traded: Any, probe: str, lot: str) -> None:
        super().__init__()
        self.traded, self.probe = traded, probe
        self.qty = Quantity(10 * float(lot), places(lot))
        self.filled = self.cost = Decimal(0)
        self.orders = self.fills = 0

    def on_start(self) -> None:
        self.subscribe_order_book_deltas(KEY, book_type=BookType.L2_MBP)
        now_ns = self.clock.timestamp_ns()
        if self.probe:
            self.clock.set_time_alert_ns("go", now_ns + 1_500_000_000, self.go)
        else:
            from datetime import timedelta

            self.clock.set_timer("slice", timedelta(seconds=10), callback=self.slice)

    def slice(self, _: object) -> None:
        self.take(self.qty)

    def take(self, qty: Any) -> None:
        self.orders += 1
        self.submit_order(self.order_factory.market(KEY, OrderSide.BUY, qty))

    def go(self, _: object) -> None:
        if self.probe == "sweep":
            self.take(Quantity.from_str("0.010"))
        elif self.probe == "retake":
            self.take(Quantity.from_str("0.004"))
            self.take(Quantity.from_str("0.004"))
        else:
            qty, price = Quantity.from_str("0.010"), Price.from_str("100000.0")
            order = self.order_factory.limit(KEY, OrderSide.BUY, qty, price, post_only=True)
            self.submit_order(order)

    def on_order_filled(self, event: Any) -> None:
        self.fills += 1
        qty = event.last_qty.as_decimal()
        self.filled += qty
        self.cost += qty * event.last_px.as_decimal()


def run(data: list[Any], tick: str, lot: str, probe: str) -> tuple[Trader, float]:
    """Replay once; return the strategy and the seconds of the run alone."""
    config = BacktestEngineConfig(
        trader_id=TraderId("BENCH-001"), logging=LoggingConfig(bypass_logging=True)
    )
    engine = BacktestEngine(config=config)
    engine.add_venue(
        venue=VENUE, oms_type=OmsType.NETTING, account_type=AccountType.MARGIN,
        starting_balances=[Money(100_000_000, USDT)], book_type=BookType.L2_MBP,
        fill_model=FillModel(), latency_model=LatencyModel(10_000_000), trade_execution=True,
    )  # fmt: skip
    traded = instrument(tick, lot)
    engine.add_instrument(traded)
    engine.add_data(data, sort=False)
    trader = Trader(traded, probe, lot)
    engine.add_strategy(trader)
    begin = time.perf_counter()
    engine.run()
    took_s = time.perf_counter() - begin
    engine.dispose()
    return trader, took_s


def main() -> None:
    """Answer one line of JSON to each line of standard input."""
    path, tick, lot = sys.argv[1:4]
    try:
        data = converted(np.load(path)[:ROWS_MAX], tick, lot)
    except ValueError:  # it makes no object of an impossible row
        data = []
    print(json.dumps({"version": nautilus_trader.__version__}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if not data:
            print(json.dumps({"qty": 0.0, "cost": 0.0, "end": "an error"}), flush=True)
            continue
        probe = words[1] if words[0] == "probe" else ""
        trader, took_s = run(data, tick, lot, probe)
        answer = {"s": took_s, "rows": len(data), "orders": trader.orders, "fills": trader.fills}
        filled = {"qty": float(trader.filled), "cost": float(trader.cost), "end": "end of data"}
        print(json.dumps({**answer, **filled, "done": 1.0}), flush=True)


if __name__ == "__main__":
    main()
