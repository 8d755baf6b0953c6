"""Arms by name: what each is, and that a name that is none is told from one that is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.advisor import weights
from steersman.config import Settings
from steersman.domain.order import AlgoName, Style
from steersman.errors import UsageError, WeightsError
from steersman.runtime.arms import ARM_NAMES, expect_advisors, parse_arms, settings_of
from steersman.signals.lean import DEFAULT_RULES


def test_every_name_is_an_arm() -> None:
    assert {"immediate", "twap", "twap-passive", "vwap", "pov", "is", "ow"} < set(ARM_NAMES)
    assert {"rules", "embedded"} < set(ARM_NAMES) and "none" not in ARM_NAMES
    assert tuple(arm.name for arm in parse_arms(",".join(ARM_NAMES))) == ARM_NAMES
    twap, pov, rules = parse_arms(" twap, pov,rules,")
    assert (twap.algo, pov.algo, rules.algo) == (AlgoName.TWAP, AlgoName.POV, AlgoName.ADAPTIVE)
    assert (twap.advisor, rules.advisor, rules.chance) == ("none", "rules", 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("twpa", "there is no arm 'twpa'; did you mean twap"),
        ("wizard", "choose of immediate, twap"),
        ("none", "there is no arm 'none'"),
        ("twap,twap", "named twice"),
        ("twap#2", "no random numbers of its own"),
        ("rules#1", "number it from 2"),
        ("rules#x", "number it from 2"),
        (" , ", "no arms"),
    ],
)
def test_what_is_no_arm_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_arms(text)


def test_an_advised_arm_once_more_has_other_random_numbers() -> None:
    first, second = parse_arms("rules,rules#2")
    assert (first.chance, second.chance) == (0, 1)
    assert (second.name, second.advisor) == ("rules#2", "rules")


def test_arms_set_apart_only_what_makes_them() -> None:
    given = Settings(
        {"execution": {"urgency": Decimal("0.7")}, "limits": {"max_orders_per_minute": 6}}
    )
    limits = given.limits(max_position=Decimal(1))
    for arm in parse_arms("twap-passive,vwap,rules"):
        assert settings_of(arm, given, 1800).execution() == given.execution()
        assert settings_of(arm, given, 1800).limits(max_position=Decimal(1)) == limits
    twap, everything = (settings_of(arm, given, 1800) for arm in parse_arms("twap,immediate"))
    assert twap.execution().style is Style.CROSS and twap.execution().urgency == Decimal("0.7")
    assert twap.limits(max_position=Decimal(1)) == limits
    execution, unlimited = everything.execution(), everything.limits(max_position=Decimal(1))
    assert (execution.style, execution.slice_s) == (Style.CROSS, 1800)
    assert execution.cross_bps == limits.max_price_deviation_bps
    assert execution.max_participation == unlimited.max_participation == 1
    assert unlimited.max_order_size > 10**9 and unlimited.max_orders_per_minute == 6
    assert unlimited.max_price_deviation_bps == limits.max_price_deviation_bps


def test_rules_never_answer_under_a_models_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert expect_advisors(parse_arms("twap,rules,rules#2"), DEFAULT_RULES) == {"rules": "rules-2"}
    monkeypatch.setattr(weights, "find", lambda: None)
    with pytest.raises(WeightsError, match="the arm embedded has no model"):
        expect_advisors(parse_arms("rules,embedded"), DEFAULT_RULES)
