"""Cases about transaction costs: shortfall, spreads, and the benchmarks of an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from typing import Any, Final

import numpy as np

from steersman.domain.instrument import Category, Instrument
from steersman.domain.order import Liquidity, Style
from steersman.domain.units import SECOND_NS, Money, Price, Qty, Side
from steersman.marketdata.tape import Tape
from steersman.models.validity import positive
from steersman.runtime.vectors.inputs import Case, CaseError
from steersman.tca.facts import Fill
from steersman.tca.markouts import mark_fills
from steersman.tca.shortfall import decompose
from steersman.tca.tapes import TapeReader
from steersman.tca.valuation import Touch, Valuation

__all__ = ["interval_twap", "interval_vwap", "perold", "spreads"]

GRID: Final = Decimal("1e-8")  # prices and quantities of a case, in 64-bit ticks and lots
EXACT: Final = Context(prec=50)
REL: Final = 1e-9

INSTRUMENT: Final = Instrument(
    symbol="CASE",
    category=Category.LINEAR,
    venue="none",
    base="B",
    quote="Q",
    settle="Q",
    tick=GRID,
    lot=GRID,
    min_qty=GRID,
    min_notional=Decimal(0),
    maker_fee_bps=Decimal(0),
    taker_fee_bps=Decimal(0),
)


def perold(case: Case) -> dict[str, Any]:
    """Return an order's implementation shortfall in both conventions."""
    inputs, side = case.inputs, case.inputs.side()
    positive(target=inputs.number("target"), decision=inputs.number("decision"))
    rate = Decimal(repr(inputs.number("fee_rate", 0.0)))
    arrival = Price(inputs.decimal("arrival"))
    touch = Touch(arrival, arrival)  # nothing is known of the spread: execution is one part
    valuation = Valuation(INSTRUMENT, side)
    with localcontext(EXACT):
        rows = [(Decimal(repr(q)), Decimal(repr(p))) for q, p in inputs.pairs("fills")]
        fills = [(_fill(qty, price, qty * price * rate, touch), touch) for qty, price in rows]
        found = decompose(
            valuation,
            Qty(inputs.decimal("target")),
            fills,
            Price(inputs.decimal("decision")),
            arrival,
            Price(inputs.decimal("end")),
        )
        wagner, kissell = found.wagner, found.kissell
        average = valuation.average(rows)
        execution = wagner.spread + wagner.impact + wagner.timing
    return {
        "avg": None if average is None else float(average),
        "delay": float(wagner.delay),
        "execution": float(execution),
        "opportunity": float(wagner.opportunity),
        "fees": float(wagner.fees),
        "total": float(found.total),
        "total_bps_of_decision_notional": found.total_bps,
        # `decompose` compares the parts with the definition, and raises where they differ.
        "identity": "paper return - real return == total",
        "delay_on_full_target": float(kissell.delay),
        "opportunity_from_arrival": float(kissell.opportunity),
        "sum_equal": math.isclose(wagner.total, kissell.total, rel_tol=REL),
        "total_same": float(kissell.total),
    }


def spreads(case: Case) -> dict[str, Any]:
    """Return what a taker paid at once, and what was left of it some time later."""
    inputs, side = case.inputs, case.inputs.side()
    valuation = Valuation(INSTRUMENT, side)
    touch = Touch(Price(inputs.decimal("bid")), Price(inputs.decimal("ask")))
    price, mid = inputs.decimal("price"), inputs.decimal("mid0")
    if touch.bid >= touch.ask:
        raise CaseError("bid must be below ask")
    one = Decimal(1)
    quoted = touch.ask - touch.bid
    half = valuation.cost(one, price, mid)
    around = Touch(Price(mid - quoted / 2), Price(mid + quoted / 2))  # the case's own mid counts
    (mark,) = mark_fills(valuation, [_fill(one, price, Decimal(0), around)], _reader())
    figures: dict[str, Any] = {
        "quoted_spread": float(quoted),
        "effective_half": float(half),
        "effective_spread": float(2 * half),
        "EQ": float(2 * half / quoted),
        "spread_capture_taker": mark.spread_capture,
    }
    sums = []
    for name in inputs.values:
        if not name.startswith("mid_"):
            continue
        later, lag = inputs.decimal(name), name.removeprefix("mid_")
        realised = 2 * valuation.cost(one, price, later)
        moved = 2 * valuation.cost(one, later, mid)
        figures[f"realised_spread_{lag}"] = float(realised)
        figures[f"price_impact_{lag}"] = float(moved)
        figures[f"markout_{lag}_bps"] = valuation.slippage_bps(later, price)
        sums.append(realised + moved == 2 * half)
    figures["identity"] = "effective = realised + impact" if sums and all(sums) else "does not hold"
    return figures


