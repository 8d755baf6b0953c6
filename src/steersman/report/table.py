"""A table of figures: read by people, written as CSV, taken on in a notebook.

Cells are text, numbers, times (UTC ns) or nothing; how they look is decided here and nowhere else.
Text in them may come from anybody: it is escaped for HTML, and where a spreadsheet would take it
for a formula, kept from being one.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final, Literal

from steersman.domain.units import HOUR_NS, MS_NS, SECOND_NS
from steersman.tca.frames import load_polars
from steersman.tca.intervals import mean_of

__all__ = [
    "Cell",
    "Column",
    "Table",
    "clock",
    "estimate_columns",
    "figure",
    "iso",
    "mean_cells",
    "printable",
]

ROWS_SHOWN: Final = 100
PLAIN_BYTES: Final = 10_000
DAY_NS: Final = 24 * HOUR_NS
# What a spreadsheet takes for a formula, at the start of a cell: also where one that separates by
# semicolons would begin it, and in full width. A number is one and does no harm.
FORMULA: Final = re.compile(
    r"""(^|;)([\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?![+\-]\d[\d.,]*\s*(?:;|$))"""
)

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name (with its unit) and what is in it; `digits` after the point of a number."""

    name: str
    kind: Literal["text", "number", "time"] = "text"
    digits: int = 2


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; `key` names the CSV file."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows), f"{self.key} is ragged"

    def csv(self) -> str:
        """Return all rows as CSV; times are ISO 8601, what is absent is empty."""
        out = io.StringIO()
        sheet = csv.writer(out, lineterminator="\n")
        sheet.writerow([column.name for column in self.columns])
        for row in self.rows:
            pairs = zip(self.columns, row, strict=True)
            sheet.writerow([_plain(column, cell) for column, cell in pairs])
        return out.getvalue()

    def csv_link(self) -> str:
        """Return a link that saves the whole CSV, a long one compressed (gzip)."""
        content, kind, ending = self.csv().encode(), "text/csv", "csv"
        if len(content) > PLAIN_BYTES:
            content, kind, ending = gzip.compress(content, mtime=0), "application/gzip", "csv.gz"
        data = base64.b64encode(content).decode()
        name = escape(f"{self.key}.{ending}", quote=True)
        words = f"{ending.upper()}<span class=sr> of {escape(self.title)}</span>"
        return f"<a class=csv download='{name}' href='data:{kind};base64,{data}'>{words}</a>"

    def text_rows(self) -> list[list[str]]:
        """Return all rows as people read them: times with their day where a column spans one."""
        dated = [column.kind == "time" and self._spans_ns(i) >= DAY_NS
                 for i, column in enumerate(self.columns)]  # fmt: skip
        return [
            [_shown(*one) for one in zip(self.columns, row, dated, strict=True)]
            for row in self.rows
        ]

    def _spans_ns(self, index: int) -> int:
        times = [int(at) for row in self.rows if (at := row[index]) is not None]
        return max(times) - min(times) if times else 0

    def records(self) -> list[dict[str, Cell]]:
        """Return a mapping for each row, times in ns."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def html(self) -> str:
        """Return a table element; of a long table its first rows, with a note."""
        head = "".join(f"<th scope=col{_right(c)}>{escape(c.name)}</th>" for c in self.columns)
        body = [
            "<tr>"
            + "".join(
                f"<td{_right(column)}>{escape(cell)}</td>"
                for column, cell in zip(self.columns, row, strict=True)
            )
            + "</tr>"
            for row in self.text_rows()[:ROWS_SHOWN]
        ]
        left = len(self.rows) - ROWS_SHOWN
        note = f"<p class=note>{left} more rows are in the CSV.</p>" if left > 0 else ""
        caption = f"<caption>{escape(self.title)}</caption>"
        return (
            f"<div class=scroll><table>{caption}<thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(body)}</tbody></table></div>{note}"
        )

    def _repr_html_(self) -> str:
        return self.html()

    def to_polars(self) -> Any:
        """Return a polars DataFrame, times as datetimes in UTC.

        Raises UsageError where polars is not installed.
        """
        polars = load_polars()
        kinds = {
            "text": polars.String,
            "number": polars.Float64,
            "time": polars.Datetime("ns", "UTC"),
        }
        return polars.DataFrame(
            {c.name: [row[i] for row in self.rows] for i, c in enumerate(self.columns)},
            schema={column.name: kinds[column.kind] for column in self.columns},
            strict=False,
        )


def estimate_columns(head: str, digits: int = 2) -> tuple[Column, ...]:
    """Return the columns of a value, the ends of its interval, and of how many it is."""
    heads = (head, "low (95 %)", "high (95 %)")
    return (*(Column(head, "number", digits) for head in heads), Column("n", "number", 0))


def mean_cells(
    values: Sequence[float | None],
) -> tuple[float | None, float | None, float | None, int]:
    """Return the mean of what is known with the ends of its interval, and of how many it is."""
    found = mean_of([value for value in values if value is not None])
    return (None, None, None, 0) if found is None else (found.value, found.low, found.high, found.n)


def figure(value: float | None, digits: int = 2, sign: bool = False) -> str:
    """Return a number as people read it, `unknown` where there is none."""
    if value is None:
        return "unknown"
    text = f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}"
    return text.replace("-", "−")


def clock(at_ns: int) -> str:
    """Return a time of day in UTC to the millisecond."""
    moment = datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC)
    return f"{moment:%H:%M:%S}.{at_ns % SECOND_NS // MS_NS:03d}"


def iso(at_ns: int) -> str:
    """Return a time in UTC to the millisecond, ISO 8601."""
    moment = datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ns % SECOND_NS // MS_NS:03d}Z"


def printable(text: str) -> str:
    """Return text on one line, without characters that cannot be printed."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _right(column: Column) -> str:
    return " class=n" if column.kind == "number" else ""


def _shown(column: Column, cell: Cell, dated: bool) -> str:
    if cell is None:
        return "" if column.kind == "text" else "unknown"
    if column.kind == "time":
        return iso(int(cell)) if dated else clock(int(cell))
    if column.kind == "number":
        return figure(float(cell), column.digits)
    return printable(str(cell))


def _plain(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if column.kind == "time":
        return iso(int(cell))
    if column.kind == "number":
        return repr(cell)
    return FORMULA.sub(r"\1\2'", printable(str(cell)))
