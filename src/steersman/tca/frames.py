"""Rows of plain values in a notebook: as a polars DataFrame, where polars is there, and as HTML."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from steersman.errors import UsageError

__all__ = ["frame_of", "html_of", "load_polars"]

Row = Mapping[str, str | float | int | None]


def load_polars() -> Any:
    """Return polars; raise UsageError where it is not installed: it is no dependency of ours."""
    try:
        return importlib.import_module("polars")
    except ModuleNotFoundError:
        raise UsageError(
            "polars is not installed", "install polars, or read .csv(), .records() or .document()"
        ) from None


def frame_of(rows: Sequence[Row]) -> Any:
    """Return rows of the same names as a polars DataFrame; raises as `load_polars` does."""
    return load_polars().DataFrame(list(rows), infer_schema_length=None)


def html_of(rows: Sequence[Row], caption: str) -> str:
    """Return rows of the same names as an HTML table; what is absent is empty."""
    names = list(rows[0]) if rows else []
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_shown(row[name]))}</td>' for name in names)}</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _shown(value: str | float | int | None) -> str:
    if value is None:
        return ""
    return f"{value:,.3f}" if isinstance(value, float) else str(value)
