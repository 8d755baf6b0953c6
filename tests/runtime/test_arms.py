"""Arms by name: what each is, and that a name that is none is told from one that is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.advisor import weights
from steersman.config import Settings
from steersman.domain.order import AlgoName, Style
from steersman.errors import UsageError, WeightsError
from steersman.runtime.arms import ARM_NAMES, expect_advisors, parse_arms, settings_of

EMPTY = Settings({})


def test_every_name_is_an_arm() -> None:
    assert {"immediate", "twap", "twap-passive", "vwap", "pov", "is", "ow"} < set(ARM_NAMES)
    assert {"rules", "embedded", "neutral", "keyword"} < set(ARM_NAMES) and "none" not in ARM_NAMES
    assert tuple(arm.name for arm in parse_arms(",".join(ARM_NAMES))) == ARM_NAMES
    twap, pov, rules = parse_arms(" twap, pov,rules,")
    assert (twap.algo, pov.algo, rules.algo) == (AlgoName.TWAP, AlgoName.POV, AlgoName.ADAPTIVE)
    assert (twap.advisor, rules.advisor, rules.chance) == ("none", "rules", 0)
    oracle, model = parse_arms("oracle:0.6#3,llm:big")
    assert (oracle.advisor, oracle.chance, model.advisor) == ("oracle:0.6", 2, "llm:big")


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
        ("nuetral", "did you mean neutral"),
        ("oracle:2", "'oracle:2' is not an oracle; give the share"),
        ("oracle", "there is no arm 'oracle'; choose of .*, oracle:P, llm:NAME"),
        ("scripted:replies", "no arm of a study"),
        ("recorded:a.journal", "no arm of a study"),
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


def expected(text: str, settings: Settings = EMPTY, *, generated: bool = True) -> dict[str, str]:
    return expect_advisors(parse_arms(text), settings, generated=generated)


def test_rules_never_answer_under_a_models_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert expected("twap,rules,rules#2,neutral,keyword,oracle:0.7") == {
        "rules": "rules-2",
        "neutral": "neutral-1",
        "keyword": "keyword-1",
        "oracle:0.7": "oracle:0.7",
    }
    monkeypatch.setattr(weights, "find", lambda: None)
    for name in ("embedded", "random", "shuffled"):
        with pytest.raises(WeightsError, match=f"the arm {name} has no model: no model weights"):
            expected(f"rules,{name}")


def test_a_language_model_answers_or_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"provider": "vllm", "model": "m", "key_env": "PLANTED_KEY"}
    settings = Settings({"advisors.big": table})
    monkeypatch.delenv("PLANTED_KEY", raising=False)
    with pytest.raises(WeightsError, match=r"the arm llm:big has no model: .*PLANTED_KEY"):
        expected("llm:big", settings)
    with pytest.raises(UsageError, match="there is no language model 'big'"):
        expected("llm:big")


def test_no_oracle_where_there_is_no_future_to_ask() -> None:
    with pytest.raises(UsageError, match=r"no arm oracle:0\.7; leave it out"):
        expected("twap,oracle:0.7", generated=False)
