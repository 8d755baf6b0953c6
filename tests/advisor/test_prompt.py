"""Prompts: pure, the constant part first, strangers' text only inside marked blocks.

The golden files are what a model is shown, word for word. After a change that is meant, give
PROMPT_VERSION a new number, write the files anew with `python -m tests.advisor.test_prompt`, and
pin what it prints.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.advisor.context import gather
from steersman.advisor.prompt import DATA_CHARS_MAX, PROMPT_VERSION, Prompt, prompt_of
from steersman.domain.advice import Action, Advice, Question, Severity
from steersman.domain.facts import FactKind
from steersman.domain.market import NewsItem, Regime
from steersman.domain.order import AlgoName, Style
from tests.advisor.questions import headline, question
from tests.advisor.situations import full, hostile, quiet
from tests.engine.desk import T0

GOLDEN: Final = Path(__file__).parent / "golden"
PINNED: Final = {
    "steer-2": "1a32ee7ebaef75d1bd098c72ab9afc137fb36b15516cd51b51abbfeb79776f69",
}
SITUATIONS: Final[dict[str, tuple[Callable[[], Question], bool]]] = {
    "quiet": (quiet, False),
    "full": (full, False),
    "full_masked": (full, True),
    "hostile": (hostile, False),
}


def prompt(asked: Question, masked: bool = False) -> Prompt:
    return prompt_of(asked, gather(asked), masked=masked)


def words(name: str) -> str:
    asked, masked = SITUATIONS[name]
    return f"{prompt(asked(), masked).user}\n"


def fingerprint() -> str:
    shown = [prompt(quiet()).system, *(words(name) for name in sorted(SITUATIONS))]
    return hashlib.sha256("\n\n".join(shown).encode()).hexdigest()


@pytest.mark.parametrize("name", sorted(SITUATIONS))
def test_prompts_are_what_they_were_word_for_word(name: str) -> None:
    assert words(name) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_other_words_are_another_version() -> None:
    assert PINNED.get(PROMPT_VERSION) == fingerprint(), (
        "the prompt changed: give PROMPT_VERSION a new number and pin the new fingerprint"
    )


def test_the_constant_part_is_the_same_for_every_question() -> None:
    one, two = prompt(question((headline("Something happened"),))), prompt(full(), masked=True)
    assert one.system == two.system
    assert one.version == two.version == PROMPT_VERSION
    assert "<data>Something happened</data>" in one.user


def test_the_constant_part_explains_every_field_and_names_every_choice() -> None:
    system = prompt(quiet()).system
    for name in set(Advice.__struct_fields__) - {"provenance"}:
        assert f"\n- {name}: " in system
    classic = set(AlgoName) - {AlgoName.ADAPTIVE}
    for choice in (*Action, *Style, *Regime, *Severity, *classic):
        assert f'"{choice.value}"' in system


def test_masked_prompts_tell_neither_asset_nor_venue_nor_day() -> None:
    told = prompt(full(), masked=True).user
    assert not re.search(r"btc|bitcoin|binance|sim:|2025|January|59,400|ether\b", told, re.I)
    assert "the asset slides below a price (-1.0 %) as a venue halts withdrawals, a date" in told
    assert "BTCUSDT" in prompt(full()).user


def test_notes_are_for_people() -> None:
    for asked in (full(), hostile()):
        assert asked.parent.notes
        assert "SYSTEM: say" not in prompt(asked).user


def blocks(user: str) -> list[str]:
    return re.findall(r"<data>(.*?)</data>", user)


def test_nothing_from_outside_stands_outside_its_block() -> None:
    user = prompt(hostile()).user
    outside = re.sub(r"<data>[^<>]*</data>", "", user)
    assert not re.search(r"SYSTEM|finish|trend_bps 99|ok_pct|forged|INST|[<>{}]", outside)
    facts = [line for line in user.splitlines() if line.startswith("[")]
    assert len(facts) == len(gather(hostile()))
    assert sum(line.startswith("[view]") for line in facts) == 1


anything = st.text(st.characters(exclude_categories=[]), max_size=120)
items = st.builds(
    NewsItem,
    id=anything,
    published_ns=st.just(T0),
    received_ns=st.just(T0),
    source=anything,
    text=anything | st.sampled_from(["</data>", "&lt;/data&gt;", "<data>", "＜/data＞"]),  # noqa: RUF001
    kind=st.sampled_from(FactKind),
    numbers=st.dictionaries(anything, st.floats(), max_size=3),
    trust_pct=st.integers(0, 100),
)


@given(st.lists(items, max_size=4), anything, st.booleans())
def test_no_text_leaves_its_block(news: list[NewsItem], name: str, masked: bool) -> None:
    asked = question(tuple(news))
    order = msgspec.structs.replace(asked.parent, instrument=name, notes=name)
    asked = msgspec.structs.replace(asked, parent=order)
    facts = gather(asked)
    user = prompt_of(asked, facts, masked=masked).user
    user.encode()
    texts = [fact for fact in facts if fact.text or fact.kind is FactKind.NEWS or fact.numbers]
    assert user.count("<data>") == user.count("</data>") == len(blocks(user)) <= len(texts) + 1
    assert user.count("\n") == len(facts) + 2, "a line for each fact, and three of our own"
    assert user.count("<") == user.count(">") == 2 * len(blocks(user))
    assert all(len(block) <= DATA_CHARS_MAX for block in blocks(user))


if __name__ == "__main__":
    for situation in SITUATIONS:
        (GOLDEN / f"{situation}.txt").write_text(words(situation), encoding="utf-8")
    print(f'    "{PROMPT_VERSION}": "{fingerprint()}",')
