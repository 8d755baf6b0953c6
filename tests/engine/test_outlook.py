"""An order says what it expects to pay, learns while it works, and plans anew without jitter."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.algos.adaptive import envelope
from steersman.domain.advice import Action, Advice, Question
from steersman.domain.impact import CostLaw
from steersman.domain.limits import ExecutionConfig
from steersman.domain.messages import (
    AdviceArrived,
    Ask,
    Effect,
    Estimated,
    Recalibrated,
    Scheduled,
    Started,
)
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS, Qty
from steersman.engine.engine import start
from tests.engine.desk import BTC, MID, T0, Desk

T = TypeVar("T", bound=Effect)


def only(effects: Iterable[Effect], kind: type[T]) -> list[T]:
    return [effect for effect in effects if isinstance(effect, kind)]


def test_the_estimate_is_told_at_arrival() -> None:
    desk = Desk()
    (told,) = only(desk.submit(), Estimated)
    assert (told.parent_id, told.why) == ("P1", "at arrival")
    # 10 of 2 a second, 50 bps an hour: 0.8 x 50 sqrt(24) x sqrt(10 / 172800), and 1/60 of spread.
    expected = 0.8 * 50 * 24**0.5 * (10 / 172_800) ** 0.5 + 0.1 / 60_000 * 1e4
    assert told.estimate.estimated_impact_bps == pytest.approx(expected)
    assert told.estimate.provenance["base_impact_bps"] == "prior"


def test_the_law_that_the_journal_starts_with_is_used() -> None:
    desk = Desk()
    law = CostLaw(0.4, 0.1, True, "p.json")
    started = Started(
        at_ns=desk.state.now_ns,
        schema=1,
        instruments=tuple(desk.state.instruments.values()),
        execution=desk.state.execution,
        limits=desk.state.limits,
        volume_curves={},
        seed=1,
        impact=dict.fromkeys(desk.state.instruments, law),
    )
    desk.state = start(started)
    (told,) = only(desk.submit(), Estimated)
    assert told.estimate.provenance["base_impact_bps"] == "p.json"
    assert "Y 0.4 ± 0.1" in told.estimate.reasoning


def answered(desk: Desk, question: Question, advice: Advice) -> AdviceArrived:
    return AdviceArrived(
        at_ns=desk.now_ns,
        parent_id="P1",
        ask_id=question.ask_id,
        asked_ns=question.asked_ns,
        arrived_ns=desk.now_ns,
        ref_mid=MID,
        advisor="a test",
        fallback=False,
        answer=advice,
    )


def advise(desk: Desk, effects: Iterable[Effect], impact_pct: int | None, ttl_s: int = 60) -> Any:
    (ask,) = only(effects, Ask)
    advice = Advice(impact_pct=impact_pct, ttl_s=ttl_s, reasoning="thin book ahead")
    desk.feed(answered(desk, ask.question, advice))
    return desk.see(1)


def test_advice_multiplies_the_estimate_while_it_is_in_force() -> None:
    desk = Desk()
    submitted = desk.submit(algo=AlgoName.ADAPTIVE)
    (first,) = only(submitted, Estimated)
    (told,) = only(advise(desk, submitted, 140), Estimated)
    assert told.why == "advised" and told.estimate.adjustment == 1.4
    assert told.estimate.estimated_impact_bps == pytest.approx(
        1.4 * first.estimate.estimated_impact_bps
    )
    assert "thin book ahead" in told.estimate.reasoning
    assert not only(desk.see(2), Estimated), "nothing changed"
    (over,) = only(desk.see(60), Estimated)
    assert over.estimate.adjustment == 1.0, "its time is over"


def test_advice_that_abstains_tells_nothing() -> None:
    desk = Desk()
    submitted = desk.submit(algo=AlgoName.ADAPTIVE)
    assert not only(advise(desk, submitted, None), Estimated)


def shake(desk: Desk, times: int, bps: str, step_s: float = 5.0) -> list[Effect]:
    """Show a market whose mid jumps to and fro by so much."""
    effects: list[Effect] = []
    for k in range(times):
        effects += desk.see(step_s, mid=MID * (1 + k % 2 * Decimal(bps) / 10_000))
    return effects


def test_a_calm_market_changes_nothing() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.IS)
    # 50 bps an hour are 1.86 bps in 5 s: what is expected comes, for five minutes.
    effects = shake(desk, 60, "1.9")
    assert not only(effects, Recalibrated) and not only(effects, Estimated)


def test_a_wild_market_is_told_and_planned_for_once_a_slice() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.IS)
    before = desk.parent().plans[AlgoName.IS]
    effects = shake(desk, 60, "8")
    told = only(effects, Recalibrated)
    assert 1 <= len(told) <= 5
    assert all(each.replanned for each in told)
    assert told[-1].sigma_day_bps > 2 * 50 * 24**0.5
    assert len(only(effects, Estimated)) == len(told)
    after = desk.parent().plans[AlgoName.IS]
    assert after.done[12] > before.done[12] and after.done[-1] == before.done[-1]
    done = [each.done for each in only(desk.effects, Scheduled)]
    assert done == sorted(done), "nothing is sent back"


def test_a_market_that_trades_more_is_told_and_followed_by_vwap() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.VWAP)
    effects: list[Effect] = []
    for k in range(1, 61):  # four times as much as expected, for a while
        volume = Qty(Decimal(120 + 40 * min(k, 30) + 10 * max(k - 30, 0)))
        effects += desk.see(5.0, market_volume=volume)
    told = only(effects, Recalibrated)
    assert 2 <= len(told) <= 9 and all(each.replanned for each in told)
    assert len(only(effects, Estimated)) == len(told)
    done = [each.done for each in only(desk.effects, Scheduled)]
    assert done == sorted(done) and done[-1] > 7, "half of the time is gone"


def test_algorithms_that_depend_on_no_estimate_keep_their_plans() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.TWAP)
    before = desk.parent().plans
    told = only(shake(desk, 60, "8"), Recalibrated)
    assert told and not any(each.replanned for each in told)
    assert desk.parent().plans == before


def test_an_adaptive_order_plans_its_base_anew_and_keeps_what_was_submitted() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.ADAPTIVE, base=AlgoName.IS)
    before = desk.parent().plans
    told = only(shake(desk, 60, "8"), Recalibrated)
    assert told and all(each.replanned for each in told)
    after = desk.parent().plans
    assert after[AlgoName.IS].done[12] > before[AlgoName.IS].done[12]
    assert after[AlgoName.ADAPTIVE] == before[AlgoName.ADAPTIVE] == before[AlgoName.IS]


CLASSIC = [name for name in AlgoName if name is not AlgoName.ADAPTIVE]
PERCENT = st.integers(0, 100)


def worked(
    algo: AlgoName, base: AlgoName, bps: str, busier: Decimal
) -> tuple[list[Any], list[bool]]:
    """Return what an order without advice was scheduled to do, in a market that changes."""
    desk = Desk(execution=ExecutionConfig(llm_adaptation_enabled=False))
    desk.submit(algo=algo, base=base)
    for k in range(118):
        mid = MID * (1 + k % 2 * Decimal(bps) / 10_000)
        volume = Qty(120 + (10 + busier * (k % 40 < 20)) * k)
        desk.see(5.0, mid=mid, market_volume=volume)
    told = only(desk.effects, Recalibrated)
    done = [(one.done, one.reason) for one in only(desk.effects, Scheduled)]
    return done, [each.replanned for each in told]


# POV has no schedule of its own: its envelope is around what the expected volume would make of it.
@pytest.mark.parametrize("base", [name for name in CLASSIC if name is not AlgoName.POV])
@pytest.mark.parametrize(("bps", "busier"), [("1.9", "0"), ("4", "0"), ("1.9", "5")])
def test_without_advice_an_adaptive_order_is_its_base(
    base: AlgoName, bps: str, busier: str
) -> None:
    classic = worked(base, AlgoName.TWAP, bps, Decimal(busier))
    adaptive = worked(AlgoName.ADAPTIVE, base, bps, Decimal(busier))
    assert adaptive == classic
    if (base, bps) == (AlgoName.IS, "4") or (base, busier) == (AlgoName.VWAP, "5"):
        assert True in classic[1], "planned anew, both of them"


def ahead(impact_pct: int | None) -> list[Decimal]:
    """Return how much of the rest is planned to be left after each slice, in shares."""
    desk = Desk()
    submitted = desk.submit(algo=AlgoName.ADAPTIVE, base=AlgoName.IS)
    advise(desk, submitted, impact_pct)
    done = desk.parent().plans[AlgoName.IS].done
    return [1 - each / done[-1] for each in done]


def test_dear_impact_flattens_what_is_left_and_cheap_impact_steepens_it() -> None:
    cheap, as_it_is, dear = ahead(50), ahead(None), ahead(200)
    assert ahead(100) == as_it_is
    even = [1 - Decimal(k + 1) / 20 for k in range(20)]
    assert cheap[0] == as_it_is[0] == dear[0], "the current slice keeps its target"
    for low, middle, high, straight in list(zip(cheap, as_it_is, dear, even, strict=True))[1:-1]:
        assert low < middle < high < straight


def test_when_the_advice_is_over_the_rest_is_planned_without_it() -> None:
    desk = Desk()
    submitted = desk.submit(algo=AlgoName.ADAPTIVE, base=AlgoName.IS)
    before = desk.parent().plans[AlgoName.IS]
    (told,) = only(advise(desk, submitted, 200, ttl_s=20), Recalibrated)
    assert told.replanned and told.y == 0.8, "what is believed has not changed"
    assert desk.parent().plans[AlgoName.IS] != before
    (over,) = only(desk.see(20), Recalibrated)
    assert over.replanned
    after = desk.parent().plans[AlgoName.IS]
    for old, new in zip(before.done, after.done, strict=True):
        assert abs(old - new) <= BTC.lot


def test_an_advised_base_is_brought_up_to_date() -> None:
    desk = Desk()
    submitted = desk.submit(algo=AlgoName.ADAPTIVE, base=AlgoName.TWAP)
    before = desk.parent().plans[AlgoName.VWAP]
    busy: dict[str, Any] = {"market_volume": Qty(Decimal(2_000))}
    desk.see(200, **busy)
    assert desk.parent().plans[AlgoName.VWAP] == before, "nobody follows it"
    ask = only(submitted, Ask)[0].question
    again = [one.question for one in only(desk.effects, Ask)][-1]
    assert again.ask_id != ask.ask_id
    desk.feed(answered(desk, again, Advice(base=AlgoName.VWAP, ttl_s=60)))
    (told,) = only(desk.see(1, **busy), Recalibrated)
    assert told.replanned
    assert desk.parent().plans[AlgoName.VWAP].done[8] > before.done[8]
    assert desk.parent().plans[AlgoName.TWAP] == desk.parent().plans[AlgoName.ADAPTIVE]


ADVICE = st.builds(
    Advice,
    action=st.sampled_from([Action.CONTINUE, Action.CONTINUE, Action.HOLD, Action.FINISH]),
    base=st.sampled_from([None, *CLASSIC]),
    pace_pct=st.one_of(st.none(), st.integers(0, 200)),
    impact_pct=st.one_of(st.none(), st.integers(50, 200)),
    ttl_s=st.integers(20, 240),
)
STEP = st.tuples(st.one_of(st.none(), ADVICE), st.integers(1, 40), PERCENT, st.integers(-80, 80))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    base=st.sampled_from(CLASSIC), urgency=PERCENT, steps=st.lists(STEP, min_size=10, max_size=50)
)
def test_whatever_is_advised_or_planned_anew_stays_in_the_envelope_as_submitted(
    base: AlgoName, urgency: int, steps: list[tuple[Advice | None, int, int, int]]
) -> None:
    desk = Desk()
    share = Decimal(urgency) / 100
    desk.submit(algo=AlgoName.ADAPTIVE, base=base, urgency=share)
    order, submitted = desk.parent().order, desk.parent().plans[base]
    half = desk.state.execution.envelope
    traded, seen = Decimal(120), len(desk.effects)
    for advice, wait_s, speed, move_bps in [*steps, *[(None, 5, 10, 0)] * 118]:
        if desk.parent().terminal:
            break
        pending = desk.parent().pending_ask
        if advice is not None and pending is not None:
            question = only(desk.effects, Ask)[-1].question
            desk.feed(answered(desk, question, advice))
        traded += Decimal(speed * wait_s)
        mid = MID * (1 + Decimal(move_bps) / 10_000)
        desk.see(wait_s, mid=mid, market_volume=Qty(traded))
        for child in tuple(desk.state.children.values()):
            desk.accept(child.id)
            desk.fill(child.id, str(child.leaves), f"x{child.id}")
        for one in only(desk.effects[seen:], Scheduled):
            if "by the deadline" not in one.reason:
                low, high = envelope(order, submitted, desk.now_ns, half)
                assert low <= one.done <= high
        seen = len(desk.effects)
    done = [one.done for one in only(desk.effects, Scheduled)]
    assert done == sorted(done)
    parent = desk.parent()
    assert parent.filled + parent.unfilled == order.qty and parent.overfilled == 0
    assert parent.plans[AlgoName.ADAPTIVE] == submitted


def test_no_sample_is_taken_of_prices_that_cannot_be_used() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.IS)
    outlook = desk.parent().outlook
    desk.see(10, mid=MID * 2, invalid="sequence gap")
    assert desk.parent().outlook == outlook
    desk.see(1)
    later = desk.parent().outlook
    assert later is not None and later.learned.at_ns == T0 + 11 * SECOND_NS
    assert later.learned.mid == float(MID)


def test_own_fills_teach_y() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.TWAP)
    (child,) = desk.placed()
    desk.accept(child.child_id)
    desk.fill(child.child_id, str(child.qty))
    desk.see(5, mid=MID + 30)
    outlook = desk.parent().outlook
    assert outlook is not None and outlook.learned.y.n == 1
    assert outlook.learned.y.theta[0] > 0.8, "the price went up as we bought"
