"""When an advisor is asked, and what it is told: by the clock, and sooner when something happens.

Every question has its reason: the order began, it was time, news came, the regime became more
urgent, or the price jumped. Whatever happens, two questions are `llm_min_interval_s` apart, none is
asked while one is open, and an order has a limited number of them.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

import msgspec

from steersman.domain.advice import Question
from steersman.domain.market import MarketView, Regime
from steersman.domain.messages import Alert, Ask, AskWhy, Effect
from steersman.domain.order import AlgoName
from steersman.domain.units import BPS, MINUTE_NS, SECOND_NS
from steersman.engine.intake import news_now
from steersman.engine.outlook import estimate_of
from steersman.engine.state import Parent, PendingAsk, State, progress_of

__all__ = ["ask", "ask_soon", "may_ask", "next_question_ns", "pull_forward"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]

LOOK_NS: Final = 5 * SECOND_NS  # a steered order looks at its market this often at least


def may_ask(state: State, parent: Parent) -> bool:
    """Tell whether an order is steered by an advisor."""
    return parent.order.algo is AlgoName.ADAPTIVE and state.execution.llm_adaptation_enabled


def pull_forward(state: State, parent: Parent, why: AskWhy) -> State:
    """Bring an order's next question forward, as far as the pause between two allows.

    A question that would come as soon anyhow keeps its own reason.
    """
    soon_ns = max(state.now_ns, parent.asked_ns + _pause_ns(state))
    if not may_ask(state, parent) or soon_ns >= parent.next_ask_ns:
        return state
    return state.with_parent(replace(parent, next_ask_ns=soon_ns, ask_why=why))


def ask_soon(state: State, instrument: str, why: AskWhy) -> State:
    """Bring the next question forward of every order that is steered in a market."""
    for parent in tuple(state.parents.values()):
        if parent.order.instrument == instrument and not parent.terminal:
            state = pull_forward(state, parent, why)
    return state


def next_question_ns(state: State, parent: Parent) -> int:
    """Return when a steered order wants to be called again: to ask, or to see whether to."""
    due_ns = parent.next_ask_ns
    if parent.pending_ask is not None:
        due_ns = max(due_ns, parent.pending_ask.asked_ns + _timeout_ns(state) + 1)
    look_ns = state.now_ns + LOOK_NS
    return min(due_ns, look_ns) if due_ns > state.now_ns else look_ns


def ask(state: State, parent: Parent, view: MarketView, regime: Regime) -> Step:
    """Put a question where one is due; the price's jump since the last one makes it due."""
    if not may_ask(state, parent) or view.mid is None:
        return state, ()
    if parent.asks and _shocked(state, parent, view, view.mid):
        state = pull_forward(state, parent, AskWhy.SHOCK)
        parent = state.parents[parent.order.id]
    if not _due(state, parent):
        return state, ()
    question, why = _question(state, parent, view, regime), parent.ask_why
    interval_ns = state.execution.llm_query_interval_s * SECOND_NS
    parent = replace(
        parent,
        asks=parent.asks + 1,
        asked_ns=state.now_ns,
        asked_mid=view.mid,
        next_ask_ns=state.now_ns + max(interval_ns, _pause_ns(state)),
        ask_why=AskWhy.TIMER,
        pending_ask=PendingAsk(
            question.ask_id,
            state.now_ns,
            view.mid,
            question.fact_ids,
            bool(question.news),
        ),
    )
    asked: tuple[Effect, ...] = (Ask(question, why),)
    if parent.asks == state.limits.max_questions_per_parent:
        text = f"no more questions: max_questions_per_parent {parent.asks} is reached"
        asked += (Alert("warning", "questions", parent.order.id, text),)
    return state.with_parent(parent), asked


def _due(state: State, parent: Parent) -> bool:
    timeout_ns, pending = _timeout_ns(state), parent.pending_ask
    return (
        state.now_ns >= parent.next_ask_ns
        and parent.asks < state.limits.max_questions_per_parent
        and (pending is None or state.now_ns - pending.asked_ns > timeout_ns)
        # or an answer could not be acted on any more
        and parent.order.deadline_ns - state.now_ns > timeout_ns
    )


def _shocked(state: State, parent: Parent, view: MarketView, mid: Decimal) -> bool:
    """Tell whether the mid has jumped since the last question, in bps or for its volatility."""
    moved_bps = abs(mid - parent.asked_mid) / parent.asked_mid * BPS
    if moved_bps >= state.execution.shock_bps:
        return True
    since_ns = max(state.now_ns - parent.asked_ns, _pause_ns(state))
    sigma_bps = view.volatility_hour_pct * 100 * math.sqrt(since_ns / (60 * MINUTE_NS))
    return sigma_bps > 0 and float(moved_bps) >= float(state.execution.shock_sigmas) * sigma_bps


def _question(state: State, parent: Parent, view: MarketView, regime: Regime) -> Question:
    order = parent.order
    return Question(
        ask_id=f"{order.id}-q{parent.asks + 1}",
        asked_ns=state.now_ns,
        parent=order,
        progress=progress_of(state, parent),
        view=view,
        news=news_now(state, order.instrument),
        signals=state.signals.get(order.instrument),
        impact=None if parent.outlook is None else estimate_of(parent, parent.outlook),
        regime=regime,
    )


def _pause_ns(state: State) -> int:
    return int(state.limits.llm_min_interval_s * SECOND_NS)


def _timeout_ns(state: State) -> int:
    return int(state.limits.llm_timeout_s * SECOND_NS)
