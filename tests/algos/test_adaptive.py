"""Whatever is advised, the schedule stays in its envelope and ends with the whole order."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.algos.adaptive import Steering, bend, envelope, envelopes, steer
from steersman.algos.decide import decide, plan_all
from steersman.domain.advice import Action, Advice
from steersman.domain.limits import ExecutionConfig
from steersman.domain.order import AlgoName, ParentOrder, Style
from steersman.domain.units import SECOND_NS, Qty, Side
from tests.algos.stage import T0, context, order, progress
from tests.engine.desk import view

FULL = Decimal("0.20")
STEP_S = 10


def adaptive(**changes: Any) -> ParentOrder:
    values = {"algo": AlgoName.ADAPTIVE, "deadline_ns": T0 + 1200 * SECOND_NS, **changes}
    return order(**values)


CLASSIC = [name for name in AlgoName if name is not AlgoName.ADAPTIVE]
ADVICE = st.builds(
    Advice,
    action=st.sampled_from(Action),
    base=st.sampled_from([None, *CLASSIC]),
    pace_pct=st.one_of(st.none(), st.integers(0, 200)),
    style=st.one_of(st.none(), st.sampled_from(Style)),
)


@given(
    base=st.sampled_from(CLASSIC),
    side=st.sampled_from(Side),
    advices=st.lists(
        st.tuples(ADVICE, st.booleans(), st.integers(1, 300)), min_size=1, max_size=40
    ),
)
def test_no_sequence_of_advice_leaves_the_envelope(
    base: AlgoName, side: Side, advices: list[tuple[Advice, bool, int]]
) -> None:
    parent = adaptive(base=base, side=side)
    plans = plan_all(parent, view(T0), context())
    steering, last = Steering(), Decimal(0)
    for step in range(120):
        at_s = step * STEP_S
        now = progress(parent, at_s, others_volume=Qty(Decimal(step * 8)))
        advice, text_only, ttl_s = advices[step % len(advices)]
        steering = steer(steering, advice, now.at_ns + ttl_s * SECOND_NS, text_only)
        done, steering = bend(parent, plans, now, context(), steering)
        share = FULL / 2 if text_only else FULL
        low, high = envelope(parent, plans[base], now.at_ns, share)
        assert low - Decimal("0.001") <= done <= high
        assert 0 <= done <= parent.qty
        if not text_only and not any(text for _, text, _ in advices):
            assert done >= last, "a target never falls"
        last = done
    target, _ = decide(
        parent, plans, progress(parent, 1199), view(T0 + 1199 * SECOND_NS), context(), steering
    )
    assert target.done == parent.qty


def test_the_envelope_is_widest_in_the_middle_and_nothing_at_the_end() -> None:
    parent = adaptive()
    plan = plan_all(parent, view(T0), context())[AlgoName.TWAP]
    # Slice 20 of 40 ends at mid-horizon: 5 +- 20 % of 10.
    at_ns = T0 + 19 * 30 * SECOND_NS
    assert envelope(parent, plan, at_ns, FULL) == (Decimal(3), Decimal(7))
    assert envelope(parent, plan, at_ns, FULL / 2) == (Decimal(4), Decimal(6))
    low, high = envelope(parent, plan, parent.deadline_ns - 1, FULL)
    assert low == high == 10


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.integers(1, 50))
def test_the_bounds_never_fall(shares: list[float], share_pct: int) -> None:
    from steersman.algos.base import plan_from_shares
    from steersman.domain.units import Price

    parent = adaptive()
    count = len(shares)
    times = tuple(T0 + k * 1200 * SECOND_NS // count for k in range(count + 1))
    plan = plan_from_shares(parent, times, sorted(shares), context(), Price(Decimal(60_000)))
    bounds = [envelope(parent, plan, at, Decimal(share_pct) / 100) for at in times[:-1]]
    assert envelopes(parent, plan, Decimal(share_pct) / 100) == bounds
    for (low, high), (next_low, next_high) in pairwise(bounds):
        assert low <= next_low and high <= next_high
    for k, (low, high) in enumerate(bounds):
        assert low <= plan.done[k] <= parent.qty and high <= parent.qty


def run(parent: ParentOrder, advice: Advice | None, until_s: int) -> Decimal:
    plans = plan_all(parent, view(T0), context())
    steering = Steering()
    if advice is not None:
        steering = steer(steering, advice, T0 + 10_000 * SECOND_NS, text_only=False)
    done = Qty(Decimal(0))
    for at_s in range(0, until_s + 1, STEP_S):
        done, steering = bend(parent, plans, progress(parent, at_s), context(), steering)
    return done


def test_without_advice_it_is_its_base() -> None:
    parent = adaptive()
    plan = plan_all(parent, view(T0), context())[AlgoName.TWAP]
    for at_s in (0, 30, 400, 1170):
        assert run(parent, None, at_s) == plan.at(T0 + at_s * SECOND_NS)


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        (Advice(pace_pct=100), "2.75"),
        (Advice(pace_pct=200), "4.345"),  # held back by the envelope
        (Advice(pace_pct=110), "3.025"),
        (Advice(action=Action.HOLD), "1.155"),
        (Advice(action=Action.FINISH), "4.345"),
        (Advice(action=Action.FINISH, pace_pct=0), "4.345"),
    ],
)
def test_the_wheel_turns_the_increments(advice: Advice, expected: str) -> None:
    # After 300 s the eleventh slice of forty is on: 2.75 of 10, +- 2 x 4 x 0.275 x 0.725.
    assert run(adaptive(), advice, 300) == Decimal(expected)


def test_advice_expires() -> None:
    steering = steer(Steering(), Advice(pace_pct=0), T0 + 5, text_only=False)
    assert steering.in_force(T0 + 4) is not None
    assert steering.in_force(T0 + 5) is None


def test_what_a_text_has_bent_stays_in_half_the_envelope_when_its_time_is_over() -> None:
    parent, context_ = adaptive(), context()
    plans = plan_all(parent, view(T0), context_)
    # To the edge of half the envelope at its widest, then nothing is advised any more.
    steering = steer(Steering(), Advice(pace_pct=0), T0 + 600 * SECOND_NS, text_only=True)
    for at_s in range(0, 1_150, STEP_S):
        now = progress(parent, at_s)
        done, steering = bend(parent, plans, now, context_, steering)
        low, high = envelope(parent, plans[parent.base], now.at_ns, FULL / 2)
        assert low <= done <= high, at_s


def test_an_advised_style_reaches_the_target() -> None:
    parent = adaptive()
    plans = plan_all(parent, view(T0), context())
    steering = steer(Steering(), Advice(style=Style.CROSS), T0 + 60 * SECOND_NS, text_only=False)
    target, _ = decide(parent, plans, progress(parent), view(T0), context(), steering)
    assert target.style is Style.CROSS
    late, _ = decide(
        parent, plans, progress(parent, 90), view(T0 + 90 * SECOND_NS), context(), steering
    )
    assert late.style is None


def test_a_configured_style_holds_where_no_advice_says_otherwise() -> None:
    parent, classic = adaptive(), adaptive(algo=AlgoName.TWAP)
    takes = context(execution=ExecutionConfig(style=Style.CROSS))
    plans = plan_all(parent, view(T0), takes)
    advised = [
        steer(Steering(), advice, T0 + 60 * SECOND_NS, text_only=False)
        for advice in (Advice(), Advice(style=Style.PASSIVE))
    ]
    for worked, steering, style in (
        (classic, Steering(), Style.CROSS),
        (parent, advised[0], Style.CROSS),
        (parent, advised[1], Style.PASSIVE),
    ):
        target, _ = decide(worked, plans, progress(worked), view(T0), takes, steering)
        assert target.style is style
        last, _ = decide(worked, plans, progress(worked, 1180), view(T0), takes, steering)
        assert last.style is Style.CROSS, "advice ends before the last slice"


@pytest.mark.parametrize(("pace_pct", "at_edge"), [(200, True), (110, False)])
def test_a_target_held_back_by_the_envelope_says_so(pace_pct: int, at_edge: bool) -> None:
    parent = adaptive()
    plans = plan_all(parent, view(T0), context())
    steering = steer(Steering(), Advice(pace_pct=pace_pct), T0 + 10**13, text_only=False)
    reasons = []
    for at_s in range(0, 301, STEP_S):
        market = view(T0 + at_s * SECOND_NS)
        target, steering = decide(
            parent, plans, progress(parent, at_s), market, context(), steering
        )
        reasons.append(target.reason)
    assert ("at the envelope's edge" in reasons[-1]) is at_edge
    assert "bent ahead by" in reasons[-1]
