"""What the reader was trained on, is tested on and meets in the generated market is disjoint.

A reader that has seen the sentence it is tested on has measured nothing. Where they meet, the
training headline goes: `python -m training.overlap`. It is the only one named here.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from training.overlap import SHINGLE_WORDS, masked, meeting

HEADLINES = Path(__file__).parents[1] / "training" / "headlines"


def rows(pattern: str) -> list[dict[str, str]]:
    return [
        json.loads(line)
        for path in sorted(HEADLINES.glob(pattern))
        for line in path.read_text("utf-8").splitlines()
    ]


def assert_disjoint(left: list[str], right: list[str]) -> None:
    shared = meeting(left, right)
    assert not shared, f"{len(shared)} share {SHINGLE_WORDS} words, e.g. {sorted(shared)[:5]}"


TRAIN = rows("train_*.jsonl")
HELD = rows("heldout.jsonl")


def test_there_is_enough_and_it_is_balanced() -> None:
    assert len(TRAIN) >= 1500 and len(HELD) >= 300
    held = Counter(row["direction"] for row in HELD)
    assert max(held.values()) - min(held.values()) <= 0.05 * len(HELD)
    train = Counter(row["direction"] for row in TRAIN)
    assert min(train.values()) >= 0.28 * len(TRAIN)


def test_names_slots_and_figures_make_no_difference() -> None:
    assert masked("Shares of {co} fell 3.5% as Jane Doe's bank") == [
        "shares", "of", "_", "fell", "_", "as", "_", "_", "bank",
    ]  # fmt: skip
    others = ["Fears grow as lender Alpha cuts 40 jobs"]
    assert meeting(["Noted: as lender Beta cuts 12 jobs"], others)
    assert meeting(["FEARS GROW AS LENDER ALPHA CUTS 40 JOBS"], others)
    assert not meeting(["Lender Alpha hires 40 as fears grow"], others)


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
