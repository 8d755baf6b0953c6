"""A report put together: problems first, then targets, charts, and what it can be repeated from.

`Report` knows nothing of where its sections are from: whoever has others (a study's arms, paired
differences) makes `Section`s of `Chart`s and gets the same page, Markdown and JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from steersman import __version__
from steersman.errors import UsageError
from steersman.report.cases import Case, document, problems, read_cases
from steersman.report.chart import Chart
from steersman.report.conditions import thirds_chart
from steersman.report.conduct import children_chart, conduct_charts
from steersman.report.order import cost_charts, course_charts
from steersman.report.reproduce import Reproduce, reproduce
from steersman.report.several import orders_table, several_charts
from steersman.report.table import Column, Table, figure
from steersman.tca.targets import Metric, judge

__all__ = ["SCHEMA", "Report", "Section", "Tile", "metrics_table", "report_of", "report_on"]

SCHEMA: Final = "steersman.report/1"
DETAILED: Final = 6


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the headline."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """Charts under a heading."""

    key: str
    title: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a page shows.

    `overview` has a row for each of what is reported on: an order, or an arm of a study. `figures`
    are plain values for machines, by the names they have in the document.
    """

    title: str
    subtitle: str
    command: str
    problems: tuple[str, ...]
    tiles: tuple[Tile, ...]
    metrics: tuple[Metric, ...]
    overview: Table
    sections: tuple[Section, ...]
    reproduced: tuple[Reproduce, ...]
    figures: Mapping[str, Any]

    @property
    def charts(self) -> list[Chart]:
        """Every chart, in the order of the page."""
        return [chart for section in self.sections for chart in section.charts]

    @property
    def tables(self) -> list[Table]:
        """Every table: targets, the overview, then those of the charts."""
        return [
            metrics_table(self.metrics),
            self.overview,
            *(table for chart in self.charts for table in chart.tables),
        ]

    def table(self, key: str) -> Table:
        """Return a table by its key; raise UsageError naming those there are."""
        for table in self.tables:
            if table.key == key:
                return table
        known = ", ".join(table.key for table in self.tables)
        raise UsageError(f"the report has no table {key!r}", f"choose one of {known}")

    def to_polars(self) -> Any:
        """Return the overview as a polars DataFrame; `table(key).to_polars()` gives any other."""
        return self.overview.to_polars()

    def document(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "version": __version__,
            "command": self.command,
            "problems": list(self.problems),
            "metrics": [metric.document() for metric in self.metrics],
            **self.figures,
            "tables": {table.key: table.records() for table in self.tables},
            "reproduce": [_reproduce(one) for one in self.reproduced],
        }

    def _repr_html_(self) -> str:
        from steersman.report.page import fragment

        return fragment(self)


def report_on(paths: Sequence[Path], command: str = "") -> Report:
    """Read journals and report on every order in them; raises as `read_cases` does."""
    return report_of(read_cases(paths), command)


def report_of(cases: Sequence[Case], command: str = "") -> Report:
    """Report on orders that were measured (at least one)."""
    assert cases, "nothing to report on"
    ended = [case for case in cases if case.report.ended]
    single = len(cases) == 1
    return Report(
        title=_title(cases),
        subtitle=_subtitle(cases),
        command=command,
        problems=tuple(problems(cases)),
        tiles=_tiles(cases[0]) if single else (),
        metrics=judge([case.evidence for case in ended]),
        overview=orders_table(cases),
        sections=_of_one(cases[0]) if single else _of_several(cases),
        reproduced=tuple(reproduce(case, __version__) for case in cases[:DETAILED]),
        figures={"orders": [document(case) for case in cases]},
    )


def metrics_table(metrics: Sequence[Metric]) -> Table:
    """Return the targets of F26 and F27 with what was measured."""
    rows = []
    for one in metrics:
        found = one.measured
        value = None if found is None else found.value
        ends = (None, None) if found is None else (found.low, found.high)
        title = one.target.title + (f", {one.target.unit.strip()}" if one.target.unit else "")
        n = 0 if found is None else found.n
        rows.append(
            (one.target.group, title, one.target.text, value, *ends, n, one.verdict, one.note)
        )
    columns = (
        Column("feature"),
        Column("metric"),
        Column("target"),
        Column("value", "number"),
        Column("low (95 %)", "number"),
        Column("high (95 %)", "number"),
        Column("n", "number", 0),
        Column("verdict"),
        Column("what it is"),
    )
    return Table("targets", "Targets", columns, tuple(rows))


def _of_one(case: Case) -> tuple[Section, ...]:
    charts = [*cost_charts(case, ""), *course_charts(case, ""), *conduct_charts([case])]
    ordered = sorted(charts, key=_number)
    return (Section("order", "The order", tuple(ordered)),)


def _number(chart: Chart) -> int:
    return int(chart.key.removeprefix("T").partition("-")[0])


def _of_several(cases: Sequence[Case]) -> tuple[Section, ...]:
    charts = [*several_charts(cases), *conduct_charts(cases), thirds_chart(cases)]
    ordered = sorted(charts, key=_number)
    found = [Section("together", f"{len(cases)} orders together", tuple(ordered))]
    for i, case in enumerate(cases[:DETAILED], 1):
        prefix = f"o{i}-"
        own = *cost_charts(case, prefix), *course_charts(case, prefix), children_chart(case, prefix)
        found.append(Section(f"o{i}", f"Order {case.name}", own))
    return tuple(found)


def _title(cases: Sequence[Case]) -> str:
    if len(cases) > 1:
        return f"{len(cases)} orders"
    report = cases[0].report
    return f"{report.side.value} {report.qty:f} {report.instrument}"


def _subtitle(cases: Sequence[Case]) -> str:
    if len(cases) > DETAILED:
        return (
            f"The first {DETAILED} orders in detail below; for the others report on their journals "
            "alone."
        )
    if len(cases) > 1:
        return "Together, then one by one."
    order, report = cases[0].course.facts.order, cases[0].report
    algo = order.algo.value if order.algo is not order.base else order.base.value
    base = f" on {order.base.value}" if order.algo.value == "adaptive" else ""
    return f"order {order.id}, {algo}{base}, {report.state.value}: {report.reason or 'no reason'}"


def _tiles(case: Case) -> tuple[Tile, ...]:
    report = case.report
    share = None if report.participation is None else 100 * report.participation
    maker = None if report.maker_share is None else 100 * report.maker_share
    return (
        Tile("state", report.state.value),
        Tile("filled", f"{float(report.filled_qty):,g} of {float(report.qty):,g}"),
        Tile("shortfall, bps", figure(report.is_bps, 2, sign=True)),
        Tile("vs arrival, bps", figure(report.benchmarks.arrival.slippage_bps, 2, sign=True)),
        Tile("vs VWAP, bps", figure(report.benchmarks.vwap.slippage_bps, 2, sign=True)),
        Tile("participation, %", figure(share)),
        Tile("maker share, %", figure(maker, 1)),
        Tile("children", str(report.children)),
    )


def _reproduce(one: Reproduce) -> dict[str, Any]:
    return {
        "order": one.order,
        **dict(one.rows),
        "command": one.command,
        "settings": one.settings,
        "unknown": one.unknown,
    }
