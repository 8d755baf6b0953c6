"""Each measure counts what it says, with its interval, and knows its target."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.advisor.validation import Checked
from steersman.domain.advice import Action, Advice, Answer, NoAdvice, Usage
from steersman.runtime.checkup.measures import (
    Said,
    changed,
    checks_failed,
    latencies,
    mirrored,
    right,
    rows,
    sensitive,
    share,
    spent,
)
from steersman.runtime.checkup.situations import Situation, situations

SUITE = situations()


def said(
    pace_pct: int = 100, wall_s: float = 0.1, fresh: bool = True, checks: tuple[str, ...] = ()
) -> Said:
    answer = Answer(Advice(pace_pct=pace_pct), Usage(tokens_in=10, cost_usd=Decimal("0.02")))
    return Said(answer, Checked(answer, checks), wall_s, fresh, 0, 0)


def suite(turn: int) -> list[tuple[Situation, Said]]:
    """Let an advisor turn `turn` times as a good one would."""
    return [(one, said(100 + 40 * turn * one.wants)) for one in SUITE]


def test_a_good_a_deaf_and_a_contrary_advisor_are_told_apart() -> None:
    figures = [
        [measure(suite(turn)).value for measure in (right, mirrored, sensitive)]
        for turn in (1, 0, -1)
    ]
    still = sum(one.wants == 0 for one in SUITE) / len(SUITE) * 100
    assert figures == [[100, 100, 100], [still, 100, 0], [still, 100, 100]]


def test_who_turns_one_way_whatever_the_side_is_no_mirror() -> None:
    faster = [(one, said(140)) for one in SUITE]
    assert mirrored(faster).value == 0
    assert sensitive(faster).met is False


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [(100, 100, False), (130, 150, False), (130, 151, True), (101, 99, True), (100, 101, True)],
)
def test_another_decision_turns_elsewhere_or_much_further(
    before: int, after: int, differs: bool
) -> None:
    assert changed(said(before), said(after)) is differs


def test_no_advice_leaves_the_schedule_alone() -> None:
    nothing = Answer(NoAdvice("invalid", "", "json"))
    one = Said(nothing, Checked(nothing, ("json",)), 0.0, True, 0, 0)
    assert (one.advice, one.leaning, one.pace_pct) == (None, 0, 100)
    hold = Answer(Advice(action=Action.HOLD))
    assert Said(hold, Checked(hold, ()), 0.0, True, 0, 0).leaning == -1
    assert checks_failed([one, one, said(checks=("mirror",))]) == {"json": 2, "mirror": 1}


def test_latency_counts_what_nobody_could_remember() -> None:
    times = [said(wall_s=n / 1000) for n in range(1, 101)] + [said(wall_s=0, fresh=False)] * 99
    p50, p95 = latencies(times)
    assert (p50.n, p50.value, p95.value, p95.met) == (100, 50.0, 95.0, True)
    assert latencies([said(wall_s=5.0)])[1].met is False


@pytest.mark.parametrize(
    ("hits", "target", "met"),
    [
        (8, {"least": 0.8}, True),
        (7, {"least": 0.8}, False),
        (1, {"below": 0.1}, False),
        (0, {"below": 0.1}, True),
        (5, {}, None),
    ],
)
def test_a_share_meets_its_target_or_not(
    hits: int, target: dict[str, float], met: bool | None
) -> None:
    found = share("x", hits, 10, **target)
    assert (found.value, found.met) == (10.0 * hits, met)
    assert found.low is not None and found.high is not None
    assert found.low <= 10.0 * hits <= found.high


def test_nothing_observed_is_unknown() -> None:
    (row,) = rows([share("x", 0, 0, least=0.5)])
    assert row == ("x", "0", "unknown", "", ">= 50%", "")


def test_what_a_decision_takes() -> None:
    tokens, _, cost = spent([said(), said()])
    assert (tokens.value, cost.value) == (10.0, 0.02)
    assert [row[2] for row in rows([tokens, cost])] == ["10 tokens", "0.02000 USD"]
