"""A study as people read it."""

from __future__ import annotations

from io import StringIO

import numpy as np
from rich.console import Console

from steersman.study_tables import (
    PAIRS_ALL,
    arm_rows,
    judged_rows,
    pair_rows,
    part_rows,
    print_judged,
    print_study,
    shown_pairs,
)
from steersman.tca.columns import collect
from steersman.tca.judged_arms import judged_arms
from steersman.tca.study import Study, summarise
from tests.tca.rows import drawn, groups, result


def said(arms: int, orders: int = 40) -> Study:
    rng = np.random.default_rng(1)
    costs = {f"arm{k}": (k + rng.normal(size=orders)).tolist() for k in range(arms, 0, -1)}
    return summarise(collect(groups(costs), tuple(costs)), 1, 2_000)


def test_arms_stand_in_the_order_in_which_they_were_named() -> None:
    study = said(2)
    first, second = arm_rows(study)
    assert (first[0], second[0]) == ("arm2", "arm1")
    arm = study.arms["arm2"]
    assert first[1:3] == (f"{arm.mean_bps:+.2f}", f"{arm.ci_low:+.2f} to {arm.ci_high:+.2f}")
    assert first[-2:] == ("100.0 %", "50 %")


def test_all_pairs_where_they_are_few_else_those_with_the_first_and_the_cheapest() -> None:
    assert len(shown_pairs(said(5))) == PAIRS_ALL
    many = said(6)
    shown = shown_pairs(many)
    assert 0 < len(shown) < len(many.pairs) == 15
    assert all({"arm6", "arm1"} & {pair.a, pair.b} for pair in shown)
    assert len(shown) == 5 + 4


def test_a_pair_in_words() -> None:
    (row,) = pair_rows(said(2).pairs)
    assert row[0] == "arm2 - arm1" and row[1].startswith("+") and row[3] == row[4] == "< 0.001"
    few = summarise(
        collect([(drawn(n), (result(n, "a", 1.0), result(n, "b", 2.0))) for n in range(3)], "ab"),
        1, 2_000,
    )  # fmt: skip
    (row,) = pair_rows(few.pairs)
    assert row[2:5] == ("too few", "", "")


def test_parts_and_the_whole_print() -> None:
    study = said(6)
    assert [row[:2] for row in part_rows(study, "regime")] == [("calm", "20"), ("news", "20")]
    assert " ±" in part_rows(study, "regime")[0][2]
    out = StringIO()
    print_study(study, Console(file=out, width=200))
    for words in ("40 orders", "9 of 15 pairs", "by regime", "by size", "by volatility"):
        assert words in out.getvalue()


def test_what_decisions_were_worth_prints_with_its_caveat() -> None:
    out = StringIO()
    console = Console(file=out, width=160)
    print_judged({}, console)
    assert out.getvalue() == ""
    worths = {"judged_right": 3, "judged_wrong": 1, "judged_hindsight": 2, "judged_gain_bps": 0.6}
    groups_ = [(drawn(n), (result(n, "rules", 1.0, asked=9, **worths),)) for n in range(9)]
    judged = judged_arms(groups_, 1)
    (row,) = judged_rows(judged)
    assert row[:8] == ("rules", "54", "27", "9", "18", "0", "0", "75 %")
    assert row[9] == "+0.100"
    print_judged(judged, console)
    assert "hindsight" in out.getvalue()
