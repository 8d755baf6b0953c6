"""Priorities: whoever steps back does so alone, with the threads it starts."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from steersman.advisor.priority import NICE, made_in_the_back

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")


def nice() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_what_is_made_in_the_back_starts_threads_that_stay_there() -> None:
    before = nice()
    told: list[int] = []
    go = threading.Event()

    def tell() -> None:
        go.wait(10)
        told.append(nice())

    def make() -> threading.Thread:
        thread = threading.Thread(target=tell)
        thread.start()
        return thread

    thread = made_in_the_back(make)
    go.set()
    thread.join()
    assert told == [NICE]
    assert nice() == before, "we did not step back ourselves"


def test_a_failure_comes_through() -> None:
    with pytest.raises(ValueError, match="not a model"):
        made_in_the_back(fail)


def fail() -> int:
    raise ValueError("not a model")
