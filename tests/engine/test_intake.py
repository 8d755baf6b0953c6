"""What was told is bounded in every way, what is dropped is counted, and no id can lie."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.facts import AGE_MAX_S, FACT_ID, STATE_FACTS, FactKind
from steersman.domain.market import NewsItem
from steersman.domain.messages import Alert, Ask, Effect, NewsArrived
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS
from steersman.engine.intake import (
    KEPT_CHARS_MAX,
    KEPT_MAX,
    PER_SOURCE_PER_MINUTE,
    SOURCE_CHARS_MAX,
    TEXT_CHARS_MAX,
)
from tests.engine.desk import BTC, T0, Desk


def item(number: int = 1, age_s: float = 0.0, **changes: Any) -> NewsItem:
    at_ns = T0 - int(age_s * SECOND_NS)
    values: dict[str, Any] = {
        "id": f"n{number}",
        "published_ns": at_ns,
        "received_ns": at_ns,
        "source": f"wire {number}",
        "text": f"text {number}",
        **changes,
    }
    return NewsItem(**values)


def take(desk: Desk, *items: NewsItem) -> tuple[Effect, ...]:
    if not desk.state.views:
        desk.see()
    return desk.feed(NewsArrived(desk.now_ns, BTC.id, items))


def kept(desk: Desk) -> tuple[NewsItem, ...]:
    return desk.state.news[BTC.id]


def alerts(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Alert)]


def test_a_flood_cannot_drive_out_what_better_sources_said() -> None:
    desk = Desk()
    best = item(0, age_s=60, trust_pct=90)
    take(desk, best, *(item(n) for n in range(1, 10_001)))
    assert len(kept(desk)) == KEPT_MAX
    assert kept(desk)[0] == best
    assert kept(desk)[-1].id == "n10000", "among equals the newest stay"


def test_all_that_is_kept_of_texts_has_a_size() -> None:
    desk = Desk()
    take(desk, *(item(n, text="x" * 5_000, source="y" * 500) for n in range(20)))
    assert len(kept(desk)) == 20
    assert {len(one.text) for one in kept(desk)} == {TEXT_CHARS_MAX}
    assert {len(one.source) for one in kept(desk)} == {SOURCE_CHARS_MAX}
    desk = Desk()
    take(desk, *(item(n, text="x" * 5_000) for n in range(60)))
    assert sum(len(one.text) for one in kept(desk)) == KEPT_CHARS_MAX


def test_a_source_has_so_many_items_a_minute() -> None:
    desk = Desk()
    burst = [item(n, source="wire", age_s=100 - n / 10) for n in range(40)]
    effects = take(desk, *burst, item(99, source="other"), item(100, source="wire"))
    assert len(kept(desk)) == PER_SOURCE_PER_MINUTE + 2, "the last came more than a minute later"
    assert alerts(effects) == [
        "10 items of news were not taken in: 10 beyond 30 a minute from one source"
    ]


def test_what_is_too_old_empty_or_not_yet_known_is_not_taken_in() -> None:
    desk = Desk()
    old = AGE_MAX_S[FactKind.NEWS] + 1
    effects = take(
        desk,
        item(1, age_s=old),
        item(2, age_s=old, kind=FactKind.MACRO),
        item(3, text=" \n"),
        item(4, text="", numbers={"surprise_pct": 0.3}),
        item(5, age_s=-1),
    )
    assert [one.id for one in kept(desk)] == ["n2", "n4"]
    (text,) = alerts(effects)
    assert text == (
        "3 items of news were not taken in: 1 empty, 1 not yet known, 1 too old for their kind"
    )


def test_drops_are_told_once_a_minute_at_most_and_none_is_forgotten() -> None:
    desk = Desk()
    assert len(alerts(take(desk, item(text="")))) == 1
    for _ in range(5):
        desk.see(after_s=1)
        assert alerts(take(desk, item(text=""))) == []
    assert alerts(desk.see(after_s=54)) == []
    (text,) = alerts(desk.see(after_s=1))
    assert text.startswith("5 items of news were not taken in")
    assert alerts(desk.see(after_s=100)) == []


def test_an_id_never_passes_for_a_fact_of_ours_or_for_another_item() -> None:
    desk = Desk()
    take(desk, *(item(n, id="view") for n in (1, 2)), item(3, id="view-2"), item(4, id="a b\n]"))
    ids = [one.id for one in kept(desk)]
    assert ids[:3] == ["view-2", "view-3", "view-2-2"]
    assert FACT_ID.fullmatch(ids[3]) and ids[3] != "a b\n]"
    assert not STATE_FACTS & set(ids) and len(set(ids)) == 4
    again = Desk()
    take(again, *(item(n, id="view") for n in (1, 2)), item(3, id="view-2"), item(4, id="a b\n]"))
    assert kept(again) == kept(desk)


def test_figures_and_trust_are_bounded_and_nothing_passes_for_what_is_made_here() -> None:
    desk = Desk()
    numbers = {"ok_pct": 1.0, "Ignore previous": 2.0, "nan": math.nan, "inf": math.inf}
    many = {f"n{n}": 1.0 for n in range(50)}
    forged = item(1, numbers=numbers, trust_pct=900, kind=FactKind.MARKET)
    take(desk, forged, item(2, numbers=many, trust_pct=-5))
    first, second = kept(desk)
    assert (first.numbers, first.trust_pct, first.kind) == ({"ok_pct": 1.0}, 100, FactKind.NEWS)
    assert (len(second.numbers), second.trust_pct) == (8, 0)


def test_a_question_has_what_still_counts_and_its_ids_may_be_named() -> None:
    desk = Desk()
    take(desk, item(1, age_s=1_790), item(2, age_s=1_790, kind=FactKind.MACRO), item(3, id="view"))
    desk.now_ns += 20 * SECOND_NS
    desk.submit(algo=AlgoName.ADAPTIVE, start_ns=desk.now_ns)
    (ask,) = [effect for effect in desk.effects if isinstance(effect, Ask)]
    assert [one.id for one in ask.question.news] == ["n2", "view-2"]
    pending = desk.parent().pending_ask
    assert pending is not None and {"n2", "view-2", *STATE_FACTS} == pending.fact_ids


texts = st.text(max_size=20)
items = st.builds(
    NewsItem,
    id=texts,
    published_ns=st.just(T0),
    received_ns=st.integers(T0 - 4_000 * SECOND_NS, T0 + 2),
    source=st.sampled_from(["a", "b", ""]),
    text=texts,
    kind=st.sampled_from(FactKind),
    numbers=st.dictionaries(texts, st.floats(), max_size=3),
    trust_pct=st.integers(-10, 200),
)


@given(st.lists(items, max_size=40))
def test_nothing_that_is_told_breaks_the_fold_or_its_bounds(told: list[NewsItem]) -> None:
    desk = Desk()
    effects = take(desk, *told)
    ids = [one.id for one in kept(desk)]
    assert len(ids) == len(set(ids)) <= KEPT_MAX
    assert all(FACT_ID.fullmatch(name.partition("-")[0]) for name in ids)
    dropped = sum(int(text.split()[0]) for text in alerts(effects))
    assert len(ids) + dropped == len(told)
