"""The tree of errors: as drawn, with the documented exit codes, in one line with its remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steersman import errors
from steersman.errors import DataError, SteersmanError, UsageError

ROOT = Path(__file__).parents[1]
CLASSES: list[type[SteersmanError]] = [getattr(errors, name) for name in errors.__all__]
LEAVES = [kind for kind in CLASSES if kind is not SteersmanError]
EXIT_CODES = {
    "UsageError": 2,
    "ConfigError": 3,
    "DataError": 3,
    "JournalError": 3,
    "WeightsError": 3,
    "RefusedByLimit": 4,
    "VenueError": 5,
    "AnotherInstance": 8,
}
WORDS = {  # what docs/cli.md calls each code
    2: "usage",
    3: "configuration or data",
    4: "refused by a limit",
    5: "venue",
    8: "another instance",
}


def drawn() -> dict[str, tuple[str, int]]:
    """Read the tree off the docstring: the parent and the exit code of each class."""
    above: list[str] = []
    tree: dict[str, tuple[str, int]] = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.fullmatch(r"    ([│ ├└─]*)(\w+) +(exit|\d+)  .+", line):
            branch, name, code = match.groups()
            depth = len(branch) // 4
            above[depth:] = [name]
            if depth:
                tree[name] = above[depth - 1], int(code)
    return tree


def documented() -> dict[int, str]:
    """Read the table of exit codes off docs/cli.md."""
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    return {int(code): words for code, words in re.findall(r"^\| (\d+) \| (.+) \|$", text, re.M)}


@pytest.mark.parametrize("kind", LEAVES)
def test_each_error_ends_with_its_exit_code(kind: type[SteersmanError]) -> None:
    assert kind.exit_code == EXIT_CODES[kind.__name__]
    assert kind("what").exit_code == kind.exit_code


def test_the_tree_that_is_drawn_is_the_tree_that_is() -> None:
    assert drawn() == {
        kind.__name__: (kind.__bases__[0].__name__, kind.exit_code) for kind in LEAVES
    }


def test_every_class_of_the_module_is_exported_and_drawn() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, SteersmanError)
    }
    assert defined == set(errors.__all__) == {"SteersmanError", *drawn()}
    assert errors.__all__ == sorted(errors.__all__)


def test_every_exit_code_is_documented_in_its_words() -> None:
    table = documented()
    assert {0, 1, 6, 9, 130} <= table.keys()
    for kind in LEAVES:
        assert table[kind.exit_code].startswith(WORDS[kind.exit_code])


def test_an_error_outside_of_the_tree_would_end_as_a_bug() -> None:
    assert SteersmanError.exit_code == 1
    assert "bug" in documented()[1]
    assert not issubclass(AssertionError, SteersmanError)


def test_programs_can_tell_the_errors_apart_by_their_code() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+", code) for code in codes)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_is_one_line_with_its_remedy(kind: type[SteersmanError]) -> None:
    error = kind("the thing is wrong", "do this")
    assert str(error) == "the thing is wrong; do this"
    assert (error.message, error.remedy) == ("the thing is wrong", "do this")
    assert str(kind("the thing is wrong")) == "the thing is wrong"
    assert kind("the thing is wrong").remedy == ""


def test_a_corrupt_journal_is_a_problem_of_data_and_not_of_usage() -> None:
    with pytest.raises(DataError, match="torn; copy it again"):
        raise errors.JournalError("torn", "copy it again")
    assert not issubclass(errors.JournalError, UsageError)
