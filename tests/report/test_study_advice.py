"""What a study says of the advice itself, where it was asked for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.report.study_advice import advice_charts
from tests.report.studies import N, case, costs
from tests.tca.rows import drawn, result

JUDGED = {"judged_right": 3, "judged_wrong": 1, "judged_undecided": 2, "judged_gain_bps": 0.6}


def test_a_study_that_judged_nothing_has_no_charts_of_advice(tmp_path: Path) -> None:
    assert list(advice_charts(case(tmp_path))) == []


def test_judged_decisions_have_their_gain_and_their_counts(tmp_path: Path) -> None:
    held = costs()
    rows = [
        (
            drawn(n),
            tuple(
                result(n, arm, held[arm][n], asked=9, **(JUDGED if arm == "embedded" else {}))
                for arm in ("neutral", "embedded")
            ),
        )
        for n in range(N)
    ]
    made = case(tmp_path, rows, judge=6)
    (chart,) = advice_charts(made)
    assert chart.key == "T11-judged" and "embedded: +0.100 bps" in chart.svg
    neutral, embedded = chart.tables[0].records()
    assert (embedded["judged"], embedded["right"], embedded["wrong"]) == (6 * N, 3 * N, N)
    assert embedded["share right, %"] == pytest.approx(75)
    assert embedded["mean gain, bps"] == pytest.approx(0.1)
    assert neutral["judged"] == 0 and neutral["mean gain, bps"] is None
    (right,) = made.evidence.right.values()
    assert right.value == pytest.approx(75) and right.low is not None and right.low > 60
