"""The curve of the oracles drawn: every point and mark where its figures say."""

from __future__ import annotations

import re

import pytest

from steersman.report.break_even import break_even_chart
from steersman.tca.break_even import BreakEven
from tests.tca.test_break_even import ORACLES, found

TURNED = {"turns": 2, "right_turns": 1, "turned_pct": 80, "right_pct": 40}


def curve() -> BreakEven:
    gains = ORACLES | {"rules": 2.0, "random": 0.0, "llm:idle": 0.0}
    return found(gains, turned={"rules": TURNED, "random": TURNED})


def test_points_and_marks_stand_where_their_figures_say() -> None:
    chart = break_even_chart(curve())
    oracles = [(float(x), float(y)) for x, y in re.findall(r"circle class='f1' cx='([\d.]+)' "
               r"cy='([\d.]+)'", chart.svg)][: len(ORACLES)]  # fmt: skip
    across, upwards = zip(*oracles, strict=True)
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2), "0.4, 0.6, 0.8"
    assert (upwards[0] - upwards[1]) / (upwards[1] - upwards[2]) == pytest.approx(4 / 3, rel=0.02)
    assert chart.svg.count("class='f2'") == 2, "rules, and the legend"
    assert chart.svg.count("class='f3'") == 2, "random, and the legend"
    assert chart.svg.count("class='s4 dash'") == 2
    assert ">rules</text>" in chart.svg and ">llm:idle</text>" not in chart.svg, "it never turned"
    assert chart.notes[0].startswith("Break-even accuracy: 0.500 (95 %: 0.4")
    assert chart.notes[1:] == ("rules: pays; llm:idle: never turned.",)


def test_the_tables_hold_every_figure() -> None:
    oracles, advisors = break_even_chart(curve()).tables
    assert [row["saved, bps"] for row in oracles.records()] == pytest.approx([-2, 2, 5])
    rows = advisors.records()
    assert [row["verdict"] for row in rows] == ["pays", "placebo", "never turned"]
    assert (rows[0]["accuracy"], rows[2]["accuracy"]) == (0.5, None)


def test_a_curve_that_crosses_nowhere_has_no_line_and_says_so() -> None:
    chart = break_even_chart(found({"oracle:0.5": 1.0, "oracle:0.9": 2.0}))
    assert chart.svg.count("class='s4 dash'") == 1, "the legend's alone"
    assert "pays already" in chart.notes[0]
    few = break_even_chart(found(ORACLES, orders=5))
    assert "whisk" not in few.svg and "too few orders" in few.notes[0]
