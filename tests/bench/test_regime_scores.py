"""The scores of regimes, on names and markets made by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from bench import regime_scores as module
from bench.regime_scores import HELD, PLACE, PLAIN, STEP_S, Scored, Seen, score
from steersman.domain.instrument import Category
from steersman.domain.market import Regime
from steersman.domain.specs import find
from steersman.domain.units import SECOND_NS
from steersman.models.regime import Features
from steersman.venues.regimes import HiddenRegime, RegimeName

THIN, NEWS = PLACE[Regime.THIN], PLACE[Regime.NEWS]
TRUTH = np.array([THIN] * 2 + [0] * 4 + [THIN] * 6 + [NEWS] * 4)


def test_who_is_always_right_scores_all_and_who_says_one_thing_scores_a_share() -> None:
    right, calm = [score(TRUTH, TRUTH)], [score(TRUTH, TRUTH * 0)]
    assert module.balanced(right) == module.accuracy(right) == 100
    assert module.false_alarms(right) == 0
    assert module.balanced(calm) == pytest.approx(100 / 3)
    assert module.accuracy(calm) == 25.0


def test_delays_run_from_the_beginning_of_a_spell() -> None:
    named = TRUTH.copy()
    named[6:8] = 0  # two samples late
    named[12:] = 0  # and never
    named[1] = NEWS  # a spell that began before is not timed
    one = score(TRUTH, named)
    assert one.spells == [(THIN, 2.0 * STEP_S), (NEWS, math.inf)]
    assert module.found_share([one], NEWS) == 0 and module.found_share([one], THIN) == 100
    assert module.median_delay([one], THIN) == 10 and module.median_delay([one], NEWS) == math.inf
    assert math.isnan(module.median_delay([one], 0))
    assert one.changes == 4 and module.changes_an_hour([one]) == 4 / (16 * STEP_S / 3_600)
    assert module.recall([one], THIN) == pytest.approx(5 / 8 * 100)


def test_the_truth_is_the_most_urgent_and_a_cascade_lasts_a_minute() -> None:
    times = np.arange(40) * STEP_S * SECOND_NS
    spans = [
        HiddenRegime(RegimeName.THIN, 0, 150 * SECOND_NS),
        HiddenRegime(RegimeName.FUNDING, 0, 200 * SECOND_NS),
        HiddenRegime(RegimeName.CASCADE, 50 * SECOND_NS, 53 * SECOND_NS),
    ]
    truth = module.truth_at(times, spans)
    assert set(truth.tolist()) == {0, THIN, PLACE[Regime.CASCADE]}
    assert (truth[10:22] == PLACE[Regime.CASCADE]).all() and truth[22] == THIN == truth[9]
    assert (truth[30:] == 0).all()


def test_memory_keeps_a_name_that_thresholds_drop() -> None:
    rows = [Features(1.0, 0.0, share, 1.0, 0.0) for share in (1.0, 0.3, 0.55, 0.3, 1.0)]
    seen = Seen(np.arange(5) * STEP_S * SECOND_NS, rows, np.zeros(5, np.int64))
    assert module.said(seen, PLAIN).tolist() == [0, THIN, 0, THIN, 0]
    assert module.said(seen, HELD).tolist() == [0, THIN, THIN, THIN, THIN]
    assert module.said(seen, module.CALM).tolist() == [0] * 5
    assert module.said(seen, module.ELSEWHEN).tolist() == [THIN, THIN, 0, THIN, THIN]


def test_a_statistic_comes_with_what_markets_differ_by() -> None:
    arm = [Scored(np.eye(7) * k, 0, []) for k in (1, 2, 3)]
    assert module.told(module.accuracy, arm) == "100.0 (100.0 to 100.0)"
    assert module.told(module.accuracy, arm, arm) == "+0.0 (+0.0 to +0.0)"
    assert module.shown(math.inf) == "never" and module.shown(math.nan) == ""


def test_a_generated_market_is_scored_against_chance() -> None:
    seen = module.generated(find("BTCUSDT", category=Category.LINEAR, venue="sim"), 2.0, 1)
    assert len(seen.at_ns) == len(seen.features) == len(seen.truth) == 720
    arms = {
        name: [score(seen.truth, module.said(seen, name))] * 2
        for name in (module.CALM, module.ELSEWHEN, PLAIN, HELD)
    }
    assert len(np.unique(seen.truth)) == 3
    assert all(one.news_age_s is None or one.news_age_s >= 0 for one in seen.features)
    text = f"{module.overall(arms)}\n{module.by_regime(arms)}"
    assert all(f"| {regime} |" in text for regime in Regime)


def test_a_short_recording_says_so(shared: Path, tmp_path: Path) -> None:
    from steersman.cli import run_cli

    capture = shared / "data" / "binance_raw_2024" / "usdm_btcusdt_20240808.gz"
    assert run_cli(["import", "binance-raw", str(capture), "--out", str(tmp_path / "h")]) == 0
    assert module.recorded(tmp_path / "h", "BTCUSDT").startswith("recorded: too short: 5.")
