"""The orders of a study, drawn by number: the same for every arm, machine and number of workers.

Regimes, sizes and instruments take turns, so that any beginning of the study holds each about as
often; side, seed and, on a recording, start are drawn. Every order of a generated market has a
market of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from steersman.domain.instrument import Category, Instrument
from steersman.domain.units import SECOND_NS, Qty
from steersman.errors import UsageError
from steersman.marketdata.events import TRADE
from steersman.runtime.prepare import GENERATED, SETTLE_NS, WARM_UP_NS
from steersman.runtime.texts import parse_duration_ns
from steersman.tca.results import Drawn
from steersman.venues.presets import FlowPreset, preset_for
from steersman.venues.regimes import RegimeName, parse_regime

__all__ = ["RECORDED", "SIZES", "Market", "draw", "generated_markets", "parse_regimes", "recorded"]

SIZES: Final = (0.0025, 0.01, 0.04)
"""Quantities as shares of what the mean time as long as the horizon trades; of a BTC perpetual's
day with half an hour to do it in, 0.005, 0.02 and 0.08 %. The limits let each be done."""
RECORDED: Final = "recorded"  # the regime of a recording is what it was
SEEDS: Final = 2**53
DAY_S: Final = 86_400
QUANTILES: Final = 100_000
BODY: Final = 0.9  # below it taker sizes are log-linear, above it a power
LAST: Final = 0.99  # beyond it a Pareto tail
OPEN_DAYS: Final = {Category.EQUITY: 252}


@dataclass(frozen=True, slots=True)
class Market:
    """What orders are drawn for: an instrument, its day's volume (base units), and when to start.

    Trading is open for `open_s` of a day. Starts are drawn between `first_s` and `last_s`, in
    seconds after `begin_ns`.
    """

    instrument: Instrument
    day_qty: Decimal
    open_s: int
    begin_ns: int
    first_s: int
    last_s: int

    @property
    def name(self) -> str:
        """The instrument as people write it, such as BTCUSDT.linear."""
        return f"{self.instrument.symbol}.{self.instrument.category.value}"


def generated_markets(instruments: Sequence[Instrument], begin_ns: int) -> tuple[Market, ...]:
    """Return the generated markets of instruments that have a preset."""
    start_s = WARM_UP_NS // SECOND_NS
    found = []
    for one in instruments:
        preset = preset_for(one.symbol, one.category)
        day_qty = Decimal(round(_day_lots(preset))) * one.lot
        found.append(Market(one, day_qty, round(_open_s(preset)), begin_ns, start_s, start_s))
    return tuple(found)


def recorded(folder: Path, horizon: str) -> tuple[Market, ...]:
    """Return every recorded instrument; raise UsageError where its recording is too short.

    A day's volume is that of a day at the recording's mean rate.
    """
    from steersman.marketdata.history import History  # what reads Parquet takes its time

    history = History.open(folder)
    found = []
    for one in history.instruments():
        begin_ns, end_ns = history.span(one)
        span_s = (end_ns - begin_ns) / SECOND_NS
        first_s = WARM_UP_NS // SECOND_NS
        last_ns = end_ns - begin_ns - SETTLE_NS - parse_duration_ns(horizon)
        last_s = last_ns // SECOND_NS
        if last_s < first_s:
            raise UsageError(
                f"{folder} holds {span_s:.0f} s of {one.id}: too short for an order of {horizon}",
                "give a shorter --horizon, or a longer recording",
            )
        lots = sum(
            int(batch["lots"][batch["kind"] == TRADE].sum()) for batch in history.batches(one)
        )
        day_qty = Decimal(round(lots * DAY_S / span_s)) * one.lot
        found.append(Market(one, day_qty, DAY_S, begin_ns, first_s, last_s))
    return tuple(found)


def parse_regimes(text: str, instruments: Sequence[Instrument]) -> tuple[str, ...]:
    """Return the regimes named in a list with commas, known to every instrument."""
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise UsageError("no regimes were named", f"choose of {', '.join(RegimeName)}")
    for name in names:
        close = difflib.get_close_matches(name, list(RegimeName), n=1)
        if name not in set(RegimeName) and close:
            raise UsageError(f"there is no regime {name!r}", f"did you mean {close[0]}?")
        for one in instruments:
            parse_regime(name, preset_for(one.symbol, one.category))
    return tuple(names)


def draw(
    number: int,
    *,
    seed: int,
    markets: Sequence[Market],
    regimes: Sequence[str],
    horizon: str,
    market: str = GENERATED,
) -> Drawn:
    """Return the order of a number, from 0; a function of its arguments."""
    rng = np.random.default_rng([seed, number])
    side = ("buy", "sell")[int(rng.integers(2))]
    own = int(rng.integers(SEEDS))
    number_left, regime = divmod(number, len(regimes))
    number_left, size = divmod(number_left, len(SIZES))
    chosen = markets[number_left % len(markets)]
    start_s = int(rng.integers(chosen.first_s, chosen.last_s + 1))
    instrument = chosen.instrument
    horizon_s = Decimal(parse_duration_ns(horizon)) / SECOND_NS
    exact = chosen.day_qty * horizon_s / chosen.open_s * Decimal(repr(SIZES[size]))
    qty = max(instrument.nearest_qty(exact), instrument.lot)
    block = str(own)
    if market != GENERATED:
        start = datetime.fromtimestamp(chosen.begin_ns // SECOND_NS + start_s, tz=UTC)
        block, own = start.date().isoformat(), seed
    return Drawn(
        order=number,
        block=block,
        seed=own,
        symbol=chosen.name,
        regime=regimes[regime],
        side=side,
        size=SIZES[size],
        qty=format(Qty(qty), "f"),
        start_s=start_s,
        horizon=horizon,
    )


def _day_lots(preset: FlowPreset) -> float:
    """Return the mean volume of a day of a calm generated market: the rate times the mean size."""
    at, quote = (np.array(column) for column in zip(*preset.taker_quote, strict=True))
    u = (np.arange(QUANTILES) + 0.5) / QUANTILES
    body = np.exp(np.interp(u, at, np.log(quote)))
    power = np.exp(np.interp(-np.log1p(-u), -np.log1p(-at), np.log(quote)))
    tail = quote[-1] * ((1 - u) / (1 - LAST)) ** (-1 / preset.taker_alpha)
    sizes = np.where(u <= BODY, body, np.where(u <= LAST, power, tail))
    mean = float(np.minimum(sizes, preset.taker_quote_max).mean())
    return preset.lots(preset.taker_orders_per_s * _open_s(preset) * mean)


def _open_s(preset: FlowPreset) -> float:
    return preset.trading_s_per_year / OPEN_DAYS.get(preset.category, 365)
