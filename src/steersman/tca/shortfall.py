"""Implementation shortfall and what it consists of, in two conventions with one total.

Shortfall is the paper portfolio minus the real one (Perold 1988): had the whole quantity traded at
the decision price, without costs, and both been valued at the end price. With s, k and cost() of
`valuation`, F the filled and U the unfilled quantity (F + U = Q, the order's):

    shortfall = sum_i cost(q_i, p_i, decision) + fees + funding + cost(U, end, decision)

Every fill's part is cut at three prices between decision and execution: the arrival mid, the
reference mid m_i and the quote c_i that the fill was after.

    delay        cost(F, arrival, decision)   waiting from the decision to the order's arrival
    timing       cost(q_i, m_i, arrival)      the market's move from arrival to the reference
    spread       cost(q_i, c_i, m_i)          half the quoted spread: paid by a taker, earned by a
                                              maker (negative)
    impact       cost(q_i, p_i, c_i)          the rest: depth walked beyond the touch, and the
                                              market's move between sending and filling
    fees         as reported, rebates negative
    funding      what the filled part paid while the order was worked, received negative
    opportunity  cost(U, end, decision)       what was not done

For a taker the reference is the touch seen when the child was sent or last amended (c the far
side); for a maker it is the touch on the tape just before the fill (c the near side).

What this cannot separate: timing holds the drift that would have come anyway and the lasting
impact of our own earlier fills (only a paired run without the order can tell them apart); impact
holds our walk through the book and the market's move during our latency; and a maker's spread is
what the quote promised: what the price did next is in the mark-outs.

Conventions: Wagner and Edwards (1993), the headline, charges delay on the executed quantity and
opportunity from the decision price; Kissell (2006) charges delay on the whole order, cost(Q,
arrival, decision), and opportunity from the arrival price, cost(U, end, arrival). An order filled
beyond its quantity has U < 0: its excess counts as bought at p_i and worth the end price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from decimal import Decimal
from typing import Final

from steersman.domain.units import BPS, Money, Price, Qty
from steersman.tca.facts import Fill
from steersman.tca.valuation import Touch, Valuation

__all__ = ["Components", "ComponentsBps", "Shortfall", "decompose"]

IDENTITY_REL: Final = Decimal("1e-9")
ZERO: Final = Decimal(0)
NOTHING: Final = Money(ZERO)


@dataclass(frozen=True, slots=True)
class ComponentsBps:
    """The parts of a shortfall in bps of the decision notional; positive = cost."""

    delay: float
    spread: float
    impact: float
    timing: float
    fees: float
    funding: float
    opportunity: float


@dataclass(frozen=True, slots=True)
class Components:
    """The parts of a shortfall in settlement currency; positive = cost."""

    delay: Decimal
    spread: Decimal
    impact: Decimal
    timing: Decimal
    fees: Decimal
    funding: Decimal
    opportunity: Decimal

    @property
    def total(self) -> Money:
        return Money(sum(self._parts(), ZERO))

    @property
    def gross(self) -> Money:
        """The sum of the sizes of all parts, the scale to judge a rounding error by."""
        return Money(sum(map(abs, self._parts()), ZERO))

    def bps(self, notional: Decimal) -> ComponentsBps:
        """Return the parts in bps of a notional."""
        return ComponentsBps(*(float(part / notional * BPS) for part in self._parts()))

    def _parts(self) -> tuple[Decimal, ...]:
        return astuple(self)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A shortfall in both conventions; `notional` is quantity x decision price."""

    notional: Money
    total: Money
    wagner: Components
    kissell: Components

    @property
    def total_bps(self) -> float:
        return float(self.total / self.notional * BPS)

    @property
    def wagner_bps(self) -> ComponentsBps:
        return self.wagner.bps(self.notional)

    @property
    def kissell_bps(self) -> ComponentsBps:
        return self.kissell.bps(self.notional)


def decompose(
    valuation: Valuation,
    qty: Qty,
    fills: Sequence[tuple[Fill, Touch]],
    decision: Price,
    arrival: Price,
    end: Price,
    funding: Money = NOTHING,
) -> Shortfall:
    """Return what an order cost; each fill comes with its reference touch.

    `funding` is what its position paid in all, in settlement currency.

    Raises AssertionError where the parts do not sum to the shortfall: our own fault, always
    checked.
    """
    cost = valuation.cost
    side = valuation.side
    filled = sum((fill.qty for fill, _ in fills), ZERO)
    unfilled = qty - filled
    spread = impact = timing = fees = ZERO
    for fill, touch in fills:
        quote = touch.side(side, maker=fill.maker)
        timing += cost(fill.qty, touch.mid, arrival)
        spread += cost(fill.qty, quote, touch.mid)
        impact += cost(fill.qty, fill.price, quote)
        fees += fill.fee
    wagner = Components(
        delay=cost(filled, arrival, decision),
        spread=spread,
        impact=impact,
        timing=timing,
        fees=fees,
        funding=funding,
        opportunity=cost(unfilled, end, decision),
    )
    kissell = Components(
        delay=cost(qty, arrival, decision),
        spread=spread,
        impact=impact,
        timing=timing,
        fees=fees,
        funding=funding,
        opportunity=cost(unfilled, end, arrival),
    )
    total = _paper_minus_real(valuation, qty, [fill for fill, _ in fills], decision, end, funding)
    notional = valuation.instrument.notional(decision, qty)
    for components in (wagner, kissell):
        _check(components, total, notional)
    return Shortfall(notional, total, wagner, kissell)


def _paper_minus_real(
    valuation: Valuation,
    qty: Qty,
    fills: Sequence[Fill],
    decision: Price,
    end: Price,
    funding: Money,
) -> Money:
    """Return the shortfall from its definition, knowing nothing of its parts."""
    paper = valuation.cost(qty, end, decision)
    real = sum((valuation.cost(fill.qty, end, fill.price) - fill.fee for fill in fills), ZERO)
    return Money(paper - (real - funding))


def _check(components: Components, total: Money, notional: Money) -> None:
    error = abs(components.total - total)
    rounding = notional * Decimal("1e-20")  # where all parts are zero
    if error > IDENTITY_REL * components.gross + rounding:
        names = ", ".join(f"{f.name} {getattr(components, f.name)}" for f in fields(components))
        raise AssertionError(f"the parts of the shortfall {total} do not sum to it: {names}")
