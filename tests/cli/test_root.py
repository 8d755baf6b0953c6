"""The root: errors are one line or one document, help has examples."""

from __future__ import annotations

import pytest

from steersman.cli import run_cli
from tests.cli.calls import run


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
        (["run", "--qty", "2", "--algo", "adaptive", "--advisor", "oracle:7"], 2, "not an oracle"),
        (["run", "--qty", "2", "--advisor-latency", "1s"], 2, "no advisor answers"),
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


def test_help_has_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["--help"]) == 0
    assert "Exit codes" in capsys.readouterr().out
    assert run_cli(["run", "--help"]) == 0
    assert "steersman run --market history/" in capsys.readouterr().out


def test_without_arguments_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli([]) == 2
    assert "Usage: steersman" in capsys.readouterr().err
