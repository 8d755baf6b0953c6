"""What an order is expected to cost, times what advice makes of it, and how sure that is (F9).

The base is the law that calibration fits to own orders (`calibration`): half spread + Y sigma
(Q / V)^0.5, sigma and V of a day. Advice multiplies it, within 0.5 and 2.0. The interval is for the
cost that will be realised, the only thing an estimate can be held against: its variance is the sum
of

* (Y's error x sigma sqrt(Q / V))^2, times the adjustment's square where that is above 1;
* half of what the adjustment changes, squared: advice is an opinion, and a large one less sure;
* sigma^2 T / 3: what the price does by itself while an order is traded evenly (R. Almgren, C. Thum,
  E. Hauptmann, H. Li, "Direct estimation of equity market impact", 2005).

Most of the time the last is by far the largest, and the interval says so. Sigma is itself
estimated, from few samples at first: the interval is Student's. Squared moves of kurtosis 7 vary
three times as much as normal ones, so three samples count as one degree of freedom.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from steersman.domain.impact import CostLaw, ImpactEstimate
from steersman.models.calibration import PRIOR_Y
from steersman.models.impact import power_law_bps
from steersman.models.parameters import ImpactParameters, Verdict
from steersman.models.regression import student_quantile
from steersman.models.validity import ModelError, not_negative, positive

__all__ = [
    "ADJUSTMENT_MAX",
    "ADJUSTMENT_MIN",
    "DAY_S",
    "PRIOR_LAW",
    "Conditions",
    "adjustment",
    "advised_conditions",
    "estimate_impact",
    "law_bps",
    "law_of",
]

DAY_S: Final = 86_400.0
EXPONENT: Final = 0.5
ADJUSTMENT_MIN: Final = 0.5
ADJUSTMENT_MAX: Final = 2.0
OPINION: Final = 0.5  # the deviation of what an adjustment changes, as a share of it
CONFIDENCE: Final = 0.95
SAMPLES_A_DEGREE: Final = 3.0

PRIOR_LAW: Final = CostLaw(*PRIOR_Y, calibrated=False, source="prior")


class Conditions(msgspec.Struct, frozen=True):
    """What is believed of the market while an order works, and from where (`source`).

    `sigma_day_bps` is the volatility of a day, `volume_per_s` what others trade (base units), `y`
    and `y_error` the law's factor and its deviation, `samples` what the volatility rests on.
    """

    sigma_day_bps: float
    volume_per_s: float
    y: float
    y_error: float
    source: str
    samples: float = math.inf

    def __post_init__(self) -> None:
        not_negative(sigma_day_bps=self.sigma_day_bps)
        positive(volume_per_s=self.volume_per_s, y_error=self.y_error)
        if not self.samples >= 1:
            raise ModelError(f"samples must be at least 1, got {self.samples}")


def law_of(parameters: ImpactParameters) -> CostLaw:
    """Return the law that a parameter file tells; what it does not tell is the prior's."""
    y, error = parameters.y_or_prior()
    told = parameters.y is not None and parameters.y.verdict is not Verdict.REFUSED
    volatility = parameters.volatility_day_bps
    source = ", ".join(parameters.sources)
    sigma = None if volatility is None else volatility.value
    return CostLaw(y, error, told, source if told else PRIOR_LAW.source, sigma)


def law_bps(quantity: float, conditions: Conditions) -> float:
    """Return Y sigma sqrt(Q / V): what an order of a quantity (base units) pays beside the spread.

    Negative where Y is.
    """
    unit = _unit_bps(quantity, conditions)
    return conditions.y * unit


def adjustment(impact_pct: int | None) -> float:
    """Return the factor that advice in percent stands for, 1 where it abstains."""
    factor = 1.0 if impact_pct is None else impact_pct / 100
    return min(max(factor, ADJUSTMENT_MIN), ADJUSTMENT_MAX)


def advised_conditions(conditions: Conditions, impact_pct: int | None) -> Conditions:
    """Return conditions to plan for: the law's factor multiplied as advised."""
    return msgspec.structs.replace(conditions, y=conditions.y * adjustment(impact_pct))


def estimate_impact(
    quantity: float,
    horizon_s: float,
    half_spread_bps: float,
    conditions: Conditions,
    impact_pct: int | None = None,
    advised: str = "",
) -> ImpactEstimate:
    """Return what an order of a quantity (base units) over a horizon is expected to cost.

    `impact_pct` is the adjustment as advised (None: no advice), `advised` why, in the adviser's
    words.
    """
    not_negative(half_spread_bps=half_spread_bps)
    positive(quantity=quantity, horizon_s=horizon_s)
    unit = _unit_bps(quantity, conditions)
    base = half_spread_bps + conditions.y * unit
    factor = adjustment(impact_pct)
    law = conditions.y_error * unit * max(factor, 1.0)
    opinion = OPINION * abs(factor - 1.0) * abs(base)
    price = conditions.sigma_day_bps * math.sqrt(horizon_s / DAY_S / 3)
    estimated = base * factor
    degrees = max(conditions.samples / SAMPLES_A_DEGREE, 1.0)
    wide = student_quantile((1 + CONFIDENCE) / 2, degrees)
    half = wide * math.sqrt(law**2 + opinion**2 + price**2)
    day = quantity / (conditions.volume_per_s * DAY_S)
    reasoning = (
        f"half spread {half_spread_bps:.3g} + Y {conditions.y:.2g} ± {conditions.y_error:.2g} x "
        f"{conditions.sigma_day_bps:.3g} bps x sqrt({day:.3g} of a day's volume) = {base:.3g} bps; "
        f"deviation of Y {law:.2g}, of the adjustment {opinion:.2g}, of the price {price:.2g} bps"
    )
    return ImpactEstimate(
        base_impact_bps=base,
        adjustment=factor,
        estimated_impact_bps=estimated,
        confidence_low_bps=estimated - half,
        confidence_high_bps=estimated + half,
        reasoning=f"{reasoning}; advised: {advised}" if advised else reasoning,
        provenance={
            "base_impact_bps": conditions.source,
            "adjustment": "none" if impact_pct is None else "advice",
        },
    )


def _unit_bps(quantity: float, conditions: Conditions) -> float:
    """Return sigma sqrt(Q / V), what a Y of 1 costs."""
    day = quantity / (conditions.volume_per_s * DAY_S)
    return power_law_bps(day, conditions.sigma_day_bps, 1.0, EXPONENT)
