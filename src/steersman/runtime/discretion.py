"""How far advice may have moved an order: its envelope, from what its journal says.

The envelope lies around the schedule as submitted, which a journal does not hold but decides: the
inputs up to the order's start are folded again, and the schedule is what the engine makes of them.
Where it decides other effects than stand in the journal, the journal is of another version or not
whole, and no envelope is made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steersman.algos.adaptive import envelopes
from steersman.algos.base import Plan
from steersman.domain.messages import Effect, Input, Started, Submit
from steersman.domain.order import AlgoName
from steersman.domain.units import Qty
from steersman.engine.engine import process, start

__all__ = ["Bounds", "discretion"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that could be targeted from a time (UTC ns) on, in whole lots."""

    at_ns: int
    least: Qty
    most: Qty


def discretion(messages: Sequence[Input | Effect], parent_id: str) -> tuple[Bounds, ...] | None:
    """Return the envelope of an adaptive order, slice by slice.

    Empty for any other order and for one that never began, None where the engine does not decide
    what the messages say.
    """
    order = next(
        (m.parent for m in messages if isinstance(m, Submit) and m.parent.id == parent_id), None
    )
    if order is None or order.algo is not AlgoName.ADAPTIVE:
        return ()
    started = messages[0]
    assert isinstance(started, Started), "whoever reads the messages has checked it"
    plan = _plan(started, messages, parent_id)
    if plan is None or not plan.times_ns:
        return None if plan is None else ()
    (instrument,) = (one for one in started.instruments if one.id == order.instrument)
    found = envelopes(order, plan, started.execution.envelope)
    return tuple(
        Bounds(at_ns, instrument.ceil_qty(Qty(low)), instrument.floor_qty(Qty(high)))
        for at_ns, (low, high) in zip(plan.times_ns, found, strict=False)
    )


def _plan(started: Started, messages: Sequence[Input | Effect], parent_id: str) -> Plan | None:
    """Return the schedule as submitted; one without times where the order never began."""
    state = start(started)
    place = 1
    while place < len(messages):
        message = messages[place]
        if not isinstance(message, Input):
            return None  # an effect that the engine did not decide
        state, effects = process(state, message)
        decided = list(effects)
        place += 1
        if list(messages[place : place + len(decided)]) != decided:
            return None
        place += len(decided)
        parent = state.parents.get(parent_id)
        if parent is not None and AlgoName.ADAPTIVE in parent.plans:
            return parent.plans[AlgoName.ADAPTIVE]
    return Plan((), ())
