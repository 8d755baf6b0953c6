"""All that goes into the engine and all that comes out: closed unions of frozen messages.

Inputs are facts with a time; effects are wishes of the engine. Both are journaled, in order, as
canonical JSON (field order fixed, decimals as strings), so equal runs are equal to the byte.

A frozen message of frozen parts is in no reference cycle: the garbage collector need not look at
the hundreds of thousands that a run keeps (`gc=False`).
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from steersman.domain.advice import Advice, NoAdvice, Question, TrackRecord, Usage
from steersman.domain.impact import CostLaw, ImpactEstimate
from steersman.domain.instrument import Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.market import MarketNote, MarketView, NewsItem, Regime, Signals
from steersman.domain.order import ParentOrder, Style, TimeInForce
from steersman.domain.reports import (
    Accepted,
    Amended,
    AmendRejected,
    Cancelled,
    CancelRejected,
    Filled,
    Rejected,
    Report,
    Resolved,
    Unanswered,
)
from steersman.domain.units import Money, Price, Qty, Side
from steersman.domain.valued import DecisionValued
from steersman.domain.volume import DayVolume

__all__ = [
    "Accepted",
    "AdviceArrived",
    "AdviceJudged",
    "AdvisorWeighed",
    "Alert",
    "Amend",
    "AmendRejected",
    "Amended",
    "AnswerOutcome",
    "Approved",
    "Ask",
    "AskWhy",
    "Cancel",
    "CancelRejected",
    "Cancelled",
    "Command",
    "DecisionValued",
    "Effect",
    "Estimated",
    "Filled",
    "FundingPaid",
    "Input",
    "Intent",
    "Intervened",
    "MarketNoted",
    "NewsArrived",
    "ParentChanged",
    "ParentState",
    "Place",
    "Query",
    "Recalibrated",
    "Refused",
    "RegimeChanged",
    "Rejected",
    "Report",
    "Reported",
    "Resolved",
    "Scheduled",
    "Send",
    "SignalsArrived",
    "Started",
    "Submit",
    "Tick",
    "Unanswered",
    "Verdict",
    "Viewed",
    "Wake",
]


# -- inputs ---------------------------------------------------------------------------------------
class Started(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The first input of every journal: all that the fold depends on besides later inputs.

    `impact` is the law of cost of each instrument; where there is none, a prior. `day_volumes` are
    what others usually trade in a day, of the instruments whose history tells. `track_records` say
    by name how advisors were judged before.
    """

    at_ns: int
    schema: int
    instruments: tuple[Instrument, ...]
    execution: ExecutionConfig
    limits: SafetyLimits
    volume_curves: dict[str, tuple[float, ...]]
    seed: int
    impact: dict[str, CostLaw] = {}
    day_volumes: dict[str, DayVolume] = {}
    track_records: dict[str, TrackRecord] = {}


