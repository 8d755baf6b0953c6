"""What a model refuses: parameters without sense, and the errors that say so.

Every error of a model is a ValueError, so that a caller need not know the tree to catch one.

    ValueError
    └── ModelError              the parameters describe nothing that could be
        ├── InfeasibleError     no trajectory keeps all the limits
        ├── ManipulableError    a round trip would earn money from its own impact
        └── NotIdentifiedError  the data do not say what the parameter is
"""

from __future__ import annotations

import math

__all__ = [
    "InfeasibleError",
    "ManipulableError",
    "ModelError",
    "NotIdentifiedError",
    "finite",
    "not_negative",
    "positive",
]


class ModelError(ValueError):
    """The parameters describe nothing that could be."""


class InfeasibleError(ModelError):
    """No trajectory keeps all the limits."""


class ManipulableError(ModelError):
    """A round trip would earn money from its own impact."""


class NotIdentifiedError(ModelError):
    """The data do not say what the parameter is."""


def positive(**values: float) -> None:
    """Refuse values that are not finite and above zero."""
    for name, value in values.items():
        if not math.isfinite(value) or value <= 0:
            raise ModelError(f"{name} must be finite and positive, got {value}")


def not_negative(**values: float) -> None:
    """Refuse values that are not finite or below zero."""
    for name, value in values.items():
        if not math.isfinite(value) or value < 0:
            raise ModelError(f"{name} must be finite and not negative, got {value}")


def finite(**values: float) -> None:
    """Refuse values that are not finite."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise ModelError(f"{name} must be finite, got {value}")
