"""`steersman study` as a person and a program meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steersman.cli import run_cli
from tests.cli.calls import run

QUICK = ["study", "--arms", "twap,twap-passive,rules", "--orders", "9", "--horizon", "1m"]
FEW = [*QUICK, "--regimes", "calm", "--jobs", "1"]


def test_one_document_with_every_pair_and_what_reproduces_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, document, _ = run(capsys, *FEW, "--out", "s")
    assert code == 0
    assert document["schema"] == "steersman.study/1"
    assert (document["n"], document["seeds"]) == (9, 9)
    assert list(document["arms"]) == ["twap", "twap-passive", "rules"]
    arm = document["arms"]["twap"]
    assert {"mean_bps", "median_bps", "cvar95_bps", "ci_low", "ci_high", "fill_rate"} <= set(arm)
    assert [(pair["a"], pair["b"]) for pair in document["pairs"]] == [
        ("twap", "twap-passive"),
        ("twap", "rules"),
        ("twap-passive", "rules"),
    ]
    assert document["manifest"]["arms"]["rules"]["base"] == "twap"
    pair = document["pairs"][0]
    means = [document["arms"][name]["mean_bps"] for name in ("twap", "twap-passive")]
    assert pair["mean_diff_bps"] == pytest.approx(means[0] - means[1])
    assert document["manifest"]["seed"] == 1
    kept = json.loads(Path("s/study.json").read_text())
    assert kept == document
    code, again, _ = run(capsys, *FEW, "--out", "s")
    assert (code, again["pairs"]) == (0, document["pairs"])


def test_tables_for_people_and_nothing_left_behind(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(FEW) == 0
    out, err = capsys.readouterr()
    assert "1 of 3 pairs differ in more than the advice" in err, "rules and the twap that takes"
    for words in ("twap-passive", "95 % interval", "CVaR95", "p, Holm", "by size", "twap - rules"):
        assert words in out
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--orders", "1"], 2, "one seed"),
        (["--arms", "twpa"], 2, "did you mean twap"),
        (["--regimes", "clam"], 2, "did you mean calm"),
        (["--suite", "standard", "--seed", "2"], 2, "a suite is fixed"),
        (["--market", "nowhere"], 3, "nowhere"),
        (["--engine", "cloud"], 2, "local"),
        (["--address", "head:6379"], 2, "give --engine ray"),
        (["--part", "3/2"], 2, "is no part of 60 orders"),
        (["--arms", "embedded"], 3, "leave the arm out"),
    ],
)
def test_what_makes_no_study_ends_in_one_line(
    capsys: pytest.CaptureFixture[str], args: list[str], code: int, words: str
) -> None:
    assert run_cli(["study", *args]) == code
    out, err = capsys.readouterr()
    assert out == "" and words in err and err.count("\n") == 1


def test_parts_of_a_study_merge(capsys: pytest.CaptureFixture[str]) -> None:
    code, whole, _ = run(capsys, *FEW, "--out", "whole")
    assert code == 0
    code, part, err = run(capsys, *FEW, "--out", "a", "--part", "1/2")
    assert (code, part["schema"]) == (0, "steersman.study_part/1")
    assert (part["part"], part["held"], part["orders"]) == (5, 5, 9)
    assert run_cli([*FEW, "--out", "b", "--part", "2/2"]) == 0
    out, err = capsys.readouterr()
    assert out == "" and "4 of 9 orders are done" in err and "--merge DIR" in err
    code, both, _ = run(capsys, *FEW, "--out", "both", "--merge", "a", "--merge", "b")
    assert code == 0 and both["pairs"] == whole["pairs"]
    assert Path("both/results.parquet").read_bytes() == Path("whole/results.parquet").read_bytes()
    assert run_cli([*FEW, "--seed", "2", "--out", "c", "--merge", "a"]) == 3
    assert "a holds another study: " in capsys.readouterr().err


def test_a_study_on_a_cluster_without_ray_ends_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steersman.runtime.ray_fleet.find_spec", lambda name: None)
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    assert run_cli([*FEW, "--engine", "ray"]) == 3
    out, err = capsys.readouterr()
    assert out == "" and "make ray" in err and err.count("\n") == 1
    assert run_cli(FEW) == 0, "the variable is that of another engine"


def test_a_folder_of_another_study_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    few = [*FEW, "--out", "s"]
    assert run_cli(few) == 0
    capsys.readouterr()
    assert run_cli([*few, "--seed", "2"]) == 3
    assert "seed was 1 and is 2" in capsys.readouterr().err


def test_how_much_news_comes_true_is_in_the_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    code, document, _ = run(capsys, *FEW, "--informativeness", "0")
    assert (code, document["manifest"]["informativeness"]) == (0, 0.0)
    code, refused, _ = run(capsys, *FEW, "--informativeness", "30")
    assert code == 2 and "no share of the news" in refused["error"]["message"]


def test_a_study_judges_decisions_of_its_advised_arms(capsys: pytest.CaptureFixture[str]) -> None:
    judging = ["study", "--arms", "twap-passive,oracle:1", "--orders", "2", "--horizon", "3m",
               "--regimes", "calm", "--jobs", "1", "--judge", "1"]  # fmt: skip
    code, document, _ = run(capsys, *judging, "--out", "s")
    assert code == 0 and list(document["judged"]) == ["oracle:1"]
    arm = document["judged"]["oracle:1"]
    assert (arm["judged"], arm["orders"], arm["gain_low"]) == (2, 2, None)
    assert arm["right"] + arm["wrong"] + arm["undecided"] == 2
    assert document["manifest"]["judge"] == 1
    assert run_cli([*judging, "--out", "s"]) == 0
    assert "Decisions judged by counterfactual" in capsys.readouterr().out
    code, error, _ = run(capsys, *judging[:-1], "2", "--out", "s")
    assert code == 3 and "judge" in error["error"]["message"]
    code, error, _ = run(capsys, "study", "--arms", "twap,vwap", "--judge", "1")
    assert code == 2 and "no arm is advised" in error["error"]["message"]
