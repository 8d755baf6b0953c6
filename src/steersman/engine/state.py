"""The engine's whole memory: frozen values, replaced and never changed in place.

The quantity law: at every moment, for every parent,

    order.qty + overfilled == filled + open + unknown + unfilled

`filled` is summed from fills, `open` and `unknown` from the children, and `unfilled` is kept by
debit and credit: three independent books that `check_conservation` compares after every input.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from steersman.algos.adaptive import Steering
from steersman.algos.base import Plans
from steersman.domain.advice import TrackRecord
from steersman.domain.impact import CostLaw
from steersman.domain.instrument import Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.market import MarketView, NewsItem, Signals
from steersman.domain.messages import AskWhy, ParentState, Started
from steersman.domain.order import AlgoName, ParentOrder, Progress, Style, TimeInForce
from steersman.domain.units import ZERO_QTY, Money, Price, Qty, Side
from steersman.domain.volume import DayVolume
from steersman.engine.transitions import CHILD_TERMINAL, PARENT_TERMINAL, ChildState, ParentEvent
from steersman.models.impact_estimate import Conditions
from steersman.models.recalibration import Learned
from steersman.models.regime import Held
from steersman.models.volume import expected_volume

__all__ = [
    "CLOSED_LATELY_MAX",
    "Child",
    "OnTrial",
    "Outlook",
    "Parent",
    "PendingAsk",
    "State",
    "check_conservation",
    "initial_state",
    "outstanding",
    "progress_of",
    "volume_between",
]

SCHEMA: Final = 1
CLOSED_LATELY_MAX: Final = 64


class Child(msgspec.Struct, frozen=True, gc=False):
    """One child order: what was sent, and what the venue has said of it since."""

    id: str
    parent_id: str
    instrument: str
    side: Side
    qty: Qty
    price: Price
    tif: TimeInForce
    style: Style
    state: ChildState
    filled: Qty
    placed_ns: int
    exec_ids: tuple[str, ...] = ()

    @property
    def terminal(self) -> bool:
        return self.state in CHILD_TERMINAL

    @property
    def leaves(self) -> Qty:
        """What may still be filled of it: nothing once it is over."""
        return ZERO_QTY if self.state in CHILD_TERMINAL else Qty(self.qty - self.filled)


class PendingAsk(msgspec.Struct, frozen=True):
    """A question put to the advisor and not answered yet; `told` whether it held any text."""

    ask_id: str
    asked_ns: int
    ref_mid: Decimal
    fact_ids: frozenset[str]
    told: bool = False


class OnTrial(msgspec.Struct, frozen=True, gc=False):
    """An advice that will be judged: its turn (percent of pace), the mid it began at, its end."""

    advisor: str
    turn: int
    mid: Decimal
    until_ns: int


class Outlook(msgspec.Struct, frozen=True, gc=False):
    """What an order expects: what it has learned, and what it said of that last (`told`).

    `follows` is the algorithm whose plan is kept to that, `impact_pct` the adjustment advised.
    """

    learned: Learned
    told: Conditions
    told_ns: int
    half_spread_bps: float
    follows: AlgoName
    impact_pct: int | None = None


class Parent(msgspec.Struct, frozen=True, gc=False):
    """One parent order: its quantities, its plan, its steering."""

    order: ParentOrder
    state: ParentState
    unfilled: Qty
    filled: Qty = ZERO_QTY
    overfilled: Qty = ZERO_QTY
    filled_value: Decimal = Decimal(0)  # sum of quantity x price
    fees: Money = Money(Decimal(0))
    funding: Money = Money(Decimal(0))
    funded_ns: tuple[int, ...] = ()  # exchange times whose funding is in it
    arrival_ns: int = 0
    arrival_price: Price = Price(Decimal(0))
    volume_at_start: Qty = ZERO_QTY
    expected_volume: Qty = ZERO_QTY
    volume_floor: Qty = ZERO_QTY
    plans: Plans = {}
    steering: Steering = Steering()
    outlook: Outlook | None = None  # from its arrival on
    scheduled: Qty = ZERO_QTY
    children: int = 0
    live_child: str | None = None
    last_order_ns: int | None = None
    asks: int = 0
    asked_ns: int = 0  # the newest question
    advised_ns: int = 0  # the question that the advice in `steering` answers
    asked_mid: Decimal = Decimal(0)
    next_ask_ns: int = 0
    ask_why: AskWhy = AskWhy.START  # of the next question
    pending_ask: PendingAsk | None = None
    on_trial: OnTrial | None = None
    rejects: int = 0
    last_refusal: str = ""
    warned: bool = False
    closing: ParentEvent | None = None
    closing_reason: str = ""

    @property
    def terminal(self) -> bool:
        return self.state in PARENT_TERMINAL


class State(msgspec.Struct, frozen=True, gc=False):
    """Everything the engine knows.

    `children` holds live ones, `closed` and `closed_lately` those that are over: of the thousands
    that a long order closes, only the newest few are copied when one more is.
    """

    now_ns: int
    seed: int
    instruments: dict[str, Instrument]
    execution: ExecutionConfig
    limits: SafetyLimits
    volume_curves: dict[str, tuple[float, ...]]
    laws: dict[str, CostLaw] = {}
    day_volumes: dict[str, DayVolume] = {}
    parents: dict[str, Parent] = {}
    children: dict[str, Child] = {}
    closed: dict[str, Child] = {}
    closed_lately: dict[str, Child] = {}
    views: dict[str, MarketView] = {}
    regimes: dict[str, Held] = {}
    signals: dict[str, Signals] = {}
    news: dict[str, tuple[NewsItem, ...]] = {}
    news_dropped: dict[str, int] = {}  # since it was last told, by reason
    news_told_ns: int = 0
    positions: dict[str, Qty] = {}
    order_times_ns: tuple[int, ...] = ()
    track_records: dict[str, TrackRecord] = {}
    killed: str = ""

    def child(self, child_id: str) -> Child | None:
        """Return a child, live or over."""
        return (
            self.children.get(child_id)
            or self.closed_lately.get(child_id)
            or self.closed.get(child_id)
        )

    def with_parent(self, parent: Parent) -> State:
        """Return the state with this parent in place of its former self."""
        return msgspec.structs.replace(self, parents={**self.parents, parent.order.id: parent})

    def with_child(self, child: Child) -> State:
        """Return the state with this child in place of its former self, live or closed."""
        live = self.children
        if not child.terminal:
            return msgspec.structs.replace(self, children={**live, child.id: child})
        if child.id in live:
            live = {key: value for key, value in live.items() if key != child.id}
        closed, lately = self.closed, {**self.closed_lately, child.id: child}
        if len(lately) > CLOSED_LATELY_MAX:
            closed, lately = {**closed, **lately}, {}
        return msgspec.structs.replace(self, children=live, closed=closed, closed_lately=lately)


def initial_state(started: Started) -> State:
    """Return the empty state that a journal's first input describes."""
    return State(
        now_ns=started.at_ns,
        seed=started.seed,
        instruments={instrument.id: instrument for instrument in started.instruments},
        execution=started.execution,
        limits=started.limits,
        volume_curves=started.volume_curves,
        laws=started.impact,
        day_volumes=started.day_volumes,
        track_records=started.track_records,
    )


