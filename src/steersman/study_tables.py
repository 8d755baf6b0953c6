"""A study as people read it: the arms, the pairs that matter, and the parts of the orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Console

from steersman.tables import table
from steersman.tca.break_even import Accuracy, BreakEven
from steersman.tca.comparisons import blocks_of, verdicts
from steersman.tca.judged import CAVEAT
from steersman.tca.judged_arms import JudgedArm
from steersman.tca.study import Arm, Pair, PartArm, Study

__all__ = [
    "advisor_rows",
    "arm_rows",
    "curve_rows",
    "judged_rows",
    "pair_rows",
    "part_rows",
    "print_judged",
    "print_study",
]

ARM_HEADS: Final = (
    "arm", "mean>", "95 % interval", "median>", "CVaR95>", "gross>", "fees>", "unfilled>",
    "filled>", "maker>",
)  # fmt: skip
PAIR_HEADS: Final = (
    "a less b", "difference>", "95 % interval", "p>", "p, Holm>", "CVaR95>", "a cheaper>",
    "paired sd>", "orders for 1 bp>",
)  # fmt: skip
CURVE_HEADS: Final = (
    "oracle", "right, of 1>", "95 % interval", "saves, bps>", "95 % interval", "curve>",
)  # fmt: skip
ADVISOR_HEADS: Final = (
    "advisor", "turns an order>", "right, of 1>", "95 % interval", "turns counted alike>",
    "saves, bps>", "95 % interval", "p, Holm>", "verdict",
)  # fmt: skip
JUDGED_HEADS: Final = (
    "arm", "judged>", "right>", "wrong>", "neither>", "idle>", "not judged>", "share right>",
    "95 % interval", "mean gain>", "95 % interval",
)  # fmt: skip


def print_study(study: Study, console: Console) -> None:
    """Print a study; all costs are in bps of the order's notional, positive = cost."""
    title = f"What {study.n:,} orders cost in bps; independent seeds or days: {study.seeds:,}"
    console.print(table(title, ARM_HEADS, arm_rows(study)))
    blocks = blocks_of(study)
    for block in blocks:
        console.print(table(block.title, PAIR_HEADS, pair_rows(block.pairs)))
    if len(blocks) > 1:
        text = f"--json has all of the {len(study.pairs)} pairs; Holm's p is over all of them"
        console.print(text, markup=False)
    for sentence in verdicts(study):
        console.print(sentence, markup=False, highlight=False)
    if study.break_even is not None:
        print_break_even(study.break_even, console)
    for by in study.splits:
        heads = ("arm", *(f"{name}>" for name in study.splits[by]))
        title = f"Mean cost in bps by {by}, ± half of the 95 % interval"
        console.print(table(title, heads, part_rows(study, by)))


def print_judged(judged: Mapping[str, JudgedArm], console: Console) -> None:
    """Print what the decisions of advised arms were worth, where they were judged."""
    if not judged:
        return
    title = (
        "Decisions judged by counterfactual: right of the right and wrong, gain in bps of an order"
    )
    console.print(table(title, JUDGED_HEADS, judged_rows(judged)))
    if any(arm.hindsight for arm in judged.values()):
        console.print(f"caveat: {CAVEAT}", markup=False)


def judged_rows(judged: Mapping[str, JudgedArm]) -> list[tuple[str, ...]]:
    """Return one row an arm."""
    return [
        (
            name,
            *(f"{count:,}" for count in (arm.judged, arm.right, arm.wrong)),
            f"{arm.undecided + arm.hindsight:,}",
            *(f"{count:,}" for count in (arm.idle, arm.unjudged)),
            "" if arm.share_right is None else f"{arm.share_right * 100:.0f} %",
            _share_interval(arm.share_low, arm.share_high),
            "" if arm.gain_bps is None else f"{arm.gain_bps:+.3f}",
            "" if arm.gain_bps is None else _fine_interval(arm.gain_low, arm.gain_high),
        )
        for name, arm in judged.items()
    ]


def _share_interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low * 100:.0f} to {high * 100:.0f} %"


