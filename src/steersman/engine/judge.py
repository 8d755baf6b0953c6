"""Judge an answer: was it asked for, in time, still true of the market, and grounded in the facts?

Advice that fails any of these changes nothing: the base algorithm goes on. What passes is handed to
the adaptive algorithm, which clips it to the envelope; text alone reaches half of that.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from steersman.algos.adaptive import steer, turn_of
from steersman.algos.base import AlgoContext, finish_zone_ns
from steersman.domain.advice import Action, Advice, Direction, NoAdvice, Origin
from steersman.domain.market import MarketView
from steersman.domain.messages import AdviceArrived, AdviceJudged, AnswerOutcome, Effect, Verdict
from steersman.domain.units import BPS, SECOND_NS, Price
from steersman.engine.regimes import regime_in_force
from steersman.engine.state import Parent, PendingAsk, State, progress_of
from steersman.engine.weighing import judge_past, put_on_trial, weigh
from steersman.signals.agreement import market_agrees

__all__ = ["apply_advice"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]

_IDLE: Final[tuple[tuple[str, Any], ...]] = (
    ("action", Action.CONTINUE),
    ("pace_pct", None),
    ("base", None),
)
"""The fields that move the schedule, and what leaves it alone."""


def apply_advice(state: State, arrived: AdviceArrived) -> Step:
    """Return the state with the advice in force, or unchanged, and the decision's log entry."""
    parent = state.parents.get(arrived.parent_id)
    if parent is None or parent.terminal:
        return state, (_log(arrived, Verdict.LATE, "", "the order is over"),)
    if arrived.outcome is AnswerOutcome.LATE:
        return state, (_log(arrived, Verdict.LATE, "", arrived.why),)
    ask = parent.pending_ask
    if ask is None or ask.ask_id != arrived.ask_id:
        return state, (_log(arrived, Verdict.LATE, "", "its question had been given up"),)
    parent = replace(parent, pending_ask=None)
    state = state.with_parent(parent)
    answer = arrived.answer
    if isinstance(answer, NoAdvice):
        verdict = Verdict(answer.kind) if answer.kind in set(Verdict) else Verdict.INVALID
        return state, (_log(arrived, verdict, "", answer.why),)
    view = state.views[parent.order.instrument]
    fault = _fault(state, arrived, answer, ask, view)
    if fault is not None:
        return state, (_log(arrived, fault[0], "", fault[1]),)
    return _accept(state, parent, ask, arrived, answer)


def _fault(
    state: State, arrived: AdviceArrived, advice: Advice, ask: PendingAsk, view: MarketView
) -> tuple[Verdict, str] | None:
    latency_ns = arrived.arrived_ns - ask.asked_ns
    if latency_ns > state.limits.llm_timeout_s * SECOND_NS:
        limit = state.limits.llm_timeout_s
        return Verdict.LATE, f"answered after {latency_ns / SECOND_NS:.2f} s, limit {limit} s"
    if latency_ns > advice.ttl_s * SECOND_NS:
        return Verdict.LATE, f"its time to live of {advice.ttl_s} s was over on arrival"
    unknown = advice.unknown_evidence(ask.fact_ids)
    if unknown is not None:
        return Verdict.INVALID, f"evidence {unknown[:40]!r} is not among the facts given"
    if view.mid is None:
        return Verdict.STALE, "the market has no price to compare with"
    moved_bps = abs(view.mid - ask.ref_mid) / ask.ref_mid * BPS
    if moved_bps > state.execution.stale_move_bps:
        limit = state.execution.stale_move_bps
        return Verdict.STALE, f"the market moved {moved_bps:.1f} bps since the question (> {limit})"
    return None


def _accept(
    state: State, parent: Parent, ask: PendingAsk, arrived: AdviceArrived, advice: Advice
) -> Step:
    clamps = [f"not passed: {', '.join(arrived.checks)}"] if arrived.checks else []
    if advice.action is Action.HOLD and _finishing(state, parent):
        advice = replace(advice, action=Action.CONTINUE)
        clamps.append("nothing can be held back any more")
    ttl_s = min(advice.ttl_s, state.execution.advice_ttl_max_s)
    text_only = _rests_on_text_alone(state, parent, ask, advice)
    view = state.views[parent.order.instrument]
    state, weighed = judge_past(state, parent, view, replaced=True)
    weight = weigh(state, arrived.advisor)
    until_ns = arrived.asked_ns + ttl_s * SECOND_NS
    steering = steer(parent.steering, advice, until_ns, text_only, weight)
    parent = state.parents[parent.order.id]
    parent = replace(parent, steering=steering, advised_ns=arrived.asked_ns)
    parent = put_on_trial(parent, arrived.advisor, advice, view)
    if ttl_s < advice.ttl_s:
        clamps.append(f"time to live cut from {advice.ttl_s} to {ttl_s} s")
    if text_only:
        clamps.append("text alone: half the envelope")
    verdict = Verdict.CLAMPED if clamps else Verdict.ACCEPTED
    scaled = f"its turn scaled by its weight, {weight}" if weight < 1 and turn_of(advice) else ""
    why = "; ".join(filter(None, (arrived.why, advice.reasoning, *clamps, scaled)))
    log = _log(arrived, verdict, describe(advice), why)
    return state.with_parent(parent), (*weighed, log)


def _finishing(state: State, parent: Parent) -> bool:
    """Whether the time left is needed to send what is left."""
    order, view = parent.order, state.views[parent.order.instrument]
    mid = parent.arrival_price if view.mid is None else Price(view.mid)
    instrument = state.instruments[order.instrument]
    context = AlgoContext(instrument, state.execution, state.limits, ())
    zone_ns = finish_zone_ns(progress_of(state, parent), mid, context)
    return state.now_ns >= order.deadline_ns - zone_ns


def _rests_on_text_alone(state: State, parent: Parent, ask: PendingAsk, advice: Advice) -> bool:
    """Whether a model that was given texts turns, and nothing in the market asks for that turn.

    What a model says of its own reasons does not count: a text that it obeys could have made it
    leave its reading of the news out. Following another base is a turn of no known direction.
    """
    if not advice.leaning and advice.base is None:
        return parent.steering.text_only  # what a text has bent is not straightened by no turn
    turning = [name for name, idle in _IDLE if getattr(advice, name) != idle]
    by_rules = all(advice.provenance.get(name) in (Origin.RULE, Origin.DEFAULT) for name in turning)
    read = advice.news_direction not in (None, Direction.FLAT)
    if not ask.told or (by_rules and not read):
        return False
    if not advice.leaning:
        return True
    order = parent.order
    return not market_agrees(
        advice.leaning,
        order.side,
        state.views[order.instrument],
        state.signals.get(order.instrument),
        regime_in_force(state, order.instrument),
        state.now_ns,
    )


def describe(advice: Advice) -> str:
    """Say in a few words what an advice asks for."""
    parts = [advice.action.value]
    if advice.pace_pct is not None:
        parts.append(f"pace {advice.pace_pct} %")
    if advice.base is not None:
        parts.append(f"follow {advice.base.value}")
    if advice.style is not None:
        parts.append(advice.style.value)
    if advice.impact_pct is not None:
        parts.append(f"impact {advice.impact_pct} %")
    return ", ".join(parts)


def _log(arrived: AdviceArrived, verdict: Verdict, effect: str, why: str) -> AdviceJudged:
    return AdviceJudged(
        parent_id=arrived.parent_id,
        ask_id=arrived.ask_id,
        advisor=arrived.advisor,
        verdict=verdict,
        fallback=arrived.fallback,
        effect=effect,
        why=why,
    )
