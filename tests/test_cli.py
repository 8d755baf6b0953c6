"""The command line as a person and a program meet it: documents, exit codes, one-line errors."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest

from steersman.advisor import weights
from steersman.cli import run_cli

QUICK = ["run", "--qty", "2", "--horizon", "5m", "--seed", "3"]

KEYS = {
    "schema", "parent", "state", "filled_qty", "unfilled_qty", "avg_price", "decision_price",
    "arrival_price", "is_bps", "components_bps", "arrival_slippage_bps", "vwap_slippage_bps",
    "twap_slippage_bps", "participation", "fill_rate", "maker_share", "children", "advice",
    "journal_hash", "seed",
}  # fmt: skip
COMPONENTS = {"delay", "spread", "impact", "timing", "fees", "opportunity"}
ADVICE = {
    "asked", "accepted", "clamped", "invalid", "late", "stale", "fallback",
    "latency_ms_p50", "latency_ms_p95",
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings and no model of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, Any, str]:
    """Return exit code, the one document on stdout, and stderr."""
    code = run_cli([*args, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


@pytest.mark.parametrize("algo", ["twap", "vwap", "pov", "is", "adaptive"])
def test_every_algorithm_completes_with_a_whole_document(
    capsys: pytest.CaptureFixture[str], algo: str
) -> None:
    code, document, _ = run(capsys, *QUICK, "--algo", algo)
    assert code == 0
    assert document.keys() >= KEYS
    assert document["components_bps"].keys() >= COMPONENTS
    assert document["advice"].keys() >= ADVICE
    assert document["state"] == "completed"
    assert Decimal(document["filled_qty"]) == 2
    assert Decimal(document["unfilled_qty"]) == 0
    assert abs(sum(document["components_bps"].values()) - document["is_bps"]) < 1e-6
    assert isinstance(document["avg_price"], str)
    assert document["fill_rate"] == 1.0
    assert len(document["children"]) > 1
    assert document["seed"] == 3
    assert (document["advice"]["asked"] > 0) is (algo == "adaptive")


def test_same_seed_same_bytes_other_seed_other_run(capsys: pytest.CaptureFixture[str]) -> None:
    _, first, _ = run(capsys, *QUICK, "--algo", "adaptive", "--advisor", "rules")
    _, again, _ = run(capsys, *QUICK, "--algo", "adaptive", "--advisor", "rules")
    _, other, _ = run(capsys, *QUICK, "--algo", "adaptive", "--advisor", "rules", "--seed", "4")
    assert first == again
    assert first["journal_hash"] != other["journal_hash"]


def test_without_weights_the_run_goes_on_with_rules_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, document, err = run(capsys, *QUICK, "--algo", "adaptive", "--advisor", "embedded")
    assert code == 0
    assert "going on with rules" in err
    assert document["advice"]["asked"] > 0


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["run", "--qty", "2", "--symbol", "BTCUSD1"], 2, "BTCUSD"),
        (["run", "--qty", "0.0005"], 2, "0.0005"),
        (["run", "--qty", "1.00005"], 2, "not a multiple of the lot 0.001"),
        (["run", "--qty", "0.005"], 2, "below the minimum"),
        (["run", "--qty", "nan"], 2, "not a finite number"),
        (["run", "--qty", "-3"], 2, "must be positive"),
        (["run", "--qty", "2", "--horizon", "5s"], 2, "shorter than one slice"),
        (["run", "--qty", "2", "--horizon", "soon"], 2, "not a duration"),
        (["run", "--qty", "2", "--limit", "60000.05"], 2, "not a multiple of the tick"),
        (["run", "--qty", "2", "--urgency", "1.5"], 2, "urgency"),
        (["run", "--qty", "2", "--algo", "nope"], 2, "nope"),
        (["run", "--qty", "2", "--advisor", "oracle"], 2, "there is no advisor"),
        (["run", "--qty", "2", "--advisor", "rules"], 2, "takes no advice"),
        (["run", "--qty", "2", "--base", "adaptive"], 2, "classic"),
        (["run", "--qty", "2", "--market", "nowhere"], 3, "nowhere"),
        (["run", "--qty", "2", "--news", "nowhere.jsonl"], 3, "nowhere.jsonl"),
        (["run", "--qty", "2", "--config", "nowhere.toml"], 3, "nowhere.toml"),
        (["run", "--qty", "2", "--id", "not an id"], 2, "not an id"),
        (["run"], 2, "qty"),
        (["run", "--qty", "10000", "--horizon", "4h"], 4, "raise max_order_size"),
        (["import", "binance-raw", "nowhere.gz", "--out", "h"], 3, "nowhere.gz"),
        (["journal", "verify", "nowhere.journal"], 3, "nowhere.journal"),
        (["model", "show"], 3, "steersman model pull"),
        (["sail"], 2, "sail"),
    ],
)
def test_errors_are_one_line_with_the_documented_code(
    capsys: pytest.CaptureFixture[str], args: list[str], code: int, words: str
) -> None:
    ended, document, err = run(capsys, *args)
    assert ended == code, err
    error = document["error"]
    assert document["schema"] == "steersman.error/1"
    assert words in error["message"] + error["remedy"]
    assert "\n" not in error["message"]
    assert [line for line in err.splitlines() if line.startswith("steersman: ")]


def test_an_order_its_limits_stop_expires_with_its_quantity_and_exit_code_6(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, document, err = run(capsys, *QUICK, "--limit", "1000.0")
    assert code == 6
    assert document["state"] == "expired"
    assert Decimal(document["unfilled_qty"]) == 2
    assert document["avg_price"] is None and document["vwap_slippage_bps"] is None
    assert document["fill_rate"] == 0.0
    assert "unfilled" in err


def test_a_journal_replays_to_the_hash_the_run_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "run.journal"
    _, document, _ = run(capsys, *QUICK, "--algo", "adaptive", "--journal", str(file))
    code, verified, _ = run(capsys, "journal", "verify", str(file))
    assert code == 0
    assert verified["head_hash"] == document["journal_hash"]
    _, without, _ = run(capsys, *QUICK, "--algo", "adaptive")
    assert without["journal_hash"] == document["journal_hash"], "on disk or in memory"
    code, shown, _ = run(capsys, "journal", "show", str(file), "--kind", "Send")
    assert code == 0 and {record["type"] for record in shown["records"]} == {"Send"}
    code, _, _ = run(capsys, "journal", "export", str(file), "--out", str(tmp_path / "out.jsonl"))
    assert code == 0
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == verified["records"]
    code, again, _ = run(capsys, *QUICK, "--journal", str(file))
    assert code == 3 and "run.journal" in again["error"]["message"]


def test_a_corrupt_journal_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "run.journal"
    run(capsys, *QUICK, "--journal", str(file))
    with apsw.Connection(str(file)) as connection:
        changed = "replace(payload, '\"buy\"', '\"sell\"')"
        connection.execute(f"UPDATE record SET payload = {changed} WHERE type = 'Submit'")
    code, document, _ = run(capsys, "journal", "verify", str(file))
    assert code == 3
    assert document["error"]["code"] == "journal"


def test_weights_with_a_wrong_hash_are_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    path = weights.weights_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not the model")
    code, document, _ = run(capsys, *QUICK, "--algo", "adaptive")
    assert code == 3
    assert document["error"]["code"] == "weights"
    assert "model pull --force" in document["error"]["remedy"]


def test_people_get_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(QUICK) == 0
    out, err = capsys.readouterr()
    assert "Child orders" in out and "implementation shortfall" in out
    assert "order completed: all filled" in err


def test_help_has_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["--help"]) == 0
    assert "Exit codes" in capsys.readouterr().out
    assert run_cli(["run", "--help"]) == 0
    assert "steersman run --market history/" in capsys.readouterr().out


def test_doctor_examines(capsys: pytest.CaptureFixture[str]) -> None:
    code, document, _ = run(capsys, "doctor")
    assert code == 0
    assert {"sqlite", "market kernels", "model weights"} <= {
        f["name"] for f in document["findings"]
    }


def test_without_arguments_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli([]) == 2
    assert "Usage: steersman" in capsys.readouterr().err


def test_numbers_may_be_written_with_an_exponent(capsys: pytest.CaptureFixture[str]) -> None:
    _, document, _ = run(capsys, "run", "--qty", "2e0", "--horizon", "5m", "--seed", "3")
    assert document["order"]["qty"] == "2"
