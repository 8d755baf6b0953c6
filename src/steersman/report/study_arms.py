"""What each arm of a study cost: headline, parts, distribution, and how its orders ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.report.chart import Chart, chart_of
from steersman.report.study_case import StudyCase
from steersman.report.study_plots import Box, Row, bar_columns, boxes, forest, rows_height
from steersman.report.svg import Drawing, Mark
from steersman.report.table import Cell, Column, Table
from steersman.tca.study import Arm

__all__ = ["PARTS", "arm_charts", "arms_table", "box_of", "box_table", "parts_of"]

SHARES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
LEGEND: Final[tuple[tuple[Mark, str, str], ...]] = (
    ("circle", "f1", "mean, net"),
    ("line", "whisk", "95 %"),
    ("diamond", "s3", "gross"),
    ("square", "s2", "median"),
)
PARTS: Final = ("price", "fees", "funding", "not filled", "tokens")
INTERVAL: Final = (Column("low (95 %)", "number"), Column("high (95 %)", "number"))

INTERVAL_OF_MEDIAN: Final = (
    Column("median, low", "number"),
    Column("median, high", "number"),
)
INTERVAL_OF_TAIL: Final = (
    Column("CVaR95, low", "number"),
    Column("CVaR95, high", "number"),
)


def arm_charts(case: StudyCase) -> Iterator[Chart]:
    """Yield T1, T2, T6 and T12 of the arms."""
    yield _headline(case)
    yield _parts(case)
    yield _distributions(case)
    yield _conduct(case)


def arms_table(case: StudyCase) -> Table:
    """Return one row an arm, in the order in which they were named."""
    rows: list[tuple[Cell, ...]] = []
    for name, arm in case.study.arms.items():
        made = case.manifest.arms[name]
        maker = None if arm.maker_share is None else 100 * arm.maker_share
        steered = case.made[name].steered
        rows.append(
            (
                name,
                f"{case.made[name].base}, steered" if steered else made.algo,
                arm.n,
                arm.mean_bps,
                arm.ci_low,
                arm.ci_high,
                arm.gross_mean_bps,
                arm.median_bps,
                arm.cvar95_bps,
                arm.sd_bps,
                100 * arm.fill_rate,
                maker,
            )
        )
    columns = (
        Column("arm"),
        Column("algorithm"),
        Column("n", "number", 0),
        Column("mean, bps", "number"),
        *INTERVAL,
        Column("gross, bps", "number"),
        Column("median, bps", "number"),
        Column("CVaR95, bps", "number"),
        Column("deviation, bps", "number"),
        Column("filled, %", "number", 1),
        Column("maker, %", "number", 1),
    )
    return Table("arms", "Arms", columns, tuple(rows))


def _headline(case: StudyCase) -> Chart:
    rows = [
        Row(
            name,
            arm.mean_bps,
            arm.ci_low,
            arm.ci_high,
            marks=(("diamond", "s3", arm.gross_mean_bps), ("square", "s2", arm.median_bps)),
        )
        for name, arm in case.study.arms.items()
    ]
    columns = (
        Column("arm"),
        Column("n", "number", 0),
        Column("mean, bps", "number"),
        *INTERVAL,
        Column("gross mean, bps", "number"),
        Column("median, bps", "number"),
        *INTERVAL_OF_MEDIAN,
        Column("CVaR95, bps", "number"),
        *INTERVAL_OF_TAIL,
    )
    table = Table("T1", "Cost an order by arm", columns, tuple(map(_headline_row, *_named(case))))
    told = "; ".join(f"{row.name} {row.value:+.2f}" for row in rows)
    drawing = Drawing("T1", "Mean cost by arm", f"bps: {told}", rows_height(len(rows)))
    forest(drawing, rows, "bps", LEGEND)
    about = (
        "Mean over all orders in bps of their value at arrival, right of zero: cost. Gross leaves "
        "out fees and tokens. All arms worked the same orders: their costs move together, so these "
        "intervals say little about which is cheaper. The differences below do."
    )
    return chart_of(drawing, "T1 Cost of each arm", about, table)


def _named(case: StudyCase) -> tuple[list[str], list[Arm]]:
    return list(case.study.arms), list(case.study.arms.values())


def _headline_row(name: str, arm: Arm) -> tuple[Cell, ...]:
    return (
        name,
        arm.n,
        arm.mean_bps,
        arm.ci_low,
        arm.ci_high,
        arm.gross_mean_bps,
        arm.median_bps,
        arm.median_low,
        arm.median_high,
        arm.cvar95_bps,
        arm.cvar95_low,
        arm.cvar95_high,
    )


def parts_of(arm: Arm) -> tuple[float, ...]:
    """Return the mean of each of `PARTS`; they sum to the arm's mean cost.

    The price is what is left of the cost: what was paid beyond the price at arrival.
    """
    others = (arm.fees_bps, arm.funding_bps, arm.unfilled_bps, arm.token_bps)
    return (arm.mean_bps - sum(others), *others)


def _parts(case: StudyCase) -> Chart:
    cells = {name: (*parts_of(arm), arm.mean_bps) for name, arm in case.study.arms.items()}
    heads = (*PARTS, "total")
    columns = (Column("arm"), *(Column(f"{head}, bps", "number", 3) for head in heads))
    rows: tuple[tuple[Cell, ...], ...] = tuple((name, *own) for name, own in cells.items())
    table = Table("T2", "Mean parts of the cost", columns, rows)
    told = "; ".join(f"{name} {values[-1]:+.2f}" for name, values in cells.items())
    drawing = Drawing("T2", "Parts of the cost", f"totals in bps: {told}", rows_height(len(cells)))
    bar_columns(drawing, list(cells), heads, list(cells.values()), total=True)
    about = (
        "Mean of each part in bps; the parts of an arm sum to its cost. Price is what was paid "
        "beyond the price at arrival: the schedule's timing, half spreads and impact. What was not "
        "filled is valued at the close."
    )
    return chart_of(drawing, "T2 What the cost is made of", about, table)


def box_of(name: str, values: npt.NDArray[np.float64], tail: float) -> Box:
    """Return a distribution as a box; `tail` is the mean of its dearest twentieth."""
    low, first, median, third, high = np.quantile(values, SHARES).tolist()
    return Box(name, (low, first, median, third, high), float(values.mean()), tail)


def box_table(key: str, title: str, first: str, rows: list[Box]) -> Table:
    """Return boxes as a table."""
    columns = (
        Column(first),
        *(Column(f"{100 * share:g} %", "number") for share in SHARES),
        Column("mean, bps", "number"),
        Column("CVaR95, bps", "number"),
    )
    return Table(key, title, columns, tuple((r.name, *r.quantiles, r.mean, r.tail) for r in rows))


def _distributions(case: StudyCase) -> Chart:
    costs = case.data.costs
    rows = [
        box_of(name, costs[:, column], arm.cvar95_bps)
        for column, (name, arm) in enumerate(case.study.arms.items())
    ]
    table = box_table("T6", "Quantiles of the cost of an order, bps", "arm", rows)
    told = "; ".join(f"{row.name} median {row.quantiles[2]:+.2f}" for row in rows)
    drawing = Drawing("T6", "Cost of the orders by arm", f"bps: {told}", rows_height(len(rows)))
    boxes(drawing, rows, "bps")
    about = (
        "How the costs of single orders are spread: most of that is what the market did, the same "
        "for every arm. CVaR95 is the mean of the dearest twentieth."
    )
    return chart_of(drawing, "T6 Cost of the orders, by arm", about, table)


def _conduct(case: StudyCase) -> Chart:
    rows: list[tuple[Cell, ...]] = []
    for name, arm in case.study.arms.items():
        share = 100 * arm.fallbacks / arm.asked if arm.asked else None
        known = case.data.participation[:, case.data.arms.index(name)]
        part = float(np.nanmean(known)) * 100 if not np.isnan(known).all() else None
        rows.append(
            (name, arm.n, arm.incomplete, arm.refused, part, arm.asked, arm.answers, arm.fallbacks,
             share)
        )  # fmt: skip
    columns = (
        Column("arm"),
        Column("orders", "number", 0),
        Column("not filled whole", "number", 0),
        Column("of them refused by a limit", "number", 0),
        Column("participation, %", "number"),
        Column("asked", "number", 0),
        Column("answers used", "number", 0),
        Column("fallbacks", "number", 0),
        Column("fallbacks, %", "number", 1),
    )
    table = Table("T12", "Orders and answers by arm", columns, tuple(rows))
    arms = case.study.arms.values()
    told = (
        f"{sum(arm.incomplete for arm in arms):,} orders not filled whole, "
        f"{sum(arm.refused for arm in arms):,} of them refused; "
        f"{sum(arm.fallbacks for arm in arms):,} answers of a rule in a model's place"
    )
    heads = ("not whole, %", "refused, %", "fallbacks, %")
    shares = [
        (
            100 * arm.incomplete / arm.n,
            100 * arm.refused / arm.n,
            100 * arm.fallbacks / max(1, arm.asked),
        )
        for arm in arms
    ]
    title = "T12 Incomplete orders, limits, fallbacks"
    drawing = Drawing("T12", title, told, rows_height(len(shares)))
    bar_columns(drawing, list(case.study.arms), heads, shares)
    about = f"In shares of the orders, and of what was asked. Over all arms: {told}."
    return chart_of(drawing, title, about, table)
