"""What a study keeps of one order in one arm: a row of plain figures.

Costs are signed, positive = cost, in bps of the order's notional at its decision price, which is
the mid at arrival (or at submission, for an order that never began). Quantity that was not filled
is valued at the close, the mid at the deadline, whenever the order ended. That costs nothing on
average, neither half a spread nor a fee, and what it costs one order is chance: so a cost without
its fill rate says little.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from steersman.domain.instrument import Instrument
from steersman.domain.messages import AdviceArrived, Effect, Input, Viewed
from steersman.domain.units import BPS, Price
from steersman.errors import DataError
from steersman.tca.measure import CostReport
from steersman.tca.valuation import Touch, Valuation

__all__ = ["Drawn", "OrderResult", "result_of"]

NONE: Final = Decimal(0)


class Drawn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One order of a study, the same for every arm.

    `block` is what it is independent of others by: its market's seed, or the day on a recording.
    `size` is its quantity as a share of what the mean time as long as its horizon trades, `start_s`
    its start in seconds after the market began.
    """

    order: int
    block: str
    seed: int
    symbol: str
    regime: str
    side: str
    size: float
    qty: str
    start_s: int
    horizon: str


class OrderResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One order in one arm.

    `cost_bps` is the whole: fills, fees, funding, what was not filled, and tokens; the next four
    are parts of it. `market` is a hash of all that was seen and told before the order's start,
    `journal` that of the whole run. `answers` counts advice taken as it was or clamped,
    `fallbacks` answers a rule gave in a model's place. `sigma_hour_pct` is the volatility at
    arrival, a standard deviation per root hour in percent.
    """

    order: int
    arm: str
    market: str
    journal: str
    state: str
    reason: str
    cost_bps: float
    fees_bps: float
    funding_bps: float
    unfilled_bps: float
    token_bps: float
    fill_rate: float
    maker_share: float | None
    participation: float | None
    children: int
    asked: int
    answers: int
    fallbacks: int
    sigma_hour_pct: float


def result_of(
    report: CostReport,
    instrument: Instrument,
    messages: Iterable[Input | Effect],
    *,
    order: int,
    arm: str,
    market: str,
    journal: str,
) -> OrderResult:
    """Return the row of a measured order; raise DataError where no price was ever seen."""
    first, sigma, tokens = _seen(messages)
    decision = report.decision_price or first
    close = report.benchmarks.close.price or report.end_price
    if decision is None or close is None:
        raise DataError(f"order {order}: the market had no price", "choose another market")
    value = Valuation(instrument, report.side)
    notional = instrument.notional(decision, report.qty)
    unfilled = value.cost(report.unfilled_qty, close, decision)
    parts = (NONE, NONE, NONE)
    if report.shortfall is not None and report.filled_qty:
        whole = report.shortfall.wagner
        parts = whole.total - whole.opportunity, whole.fees, whole.funding
    done, fees, funding = (float(part / notional * BPS) for part in parts)
    unfilled_bps = float(unfilled / notional * BPS) if report.unfilled_qty else 0.0
    token_bps = float(tokens / instrument.quote_value(decision, report.qty) * BPS)
    advice = report.advice
    return OrderResult(
        order=order,
        arm=arm,
        market=market,
        journal=journal,
        state=report.state.value,
        reason="" if report.state.value == "completed" else report.reason,
        cost_bps=done + unfilled_bps + token_bps,
        fees_bps=fees,
        funding_bps=funding,
        unfilled_bps=unfilled_bps,
        token_bps=token_bps,
        fill_rate=report.fill_rate,
        maker_share=report.maker_share,
        participation=report.participation,
        children=report.children,
        asked=advice.asked,
        answers=advice.accepted + advice.clamped,
        fallbacks=advice.fallback,
        sigma_hour_pct=sigma,
    )


def _seen(messages: Iterable[Input | Effect]) -> tuple[Price | None, float, Decimal]:
    """Return the first mid seen, the volatility then, and what all answers cost in dollars."""
    first: Price | None = None
    sigma, tokens = 0.0, Decimal(0)
    for message in messages:
        match message:
            case Viewed() if first is None and message.view.usable:
                bid, ask = message.view.best_bid, message.view.best_ask
                assert bid is not None and ask is not None  # usable
                first, sigma = Touch(bid, ask).mid, message.view.volatility_hour_pct
            case AdviceArrived():
                tokens += message.usage.cost_usd
            case _:
                pass
    return first, sigma, tokens
