"""A parameter file says what is known and what is not, and is read back strictly."""

from __future__ import annotations

import math
from typing import Any

import pytest

from steersman.models.calibration import PRIOR_Y
from steersman.models.parameters import (
    ImpactParameters,
    Parameter,
    Verdict,
    decoded,
    encoded,
    refused,
)
from steersman.models.regression import Estimate
from steersman.models.validity import NotIdentifiedError

KNOWN = Parameter.identified(Estimate(2.0, 0.5, 100), "bps")


def parameters(**changes: Any) -> ImpactParameters:
    values: dict[str, Any] = {
        "instrument": "sim:BTCUSDT.linear",
        "sources": ("a.journal",),
        "first_ns": 1,
        "last_ns": 2,
        "y": Parameter.towards(Estimate(1.2, 0.4, 40), PRIOR_Y, "1"),
        "kyle_bps": refused("bps/base", 7, "7 observations"),
        "lags": (1, 5),
        "response_bps": (KNOWN, KNOWN),
        "propagator_bps": (KNOWN, refused("bps", 3, "too few")),
    }
    return ImpactParameters(**values | changes)


def test_it_is_read_as_it_was_written() -> None:
    assert decoded(encoded(parameters())) == parameters()


def test_each_is_named_with_its_verdict() -> None:
    found = dict(parameters().named())
    assert list(found) == [
        "y", "kyle_bps", "response_bps[1]", "response_bps[5]", "propagator_bps[1]",
        "propagator_bps[5]",
    ]  # fmt: skip
    assert found["y"].verdict is Verdict.SHRUNK and "weight 0.50" in found["y"].why
    assert found["y"].value == pytest.approx(1.0)
    assert found["kyle_bps"].value is None


def test_data_that_outweigh_the_prior_stand_alone() -> None:
    strong = Parameter.towards(Estimate(1.2, 0.05, 400), PRIOR_Y, "1")
    assert strong == Parameter.identified(Estimate(1.2, 0.05, 400), "1")


def test_without_y_the_prior_is_what_is_known() -> None:
    assert list(parameters().y_or_prior()) == pytest.approx([1.0, 0.4 / 2**0.5])
    assert parameters(y=None).y_or_prior() == PRIOR_Y
    assert parameters(y=refused("1", 3, "3 orders")).y_or_prior() == PRIOR_Y


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"kyle_bps"', '"kile_bps"', "kile_bps"),
        ('"schema": 1', '"schema": 2', "schema is 2, this version reads 1"),
        ('"steersman-parameters"', '"other"', "format"),
        ('"why": "7 observations"', '"why": ""', "has a reason and no value"),
        ('"standard_error": 0.5', '"standard_error": 0.0', "must be positive"),
        ('"standard_error": 0.5', '"standard_error": null', "value, error and interval"),
        ('"n": 100', '"n": -1', "sample"),
        ('"n": 100', '"n": "many"', "int"),
        ('"last_ns": 2,', "", "last_ns"),
    ],
)
def test_what_is_not_such_a_file_is_refused(old: str, new: str, words: str) -> None:
    text = encoded(parameters()).decode()
    assert old in text
    with pytest.raises(ValueError, match=words):
        decoded(text.replace(old, new, 1).encode())


@pytest.mark.parametrize("error", [0.0, math.nan, math.inf])
def test_an_estimate_without_an_error_is_none(error: float) -> None:
    with pytest.raises(NotIdentifiedError, match="is no estimate"):
        Parameter.identified(Estimate(2.0, error, 100), "bps")


def test_figures_and_verdict_must_agree() -> None:
    with pytest.raises(ValueError, match="one parameter a lag"):
        parameters(lags=(1,))
    with pytest.raises(ValueError, match="value, error and interval"):
        Parameter("1", Verdict.IDENTIFIED, 40, math.nan, 1.0, 0.0, 1.0)
