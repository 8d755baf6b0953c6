"""What calibration says of one instrument, in a form that is saved and read again strictly.

Each parameter carries its error, its interval, its sample and a verdict: `identified` (the data
alone), `shrunk` (pulled towards a prior, since the data say little), or `refused` with its reason
and without a value: who reads it has to decide what to do, and no zero is passed off as knowledge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from steersman.domain.volume import DayVolume
from steersman.models.calibration import PRIOR_Y, shrink
from steersman.models.regression import Estimate
from steersman.models.validity import NotIdentifiedError
from steersman.models.volume import BUCKET_NS, BUCKETS, WEEK, weekday
from steersman.models.volume_profile import VolumeProfile, fit_profile

__all__ = [
    "SCHEMA",
    "ImpactParameters",
    "Parameter",
    "Verdict",
    "VolumeCurves",
    "decoded",
    "encoded",
    "refused",
]

SCHEMA: Final = 1
FORMAT: Final = "steersman-parameters"
WEIGHT_ENOUGH: Final = 0.9  # of the data: a prior that changes less than this is left out
# What orders are planned with must be positive and at most this, or it is of no market.
LARGEST: Final = {
    "y": 1e6,
    "volatility_day_bps": 1e9,
    "half_spread_bps": 1e9,
    "volume_per_s": 1e15,  # some coins trade by the billion
}
ERROR_OF_Y: Final = (1e-6, 1e6)  # outside, its square would vanish beside what an order adds
CONTRADICT: Final = 5.0  # deviations between data and prior: one of them is not what it says


class Verdict(StrEnum):
    """What the data say about a parameter."""

    IDENTIFIED = "identified"
    SHRUNK = "shrunk"
    REFUSED = "refused"


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value with standard error, 95 % interval and sample; None where it is refused.

    Raises ValueError where verdict and figures disagree.
    """

    unit: str
    verdict: Verdict
    n: int
    value: float | None = None
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""

    def __post_init__(self) -> None:
        figures = (self.value, self.standard_error, self.low, self.high)
        if self.verdict is Verdict.REFUSED:
            if any(figure is not None for figure in figures) or not self.why:
                raise ValueError("what is refused has a reason and no value")
        elif any(figure is None or not math.isfinite(figure) for figure in figures):
            raise ValueError(f"what is {self.verdict} has value, error and interval")
        elif not (self.standard_error or 0.0) > 0.0:
            raise ValueError("a standard error must be positive")
        elif not (self.low or 0.0) <= (self.value or 0.0) <= (self.high or 0.0):
            raise ValueError(
                f"{self.value:g} is outside its interval, {self.low:g} to {self.high:g}"
            )
        if self.n < 0:
            raise ValueError("a sample must not be negative")

    @classmethod
    def identified(cls, estimate: Estimate, unit: str) -> Parameter:
        """Return an estimate that stands by itself; NotIdentifiedError where its error is none."""
        low, high = _interval(estimate)
        return cls(
            unit, Verdict.IDENTIFIED, estimate.n, estimate.value, estimate.standard_error, low, high
        )

    @classmethod
    def towards(cls, estimate: Estimate, prior: tuple[float, float], unit: str) -> Parameter:
        """Return an estimate weighed against a prior, or by itself where it outweighs that.

        Raises NotIdentifiedError where its error is none, and where the two contradict each other:
        between them would lie what neither says.
        """
        _interval(estimate)
        own = f"{estimate.value:.2g} +- {estimate.standard_error:.2g}"
        apart = abs(estimate.value - prior[0]) / math.hypot(estimate.standard_error, prior[1])
        if apart > CONTRADICT:
            raise NotIdentifiedError(
                f"data say {own}, {apart:.0f} deviations from {prior[0]:g} +- {prior[1]:g}, which "
                "is what can be: are the orders of one market, or given twice?"
            )
        pulled = shrink(estimate, *prior)
        if pulled.weight >= WEIGHT_ENOUGH:
            return cls.identified(estimate, unit)
        low, high = pulled.interval()
        why = f"data say {own}, prior {prior[0]:g} +- {prior[1]:g}, weight {pulled.weight:.2f}"
        return cls(unit, Verdict.SHRUNK, estimate.n, pulled.value, pulled.deviation, low, high, why)


def _interval(estimate: Estimate) -> tuple[float, float]:
    low, high = estimate.interval()
    if not estimate.standard_error > 0 or not math.isfinite(high - low):
        raise NotIdentifiedError(
            f"{estimate.value:.3g} +- {estimate.standard_error:.3g} is no estimate"
        )
    return low, high


def refused(unit: str, n: int, why: str) -> Parameter:
    """Return what could not be told, with its reason."""
    return Parameter(unit, Verdict.REFUSED, n, why=why)


