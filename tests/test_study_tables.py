"""A study as people read it."""

from __future__ import annotations

from io import StringIO

import numpy as np
from rich.console import Console

from steersman.study_tables import (
    advisor_rows,
    arm_rows,
    curve_rows,
    judged_rows,
    pair_rows,
    part_rows,
    print_judged,
    print_study,
)
from steersman.tca.break_even import break_even
from steersman.tca.columns import collect
from steersman.tca.judged_arms import judged_arms
from steersman.tca.study import Study, summarise
from tests.tca.rows import drawn, groups, result
from tests.tca.test_break_even import ORACLES, columns


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
    counts, first, *_ = part_rows(study, "regime")
    assert counts == ("orders", "20", "20") and len(part_rows(study, "regime")) == 7
    assert first[0] == next(iter(study.arms)) and " ±" in first[1]
    out = StringIO()
    print_study(study, Console(file=out, width=200))
    for words in (
        "40 orders",
        "all of the 15 pairs",
        "the cheapest by its mean",
        "by regime",
        "by size",
        "by volatility",
    ):
        assert words in out.getvalue()


def test_what_accuracy_is_worth_is_printed_where_there_are_oracles() -> None:
    turned = {"turns": 2, "right_turns": 1, "turned_pct": 80, "right_pct": 50}
    gains = ORACLES | {"rules": 2.0, "random": 0.0, "llm:idle": 0.0}
    oracle = turned | {"right_pct": 32}
    data = columns(gains, turned={"rules": turned, "random": turned, "oracle:0.4": oracle})
    study = summarise(data, 1, 2_000)
    curve = study.break_even
    assert curve is not None
    first, *_, last = curve_rows(curve)
    assert first[:2] == ("oracle:0.4", "0.400") and first[3] == "-2.00" and last[1:3] == ("", "")
    rules, random, idle = advisor_rows(curve)
    assert rules[:3] == ("rules", "2.0", "0.625") and rules[4] == "0.500"
    assert (rules[-1], random[-1], idle[-1]) == ("pays", "placebo", "never turned")
    out = StringIO()
    print_study(study, Console(file=out, width=200))
    for words in ("What accuracy is worth", "saves against neutral", "Break-even accuracy: 0.5",
                  "rules: -2.00 bps against neutral", "a gain, and over random"):  # fmt: skip
        assert words in out.getvalue()
    assert "rules: -2.00" not in out.getvalue().split("bps by regime")[-1], "parts come last"


def test_of_few_orders_accuracy_has_no_interval() -> None:
    once = {"oracle:0.4": {"turns": 1, "turned_pct": 80}}
    few = break_even(columns(ORACLES, orders=5, turned=once), 2_000, 1)
    assert few is not None
    assert curve_rows(few)[0][1:3] == ("0.000", "too few")


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
