"""What a case gives: numbers, texts, lists, and samples drawn as its generator describes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steersman.domain.units import Side

__all__ = ["COUNT_MAX", "Case", "CaseError", "Inputs", "flow_sample", "orders_sample", "times_of"]

COUNT_MAX: Final = 1_000_000  # intervals, observations
NUMBER: Final = r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)"

F64 = npt.NDArray[np.float64]


class CaseError(ValueError):
    """A case cannot be evaluated as it is written."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a case by name, each read as what it has to be."""

    values: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def number(self, name: str, default: float | None = None) -> float:
        """Return a finite number."""
        if default is not None and name not in self:
            return default
        return _number(name, self._value(name))

    def count(self, name: str) -> int:
        """Return a whole number from 1 to a million."""
        value = self.number(name)
        if value != int(value) or not 1 <= value <= COUNT_MAX:
            raise CaseError(f"{name} must be a whole number from 1 to {COUNT_MAX}, got {value:g}")
        return int(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a list of finite numbers; a single one counts as a list."""
        value = self._value(name)
        values = value if isinstance(value, list) else [value]
        return tuple(_number(f"{name}[{i}]", each) for i, each in enumerate(values))

    def pair(self, name: str) -> tuple[float, float]:
        """Return a list of two numbers."""
        values = self.numbers(name)
        if len(values) != 2:
            raise CaseError(f"{name} must be two numbers, got {len(values)}")
        return values[0], values[1]

    def pairs(self, name: str) -> list[tuple[float, float]]:
        """Return a list of lists of two numbers."""
        rows = self._value(name)
        if not isinstance(rows, list):
            raise CaseError(f"{name} must be a list of pairs")
        return [Inputs({f"{name}[{i}]": row}).pair(f"{name}[{i}]") for i, row in enumerate(rows)]

    def text(self, name: str) -> str:
        """Return a text."""
        value = self._value(name)
        if not isinstance(value, str):
            raise CaseError(f"{name} must be a text, got {value!r}")
        return value

    def decimal(self, name: str) -> Decimal:
        """Return a number as it is written."""
        return Decimal(repr(self.number(name)))

    def side(self) -> Side:
        """Return the side, a purchase where none is given."""
        if "side" not in self:
            return Side.BUY
        try:
            return Side(self.text("side"))
        except ValueError:
            raise CaseError(f"side must be buy or sell, got {self.text('side')!r}") from None

    def _value(self, name: str) -> Any:
        if name not in self:
            raise CaseError(f"the inputs lack {name}")
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what is given, and which figures are wanted with what is expected of them."""

    name: str
    inputs: Inputs
    expected: Mapping[str, Any]
    source: str = ""

    def wanted(self, pattern: str) -> dict[str, tuple[str, ...]]:
        """Return the wanted figures whose whole name matches, with what its groups matched."""
        found = {key: re.fullmatch(pattern, key) for key in self.expected}
        return {
            key: tuple(group or "" for group in match.groups())
            for key, match in found.items()
            if match
        }

    def keys_of(self, figure: str) -> tuple[str, ...]:
        """Return the keys that are wanted within one figure."""
        inner = self.expected[figure]
        if not isinstance(inner, Mapping):
            raise CaseError(f"{figure} must be an object")
        return tuple(inner)


def flow_sample(inputs: Inputs) -> tuple[F64, F64]:
    """Return price changes and signed volumes: as given, or as the generator draws them."""
    if "generator" not in inputs:
        return np.array(inputs.numbers("dp")), np.array(inputs.numbers("q"))
    seed, deviation, n, noise, intercept, slope = _described(
        inputs,
        r"default_rng\((\d+)\):?q=N\(0,1\)\*{n}\(n={n}\),(?:then)?e=N\(0,1\)\*{n};dp={n}(?=[-+])\+?{n}\*?q\+e",
    )
    draws = np.random.default_rng(int(seed))
    volumes = draws.normal(size=_size(n)) * deviation
    errors = draws.normal(size=_size(n)) * noise
    return intercept + slope * volumes + errors, volumes


def orders_sample(inputs: Inputs) -> tuple[F64, F64, F64, F64]:
    """Return costs, volatilities, shares of a day's volume and durations of one's own orders."""
    if "generator" not in inputs:
        names = ("cost", "sigma", "participation", "T_days")
        cost, sigma, share, days = (np.array(inputs.numbers(name)) for name in names)
        return cost, sigma, share, days
    seed, n, low, high, level, spread, short, long, prefactor = _described(
        inputs,
        r"default_rng\((\d+)\),n={n}:part=exp\(U\(log{n},log{n}\)\);sg={n}\*exp\({n}N\);"
        r"T=U\({n},{n}\)(?:days)?;cost={n}\*sg\*sqrt\(part\)\+sg\*sqrt\(T/3\)\*N",
    )
    draws, size = np.random.default_rng(int(seed)), _size(n)
    share = np.exp(draws.uniform(np.log(low), np.log(high), size))
    sigma = level * np.exp(spread * draws.normal(size=size))
    days = draws.uniform(short, long, size)
    noise = sigma * np.sqrt(days / 3) * draws.normal(size=size)
    return prefactor * sigma * np.sqrt(share) + noise, sigma, share, days


def times_of(inputs: Inputs, name: str) -> tuple[float, ...]:
    """Return times given as a list, or as `linspace(first, last, count)`."""
    if not isinstance(inputs.values.get(name), str):
        return inputs.numbers(name)
    match = re.fullmatch(rf"linspace\({NUMBER},{NUMBER},(\d+)\)", _plain(inputs.text(name)))
    if not match:
        raise CaseError(f"{name} must be a list or linspace(first, last, count)")
    first, last, count = float(match[1]), float(match[2]), _size(float(match[3]))
    return tuple(float(time) for time in np.linspace(first, last, count))


def _described(inputs: Inputs, pattern: str) -> Sequence[float]:
    text = _plain(inputs.text("generator"))
    match = re.search(pattern.replace("{n}", NUMBER), text)
    if not match:
        raise CaseError(f"the generator is not one of this kind: {inputs.text('generator')!r}")
    return [float(group) for group in match.groups()]


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _size(value: float) -> int:
    if value != int(value) or not 1 <= value <= COUNT_MAX:
        raise CaseError(f"a count must be a whole number from 1 to {COUNT_MAX}, got {value:g}")
    return int(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CaseError(f"{name} must be a number, got {value!r}")
    return float(value)
