"""hftbacktest as a peer: run this file with an interpreter that has it, once for a whole benchmark.

usage: PYTHON peer_hftbacktest.py EVENTS.npy TICK LOT

Every line of standard input names one case; the answer is one line of JSON. It stands alone: its
interpreter need not have steersman, whose pinned numpy is newer than hftbacktest allows.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    EXCH_EVENT,
    GTC,
    GTX,
    LIMIT,
    LOCAL_EVENT,
    MARKET,
    SELL_EVENT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
    ROIVectorMarketDepthBacktest,
    __version__,
)
from hftbacktest.types import event_dtype
from numba import njit

CLEAR, GAP = 3, 5
SECOND_NS = 1_000_000_000
LATENCY_NS = 10_000_000


def converted(events: Any, tick: float, lot: float) -> Any:
    """Return events in hftbacktest's own form; it has no rows that only clear."""
    events = events[(events["kind"] != CLEAR) & (events["kind"] != GAP)]
    made = np.zeros(len(events), event_dtype)
    made["ev"] = events["kind"].astype("u8") | np.uint64(EXCH_EVENT | LOCAL_EVENT)
    made["ev"] |= np.where(events["side"] > 0, np.uint64(BUY_EVENT), np.uint64(SELL_EVENT))
    made["exch_ts"], made["local_ts"] = events["exch_ns"], events["recv_ns"]
    made["px"] = np.round(events["tick"] * tick, 10)
    made["qty"] = np.round(events["lots"] * lot, 10)
    return made


def engine(events: Any, tick: float, lot: float, *, partial: bool, vector: bool) -> Any:
    """Return a fresh engine: latency 10 ms each way, the power queue model, Bybit's fees."""
    asset = (
        BacktestAsset()
        .data(events)
        .linear_asset(1.0)
        .constant_order_latency(LATENCY_NS, LATENCY_NS)
        .power_prob_queue_model(2.0)
        .tick_size(tick)
        .lot_size(lot)
        .trading_value_fee_model(0.0002, 0.00055)
        .parallel_load(False)
        .last_trades_capacity(10_000)
    )
    asset = asset.partial_fill_exchange() if partial else asset.no_partial_fill_exchange()
    if not vector:
        return HashMapMarketDepthBacktest([asset])
    prices = events["px"][events["px"] > 0]
    middle = float(np.median(prices))
    return ROIVectorMarketDepthBacktest([asset.roi_lb(0.95 * middle).roi_ub(1.05 * middle)])


@njit
def take(hbt, interval_ns, qty, reach):  # type: ignore[no-untyped-def]
    """Buy `qty` every interval by a limit order far beyond the touch."""
    sent = 0
    while hbt.elapse(interval_ns) == 0:
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        if depth.best_ask > 0:
            sent += 1
            hbt.submit_buy_order(0, sent, depth.best_ask + reach, qty, GTC, LIMIT, False)
    return sent


@njit
def peg(hbt, step_ns, steps, qty, lot, reach):  # type: ignore[no-untyped-def]
    """Join the best bid, follow it, and cross what is left at the end of each slice."""
    sent = slices = step = 0
    live: Any = np.int64(0)
    live_price = 0.0
    while hbt.elapse(step_ns) == 0:
        hbt.clear_inactive_orders(0)
        depth, orders = hbt.depth(0), hbt.orders(0)
        step += 1
        if live > 0 and live not in orders:
            live = 0
        left = round((slices * qty - hbt.position(0)) / lot) * lot
        if step % steps == 0:
            if live > 0 and orders.get(live).cancellable:
                hbt.cancel(0, live, False)
            live = 0
            if left > lot / 2:
                sent += 1
                hbt.submit_buy_order(0, sent, depth.best_ask + reach, left, GTC, LIMIT, False)
            slices += 1
        elif live > 0 and depth.best_bid != live_price:
            if orders.get(live).cancellable:
                hbt.cancel(0, live, False)
        elif live == 0 and left > lot / 2 and len(orders) == 0:
            sent += 1
            live, live_price = sent, depth.best_bid
            hbt.submit_buy_order(0, sent, depth.best_bid, left, GTX, LIMIT, False)
    return sent


def bench(events: Any, tick: float, lot: float, case: str) -> dict[str, Any]:
    """Run one case over all events; only the loop is timed. `done` is the share it got through."""
    kind, book = case.split()
    # The exchange with partial fills stops the peg early (its issues 301 and 312).
    hbt = engine(events, tick, lot, partial=kind == "taker", vector=book == "vector")
    qty, reach = 10 * lot, 100 * tick
    begin = time.perf_counter()
    if kind == "taker":
        orders = take(hbt, 10 * SECOND_NS, qty, reach)
    else:
        orders = peg(hbt, SECOND_NS // 10, 100, qty, lot, reach)
    took_s = time.perf_counter() - begin
    state, first, last = hbt.state_values(0), events["local_ts"][0], events["local_ts"][-1]
    done = float(hbt.current_timestamp - first) / float(last - first)
    fills = int(state.num_trades)
    hbt.close()
    return {"s": took_s, "orders": int(orders), "fills": fills, "done": done}


def probe(events: Any, tick: float, lot: float, case: str) -> dict[str, Any]:
    """Trade one probe (`probe NAME partial|whole`) to its end; return what came of it."""
    _, name, exchange = case.split()
    hbt = engine(events, tick, lot, partial=exchange == "partial", vector=False)
    hbt.elapse(1_500_000_000)
    if name == "sweep":
        hbt.submit_buy_order(0, 1, 100_010.0, 0.010, GTC, MARKET, False)
    elif name == "retake":
        hbt.submit_buy_order(0, 1, 100_010.0, 0.004, GTC, MARKET, False)
        hbt.elapse(SECOND_NS // 10)
        hbt.submit_buy_order(0, 2, 100_010.0, 0.004, GTC, MARKET, False)
    else:
        hbt.submit_buy_order(0, 1, 100_000.0, 0.010, GTX, LIMIT, False)
    code = 0
    for _ in range(300):
        code = hbt.elapse(SECOND_NS // 10)
        if code:
            break
    state = hbt.state_values(0)
    answer = {"qty": round(float(hbt.position(0)), 6), "cost": round(-float(state.balance), 6)}
    hbt.close()
    return {**answer, "end": "end of data" if code == 1 else f"code {code}"}


def main() -> None:
    """Answer one line of JSON to each line of standard input."""
    path, tick, lot = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    events = converted(np.load(path), tick, lot)
    small = events[: min(len(events), 200_000)].copy()
    print(json.dumps({"version": __version__}), flush=True)
    compiled = set()
    for line in sys.stdin:
        case = line.strip()
        if case.startswith("probe "):
            answer = probe(events, tick, lot, case)
        else:
            if case not in compiled:
                bench(small, tick, lot, case)
                compiled.add(case)
            answer = bench(events, tick, lot, case)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
