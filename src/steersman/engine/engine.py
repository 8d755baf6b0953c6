"""The core is a fold: `process(state, input) -> state, effects`.

It has no clock, no randomness and no I/O; time is a field of the input. The same inputs give the
same state and the same effects, to the byte. Facts (reports, news, answers) are booked as they
come; orders are decided when a view of the market, a tick or a person's command calls for it.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from steersman.domain.market import NoteKind
from steersman.domain.messages import (
    AdviceArrived,
    Alert,
    AskWhy,
    Command,
    DecisionValued,
    Effect,
    FundingPaid,
    Input,
    Intervened,
    MarketNoted,
    NewsArrived,
    ParentChanged,
    ParentState,
    Refused,
    Reported,
    SignalsArrived,
    Started,
    Submit,
    Tick,
    Viewed,
    Wake,
)
from steersman.domain.order import ParentOrder
from steersman.domain.units import Price
from steersman.engine import risk
from steersman.engine.intake import take_in, tell_dropped
from steersman.engine.judge import apply_advice
from steersman.engine.ledger import apply_funding, apply_report
from steersman.engine.questions import ask_soon
from steersman.engine.regimes import see
from steersman.engine.state import Parent, State, check_conservation, initial_state
from steersman.engine.transitions import PARENT_TABLE, ParentEvent
from steersman.engine.work import work

__all__ = ["process", "start"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]


def start(started: Started) -> State:
    """Return the state that the first input of a journal describes."""
    return initial_state(started)


def process(state: State, message: Input) -> Step:
    """Fold one input: return the new state and what is to be done.

    Raises AssertionError where an invariant is broken (time running backwards, quantity not
    conserved, a second start): our own fault, after which nothing may be sent.
    """
    if message.at_ns < state.now_ns:
        raise AssertionError(f"time ran backwards: {message.at_ns} < {state.now_ns}")
    state, effects = _fold(replace(state, now_ns=message.at_ns), message)
    for parent in state.parents.values():
        if not parent.terminal or isinstance(message, Reported):
            check_conservation(state, parent)
    return state, effects


def _fold(state: State, message: Input) -> Step:  # noqa: C901 - one case a message
    match message:
        case Viewed():
            state, changed = see(state, message.view)
            state, told = tell_dropped(state)
            state, effects = _work_all(state, message.view.instrument)
            return state, (*changed, *told, *effects)
        case Reported() | FundingPaid():
            return _book(state, message)
        case AdviceArrived():
            return apply_advice(state, message)
        case NewsArrived():
            state = ask_soon(state, message.instrument, AskWhy.NEWS)
            return take_in(state, message)
        case MarketNoted():
            return state, (_told(message),)
        case SignalsArrived():
            signals = {**state.signals, message.signals.instrument: message.signals}
            return replace(state, signals=signals), ()
        case Submit():
            return _submit(state, message.parent)
        case Intervened():
            return _intervene(state, message)
        case Tick():
            return _work_all(state, None)
        case DecisionValued():
            return state, ()  # judged in hindsight: nothing may follow from it
        case Started():
            raise AssertionError("a journal starts once")
        case _:
            assert_never(message)


def _told(message: MarketNoted) -> Alert:
    """Tell a person what happened to the market's data; what it means is in the next view."""
    note = message.note
    said = {
        NoteKind.GAP: "messages were lost: no valid book until the next snapshot",
        NoteKind.CROSSED: "the book is crossed: nothing is done on it",
        NoteKind.RECOVERED: "the book can be used again",
        NoteKind.ENDED: "the data is exhausted",
    }[note.kind]
    severity = "info" if note.kind is NoteKind.RECOVERED else "warning"
    text = f"{message.instrument} event {note.event}: {said}"
    return Alert(severity, f"data_{note.kind.value}", None, text)


def _book(state: State, message: Reported | FundingPaid) -> Step:
    if isinstance(message, FundingPaid):
        return apply_funding(state, message)
    return apply_report(state, message.report)


