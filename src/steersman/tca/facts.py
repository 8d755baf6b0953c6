"""What the messages say about one order: its life, its fills, what we saw, what was advised.

A price "seen" is that of the last valid view at or before a moment: what could be acted on then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from steersman.domain.impact import ImpactEstimate
from steersman.domain.instrument import Instrument
from steersman.domain.market import MarketView
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    AdvisorWeighed,
    Amend,
    AnswerOutcome,
    Ask,
    AskWhy,
    Cancel,
    Effect,
    Estimated,
    Filled,
    FundingPaid,
    Input,
    ParentChanged,
    ParentState,
    Place,
    Recalibrated,
    Reported,
    Scheduled,
    Send,
    Started,
    Submit,
    Verdict,
    Viewed,
)
from steersman.domain.order import Liquidity, ParentOrder, Style
from steersman.domain.units import MS_NS, Money, Price, Qty
from steersman.errors import DataError, UsageError
from steersman.tca.valuation import Touch

__all__ = ["Advised", "Facts", "Fill", "gather"]

FINAL: Final = frozenset(
    {
        ParentState.COMPLETED,
        ParentState.CANCELLED,
        ParentState.EXPIRED,
        ParentState.HALTED,
        ParentState.REFUSED,
    }
)


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade of ours.

    `placed` is the touch seen when its child was first sent, `sent` when it was sent or last
    amended, `seen` when the fill was reported; `at_ns` is local time, `venue_ns` the venue's.
    `style` is how its child was priced.
    """

    at_ns: int
    venue_ns: int
    child_id: str
    qty: Qty
    price: Price
    fee: Money
    liquidity: Liquidity
    placed: Touch
    sent: Touch
    seen: Touch
    style: Style

    @property
    def maker(self) -> bool:
        return self.liquidity is Liquidity.MAKER


@dataclass(slots=True)
class Advised:
    """How often advice was asked for and why, how it came about and what became of it.

    Latencies are in market time; tokens and cost are of all that was asked, in vain or not;
    `weighed` is the last judgement of each advisor, `checks` counts, by name, what answers did not
    pass on their way to the engine.
    """

    asked: int = 0
    whys: dict[AskWhy, int] = field(default_factory=lambda: dict.fromkeys(AskWhy, 0))
    outcomes: dict[AnswerOutcome, int] = field(
        default_factory=lambda: dict.fromkeys(AnswerOutcome, 0)
    )
    verdicts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    fallback: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = Decimal(0)
    latencies_ms: list[float] = field(default_factory=list)
    weighed: dict[str, AdvisorWeighed] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Facts:
    """All that the messages say about one order; times are local (UTC ns).

    `arrival` is the touch seen when the order began to run, `arrival_view` the view it was in,
    `last` the touch seen at its end. `pwp_rate` is the share of all volume it was
    allowed, own / (own + others).
    """

    order: ParentOrder
    instrument: Instrument
    pwp_rate: Decimal
    state: ParentState = ParentState.CREATED
    reason: str = ""
    arrival_ns: int | None = None
    arrival: Touch | None = None
    arrival_view: MarketView | None = None
    end_ns: int = 0
    last: Touch | None = None
    ended: bool = False
    children: int = 0
    fills: list[Fill] = field(default_factory=list)
    funding: list[FundingPaid] = field(default_factory=list)
    schedule: list[tuple[int, Qty]] = field(default_factory=list)
    advised: Advised = field(default_factory=Advised)
    estimates: list[ImpactEstimate] = field(default_factory=list)
    recalibrations: int = 0
    replanned: int = 0


def gather(messages: Iterable[Input | Effect], parent_id: str) -> Facts:
    """Return the facts about one order.

    Raises UsageError where there is no such order, DataError where the messages do not begin with
    their start or a fill comes before any price.
    """
    fold = _Fold(parent_id)
    for message in messages:
        fold.take(message)
    if fold.facts is None:
        known = ", ".join(fold.orders) or "none"
        raise UsageError(f"there is no order {parent_id!r} in the journal", f"orders: {known}")
    if not fold.facts.ended:
        fold.facts.end_ns, fold.facts.last = fold.now_ns, fold.seen
    return fold.facts


