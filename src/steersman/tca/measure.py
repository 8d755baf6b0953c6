"""One order measured: the whole report, from its messages and the market's tape.

Nothing here knows the engine or the mode: a journal of a backtest, of paper or of live trading
gives the same kind of report. Money is in the instrument's settlement currency, costs are positive,
bps are of the decision notional (quantity x decision price) unless a name says otherwise. The
decision price is the order's own, or the arrival price where it states none. What is not known is
None; the parts of a shortfall are sums over fills, so without fills they are 0 and all of it is
opportunity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from typing import Any, Final

from msgspec.structs import asdict

from steersman.domain.messages import Effect, FundingPaid, Input, ParentState, Verdict
from steersman.domain.units import SECOND_NS, Money, Price, Qty, Side
from steersman.marketdata.tape import Tape
from steersman.tca.benchmarks import Adherence, Benchmarks, adherence, compare, participation
from steersman.tca.facts import Advised, Facts, Fill, gather
from steersman.tca.frames import frame_of, html_of
from steersman.tca.markouts import FillMarks, Markout, by_style, mark_fills, summarise
from steersman.tca.quality import nearest_rank
from steersman.tca.shortfall import ComponentsBps, Shortfall, decompose
from steersman.tca.spreads import Reversion, Spreads, reversions, spreads
from steersman.tca.tapes import TapeReader
from steersman.tca.valuation import Touch, Valuation
from steersman.tca.views import reader_of

__all__ = ["AdviceStats", "CostReport", "measure", "measure_facts"]

# Enough digits for an inverse contract's divisions to keep the identities far below 1e-9.
EXACT: Final = Context(prec=50)


@dataclass(frozen=True, slots=True)
class AdviceStats:
    """How advice fared: counts, what it took, and latency from question to answer in market time.

    `accepted` to `unavailable` are the engine's verdicts, `fallback` counts judged answers that a
    rule gave in the model's place, `asked_why` the reasons of questions and `outcomes` how answers
    came about, by name. Tokens and cost are of all that was asked, in vain or not. Percentiles are
    by nearest rank over all answers that arrived, timeouts included. `weights` holds each advisor
    whose turns were judged: its weight, and how many were right, wrong and undecided. `checks`
    counts by name what answers did not pass (docs/validation.md).
    """

    asked: int
    accepted: int
    clamped: int
    invalid: int
    late: int
    stale: int
    timeout: int
    unavailable: int
    fallback: int
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    asked_why: dict[str, int]
    outcomes: dict[str, int]
    tokens_in: int
    tokens_out: int
    cost_usd: str
    weights: dict[str, dict[str, float]]
    checks: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CostReport:
    """What one order cost and how it was worked.

    The headline `components_bps` follow Wagner's convention (delay on the executed quantity,
    opportunity from the decision price), `kissell_bps` Kissell's; both sum to `is_bps`. An
    order that never ran has the shortfall of its stated decision price, all of it opportunity
    (Kissell: all of it delay), or none. `fill_rate` is filled / ordered, `participation` own /
    (own + others) while the order ran, `maker_share` the share of the filled quantity that made
    liquidity. `spread_capture` is what all fills earned against the mid just before each, as a
    share of the half-spreads quoted then (+1 earned them, -1 paid them), `maker_spread_capture`
    the same of maker fills; None of views, which do not tell that mid. `funding` is each payment on
    the position while the order was worked. `completion_s` is the time from arrival to the last
    fill of a completed order, `early_s` what was left to the deadline then; `ended` tells whether
    the messages reach the order's end, `from_views` that the market is known from the messages
    alone.
    """

    parent: str
    instrument: str
    side: Side
    state: ParentState
    reason: str
    ended: bool
    currency: str
    maker_fee_bps: Decimal
    taker_fee_bps: Decimal
    qty: Qty
    filled_qty: Qty
    unfilled_qty: Qty
    avg_price: Price | None
    decision_price: Price | None
    arrival_price: Price | None
    end_price: Price | None
    arrival_ns: int | None
    end_ns: int
    deadline_ns: int
    funding: tuple[FundingPaid, ...]
    shortfall: Shortfall | None
    benchmarks: Benchmarks
    participation: float | None
    fill_rate: float
    maker_share: float | None
    spread_capture: float | None
    maker_spread_capture: float | None
    completion_s: float | None
    early_s: float | None
    adherence: Adherence | None
    markouts: tuple[Markout, ...]
    markouts_by_style: tuple[Markout, ...]
    spreads: tuple[Spreads, ...]
    reversion: tuple[Reversion, ...]
    fills: tuple[FillMarks, ...]
    children: int
    advice: AdviceStats
    from_views: bool

    @property
    def is_bps(self) -> float | None:
        """The implementation shortfall in bps of the decision notional."""
        return None if self.shortfall is None else self.shortfall.total_bps

    @property
    def components_bps(self) -> ComponentsBps | None:
        """Its parts in Wagner's convention."""
        return None if self.shortfall is None else self.shortfall.wagner_bps

    @property
    def kissell_bps(self) -> ComponentsBps | None:
        """Its parts in Kissell's convention."""
        return None if self.shortfall is None else self.shortfall.kissell_bps

    def document(self) -> dict[str, Any]:
        """Return the figures of `run --json`: quantities and prices as text, rates as numbers."""
        benchmarks = self.benchmarks
        return {
            "parent": self.parent,
            "state": self.state.value,
            "filled_qty": _text(self.filled_qty),
            "unfilled_qty": _text(self.unfilled_qty),
            "avg_price": _text(self.avg_price),
            "decision_price": _text(self.decision_price),
            "arrival_price": _text(self.arrival_price),
            "maker_fee_bps": _text(self.maker_fee_bps),
            "taker_fee_bps": _text(self.taker_fee_bps),
            "funding": [_payment(paid) for paid in self.funding],
            "is_bps": self.is_bps,
            "components_bps": _parts(self.components_bps),
            "kissell_bps": _parts(self.kissell_bps),
            "arrival_slippage_bps": benchmarks.arrival.slippage_bps,
            "vwap_slippage_bps": benchmarks.vwap.slippage_bps,
            "vwap_ex_own_slippage_bps": benchmarks.vwap_ex_own.slippage_bps,
            "twap_slippage_bps": benchmarks.twap.slippage_bps,
            "close_slippage_bps": benchmarks.close.slippage_bps,
            "pwp_slippage_bps": benchmarks.pwp.slippage_bps,
            "rpm": benchmarks.rpm,
            "participation": self.participation,
            "fill_rate": self.fill_rate,
            "maker_share": self.maker_share,
            "spread_capture": self.spread_capture,
            "maker_spread_capture": self.maker_spread_capture,
            "completion_s": self.completion_s,
            "early_s": self.early_s,
            "adherence": None if self.adherence is None else _fields(self.adherence),
            "markouts": [_fields(markout) for markout in self.markouts],
            "markouts_by_style": [_fields(markout) for markout in self.markouts_by_style],
            "spreads": [_fields(spread) for spread in self.spreads],
            "reversion": [_fields(reversion) for reversion in self.reversion],
            "advice": _fields(self.advice),
        }

    def figures(self) -> dict[str, str | float | int | None]:
        """Return the document's single figures, those of a group by dotted names."""
        found: dict[str, str | float | int | None] = {}
        for name, value in self.document().items():
            if isinstance(value, dict):
                singles = {f"{name}.{part}": one for part, one in value.items()}
            else:
                singles = {name: value}
            found |= {n: one for n, one in singles.items() if not isinstance(one, dict | list)}
        return found

    def to_polars(self) -> Any:
        """Return the figures as a polars DataFrame of one row; UsageError without polars."""
        return frame_of([self.figures()])

    def _repr_html_(self) -> str:
        rows = [{"figure": name, "value": value} for name, value in self.figures().items()]
        return html_of(rows, f"{self.side.value} {self.qty:f} {self.instrument}")


