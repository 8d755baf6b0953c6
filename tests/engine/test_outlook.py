"""An order says what it expects to pay, learns while it works, and plans anew without jitter."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from steersman.domain.advice import Advice
from steersman.domain.impact import CostLaw
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
from steersman.domain.units import SECOND_NS
from steersman.engine.engine import start
from tests.engine.desk import MID, T0, Desk

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


def advise(desk: Desk, effects: Iterable[Effect], impact_pct: int | None, ttl_s: int = 60) -> Any:
    (ask,) = only(effects, Ask)
    question = ask.question
    answer = AdviceArrived(
        at_ns=desk.now_ns,
        parent_id="P1",
        ask_id=question.ask_id,
        asked_ns=question.asked_ns,
        arrived_ns=desk.now_ns,
        ref_mid=MID,
        advisor="a test",
        fallback=False,
        answer=Advice(impact_pct=impact_pct, ttl_s=ttl_s, reasoning="thin book ahead"),
    )
    desk.feed(answer)
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


@pytest.mark.parametrize("algo", [AlgoName.TWAP, AlgoName.ADAPTIVE])
def test_other_algorithms_keep_their_plans(algo: AlgoName) -> None:
    desk = Desk()
    desk.submit(algo=algo, base=AlgoName.IS)
    before = desk.parent().plans
    told = only(shake(desk, 60, "8"), Recalibrated)
    assert told and not any(each.replanned for each in told)
    assert desk.parent().plans == before


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