class _Fold:
    """The state of one pass over the messages."""

    def __init__(self, parent_id: str) -> None:
        self.parent_id = parent_id
        self.facts: Facts | None = None
        self.orders: list[str] = []
        self.now_ns = 0
        self._instruments: dict[str, Instrument] = {}
        self._rate = Decimal(1)
        self._views: dict[str, MarketView] = {}
        self._placed: dict[str, Touch] = {}
        self._sent: dict[str, Touch] = {}
        self._styles: dict[str, Style] = {}
        self._told: set[tuple[str, str]] = set()

    @property
    def seen(self) -> Touch | None:
        """The touch of the last valid view of the order's instrument."""
        view = self._views.get(self.facts.order.instrument) if self.facts else None
        if view is None or view.best_bid is None or view.best_ask is None:
            return None
        return Touch(view.best_bid, view.best_ask)

    def take(self, message: Input | Effect) -> None:
        """Take in one message, in journal order."""
        if isinstance(message, Input):
            self.now_ns = message.at_ns
        match message:
            case Viewed():
                if message.view.usable:
                    self._views[message.view.instrument] = message.view
            case Started():
                self._instruments = {spec.id: spec for spec in message.instruments}
                allowed = message.execution.max_participation, message.limits.max_participation
                self._rate = min(allowed)
            case Submit():
                self._submitted(message.parent)
            case _ if self.facts is not None:
                self._take_own(message, self.facts)
            case _:
                pass

    def _submitted(self, order: ParentOrder) -> None:
        self.orders.append(order.id)
        if order.id != self.parent_id or self.facts is not None:
            return  # another order, or a second one of the same id, which is refused
        instrument = self._instruments.get(order.instrument)
        if instrument is None:
            raise DataError(
                f"the messages do not say what {order.instrument} is", "begin with their start"
            )
        self.facts = Facts(order, instrument, self._rate, end_ns=self.now_ns)

    def _take_own(self, message: Input | Effect, facts: Facts) -> None:
        match message:
            case Send():
                self._dispatched(message.approved.intent, facts)
            case Reported() if isinstance(message.report, Filled):
                self._filled(message.report, facts)
            case FundingPaid() if message.parent_id == self.parent_id:
                self._funded(message, facts)
            case ParentChanged() if message.parent_id == self.parent_id:
                self._changed(message, facts)
            case Scheduled() if message.parent_id == self.parent_id:
                facts.schedule.append((self.now_ns, message.done))
            case Estimated() if message.parent_id == self.parent_id:
                facts.estimates.append(message.estimate)
            case Recalibrated() if message.parent_id == self.parent_id:
                facts.recalibrations += 1
                facts.replanned += message.replanned
            case _:
                self._advised(message, facts.advised)

    def _dispatched(self, intent: Place | Amend | Cancel, facts: Facts) -> None:
        if intent.parent_id != self.parent_id or isinstance(intent, Cancel):
            return
        if isinstance(intent, Place):
            facts.children += 1
            self._styles[intent.child_id] = intent.style
        touch = self.seen
        if touch is None:
            raise DataError(f"{intent.child_id} was sent before any price", "the journal is cut")
        self._placed.setdefault(intent.child_id, touch)
        self._sent[intent.child_id] = touch

    def _filled(self, report: Filled, facts: Facts) -> None:
        sent, seen = self._sent.get(report.child_id), self.seen
        told = report.child_id, report.exec_id
        if sent is None or seen is None or told in self._told:
            return  # of another order, or the same fill told twice
        self._told.add(told)
        facts.fills.append(
            Fill(
                at_ns=self.now_ns,
                venue_ns=report.venue_ns,
                child_id=report.child_id,
                qty=report.qty,
                price=report.price,
                fee=report.fee,
                liquidity=report.liquidity,
                placed=self._placed[report.child_id],
                sent=sent,
                seen=seen,
                style=self._styles[report.child_id],
            )
        )

    def _funded(self, paid: FundingPaid, facts: Facts) -> None:
        told = any(paid.venue_ns == before.venue_ns for before in facts.funding)
        if not (told or facts.ended):  # the same payment told twice, or not the order's any more
            facts.funding.append(paid)

    def _changed(self, changed: ParentChanged, facts: Facts) -> None:
        if facts.ended:
            return  # the refusal of a second order of the same id
        facts.state, facts.reason = changed.state, changed.reason
        if changed.state is ParentState.RUNNING and facts.arrival_ns is None:
            facts.arrival_ns, facts.arrival = self.now_ns, self.seen
            facts.arrival_view = self._views.get(facts.order.instrument)
        if changed.state in FINAL:
            facts.end_ns, facts.last, facts.ended = self.now_ns, self.seen, True

    def _advised(self, message: Input | Effect, advised: Advised) -> None:
        match message:
            case Ask() if message.question.parent.id == self.parent_id:
                advised.asked += 1
                advised.whys[message.why] += 1
            case AdviceArrived() if message.parent_id == self.parent_id:
                advised.outcomes[message.outcome] += 1
                advised.tokens_in += message.usage.tokens_in
                advised.tokens_out += message.usage.tokens_out
                advised.cost_usd += message.usage.cost_usd
                advised.latencies_ms.append((message.arrived_ns - message.asked_ns) / MS_NS)
                advised.checks.update(message.checks)
            case AdviceJudged() if message.parent_id == self.parent_id:
                advised.verdicts[message.verdict] += 1
                advised.fallback += message.fallback
            case AdvisorWeighed() if message.parent_id == self.parent_id:
                advised.weighed[message.advisor] = message
            case _:
                pass