def measure(
    messages: Sequence[Input | Effect], parent_id: str, tape: Tape | None = None
) -> CostReport:
    """Measure one order against the market's tape, or against what was seen where there is none.

    Raises UsageError where the messages know no such order, DataError where they do not begin with
    their start, AssertionError where the parts of the shortfall do not sum to it.
    """
    with localcontext(EXACT):
        facts = gather(messages, parent_id)
        return measure_facts(facts, reader_of(messages, facts.instrument, tape))


def measure_facts(facts: Facts, reader: TapeReader) -> CostReport:
    """Measure an order whose facts were gathered; raises AssertionError as `measure` does."""
    with localcontext(EXACT):
        return _report(facts, Valuation(facts.instrument, facts.order.side), reader)


def _report(facts: Facts, valuation: Valuation, reader: TapeReader) -> CostReport:
    order, fills = facts.order, facts.fills
    filled = Qty(sum((fill.qty for fill in fills), Decimal(0)))
    average = valuation.average((fill.qty, fill.price) for fill in fills)
    arrival = facts.arrival.mid if facts.arrival is not None else None
    decision = order.decision_price if order.decision_price is not None else arrival
    end = facts.last.mid if facts.last is not None else None
    marks = mark_fills(valuation, fills, reader)
    blind = bool(reader.blind_ns)
    made = [mark for mark in marks if mark.liquidity == "maker"]
    completed_ns = fills[-1].at_ns if facts.state is ParentState.COMPLETED and fills else None
    return CostReport(
        parent=order.id,
        instrument=facts.instrument.id,
        side=order.side,
        state=facts.state,
        reason=facts.reason,
        ended=facts.ended,
        currency=facts.instrument.settle,
        maker_fee_bps=facts.instrument.maker_fee_bps,
        taker_fee_bps=facts.instrument.taker_fee_bps,
        qty=order.qty,
        filled_qty=filled,
        unfilled_qty=Qty(max(Decimal(0), order.qty - filled)),
        avg_price=average,
        decision_price=decision,
        arrival_price=arrival,
        end_price=end,
        arrival_ns=facts.arrival_ns,
        end_ns=facts.end_ns,
        deadline_ns=order.deadline_ns,
        funding=tuple(facts.funding),
        shortfall=_shortfall(facts, valuation, reader, decision, end),
        benchmarks=compare(facts, valuation, reader, average),
        participation=participation(facts, reader),
        fill_rate=float(filled / order.qty),
        maker_share=_share(fills, filled),
        spread_capture=None if blind else _capture(marks),
        maker_spread_capture=None if blind else _capture(made),
        completion_s=_seconds(facts.arrival_ns, completed_ns),
        early_s=_seconds(completed_ns, order.deadline_ns),
        adherence=adherence(facts),
        markouts=summarise(marks),
        markouts_by_style=by_style(marks),
        spreads=spreads(marks, blind=blind),
        reversion=reversions(facts, valuation, reader),
        fills=tuple(marks),
        children=facts.children,
        advice=_advice(facts.advised),
        from_views=blind,
    )


