"""Grounding: every number that a reasoning quotes must be one that was told.

A number matches where it is a told one rounded or cut to the digits it is quoted with (the zeros at
its end hide 1 % at most), or the same share told as percent or bps. What only counts, names or
dates something is no figure: dates, times, years, ids, small bare integers, and 100 %, the
schedule's own pace. An explicit sign must be that of the figure; texts and quantities have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from steersman.domain.advice import Advice, Question
from steersman.domain.facts import Fact
from steersman.domain.units import MINUTE_NS, SECOND_NS

__all__ = ["Quoted", "numbers_in", "ungrounded"]

RELATIVE: Final = 0.01
COUNT_MAX: Final = 12  # a bare integer up to this counts things: "2 of 3 headlines"
YEARS: Final = range(1_900, 2_100)
_NAMED: Final = re.compile(  # dates, times of day, and words with digits in them such as ids
    r"\d{4}-\d\d?-\d\d?(?:[T ][\d:.]+Z?)?|\d{1,2}:\d\d(?::\d\d)?|\d+/\d+|(?<!\w)[^\W\d]\w*\d[\w.-]*"
)
_NUMBER: Final = re.compile(
    r"(?<![\w.])(?P<sign>[+−-]?)(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<power>e[+-]?\d{1,3})?\s?(?P<unit>%|[a-zA-Z]+)?"
)
_SCALES: Final = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
}
_DURATIONS: Final = frozenset({"s", "min", "minutes", "h", "hours"})
_PERCENT: Final = frozenset({"%", "percent", "pct"})
_BPS: Final = frozenset({"bps", "bp"})


@dataclass(frozen=True, slots=True)
class Quoted:
    """A number as it stands in a text: its words, value, sign (0: none) and unit.

    `digit` is what its last digit is worth, `round_to` the last one that is not zero; the unit is
    "%", "bps" or "" for all others.
    """

    words: str
    value: float
    sign: int
    digit: float
    round_to: float
    unit: str


def numbers_in(text: str) -> Iterator[Quoted]:
    """Yield the figures of a text."""
    for found in _NUMBER.finditer(_NAMED.sub(" ", text)):
        word = (found["unit"] or "").lower()
        unit = "%" if word in _PERCENT else "bps" if word in _BPS else ""
        digits, power = found["digits"].replace(",", ""), found["power"] or ""
        scale = _SCALES.get(word, 1.0)
        digit = 10.0 ** -len(digits.partition(".")[2]) * scale
        zeros = len(digits) - len(digits.rstrip("0")) if digits.isdecimal() else 0
        sign = {"+": 1, "-": -1, "−": -1}.get(found["sign"], 0)
        value = float(digits + power) * scale
        known = unit or word in _SCALES or word in _DURATIONS
        words = found[0] if known else found["sign"] + found["digits"] + power
        quoted = Quoted(words, value, sign, digit, digit * 10.0**zeros, unit)
        if not _only_counts(quoted, word):
            yield quoted


def _only_counts(quoted: Quoted, word: str) -> bool:
    if quoted.sign or quoted.digit != 1:
        return False
    if quoted.value == 100:
        return True
    bare = not quoted.unit and word not in _SCALES
    return bare and (quoted.value <= COUNT_MAX or quoted.value in YEARS)


def ungrounded(
    advice: Advice, question: Question, facts: Sequence[Fact], measured: str = ""
) -> tuple[list[Quoted], int]:
    """Return the figures of an advice's reasoning that were not told, and how many there are.

    `measured` is text whose figures count as told, such as the readings of a model that code
    reasons about. An advice may quote itself: its pace, its impact, its time to live.
    """
    quoted = list(numbers_in(advice.reasoning))
    if not quoted:
        return [], 0
    signed = list(_figures(question, facts))
    unsigned = [number.value for number in numbers_in(_texts(question, facts) + "\n" + measured)]
    unsigned += _own(advice)
    return [one for one in quoted if not _told(one, signed, unsigned)], len(quoted)


def _told(quoted: Quoted, signed: Iterable[float], unsigned: Iterable[float]) -> bool:
    if any(_same(quoted, abs(figure)) for figure in unsigned):
        return True
    return any(
        _same(quoted, abs(figure)) and (not quoted.sign or not figure or quoted.sign * figure > 0)
        for figure in signed
    )


def _same(quoted: Quoted, figure: float) -> bool:
    """Whether the figure, or the share it is, rounds or cuts to what is quoted."""
    rounded = max(quoted.digit / 2, min(quoted.round_to / 2, RELATIVE * quoted.value))
    forms = {"%": (1.0, 100.0), "bps": (1.0, 100.0, 1e4)}.get(quoted.unit, (1.0,))
    for form in forms:
        off = figure * form - quoted.value
        if abs(off) <= rounded * (1 + 1e-9):
            return True
        if 0 <= off < quoted.digit:
            return True
    return False


def _own(advice: Advice) -> list[float]:
    told = [float(value) for value in (advice.impact_pct, advice.ttl_s) if value is not None]
    if advice.pace_pct is not None:
        told += [float(advice.pace_pct), float(abs(advice.pace_pct - 100))]
    return [*told, *(value / 60 for value in told), *(value / 100 for value in told)]


def _texts(question: Question, facts: Sequence[Fact]) -> str:
    told = [item.text for item in question.news] + [fact.text for fact in facts]
    return "\n".join(told)


def _figures(question: Question, facts: Sequence[Fact]) -> Iterator[float]:
    """Yield every number that the question and its facts hold, times in s, min and h."""
    for fact in facts:
        yield from _times(fact.age_s)
        for name, value in fact.numbers.items():
            yield value
            if name.endswith(("_s", "_min")):
                yield from _times(value * 60 if name.endswith("_min") else value)
            elif name.endswith("_bps"):
                yield value / 100
    order, progress, view = question.parent, question.progress, question.view
    for at_ns in (order.start_ns, order.deadline_ns):
        yield from _times((at_ns - question.asked_ns) / SECOND_NS)
    yield from _times(order.horizon_ns / SECOND_NS)
    yield (question.asked_ns - order.start_ns) / order.horizon_ns
    yield (order.deadline_ns - question.asked_ns) / order.horizon_ns
    yield question.asked_ns // (60 * MINUTE_NS) % 24  # the hour, UTC
    for struct in (order, progress, view, question.signals, question.impact):
        yield from _numbers_of(struct, question.asked_ns)
    for part in (progress.filled, progress.open, progress.unfilled, progress.scheduled):
        yield float(part / order.qty)
    for derived in (view.mid, view.spread_bps):
        if derived is not None:
            yield float(derived)


def _numbers_of(struct: object, asked_ns: int) -> Iterator[float]:
    """Yield the figures of a message: a time is told as its distance in s, min and h."""
    for name in getattr(struct, "__struct_fields__", ()):
        value = getattr(struct, name)
        if isinstance(value, bool) or value is None or isinstance(value, str):
            continue
        if name.endswith("_ns"):
            yield from _times((value - asked_ns) / SECOND_NS)
            continue
        for part in value if isinstance(value, tuple) else (value,):
            try:
                yield float(part)
            except (TypeError, ValueError):
                continue  # an enum, or a part of a part


def _times(seconds: float) -> Iterator[float]:
    for unit_s in (1, 60, 3_600):
        yield seconds / unit_s
        yield -seconds / unit_s
