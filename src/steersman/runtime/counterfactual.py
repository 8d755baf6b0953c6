"""Judge decisions by what else might have been: the same order with them, without, and otherwise.

A decision is judged where it stood. The run is branched just before the answer is taken in, and
each branch goes on to the order's end by the loop of the run itself. In a generated market that
happens in many fresh futures: everything that was not decided when the answer came is drawn anew,
from seeds that all branches share, so that a gain is paired and no action is favoured by the one
course of events that came. On a recording there is that one alone: hindsight.

Questions put after the fork go unanswered, in every branch alike: one decision is judged, not those
after it. `without` is a run in which this question too went unanswered: what was in force stays
until its time to live is over.

An order may decide a thousand times. Of those decisions that steer anything otherwise a few are
kept, evenly likely by a hash, and worked when the order is over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from steersman.algos.adaptive import in_effect
from steersman.algos.base import slice_at
from steersman.domain.advice import Action, Advice, NoAdvice, Origin
from steersman.domain.messages import AdviceArrived, AdviceJudged, DecisionValued, Verdict
from steersman.domain.units import ZERO_QTY, Price, Qty
from steersman.engine.engine import process
from steersman.engine.judge import describe
from steersman.errors import UsageError
from steersman.runtime.backtest import Fork, Job, tape_to
from steersman.tca.decisions import PASSED
from steersman.tca.gains import cost_bps, idle, valued
from steersman.tca.tapes import TapeReader
from steersman.venues.simulated import SimulatedVenue

__all__ = [
    "FUTURES",
    "Counterfactual",
    "alternatives",
    "future_seed",
    "judge_of",
    "rest_bps",
]

FUTURES: Final = 16
ACTIONS: Final = (
    (Action.HOLD, None),
    (Action.CONTINUE, 50),
    (Action.CONTINUE, 100),
    (Action.CONTINUE, 150),
    (Action.FINISH, None),
)
"""What can be done with a schedule, from waiting to hurrying: an action and a pace in percent."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A decision that passed, and its fork where it is to be judged."""

    arrived: AdviceArrived
    fork: Fork | None = None


@dataclass(slots=True)
class Counterfactual:
    """The judge of one order's decisions: of at most `most` of them, in `futures` futures each.

    `seed` is the run's; `recorded` tells that its market is a recording, whose one future is
    replayed. `advance` is told which share of the work is done, and of what.
    """

    seed: int
    most: int
    futures: int = FUTURES
    recorded: bool = False
    advance: Callable[[float, str], None] | None = None
    _idle: list[_Kept] = field(default_factory=list)
    _held: dict[str, _Kept] = field(default_factory=dict)  # by hash

    def see(self, fork: Fork) -> None:
        """Note a decision that passes, and keep its fork where it is drawn: the lowest hashes."""
        after = _taken_in(fork, fork.arrived)
        if after is None:
            return
        if after == _before(fork) or _is_last_slice(fork):
            self._idle.append(_Kept(fork.arrived))
            return
        drawn = _hash(self.seed, "judged", fork.arrived.ask_id).hex()
        if len(self._held) == self.most:
            last = max(self._held)
            if drawn > last:
                return
            del self._held[last]
        self._held[drawn] = _Kept(fork.arrived, fork.held())

    def values(self, at_ns: int) -> Iterator[DecisionValued]:
        """Yield the idle decisions, then judge what was kept, by hash.

        So whatever was judged when a run is killed is a fair draw, and not the early decisions.
        """
        done = 0
        for kept in (*self._idle, *(self._held[drawn] for drawn in sorted(self._held))):
            if kept.fork is None:
                yield idle(at_ns, kept.arrived.parent_id, kept.arrived.ask_id)
                continue
            actions = _actions(kept.fork)
            costs = []
            for market in self._markets(kept.fork):
                costs.append(_costs(kept.fork, market, actions))
                self._tell(done, len(costs))
            effects = [describe(_advice(action.answer)) for action in actions[2:]]
            yield valued(at_ns, kept.arrived.parent_id, kept.arrived.ask_id, effects, costs)
            done += 1

    def _markets(self, fork: Fork) -> Iterator[SimulatedVenue]:
        """Yield the futures of a fork, each a market that every branch copies."""
        if self.recorded:
            yield fork.job.venue
            return
        for number in range(self.futures):
            yield fork.job.venue.fresh(future_seed(self.seed, fork.arrived.ask_id, number))

    def _tell(self, done: int, futures: int) -> None:
        if self.advance is not None:
            whole = len(self._held)
            share = futures / (1 if self.recorded else self.futures)
            self.advance((done + share) / whole, f"decision {done + 1} of {whole}")


