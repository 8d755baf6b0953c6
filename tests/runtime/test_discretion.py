"""The envelope of an order from its messages: that of the engine, slice by slice, or none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from steersman.algos.adaptive import envelope
from steersman.config import Settings
from steersman.domain.messages import Input, ParentChanged, Scheduled, Started, Submit, Viewed
from steersman.domain.order import AlgoName
from steersman.domain.units import Qty
from steersman.engine.engine import process, start
from steersman.runtime.discretion import discretion
from tests.runtime.runs import run
from tests.tca.story import Story

STEERED: dict[str, Any] = {
    "algo": AlgoName.ADAPTIVE,
    "advisor": "rules",
    "horizon": "10m",
    "seed": 7,
}


def test_the_envelope_is_the_one_the_engine_kept_to() -> None:
    result = run(settings=Settings({"execution": {"envelope": "0.3"}}), **STEERED)
    found = discretion(result.messages, "P1")
    assert found
    started = result.messages[0]
    assert isinstance(started, Started)
    state = start(started)
    for message in result.messages[1:]:
        if isinstance(message, Input):
            state, _ = process(state, message)
        if "P1" in state.parents and state.parents["P1"].plans:
            break
    parent = state.parents["P1"]
    plan = parent.plans[AlgoName.ADAPTIVE]
    instrument = state.instruments[parent.order.instrument]
    assert [bounds.at_ns for bounds in found] == list(plan.times_ns[:-1])
    for bounds in found:
        low, high = envelope(parent.order, plan, bounds.at_ns, Decimal("0.3"))
        assert bounds.least == instrument.ceil_qty(Qty(low))
        assert bounds.most == instrument.floor_qty(Qty(high))
    assert found[-1].least == found[-1].most == parent.order.qty
    middle = found[len(found) // 2]
    assert middle.most - middle.least > Decimal("0.4") * parent.order.qty


def test_every_target_lies_within_it() -> None:
    result = run(**STEERED)
    found = discretion(result.messages, "P1")
    assert found
    at_ns, seen = 0, 0
    for message in result.messages:
        at_ns = getattr(message, "at_ns", at_ns)
        if isinstance(message, Scheduled):
            own = [bounds for bounds in found if bounds.at_ns <= at_ns][-1]
            assert own.least <= message.done <= own.most
            seen += 1
    assert seen > 10


def test_other_orders_have_none_and_nothing_is_made_up() -> None:
    plain = run(horizon="1m")
    assert discretion(plain.messages, "P1") == ()
    assert discretion(plain.messages, "other") == ()
    result = run(**{**STEERED, "horizon": "1m"})
    before = [m for m in result.messages if not isinstance(m, Viewed)][:2]
    assert discretion(before, "P1") == (), "it never began"
    place = next(i for i, m in enumerate(result.messages) if isinstance(m, ParentChanged))
    assert discretion(result.messages[:place], "P1") is None, "the journal is not whole"
    told = Story(qty="10").run("99", "101")
    place = next(i for i, m in enumerate(told.messages) if isinstance(m, Submit))
    submitted = told.messages[place]
    assert isinstance(submitted, Submit)
    order = msgspec.structs.replace(submitted.parent, algo=AlgoName.ADAPTIVE)
    told.messages[place] = msgspec.structs.replace(submitted, parent=order)
    assert discretion(told.messages, order.id) is None, "not what the engine decides"
