"""Tolerances in words, and how close a figure is by them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from steersman.runtime.vectors.tolerance import Closeness, leaves, parse_tolerance

REL = Closeness("rel", 1e-6)


@pytest.mark.parametrize(
    ("text", "figure", "expected"),
    [
        (None, "anything", "rel 1e-06"),
        ("rel 2e-3", "x", "rel 0.002"),
        ("rel 2E-3", "x", "rel 0.002"),
        ("abs 0.06", "E", "abs 0.06"),
        ("abs 6e-5 (E,V), 6e-3 (half-life)", "E_millions", "abs 6e-05"),
        ("abs 6e-5 (E, V), 6e-3 (half-life)", "V_1e12", "abs 6e-05"),
        ("abs 6e-5 (E,V), 6e-3 (half-life)", "half_life_days", "abs 0.006"),
        ("paper-rounded exact; unrounded rel 1e-9", "paper_table3", "exact"),
        ("paper-rounded exact; unrounded rel 1e-9", "unrounded_I_bp", "rel 1e-09"),
        ("rel 1e-6; kappa abs 1e-3", "kappa_tilde", "abs 0.001"),
        ("rel 1e-6; kappa abs 1e-3", "cost", "rel 1e-06"),
    ],
)
def test_which_tolerance_holds(text: str | None, figure: str, expected: str) -> None:
    assert str(parse_tolerance(text).of(figure)) == expected


def test_a_figure_without_tolerance_has_none() -> None:
    assert parse_tolerance("abs 6e-5 (E,V)").of("kappa") is None


@pytest.mark.parametrize(
    "text", ["", "close", "rel", "rel 1e-6, about", "exact 3", "1e-6", "so\nso", "abs 1e400"]
)
def test_words_that_say_nothing_are_refused(text: str) -> None:
    if text:
        with pytest.raises(ValueError, match="cannot be read"):
            parse_tolerance(text)
    else:
        assert str(parse_tolerance(text).of("x")) == "rel 1e-06"


def verdicts(expected: Any, got: Any, closeness: Closeness = REL) -> list[tuple[str, bool]]:
    return [(leaf.path, leaf.passed) for leaf in leaves("f", expected, got, closeness)]


@pytest.mark.parametrize(
    ("expected", "got", "passed"),
    [
        (1.0, 1.0000009, True),
        (1.0, 1.0000011, False),
        (-2.0, -2.0, True),
        (3, 3.0, True),
        (0.0, 1e-13, True),
        (0.0, 1e-9, False),
        (1.0, math.nan, False),
        (1.0, None, False),
        (1.0, True, False),
        (True, True, True),
        (True, 1, False),
        (None, None, True),
        (None, 0.0, False),
        ("must  be Linear", "must be linear", True),
        ("delta==1", "delta==2", False),
        ("1", 1, False),
    ],
)
def test_one_figure(expected: Any, got: Any, passed: bool) -> None:
    assert verdicts(expected, got) == [("f", passed)]


def test_lists_and_objects_are_compared_number_by_number() -> None:
    assert verdicts([1e6, 0.0], (1e6, 1e-7)) == [("f[0]", True), ("f[1]", True)]
    assert verdicts([1.0, 2.0], [1.0]) == [("f", False)]
    assert verdicts([1.0], 1.0) == [("f", False)]
    assert verdicts({"a": 1.0, "b": [2.0]}, {"a": 1.0, "b": [3.0], "c": 9}) == [
        ("f.a", True),
        ("f.b[0]", False),
    ]
    assert verdicts({"a": 1.0}, {}) == [("f.a", False)]


def test_the_error_is_in_the_tolerances_measure() -> None:
    (relative,) = leaves("f", 200.0, 201.0, REL)
    (absolute,) = leaves("f", 200.0, 201.0, Closeness("abs", 0.5))
    (exact,) = leaves("f", 22, 22.0, Closeness("exact", 0.0))
    assert relative.error == pytest.approx(0.005)
    assert absolute.error == 1.0 and not absolute.passed
    assert exact.passed