def judge_of(
    job: Job,
    most: int,
    futures: int | None = None,
    *,
    recorded: bool,
    advance: Callable[[float, str], None] | None = None,
) -> Counterfactual:
    """Return the judge of a job's decisions; raise UsageError where there is nothing to judge."""
    if job.supervisor is None:
        raise UsageError("nobody advises, so no decision can be judged", "name an --advisor")
    if recorded and futures is not None:
        raise UsageError("a recorded market has the one future it had", "leave --futures out")
    return Counterfactual(job.seed, most, futures or FUTURES, recorded, advance)


# -- one decision ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Action:
    """An answer that might have come, and what it would have done: equal effects, equal orders."""

    answer: AdviceArrived
    effect: tuple[object, ...]


def future_seed(seed: int, ask_id: str, number: int) -> int:
    """Return the seed of one of a decision's futures: a function of the run and the question."""
    return int.from_bytes(_hash(seed, f"future {number}", ask_id), "big") >> 1


def alternatives(advice: Advice) -> list[Advice]:
    """Return the actions that an advisor could have asked for on the same grounds.

    They are in force as long, of the same origin, and rest on the same facts: they pass the same
    door. Nothing but the pace is turned.
    """
    turning = [name for name in ("action", "pace_pct") if name in advice.provenance]
    by_rule = all(advice.provenance[name] is not Origin.MODEL for name in turning)
    origin = Origin.RULE if turning and by_rule else Origin.MODEL
    return [
        replace(
            advice,
            action=action,
            pace_pct=pace_pct,
            base=None,
            style=None,
            impact_pct=None,
            provenance={**advice.provenance, "action": origin, "pace_pct": origin},
        )
        for action, pace_pct in ACTIONS
    ]


def rest_bps(fork: Fork, venue: SimulatedVenue, answer: AdviceArrived) -> float:
    """Return what the rest of a fork's order costs with an answer in a market, which is run on."""
    messages, state = fork.branch(venue, answer)
    order, instrument = fork.job.order, fork.job.instrument
    parent = state.parents[order.id]
    unfilled = Qty(max(ZERO_QTY, order.qty - parent.filled))
    arrival = close = parent.arrival_price
    if unfilled:
        tape = tape_to(venue, order.deadline_ns)
        touch = TapeReader(tape, instrument).touch_at(order.deadline_ns)
        seen = state.views[instrument.id].mid or arrival
        close = Price(seen) if touch is None else touch.mid
    return cost_bps(order, instrument, messages, arrival=arrival, unfilled=unfilled, close=close)


def _actions(fork: Fork) -> list[_Action]:
    """Return what is compared: the answer, none, and the other actions that do something else."""
    arrived = fork.arrived
    nothing = NoAdvice(Verdict.UNAVAILABLE, "judged without this answer")
    given = _Action(arrived, _effect(fork, arrived))
    found = [given, _Action(replace(arrived, answer=nothing), _before(fork))]
    for advice in alternatives(_advice(arrived)):
        answer = replace(arrived, answer=advice)
        effect = _effect(fork, answer)
        if effect != given.effect:
            found.append(_Action(answer, effect))
    return found


def _costs(fork: Fork, market: SimulatedVenue, actions: Sequence[_Action]) -> list[float]:
    """Return what the rest costs with each action in one future; alike actions are worked once."""
    costs: dict[tuple[object, ...], float] = {}
    for action in actions:
        if action.effect not in costs:
            costs[action.effect] = rest_bps(fork, market.copy(), action.answer)
    return [costs[action.effect] for action in actions]


def _before(fork: Fork) -> tuple[object, ...]:
    """Return what the wheel does where no answer comes."""
    order = fork.job.order
    return in_effect(order, fork.state.parents[order.id].steering, fork.arrived.at_ns)


def _is_last_slice(fork: Fork) -> bool:
    """Whether all that is left is due, whatever is advised (`algos.decide`)."""
    order = fork.job.order
    plan = fork.state.parents[order.id].plans[order.base]
    return slice_at(plan, fork.arrived.at_ns) == len(plan.done) - 1


def _taken_in(fork: Fork, answer: AdviceArrived) -> tuple[object, ...] | None:
    """Return what the wheel does once an answer is taken in, None where it does not pass."""
    order = fork.job.order
    after, effects = process(fork.state, answer)
    verdicts = [effect.verdict for effect in effects if isinstance(effect, AdviceJudged)]
    if verdicts[-1] not in PASSED:
        return None
    return in_effect(order, after.parents[order.id].steering, answer.at_ns)


def _effect(fork: Fork, answer: AdviceArrived) -> tuple[object, ...]:
    effect = _taken_in(fork, answer)
    assert effect is not None, "what is asked for on the same grounds passes as well"
    return effect


def _advice(arrived: AdviceArrived) -> Advice:
    assert isinstance(arrived.answer, Advice), "it passed"
    return arrived.answer


def _hash(seed: int, what: str, ask_id: str) -> bytes:
    return hashlib.blake2b(f"{seed}/{what}/{ask_id}".encode(), digest_size=8).digest()
