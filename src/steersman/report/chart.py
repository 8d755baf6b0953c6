"""A chart of a report: what it shows, drawn where it could be, and the tables behind it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from steersman.report.svg import Drawing
from steersman.report.table import Table

__all__ = ["Chart", "chart_of"]


@dataclass(frozen=True, slots=True)
class Chart:
    """One of T1 to T14; `svg` is empty where there is nothing to draw, and `notes` say why."""

    key: str
    title: str
    about: str
    svg: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()

    def html(self) -> str:
        """Return the chart as a section of a page."""
        tables = "".join(_details(table) for table in self.tables if table.rows)
        notes = "".join(f"<p class=note>{escape(note)}</p>" for note in self.notes)
        return (
            f"<section class=card id='{self.key}' data-testid='{self.key}'>"
            f"<h3>{escape(self.title)}</h3><p class=about>{escape(self.about)}</p>"
            f"{self.svg}{notes}{tables}</section>"
        )

    def _repr_html_(self) -> str:
        return self.html()


def chart_of(
    drawing: Drawing, title: str, about: str, *tables: Table, notes: tuple[str, ...] = ()
) -> Chart:
    """Return a drawing as a chart."""
    return Chart(drawing.key, title, about, drawing.svg(), tables, notes)


def _details(table: Table) -> str:
    return (
        f"<div class=data><details><summary>{escape(table.title)} ({len(table.rows)})</summary>"
        f"{table.html()}</details>{table.csv_link()}</div>"
    )
