"""What is traded, and the only place that rounds: tick, lot, minimum quantity, minimum notional.

Prices and quantities are `Decimal`; kernels and files hold integer ticks and lots. The conversions
here are exact or they raise: nothing is rounded silently except where a name says floor or ceil.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from functools import cached_property
from itertools import repeat
from operator import mul
from typing import Final

import msgspec

from steersman.domain.units import BPS, Money, Price, Qty, Side
from steersman.errors import UsageError

__all__ = ["Category", "Instrument"]

MAGNITUDE_MAX: Final = 18  # digits before the point: far above any real price or quantity

_ONE: Final = Decimal(1)
# Digits for the whole part of any division; a rest may be rounded, yet never to nothing.
_WIDE: Final = Context(prec=400)


class Category(StrEnum):
    """The kind of contract; one symbol in two categories is two instruments."""

    SPOT = "spot"
    LINEAR = "linear"
    INVERSE = "inverse"
    EQUITY = "equity"


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The trading rules of one symbol in one category at one venue.

    `tick` is the price step in quote currency, `lot` the quantity step in base units (contracts of
    `multiplier` quote units for inverse), `min_notional` is in quote currency, fees are in bps of
    notional (negative = rebate). Raises ValueError where a rule is not positive.
    """

    symbol: str
    category: Category
    venue: str
    base: str
    quote: str
    settle: str
    tick: Decimal
    lot: Decimal
    min_qty: Decimal
    min_notional: Decimal
    maker_fee_bps: Decimal
    taker_fee_bps: Decimal
    multiplier: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        for name in ("tick", "lot", "min_qty", "multiplier"):
            value: Decimal = getattr(self, name)
            if not value.is_finite() or value <= 0:
                raise ValueError(f"{self.symbol}: {name} must be positive, got {value}")
        for name in ("min_notional", "maker_fee_bps", "taker_fee_bps"):
            if not getattr(self, name).is_finite():
                raise ValueError(f"{self.symbol}: {name} must be finite")
        if self.min_notional < 0:
            raise ValueError(f"{self.symbol}: min_notional must not be negative")

    @cached_property
    def id(self) -> str:
        """The key of this instrument everywhere: ``venue:SYMBOL.category``."""
        return f"{self.venue}:{self.symbol}.{self.category.value}"

    # -- ticks and lots ---------------------------------------------------------------------------
    def ticks(self, price: Decimal) -> int:
        """Return the price in ticks; raise UsageError where it is not a multiple of the tick."""
        return _exact(price, self.tick, self.symbol, "price", "tick")

    def lots(self, qty: Decimal) -> int:
        """Return the quantity in lots; raise UsageError where it is not a multiple of the lot."""
        return _exact(qty, self.lot, self.symbol, "quantity", "lot")

    def price(self, ticks: int) -> Price:
        """Return the price of an integer number of ticks."""
        return Price(self.tick * ticks)

    def qty(self, lots: int) -> Qty:
        """Return the quantity of an integer number of lots."""
        return Qty(self.lot * lots)

    def quantities(self, lots: Iterable[int]) -> list[Qty]:
        """Return the quantities of integer numbers of lots."""
        return list(map(mul, repeat(self.lot), lots))

    def floor_qty(self, qty: Decimal) -> Qty:
        """Return the largest multiple of the lot that is at most `qty`."""
        return Qty((qty / self.lot).to_integral_value(ROUND_FLOOR) * self.lot)

    def ceil_qty(self, qty: Decimal) -> Qty:
        """Return the smallest multiple of the lot that is at least `qty`."""
        return Qty((qty / self.lot).to_integral_value(ROUND_CEILING) * self.lot)

    def nearest_qty(self, qty: Decimal) -> Qty:
        """Return the multiple of the lot nearest to `qty` (ties to even)."""
        return Qty((qty / self.lot).to_integral_value(ROUND_HALF_EVEN) * self.lot)

    def passive_price(self, price: Decimal, side: Side) -> Price:
        """Round to a tick away from the other side: down for a buy, up for a sell."""
        mode = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        return Price((price / self.tick).to_integral_value(mode) * self.tick)

    # -- money ------------------------------------------------------------------------------------
    def notional(self, price: Decimal, qty: Decimal) -> Money:
        """Return the value in settlement currency: qty x price, or contracts / price if inverse."""
        if self.category is Category.INVERSE:
            return Money(qty * self.multiplier / price)
        return Money(qty * price * self.multiplier)

    def quote_value(self, price: Decimal, qty: Decimal) -> Money:
        """Return the value in quote currency, the unit of `max_order_size` and `min_notional`."""
        if self.category is Category.INVERSE:
            return Money(qty * self.multiplier)
        return Money(qty * price * self.multiplier)

    def fee(self, price: Decimal, qty: Decimal, *, maker: bool) -> Money:
        """Return the fee in the settlement currency (negative = rebate)."""
        rate = self.maker_fee_bps if maker else self.taker_fee_bps
        return Money(self.notional(price, qty) * rate / BPS)

    @property
    def perpetual(self) -> bool:
        """Whether positions pay and receive funding."""
        return self.category in (Category.LINEAR, Category.INVERSE)

    def funding(self, mark: Decimal, position: Decimal, rate_bps: Decimal) -> Money:
        """Return what a position pays at a funding time, in settlement currency.

        `position` is negative where it is short, `rate_bps` a share of its value at `mark`. Longs
        pay a positive rate to shorts; a negative result is received. (Bybit, "Introduction to
        Funding Rate"; Binance, "Introduction to Binance Futures Funding Rates".)
        """
        return Money(self.notional(mark, position) * rate_bps / BPS)

    def tradable_min(self, price: Decimal) -> Qty:
        """Return the smallest quantity the venue takes at this price, a multiple of the lot."""
        unit = self.quote_value(price, _ONE)
        return self.ceil_qty(max(self.min_qty, self.min_notional / unit))


def _exact(value: Decimal, step: Decimal, symbol: str, what: str, step_name: str) -> int:
    if not value.is_finite():
        raise UsageError(f"{symbol} {what} {value} is not a number", "give a finite decimal number")
    if value.adjusted() > MAGNITUDE_MAX:
        raise UsageError(
            f"{symbol} {what} {value} is too large", "give a number that can be traded"
        )
    whole, rest = _WIDE.divmod(value, step)
    if rest:
        below = whole if rest > 0 else whole - 1
        lower, upper = (_WIDE.multiply(count, step).normalize() for count in (below, below + 1))
        raise UsageError(
            f"{symbol} {what} {value} is not a multiple of the {step_name} {step}",
            f"use {lower:f} or {upper:f}",
        )
    return int(whole)
