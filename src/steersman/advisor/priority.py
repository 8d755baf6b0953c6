"""Models step back: their threads run when nobody else wants the processor.

On two busy cores a model at work next to the engine has been measured to make the slowest hundredth
of engine steps 1.5 to 2 times slower, and with this not slower at all (bench/advisor_steps.py).
Priorities of threads are a matter of Linux; elsewhere nothing is done.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

__all__ = ["made_in_the_back", "step_back"]

NICE: Final = 19  # the lowest priority that still gets a share of a busy machine

T = TypeVar("T")


def step_back() -> None:
    """Give the calling thread, and those that it will start, the lowest priority."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def made_in_the_back(make: Callable[[], T]) -> T:
    """Return what `make` returns, made in a thread that stepped back: its threads have, too."""
    with ThreadPoolExecutor(1, initializer=step_back) as back:
        return back.submit(make).result()