def _fine_interval(low: float | None, high: float | None) -> str:
    return "too few" if low is None or high is None else f"{low:+.3f} to {high:+.3f}"


def arm_rows(study: Study) -> list[tuple[str, ...]]:
    """Return one row an arm, in the order in which they were named."""
    return [tuple(_arm_cells(name, arm)) for name, arm in study.arms.items()]


def _arm_cells(name: str, arm: Arm) -> Iterator[str]:
    yield name
    yield f"{arm.mean_bps:+.2f}"
    yield _interval(arm.ci_low, arm.ci_high)
    for value in (arm.median_bps, arm.cvar95_bps, arm.gross_mean_bps, arm.fees_bps):
        yield f"{value:+.2f}"
    yield f"{arm.unfilled_bps:+.2f}"
    yield f"{arm.fill_rate * 100:.1f} %"
    yield "" if arm.maker_share is None else f"{arm.maker_share * 100:.0f} %"


def pair_rows(pairs: Sequence[Pair]) -> list[tuple[str, ...]]:
    """Return one row a pair."""
    return [
        (
            f"{pair.a} - {pair.b}",
            f"{pair.mean_diff_bps:+.2f}",
            _interval(pair.ci_low, pair.ci_high),
            _chance(pair.p),
            _chance(pair.p_holm),
            f"{pair.cvar95_diff_bps:+.2f}",
            f"{pair.win_rate * 100:.0f} %",
            f"{pair.sd_bps:.2f}",
            "" if pair.orders_for_1bp is None else f"{pair.orders_for_1bp:,}",
        )
        for pair in pairs
    ]


def part_rows(study: Study, by: str) -> list[tuple[str, ...]]:
    """Return one row an arm, one column a part of the orders; how many it has comes first."""
    parts = study.splits[by].values()
    counts = ("orders", *(f"{part.n:,}" for part in parts))
    return [counts, *((arm, *(_part_cell(part.arms[arm]) for part in parts)) for arm in study.arms)]


def _part_cell(arm: PartArm) -> str:
    low, high = arm.ci_low, arm.ci_high
    half = "" if low is None or high is None else f" ±{(high - low) / 2:.1f}"
    return f"{arm.mean_bps:+.1f}{half}"


# -- how good advice must be ----------------------------------------------------------------------
def print_break_even(found: BreakEven, console: Console) -> None:
    """Print the curve, who stands where on it, and where it crosses zero."""
    title = "What accuracy is worth: oracles against neutral"
    console.print(table(title, CURVE_HEADS, curve_rows(found)))
    title = "How right advice was (of the points of pace turned), and what it saves against neutral"
    console.print(table(title, ADVISOR_HEADS, advisor_rows(found)))
    console.print(f"Break-even accuracy: {found.in_words()}", markup=False, highlight=False)


def curve_rows(found: BreakEven) -> list[tuple[str, ...]]:
    """Return one row an oracle, by rising accuracy."""
    return [
        (
            point.arm,
            *_accuracy(point.accuracy),
            f"{point.gain_bps:+.2f}",
            _interval(point.ci_low, point.ci_high),
            f"{point.curve_bps:+.2f}",
        )
        for point in found.points
    ]


def advisor_rows(found: BreakEven) -> list[tuple[str, ...]]:
    """Return one row an advised arm that is no oracle."""
    return [
        (
            mark.arm,
            f"{mark.turns_per_order:.1f}",
            *_accuracy(mark.accuracy),
            "" if mark.accuracy is None else f"{mark.accuracy.right_share:.3f}",
            f"{mark.gain_bps:+.2f}",
            _interval(mark.ci_low, mark.ci_high),
            _chance(mark.p_holm),
            mark.verdict or "placebo",
        )
        for mark in found.advisors
    ]


def _accuracy(found: Accuracy | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    if found.low is None or found.high is None:
        return f"{found.share:.3f}", "too few"
    return f"{found.share:.3f}", f"{found.low:.3f} to {found.high:.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "too few" if low is None or high is None else f"{low:+.2f} to {high:+.2f}"


def _chance(p: float | None) -> str:
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