def progress_of(state: State, parent: Parent) -> Progress:
    """Return what is done of a parent order as the algorithms see it."""
    view = state.views[parent.order.instrument]
    opened, unknown = outstanding(state, parent)
    return Progress(
        at_ns=state.now_ns,
        filled=parent.filled,
        open=opened,
        unknown=unknown,
        unfilled=parent.unfilled,
        arrival_price=parent.arrival_price,
        avg_price=Price(parent.filled_value / parent.filled) if parent.filled else None,
        others_volume=Qty(view.market_volume - parent.volume_at_start),
        expected_volume=parent.expected_volume,
        scheduled=parent.scheduled,
        children=parent.children,
    )


def outstanding(state: State, parent: Parent) -> tuple[Qty, Qty]:
    """Return (open, unknown): what the parent's live children may still fill."""
    opened = unknown = ZERO_QTY
    parent_id = parent.order.id
    for child in state.children.values():
        if child.parent_id == parent_id:
            if child.state is ChildState.UNKNOWN:
                unknown = Qty(unknown + child.leaves)
            else:
                opened = Qty(opened + child.leaves)
    return opened, unknown


def volume_between(state: State, view: MarketView, from_ns: int, to_ns: int) -> Qty:
    """Return the volume others are expected to trade between two times (base units, lots)."""
    instrument = state.instruments[view.instrument]
    curve = state.volume_curves.get(view.instrument, ())
    volume = expected_volume(
        view.volume_rate_per_s, from_ns, to_ns, curve, view.at_ns, view.observed_ns
    )
    return instrument.floor_qty(Decimal(repr(volume)))


def check_conservation(state: State, parent: Parent) -> None:
    """Assert the quantity law for one parent; a failure is our own fault and stops everything."""
    opened, unknown = outstanding(state, parent)
    whole = parent.order.qty + parent.overfilled
    parts = parent.filled + opened + unknown + parent.unfilled
    if whole != parts or min(parent.filled, opened, unknown, parent.unfilled) < 0:
        raise AssertionError(
            f"{parent.order.id}: quantity is not conserved: order {parent.order.qty} + overfilled "
            f"{parent.overfilled} != filled {parent.filled} + open {opened} + unknown {unknown} "
            f"+ unfilled {parent.unfilled}"
        )
