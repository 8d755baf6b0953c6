"""What a difference of two prices is worth to an order: the one place that knows signs and kinds.

    cost(q, p, r) = s * k * (notional(p, q) - notional(r, q))

is what executing q at p costs more than at r, in settlement currency; s = +1 buy, -1 sell. For
spot, linear and equity notional is q p and k = +1. For inverse contracts notional is q m / p, in
base currency, and falls when the price rises, so k = -1: buying q contracts at p instead of r < p
costs q m (1/r - 1/p) > 0 of base. Costs add up along a chain of prices, which is what makes every
decomposition here an identity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from steersman.domain.instrument import Category, Instrument
from steersman.domain.units import BPS, Money, Price, Side

__all__ = ["Touch", "Valuation", "mean_price"]

MEAN_DIGITS: Final = Context(prec=18)  # what a mean of prices is kept to


def mean_price(value: Decimal) -> Price:
    """Return a mean of prices as a price: exact where it can be, else to 18 digits."""
    return Price(MEAN_DIGITS.plus(value))


@dataclass(frozen=True, slots=True)
class Touch:
    """A valid best bid and best ask."""

    bid: Price
    ask: Price

    @property
    def mid(self) -> Price:
        return Price((self.bid + self.ask) / 2)

    def side(self, side: Side, *, maker: bool) -> Price:
        """Return the price at which an order of this side would rest (maker) or cross (taker)."""
        return self.bid if (side is Side.BUY) == maker else self.ask


@dataclass(frozen=True, slots=True)
class Valuation:
    """Prices as costs to one side in one instrument."""

    instrument: Instrument
    side: Side

    @property
    def inverse(self) -> bool:
        return self.instrument.category is Category.INVERSE

    def cost(self, qty: Decimal, price: Decimal, reference: Decimal) -> Money:
        """Return what executing at `price` instead of `reference` costs (settlement currency)."""
        sign = -self.side.sign if self.inverse else self.side.sign
        notional = self.instrument.notional
        return Money(sign * (notional(price, qty) - notional(reference, qty)))

    def slippage_bps(self, price: Decimal, benchmark: Decimal) -> float:
        """Return the cost of `price` against `benchmark` in bps of the benchmark's notional."""
        unit = self.instrument.notional(benchmark, Decimal(1))
        return float(self.cost(Decimal(1), price, benchmark) / unit * BPS)

    def average(self, trades: Iterable[tuple[Decimal, Decimal]]) -> Price | None:
        """Return the price at which all (quantity, price) at once have the same notional.

        The mean weighted by quantity; for inverse contracts that is the harmonic one. None where
        nothing was traded.
        """
        total = weight = Decimal(0)
        for qty, price in trades:
            total += qty
            weight += qty / price if self.inverse else qty * price
        if not total:
            return None
        return mean_price(total / weight if self.inverse else weight / total)