def _work_all(state: State, instrument: str | None) -> Step:
    """Work every open parent of an instrument (None: of all); merge their wakes into one each."""
    effects: list[Effect] = []
    wakes: dict[str, Wake] = {}
    for parent_id, parent in state.parents.items():
        if parent.terminal or (instrument is not None and parent.order.instrument != instrument):
            continue
        state, made = work(state, parent_id)
        for effect in made:
            if isinstance(effect, Wake):
                wakes[effect.instrument] = _sooner(wakes.get(effect.instrument), effect)
            else:
                effects.append(effect)
    return state, (*effects, *wakes.values())


def _sooner(first: Wake | None, second: Wake) -> Wake:
    if first is None:
        return second
    return Wake(
        instrument=first.instrument,
        at_ns=min(first.at_ns, second.at_ns),
        touch_bid=_either(first.touch_bid, second.touch_bid),
        touch_ask=_either(first.touch_ask, second.touch_ask),
    )


def _either(first: Price | None, second: Price | None) -> Price | None:
    return second if first is None else first


def _submit(state: State, order: ParentOrder) -> Step:
    obstacle = risk.admit(state, order)
    if obstacle is not None:
        rule, detail = obstacle
        refused = Refused(order.id, rule, detail, None)
        if order.id in state.parents:  # never disturb the order that holds the id
            return state, (refused,)
        ended = PARENT_TABLE[ParentState.CREATED][ParentEvent.REFUSED]
        parent = Parent(order, ended, unfilled=order.qty)
        changed = ParentChanged(order.id, ended, parent.filled, parent.unfilled, detail)
        return state.with_parent(parent), (refused, changed)
    parent = Parent(order, ParentState.CREATED, unfilled=order.qty)
    changed = ParentChanged(order.id, parent.state, parent.filled, parent.unfilled, "submitted")
    state, effects = work(state.with_parent(parent), order.id)
    return state, (changed, *effects)


def _intervene(state: State, message: Intervened) -> Step:
    effects: list[Effect] = []
    everyone = message.parent_id is None
    if message.command is Command.KILL and everyone:
        state = replace(state, killed=message.reason or "by a person")
        effects.append(Alert("critical", "kill", None, f"trading killed: {state.killed}"))
    if message.command is Command.REARM:
        return replace(state, killed=""), (
            Alert("warning", "rearm", None, f"trading re-armed: {message.reason}"),
        )
    if not everyone and message.parent_id not in state.parents:
        text = f"there is no parent order {message.parent_id}"
        return state, (Alert("warning", "unknown_parent", message.parent_id, text),)
    for parent in tuple(state.parents.values()):
        if parent.terminal or not (everyone or parent.order.id == message.parent_id):
            continue
        commanded = _command(parent, message)
        if commanded is parent:
            continue
        if commanded.state is not parent.state:
            effects.append(
                ParentChanged(
                    parent.order.id,
                    commanded.state,
                    commanded.filled,
                    commanded.unfilled,
                    message.reason,
                )
            )
        state, made = work(state.with_parent(commanded), parent.order.id)
        effects.extend(made)
    return state, tuple(effects)


def _command(parent: Parent, message: Intervened) -> Parent:
    """Return the parent as commanded, or the very same where the command does not apply to it."""
    match message.command:
        case Command.PAUSE | Command.RESUME:
            pausing = message.command is Command.PAUSE
            event = ParentEvent.PAUSED if pausing else ParentEvent.RESUMED
            after = PARENT_TABLE[parent.state].get(event)
            return parent if after is None else replace(parent, state=after)
        case Command.CANCEL:
            reason = message.reason or "cancelled by a person"
            return replace(parent, closing=ParentEvent.CANCELLED, closing_reason=reason)
        case Command.KILL:
            reason = message.reason or "killed by a person"
            return replace(parent, closing=ParentEvent.HALTED, closing_reason=reason)
        case Command.REARM:
            return parent
        case _:
            assert_never(message.command)
