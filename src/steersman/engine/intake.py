"""Take in what was told: bounded in number, length, age and rate, each item under an id of its own.

What comes from outside may be a flood. What is kept of one instrument has a fixed size, and the
least trusted and oldest go first, so that a flood cannot drive out what better sources said. What
is dropped is counted, and told to a person at most once a minute.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from typing import Final

import msgspec

from steersman.domain.facts import (
    AGE_MAX_S,
    FACT_ID,
    NUMBER_NAME,
    NUMBERS_MAX,
    STATE_FACTS,
    TOLD_KINDS,
    FactKind,
)
from steersman.domain.market import NewsItem
from steersman.domain.messages import Alert, Effect, NewsArrived
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.engine.state import State

__all__ = ["news_now", "take_in", "tell_dropped"]

replace = msgspec.structs.replace
Step = tuple[State, tuple[Effect, ...]]

KEPT_MAX: Final = 64  # items of one instrument
KEPT_CHARS_MAX: Final = 24_000  # of all their texts
TEXT_CHARS_MAX: Final = 1_000
SOURCE_CHARS_MAX: Final = 64
PER_SOURCE_PER_MINUTE: Final = 30


def take_in(state: State, message: NewsArrived) -> Step:
    """Return the state with what is worth keeping of the news, and what to tell of the rest."""
    now_ns = state.now_ns
    kept = list(news_now(state, message.instrument))
    dropped = Counter(state.news_dropped)
    for item in message.items:
        why = _fault(item, kept, now_ns)
        if why:
            dropped[why] += 1
            continue
        kept.append(_bounded(item, {other.id for other in kept}))
        while len(kept) > KEPT_MAX or sum(len(other.text) for other in kept) > KEPT_CHARS_MAX:
            kept.remove(min(kept, key=lambda other: (other.trust_pct, other.received_ns)))
            dropped[f"no room beside {KEPT_MAX} items and {KEPT_CHARS_MAX} characters"] += 1
    state = replace(state, news={**state.news, message.instrument: tuple(kept)})
    return tell_dropped(replace(state, news_dropped=dict(dropped)))


def tell_dropped(state: State) -> Step:
    """Tell what was dropped since it was last told, once a minute at most."""
    dropped = state.news_dropped
    if not dropped or state.now_ns - state.news_told_ns < MINUTE_NS:
        return state, ()
    parts = ", ".join(f"{count} {why}" for why, count in sorted(dropped.items()))
    text = f"{sum(dropped.values())} items of news were not taken in: {parts}"
    state = replace(state, news_dropped={}, news_told_ns=state.now_ns)
    return state, (Alert("warning", "news_dropped", None, text),)


def news_now(state: State, instrument: str) -> tuple[NewsItem, ...]:
    """Return what is kept of an instrument's news and not too old for its kind, as it came."""
    kept = state.news.get(instrument, ())
    return tuple(item for item in kept if not _expired(item, state.now_ns))


def _fault(item: NewsItem, kept: list[NewsItem], now_ns: int) -> str:
    if item.received_ns > now_ns:
        return "not yet known"
    if _expired(item, now_ns):
        return "too old for their kind"
    if not item.text.strip() and not item.numbers:
        return "empty"
    source, to_ns = item.source[:SOURCE_CHARS_MAX], item.received_ns
    of_source = (other.received_ns for other in kept if other.source == source)
    if sum(to_ns - MINUTE_NS < at_ns <= to_ns for at_ns in of_source) >= PER_SOURCE_PER_MINUTE:
        return f"beyond {PER_SOURCE_PER_MINUTE} a minute from one source"
    return ""


def _expired(item: NewsItem, now_ns: int) -> bool:
    kind = item.kind if item.kind in TOLD_KINDS else FactKind.NEWS
    return now_ns - item.received_ns > AGE_MAX_S[kind] * SECOND_NS


def _bounded(item: NewsItem, taken: set[str]) -> NewsItem:
    """Return an item as it is kept: nothing in it longer than allowed, nothing passing for ours."""
    numbers = {
        name: value
        for name, value in item.numbers.items()
        if NUMBER_NAME.fullmatch(name) and math.isfinite(value)
    }
    return replace(
        item,
        id=_own_id(item.id, taken),
        source=item.source[:SOURCE_CHARS_MAX],
        text=item.text[:TEXT_CHARS_MAX],
        kind=item.kind if item.kind in TOLD_KINDS else FactKind.NEWS,
        numbers=dict(list(numbers.items())[:NUMBERS_MAX]),
        trust_pct=min(100, max(0, item.trust_pct)),
    )


def _own_id(given: str, taken: set[str]) -> str:
    """Return the id given where it is well formed and free, else one made from it."""
    well_formed = FACT_ID.fullmatch(given) is not None
    stem = (
        given
        if well_formed
        else f"x{hashlib.sha256(given.encode(errors='surrogatepass')).hexdigest()[:12]}"
    )
    unique, number = stem, 1
    while unique in taken or unique in STATE_FACTS:
        number += 1
        unique = f"{stem}-{number}"
    return unique