class VolumeCurves(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The volume profile of all days and of each weekday (Monday first), or why there is none.

    `n` is the number of whole days seen. Raises ValueError where verdict and profiles disagree.
    """

    verdict: Verdict
    n: int
    every_day: VolumeProfile | None = None
    weekdays: tuple[VolumeProfile, ...] = ()
    why: str = ""

    def __post_init__(self) -> None:
        told = self.every_day is not None and len(self.weekdays) == WEEK
        if self.verdict is Verdict.REFUSED:
            if self.every_day is not None or self.weekdays or not self.why:
                raise ValueError("what is refused has a reason and no value")
        elif not told:
            raise ValueError(f"volume curves that are {self.verdict} have all days and {WEEK}")
        if self.n < 0:
            raise ValueError("a sample must not be negative")

    @classmethod
    def of(cls, volumes: npt.NDArray[np.float64], weekdays: Sequence[int]) -> VolumeCurves:
        """Fit the profiles to days of volume by half-hour (see `fit_profile`), or refuse them."""
        n = int(np.isfinite(volumes).all(axis=1).sum())
        try:
            every = fit_profile(volumes, weekdays)
        except NotIdentifiedError as error:
            return cls(Verdict.REFUSED, n, why=str(error))
        each = tuple(fit_profile(volumes, weekdays, day) for day in range(WEEK))
        return cls(Verdict.IDENTIFIED, n, every, each)

    def curve_from(self, at_ns: int) -> tuple[float, ...]:
        """Return the weights met in the 24 hours from a time (UTC ns), by half-hour of the day.

        Those of half-hours before it are of the day after, at that day's volume. Nothing where
        there are no curves.
        """
        if not self.weekdays:
            return ()
        today, bucket = weekday(at_ns), at_ns // BUCKET_NS % BUCKETS
        now, after = self.weekdays[today], self.weekdays[(today + 1) % WEEK]
        louder = after.day_volume / now.day_volume  # a Monday after a Sunday
        return (*(louder * weight for weight in after.weights[:bucket]), *now.weights[bucket:])

    def day_volume(self, at_ns: int) -> DayVolume | None:
        """Return what is usually traded in the 24 hours whose curve `curve_from` tells."""
        if not self.weekdays:
            return None
        today = self.weekdays[weekday(at_ns)]
        mean = today.day_volume * math.fsum(self.curve_from(at_ns)) / math.fsum(today.weights)
        return DayVolume(mean, today.level_spread, today.shape_spread)


class ImpactParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One instrument's parameters; None: not looked for in this kind of source.

    `y` is that of the cost paid, half spread + Y sigma sqrt(Q / V); `gamma` of what lasts and `eta`
    of what passes, with an exponent of 0.6 (see `calibration`). `flow_bps` (order-flow
    imbalance) and `kyle_bps` (signed volume) are moves in bps per base unit over `bucket_s`.
    `response_bps` and `propagator_bps` are R(l) and G(l) at `lags` market orders.

    Raises ValueError for figures that no market has where orders are planned with them.
    """

    instrument: str
    sources: tuple[str, ...]
    first_ns: int
    last_ns: int
    y: Parameter | None = None
    gamma: Parameter | None = None
    eta: Parameter | None = None
    volatility_day_bps: Parameter | None = None
    half_spread_bps: Parameter | None = None
    volume_per_s: Parameter | None = None
    volume_curves: VolumeCurves | None = None
    bucket_s: int = 1
    kyle_bps: Parameter | None = None
    flow_bps: Parameter | None = None
    lags: tuple[int, ...] = ()
    response_bps: tuple[Parameter, ...] = ()
    propagator_bps: tuple[Parameter, ...] = ()
    format: str = FORMAT
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"format is {self.format!r}, not {FORMAT}")
        if self.schema != SCHEMA:
            raise ValueError(f"schema is {self.schema}, this version reads {SCHEMA}")
        if not len(self.lags) == len(self.response_bps) == len(self.propagator_bps):
            raise ValueError("response and propagator need one parameter a lag")
        for name, largest in LARGEST.items():
            one: Parameter | None = getattr(self, name)
            if one is not None and one.value is not None and not 0 < one.value <= largest:
                why = ": trading more would earn" if name == "y" and one.value <= 0 else ""
                limits = f"must be positive and at most {largest:g}"
                raise ValueError(f"{name}.value is {one.value:g}, {limits}{why}")
        least, most = ERROR_OF_Y
        _, error = self.y_or_prior()
        if not least <= error <= most:
            raise ValueError(f"y.standard_error is {error:g}, must be from {least:g} to {most:g}")

    def named(self) -> tuple[tuple[str, Parameter], ...]:
        """Return every parameter that was looked for, with its name."""
        single = (
            "y", "gamma", "eta", "volatility_day_bps", "half_spread_bps", "volume_per_s",
            "kyle_bps", "flow_bps",
        )  # fmt: skip
        found = [(name, getattr(self, name)) for name in single]
        for name in ("response_bps", "propagator_bps"):
            found += [
                (f"{name}[{lag}]", each)
                for lag, each in zip(self.lags, getattr(self, name), strict=True)
            ]
        return tuple((name, each) for name, each in found if each is not None)

    def y_or_prior(self) -> tuple[float, float]:
        """Return Y and its deviation; the prior, 0.8 +- 0.4, where the data did not say."""
        if self.y is None or self.y.value is None or self.y.standard_error is None:
            return PRIOR_Y
        return self.y.value, self.y.standard_error


def encoded(parameters: ImpactParameters) -> bytes:
    """Return the parameters as a JSON document."""
    return msgspec.json.format(msgspec.json.encode(parameters), indent=1) + b"\n"


def decoded(raw: bytes) -> ImpactParameters:
    """Read the parameters again; raise ValueError for an unknown key, a gap or another schema."""
    return msgspec.json.decode(raw, type=ImpactParameters)
