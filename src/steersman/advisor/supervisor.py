"""Run advisors in the background, and hand their answers back at the right moment of market time.

The engine never waits for a model. A question is put to the advisor in a thread of its own; its
answer becomes an input at `asked + latency` in market time, so that runs with drawn latencies
repeat to the byte however fast the machine is. When the market gets there before the model has
answered, the loop waits in wall time, never in market time, and not for longer than the timeout.

The life of a question: the same content may have been answered (`cached`); an advisor that failed
three times in a row is not asked for a while (`circuit_open`); a second one, where there is one, is
asked when the first has failed or not answered within half of the timeout, and the first advice
counts (`answered`, `hedged`). Where none comes, rules answer and say so (`timeout`, `unavailable`);
what was said and is no advice changes nothing (`invalid`). An answer that comes after all that is
journaled, because it was paid for, and does nothing (`late`). docs/supervisor.md tells it with
figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from steersman.advisor.answer_cache import AnswerCache
from steersman.advisor.background import Background, Call
from steersman.advisor.base import Advisor, AnswerSource
from steersman.advisor.breaker import Breaker
from steersman.advisor.latency import Latency, Measured
from steersman.advisor.validation import Checked, validated
from steersman.domain.advice import RAW_CHARS_MAX, Advice, Answer, NoAdvice, Question, Usage
from steersman.domain.messages import AdviceArrived, AnswerOutcome
from steersman.domain.units import SECOND_NS

__all__ = ["Advisor", "AnswerSource", "Latency", "Measured", "Supervisor"]

HEDGE_SHARE: Final = 0.5  # of the timeout, after which the second advisor is asked
NEVER_NS: Final = 1 << 62


@dataclass(slots=True)
class Supervisor:
    """Put questions to `advisor`, and to `second` where that fails; else `fallback` answers.

    `timeout_s` holds in market time and in wall time. `absent` says why rules had to answer where
    at another time, or on a faster machine, an advisor might have: "" where that never happened.
    """

    advisor: Advisor
    fallback: Advisor
    latency: Latency | Measured
    timeout_s: float = 10.0
    second: tuple[Advisor, Latency | Measured] | None = None
    absent: str = field(default="", init=False)
    _providers: list[_Provider] = field(default_factory=list)
    _cache: AnswerCache = field(default_factory=AnswerCache)
    _flights: list[_Flight] = field(default_factory=list)
    _ready: list[AdviceArrived] = field(default_factory=list)

    def __post_init__(self) -> None:
        asked = [(self.advisor, self.latency)]
        if self.second is not None:
            asked.append(self.second)
        self._providers = [
            _Provider(advisor, latency, Background(advisor, self.timeout_s))
            for advisor, latency in asked
        ]

    @property
    def name(self) -> str:
        """The names of those who are asked."""
        return ", ".join(provider.name for provider in self._providers)

    def ask(self, question: Question) -> None:
        """Answer a question at once where that is possible, or begin to in the background."""
        flight = _Flight(question, question.asked_ns + int(self.timeout_s * SECOND_NS))
        known = self._cache.get(self.advisor.name, question)
        if known is not None:
            checked = validated(known, question)
            self._tell(flight, question.asked_ns, self.advisor.name, checked, AnswerOutcome.CACHED)
        elif self._ask_next(flight, question.asked_ns):
            self._flights.append(flight)
        else:
            self._give_up(flight, question.asked_ns, AnswerOutcome.CIRCUIT_OPEN)

    def next_due_ns(self, until_ns: int) -> int | None:
        """Return when the next answer arrives, None where not up to `until_ns` (market time).

        Waits in wall time for models that might have answered by then.
        """
        while not self._ready and self._happen(until_ns):
            pass
        due_ns = min((arrived.arrived_ns for arrived in self._ready), default=NEVER_NS)
        return due_ns if due_ns <= until_ns else None

    def collect(self, now_ns: int) -> Iterator[AdviceArrived]:
        """Yield the answers that have arrived by now, in order of arrival."""
        while self._happen(now_ns):
            pass
        due = [arrived for arrived in self._ready if arrived.arrived_ns <= now_ns]
        for arrived in sorted(due, key=lambda arrived: arrived.arrived_ns):
            self._ready.remove(arrived)
            yield replace(arrived, at_ns=now_ns)

    def close(self) -> None:
        """Forget what is still being answered and let the threads end by themselves."""
        self._flights.clear()
        self._ready.clear()
        for provider in self._providers:
            provider.background.close()

    # -- what happens to a question, in market time -----------------------------------------------
    def _happen(self, until_ns: int) -> bool:
        """Let the next thing happen that is due by `until_ns`; tell whether there was one."""
        at_ns, flight = min(
            ((flight.next_ns, flight) for flight in self._flights),
            key=lambda due: due[0],
            default=(NEVER_NS, None),
        )
        if flight is None or at_ns > until_ns:
            return False
        leg = flight.next_leg
        if leg is not None and leg.due_ns <= at_ns:
            self._hear(flight, leg)
        elif at_ns < flight.deadline_ns:
            flight.hedge_ns = NEVER_NS
            self._ask_next(flight, at_ns)
        else:
            self._time_out(flight)
        if flight.answered and not flight.legs:
            self._flights.remove(flight)
        return True

    def _ask_next(self, flight: _Flight, at_ns: int) -> bool:
        """Ask the next advisor that may be asked; tell whether there was one."""
        while flight.asked < len(self._providers):
            provider = self._providers[flight.asked]
            flight.asked += 1
            if provider.breaker.admits(at_ns):
                flight.legs.append(provider.begin(flight.question, at_ns))
                more = flight.asked < len(self._providers)
                hedge_ns = at_ns + int(HEDGE_SHARE * self.timeout_s * SECOND_NS)
                flight.hedge_ns = hedge_ns if more else NEVER_NS
                return True
        return False

    def _hear(self, flight: _Flight, leg: _Leg) -> None:
        """Take in what an advisor says, or find that it hangs."""
        provider, at_ns = leg.provider, leg.due_ns
        answer = provider.background.wait(leg.call)
        if answer is not None and at_ns == leg.asked_ns and isinstance(provider.latency, Measured):
            leg.due_ns += max(1, leg.call.took_ns)
            return  # now it is known when it is heard
        flight.legs.remove(leg)
        hangs = answer is None or _kind(answer) == "timeout"
        checked = None if answer is None or hangs else validated(answer, flight.question)
        good = checked is not None and isinstance(checked.answer.said, Advice)
        if at_ns <= flight.deadline_ns:  # else it has been noted
            provider.breaker.note(flight.deadline_ns if hangs else at_ns, good)
        if answer is None or checked is None:
            flight.absent = f"{provider.name}: no answer within {self.timeout_s:g} s of wall time"
            return  # in market time there is nothing to hear before the deadline
        first = provider is self._providers[0]
        if flight.answered:
            late = at_ns > flight.deadline_ns
            why = "it came after the timeout" if late else "another answer was first"
            self._tell(flight, at_ns, provider.name, checked, AnswerOutcome.LATE, why)
        elif good:
            if first:
                self._cache.put(provider.name, flight.question, answer)
            outcome = AnswerOutcome.ANSWERED if first else AnswerOutcome.HEDGED
            self._tell(flight, at_ns, provider.name, checked, outcome)
        else:
            flight.failed.append((provider.name, checked))
            if isinstance(checked.answer.said, NoAdvice) and _kind(checked.answer) == "unavailable":
                flight.absent = f"{provider.name}: {checked.answer.said.why}"
            if not self._ask_next(flight, at_ns) and not flight.legs:
                self._give_up(flight, at_ns, AnswerOutcome.UNAVAILABLE)

    def _time_out(self, flight: _Flight) -> None:
        self._give_up(flight, flight.deadline_ns, AnswerOutcome.TIMEOUT)

    def _give_up(self, flight: _Flight, at_ns: int, outcome: AnswerOutcome) -> None:
        """Pass on what was said and is no advice, or else let the rules answer."""
        invalid = next((one for one in flight.failed if _kind(one[1].answer) == "invalid"), None)
        if invalid is not None:
            flight.failed.remove(invalid)
            self._tell(flight, at_ns, *invalid, AnswerOutcome.INVALID)
            return
        self.absent = self.absent or flight.absent
        instead = validated(self.fallback.advise(flight.question), flight.question)
        said = [
            f"{name}: {checked.answer.said.why}"
            for name, checked in flight.failed
            if isinstance(checked.answer.said, NoAdvice)
        ]
        if outcome is AnswerOutcome.TIMEOUT:
            said.append(f"no answer within {self.timeout_s:g} s")
        if outcome is AnswerOutcome.CIRCUIT_OPEN:
            said.append("it failed too often and is left alone for a while")
        why = f"instead of {self.name}: {'; '.join(said)}"
        self._tell(flight, at_ns, self.fallback.name, instead, outcome, why)

    def _tell(
        self,
        flight: _Flight,
        at_ns: int,
        who: str,
        checked: Checked,
        outcome: AnswerOutcome,
        why: str = "",
    ) -> None:
        """Make an answer ready to be collected; it counts for those that failed before it, too."""
        question = flight.question
        assert question.view.mid is not None  # the engine asks only where there is a price
        answer, usage, checks = checked.answer, checked.answer.usage, checked.checks
        if outcome is not AnswerOutcome.LATE:
            flight.answered = True
            for leg in flight.legs:
                if leg.due_ns > flight.deadline_ns:  # it fails, also where another has answered
                    leg.provider.breaker.note(flight.deadline_ns, good=False)
            for _, failed in flight.failed:
                usage = _sum(usage, failed.answer.usage)
                checks = (*failed.checks, *checks)
        arrived = AdviceArrived(
            at_ns=at_ns,
            parent_id=question.parent.id,
            ask_id=question.ask_id,
            asked_ns=question.asked_ns,
            arrived_ns=at_ns,
            ref_mid=question.view.mid,
            advisor=who,
            fallback=outcome in _FALLBACK,
            answer=answer.said,
            usage=usage,
            raw=answer.raw[:RAW_CHARS_MAX],
            checks=checks,
            outcome=outcome,
            why=why,
        )
        self._ready.append(arrived)


_FALLBACK: Final = frozenset(
    {AnswerOutcome.TIMEOUT, AnswerOutcome.UNAVAILABLE, AnswerOutcome.CIRCUIT_OPEN}
)


def _kind(answer: Answer) -> str:
    """Return what kind of no advice an answer is, "" for advice."""
    return answer.said.kind if isinstance(answer.said, NoAdvice) else ""


def _sum(usage: Usage, other: Usage) -> Usage:
    return replace(
        usage,
        tokens_in=usage.tokens_in + other.tokens_in,
        tokens_out=usage.tokens_out + other.tokens_out,
        cost_usd=Decimal(usage.cost_usd + other.cost_usd),
    )


@dataclass(slots=True)
class _Provider:
    """An advisor that may be asked, with its time, its thread and its breaker."""

    advisor: Advisor
    latency: Latency | Measured
    background: Background
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def name(self) -> str:
        return self.advisor.name

    def begin(self, question: Question, at_ns: int) -> _Leg:
        """Ask at a market time."""
        latency = self.latency
        took_ns = 0 if isinstance(latency, Measured) else latency.draw_ns(question.ask_id)
        return _Leg(self, self.background.call(question), at_ns, at_ns + took_ns)


@dataclass(slots=True, eq=False)
class _Leg:
    """One provider asked about one question, in market time.

    A measured one is due at once, which is when it is waited for, and then when it had answered.
    """

    provider: _Provider
    call: Call
    asked_ns: int
    due_ns: int


@dataclass(slots=True, eq=False)
class _Flight:
    """A question on its way: who is being asked, who has failed, when patience is over."""

    question: Question
    deadline_ns: int
    hedge_ns: int = NEVER_NS
    asked: int = 0
    legs: list[_Leg] = field(default_factory=list)
    failed: list[tuple[str, Checked]] = field(default_factory=list)
    absent: str = ""
    answered: bool = False

    @property
    def next_leg(self) -> _Leg | None:
        """The provider that is heard next."""
        return min(self.legs, key=lambda leg: leg.due_ns, default=None)

    @property
    def next_ns(self) -> int:
        """When the next thing happens to it."""
        leg = self.next_leg
        due_ns = NEVER_NS if leg is None else leg.due_ns
        if self.answered:
            return due_ns
        return min(due_ns, self.hedge_ns, self.deadline_ns)
