"""Advice is judged by what the price did after it, and who gave it is weighed by that."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from steersman.domain.advice import Action, Advice, TrackRecord
from steersman.domain.limits import ExecutionConfig
from steersman.domain.messages import AdviceArrived, AdvisorWeighed, Ask, Started
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS, Side
from steersman.engine.engine import start
from steersman.engine.weighing import weigh
from tests.engine.desk import BTC, MID, T0, Desk, limits


class Advised(Desk):
    """A desk with one adaptive order that is answered when a test says so."""

    def __init__(self, records: dict[str, TrackRecord] | None = None, **order: Any) -> None:
        super().__init__()
        started = Started(
            at_ns=T0 - 60 * SECOND_NS,
            schema=1,
            instruments=(BTC,),
            execution=ExecutionConfig(),
            limits=limits(),
            volume_curves={},
            seed=1,
            track_records=records or {},
        )
        self.state = start(started)
        self.submit(algo=AlgoName.ADAPTIVE, **order)

    def answer(self, advice: Advice, advisor: str = "model") -> None:
        ask = [effect for effect in self.effects if isinstance(effect, Ask)][-1].question
        self.now_ns += SECOND_NS
        self.feed(
            AdviceArrived(
                at_ns=self.now_ns,
                parent_id="P1",
                ask_id=ask.ask_id,
                asked_ns=ask.asked_ns,
                arrived_ns=self.now_ns,
                ref_mid=MID,
                advisor=advisor,
                fallback=False,
                answer=advice,
            )
        )

    def weighed(self) -> list[AdvisorWeighed]:
        return [effect for effect in self.effects if isinstance(effect, AdvisorWeighed)]


def mid(moved_bps: float) -> Decimal:
    return MID * (1 + Decimal(str(moved_bps)) / 10_000)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    ("advice", "moved_bps", "record"),
    [
        (Advice(pace_pct=150, ttl_s=30), 3, TrackRecord(right=1)),
        (Advice(pace_pct=150, ttl_s=30), -3, TrackRecord(wrong=1)),
        (Advice(pace_pct=60, ttl_s=30), -3, TrackRecord(right=1)),
        (Advice(action=Action.HOLD, ttl_s=30), 3, TrackRecord(wrong=1)),
        (Advice(action=Action.FINISH, ttl_s=30), 3, TrackRecord(right=1)),
        (Advice(pace_pct=150, ttl_s=30), 0.5, TrackRecord(undecided=1)),
    ],
)
def test_a_turn_is_judged_when_its_time_is_over(
    side: Side, advice: Advice, moved_bps: float, record: TrackRecord
) -> None:
    """`moved_bps` is against the order: up for a buyer, down for a seller."""
    desk = Advised(side=side)
    desk.answer(advice)
    desk.see(after_s=28.9, mid=mid(-5 * moved_bps * side.sign))
    assert not desk.weighed(), "its time is not over"
    desk.see(after_s=0.1, mid=mid(moved_bps * side.sign))
    (weighed,) = desk.weighed()
    assert (weighed.advisor, weighed.record) == ("model", record)
    assert desk.state.track_records == {"model": record}
    desk.see(after_s=5, mid=mid(50))
    assert len(desk.weighed()) == 1, "once"


def test_a_turn_is_judged_when_the_next_replaces_it() -> None:
    desk = Advised()
    desk.answer(Advice(pace_pct=150, ttl_s=300))
    desk.see(after_s=59, mid=mid(4))
    desk.answer(Advice(pace_pct=100, ttl_s=300), "another")
    assert [weighed.record for weighed in desk.weighed()] == [TrackRecord(right=1)]
    assert desk.parent().on_trial is None, "what turns nothing is not judged"


def test_what_turns_nothing_is_not_judged() -> None:
    desk = Advised()
    desk.answer(Advice(impact_pct=150, ttl_s=30))
    desk.see(after_s=40, mid=mid(4))
    assert not desk.weighed()


def test_without_a_price_the_judgement_waits() -> None:
    desk = Advised()
    desk.answer(Advice(pace_pct=150, ttl_s=30))
    desk.see(after_s=31, invalid="a gap")
    assert not desk.weighed()
    desk.see(after_s=1, mid=mid(4))
    assert [weighed.record for weighed in desk.weighed()] == [TrackRecord(right=1)]


def test_records_go_on_from_where_they_were_and_scale_the_turn() -> None:
    desk = Advised({"model": TrackRecord(wrong=50), "sage": TrackRecord(right=50)})
    assert weigh(desk.state, "model") == Decimal("0.25")
    assert weigh(desk.state, "sage") == 1
    assert weigh(desk.state, "unknown") == Decimal("0.5")
    desk.answer(Advice(pace_pct=180))
    assert desk.parent().steering.weight == Decimal("0.25")
    assert "scaled by its weight, 0.25" in str(desk.effects[-1])
