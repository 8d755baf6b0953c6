"""What is refused says which value it was."""

from __future__ import annotations

import math

import pytest

from steersman.models.validity import (
    InfeasibleError,
    ManipulableError,
    ModelError,
    NotIdentifiedError,
    finite,
    not_negative,
    positive,
)


def test_every_refusal_is_a_value_error() -> None:
    for kind in (ModelError, InfeasibleError, ManipulableError, NotIdentifiedError):
        assert issubclass(kind, ValueError)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused_everywhere(value: float) -> None:
    for check in (finite, positive, not_negative):
        with pytest.raises(ModelError, match="depth must be finite"):
            check(depth=value)


def test_the_bounds() -> None:
    finite(a=-1.0, b=0.0)
    not_negative(a=0.0)
    positive(a=1e-300)
    with pytest.raises(ModelError, match="not negative, got -1"):
        not_negative(a=-1.0)
    with pytest.raises(ModelError, match="positive, got 0"):
        positive(a=0.0)
