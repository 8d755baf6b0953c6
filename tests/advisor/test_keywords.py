"""The word list: counts words, not parts of words."""

from __future__ import annotations

import pytest

from steersman.advisor.keywords import DOWN, MAJOR, UP, read_keywords
from steersman.domain.advice import Direction, Severity


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", (Direction.FLAT, Severity.NONE)),
        ("SHARES SOAR", (Direction.UP, Severity.MAJOR)),
        ("Shares fall", (Direction.DOWN, Severity.MINOR)),
        ("Shares rise, then fall", (Direction.FLAT, Severity.NONE)),
        ("A banner year for bananas", (Direction.FLAT, Severity.NONE)),
    ],
)
def test_words_are_counted(text: str, read: tuple[Direction, Severity]) -> None:
    assert read_keywords(text) == read


def test_the_lists_hold_together() -> None:
    assert not UP & DOWN
    assert MAJOR <= UP | DOWN
