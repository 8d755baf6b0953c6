"""`steersman calibrate` as a person and a program meet it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from steersman.cli import run_cli
from steersman.domain.units import SECOND_NS
from steersman.runtime.calibrating import load
from tests.cli.calls import QUICK, run
from tests.marketdata.sample import PERP, START_NS, trades, write_history


def test_journals_become_a_parameter_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli([*QUICK, "--journal", "one.journal"]) == 0
    capsys.readouterr()
    code, document, _ = run(capsys, "calibrate", "--journal", "one.journal", "--out", "p.json")
    assert code == 0
    assert document["format"] == "steersman-parameters" and document["schema"] == 1
    assert document["y"]["verdict"] == "refused" and "1 observations" in document["y"]["why"]
    saved = load(Path("p.json"))
    told = document.pop("predictions")
    assert json.loads(Path("p.json").read_text()) == document
    assert (told["orders"], told["alarm"]) == (1, False)
    assert saved.sources == ("one.journal",)
    assert run_cli(["calibrate", "--journal", "one.journal"]) == 0
    out = capsys.readouterr().out
    assert "refused" in out and "Parameters of" in out
    assert "0 of 1 orders have a price 30 min after their end" in " ".join(out.split())
    assert "Predictions of the cost" in out and "no alarm" in out


def test_what_lasts_is_in_the_journal_of_a_market_watched_after(
    capsys: pytest.CaptureFixture[str],
) -> None:
    watched = ("--watch-after", "30m", "--journal", "one.journal")
    assert run_cli([*QUICK, *watched]) == 0
    assert run_cli(["journal", "verify", "one.journal"]) == 0
    capsys.readouterr()
    code, document, _ = run(capsys, "calibrate", "--journal", "one.journal")
    assert code == 0
    for name in ("y", "gamma", "eta"):
        assert document[name]["why"] == "1 observations, at least 30 are needed"
    code, document, _ = run(capsys, *QUICK, "--watch-after", "soon")
    assert code == 2 and "soon" in document["error"]["message"]


def test_days_of_trades_become_the_curve_of_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ns = START_NS + np.arange(5 * 360) * 240 * SECOND_NS
    lots = np.random.default_rng(1).integers(1, 999, len(ns))
    history = str(write_history(tmp_path / "days", (PERP, trades(ns, lots))))
    assert run_cli(["calibrate", "--market", history, "--out", "p.json"]) == 0
    out = capsys.readouterr().out
    assert "Volume by half-hour, 1 is its mean (5 whole days)" in out
    assert "23:30" in out and "no book was recorded" in out
    curves = load(Path("p.json")).volume_curves
    assert curves is not None and curves.n == 5
    args = (*QUICK, "--algo", "vwap", "--horizon", "40m")
    _, usual, _ = run(capsys, *args)
    code, document, err = run(capsys, *args, "--parameters", "p.json")
    assert code == 0 and "volumes are expected by the curve of" in err
    assert document["journal_hash"] != usual["journal_hash"]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ([], 2, "one source"),
        (["--market", "x", "--journal", "y"], 2, "one source"),
        (["--market", "nowhere"], 3, "nowhere"),
        (["--journal", "nothing"], 3, "nothing"),
    ],
)
def test_errors_are_documents(
    capsys: pytest.CaptureFixture[str], args: list[str], code: int, words: str
) -> None:
    found, document, _ = run(capsys, "calibrate", *args)
    assert found == code
    assert words in document["error"]["message"] + document["error"]["remedy"]


def test_a_recorded_market_is_calibrated(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = shared / "data" / "binance_raw_2024" / "spot_ethusdt_20240808.gz"
    history = str(tmp_path / "history")
    assert run_cli(["import", "binance-raw", str(capture), "--out", history]) == 0
    capsys.readouterr()
    code, document, _ = run(capsys, "calibrate", "--market", history)
    assert code == 0 and document["instrument"].startswith("binance:ETHUSDT")
    assert document["flow_bps"]["low"] > 0 and document["flow_bps"]["verdict"] == "identified"
    assert document["volume_curves"]["why"] == "too short: 0 whole days, at least 5 are needed"
    code, document, _ = run(capsys, "calibrate", "--market", history, "--symbol", "BTCUSDT")
    assert code == 2 and "ETHUSDT" in document["error"]["remedy"]
