"""A report as Markdown: figures and short tables, for a ticket or a repository."""

from __future__ import annotations

import re
from typing import Final

from steersman.report.build import Report, metrics_table
from steersman.report.chart import Chart
from steersman.report.table import Table, printable

__all__ = ["markdown"]

ROWS_SHOWN: Final = 20
SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#~!&])")


def markdown(report: Report) -> str:
    """Return the whole text; long tables are cut, and say so."""
    lines = [f"# {_escaped(report.title)}", "", _escaped(report.subtitle), ""]
    if report.problems:
        lines += ["**Read this first**", ""]
        lines += [f"* {_escaped(problem)}" for problem in report.problems] + [""]
    lines += ["## Targets", "", *_table(metrics_table(report.metrics))]
    if len(report.overview.rows) > 1:
        lines += [f"## {report.overview.title}", "", *_table(report.overview)]
    for section in report.sections:
        lines += [f"## {_escaped(section.title)}", ""]
        for chart in section.charts:
            lines += _chart(chart)
    return "\n".join([*lines, *_reproduced(report)]).rstrip() + "\n"


def _chart(chart: Chart) -> list[str]:
    lines = [f"### {_escaped(chart.title)}", "", _escaped(chart.about), ""]
    for note in chart.notes:
        lines += [_escaped(note), ""]
    for table in chart.tables:
        if table.rows:
            lines += [f"{_escaped(table.title)}:", "", *_table(table)]
    return lines


def _reproduced(report: Report) -> list[str]:
    lines = ["## Reproduce", ""]
    if report.command:
        lines += ["This report:", "", *_code(report.command)]
    for one in report.reproduced:
        lines += [f"### {_escaped(one.order)}", ""]
        lines += [f"* {name}: {_escaped(value)}" for name, value in one.rows] + [""]
        lines += _code(one.command)
        if one.settings:
            lines += _code(one.settings)
        lines += [_escaped(one.unknown), ""]
    return lines


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", printable(text))


def _code(text: str) -> list[str]:
    return [*(f"    {printable(line)}" for line in text.splitlines()), ""]


def _table(table: Table) -> list[str]:
    heads = " | ".join(_escaped(column.name) for column in table.columns)
    rule = " | ".join("---:" if column.kind == "number" else "---" for column in table.columns)
    lines = [f"| {heads} |", f"| {rule} |"]
    for row in table.text_rows()[:ROWS_SHOWN]:
        lines.append(f"| {' | '.join(_escaped(cell) for cell in row)} |")
    left = len(table.rows) - ROWS_SHOWN
    if left > 0:
        lines += ["", f"{left} more rows are in the JSON."]
    return [*lines, ""]
