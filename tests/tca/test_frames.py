"""Rows in a notebook: as a frame and as a table in which no text is markup."""

from __future__ import annotations

import builtins
import importlib
from typing import Any

import pytest

from steersman.errors import UsageError
from steersman.tca.frames import frame_of, html_of, load_polars

ROWS: list[dict[str, str | float | int | None]] = [
    {"arm": "<b>", "n": 2, "bps": 1234.5678},
    {"arm": "b", "n": 3, "bps": None},
]


def test_rows_become_a_frame() -> None:
    pytest.importorskip("polars")
    frame = frame_of(ROWS)
    assert frame.columns == ["arm", "n", "bps"] and frame.shape == (2, 3)
    assert frame["bps"].to_list() == [1234.5678, None]


def test_without_polars_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise builtins.ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(UsageError, match="polars is not installed"):
        load_polars()


def test_rows_become_a_table_without_markup_of_theirs() -> None:
    html = html_of(ROWS, "what & what")
    assert "<td>&lt;b&gt;</td><td>2</td><td>1,234.568</td>" in html
    assert "<td>3</td><td></td>" in html and "<caption>what &amp; what</caption>" in html
    assert html_of([], "none").count("<tr>") == 1
