"""Inputs are what they have to be, or the case says which one is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from steersman.domain.units import Side
from steersman.runtime.vectors.inputs import (
    Case,
    CaseError,
    Inputs,
    flow_sample,
    orders_sample,
    times_of,
)


def test_what_can_be_read() -> None:
    inputs = Inputs(
        {"a": 1, "n": 5.0, "list": [1, 2.5], "text": "t", "pairs": [[1, 2]], "no": None}
    )
    assert (inputs.number("a"), inputs.count("n"), inputs.text("text")) == (1.0, 5, "t")
    assert inputs.numbers("list") == (1.0, 2.5) and inputs.numbers("a") == (1.0,)
    assert inputs.pair("list") == (1.0, 2.5) and inputs.pairs("pairs") == [(1.0, 2.0)]
    assert inputs.number("b", 7.0) == inputs.number("no", 7.0) == 7.0
    assert "no" not in inputs
    assert inputs.decimal("a") == Decimal(1)
    assert inputs.side() is Side.BUY and Inputs({"side": "sell"}).side() is Side.SELL


@pytest.mark.parametrize(
    ("method", "value", "words"),
    [
        ("number", None, "the inputs lack x"),
        ("number", "1", "x must be a number, got '1'"),
        ("number", True, "x must be a number"),
        ("number", [1], "x must be a number"),
        ("count", 2.5, "whole number from 1"),
        ("count", 0, "whole number"),
        ("count", 10**7, "whole number"),
        ("numbers", [1, None], r"x\[1\] must be a number"),
        ("pair", [1], "two numbers"),
        ("pairs", 3, "list of pairs"),
        ("pairs", [[1, 2, 3]], "two numbers"),
        ("text", 3, "must be a text"),
    ],
)
def test_what_cannot(method: str, value: Any, words: str) -> None:
    with pytest.raises(CaseError, match=words):
        getattr(Inputs({"x": value}), method)("x")


def test_a_side_that_is_none() -> None:
    with pytest.raises(CaseError, match="side must be buy or sell"):
        Inputs({"side": "up"}).side()


def test_which_figures_are_wanted() -> None:
    case = Case("n", Inputs({}), {"V20_quadratic": {"a": 1}, "V_x": 2})
    assert case.wanted(r"V(\d+)_quadratic") == {"V20_quadratic": ("20",)}
    assert case.keys_of("V20_quadratic") == ("a",)
    with pytest.raises(CaseError, match="must be an object"):
        case.keys_of("V_x")


def test_times() -> None:
    assert times_of(Inputs({"t": [0, 0.5, 2]}), "t") == (0.0, 0.5, 2.0)
    assert times_of(Inputs({"t": "linspace(0, 2, 5)"}), "t") == (0.0, 0.5, 1.0, 1.5, 2.0)
    for text in ("geomspace(1,2,3)", "linspace(0,1,0)", "linspace(0,1,9999999)"):
        with pytest.raises(CaseError):
            times_of(Inputs({"t": text}), "t")


def test_the_flow_is_drawn_as_described() -> None:
    text = "numpy default_rng(3): q=N(0,1)*50 (n=40), then e=N(0,1)*2e-1; dp=-0.5+1.5q+e"
    changes, volumes = flow_sample(Inputs({"generator": text}))
    draws = np.random.default_rng(3)
    expected = draws.normal(size=40) * 50
    assert volumes.tolist() == expected.tolist()
    assert np.allclose(changes, -0.5 + 1.5 * expected + draws.normal(size=40) * 0.2)
    falling = text.replace("+1.5q", "-1.5E0*q")
    opposite, same = flow_sample(Inputs({"generator": falling}))
    assert same.tolist() == volumes.tolist()
    assert np.allclose(changes - opposite, 3.0 * expected)
    given, _ = flow_sample(Inputs({"dp": [1, 2], "q": [3, 4]}))
    assert given.tolist() == [1.0, 2.0]


def test_the_orders_are_drawn_as_described() -> None:
    text = (
        "default_rng(9), n=30: part=exp(U(log1e-3,log.2)); sg=.01*exp(.5N); T=U(.1,2) days; "
        "cost=1.2*sg*sqrt(part)+sg*sqrt(T/3)*N"
    )
    cost, sigma, share, days = orders_sample(Inputs({"generator": text}))
    draws = np.random.default_rng(9)
    assert np.allclose(share, np.exp(draws.uniform(np.log(1e-3), np.log(0.2), 30)))
    assert np.allclose(sigma, 0.01 * np.exp(0.5 * draws.normal(size=30)))
    assert np.allclose(days, draws.uniform(0.1, 2, 30))
    noise = sigma * np.sqrt(days / 3) * draws.normal(size=30)
    assert np.allclose(cost, 1.2 * sigma * np.sqrt(share) + noise)
    columns = {name: [1.0] for name in ("cost", "sigma", "participation", "T_days")}
    assert [column.tolist() for column in orders_sample(Inputs(columns))] == [[1.0]] * 4


@pytest.mark.parametrize("sample", [flow_sample, orders_sample])
def test_another_generator_is_refused(sample: Any) -> None:
    with pytest.raises(CaseError, match="not one of this kind: 'dice'"):
        sample(Inputs({"generator": "dice"}))
