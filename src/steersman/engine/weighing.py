"""Judge the advice that was in force once its time is over, and weigh who gave it (F25).

An advice that turned the schedule is judged at the first price after its time to live, or when the
next one replaces it, against the mid at which it came into force. The record is the advisor's, not
the order's: what was learned in one order holds in the next.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from steersman.algos.adaptive import turn_of
from steersman.domain.advice import Advice, TrackRecord
from steersman.domain.market import MarketView
from steersman.domain.messages import AdvisorWeighed, Effect
from steersman.domain.units import BPS
from steersman.engine.state import OnTrial, Parent, State
from steersman.models.advisor_weight import judge_turn, weight_of, with_judgement

__all__ = ["judge_past", "put_on_trial", "weigh"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]


def weigh(state: State, advisor: str) -> Decimal:
    """Return what an advisor's turns are scaled by."""
    return weight_of(state.track_records.get(advisor, TrackRecord()))


def put_on_trial(parent: Parent, advisor: str, advice: Advice, view: MarketView) -> Parent:
    """Return the parent with an advice to be judged later, where it turns anything."""
    trial, turn = None, turn_of(advice)
    if turn and view.usable:
        assert view.mid is not None  # usable
        trial = OnTrial(advisor, turn, view.mid, parent.steering.advice_until_ns)
    return replace(parent, on_trial=trial)


def judge_past(state: State, parent: Parent, view: MarketView, *, replaced: bool) -> Step:
    """Judge what is on trial where its time is over, or it is `replaced`, and there is a price."""
    trial = parent.on_trial
    if trial is None or not view.usable or (state.now_ns < trial.until_ns and not replaced):
        return state, ()
    assert view.mid is not None and view.spread_bps is not None  # usable
    moved_bps = float((view.mid - trial.mid) / trial.mid * BPS) * parent.order.side.sign
    judgement = judge_turn(trial.turn, moved_bps, view.spread_bps / 2)
    before = state.track_records.get(trial.advisor, TrackRecord())
    record = with_judgement(before, judgement)
    records = {**state.track_records, trial.advisor: record}
    state = replace(state, track_records=records).with_parent(replace(parent, on_trial=None))
    what = "hurry" if trial.turn > 0 else "wait"
    way = "against" if moved_bps > 0 else "in favour of"
    why = f"{what}: {judgement.value}: the mid moved {abs(moved_bps):.1f} bps {way} the order"
    weighed = AdvisorWeighed(parent.order.id, trial.advisor, weight_of(record), record, why)
    return state, (weighed,)
