"""The look of a report: one style sheet, light and dark, for a screen, a phone and paper."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

__all__ = ["DARK", "LIGHT", "STYLE"]

LIGHT: Final = {
    "bg": "#f5f6f8",
    "panel": "#ffffff",
    "fg": "#1a1f27",
    "muted": "#57606d",
    "grid": "#dfe3e8",
    "axis": "#7a8492",
    "c1": "#0b62c4",
    "c2": "#0a7a5c",
    "c3": "#a85000",
    "c4": "#6b3fb8",
    "bad": "#c0232f",
    "good": "#0a7a5c",
}
DARK: Final = {
    "bg": "#0b0e13",
    "panel": "#131922",
    "fg": "#e6eaf0",
    "muted": "#9aa6b6",
    "grid": "#263040",
    "axis": "#66738a",
    "c1": "#58a6ff",
    "c2": "#2fc79a",
    "c3": "#f0a04b",
    "c4": "#b794ff",
    "bad": "#ff6b6b",
    "good": "#2fc79a",
}


def _vars(theme: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in theme.items())


def _colours() -> str:
    rules = [
        f".sm .s{name}{{stroke:var(--{var});fill:none;stroke-width:1.6}}"
        f".sm .f{name}{{fill:var(--{var});stroke:none}}"
        for name, var in [
            *((str(i), f"c{i}") for i in range(1, 5)),
            ("bad", "bad"),
            ("good", "good"),
        ]
    ]
    shades = [f".sm .h{i}{{fill-opacity:{0.12 + 0.13 * i:.2f}}}" for i in range(1, 5)]
    return "".join([*rules, *shades])


STYLE: Final = (
    f".sm{{{_vars(LIGHT)}}}@media (prefers-color-scheme:dark){{.sm{{{_vars(DARK)}}}}}"
    + files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    + _colours()
    + f"@media print{{.sm{{{_vars(LIGHT)}}}}}"
)
