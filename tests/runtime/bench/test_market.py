"""What the benchmark says of figures that were measured, and of those that could not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.errors import UsageError
from steersman.runtime.bench.market import MarketBench, document, prepare_market, rows


def measured(*, peers: bool) -> MarketBench:
    bench = MarketBench(rows=5_000_000, peak_mb=300.0)
    bench.versions = {"hftbacktest": "2" if peers else None, "nautilus": "1" if peers else None}
    ours = ("ours taker", "ours passive", "engine", "from Parquet", "generated")
    for k, case in enumerate(ours, 1):
        for took_s in (0.1 * k, 0.2 * k, 9.0):
            bench.add(case, 5_000_000, took_s)
    bench.meps["engine wakes"] = [5.0, 7.0, 6.0]
    if peers:
        for case, took_s in (("taker vector", 0.5), ("taker hash", 1.0), ("passive hash", 2.0)):
            bench.add(f"hftbacktest {case}", 5_000_000, took_s)
        bench.add("nautilus taker", 300_000, 1.0)
    return bench


def test_medians_and_ratios_to_the_best_book() -> None:
    found = document(measured(peers=True))
    assert found["ours_taker_meps"] == pytest.approx(25.0)
    assert found["hft_taker_meps"] == pytest.approx(10.0)
    assert found["ratio_taker"] == pytest.approx(2.5)
    assert found["ratio_passive"] == pytest.approx(12.5 / 2.5)
    assert found["nautilus_meps"] == pytest.approx(0.3)
    assert found["wakes_per_s"] == 6.0
    assert set(found) == {
        "schema", "nautilus_meps", "wakes_per_s", "ours_taker_meps", "hft_taker_meps",
        "ratio_taker", "ours_passive_meps", "hft_passive_meps", "ratio_passive", "engine_meps",
        "parquet_meps", "peak_rss_mb", "generated_meps",
    }  # fmt: skip


def test_an_absent_peer_is_null_and_said() -> None:
    bench = measured(peers=False)
    found = document(bench)
    absent = {key for key, value in found.items() if value is None}
    assert absent == {
        "nautilus_meps", "hft_taker_meps", "ratio_taker", "hft_passive_meps", "ratio_passive",
    }  # fmt: skip
    assert [row[0] for row in rows(bench) if row[1] == "absent"] == ["hftbacktest", "nautilus"]


def test_a_request_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="--runs"):
        prepare_market(None, 10_000, 0, None)
    with pytest.raises(UsageError, match="interpreter"):
        prepare_market(None, 10_000, 1, Path("nowhere"))
