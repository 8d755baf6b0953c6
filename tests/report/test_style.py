"""The style sheet: enough contrast in both themes, and a look for every kind that is drawn."""

from __future__ import annotations

import re

import pytest

from steersman.report.build import report_of
from steersman.report.style import DARK, LIGHT, STYLE
from tests.report.told import Told, drawings

TEXT_LEAST = 4.5  # WCAG 2.2, 1.4.3
MARK_LEAST = 3.0  # 1.4.11


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_and_marks_stand_out(theme: dict[str, str]) -> None:
    for ground in ("panel", "bg"):
        for name in ("fg", "muted", "c1", "bad", "good"):
            assert contrast(theme[name], theme[ground]) >= TEXT_LEAST, (name, ground)
        for name in ("c2", "c3", "c4", "axis"):
            assert contrast(theme[name], theme[ground]) >= MARK_LEAST, (name, ground)


def test_the_measure_of_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_kind_that_is_drawn_has_a_look() -> None:
    report = report_of([*Told().whole().cases("a"), *Told().whole().cases("b")])
    kinds = {
        kind
        for root in drawings(report)
        for node in root.iter()
        for kind in node.attrib.get("class", "").split()
    }
    missing = {kind for kind in kinds if not re.search(rf"\.{kind}[\s,{{:]", STYLE)}
    assert not missing - {"leg"}, "legends look like all text"


def test_both_themes_paper_and_phones_are_thought_of() -> None:
    assert STYLE.count("--bg:") == 3, "light, dark, and paper whatever the screen is"
    for rule in ("prefers-color-scheme:dark", "@media print", "@media (max-width:600px)"):
        assert rule in STYLE
    assert STYLE.count("{") == STYLE.count("}")
