"""Draw in SVG: scales, ticks, axes, legends and marks. Looks come from the page's style sheet.

Coordinates are user units of a drawing `WIDTH` wide; y grows downwards. Everything that is told
apart by colour is told apart by shape or dashes too. Every text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape as escape_html
from typing import Final, Literal

from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS
from steersman.report.table import printable

__all__ = [
    "HEIGHT",
    "WIDTH",
    "Drawing",
    "Mark",
    "Scale",
    "axes",
    "compact",
    "log_ticks",
    "nice_ticks",
    "signed",
    "span_of",
    "time_ticks",
]

WIDTH: Final = 560
HEIGHT: Final = 260
LEFT: Final = 70
RIGHT: Final = 26
TOP: Final = 30
BOTTOM: Final = 28
LETTER: Final = 7.4  # about the width of one in a legend, on a phone

Mark = Literal["circle", "triangle", "square", "diamond", "cross", "line", "dash", "dot"]
STEPS_NS: Final = (
    *(SECOND_NS * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE_NS * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR_NS * n for n in (1, 2, 3, 6, 12)),
    *(24 * HOUR_NS * n * 10**power for power in range(5) for n in (1, 2, 5)),
)
LABELS: Final = (  # how moments at least so far apart are written
    (24 * HOUR_NS, "%Y-%m-%d"),
    (12 * HOUR_NS, "%m-%d %H h"),
    (MINUTE_NS, "%H:%M"),
    (0, "%H:%M:%S"),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Map values from `low` to `high` onto `start` to `end`, by their logarithm if `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(max(value, self.low))
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


class Drawing:
    """Elements one upon another, with a title and a description for those who do not see them."""

    def __init__(self, key: str, title: str, about: str, height: int = HEIGHT) -> None:
        self.key = key
        self.height = height
        self._head = (
            f"<title id='{key}-t'>{_safe(title)}</title><desc id='{key}-d'>{_safe(about)}</desc>"
        )
        self._parts: list[str] = []

    @property
    def x(self) -> tuple[float, float]:
        """The plot's left and right edge."""
        return LEFT, WIDTH - RIGHT

    @property
    def y(self) -> tuple[float, float]:
        """The plot's bottom and top edge."""
        return self.height - BOTTOM, TOP

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw a straight line."""
        self._parts.append(
            f"<line class='{kind}' x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}'/>"
        )

    def path(self, points: Sequence[tuple[float, float]], kind: str, *, step: bool = False) -> None:
        """Draw a line through points; as stairs where a value holds until the next."""
        if not points:
            return
        parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
        for x, y in points[1:]:
            parts.append(f"H{x:.1f}V{y:.1f}" if step else f"L{x:.1f} {y:.1f}")
        self._parts.append(f"<path class='{kind}' d='{''.join(parts)}'/>")

    def rect(
        self, x: float, y: float, width: float, height: float, kind: str, tip: str = ""
    ) -> None:
        """Draw a rectangle; `tip` is shown where a pointer rests on it."""
        inner = f"<title>{_safe(tip)}</title>" if tip else ""
        self._parts.append(
            f"<rect class='{kind}' x='{x:.1f}' y='{y:.1f}' width='{max(width, 0.5):.1f}' "
            f"height='{max(height, 0.5):.1f}'>{inner}</rect>"
        )

    def mark(self, shape: Mark, x: float, y: float, size: float, kind: str, tip: str = "") -> None:
        """Draw a mark around a point; `size` is about its radius."""
        inner = f"<title>{_safe(tip)}</title>" if tip else ""
        s = size
        if shape == "circle":
            self._parts.append(
                f"<circle class='{kind}' cx='{x:.1f}' cy='{y:.1f}' r='{s:.1f}'>{inner}</circle>"
            )
            return
        shapes: dict[str, str] = {
            "triangle": f"M{x:.1f} {y - s:.1f}l{s:.1f} {1.8 * s:.1f}h{-2 * s:.1f}z",
            "square": f"M{x - s:.1f} {y - s:.1f}h{2 * s:.1f}v{2 * s:.1f}h{-2 * s:.1f}z",
            "diamond": f"M{x:.1f} {y - s:.1f}l{s:.1f} {s:.1f}l{-s:.1f} {s:.1f}l{-s:.1f} {-s:.1f}z",
            "cross": f"M{x - s:.1f} {y - s:.1f}l{2 * s:.1f} {2 * s:.1f}m0 {-2 * s:.1f}"
            f"l{-2 * s:.1f} {2 * s:.1f}",
        }
        self._parts.append(f"<path class='{kind}' d='{shapes[shape]}'>{inner}</path>")

    def text(
        self, x: float, y: float, words: str, kind: str = "lab", anchor: str = "start"
    ) -> None:
        """Write words; `anchor` is start, middle or end."""
        self._parts.append(
            f"<text class='{kind}' x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'>"
            f"{_safe(words)}</text>"
        )

    def legend(self, entries: Sequence[tuple[Mark, str, str]]) -> None:
        """Name the marks (shape, kind, words) above the plot."""
        x = 8.0
        for shape, kind, words in entries:
            if shape in ("line", "dash", "dot"):
                self.line(x, 11, x + 18, 11, kind)
            else:
                self.mark(shape, x + 9, 11, 4.5, kind)
            self.text(x + 23, 15, words, "leg")
            x += 23 + LETTER * len(words) + 12

    def svg(self) -> str:
        """Return the element."""
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {self.height}' "
            f"role='img' aria-labelledby='{self.key}-t {self.key}-d'>{self._head}"
            f"{''.join(self._parts)}</svg>"
        )


def axes(
    drawing: Drawing,
    x: Scale,
    y: Scale,
    x_ticks: Sequence[tuple[float, str]],
    y_ticks: Sequence[tuple[float, str]],
    y_title: str = "",
) -> None:
    """Draw grid lines and their labels; the axis title stands above the labels of y."""
    bottom, top = drawing.y
    left, right = drawing.x
    for value, label in y_ticks:
        drawing.line(left, y(value), right, y(value), "zero" if value == 0 else "grid")
        drawing.text(left - 6, y(value) + 4, label, "lab", "end")
    for value, label in x_ticks:
        drawing.line(x(value), bottom, x(value), top, "grid")
        drawing.text(x(value), bottom + 17, label, "lab", "middle")
    if y_title:
        drawing.text(right, top - 5, y_title, "unit", "end")


def nice_ticks(low: float, high: float, count: int = 5) -> list[tuple[float, str]]:
    """Return about `count` round values within low and high, with labels that tell them apart."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [(low, compact(low, 0))]
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    digits += 1 if step / power == 2.5 else 0
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [(i * step, compact(i * step, digits)) for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return the powers of ten within low and high."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    powers = [10.0**i for i in range(first, last + 1)]
    return [(n, f"{n:g}" if n < 1e3 else f"{n / 1e3:g}k") for n in powers]


def time_ticks(start_ns: int, end_ns: int, count: int = 6) -> list[tuple[float, str]]:
    """Return round moments (UTC) between two times; with their day where they are far apart."""
    rough = (end_ns - start_ns) / count
    step = next((step for step in STEPS_NS if step >= rough), STEPS_NS[-1])
    first = -(-start_ns // step) * step
    form = next(form for least, form in LABELS if step >= least)
    return [(float(at_ns), _label(at_ns, form)) for at_ns in range(first, end_ns + 1, step)]


def _safe(words: str) -> str:
    """Return words as XML may hold them: no markup, no control characters."""
    return escape_html(printable(words))


def _label(at_ns: int, form: str) -> str:
    return datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC).strftime(form)


def compact(value: float, digits: int) -> str:
    """Return a label: thousands separated, a true minus."""
    return f"{value:,.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """Return a label with its sign, none before nothing."""
    shown = round(value, digits)
    text = compact(shown or 0.0, digits)
    return f"+{text}" if shown > 0 else text


def span_of(
    values: Sequence[float], *, zero: bool = False, pad: float = 0.06
) -> tuple[float, float]:
    """Return bounds a little wider than the values, zero among them if asked for."""
    seen = [*values, 0.0] if zero else list(values)
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    if zero and low == high:
        return 0.0, 1.0  # all there is is zero
    room = (high - low) * pad or max(abs(high), 1.0) * pad
    return (low if zero and low == 0 else low - room), (high if zero and high == 0 else high + room)
