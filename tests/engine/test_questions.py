"""When questions are asked: by the clock, sooner for a reason, and never too often."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from steersman.domain.advice import Advice
from steersman.domain.limits import ExecutionConfig
from steersman.domain.market import NewsItem
from steersman.domain.messages import (
    AdviceArrived,
    Alert,
    Ask,
    AskWhy,
    Effect,
    NewsArrived,
    Wake,
)
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS
from steersman.engine.questions import pull_forward
from tests.engine.desk import BTC, MID, T0, Desk, limits


class Steered(Desk):
    """A desk with one adaptive order whose questions are answered half a second later."""

    def __init__(self, safety: Any = None, **execution: Any) -> None:
        super().__init__(safety, ExecutionConfig(**execution))
        self.submit(algo=AlgoName.ADAPTIVE)
        self.answer()

    def answer(self) -> None:
        ask = self.asks()[-1].question
        self.now_ns += SECOND_NS // 2
        self.feed(
            AdviceArrived(
                at_ns=self.now_ns,
                parent_id="P1",
                ask_id=ask.ask_id,
                asked_ns=ask.asked_ns,
                arrived_ns=self.now_ns,
                ref_mid=MID,
                advisor="test",
                fallback=False,
                answer=Advice(),
            )
        )

    def asks(self) -> list[Ask]:
        return [effect for effect in self.effects if isinstance(effect, Ask)]

    def whys(self) -> list[tuple[AskWhy, float]]:
        asked = [(ask.why, ask.question.asked_ns - T0) for ask in self.asks()]
        return [(why, ns / SECOND_NS) for why, ns in asked]

    def news(self, after_s: float = 0.0) -> None:
        self.now_ns += int(after_s * SECOND_NS)
        item = NewsItem(f"n{self.now_ns}", self.now_ns, self.now_ns, "wire", "It happened")
        self.feed(NewsArrived(self.now_ns, BTC.id, (item,)))


def woken(effects: tuple[Effect, ...]) -> int:
    (wake,) = (effect for effect in effects if isinstance(effect, Wake))
    return wake.at_ns


def test_the_first_question_comes_at_the_start_and_the_next_by_the_clock() -> None:
    desk = Steered()
    desk.see(after_s=59)
    desk.see(after_s=0.5)
    assert desk.whys() == [(AskWhy.START, 0), (AskWhy.TIMER, 60)]


def test_news_is_a_reason_to_ask_at_once_after_the_pause() -> None:
    desk = Steered()
    desk.see(after_s=19.5)
    desk.news()
    desk.see()
    assert desk.whys()[1:] == [(AskWhy.NEWS, 20)]
    assert [item.text for item in desk.asks()[-1].question.news] == ["It happened"]
    desk.answer()
    desk.news(after_s=1)
    assert desk.now_ns < woken(desk.see()) <= desk.now_ns + 5 * SECOND_NS, "to look"
    desk.see(after_s=8)
    desk.see(after_s=0.5)
    assert desk.whys()[2:] == [(AskWhy.NEWS, 30)], "ten seconds after the last one"


def test_news_of_another_market_is_none() -> None:
    desk = Steered()
    desk.see(after_s=19.5)
    desk.feed(NewsArrived(desk.now_ns, "sim:ETHUSDT.linear", ()))
    desk.see()
    assert len(desk.asks()) == 1


@pytest.mark.parametrize(("sign", "volatility", "jump_bps"), [(1, 0.0, 25), (-1, 0.5, 15)])
def test_a_jump_of_the_price_is_a_reason_to_ask(
    sign: int, volatility: float, jump_bps: int
) -> None:
    """25 bps always are one; with a volatility of 0.5 % an hour, 20 s make 4 sigma 14.9 bps."""
    for moved, asked in ((jump_bps - Decimal("0.2"), 1), (Decimal(jump_bps), 2)):
        desk = Steered()
        mid = MID * (1 + sign * moved / 10_000)
        desk.see(after_s=19.5, mid=mid, volatility_hour_pct=volatility)
        assert len(desk.asks()) == asked
    assert desk.whys()[1:] == [(AskWhy.SHOCK, 20)]


def test_a_jump_right_after_a_question_waits_for_the_pause() -> None:
    desk = Steered()
    desk.see(after_s=2, mid=MID * Decimal("1.01"))
    assert len(desk.asks()) == 1
    assert desk.parent().next_ask_ns == T0 + 10 * SECOND_NS
    desk.see(after_s=7.5, mid=MID)
    assert desk.whys()[1:] == [(AskWhy.SHOCK, 10)]


def test_nothing_is_asked_while_a_question_is_open_but_its_reason_is_kept() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.ADAPTIVE)
    desk.now_ns += 5 * SECOND_NS
    desk.feed(NewsArrived(desk.now_ns, BTC.id, ()))
    effects = desk.see(after_s=5)
    asks = [effect for effect in desk.effects if isinstance(effect, Ask)]
    assert len(asks) == 1
    assert woken(effects) == T0 + 10 * SECOND_NS + 1, "when the open one is given up"
    desk.now_ns += 1
    desk.see()
    asks = [effect for effect in desk.effects if isinstance(effect, Ask)]
    assert [ask.why for ask in asks] == [AskWhy.START, AskWhy.NEWS]


def test_the_pause_holds_against_a_shorter_interval() -> None:
    desk = Steered(llm_query_interval_s=1)
    desk.see(after_s=5)
    assert len(desk.asks()) == 1
    desk.see(after_s=4.5)
    assert desk.whys()[1:] == [(AskWhy.TIMER, 10)]


def test_the_number_of_questions_is_limited_and_the_end_is_told() -> None:
    desk = Steered(limits(max_questions_per_parent=2))
    for _ in range(3):
        desk.see(after_s=60)
        desk.answer()
    assert len(desk.asks()) == 2
    (alert,) = (effect for effect in desk.effects if isinstance(effect, Alert))
    assert "max_questions_per_parent 2" in alert.text


def test_a_question_that_comes_as_soon_anyhow_keeps_its_reason() -> None:
    desk = Steered()
    parent = desk.parent()
    sooner = pull_forward(desk.state, parent, AskWhy.REGIME).parents["P1"]
    assert (sooner.next_ask_ns, sooner.ask_why) == (T0 + 10 * SECOND_NS, AskWhy.REGIME)
    state = desk.state.with_parent(sooner)
    assert pull_forward(state, sooner, AskWhy.NEWS) is state


def test_a_steered_order_looks_at_its_market_every_five_seconds_and_others_do_not() -> None:
    desk = Steered()
    assert woken(desk.see()) <= desk.now_ns + 5 * SECOND_NS
    plain = Desk()
    plain.submit(algo=AlgoName.TWAP)
    plain.see(after_s=1)
    child = plain.placed()[-1].child_id
    plain.accept(child)
    assert plain.parent().next_ask_ns == T0 and not plain.parent().asks
    assert pull_forward(plain.state, plain.parent(), AskWhy.NEWS) is plain.state


def test_near_the_end_nothing_is_asked_that_could_not_be_acted_on() -> None:
    desk = Steered()
    desk.see(after_s=590)
    desk.news()
    desk.see()
    assert len(desk.asks()) == 1
