"""An advisor in a thread of its own: a call that hangs costs a thread, never the caller.

The only place that knows wall time, and the one broad handler that outlives a failing model. Calls
are made one after the other. One that takes longer than the timeout is given up: its thread is left
behind and another takes over, so that the next call does not wait behind it; a few of these at
most, because each may hold a model's memory.
"""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Final

from steersman.advisor.base import Advisor
from steersman.advisor.priority import step_back
from steersman.domain.advice import Answer, NoAdvice, Question

__all__ = ["HANGING_MAX", "Background", "Call"]

HANGING_MAX: Final = 8


@dataclass(slots=True)
class Call:
    """One question on its way; `took_ns` is the wall time from question to answer."""

    question: Question
    answer: Future[Answer] = field(default_factory=Future)
    asked_s: float = field(default_factory=time.monotonic)
    took_ns: int = 0


class Background:
    """Put questions to an advisor without waiting, and wait for an answer within the timeout."""

    def __init__(self, advisor: Advisor, timeout_s: float) -> None:
        self._advisor = advisor
        self._timeout_s = timeout_s
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._hanging: list[Call] = []
        self._begin()

    def call(self, question: Question) -> Call:
        """Put a question; too many calls that still hang answer it as unavailable."""
        call = Call(question)
        self._hanging = [given_up for given_up in self._hanging if not given_up.answer.done()]
        if len(self._hanging) < HANGING_MAX:
            self._calls.put(call)
        else:
            call.answer.set_result(Answer(NoAdvice("unavailable", f"{HANGING_MAX} calls hang")))
        return call

    def wait(self, call: Call) -> Answer | None:
        """Return the answer, or None where there is none within the timeout since it was asked."""
        left_s = self._timeout_s - (time.monotonic() - call.asked_s)
        try:
            return call.answer.result(timeout=max(0.0, left_s))
        except FutureTimeout:
            if not call.answer.cancel():  # it has been begun
                self._hanging.append(call)
                self._take_over()
            return None

    def close(self) -> None:
        """Let the thread end by itself, once it has nothing to answer."""
        self._calls.put(None)

    def _begin(self) -> None:
        # A daemon: a model that hangs must not keep the process from ending.
        calls = self._calls
        threading.Thread(target=self._work, args=(calls,), name="advisor", daemon=True).start()

    def _take_over(self) -> None:
        """Leave the thread that hangs behind, and do with another what it would have done next."""
        left, self._calls = self._calls, queue.SimpleQueue()
        while True:
            try:
                self._calls.put(left.get_nowait())
            except queue.Empty:
                break
        left.put(None)
        self._begin()

    def _work(self, calls: queue.SimpleQueue[Call | None]) -> None:
        step_back()
        while (call := calls.get()) is not None:
            if not call.answer.set_running_or_notify_cancel():
                continue
            try:
                answer = self._advisor.advise(call.question)
            except Exception as error:  # noqa: BLE001 - the one place that outlives a failing model
                why = f"{type(error).__name__}: {error}"[:200]
                answer = Answer(NoAdvice("unavailable", why))
            call.took_ns = int((time.monotonic() - call.asked_s) * 1e9)
            call.answer.set_result(answer)
