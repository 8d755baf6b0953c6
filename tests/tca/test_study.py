"""What a study says: pairs against formulas, parts, warnings, and when it may stop."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from steersman.tca.columns import collect
from steersman.tca.study import Study, anytime, settled, summarise
from tests.tca.rows import drawn, groups, result

RESAMPLES = 2_000
N = 60


def costs(seed: int = 1) -> dict[str, list[float]]:
    """Three arms on common markets: b is 2 bps dearer than a with a paired deviation of 1."""
    rng = np.random.default_rng(seed)
    market = 30 * rng.normal(size=N)
    return {
        "a": market.tolist(),
        "b": (market + 2 + rng.normal(size=N)).tolist(),
        "c": (market + rng.normal(size=N)).tolist(),
    }


def said(held: dict[str, list[float]] | None = None) -> Study:
    held = held or costs()
    return summarise(collect(groups(held), tuple(held)), 1, RESAMPLES)


def test_differences_are_paired() -> None:
    held = costs()
    study = said(held)
    assert [(pair.a, pair.b) for pair in study.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    pair = study.pairs[0]
    difference = np.array(held["a"]) - np.array(held["b"])
    assert pair.mean_diff_bps == pytest.approx(difference.mean())
    assert pair.sd_bps == pytest.approx(difference.std(ddof=1))
    assert pair.median_diff_bps == pytest.approx(np.median(difference))
    assert pair.win_rate == pytest.approx((difference < 0).mean())
    assert pair.ci_low is not None and pair.ci_high is not None
    half = (pair.ci_high - pair.ci_low) / 2
    assert half == pytest.approx(2.0 * pair.sd_bps / math.sqrt(N), rel=0.1)
    assert half < 0.4 < 5 < (study.arms["a"].ci_high or 0) - study.arms["a"].mean_bps
    assert pair.orders_for_1bp == math.ceil((2.8016 * pair.sd_bps) ** 2)
    assert pair.anytime_low is not None and pair.anytime_low < pair.ci_low
    assert pair.anytime_high is not None and pair.ci_high < pair.anytime_high < 0


def test_p_values_are_adjusted_over_all_pairs() -> None:
    study = said()
    certain, nothing, _ = study.pairs
    assert certain.p == 1 / (RESAMPLES + 1) and certain.p_holm == pytest.approx(3 * certain.p)
    assert nothing.p is not None and nothing.p_holm is not None
    assert nothing.p > 0.05 and nothing.p_holm >= nothing.p
    assert nothing.ci_low is not None and nothing.ci_high is not None
    assert nothing.ci_low < 0 < nothing.ci_high


def test_an_arm_has_its_middle_and_its_tail() -> None:
    held = {"a": [float(n) for n in range(N)]}
    arm = said(held).arms["a"]
    assert (arm.mean_bps, arm.median_bps) == (29.5, 29.5)
    assert arm.cvar95_bps == 58.0, "the dearest three of sixty: 57, 58, 59"
    assert arm.gross_mean_bps == 27.5 and arm.fees_bps == 2.0
    assert arm.median_low is not None and arm.median_high is not None
    assert arm.median_low < 29.5 < arm.median_high
    assert arm.cvar95_low is not None and arm.cvar95_high is not None
    assert arm.cvar95_low < 58 <= arm.cvar95_high <= 59


def test_tails_are_compared_under_the_same_resampling() -> None:
    rng = np.random.default_rng(3)
    base = rng.normal(size=N)
    study = said({"a": base.tolist(), "b": (base + 1).tolist()})
    pair = study.pairs[0]
    assert pair.cvar95_diff_bps == pytest.approx(-1)
    assert pair.cvar95_diff_low == pytest.approx(-1) and pair.cvar95_diff_high == pytest.approx(-1)


def test_parts_by_regime_size_and_volatility() -> None:
    study = said()
    assert {by: list(parts) for by, parts in study.splits.items()} == {
        "regime": ["calm", "news"],
        "size": ["0.25 % of the volume", "1 % of the volume"],
        "volatility": ["low", "middle", "high"],
    }
    calm = study.splits["regime"]["calm"]
    assert calm.n == N // 2
    assert calm.arms["a"].mean_bps == pytest.approx(np.mean(costs()["a"][::2]))
    difference = (np.array(costs()["a"]) - np.array(costs()["b"]))[::2]
    assert calm.pairs[0].mean_diff_bps == pytest.approx(difference.mean())
    thirds = study.splits["volatility"]
    assert [part.n for part in thirds.values()] == [20, 20, 20]
    assert thirds["low"].arms["a"].mean_bps == pytest.approx(np.mean(costs()["a"][:20]))


def test_the_document_is_plain_and_the_same_every_time() -> None:
    first, second = (json.dumps(said().document(), allow_nan=False) for _ in range(2))
    assert first == second
    document = json.loads(first)
    assert {"n", "seeds", "arms", "pairs", "splits", "warnings", "break_even"} == set(document)
    assert {"a", "b", "mean_diff_bps", "ci_low", "ci_high", "p", "p_holm", "n"} <= set(
        document["pairs"][0]
    )


def test_few_blocks_have_no_interval_and_it_is_said() -> None:
    held = [
        (drawn(n, block=f"day {n % 3}"), (result(n, "a", 1.0 * n), result(n, "b", 2.0)))
        for n in range(30)
    ]
    study = summarise(collect(held, ("a", "b")), 1, RESAMPLES)
    pair = study.pairs[0]
    assert (pair.ci_low, pair.p, pair.p_holm, pair.anytime_low) == (None, None, None, None)
    assert study.arms["a"].cvar95_low is None
    assert study.warnings == ("no intervals: they need 8 days or more, there are 3",)


def test_incomplete_orders_and_missing_models_are_said() -> None:
    held = [
        (
            drawn(n),
            (
                result(n, "a", 1.0, fill_rate=0.5, state="expired" if n else "refused"),
                result(n, "b", 2.0, asked=10, fallbacks=2),
            ),
        )
        for n in range(10)
    ]
    warnings = summarise(collect(held, ("a", "b")), 1, RESAMPLES).warnings
    assert warnings == (
        "not filled whole, of 10 orders, and the rest valued at the close: "
        "a 10 (1 refused by a limit)",
        "b: rules answered in its place 20 times of 100",
    )


def test_an_arm_that_filled_nothing_is_named_apart() -> None:
    held = [
        (drawn(n), (result(n, "a", 1.0, fill_rate=0.0), result(n, "b", 2.0, fill_rate=0.5)))
        for n in range(10)
    ]
    empty, partly = summarise(collect(held, ("a", "b")), 1, RESAMPLES).warnings
    assert empty.startswith("a: nothing was filled in any order")
    assert partly.endswith("at the close: b 10")


@pytest.mark.parametrize("first", ["advised", "plain"])
def test_a_gain_too_good_to_be_true_is_said(first: str) -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(N, 2))
    held = []
    for n in range(N):
        advised = result(n, "advised", float(noise[n, 0]), asked=30)
        plain = result(n, "plain", 6 + float(noise[n, 1]))
        held.append((drawn(n), (advised, plain)))
    arms = ("advised", "plain") if first == "advised" else ("plain", "advised")
    warnings = summarise(collect(held, arms), 1, RESAMPLES).warnings
    assert warnings == ("advised gains more than 5 bps on plain: suspect a leak",)


def test_a_study_stops_when_every_pair_is_told_apart_or_known_to_be_near() -> None:
    rng = np.random.default_rng(4)
    near = rng.normal(size=(400, 2))
    apart = near + np.array([0.0, 5.0])
    assert not settled(apart[:20], 1.0), "the variance is not known yet"
    assert settled(apart[:30], 0.01)
    assert not settled(near[:30], 0.1)
    assert settled(near, 0.5)
    assert not settled(near, 0.05)
    both = np.column_stack([apart, near[:, 0] + rng.normal(size=400)])
    assert not settled(both, 0.05), "all pairs, not any"


def test_looking_often_does_not_find_what_is_not_there() -> None:
    false = 0
    for number in range(200):
        noise = np.random.default_rng([9, number]).normal(size=(200, 2))
        false += any(settled(noise[:n], 1e-9) for n in range(30, 201, 5))
    assert false / 200 <= 0.06


def test_notebooks_get_arms_and_pairs() -> None:
    study = said()
    pytest.importorskip("polars")
    arms, pairs = study.to_polars(), study.to_polars("pairs")
    assert arms["arm"].to_list() == ["a", "b", "c"]
    assert arms["mean_bps"].to_list() == [arm.mean_bps for arm in study.arms.values()]
    assert pairs["a"].to_list() == ["a", "a", "b"]
    assert pairs["p"].to_list() == [pair.p for pair in study.pairs]


def test_notebooks_show_a_study_with_its_warnings_first_and_no_markup_of_its_arms() -> None:
    held = {"<b>": [1.0, 2.0], "c": [3.0, 4.0]}
    html = said(held)._repr_html_()
    assert html.startswith("<p>no intervals") and "What 2 orders cost" in html
    assert "<b>" not in html and "<td>&lt;b&gt;</td>" in html


def test_with_many_arms_a_certain_difference_stays_significant() -> None:
    rng = np.random.default_rng(1)
    held = {f"a{k}": (10.0 * k + 0.01 * rng.normal(size=N)).tolist() for k in range(24)}
    assert max(pair.p_holm or 1 for pair in said(held).pairs) <= 0.05


def test_of_a_few_orders_that_differ_nothing_is_claimed() -> None:
    pair = said({"a": [0.0] * N, "b": [0.0] * (N - 3) + [5.0, 1.0, 9.0]}).pairs[0]
    assert (pair.ci_low, pair.p, pair.anytime_low) == (None, None, None)
    assert not settled(np.zeros((50, 2)), 0.5), "alike so far is not alike for ever"


def test_an_interval_of_any_time_holds_where_few_orders_differ() -> None:
    missed = 0
    for number in range(200):
        rng = np.random.default_rng([7, number])
        held = np.where(rng.random(300) < 0.1, -10 * rng.exponential(size=300), 0.0)
        found = [anytime(held[:n], 1) for n in range(30, 301, 5)]
        missed += any(one is not None and not one[0] <= -1 <= one[1] for one in found)
    assert missed / 200 <= 0.06


def test_advice_on_sizes_knows_that_orders_of_a_day_go_together() -> None:
    rng = np.random.default_rng(1)
    level = rng.normal(size=20)
    held = [
        (
            drawn(n, block=f"day {n // 10}"),
            (result(n, "a", float(level[n // 10] + rng.normal())), result(n, "b", 0.0)),
        )
        for n in range(200)
    ]
    pair = summarise(collect(held, ("a", "b")), 1, RESAMPLES).pairs[0]
    assert pair.orders_for_1bp is not None
    assert pair.orders_for_1bp > 2 * math.ceil((2.8016 * pair.sd_bps) ** 2)


def test_one_day_says_nothing_of_how_many_orders_it_takes() -> None:
    rows = [
        (drawn(n, block="2025-01-06"), (result(n, "a", cost), result(n, "b", 0.0)))
        for n, cost in enumerate((1.0, 5.0, 2.0))
    ]
    (pair,) = summarise(collect(rows, ("a", "b")), 1).pairs
    assert pair.orders_for_1bp is None and pair.sd_bps > 2