def _shortfall(
    facts: Facts,
    valuation: Valuation,
    reader: TapeReader,
    decision: Price | None,
    end: Price | None,
) -> Shortfall | None:
    """Return the shortfall, or None where there is no price to compare with."""
    if decision is None or end is None:
        return None
    arrival = facts.arrival.mid if facts.arrival is not None else end
    fills = [(fill, _reference(fill, reader)) for fill in facts.fills]
    paid = Money(sum((payment.amount for payment in facts.funding), Decimal(0)))
    return decompose(valuation, facts.order.qty, fills, decision, arrival, end, paid)


def _reference(fill: Fill, reader: TapeReader) -> Touch:
    """Return the touch a fill was after: seen at sending (taker), just before it (maker)."""
    if fill.maker:
        return reader.touch_before(fill.venue_ns) or fill.seen
    return fill.sent


def _share(fills: Sequence[Fill], filled: Qty) -> float | None:
    if not filled:
        return None
    return float(sum((fill.qty for fill in fills if fill.maker), Decimal(0)) / filled)


def _capture(marks: Sequence[FillMarks]) -> float | None:
    quoted = sum(float(mark.qty) * mark.quoted_bps for mark in marks)
    if not quoted:
        return None
    return -sum(float(mark.qty) * mark.effective_bps for mark in marks) / quoted


def _advice(advised: Advised) -> AdviceStats:
    verdicts = advised.verdicts
    return AdviceStats(
        asked=advised.asked,
        accepted=verdicts[Verdict.ACCEPTED],
        clamped=verdicts[Verdict.CLAMPED],
        invalid=verdicts[Verdict.INVALID],
        late=verdicts[Verdict.LATE],
        stale=verdicts[Verdict.STALE],
        timeout=verdicts[Verdict.TIMEOUT],
        unavailable=verdicts[Verdict.UNAVAILABLE],
        fallback=advised.fallback,
        latency_ms_p50=nearest_rank(advised.latencies_ms, 0.50),
        latency_ms_p95=nearest_rank(advised.latencies_ms, 0.95),
        asked_why={why.value: count for why, count in advised.whys.items()},
        outcomes={outcome.value: count for outcome, count in advised.outcomes.items()},
        tokens_in=advised.tokens_in,
        tokens_out=advised.tokens_out,
        cost_usd=format(advised.cost_usd, "f"),
        weights={
            name: {"weight": float(weighed.weight), **asdict(weighed.record)}
            for name, weighed in advised.weighed.items()
        },
        checks=dict(sorted(advised.checks.items())),
    )


def _seconds(from_ns: int | None, to_ns: int | None) -> float | None:
    return None if from_ns is None or to_ns is None else (to_ns - from_ns) / SECOND_NS


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _parts(components: ComponentsBps | None) -> dict[str, Any]:
    names = ComponentsBps.__slots__
    return {name: getattr(components, name, None) for name in names}


def _payment(paid: FundingPaid) -> dict[str, Any]:
    return {
        "at_ns": paid.at_ns,
        "venue_ns": paid.venue_ns,
        "position": _text(paid.position),
        "mark": _text(paid.mark),
        "rate_bps": _text(paid.rate_bps),
        "amount": _text(paid.amount),
    }


def _fields(report: Adherence | Markout | Spreads | Reversion | AdviceStats) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__slots__}
