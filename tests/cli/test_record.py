"""`steersman record` as a person and a program meet it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steersman.cli import run_cli
from steersman.marketdata.history import History
from steersman.runtime.record import recording
from tests.cli.calls import run

XRP = ["record", "--symbol", "XRPUSDT", "--seed", "3"]


def test_what_is_recorded_can_be_traded_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "h")
    code, document, _ = run(capsys, *XRP, "--duration", "12m", "--every", "5m", "--out", out)
    assert code == 0
    assert document["schema"] == "steersman.record/1"
    assert document["instrument"] == "sim:XRPUSDT.linear"
    assert (document["parts"], document["complete"], document["resumed"]) == (3, True, False)
    history = History.open(tmp_path / "h")
    assert document["events"] == history.rows(history.pick("XRPUSDT")) > 1_000
    order = ["run", "--symbol", "XRPUSDT", "--qty", "2000", "--horizon", "5m"]
    runs = [run(capsys, *order, "--market", market, "--seed", "3") for market in (out, "generated")]
    for code, done, _ in runs:
        assert code == 0 and done["state"] == "completed"
    arrivals = [done["decision_price"] for _, done, _ in runs]
    assert arrivals[0] == arrivals[1]  # both begin in the same market


def test_people_get_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli([*XRP, "--duration", "1m", "--out", str(tmp_path / "h")]) == 0
    assert "events added" in capsys.readouterr().out


def test_a_wrong_seed_ends_with_exit_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "h")
    assert run(capsys, *XRP, "--duration", "1m", "--out", out)[0] == 0
    code, document, _ = run(capsys, "record", "--symbol", "XRPUSDT", "--out", out)
    assert code == 3
    assert document["error"]["code"] == "data"
    assert "seed 3, not 1" in document["error"]["message"]


def test_an_interrupt_commits_what_is_there_and_exits_130(tmp_path: Path) -> None:
    out = tmp_path / "h"
    arguments = [*XRP, "--duration", "31d", "--every", "1h", "--out", str(out), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "steersman", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    while not (out / "manifest.json").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said, told = process.communicate()
    assert process.returncode == 130, told
    assert json.loads(said)["error"]["code"] == "interrupted"
    assert "the same command goes on after them" in told
    history = History.open(out)
    xrp = history.pick("XRPUSDT")
    feed = recording(
        venue="sim", symbol="XRPUSDT", category=None, seed=3, duration="31d", until=None,
        every="1h", out=out,
    ).feed  # fmt: skip
    feed.begin(history.parts(xrp)[-1])  # compares every row
    assert feed.tail()["events"] == history.rows(xrp)
    assert not list(tmp_path.rglob(".*"))
