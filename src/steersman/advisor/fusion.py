"""From everything that was told, the little that is worth a model's attention.

What has been said already counts once, what is too old not at all, and no source and no flood takes
all the room. Nothing vanishes silently: what is left out is counted by the reason. The time taken
grows with the length of the texts only, whatever they say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from steersman.advisor.plain import is_cut, plain_line
from steersman.domain.facts import AGE_MAX_S, TOLD_KINDS, FactKind
from steersman.domain.market import NewsItem
from steersman.domain.units import SECOND_NS

__all__ = [
    "ITEM_CHARS_MAX",
    "PER_SOURCE_MAX",
    "TOLD_CHARS_MAX",
    "TOLD_MAX",
    "Fusion",
    "fuse",
    "kind_of",
]

TOLD_MAX: Final = 12  # items of one question
PER_SOURCE_MAX: Final = 6  # of these from one source
ITEM_CHARS_MAX: Final = 280
TOLD_CHARS_MAX: Final = 2_400  # of all items of one question

_KINDS: Final = tuple(FactKind)
_SHINGLE_WORDS: Final = 3
_SAID_BY_MAX: Final = 16  # earlier texts remembered for one shingle: bounds the time of a flood
_WORD: Final = re.compile(r"\w+(?:[.,]\d+)*")
_CARRIES_NOTHING: Final = frozenset(
    """
    a an the update updated updates breaking just in recap icymi repeat repeats reminder earlier
    today again exclusive developing via source sources what we know so far rt
    """.split()
)


@dataclass(frozen=True, slots=True)
class Fusion:
    """What is told, best first, as it came; and how many were left out, by reason."""

    items: tuple[NewsItem, ...]
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Told:
    item: NewsItem
    text: str  # in its plain form, cut
    used: float  # the share of its kind's time that is over


def kind_of(item: NewsItem) -> FactKind:
    """Return the kind of an item: nothing from outside may pass for what is made here."""
    return item.kind if item.kind in TOLD_KINDS else FactKind.NEWS


def fuse(items: Sequence[NewsItem], asked_ns: int) -> Fusion:
    """Choose from what was told: by trust, then freshness, then kind, within all the caps.

    Freshness is the share of its kind's time (`AGE_MAX_S`) that an item still has. A repeat is what
    says nothing that one text of at least its trust had not said before; the first counts, so that
    an old story told again stays old, and a rumour cannot stand in a better source's way.
    """
    left_out: Counter[str] = Counter()
    fresh = []
    for told in _first_said(_known(items, asked_ns, left_out), left_out):
        if told.used > 1.0:
            left_out["too_old"] += 1
        else:
            fresh.append(told)
    fresh.sort(key=_rank)
    chosen = tuple(_within_caps(fresh, left_out))
    return Fusion(tuple(told.item for told in chosen), dict(+left_out))


def _known(items: Iterable[NewsItem], asked_ns: int, left_out: Counter[str]) -> Iterator[_Told]:
    """Yield what says something and was known when the question was asked."""
    for item in items:
        text = plain_line(item.text, ITEM_CHARS_MAX)
        if item.received_ns > asked_ns:
            left_out["not_yet_known"] += 1
        elif not item.numbers and not any(char.isalnum() for char in text):
            left_out["empty"] += 1
        else:
            used = (asked_ns - item.received_ns) / (AGE_MAX_S[kind_of(item)] * SECOND_NS)
            yield _Told(item, text, used)


def _first_said(items: Iterable[_Told], left_out: Counter[str]) -> Iterator[_Told]:
    """Yield what says something new, in the order of trust and time.

    Every run of three words that carry something is looked up in the texts before it: where one of
    them holds all of them, the text is its repeat, whatever its case, signs, source or "ICYMI".
    """
    said_by: dict[tuple[str, ...], list[int]] = {}
    order = sorted(items, key=lambda told: (-told.item.trust_pct, told.item.received_ns))
    for number, told in enumerate(order):
        shingles = _shingles(told)
        if shingles and _said_before(shingles, said_by):
            left_out["repeats"] += 1
            continue
        for shingle in shingles:
            texts = said_by.setdefault(shingle, [])
            if len(texts) < _SAID_BY_MAX:
                texts.append(number)
        yield told


def _said_before(
    shingles: frozenset[tuple[str, ...]], said_by: dict[tuple[str, ...], list[int]]
) -> bool:
    texts: set[int] | None = None
    for shingle in shingles:
        found = said_by.get(shingle, ())
        texts = set(found) if texts is None else texts.intersection(found)
        if not texts:
            return False
    return True


def _shingles(told: _Told) -> frozenset[tuple[str, ...]]:
    """Return the runs of three words of a text without what only says who tells it, and how."""
    words = _WORD.findall(told.text.casefold())
    named = _WORD.findall(told.item.source.casefold())
    if named and words[-len(named) :] == named:
        words = words[: -len(named)]
    words = [word for word in words if word not in _CARRIES_NOTHING] or words
    words += [f"{name}={value:g}" for name, value in sorted(told.item.numbers.items())]
    if len(words) <= _SHINGLE_WORDS:
        return frozenset({tuple(words)} if words else ())
    runs = range(len(words) - _SHINGLE_WORDS + 1)
    return frozenset(tuple(words[at : at + _SHINGLE_WORDS]) for at in runs)


def _rank(told: _Told) -> tuple[int, float, int, str]:
    item = told.item
    return -item.trust_pct, told.used, _KINDS.index(kind_of(item)), item.id


def _within_caps(items: Iterable[_Told], left_out: Counter[str]) -> Iterator[_Told]:
    """Yield what there is room for; where a long text does not fit, a short one still may."""
    count = chars = 0
    of_source: Counter[str] = Counter()
    for told in items:
        source, text = told.item.source, told.text
        if of_source[source] == PER_SOURCE_MAX:
            left_out["over_source_cap"] += 1
        elif count == TOLD_MAX or chars + len(text) > TOLD_CHARS_MAX:
            left_out["over_total_cap"] += 1
        else:
            count, chars = count + 1, chars + len(text)
            of_source[source] += 1
            left_out["texts_cut"] += is_cut(told.item.text, ITEM_CHARS_MAX)
            yield told
