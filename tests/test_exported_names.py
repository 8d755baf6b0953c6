"""The public names are pinned: adding or dropping one is a decision, and shows here."""

from __future__ import annotations

from importlib.metadata import version

import steersman

PUBLIC = ["__version__"]


def test_public_names_are_pinned() -> None:
    assert sorted(steersman.__all__) == PUBLIC


def test_public_names_exist() -> None:
    assert [name for name in steersman.__all__ if not hasattr(steersman, name)] == []


def test_version_is_that_of_the_package() -> None:
    assert steersman.__version__ == version("steersman")
