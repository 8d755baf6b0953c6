"""Judge an answer: was it asked for, in time, still true of the market, and grounded in the facts?

Advice that fails any of these changes nothing: the base algorithm goes on. What passes is handed to
the adaptive algorithm, which clips it to the envelope; text alone reaches half of that.
"""

from __future__ import annotations

from typing import Final

import msgspec

from steersman.algos.adaptive import steer
from steersman.domain.advice import Advice, Direction, NoAdvice
from steersman.domain.market import MarketView
from steersman.domain.messages import AdviceArrived, AdviceJudged, Effect, Verdict
from steersman.domain.units import BPS, SECOND_NS
from steersman.engine.state import Parent, PendingAsk, State

__all__ = ["apply_advice"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]

# A market signal agrees with the news when flow or trend leans its way by at least this much.
AGREEING_FLOW: Final = 0.10
AGREEING_TREND_BPS: Final = 1.0


def apply_advice(state: State, arrived: AdviceArrived) -> Step:
    """Return the state with the advice in force, or unchanged, and the decision's log entry."""
    parent = state.parents.get(arrived.parent_id)
    if parent is None or parent.terminal:
        return state, (_log(arrived, Verdict.LATE, "", "the order is over"),)
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
    return _accept(state, parent, arrived, answer, view)


def _fault(
    state: State, arrived: AdviceArrived, advice: Advice, ask: PendingAsk, view: MarketView
) -> tuple[Verdict, str] | None:
    latency_ns = arrived.arrived_ns - ask.asked_ns
    if latency_ns > state.limits.llm_timeout_s * SECOND_NS:
        limit = state.limits.llm_timeout_s
        return Verdict.LATE, f"answered after {latency_ns / SECOND_NS:.2f} s, limit {limit} s"
    if latency_ns > advice.ttl_s * SECOND_NS:
        return Verdict.LATE, f"its time to live of {advice.ttl_s} s was over on arrival"
    unknown = [fact for fact in advice.evidence if fact not in ask.fact_ids]
    if unknown:
        return Verdict.INVALID, f"evidence {unknown[0][:40]!r} is not among the facts given"
    if view.mid is None:
        return Verdict.STALE, "the market has no price to compare with"
    moved_bps = abs(view.mid - ask.ref_mid) / ask.ref_mid * BPS
    if moved_bps > state.execution.stale_move_bps:
        limit = state.execution.stale_move_bps
        return Verdict.STALE, f"the market moved {moved_bps:.1f} bps since the question (> {limit})"
    return None


def _accept(
    state: State, parent: Parent, arrived: AdviceArrived, advice: Advice, view: MarketView
) -> Step:
    ttl_s = min(advice.ttl_s, state.execution.advice_ttl_max_s)
    text_only = _rests_on_text_alone(advice, view)
    steering = steer(parent.steering, advice, arrived.asked_ns + ttl_s * SECOND_NS, text_only)
    clamps = []
    if ttl_s < advice.ttl_s:
        clamps.append(f"time to live cut from {advice.ttl_s} to {ttl_s} s")
    if text_only:
        clamps.append("text alone: half the envelope")
    verdict = Verdict.CLAMPED if clamps else Verdict.ACCEPTED
    state = state.with_parent(replace(parent, steering=steering, advised_ns=arrived.asked_ns))
    why = "; ".join([advice.reasoning, *clamps] if advice.reasoning else clamps)
    return state, (_log(arrived, verdict, describe(advice), why),)


def _rests_on_text_alone(advice: Advice, view: MarketView) -> bool:
    """Whether news drives the advice and neither flow nor trend agrees with its direction."""
    if advice.news_direction is None or advice.news_direction is Direction.FLAT:
        return False
    sign = 1 if advice.news_direction is Direction.UP else -1
    return view.flow_imbalance * sign < AGREEING_FLOW and view.trend_bps * sign < AGREEING_TREND_BPS


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
