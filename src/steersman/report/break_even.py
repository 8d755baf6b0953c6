"""How good advice must be to pay: the curve of the oracles, with every advisor where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steersman.report.chart import Chart, chart_of
from steersman.report.svg import Drawing, Mark, Scale, axes, nice_ticks, span_of
from steersman.report.table import Cell, Column, Table
from steersman.tca.break_even import Accuracy, BreakEven
from steersman.tca.break_even import Mark as Standing

__all__ = ["break_even_chart"]

KEY: Final = "break-even"
HEIGHT: Final = 340
NAME_ROW: Final = 13  # between two names
LEGEND: Final[tuple[tuple[Mark, str, str], ...]] = (
    ("circle", "f1", "oracle"),
    ("diamond", "f2", "advisor"),
    ("triangle", "f3", "placebo"),
    ("dash", "s4 dash", "break-even"),
)


def break_even_chart(found: BreakEven) -> Chart:
    """Return what accuracy is worth, who is how accurate and what that saves, with the tables."""
    title = "What accuracy is worth, and who has it"
    about = (
        "Across: how much of the turning of the pace went toward the price's next move. Upwards: "
        "what an order saves against the arm that is asked and changes nothing, in bps, net of "
        "fees and tokens. Bars are 95 % intervals by block. An oracle turns at every question, an "
        "advisor that turns less moves less at the same accuracy."
    )
    drawing = Drawing(KEY, title, _told(found), HEIGHT)
    _draw(drawing, found)
    return chart_of(drawing, title, about, _curve(found), _advisors(found), notes=_notes(found))


def _told(found: BreakEven) -> str:
    curve = ", ".join(f"{point.p:g}: {point.gain_bps:+.2f}" for point in found.points)
    return f"Saved by accuracy, bps: {curve}. {_notes(found)[0]}"


def _notes(found: BreakEven) -> tuple[str, ...]:
    verdicts = "; ".join(f"{one.arm}: {one.verdict}" for one in found.advisors if one.verdict)
    return (f"Break-even accuracy: {found.in_words()}.", *([f"{verdicts}."] if verdicts else []))


def _draw(drawing: Drawing, found: BreakEven) -> None:
    standing = [one for one in found.advisors if one.accuracy is not None]
    held = [one.accuracy for one in standing if one.accuracy is not None]
    across = [point.at for point in found.points]
    across += [v for one in held for v in (one.share, one.low, one.high) if v is not None]
    gains = [(one.gain_bps, one.ci_low, one.ci_high) for one in found.points]
    gains += [(one.gain_bps, one.ci_low, one.ci_high) for one in standing]
    upwards = [value for gain in gains for value in gain if value is not None]
    x = Scale(*span_of(across, pad=0.04), *drawing.x)
    y = Scale(*span_of(upwards, zero=True), *drawing.y)
    ticks = nice_ticks(x.low, x.high), nice_ticks(y.low, y.high)
    axes(drawing, x, y, *ticks, "saved, bps")
    if found.accuracy is not None:
        drawing.line(x(found.accuracy), y(y.low), x(found.accuracy), y(y.high), "s4 dash")
    drawing.path([(x(point.at), y(point.curve_bps)) for point in found.points], "s1")
    for point in found.points:
        _whisker(drawing, x(point.at), y, point.ci_low, point.ci_high)
        tip = f"{point.arm}: {point.gain_bps:+.2f} bps"
        drawing.mark("circle", x(point.at), y(point.gain_bps), 4, "f1", tip)
    names: list[tuple[float, float, str]] = []
    for one in standing:
        assert one.accuracy is not None  # it stands somewhere
        _stand(drawing, x, y, one, one.accuracy)
        end = one.accuracy.share if one.accuracy.high is None else one.accuracy.high
        names.append((x(end), y(one.gain_bps), one.arm))
    _write(drawing, names)
    drawing.legend(LEGEND)


def _stand(drawing: Drawing, x: Scale, y: Scale, one: Standing, accuracy: Accuracy) -> None:
    """Draw one advised arm with both of its intervals."""
    across, upwards = x(accuracy.share), y(one.gain_bps)
    _whisker(drawing, across, y, one.ci_low, one.ci_high)
    if accuracy.low is not None and accuracy.high is not None:
        drawing.line(x(accuracy.low), upwards, x(accuracy.high), upwards, "whisk")
    shape: Mark = "triangle" if one.placebo else "diamond"
    tip = f"{one.arm}: accuracy {accuracy.share:.3f}, saves {one.gain_bps:+.2f} bps"
    drawing.mark(shape, across, upwards, 5, "f3" if one.placebo else "f2", tip)


def _whisker(
    drawing: Drawing, across: float, y: Scale, low: float | None, high: float | None
) -> None:
    if low is not None and high is not None:
        drawing.line(across, y(low), across, y(high), "whisk")


def _write(drawing: Drawing, names: Sequence[tuple[float, float, str]]) -> None:
    """Write names beside the ends of their marks, none upon another."""
    beside = 0.0
    for across, upwards, name in sorted(names, key=lambda one: one[1]):
        beside = max(upwards - 4, beside + NAME_ROW)
        drawing.text(across + 5, beside, name, "leg")


def _curve(found: BreakEven) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (one.arm, *_shares(one.accuracy), one.gain_bps, one.ci_low, one.ci_high, one.curve_bps)
        for one in found.points
    ]
    columns = (Column("oracle"), *_SHARES, *_SAVED, Column("curve, bps", "number"))
    return Table(f"{KEY}-curve", "What the oracles save against neutral", columns, tuple(rows))


def _advisors(found: BreakEven) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            one.arm,
            one.turns_per_order,
            *_shares(one.accuracy),
            one.gain_bps,
            one.ci_low,
            one.ci_high,
            one.p_holm,
            one.verdict or "placebo",
        )
        for one in found.advisors
    ]
    columns = (
        Column("advisor"),
        Column("turns an order", "number", 1),
        *_SHARES,
        *_SAVED,
        Column("p (Holm)", "number", 3),
        Column("verdict"),
    )
    return Table(f"{KEY}-advisors", "Who is how right, and what that saves", columns, tuple(rows))


_SHARES: Final = (
    Column("accuracy", "number", 3),
    Column("accuracy low (95 %)", "number", 3),
    Column("accuracy high (95 %)", "number", 3),
    Column("turns right, of 1", "number", 3),
)
_SAVED: Final = (
    Column("saved, bps", "number"),
    Column("saved low (95 %)", "number"),
    Column("saved high (95 %)", "number"),
)


def _shares(found: Accuracy | None) -> tuple[Cell, ...]:
    if found is None:
        return None, None, None, None
    return found.share, found.low, found.high, found.right_share
