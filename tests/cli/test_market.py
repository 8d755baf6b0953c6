"""`steersman market validate` as a person and a program meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steersman.cli import run_cli
from steersman.runtime import validate
from steersman.runtime.stylised import FACTS, HOLD_LEAST

SHORT = ["market", "validate", "--presets", "BTCUSDT.linear", "--hours", "0.05", "--pairs", "0"]


def test_three_minutes_hold_too_few_facts(capsys: pytest.CaptureFixture[str]) -> None:
    code = run_cli([*SHORT, "--json", "--picture", "facts.png"])
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert code == 7
    assert document["schema"] == "steersman.validate/1"
    assert document["required"] == HOLD_LEAST and document["seed"] == 1
    (market,) = document["markets"]
    assert market["name"] == "BTCUSDT.linear" and market["source"] == "generated"
    assert market["pass"] + market["fail"] + market["short"] == len(market["facts"]) == len(FACTS)
    assert {"key", "title", "value", "error", "n", "low", "high", "verdict"} == set(
        market["facts"][0]
    )
    assert f"at least {HOLD_LEAST} must" in err
    assert Path("facts.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_and_exit_code_0_where_enough_holds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steersman.runtime.stylised.HOLD_LEAST", 1)
    assert run_cli(SHORT) == 0
    out, err = capsys.readouterr()
    for fact in FACTS:
        assert fact.title in out
    assert "BTCUSDT.linear" in out and "generated" in out and "too short" in out
    assert "must" not in err


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--hours", "-1"], 2, "-1 hours"),
        (["--presets", "BTCUSDT"], 2, "BTCUSDT.linear"),
        (["--market", "nowhere"], 3, "nowhere"),
        (["--picture", "facts.gif"], 2, "facts.gif"),
    ],
)
def test_errors_are_documents(
    capsys: pytest.CaptureFixture[str], args: list[str], code: int, words: str
) -> None:
    assert run_cli(["market", "validate", *args, "--json"]) == code
    error = json.loads(capsys.readouterr().out)["error"]
    assert words in error["message"] + error["remedy"]


def test_defaults_are_what_the_documentation_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    assert validate.DEFAULT_PRESETS in text


def test_a_regime_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["market", "validate", "--regime", "stormy", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert "no regime 'stormy'" in error["message"] and "thin" in error["remedy"]
