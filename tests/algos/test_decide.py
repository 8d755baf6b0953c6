"""The target of each algorithm over time: slices, volume, the finish zone, the next look."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.algos.adaptive import Steering
from steersman.algos.conditions import conditions_at, known_at
from steersman.algos.decide import decide, plan_all, replan
from steersman.domain.order import AlgoName, ParentOrder, Target
from steersman.domain.units import SECOND_NS, Price, Qty
from steersman.models.impact_estimate import PRIOR_LAW
from tests.algos.stage import T0, context, order, progress
from tests.engine.desk import view


def at(parent: ParentOrder, after_s: float, **changes: object) -> Target:
    plans = plan_all(parent, view(T0), context())
    now = progress(parent, after_s, **changes)
    target, steering = decide(parent, plans, now, view(now.at_ns), context(), Steering())
    if parent.algo is not AlgoName.ADAPTIVE:
        assert steering == Steering()
    return target


def test_twap_steps_with_its_slices() -> None:
    parent = order()
    assert [at(parent, s).done for s in (0, 29, 30, 300)] == [
        Decimal("0.5"), Decimal("0.5"), Decimal(1), Decimal("5.5"),
    ]  # fmt: skip
    target = at(parent, 31)
    assert (target.slice_start_ns, target.slice_end_ns) == (
        T0 + 30 * SECOND_NS, T0 + 60 * SECOND_NS,
    )  # fmt: skip
    assert target.next_ns == target.slice_end_ns
    assert "slice 2 of 20" in target.reason


@pytest.mark.parametrize("algo", AlgoName)
def test_every_algorithm_wants_the_whole_order_in_the_finish_zone(algo: AlgoName) -> None:
    parent = order(algo=algo)
    # 10 BTC left need 8 intervals of 5 s and a margin of 3 s: from 557 s on.
    early, late = at(parent, 556), at(parent, 557)
    assert not early.finishing and early.done < parent.qty
    assert early.next_ns <= T0 + 557 * SECOND_NS
    assert late.finishing and late.done == parent.qty
    almost = at(parent, 580, filled="9.9")
    assert almost.done == parent.qty, "the last slice wants the rest"
    assert not almost.finishing
    assert at(parent, 590, filled="9.9").finishing


def test_volume_algorithms_look_again_soon() -> None:
    target = at(order(algo=AlgoName.POV), 100, others_volume=Qty(Decimal(300)))
    assert target.next_ns == T0 + 105 * SECOND_NS
    assert target.done == Decimal("3.303")
    assert "% of the volume" in target.reason


def test_the_orders_limit_is_the_worst_price() -> None:
    assert at(order(limit_price=Price(Decimal(61_000))), 0).worst_price == 61_000


@pytest.mark.parametrize("name", [AlgoName.IS, AlgoName.VWAP])
def test_an_adaptive_orders_base_goes_on_from_where_it_was_itself(name: AlgoName) -> None:
    classic, adaptive = order(algo=name), order(algo=AlgoName.ADAPTIVE, base=name)
    market = view(T0 + 100 * SECOND_NS)
    believed = conditions_at(classic, T0, market, (), known_at(market, PRIOR_LAW))
    bent = {"scheduled": Qty(Decimal(8)), "others_volume": Qty(Decimal(900))}
    plans = plan_all(adaptive, view(T0), context())
    for parent, least in ((classic, Decimal(8)), (adaptive, plans[name].done[3])):
        now = progress(parent, 100, **bent)
        after = replan(parent, plans, name, now, market, context(), believed)
        assert after[name].done[3] == least
        assert after[name].done[:3] == plans[name].done[:3]
        others = {key: plan for key, plan in plans.items() if key is not name}
        assert {key: plan for key, plan in after.items() if key is not name} == others
