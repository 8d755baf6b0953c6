"""The headlines: patterns with slots for training, plain texts held out.

Training headlines are expanded from hand-written patterns by filling their slots with names and
figures, so that the reader cannot learn that a company is good or an amount is bad. Everything is
derived from the pattern's own id: the same files give the same headlines.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

HEADLINES: Final = Path(__file__).parent / "headlines"
SLOT: Final = re.compile(r"\{(\w+)\}")
FILLINGS: Final = 1
BLOCK_LINES: Final = 6
"""Neighbouring patterns are variations of one event: cross-validation keeps them together."""

DIRECTIONS: Final = ("up", "flat", "down")
SEVERITIES: Final = ("none", "minor", "major")


class Headline(NamedTuple):
    """One labelled text; `group` names its block of related patterns."""

    text: str
    direction: str
    severity: str
    topic: str
    style: str
    group: str


def patterns() -> list[Headline]:
    """Return the training patterns, slots unfilled."""
    return [
        headline for path in sorted(HEADLINES.glob("train_*.jsonl")) for headline in _rows(path)
    ]


def training(fillings: int = FILLINGS) -> list[Headline]:
    """Return the training headlines: each pattern with slots filled `fillings` times."""
    slots: dict[str, list[str]] = json.loads((HEADLINES / "slots.json").read_text("utf-8"))
    found: dict[str, Headline] = {}
    for pattern in patterns():
        rng = random.Random(pattern.text)
        for _ in range(fillings if SLOT.search(pattern.text) else 1):
            text = SLOT.sub(lambda slot: rng.choice(slots[slot[1]]), pattern.text)  # noqa: B023
            found.setdefault(text, pattern._replace(text=text))
    return list(found.values())


def held_out() -> list[Headline]:
    """Return the held-out headlines; nothing is fitted or chosen on them."""
    return list(_rows(HEADLINES / "heldout.jsonl"))


def _rows(path: Path) -> Iterator[Headline]:
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        row = json.loads(line)
        assert row["direction"] in DIRECTIONS and row["severity"] in SEVERITIES, (path, number)
        yield Headline(**row, group=f"{path.stem}:{number // BLOCK_LINES}")
