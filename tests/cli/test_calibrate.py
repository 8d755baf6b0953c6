"""`steersman calibrate` as a person and a program meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steersman.cli import run_cli
from steersman.runtime.calibrating import load
from tests.cli.calls import QUICK, run


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
    assert "Predictions of the cost" in out and "no alarm" in out


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
    code, document, _ = run(capsys, "calibrate", "--market", history, "--symbol", "BTCUSDT")
    assert code == 2 and "ETHUSDT" in document["error"]["remedy"]
