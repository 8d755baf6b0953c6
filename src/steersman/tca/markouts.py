"""Mark-outs: where the mid was some time after each fill.

    vs fill   gain of the fill against the later mid, in bps of its price; for a maker, its
              earnings after adverse selection; minus half the realised spread
    vs mid    move of the mid from just before the fill, in the fill's direction, in bps; for a
              taker the price impact, for a maker the adverse selection (negative)

Both are positive where the price moved in our favour, unlike costs. Where the tape ended before
the horizon, or a side of the book was missing then, there is none. By style (how the child was
priced: passive, mid, cross) they tell of adverse selection by type of order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from steersman.domain.order import Liquidity, Style
from steersman.domain.units import BPS, SECOND_NS, Price
from steersman.tca.facts import Fill
from steersman.tca.tapes import TapeReader
from steersman.tca.valuation import Touch, Valuation

__all__ = ["HORIZONS_S", "FillMarks", "Markout", "by_style", "mark_fills", "summarise"]

HORIZONS_S: Final = (1, 5, 30, 60, 300)

Which = Literal["all", "maker", "taker"] | Style


@dataclass(frozen=True, slots=True)
class FillMarks:
    """One fill, the mid just before it, and its mark-outs at each of `HORIZONS_S`.

    `spread_capture` is the signed distance of the price from that mid in quoted half-spreads:
    +1 a fill at our own side of the touch, 0 at the mid, -1 at the far side, less beyond it.
    `effective_bps` is twice the distance paid from that mid (negative = earned), `quoted_bps` the
    width of the touch then, both in bps of the mid.
    """

    venue_ns: int
    child_id: str
    style: Style
    qty: Decimal
    price: Price
    liquidity: Liquidity
    mid_before: Price
    spread_capture: float
    effective_bps: float
    quoted_bps: float
    vs_fill_bps: tuple[float | None, ...]
    vs_mid_bps: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Markout:
    """The mean mark-out of many fills, weighted by quantity, over those `measured` of `fills`."""

    horizon_s: int
    which: Which
    vs_fill_bps: float | None
    vs_mid_bps: float | None
    measured: int
    fills: int


def mark_fills(valuation: Valuation, fills: Sequence[Fill], reader: TapeReader) -> list[FillMarks]:
    """Return every fill with what the market was before it and did after it."""
    return [
        _marks(valuation, fill, reader.touch_before(fill.venue_ns) or fill.seen, reader)
        for fill in fills
    ]


def summarise(marks: Sequence[FillMarks]) -> tuple[Markout, ...]:
    """Return the mean mark-outs by horizon, of all fills and of makers and takers apart."""
    kinds: dict[Which, Sequence[FillMarks]] = {
        "all": marks,
        "maker": [mark for mark in marks if mark.liquidity is Liquidity.MAKER],
        "taker": [mark for mark in marks if mark.liquidity is Liquidity.TAKER],
    }
    return tuple(
        _mean(chosen, index, horizon_s, which)
        for which, chosen in kinds.items()
        for index, horizon_s in enumerate(HORIZONS_S)
    )


def by_style(marks: Sequence[FillMarks]) -> tuple[Markout, ...]:
    """Return the mean mark-outs by horizon of each style that filled anything."""
    return tuple(
        _mean(chosen, index, horizon_s, style)
        for style in Style
        if (chosen := [mark for mark in marks if mark.style is style])
        for index, horizon_s in enumerate(HORIZONS_S)
    )


def _marks(valuation: Valuation, fill: Fill, touch: Touch, reader: TapeReader) -> FillMarks:
    later = [reader.touch_later(fill.venue_ns, horizon * SECOND_NS) for horizon in HORIZONS_S]

    def moves_bps(start: Price) -> tuple[float | None, ...]:
        return tuple(
            None if then is None else valuation.slippage_bps(then.mid, start) for then in later
        )

    half = (touch.ask - touch.bid) / 2
    return FillMarks(
        venue_ns=fill.venue_ns,
        child_id=fill.child_id,
        style=fill.style,
        qty=fill.qty,
        price=fill.price,
        liquidity=fill.liquidity,
        mid_before=touch.mid,
        spread_capture=float(valuation.side.sign * (touch.mid - fill.price) / half),
        effective_bps=2 * valuation.slippage_bps(fill.price, touch.mid),
        quoted_bps=float((touch.ask - touch.bid) / touch.mid * BPS),
        vs_fill_bps=moves_bps(fill.price),
        vs_mid_bps=moves_bps(touch.mid),
    )


def _mean(marks: Sequence[FillMarks], index: int, horizon_s: int, which: Which) -> Markout:
    measured = [mark for mark in marks if mark.vs_fill_bps[index] is not None]
    vs_fill = vs_mid = weight = 0.0
    for mark in measured:
        qty = float(mark.qty)
        weight += qty
        vs_fill += qty * (mark.vs_fill_bps[index] or 0.0)
        vs_mid += qty * (mark.vs_mid_bps[index] or 0.0)
    return Markout(
        horizon_s=horizon_s,
        which=which,
        vs_fill_bps=vs_fill / weight if weight else None,
        vs_mid_bps=vs_mid / weight if weight else None,
        measured=len(measured),
        fills=len(marks),
    )
