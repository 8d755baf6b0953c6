"""What pairs of arms differ by: advice against its schedule and placebos, and all the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from steersman.report.chart import Chart, chart_of
from steersman.report.study_arms import box_of, box_table
from steersman.report.study_case import StudyCase
from steersman.report.study_plots import Row, boxes, forest, funnel, rows_height
from steersman.report.svg import Drawing, Mark
from steersman.report.table import Cell, Column, Table
from steersman.tca.study import Pair, tail_of
from steersman.tca.study_pairs import (
    advised,
    base_of,
    differs_in,
    key_pairs,
    oriented,
    reference_of,
    running,
)

__all__ = ["against_reference", "difference_charts", "pair_table", "shown_pairs"]

DRAWN_MAX: Final = 24
RUNNING_MAX: Final = 4
LEGEND: Final[tuple[tuple[Mark, str, str], ...]] = (
    ("circle", "f1", "mean"),
    ("line", "whisk", "95 %"),
    ("line", "s4 dot", "at any time"),
    ("square", "s2", "median"),
)
HOW: Final = (
    "Left of zero: the first of the two is cheaper. Dotted intervals hold however often one looks "
    "and for all pairs of the study at once."
)
NO_ADVICE: Final = "No arm is advised: there is no advice whose worth could be told."


def difference_charts(case: StudyCase) -> Iterator[Chart]:
    """Yield T10 of the advice, as a whole and as it went, T6 and T1 of the differences."""
    yield _advice(case)
    yield _reference(case)
    yield _spread(case)
    yield from _courses(case)


def shown_pairs(case: StudyCase) -> list[Pair]:
    """Return the pairs that tell what advice is worth; without advice, those with the reference."""
    pairs = [oriented(case.study, a, b) for a, b in key_pairs(case.made)]
    return pairs or against_reference(case)


def against_reference(case: StudyCase) -> list[Pair]:
    """Return every other arm less the reference."""
    reference = reference_of(case.made)
    return [oriented(case.study, a, reference) for a in case.study.arms if a != reference]


def pair_table(case: StudyCase, key: str, title: str, pairs: Sequence[Pair]) -> Table:
    """Return all that is known of pairs, a row each."""
    columns = (
        Column("a less b"),
        Column("differ in"),
        Column("n", "number", 0),
        Column("mean, bps", "number"),
        Column("low (95 %)", "number"),
        Column("high (95 %)", "number"),
        Column("p", "number", 4),
        Column("p, Holm", "number", 4),
        Column("low, any time", "number"),
        Column("high, any time", "number"),
        Column("gross, bps", "number"),
        Column("median, bps", "number"),
        Column("CVaR95, bps", "number"),
        Column("CVaR95, low", "number"),
        Column("CVaR95, high", "number"),
        Column("a cheaper, %", "number", 1),
        Column("paired deviation, bps", "number"),
        Column("orders for 1 bp", "number", 0),
    )
    return Table(key, title, columns, tuple(_pair_row(case, pair) for pair in pairs))


def _pair_row(case: StudyCase, pair: Pair) -> tuple[Cell, ...]:
    made = case.made
    return (
        f"{pair.a} − {pair.b}",
        ", ".join(differs_in(made[pair.a], made[pair.b])),
        pair.n,
        pair.mean_diff_bps,
        pair.ci_low,
        pair.ci_high,
        pair.p,
        pair.p_holm,
        pair.anytime_low,
        pair.anytime_high,
        pair.gross_diff_bps,
        pair.median_diff_bps,
        pair.cvar95_diff_bps,
        pair.cvar95_diff_low,
        pair.cvar95_diff_high,
        100 * pair.win_rate,
        pair.sd_bps,
        pair.orders_for_1bp,
    )


def _row(name: str, pair: Pair) -> Row:
    return Row(
        name,
        pair.mean_diff_bps,
        pair.ci_low,
        pair.ci_high,
        (pair.anytime_low, pair.anytime_high),
        (("square", "s2", pair.median_diff_bps),),
    )


def _told(pairs: Sequence[Pair]) -> str:
    return "; ".join(f"{p.a} less {p.b} {p.mean_diff_bps:+.2f} bps" for p in pairs)


def _advice(case: StudyCase) -> Chart:
    title = "T10 Advice against the same orders without it"
    about = (
        "Each advised arm less the schedule that it steers, and less the controls that know "
        f"nothing, on the same data. {HOW}"
    )
    pairs = [oriented(case.study, a, b) for a, b in key_pairs(case.made)]
    if not pairs:
        return Chart("T10", title, about, "", (), (_why_none(case),))
    table = pair_table(case, "T10", "Paired differences of the advice", pairs)
    drawn = pairs[:DRAWN_MAX]
    drawing = Drawing("T10", "Paired differences of the advice", _told(drawn),
                      rows_height(len(drawn)))  # fmt: skip
    forest(drawing, [_row(f"{one.a} − {one.b}", one) for one in drawn], "bps", LEGEND)
    return chart_of(drawing, title, about, table, notes=_left_out(pairs))


def _why_none(case: StudyCase) -> str:
    if not advised(case.made):
        return NO_ADVICE
    return "Neither the schedule that is steered nor a control is an arm of this study."


def _left_out(pairs: Sequence[Pair]) -> tuple[str, ...]:
    left = len(pairs) - DRAWN_MAX
    return (f"{left} more pairs are in the table.",) if left > 0 else ()


def _reference(case: StudyCase) -> Chart:
    reference = reference_of(case.made)
    pairs = against_reference(case)
    whole = pair_table(case, "pairs", "All pairs", case.study.pairs)
    title = f"T1 Differences from {reference}"
    about = f"Each arm less {reference}, order by order. {HOW}"
    if not pairs:
        why = "There is one arm: nothing to compare it with."
        return Chart("T1-pairs", title, about, "", (), (why,))
    table = pair_table(case, "T1-pairs", f"Paired differences from {reference}", pairs)
    drawn = pairs[:DRAWN_MAX]
    drawing = Drawing("T1-pairs", title, _told(drawn), rows_height(len(drawn)))
    forest(drawing, [_row(pair.a, pair) for pair in drawn], "bps", LEGEND)
    return chart_of(drawing, title, about, table, whole, notes=_left_out(pairs))


def _spread(case: StudyCase) -> Chart:
    pairs = shown_pairs(case)[:DRAWN_MAX]
    title = "T6 How the differences are spread"
    about = "The difference of each order's two costs; CVaR95 is the mean of the worst twentieth."
    data = case.data
    rows = []
    for pair in pairs:
        a, b = (data.arms.index(name) for name in (pair.a, pair.b))
        differences = data.costs[:, a] - data.costs[:, b]
        rows.append(box_of(f"{pair.a} − {pair.b}", differences, tail_of(differences)))
    if not rows:
        return Chart("T6-pairs", title, about, "", (), ("There is one arm.",))
    table = box_table("T6-pairs", "Quantiles of the differences, bps", "a less b", rows)
    told = "; ".join(f"{row.name} median {row.quantiles[2]:+.2f}" for row in rows)
    drawing = Drawing("T6-pairs", title, f"bps: {told}", rows_height(len(rows)))
    boxes(drawing, rows, "bps")
    return chart_of(drawing, title, about, table)


def _courses(case: StudyCase) -> Iterator[Chart]:
    """Yield how the difference from its schedule went as orders came in, for each advised arm."""
    made = case.made
    found = [(name, base) for name in advised(made) if (base := base_of(made, name)) is not None]
    for a, b in found[:RUNNING_MAX]:
        key, title = f"T10-run-{case.data.arms.index(a)}", f"T10 {a} less {b} as orders came in"
        about = (
            "The mean difference of the first orders, and the interval that holds at any number of "
            "them and for all pairs: once it leaves zero outside, the study could have stopped."
        )
        looks = running(case.data, a, b)
        if not looks:
            why = "Orders of one day depend on each other, or fewer than 30 of them differ."
            yield Chart(key, title, about, "", (), (why,))
            continue
        first = next((look.n for look in looks if look.told_apart), None)
        said = "Zero never lay outside." if first is None else f"Zero was outside at {first:,}."
        columns = (
            Column("orders", "number", 0),
            Column("mean, bps", "number", 3),
            Column("low, any time", "number", 3),
            Column("high, any time", "number", 3),
        )
        rows = tuple((look.n, look.mean_bps, look.low, look.high) for look in looks)
        drawing = Drawing(key, title, said)
        funnel(drawing, [(look.n, look.mean_bps, look.low, look.high) for look in looks], "bps")
        yield chart_of(drawing, title, f"{about} {said}", Table(key, title, columns, rows))
