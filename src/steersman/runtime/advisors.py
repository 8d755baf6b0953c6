"""Build the advisor that was asked for by name, with the time it takes in simulated markets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from steersman.advisor import weights
from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Advisor
from steersman.errors import UsageError
from steersman.signals.lean import SignalRules

if TYPE_CHECKING:
    from steersman.advisor.embedded import NewsReader

__all__ = ["ADVISORS", "Built", "build_advisor", "check_name"]

ADVISORS: Final = ("none", "rules", "embedded")
LATENCY: Final = {"rules": (5.0, 0.2), "embedded": (250.0, 0.4)}


@dataclass(frozen=True, slots=True)
class Built:
    """An advisor, and its latency in market time: median in ms and deviation of its logarithm."""

    advisor: Advisor
    median_ms: float
    log_sd: float


def check_name(name: str) -> str:
    """Return a name that can be built, or raise UsageError naming those that can."""
    if name not in ADVISORS:
        raise UsageError(f"there is no advisor {name!r}", f"choose one of {', '.join(ADVISORS)}")
    return name


def build_advisor(name: str, signals: SignalRules, say: Callable[[str], None]) -> Built:
    """Return the advisor of a name; where it cannot be had, `say` why and return the rules."""
    rules = Built(RulesAdvisor(signals), *LATENCY["rules"])
    if name != "embedded":
        return rules
    if weights.find() is None:
        say(f"no model weights are installed: going on with rules ({weights.PULL})")
        return rules
    if find_spec("xllamacpp") is None:
        say("the model library xllamacpp is not installed: going on with rules")
        return rules
    # Imported where it is wanted: it takes longer than the rest of a run's preparation.
    from steersman.advisor.elicited import EmbeddedAdvisor

    return Built(EmbeddedAdvisor(_reader(), signals), *LATENCY["embedded"])


@lru_cache(maxsize=1)
def _reader() -> NewsReader:
    """Return this process's reader: what it says depends on the headline alone."""
    from steersman.advisor.embedded import NewsReader

    reader = NewsReader()
    reader.load()
    return reader
