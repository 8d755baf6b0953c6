"""One order worked to its end on a quiet market with an advisor at the wheel, and what must hold.

The market does not move and nobody trades: whatever turns the order is text alone.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Advisor, Latency, Supervisor
from steersman.algos.adaptive import TEXT_SHARE, envelope
from steersman.domain.limits import ExecutionConfig
from steersman.domain.market import NewsItem
from steersman.domain.messages import (
    Accepted,
    AdviceArrived,
    AdviceJudged,
    Ask,
    NewsArrived,
    ParentState,
    Place,
    Scheduled,
    Viewed,
    Wake,
)
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS
from steersman.engine.state import check_conservation
from tests.engine.desk import BTC, T0, Desk, intents, limits, view

STEPS_MAX = 2_000


class Voyage:
    """Works one order of ten coins in ten minutes; every child is filled at once."""

    def __init__(
        self, advisor: Advisor, question_every_s: int = 20, asks_max: int = 1_000, **order: Any
    ) -> None:
        execution = ExecutionConfig(llm_query_interval_s=question_every_s)
        pause = Decimal(question_every_s)
        safety = limits(max_position=Decimal(10), llm_min_interval_s=pause)
        self.desk = Desk(safety, execution)
        self.supervisor = Supervisor(advisor, RulesAdvisor(), Latency(250, 0.4, 7))
        self.order: dict[str, Any] = {"algo": AlgoName.ADAPTIVE, **order}
        self.arrived: list[AdviceArrived] = []
        self.scheduled: list[tuple[int, Decimal]] = []
        self._asks_left = asks_max
        self._wake_ns = T0

    @property
    def judged(self) -> list[AdviceJudged]:
        return [effect for effect in self.desk.effects if isinstance(effect, AdviceJudged)]

    @property
    def bent(self) -> bool:
        """Whether the schedule ever left that of its base."""
        parent = self.desk.parent()
        plan = parent.plans[AlgoName.ADAPTIVE]
        return any(done != plan.at(at_ns) for at_ns, done in self.scheduled)

    def sail(self, *news: NewsItem) -> None:
        """Work the order to its end; all of the news is known from the start."""
        if news:
            self.desk.feed(NewsArrived(T0, BTC.id, news))
        self._do(self.desk.submit(**self.order))
        for _ in range(STEPS_MAX):
            if self.desk.parent().terminal:
                self.supervisor.close()
                return
            self._step()
        raise AssertionError("the order did not end")

    def _step(self) -> None:
        due_ns = self.supervisor.next_due_ns(self._wake_ns)
        now_ns = self._wake_ns if due_ns is None else due_ns
        self.desk.now_ns = max(now_ns, self.desk.now_ns)
        for arrived in self.supervisor.collect(self.desk.now_ns):
            self.arrived.append(arrived)
            self._do(self.desk.feed(arrived))
        self._do(self.desk.feed(Viewed(self.desk.now_ns, view(self.desk.now_ns))))

    def _do(self, effects: tuple[Any, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Wake):
                self._wake_ns = effect.at_ns
            elif isinstance(effect, Scheduled):
                self.scheduled.append((self.desk.now_ns, effect.done))
            elif isinstance(effect, Ask) and self._asks_left:
                self._asks_left -= 1
                self.supervisor.ask(effect.question)
        for place in (intent for intent in intents(effects) if isinstance(intent, Place)):
            self.desk.report(Accepted(place.child_id, self.desk.now_ns))
            self._do(self.desk.fill(place.child_id, str(place.qty), f"e-{place.child_id}"))

    def assert_sound(self, *, text_alone: bool) -> None:
        """Assert that the order kept its side, quantity, limit and envelope, and completed."""
        parent, state = self.desk.parent(), self.desk.state
        order = parent.order
        check_conservation(state, parent)
        assert parent.state is ParentState.COMPLETED
        assert parent.filled == order.qty
        assert not parent.overfilled and not parent.unfilled
        for place in self.desk.placed():
            assert place.side is order.side
            assert place.price * BTC.multiplier * place.qty <= state.limits.max_order_size
            if order.limit_price is not None:
                assert (order.limit_price - place.price) * order.side.sign >= 0
        share = state.execution.envelope * (TEXT_SHARE if text_alone else 1)
        plan = parent.plans[AlgoName.ADAPTIVE]  # the base as submitted
        finishing_ns = order.deadline_ns - 120 * SECOND_NS
        held = [(at_ns, done) for at_ns, done in self.scheduled if at_ns < finishing_ns]
        assert held
        for at_ns, done in held:
            low, high = envelope(order, plan, at_ns, share)
            assert BTC.floor_qty(low) <= done <= BTC.ceil_qty(high), (at_ns - T0, low, done, high)
