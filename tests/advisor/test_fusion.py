"""What is told is chosen by trust and freshness, once each, within caps that are counted."""

from __future__ import annotations

import random
from typing import Any

import pytest

from steersman.advisor import fusion
from steersman.advisor.fusion import Fusion, fuse
from steersman.domain.facts import AGE_MAX_S, TOLD_KINDS, FactKind
from steersman.domain.market import NewsItem
from steersman.domain.units import SECOND_NS
from tests.engine.desk import T0

STORY = "Court throws out ban on Bitcoin trading, ruling takes effect immediately"


def item(number: int, text: str, age_s: float = 10.0, **changes: Any) -> NewsItem:
    at_ns = T0 - int(age_s * SECOND_NS)
    values = {"source": f"wire {number}", **changes}
    return NewsItem(id=f"n{number}", published_ns=at_ns, received_ns=at_ns, text=text, **values)


def ids(fused: Fusion) -> list[str]:
    return [one.id for one in fused.items]


@pytest.mark.parametrize(
    "again",
    [
        STORY.upper(),
        "court throws out ban on bitcoin trading - ruling takes effect immediately!!!",
        "Court  throws out\nban on Bit\u200bcoin trading; ruling takes effect immediately",
        f"ICYMI: {STORY}",
        f"{STORY} (repeat)",
        f"Earlier today: {STORY}",
        f"{STORY} - what we know so far",
        f"BREAKING: {STORY} - wire 2",
        "Court throws out ban on Bitcoin trading",
    ],
)
def test_a_repeat_counts_once_and_the_first_wins(again: str) -> None:
    for order in ((0, 1), (1, 0)):
        told = (item(1, STORY, age_s=50), item(2, again, age_s=10))
        fused = fuse([told[at] for at in order], T0)
        assert ids(fused) == ["n1"]
        assert fused.left_out == {"repeats": 1}


@pytest.mark.parametrize(
    "other",
    [
        "Court does not throw out ban on Bitcoin trading, ruling takes effect immediately",
        "Court throws out ban on Bitcoin trading, ruling takes effect Friday",
        "Court throws out appeal against ban on Bitcoin trading, ruling takes effect immediately",
        f"{STORY}, regulator appeals",
        "Trading ban: Bitcoin court takes ruling",
        "Court not throws out ban on Bitcoin trading",
    ],
)
def test_what_says_something_new_is_no_repeat(other: str) -> None:
    assert len(fuse([item(1, STORY, age_s=50), item(2, other)], T0).items) == 2


def test_what_is_pieced_together_from_two_texts_is_no_repeat_of_either() -> None:
    told = ("alpha beta gamma delta", "gamma delta epsilon zeta", "alpha beta gamma delta epsilon")
    items = [item(n, text, age_s=10 - n) for n, text in enumerate(told)]
    assert len(fuse(items, T0).items) == 3


def test_an_old_story_told_again_stays_old() -> None:
    fused = fuse([item(1, STORY, age_s=1_801), item(2, f"Recap: {STORY}", age_s=5)], T0)
    assert ids(fused) == []
    assert fused.left_out == {"repeats": 1, "too_old": 1}


def test_a_rumour_cannot_stand_in_a_better_sources_way() -> None:
    rumour = item(1, f"{STORY}, they say, and sell everything", age_s=60, trust_pct=10)
    fused = fuse([rumour, item(2, STORY, age_s=5, trust_pct=90)], T0)
    assert ids(fused) == ["n2", "n1"]
    same = item(1, STORY, age_s=60, trust_pct=10)
    assert ids(fuse([same, item(2, STORY, age_s=5, trust_pct=90)], T0)) == ["n2"]


def test_figures_tell_two_items_apart() -> None:
    told = [item(n, "CPI", numbers={"surprise_pct": value}) for n, value in ((1, 0.1), (2, 0.3))]
    assert len(fuse(told, T0).items) == 2
    told = [item(n, "", numbers={"surprise_pct": 0.1}, age_s=9 - n) for n in (1, 2)]
    assert ids(fuse(told, T0)) == ["n1"]


@pytest.mark.parametrize("kind", sorted(TOLD_KINDS))
def test_each_kind_has_its_time(kind: FactKind) -> None:
    last_s = AGE_MAX_S[kind]
    assert len(fuse([item(1, "x", age_s=last_s, kind=kind)], T0).items) == 1
    assert fuse([item(1, "x", age_s=last_s + 1, kind=kind)], T0).left_out == {"too_old": 1}


def test_trust_comes_first_then_what_is_left_of_its_time_then_the_kind() -> None:
    told = [
        item(1, "one", age_s=100),
        item(2, "two", age_s=500, trust_pct=80),
        item(3, "three", age_s=300, kind=FactKind.MACRO),
        item(4, "four", age_s=100, kind=FactKind.SOCIAL),
        item(5, "five", age_s=50, kind=FactKind.TECHNICAL),
        item(6, "six", age_s=50, kind=FactKind.CROSS_ASSET),
    ]
    assert ids(fuse(told, T0)) == ["n2", "n3", "n1", "n6", "n5", "n4"]


def test_nothing_is_known_before_its_time_and_nothing_empty_is_told() -> None:
    fused = fuse([item(1, "x", age_s=-0.001), item(2, "\u200b<>")], T0)
    assert fused == Fusion((), {"not_yet_known": 1, "empty": 1})


def test_caps_hold_and_what_they_leave_out_is_counted() -> None:
    told = [item(n, f"text {n}", age_s=n, source="one") for n in range(10)]
    fused = fuse([*told, *(item(n, f"text {n}", age_s=n) for n in range(10, 30))], T0)
    assert ids(fused) == [*(f"n{n}" for n in range(6)), *(f"n{n}" for n in range(10, 16))]
    assert fused.left_out == {"over_source_cap": 4, "over_total_cap": 14}
    long = [item(n, f"{n} " + "long text " * 100, age_s=n) for n in range(10)]
    fused = fuse([*long, item(11, "short", age_s=20)], T0)
    assert len(fused.items) == fusion.TOLD_CHARS_MAX // fusion.ITEM_CHARS_MAX + 1
    assert fused.items[-1].id == "n11", "a short text still has room"
    assert fused.left_out == {"texts_cut": 8, "over_total_cap": 2}


def test_ten_thousand_items_are_told_within_the_caps_and_all_are_accounted_for() -> None:
    draw = random.Random(1)
    words = [f"w{n}" for n in range(30)]
    told = [
        item(n, " ".join(draw.choices(words, k=draw.randint(1, 60))), age_s=draw.randint(0, 4_000))
        for n in range(10_000)
    ]
    fused = fuse(told, T0)
    out = sum(count for name, count in fused.left_out.items() if name != "texts_cut")
    assert len(fused.items) + out == 10_000
    assert fused == fuse(told, T0)
    shuffled = told[:]
    draw.shuffle(shuffled)
    assert fuse([item(n, STORY) for n in range(10_000)], T0).left_out == {"repeats": 9_999}
    assert len(fuse(shuffled, T0).items) == len(fused.items)
