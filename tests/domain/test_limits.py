"""Every limit has a value and a range; nothing is unlimited and nothing is NaN."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from steersman.domain.limits import ExecutionConfig, SafetyLimits

SHARES = {"max_participation", "urgency", "envelope"}
EXECUTION_NUMBERS = [
    name
    for name in ExecutionConfig.__struct_fields__
    if name not in {*SHARES, "llm_adaptation_enabled", "use_dark_pools", "style"}
]
SAFETY_NUMBERS = [name for name in SafetyLimits.__struct_fields__ if name not in SHARES]
NOT_NUMBERS = ["NaN", "Infinity", "-Infinity"]


def execution(**changes: Any) -> ExecutionConfig:
    return ExecutionConfig(**changes)


def limits(**changes: Any) -> SafetyLimits:
    return SafetyLimits(**{"max_position": Decimal(5), **changes})


@pytest.mark.parametrize("bad", [Decimal(0), Decimal(-1), *map(Decimal, NOT_NUMBERS)])
@pytest.mark.parametrize("name", EXECUTION_NUMBERS)
def test_how_to_work_is_told_in_positive_numbers(name: str, bad: Decimal) -> None:
    with pytest.raises(ValueError, match=rf"{name} must be (positive|a finite number)"):
        execution(**{name: bad})


@pytest.mark.parametrize("bad", [Decimal(0), Decimal(-1), *map(Decimal, NOT_NUMBERS)])
@pytest.mark.parametrize("name", SAFETY_NUMBERS)
def test_no_limit_can_be_switched_off(name: str, bad: Decimal) -> None:
    with pytest.raises(ValueError, match=rf"{name} must be (positive|a finite number)"):
        limits(**{name: bad})


@pytest.mark.parametrize("name", SAFETY_NUMBERS)
def test_no_limit_can_be_passed_as_missing(name: str) -> None:
    document = {**msgspec.to_builtins(limits()), name: None}
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert(document, SafetyLimits, strict=False)


@pytest.mark.parametrize("bad", ["0", "-0.1", "1.0001", *NOT_NUMBERS])
def test_participation_is_a_share_above_nothing(bad: str) -> None:
    for build in (execution, limits):
        with pytest.raises(ValueError, match="max_participation must"):
            build(max_participation=Decimal(bad))
    assert limits(max_participation=Decimal(1)).max_participation == 1


@pytest.mark.parametrize(("name", "low", "high"), [("urgency", "0", "1"), ("envelope", "0", "0.5")])
def test_urgency_and_envelope_reach_their_ends_and_no_further(
    name: str, low: str, high: str
) -> None:
    for edge in (low, high):
        assert getattr(execution(**{name: Decimal(edge)}), name) == Decimal(edge)
    for beyond in (Decimal(low) - Decimal("0.001"), Decimal(high) + Decimal("0.001")):
        with pytest.raises(ValueError, match=f"{name} must lie between {low} and {high}"):
            execution(**{name: beyond})
    for bad in NOT_NUMBERS:
        with pytest.raises(ValueError, match=f"{name} must be a finite number"):
            execution(**{name: Decimal(bad)})


def test_a_signalling_nan_is_named_like_the_others() -> None:
    with pytest.raises(ValueError, match="max_order_size must be a finite number"):
        limits(max_order_size=Decimal("sNaN"))


def test_the_position_limit_has_no_default() -> None:
    with pytest.raises(TypeError, match="max_position"):
        SafetyLimits()  # type: ignore[call-arg]


def test_a_misspelt_limit_is_an_error_not_a_default() -> None:
    with pytest.raises(msgspec.ValidationError, match="max_ordr_size"):
        msgspec.convert({"max_position": 1, "max_ordr_size": 2}, SafetyLimits, strict=False)
    with pytest.raises(msgspec.ValidationError, match="urgncy"):
        msgspec.convert({"urgncy": 1}, ExecutionConfig, strict=False)


def test_limits_are_frozen() -> None:
    with pytest.raises(AttributeError):
        limits().max_order_size = Decimal(10**9)  # type: ignore[misc]
