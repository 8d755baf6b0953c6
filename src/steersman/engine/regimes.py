"""The regime of each market: looked for every five seconds, journaled when it changes.

One rule (`models.regime`) holds for every order of an instrument. Severe news is what an advisor
read into it: an accepted advice in force that says so, by the age of its question. A regime that
takes over from a less urgent one is a reason to ask the advisors at once; one made of their own
answer is not.
"""

from __future__ import annotations

import msgspec

from steersman.domain.advice import Severity
from steersman.domain.market import MarketView, Regime
from steersman.domain.messages import AskWhy, Effect, RegimeChanged
from steersman.domain.units import SECOND_NS
from steersman.engine import risk
from steersman.engine.questions import ask_soon
from steersman.engine.state import State
from steersman.models.regime import (
    SAMPLE_NS,
    START,
    due_ns,
    features_of,
    next_regime,
    takes_over,
    why,
)

__all__ = ["next_look_ns", "regime_in_force", "see"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]


def see(state: State, view: MarketView) -> Step:
    """Take in a view; where a look is due, find the regime that it shows and tell a change."""
    instrument = view.instrument
    views, held = {**state.views, instrument: view}, state.regimes.get(instrument, START)
    if view.at_ns < due_ns(held, view) or risk.price_fault(state, view):
        return replace(state, views=views), ()
    features = features_of(view, _news_age_s(state, instrument))
    now = next_regime(held, features, view.at_ns)
    state = replace(state, views=views, regimes={**state.regimes, instrument: now})
    if now.regime is held.regime:
        return state, ()
    if takes_over(now.regime, held.regime) and now.regime is not Regime.NEWS:
        state = ask_soon(state, instrument, AskWhy.REGIME)
    reason = why(now.regime, features)
    return state, (RegimeChanged(instrument, now.regime, held.regime, reason),)


def regime_in_force(state: State, instrument: str) -> Regime:
    """Return the regime of a market; calm where it has not been looked at yet."""
    return state.regimes.get(instrument, START).regime


def next_look_ns(state: State, instrument: str) -> int:
    """Return when to look at a market again (UTC ns): in five seconds, once it is known."""
    due = due_ns(state.regimes.get(instrument, START), state.views[instrument])
    return due if due > state.now_ns else state.now_ns + SAMPLE_NS  # late: the view was no use


def _news_age_s(state: State, instrument: str) -> float | None:
    """Return the age of the newest question whose answer in force calls the news severe."""
    asked_ns = 0
    for parent in state.parents.values():
        advice = parent.steering.in_force(state.now_ns)
        if (
            advice is not None
            and advice.news_severity is Severity.MAJOR
            and parent.order.instrument == instrument
        ):
            asked_ns = max(asked_ns, parent.advised_ns)
    return (state.now_ns - asked_ns) / SECOND_NS if asked_ns else None
