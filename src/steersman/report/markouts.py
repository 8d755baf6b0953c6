"""T8: what the price did after fills: mark-outs, spreads and reversion, of one order or of many.

Of many orders each order's own mean counts once; how many fills were measured are sums.
"""

from __future__ import annotations

from collections.abc import Sequence

from steersman.domain.order import Style
from steersman.report.chart import Chart, chart_of
from steersman.report.plots import steps
from steersman.report.svg import Drawing
from steersman.report.table import Column, Table, estimate_columns, mean_cells
from steersman.tca.markouts import HORIZONS_S, Markout, Which
from steersman.tca.measure import CostReport
from steersman.tca.spreads import Reversion, Spreads

__all__ = [
    "markout_chart",
    "mean_markouts",
    "mean_reversion_table",
    "mean_spreads",
    "reversion_table",
    "spreads_table",
]

SPREADS = (
    ("quoted_bps", "quoted, bps"),
    ("effective_bps", "effective, bps"),
    ("realised_bps", "realised, bps"),
    ("impact_bps", "impact, bps"),
    ("effective_over_quoted", "effective / quoted"),
)
CAME_BACK = "Reversion after the last fill (positive: the price came back)"


def _horizons(key: str, markouts: Sequence[Markout]) -> Table:
    """Return mark-outs as a table."""
    return Table(
        key,
        "Mark-outs by liquidity and by style",
        (
            Column("which"),
            Column("after, s", "number", 0),
            Column("against the fill, bps", "number", 3),
            Column("against the mid, bps", "number", 3),
            Column("measured", "number", 0),
            Column("fills", "number", 0),
        ),
        tuple(
            (str(m.which), m.horizon_s, m.vs_fill_bps, m.vs_mid_bps, m.measured, m.fills)
            for m in markouts
        ),
    )


def markout_chart(
    prefix: str, markouts: Sequence[Markout], more: tuple[Table, ...], notes: tuple[str, ...]
) -> Chart:
    """Return T8: what the price did after fills, makers and takers apart."""
    table = _horizons(f"{prefix}T8-markouts", markouts)
    groups = []
    for which, shape, colour in (("maker", "circle", "2"), ("taker", "triangle", "3")):
        own = {m.horizon_s: m for m in markouts if m.which == which}
        for name, field, dashed in (("fill", "vs_fill_bps", False), ("mid", "vs_mid_bps", True)):
            values = [getattr(own[h], field) if h in own else None for h in HORIZONS_S]
            if any(value is not None for value in values):
                groups.append((f"{which} vs {name}", shape, colour, values, dashed))
    title, key = "T8 What the price did after fills", f"{prefix}T8"
    about = (
        "Mark-outs, positive where the market moved in our favour. Solid lines are against the "
        "fill, dashed against the mid just before it: a maker's adverse selection."
    )
    if not groups:
        return Chart(key, title, about, "", (table, *more), ("No mark-out could be measured.",))
    told = "; ".join(f"{m.which} {m.horizon_s} s {m.vs_fill_bps:+.2f}" for m in markouts
                     if m.vs_fill_bps is not None and m.which not in set(Style))  # fmt: skip
    drawing = Drawing(key, "Mark-outs", f"bps against the fill: {told}")
    steps(drawing, [f"{h} s" for h in HORIZONS_S], "bps", groups)  # type: ignore[arg-type]
    return chart_of(drawing, title, about, table, *more, notes=notes)


def spreads_table(prefix: str, spreads: Sequence[Spreads]) -> Table:
    """Return quoted, effective and realised spread of makers and takers at each horizon."""
    return Table(
        f"{prefix}T8-spreads",
        "Effective and realised spread",
        (
            Column("which"),
            Column("after, s", "number", 0),
            *(Column(head, "number", 3) for _, head in SPREADS),
            Column("measured", "number", 0),
            Column("fills", "number", 0),
        ),
        tuple(
            (s.which.value, s.horizon_s, *(getattr(s, n) for n, _ in SPREADS), s.measured, s.fills)
            for s in spreads
        ),
    )


def reversion_table(prefix: str, reversion: Sequence[Reversion]) -> Table:
    """Return how far the price came back at each horizon."""
    columns = (Column("after, s", "number", 0), Column("reversion, bps", "number", 3))
    rows = tuple((one.horizon_s, one.bps) for one in reversion)
    return Table(f"{prefix}T8-reversion", CAME_BACK, columns, rows)


def mean_markouts(reports: Sequence[CostReport]) -> tuple[Markout, ...]:
    """Return the mean over orders of each order's own, by liquidity and by style."""
    own: dict[tuple[Which, int], list[Markout]] = {}
    for report in reports:
        for mark in (*report.markouts, *report.markouts_by_style):
            own.setdefault((mark.which, mark.horizon_s), []).append(mark)
    return tuple(
        Markout(
            horizon_s,
            which,
            _mean([mark.vs_fill_bps for mark in marks]),
            _mean([mark.vs_mid_bps for mark in marks]),
            sum(mark.measured for mark in marks),
            sum(mark.fills for mark in marks),
        )
        for (which, horizon_s), marks in own.items()
    )


def mean_spreads(reports: Sequence[CostReport]) -> tuple[Spreads, ...]:
    """Return the mean over orders of each order's own spreads, and their ratio."""
    return tuple(
        _mean_spread(own) for own in zip(*(report.spreads for report in reports), strict=True)
    )


def _mean_spread(own: Sequence[Spreads]) -> Spreads:
    quoted = _mean([one.quoted_bps for one in own])
    effective = _mean([one.effective_bps for one in own])
    ratio = None if quoted is None or effective is None else effective / quoted
    return Spreads(
        which=own[0].which,
        horizon_s=own[0].horizon_s,
        quoted_bps=quoted,
        effective_bps=effective,
        realised_bps=_mean([one.realised_bps for one in own]),
        impact_bps=_mean([one.impact_bps for one in own]),
        effective_over_quoted=ratio,
        measured=sum(one.measured for one in own),
        fills=sum(one.fills for one in own),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    return mean_cells(values)[0]


def mean_reversion_table(reports: Sequence[CostReport]) -> Table:
    """Return the mean over orders of how far the price came back, with its interval."""
    rows = tuple(
        (horizon_s, *mean_cells([report.reversion[index].bps for report in reports]))
        for index, horizon_s in enumerate(HORIZONS_S)
    )
    columns = (Column("after, s", "number", 0), *estimate_columns("mean, bps", 3))
    return Table("T8-reversion", CAME_BACK, columns, rows)