def interval_twap(case: Case) -> dict[str, Any]:
    """Return the mean mid weighted by how long each prevailed, and the naive mean."""
    inputs = case.inputs
    times, mids = inputs.numbers("quote_times_s"), inputs.numbers("mids")
    if len(times) != len(mids) or list(times) != sorted(times):
        raise CaseError("quote_times_s must increase, with a mid for each")
    start, end = inputs.pair("window")
    reader = _reader(window=(start, end), touches=list(zip(times, mids, strict=True)))
    twap = reader.twap(_ns(start), _ns(end))
    return {
        "twap_time_weighted": None if twap is None else float(twap),
        "naive_mean_of_quotes": math.fsum(mids) / len(mids),
    }


def interval_vwap(case: Case) -> dict[str, Any]:
    """Return the mean price of all trades, and of those that are not our own."""
    inputs = case.inputs
    prices, volumes = inputs.numbers("prices"), inputs.numbers("vols")
    if len(prices) != len(volumes):
        raise CaseError("prices and vols must be of one length")
    own_price, own = inputs.pair("own_fill")
    trades: list[tuple[float, float, bool]] = []
    for price, volume in zip(prices, volumes, strict=True):
        mine = min(own, volume) if price == own_price else 0.0
        own -= mine
        trades += [(price, mine, True), (price, volume - mine, False)]
    if own > 0:
        raise CaseError(f"own_fill is not within the trades: {own:g} more at {own_price:g}")
    reader = _reader(trades=[trade for trade in trades if trade[1] > 0])
    including, excluding = (reader.vwap(0, SECOND_NS, own=own) for own in (True, False))
    return {
        "vwap_incl": None if including is None else float(including),
        "vwap_excl_own": None if excluding is None else float(excluding),
    }


def _fill(qty: Decimal, price: Decimal, fee: Decimal, touch: Touch) -> Fill:
    return Fill(
        at_ns=0,
        venue_ns=0,
        child_id="case",
        qty=Qty(qty),
        price=Price(price),
        fee=Money(fee),
        liquidity=Liquidity.TAKER,
        placed=touch,
        sent=touch,
        seen=touch,
        style=Style.CROSS,
    )


def _reader(
    window: tuple[float, float] = (0.0, 1.0),
    touches: Sequence[tuple[float, float]] = (),
    trades: Sequence[tuple[float, float, bool]] = (),
) -> TapeReader:
    """Return a tape with mids at times, and trades in the middle of the window."""
    start, end = window
    ticks = [_steps(mid) for _, mid in touches]
    moment = (_ns(start) + _ns(end)) // 2
    tape = Tape(
        start_ns=min([_ns(start), *(_ns(at) for at, _ in touches)]),
        end_ns=_ns(end),
        touch_ns=np.array([_ns(at) for at, _ in touches], np.int64),
        bid_ticks=np.array([tick - 1 for tick in ticks], np.int64),
        ask_ticks=np.array([tick + 1 for tick in ticks], np.int64),
        trade_ns=np.full(len(trades), moment, np.int64),
        trade_ticks=np.array([_steps(price) for price, _, _ in trades], np.int64),
        trade_lots=np.array([_steps(volume) for _, volume, _ in trades], np.int64),
        trade_side=np.full(len(trades), Side.BUY.sign, np.int8),
        trade_own=np.array([own for _, _, own in trades], np.bool_),
        complete=True,
    )
    return TapeReader(tape, INSTRUMENT)


def _steps(value: float) -> int:
    steps = round(Decimal(repr(value)) / GRID)
    if not 0 < steps < 2**62:
        raise CaseError(f"{value:g} is not a price or quantity that can be represented")
    return steps


def _ns(seconds: float) -> int:
    return round(seconds * SECOND_NS)
