"""A parameter file says what is known and what is not, and is read back strictly."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from steersman.models.calibration import PRIOR_Y
from steersman.models.parameters import (
    ImpactParameters,
    Parameter,
    Verdict,
    VolumeCurves,
    decoded,
    encoded,
    refused,
)
from steersman.models.regression import Estimate
from steersman.models.validity import NotIdentifiedError

KNOWN = Parameter.identified(Estimate(2.0, 0.5, 100), "bps")


def curves(days: int, seed: int = 1) -> VolumeCurves:
    draws = np.random.default_rng(seed)
    return VolumeCurves.of(np.exp(draws.normal(size=(days, 48))), [d % 7 for d in range(days)])


def parameters(**changes: Any) -> ImpactParameters:
    values: dict[str, Any] = {
        "instrument": "sim:BTCUSDT.linear",
        "sources": ("a.journal",),
        "first_ns": 1,
        "last_ns": 2,
        "y": Parameter.towards(Estimate(1.2, 0.4, 40), PRIOR_Y, "1"),
        "kyle_bps": refused("bps/base", 7, "7 observations"),
        "volume_curves": curves(5),
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


@pytest.mark.parametrize(("value", "error"), [(-14.0, 1.1), (4.4, 0.091), (9.0, 1.5)])
def test_data_that_contradict_the_prior_are_no_estimate(value: float, error: float) -> None:
    with pytest.raises(NotIdentifiedError, match=r"deviations from 0.8 \+- 0.4.*one market"):
        Parameter.towards(Estimate(value, error, 30), PRIOR_Y, "1")
    far = Parameter.towards(Estimate(8.5, 1.5, 30), PRIOR_Y, "1")
    assert far.verdict is Verdict.SHRUNK, "4.96 deviations: unusual, and weighed"


@pytest.mark.parametrize("value", [-0.807, 0.0])
def test_a_law_by_which_trading_more_earns_is_refused(value: float) -> None:
    own = Parameter("1", Verdict.SHRUNK, 30, value, 0.38, value - 0.7, value + 0.7, "why")
    with pytest.raises(ValueError, match=r"y\.value is .*trading more would earn"):
        parameters(y=own)
    held = encoded(parameters(y=msgspec.structs.replace(own, value=0.25, high=0.95))).decode()
    with pytest.raises(ValueError, match=r"y\.value is .*trading more would earn"):
        decoded(held.replace('"value": 0.25,', f'"value": {value},', 1).encode())


@pytest.mark.parametrize(
    ("name", "largest"),
    [("y", 1e6), ("volatility_day_bps", 1e9), ("half_spread_bps", 1e9), ("volume_per_s", 1e15)],
)
def test_figures_that_orders_are_planned_with_are_possible(name: str, largest: float) -> None:
    for value in (-5.0, 0.0, largest * 1.01, 1e300):
        given = Parameter("1", Verdict.IDENTIFIED, 90, value, 1.0, value - 1, value + 1)
        with pytest.raises(
            ValueError, match=rf"^{name}\.value is .*, must be positive and at most"
        ):
            parameters(**{name: given})
        parameters(gamma=given, kyle_bps=given)  # may be any
    for value in (1e-30, largest):
        given = Parameter("1", Verdict.IDENTIFIED, 90, value, 1.0, value - 1, value + 1)
        assert decoded(encoded(parameters(**{name: given}))) == parameters(**{name: given})


@pytest.mark.parametrize("error", [1e-300, 9e-7, 1.1e6, 1e300])
def test_an_error_of_y_beside_which_nothing_can_be_learnt_is_refused(error: float) -> None:
    given = Parameter("1", Verdict.IDENTIFIED, 90, 0.7, error, 0.7 - error, 0.7 + error)
    with pytest.raises(ValueError, match=r"^y\.standard_error is .*, must be from 1e-06 to 1e\+06"):
        parameters(y=given)


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
        ('"value": 2.0', '"value": 9.0', "9 is outside its interval, 1.00789 to 2.99211"),
        ('"low": 1.0', '"low": 2.0', "2 is outside its interval, 2.00"),
        ('"n": 100', '"n": -1', "sample"),
        ('"n": 100', '"n": "many"', "int"),
        ('"last_ns": 2,', "", "last_ns"),
        ('"weights"', '"wights"', "wights"),
        ('"shape_spread": ', '"shape_spread": -', "shape_spread"),
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
    with pytest.raises(NotIdentifiedError, match="is no estimate"):
        Parameter.towards(Estimate(2.0, error, 100), PRIOR_Y, "1")


def test_volume_curves_are_told_for_each_weekday_or_refused() -> None:
    found = curves(7)
    assert (found.verdict, found.n, len(found.weekdays)) == (Verdict.IDENTIFIED, 7, 7)
    assert found.every_day is not None
    monday, tuesday = found.weekdays[:2]
    assert monday.weights != tuesday.weights and monday.days == 7
    assert decoded(encoded(parameters(volume_curves=found))).volume_curves == found
    short = curves(4)
    assert (short.verdict, short.n, short.weekdays) == (Verdict.REFUSED, 4, ())
    assert short.why == "too short: 4 whole days, at least 5 are needed"
    assert short.curve_from(0) == ()
    silent = VolumeCurves.of(np.zeros((6, 48)), range(6))
    assert silent.verdict is Verdict.REFUSED and "without volume" in silent.why


def test_a_curve_is_that_of_the_day_and_after_midnight_of_the_next() -> None:
    found = curves(7)
    thursday = found.weekdays[3].weights
    assert found.curve_from(0) == thursday, "1970 began on one, at midnight"
    late = found.curve_from(22 * 3_600 * 10**9 + 1)
    friday, louder = found.weekdays[4], found.weekdays[4].day_volume / found.weekdays[3].day_volume
    assert louder != 1.0
    assert late[44:] == thursday[44:]
    assert late[:44] == tuple(louder * weight for weight in friday.weights[:44])
    noon_ns = 3 * 86_400 * 10**9 + 12 * 3_600 * 10**9
    sunday, day = found.curve_from(noon_ns), found.day_volume(noon_ns)
    assert sunday[24:] == found.weekdays[6].weights[24:]
    assert day is not None  # half of a Sunday and half of a Monday, each at its own volume
    halves = sum(found.weekdays[6].weights[24:]) * found.weekdays[6].day_volume
    halves += sum(found.weekdays[0].weights[:24]) * found.weekdays[0].day_volume
    assert day.mean == pytest.approx(halves / 48)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weekdays": ()}, "all days and 7"),
        ({"every_day": None}, "all days and 7"),
        ({"verdict": Verdict.REFUSED, "why": "short"}, "reason and no value"),
        ({"verdict": Verdict.REFUSED, "every_day": None, "weekdays": ()}, "has a reason"),
        ({"n": -1}, "sample"),
    ],
)
def test_volume_curves_and_verdict_must_agree(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        msgspec.structs.replace(curves(5), **change)


def test_figures_and_verdict_must_agree() -> None:
    with pytest.raises(ValueError, match="one parameter a lag"):
        parameters(lags=(1,))
    with pytest.raises(ValueError, match="value, error and interval"):
        Parameter("1", Verdict.IDENTIFIED, 40, math.nan, 1.0, 0.0, 1.0)


def test_a_usual_day_is_that_of_the_weekday() -> None:
    found = curves(7)
    assert found.every_day is not None
    for day, profile in enumerate(found.weekdays):
        at_ns = (4 + day) * 86_400 * 10**9  # 5 January 1970 was a Monday
        told = found.day_volume(at_ns)
        assert told is not None and told.mean == profile.day_volume
        assert (told.spread, told.half_hour_spread) == (profile.level_spread, profile.shape_spread)
    assert len({profile.day_volume for profile in found.weekdays}) == 7
    assert curves(4).day_volume(0) is None
