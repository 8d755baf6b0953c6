"""What the reader was trained on, is tested on and meets in the generated market is disjoint.

A reader that has seen the sentence it is tested on has measured nothing. Names, slots and figures
are masked first: two sentences that differ only in them are the same sentence.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

HEADLINES = Path(__file__).parents[1] / "training" / "headlines"
SHINGLE_WORDS = 5
MASK = "_"
TOKEN = re.compile(r"\{[^}]*\}|[$€£¥]?\d[\w.,%$€£+-]*|[\w'\u2019&-]+")


def rows(pattern: str) -> list[dict[str, str]]:
    return [
        json.loads(line)
        for path in sorted(HEADLINES.glob(pattern))
        for line in path.read_text("utf-8").splitlines()
    ]


def masked(text: str) -> list[str]:
    """Return the words in lower case, with slots, figures and inner capitalised words masked."""
    words = []
    for number, token in enumerate(TOKEN.findall(text)):
        name = token[0] == "{" or not token[0].isalpha() or (number > 0 and token[0].isupper())
        words.append(MASK if name else token.lower())
    return words


def shingles(text: str) -> set[tuple[str, ...]]:
    words = masked(text)
    found = {tuple(words[i : i + SHINGLE_WORDS]) for i in range(len(words) - SHINGLE_WORDS + 1)}
    return {shingle for shingle in found if shingle.count(MASK) < SHINGLE_WORDS - 1}


def canonical(text: str) -> str:
    return " ".join(masked(text))


def assert_disjoint(left: list[str], right: list[str]) -> None:
    known = {shingle: text for text in left for shingle in shingles(text)}
    shared = {text: known[s] for text in right for s in shingles(text) if s in known}
    assert not shared, f"{len(shared)} share {SHINGLE_WORDS} words, e.g. {list(shared.items())[:5]}"
    plain = {text.lower() for text in left}
    assert not [text for text in right if text.lower() in plain]


TRAIN = rows("train_*.jsonl")
HELD = rows("heldout.jsonl")


def test_there_is_enough_and_it_is_balanced() -> None:
    assert len(TRAIN) >= 1500 and len(HELD) >= 300
    held = Counter(row["direction"] for row in HELD)
    assert max(held.values()) - min(held.values()) <= 0.05 * len(HELD)
    train = Counter(row["direction"] for row in TRAIN)
    assert min(train.values()) >= 0.28 * len(TRAIN)


@pytest.mark.parametrize("row", [TRAIN, HELD], ids=["training", "held-out"])
def test_no_headline_is_there_twice(row: list[dict[str, str]]) -> None:
    texts = Counter(one["text"].lower() for one in row)
    assert [text for text, times in texts.items() if times > 1] == []


def test_labels_agree_with_themselves() -> None:
    for row in TRAIN + HELD:
        assert row["direction"] in {"up", "flat", "down"}, row
        assert row["severity"] in {"none", "minor", "major"}, row
        assert row["direction"] == "flat" or row["severity"] != "none", row


def test_held_out_headlines_share_nothing_with_training() -> None:
    assert_disjoint([row["text"] for row in TRAIN], [row["text"] for row in HELD])


def test_the_generated_market_shares_nothing_with_training() -> None:
    news = pytest.importorskip("steersman.venues.news")
    assert_disjoint([row["text"] for row in TRAIN], [template.text for template in news.TEMPLATES])
