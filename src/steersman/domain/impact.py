"""What is expected of an order's cost: the law with its parameters, and the estimate from it.

Both are only carried here; `models.impact_estimate` makes them.
"""

from __future__ import annotations

import math

import msgspec

__all__ = ["CostLaw", "ImpactEstimate"]


class CostLaw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cost an order pays, half spread + y sigma sqrt(Q / V), sigma and V of a day.

    `y_error` is the deviation of y, `calibrated` whether own orders had a say in it or a prior
    alone. `volatility_day_bps` is the volatility of a day as calibrated, None where it was not.
    `source` names where it is from. Raises ValueError for figures that make no sense.
    """

    y: float
    y_error: float
    calibrated: bool
    source: str
    volatility_day_bps: float | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.y):
            raise ValueError(f"y must be finite, got {self.y}")
        _positive("y_error", self.y_error)
        if self.volatility_day_bps is not None:
            _positive("volatility_day_bps", self.volatility_day_bps)


class ImpactEstimate(msgspec.Struct, frozen=True):
    """What a whole order is expected to cost against its arrival price, without fees (bps).

    `estimated_impact_bps` is the base (half spread and the law) times the adjustment that was
    advised, 0.5 to 2.0. The interval holds the cost that will be realised with 95 %: it allows for
    what is not known of y, for an adjustment that is large, and for the price moving by itself.
    `provenance` tells of each part where it is from.
    """

    base_impact_bps: float
    adjustment: float
    estimated_impact_bps: float
    confidence_low_bps: float
    confidence_high_bps: float
    reasoning: str
    provenance: dict[str, str]

    def holds(self, cost_bps: float) -> bool:
        """Tell whether a cost lies within the interval."""
        return self.confidence_low_bps <= cost_bps <= self.confidence_high_bps


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be finite and positive, got {value}")
