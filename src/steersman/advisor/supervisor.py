"""Run an advisor in the background, and hand its answers back at the right moment of market time.

The engine never waits for a model. A question is put to the advisor in a thread of its own; its
answer becomes an input at `asked + latency`, where the latency is drawn from a seeded distribution
in market time, so that runs repeat to the byte however fast the machine is. When the market gets
there before the model has answered, the loop waits in wall time, never in market time, and not for
longer than `wall_timeout_s`: after that the rules stand in and the answer says so.
"""

from __future__ import annotations

import hashlib
import math
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import NormalDist
from typing import Protocol

from steersman.advisor.validation import validated
from steersman.domain.advice import RAW_CHARS_MAX, Answer, NoAdvice, Question
from steersman.domain.messages import AdviceArrived

__all__ = ["Advisor", "Latency", "Supervisor"]


class Advisor(Protocol):
    """Anything that answers a question. `name` holds the model's id and the prompt's version."""

    @property
    def name(self) -> str: ...

    def advise(self, question: Question) -> Answer:
        """Answer; never raise for what a model may do wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Latency:
    """A log-normal time to answer in market time: its median in ms and the log's deviation."""

    median_ms: float
    log_sd: float
    seed: int

    def draw_ns(self, ask_id: str) -> int:
        """Return the latency of one question (ns): a pure function of seed and id."""
        digest = hashlib.blake2b(f"{self.seed}/latency/{ask_id}".encode(), digest_size=8).digest()
        uniform = (int.from_bytes(digest, "big") + 0.5) / 2**64
        normal = NormalDist().inv_cdf(uniform)
        return int(self.median_ms * math.exp(self.log_sd * normal) * 1e6)


@dataclass(slots=True)
class Supervisor:
    """Put questions to `advisor`; let `fallback` answer where it cannot."""

    advisor: Advisor
    fallback: Advisor
    latency: Latency
    wall_timeout_s: float = 10.0
    wall_ms: list[float] = field(default_factory=list)
    _jobs: queue.SimpleQueue[_Waiting | None] = field(default_factory=queue.SimpleQueue)
    _waiting: list[_Waiting] = field(default_factory=list)

    def __post_init__(self) -> None:
        # A daemon: a model that hangs must not keep the process from ending.
        threading.Thread(target=self._work, name="advisor", daemon=True).start()

    def ask(self, question: Question) -> None:
        """Start answering a question in the background."""
        ref_mid = question.view.mid
        assert ref_mid is not None  # the engine asks only where there is a price
        due_ns = question.asked_ns + self.latency.draw_ns(question.ask_id)
        waiting = _Waiting(due_ns, question, ref_mid, Future(), time.monotonic())
        self._waiting.append(waiting)
        self._jobs.put(waiting)

    @property
    def next_due_ns(self) -> int | None:
        """When the next answer arrives in market time, or None where none is awaited."""
        return min((waiting.due_ns for waiting in self._waiting), default=None)

    def collect(self, now_ns: int) -> Iterator[AdviceArrived]:
        """Yield the answers that have arrived by now, in order of arrival."""
        due = sorted(
            (waiting for waiting in self._waiting if waiting.due_ns <= now_ns),
            key=lambda waiting: waiting.due_ns,
        )
        for waiting in due:
            self._waiting.remove(waiting)
            yield self._arrived(waiting, now_ns)

    def close(self) -> None:
        """Forget what is still being answered and let the thread end by itself."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (waiting := self._jobs.get()) is not None:
            if not waiting.answer.set_running_or_notify_cancel():
                continue
            started_s = time.monotonic()
            try:
                answer = self.advisor.advise(waiting.question)
            except Exception as error:  # noqa: BLE001 - the one place that outlives a failing model
                why = f"{type(error).__name__}: {error}"[:200]
                answer = Answer(NoAdvice("unavailable", why))
            self.wall_ms.append((time.monotonic() - started_s) * 1e3)
            waiting.answer.set_result(answer)

    def _arrived(self, waiting: _Waiting, now_ns: int) -> AdviceArrived:
        question, who, fallback = waiting.question, self.advisor.name, False
        checked = validated(self._result(waiting), question)
        said = checked.answer.said
        if isinstance(said, NoAdvice) and said.kind in ("timeout", "unavailable"):
            who, fallback = f"{self.fallback.name} for {who}: {said.why}", True
            checked = validated(self.fallback.advise(question), question)
        answer = checked.answer
        return AdviceArrived(
            at_ns=now_ns,
            parent_id=question.parent.id,
            ask_id=question.ask_id,
            asked_ns=question.asked_ns,
            arrived_ns=waiting.due_ns,
            ref_mid=waiting.ref_mid,
            advisor=who,
            fallback=fallback,
            answer=answer.said,
            usage=answer.usage,
            raw=answer.raw[:RAW_CHARS_MAX],
            checks=checked.checks,
        )

    def _result(self, waiting: _Waiting) -> Answer:
        left_s = self.wall_timeout_s - (time.monotonic() - waiting.asked_monotonic_s)
        try:
            return waiting.answer.result(timeout=max(0.0, left_s))
        except FutureTimeout:
            waiting.answer.cancel()
            return Answer(NoAdvice("timeout", f"no answer within {self.wall_timeout_s} s"))


@dataclass(frozen=True, slots=True)
class _Waiting:
    due_ns: int
    question: Question
    ref_mid: Decimal
    answer: Future[Answer]
    asked_monotonic_s: float
