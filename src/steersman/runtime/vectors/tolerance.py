"""How close is close enough: each case says so in words, and every figure is measured by them.

    rel 1e-6                              of the expected value, for every figure
    abs 6e-5 (E,V), 6e-3 (half-life)      by the first words of the figure's name
    paper-rounded exact; unrounded rel 1e-9     the same, the words before

An expected zero has no relative error: there the largest number beside it is the measure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = ["Closeness", "Leaf", "Tolerance", "leaves", "parse_tolerance"]

DEFAULT: Final = "rel 1e-6"  # of a case that states none
ZERO_REL: Final = 1e-12  # of the numbers beside an expected zero

Measure = Literal["rel", "abs", "exact"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One number, text or truth within a figure, and how far it is from what is expected.

    `error` is in the tolerance's measure; None where there is no distance, as between texts.
    """

    path: str
    expected: Any
    got: Any
    error: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Closeness:
    """A measure and its bound."""

    measure: Measure
    bound: float

    def __str__(self) -> str:
        return "exact" if self.measure == "exact" else f"{self.measure} {self.bound:g}"

    def error(self, expected: float, got: float, scale: float) -> tuple[float, bool]:
        """Return the error in this measure and whether it is within the bound."""
        apart = abs(got - expected)
        if math.isnan(apart):
            return math.inf, False
        if self.measure != "rel":
            return apart, apart <= self.bound
        if expected == 0:
            return apart, apart <= ZERO_REL * scale
        error = apart / abs(expected)
        return error, error <= self.bound


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What holds for figures by the first words of their names, and for all others."""

    named: tuple[tuple[tuple[str, ...], Closeness], ...]
    other: Closeness | None

    def of(self, figure: str) -> Closeness | None:
        """Return what holds for a figure; None where nothing does."""
        words = _words(figure)
        for name, closeness in self.named:
            if words[: len(name)] == name:
                return closeness
        return self.other


def parse_tolerance(text: str | None) -> Tolerance:
    """Read a tolerance; raise ValueError where its words say nothing."""
    named: list[tuple[tuple[str, ...], Closeness]] = []
    other: Closeness | None = None
    measure = ""
    for clause in re.split(r"[;,](?![^(]*\))", text or DEFAULT):
        match = re.fullmatch(
            r"\s*(?P<before>.*?)\s*(?:\b(?P<measure>rel|abs|exact)\b)?\s*"
            r"(?P<bound>[\d.]+(?:[eE][-+]?\d+)?)?\s*(?:\((?P<names>[^)]*)\))?\s*",
            clause,
        )
        if not match:
            raise ValueError(f"the tolerance {text!r} cannot be read at {clause.strip()!r}")
        measure = match["measure"] or measure
        closeness = _closeness(measure, match["bound"], text)
        names = (match["names"] or match["before"]).split(",")
        subjects = [_words(name.strip().removesuffix("-rounded")) for name in names]
        if subjects == [()]:
            other = closeness
        named += [(subject, closeness) for subject in subjects if subject]
    return Tolerance(tuple(named), other)


def leaves(path: str, expected: Any, got: Any, closeness: Closeness) -> Iterator[Leaf]:
    """Compare what is expected with what came, number by number."""
    yield from _leaves(path, expected, got, closeness, _scale(expected))


def _leaves(
    path: str, expected: Any, got: Any, closeness: Closeness, scale: float
) -> Iterator[Leaf]:
    if isinstance(expected, Mapping):
        inner = got if isinstance(got, Mapping) else {}
        for key, value in expected.items():
            yield from _leaves(f"{path}.{key}", value, inner.get(key), closeness, _scale(value))
    elif isinstance(expected, list):
        held = list(got) if isinstance(got, list | tuple) else []
        if len(held) != len(expected):
            yield Leaf(path, expected, got, None, passed=False)
            return
        for index, (want, have) in enumerate(zip(expected, held, strict=True)):
            yield from _leaves(f"{path}[{index}]", want, have, closeness, scale)
    elif _is_number(expected) and _is_number(got):
        error, passed = closeness.error(float(expected), float(got), scale)
        yield Leaf(path, expected, got, error, passed)
    elif isinstance(expected, str) and isinstance(got, str):
        yield Leaf(path, expected, got, None, _plain(expected) == _plain(got))
    else:
        same = type(expected) is type(got) and expected == got
        yield Leaf(path, expected, got, None, same)


def _closeness(measure: str, bound: str | None, text: str | None) -> Closeness:
    match measure:
        case "exact" if bound is None:
            return Closeness("exact", 0.0)
        case "rel" | "abs" if bound is not None and math.isfinite(float(bound)):
            return Closeness("rel" if measure == "rel" else "abs", float(bound))
        case _:
            raise ValueError(f"the tolerance {text!r} cannot be read: want rel or abs and a number")


def _scale(expected: Any) -> float:
    values = expected if isinstance(expected, list) else [expected]
    sizes = [abs(value) for value in values if _is_number(value)]
    return max([1.0, *sizes]) if sizes else 1.0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[A-Za-z]+|\d+", text))


def _plain(text: str) -> str:
    """Fold what does not change a sentence: spaces and capitals."""
    return " ".join(text.casefold().split())
