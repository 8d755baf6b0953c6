"""The arms of a study: ways to work one and the same order, by name.

    immediate      everything at once: one child of the whole order, taken down to the price collar
    twap           equal slices, each taken at once
    twap-passive   equal slices, each posted at the touch, and what is left of it taken
    vwap pov is ow the other schedules, posted and then taken
    ADVISOR        twap-passive, steered by an advisor: rules, embedded, llm:NAME, or a control:
                   neutral, random, shuffled, keyword, oracle:P

Every arm works under the limits that are configured, but for `immediate`: it is a baseline and not
a way to trade, and its size and its share of volume are not limited. `NAME#2` is the advised arm
once more with other random numbers of its own, in the same markets: two such arms show what chance
alone does.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from steersman.advisor.rules import RulesAdvisor
from steersman.config import Settings
from steersman.domain.order import AlgoName, Style
from steersman.errors import UsageError, WeightsError
from steersman.runtime.advisors import ADVISORS
from steersman.runtime.answering import (
    PLAIN_CONTROLS,
    RECORDED,
    Setting,
    answers_for,
    check_advisors,
)

__all__ = [
    "ARM_NAMES",
    "NEVER_MIND",
    "STEERED",
    "StudyArm",
    "expect_advisors",
    "parse_arms",
    "settings_of",
]

ANY_SIZE: Final = Decimal(10) ** 12
NEVER_MIND: Final = "none"
STEERED: Final = AlgoName.TWAP  # the schedule that advised arms steer


@dataclass(frozen=True, slots=True)
class StudyArm:
    """How one arm works an order: algorithm, advisor, and what it sets apart from the settings.

    `chance` numbers the random numbers of its own, 0 those of a plain run. `whole` is one slice and
    one child for all of the order.
    """

    name: str
    algo: AlgoName
    advisor: str = NEVER_MIND
    chance: int = 0
    whole: bool = False
    execution: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> AlgoName:
        """The schedule it follows: the one that is steered, or the arm's own."""
        return STEERED if self.algo is AlgoName.ADAPTIVE else self.algo


SCHEDULES: Final = (
    StudyArm("immediate", AlgoName.TWAP, whole=True, execution={"style": Style.CROSS}),
    StudyArm("twap", AlgoName.TWAP, execution={"style": Style.CROSS}),
    StudyArm("twap-passive", AlgoName.TWAP),
    StudyArm("vwap", AlgoName.VWAP),
    StudyArm("pov", AlgoName.POV),
    StudyArm("is", AlgoName.IS),
    StudyArm("ow", AlgoName.OW),
)
ARM_NAMES: Final = (
    *(arm.name for arm in SCHEDULES),
    *(name for name in ADVISORS if name != NEVER_MIND),
    *PLAIN_CONTROLS,
)
ORACLE: Final = "oracle:"
OF_ONE_RUN: Final = ("scripted:", RECORDED)


def parse_arms(text: str) -> tuple[StudyArm, ...]:
    """Return the arms named in a list with commas; raise UsageError for a name that is not one."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise UsageError("no arms were named", f"choose of {', '.join(ARM_NAMES)}")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"the arm {twice} was named twice", "name each once, or NAME#2")
    return tuple(_arm(name) for name in names)


def _arm(text: str) -> StudyArm:
    name, _, number = text.partition("#")
    for arm in SCHEDULES:
        if arm.name == name:
            if number:
                raise UsageError(
                    f"{name} has no random numbers of its own", f"name it once, as {name}"
                )
            return arm
    if number and not (number.isascii() and number.isdigit() and 2 <= int(number) <= 99):
        raise UsageError(f"{text!r} is not an arm", f"number it from 2 to 99, such as {name}#2")
    if name.startswith(OF_ONE_RUN):
        raise UsageError(
            f"{name[:60]!r} holds the answers of one run and is no arm of a study",
            "leave it out, or give it to `steersman run --advisor`",
        )
    try:
        check_advisors(name)
    except UsageError:
        if name.startswith(ORACLE):
            raise  # it says what is wrong with the share
        raise _unknown(name) from None
    if name == NEVER_MIND:
        raise _unknown(name)
    return StudyArm(text, AlgoName.ADAPTIVE, name, int(number) - 1 if number else 0)


def _unknown(name: str) -> UsageError:
    close = difflib.get_close_matches(name, ARM_NAMES, n=1)
    known = ", ".join((*ARM_NAMES, "oracle:P", "llm:NAME"))
    remedy = f"did you mean {close[0]}?" if close else f"choose of {known}"
    return UsageError(f"there is no arm {name[:60]!r}", remedy)


def settings_of(arm: StudyArm, settings: Settings, horizon_s: int) -> Settings:
    """Return the settings an arm works under: those given, and what it sets apart from them."""
    execution, limits = dict(arm.execution), {}
    if arm.whole:
        collar_bps = settings.limits(max_position=Decimal(1)).max_price_deviation_bps
        execution |= {"slice_s": horizon_s, "cross_bps": collar_bps, "max_participation": 1}
        limits = {"max_participation": 1, "max_order_size": ANY_SIZE}
    tables = settings.tables
    return Settings(
        {
            **tables,
            "execution": {**tables.get("execution", {}), **execution},
            "limits": {**tables.get("limits", {}), **limits},
        }
    )


def expect_advisors(
    arms: Sequence[StudyArm], settings: Settings, *, generated: bool
) -> dict[str, str]:
    """Return who answers in each advised arm; raise WeightsError where a model is not there.

    An order may go on with rules where the model is missing; a study that did so would print the
    rules' result under the model's name. Raises UsageError for an oracle where the market is not
    `generated` and for a language model without a table, ConfigError for one that is wrong.
    """
    answering: dict[str, str] = {}
    limits = settings.limits(max_position=Decimal(1))
    for name in dict.fromkeys(arm.advisor for arm in arms if arm.advisor != NEVER_MIND):
        if name.startswith(ORACLE):
            if not generated:
                raise UsageError(
                    f"nobody knows the future of a recorded market: no arm {name}",
                    "leave it out, or use --market generated",
                )
            answering[name] = name  # it can be built in a market only
            continue
        said: list[str] = []
        answers = answers_for(name, None, Setting(0, limits, settings, None, said.append))
        answers.close()
        if said and RulesAdvisor.name in answers.name:
            raise WeightsError(f"the arm {name} has no model: {said[0]}", "leave the arm out")
        answering[name] = answers.name
    return answering
