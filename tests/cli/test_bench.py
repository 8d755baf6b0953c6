"""`steersman bench` as a person and a program meet it, without peers."""

from __future__ import annotations

import pytest

from steersman.cli import run_cli
from tests.cli.calls import run


def test_the_market_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "market", "--rows", "20000", "--runs", "1", "--peers", "/bin/false"]
    code, found, _ = run(capsys, *arguments)
    assert code == 0 and found["schema"] == "steersman.bench_market/1"
    assert found["ours_taker_meps"] > 0 and found["parquet_meps"] > 0
    assert found["hft_taker_meps"] is None and found["ratio_passive"] is None
    assert run_cli(arguments) == 0
    out = capsys.readouterr().out
    assert "ours passive" in out and "absent" in out


def test_probes_are_answered(capsys: pytest.CaptureFixture[str]) -> None:
    code, found, _ = run(capsys, "bench", "probes", "--peers", "/bin/false")
    assert code == 0 and len(found["probes"]) == 6
    assert run_cli(["bench", "probes", "--peers", "/bin/false"]) == 0
    assert "WRONG" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--data", "nowhere.npz"], 3, "nowhere.npz: No such file"),
        (["--rows", "3"], 2, "--rows"),
        (["--runs", "0"], 2, "--runs"),
        (["--peers", "nowhere"], 2, "no interpreter"),
    ],
)
def test_bad_input_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    found, document, err = run(capsys, "bench", "market", *arguments)
    assert found == code and err.strip().count("\n") == 0
    assert words in document["error"]["message"] + document["error"]["remedy"]
