"""Build the advisor that was asked for by name, with the time it takes in simulated markets.

`llm:NAME` is the language model of the table `[advisors.NAME]`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from steersman.advisor import weights
from steersman.advisor.budget import Budget
from steersman.advisor.keys import find_key
from steersman.advisor.providers import ADVISOR_NAME, AdvisorConfig
from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Advisor
from steersman.config import Settings
from steersman.domain.units import MS_NS
from steersman.errors import ConfigError, UsageError
from steersman.runtime.texts import parse_spread
from steersman.signals.lean import SignalRules

if TYPE_CHECKING:
    from steersman.advisor.embedded import NewsReader

__all__ = ["ADVISORS", "LLM", "Built", "build_advisor", "check_name"]

ADVISORS: Final = ("none", "rules", "embedded")
CONTROLS: Final = (
    "neutral",
    "random",
    "shuffled",
    "keyword",
    "oracle:P",
    "scripted:FILE",
    "recorded:JOURNAL",
)  # built in `runtime.answering`
LLM: Final = "llm:"
INSTALL: Final = "install steersman[llm], in its source tree with `make llm`"
LATENCY: Final = {"rules": (5.0, 0.2), "embedded": (250.0, 0.4)}


@dataclass(frozen=True, slots=True)
class Built:
    """An advisor, and its latency in market time: median in ms and deviation of its logarithm."""

    advisor: Advisor
    median_ms: float
    log_sd: float


def check_name(name: str) -> str:
    """Return a name that can be built, or raise UsageError naming those that can."""
    if name in ADVISORS:
        return name
    if name.startswith(LLM) and ADVISOR_NAME.fullmatch(name.removeprefix(LLM)):
        return name
    known = ", ".join((*ADVISORS, f"{LLM}NAME", *CONTROLS))
    raise UsageError(f"there is no advisor {name[:60]!r}", f"choose one of {known}")


def build_advisor(name: str, settings: Settings, say: Callable[[str], None]) -> Built:
    """Return the advisor of a name; where it cannot be had, `say` why and return the rules.

    `settings` hold the rules' thresholds, the tables of language models, and how long one may take
    to answer. Raises UsageError for a language model without a table, ConfigError for one
    that is wrong.
    """
    signals = settings.signals()
    rules = Built(RulesAdvisor(signals), *LATENCY["rules"])
    if name.startswith(LLM):
        return _llm(name.removeprefix(LLM), settings, say) or rules
    if name == "embedded":
        return _embedded(signals, say) or rules
    return rules


def _embedded(signals: SignalRules, say: Callable[[str], None]) -> Built | None:
    if weights.find() is None:
        say(f"no model weights are installed: going on with rules ({weights.PULL})")
        return None
    if find_spec("xllamacpp") is None:
        say("the model library xllamacpp is not installed: going on with rules")
        return None
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


def _llm(name: str, settings: Settings, say: Callable[[str], None]) -> Built | None:
    known = settings.advisors()
    if name not in known:
        there = ", ".join(f"{LLM}{other}" for other in known) or "none"
        raise UsageError(
            f"there is no language model {name!r}",
            f"write a table [advisors.{name}] (docs/advisors.md); those that exist: {there}",
        )
    config = settings.advisor(name)
    median_ms, log_sd = _latency(name, config)
    timeout_s = float(settings.limits(max_position=Decimal(1)).llm_timeout_s)
    try:
        key = find_key(config, os.environ)
    except ConfigError as error:
        say(f"{LLM}{name}: {error.message}: going on with rules ({error.remedy})")
        return None
    try:
        from steersman.advisor.client import LlmAdvisor

        advisor = LlmAdvisor(name, config, key, Budget(name, config), timeout_s)
    except ImportError:
        say(f"what language models need is not installed: going on with rules ({INSTALL})")
        return None
    return Built(advisor, median_ms, log_sd)


def _latency(name: str, config: AdvisorConfig) -> tuple[float, float]:
    try:
        ns, log_sd = parse_spread(config.latency)
    except UsageError as error:
        raise ConfigError(f"[advisors.{name}] {error.message}", error.remedy) from None
    return ns / MS_NS, log_sd
