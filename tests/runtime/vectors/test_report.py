"""The command: a table, a document, and an exit code that says whether all pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steersman.cli import run_cli
from steersman.runtime.vectors import HEADERS, rows
from steersman.runtime.vectors.cases import evaluate_case

SAMPLE = Path(__file__).with_name("sample.json")


def test_all_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["vectors", str(SAMPLE)]) == 0
    out = capsys.readouterr().out
    assert "ac_drift_by_hand" in out and "FAIL" not in out and "5 of 5 pass" in out


def test_a_difference_has_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = json.loads(SAMPLE.read_text(encoding="utf-8"))
    cases[2]["expected"]["n"][1] = 11
    cases.append({"name": "weather_1", "expected": {"rain": 1}})
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(cases), encoding="utf-8")
    assert run_cli(["vectors", str(path), "--json"]) == 7
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "steersman.vectors/1"
    assert [document[key] for key in ("cases", "passed", "failed")] == [6, 4, 2]
    wrong, unknown = document["results"][2], document["results"][5]
    assert wrong["checks"][0]["worst"] == {
        "path": "n[1]",
        "expected": 11,
        "got": 10.0,
        "error": 1.0,
        "passed": False,
    }
    assert wrong["checks"][0]["got"] == [5.0, 10.0, 15.0]
    assert "no kind of case" in unknown["reason"] and not unknown["passed"]


def test_what_is_no_file_of_cases_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["vectors", "absent.json", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "data"


def test_rows_show_what_to_look_at_first() -> None:
    even = {"X": 10.0, "T": 2.0, "N": 2, "sigma": 1.0, "eta": 1.0, "lambda": 0.0}
    shown = rows(
        [
            evaluate_case("ac_1", even, {"n": [5.0]}),
            evaluate_case("ac_2", even, {"V": 25.25, "finite": True}),
            evaluate_case("ac_3", even, {"finite": "it is quite finite"}),
            evaluate_case("sky", {}, {}),
        ]
    )
    assert all(len(row) == len(HEADERS) for row in shown)
    assert shown[0] == ("ac_1", "FAIL", "1", "n", "1 values", "2 values", "", "rel 1e-06")
    assert shown[1][3:7] == ("V", "25.25", "25", "9.9e-03")
    assert shown[2][4:6] == ("it is quite…", "True")
    assert shown[3][1:4] == ("FAIL", "0", "no kind of case begins like 'sky'")
    assert shown[4][0] == "0 of 4 pass"


def test_a_name_cannot_speak_to_the_terminal() -> None:
    (name, *_), _ = rows([evaluate_case("ac\x1b[31m", {}, {"x": 1})])
    assert name == r"'ac\x1b[31m'"