class Submit(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A person submits a parent order."""

    at_ns: int
    parent: ParentOrder


class Viewed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The market as seen now."""

    at_ns: int
    view: MarketView


class Reported(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The venue said something about one of our orders."""

    at_ns: int
    report: Report


class MarketNoted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Something happened to the market's data: a gap, a crossed book, its recovery, its end."""

    at_ns: int
    instrument: str
    note: MarketNote


class FundingPaid(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A perpetual's funding was exchanged while an order of ours held a position.

    At exchange time `venue_ns` the parent's fills came to `position` (base units, contracts for
    inverse; negative = short), worth their value at `mark`; `amount` is what it paid in settlement
    currency (negative = received). One parent is paid for one `venue_ns` once.
    """

    at_ns: int
    parent_id: str
    instrument: str
    venue_ns: int
    position: Qty
    mark: Price
    rate_bps: Decimal
    amount: Money


class NewsArrived(msgspec.Struct, frozen=True, tag=True, gc=False):
    """News was received."""

    at_ns: int
    instrument: str
    items: tuple[NewsItem, ...]


class SignalsArrived(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Slow signals were received."""

    at_ns: int
    signals: Signals


class AnswerOutcome(StrEnum):
    """How an answer came about, or why it was not the advisor's own (docs/supervisor.md)."""

    ANSWERED = "answered"
    CACHED = "cached"
    HEDGED = "hedged"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"
    CIRCUIT_OPEN = "circuit_open"
    LATE = "late"


class AdviceArrived(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An advisor's answer, or the lack of one, arrived for a question asked earlier.

    `ref_mid` is the mid when the question was asked, `advisor` names who answered (model id and
    prompt version), `fallback` tells that a rule did in a model's place and `why` what had failed.
    `usage` is what all that was asked for this answer took. `raw` is the model's reply as it came,
    for the record only: nothing reads it again. `checks` names what was not passed on the way here;
    advisor/validation.py has the table.
    """

    at_ns: int
    parent_id: str
    ask_id: str
    asked_ns: int
    arrived_ns: int
    ref_mid: Decimal
    advisor: str
    fallback: bool
    answer: Advice | NoAdvice
    usage: Usage = Usage()
    raw: str = ""
    checks: tuple[str, ...] = ()
    outcome: AnswerOutcome = AnswerOutcome.ANSWERED
    why: str = ""


class Command(StrEnum):
    """What a person may order at any time."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    KILL = "kill"
    REARM = "rearm"


class Intervened(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A person intervened; `parent_id` None means all parents."""

    at_ns: int
    command: Command
    parent_id: str | None
    reason: str


class Tick(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Time passed and nothing else is known: the feed may be silent."""

    at_ns: int


Input = (
    Started
    | Submit
    | Viewed
    | Reported
    | MarketNoted
    | FundingPaid
    | NewsArrived
    | SignalsArrived
    | AdviceArrived
    | DecisionValued
    | Intervened
    | Tick
)


# -- intents --------------------------------------------------------------------------------------
class Place(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Send a new child order: a limit order, post-only or immediate-or-cancel."""

    child_id: str
    parent_id: str
    instrument: str
    side: Side
    qty: Qty
    price: Price
    tif: TimeInForce
    style: Style
    reason: str


class Amend(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Move a working child to another price (total quantity unchanged or lower)."""

    child_id: str
    parent_id: str
    instrument: str
    side: Side
    qty: Qty
    price: Price
    reason: str


class Cancel(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Withdraw a working child."""

    child_id: str
    parent_id: str
    instrument: str
    reason: str


Intent = Place | Amend | Cancel
T = TypeVar("T", Place, Amend, Cancel, Intent)


class Approved(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """Proof that `engine.risk.approve` let this intent pass; only that module makes one."""

    intent: T


# -- effects --------------------------------------------------------------------------------------
class Send(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Send an approved intent to its venue."""

    approved: Approved[Intent]


class Refused(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A limit forbids an intent, or a whole parent: which rule, and the arithmetic in words."""

    parent_id: str
    rule: str
    detail: str
    intent: Intent | None


class Query(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Ask the venue about a child in doubt."""

    child_id: str
    instrument: str


class AskWhy(StrEnum):
    """What made the engine ask: the order began, it was time, or something happened."""

    START = "start"
    TIMER = "timer"
    NEWS = "news"
    REGIME = "regime"
    SHOCK = "shock"


class Ask(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Put a question to the advisor, in the background."""

    question: Question
    why: AskWhy = AskWhy.TIMER


class Wake(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Call again at `at_ns` at the latest; earlier if the touch leaves the given prices."""

    instrument: str
    at_ns: int
    touch_bid: Price | None
    touch_ask: Price | None


class Verdict(StrEnum):
    """What became of an answer."""

    ACCEPTED = "accepted"
    CLAMPED = "clamped"
    INVALID = "invalid"
    LATE = "late"
    STALE = "stale"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"


class AdviceJudged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The decision log: what was advised, by whom, what became of it and what it does."""

    parent_id: str
    ask_id: str
    advisor: str
    verdict: Verdict
    fallback: bool
    effect: str
    why: str


class AdvisorWeighed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An advice that turned the schedule was judged by what the price did (F25).

    `weight` scales the advisor's next turns, `record` is all of its judgements so far.
    """

    parent_id: str
    advisor: str
    weight: Decimal
    record: TrackRecord
    why: str


class ParentState(StrEnum):
    """The states of a parent order (F7); the last five are final."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    HALTED = "halted"
    REFUSED = "refused"


class ParentChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A parent order changed state; quantities in base units."""

    parent_id: str
    state: ParentState
    filled: Qty
    unfilled: Qty
    reason: str


class Scheduled(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The algorithm's target changed: this much (base units) should be done by now, and why."""

    parent_id: str
    done: Qty
    style: Style | None
    reason: str


class Estimated(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What a parent order is expected to cost in all, told at its start and when that changes."""

    parent_id: str
    why: str
    estimate: ImpactEstimate


class Recalibrated(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What a working order believes of its market changed materially, or advice changed its plan.

    `sigma_day_bps` is the volatility of a day, `volume_per_s` what others trade (base units), `y`
    and `y_error` the factor of the law of cost and its deviation; `replanned` whether the rest of
    the order was planned anew.
    """

    parent_id: str
    sigma_day_bps: float
    volume_per_s: float
    y: float
    y_error: float
    replanned: bool


class RegimeChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The state of a market changed, and what says so in words."""

    instrument: str
    regime: Regime
    was: Regime
    why: str


class Alert(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Something a person should know."""

    severity: str
    code: str
    parent_id: str | None
    text: str


Effect = (
    Send
    | Refused
    | Query
    | Ask
    | Wake
    | AdviceJudged
    | AdvisorWeighed
    | ParentChanged
    | Scheduled
    | Estimated
    | Recalibrated
    | RegimeChanged
    | Alert
)
