"""A file of cases: its own small one, references between cases, and all that can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steersman.errors import DataError
from steersman.runtime.vectors import cases, evaluate
from steersman.runtime.vectors.cases import KINDS, evaluate_case, kind_of

SAMPLE = Path(__file__).with_name("sample.json")
FADING = {"kernel": "exp(-rho t)", "rho": 1.0, "times": [0.0, 1.0]}
EVEN = {"X": 10.0, "T": 2.0, "N": 2, "sigma": 1.0, "eta": 1.0, "lambda": 0.0}


def write(folder: Path, *cases: dict[str, Any]) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps(cases), encoding="utf-8")
    return path


def test_the_sample_by_hand_passes() -> None:
    results = evaluate(SAMPLE)
    assert [(result.name, result.reason) for result in results if not result.passed] == []
    assert len(results) == 5
    assert [check.name for check in results[1].checks] == ["x"]  # a note is not compared


def test_every_reference_case_passes(shared: Path) -> None:
    results = evaluate(shared / "vectors" / "vectors.json")
    failed = {r.name: r.reason or r.worst for r in results if not r.passed}
    assert failed == {}
    assert len(results) == 39


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "FILE_BYTES_MAX", 10)
    with pytest.raises(DataError, match="larger than 10 bytes"):
        evaluate(SAMPLE)


def test_a_changed_figure_of_any_reference_case_fails(shared: Path, tmp_path: Path) -> None:
    """Every number is really compared: one per cent off is beyond every tolerance but one."""
    known = json.loads((shared / "vectors" / "vectors.json").read_text(encoding="utf-8"))
    changed = []
    for case in known:
        names = [name for name in case["expected"] if name != "note"]
        for name in names:
            worse = json.loads(json.dumps(case))
            worse["name"] = case["name"] + "_"
            worse["expected"] = {name: spoiled(case["expected"][name])}
            changed.append(worse)
    results = evaluate(write(tmp_path, *known, *changed))[len(known) :]
    wide = {"sequential_peeking_", "ac_discrete_golden_DROP_"}  # absolute, far above one per cent
    assert [r.name for r in results if r.passed and r.name not in wide] == []
    assert len(results) > 130


def spoiled(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value * 1.01 + 0.01
        case str():
            return value + "?"
        case list():
            return [*value[:-1], spoiled(value[-1])]
        case dict():
            last = list(value)[-1]
            return {**value, last: spoiled(value[last])}
        case _:
            return 1.0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ac_lvar95", "ac"),
        ("ac_efficient_frontier_of_ours", "ac_efficient_frontier"),
        ("perold_alt_convention", "perold"),
        ("sqrt_law_Y2", "sqrt_law"),
        ("rls_forgetting_0_9", "rls"),
    ],
)
def test_the_first_words_tell_the_kind(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_every_kind_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []


@pytest.mark.parametrize(
    ("name", "inputs", "expected", "words"),
    [
        ("almond_1", {}, {"x": 1}, "no kind of case begins like 'almond_1'"),
        ("acx", {}, {"x": 1}, "no kind of case"),
        ("ac_1", {"X": 1}, {"x": 1}, "the inputs lack sigma"),
        ("ac_1", EVEN, {"z": 1}, "this kind has no figure 'z'"),
        ("ac_1", EVEN, {}, "nothing is expected"),
        ("ac_1", EVEN, {"note": "x"}, "nothing is expected"),
        ("ac_1", EVEN, {"x": {}}, "'x' expects nothing"),
        ("ac_1", {**EVEN, "gamma": 3.0}, {"x": 1}, "must be positive: shorten"),
        ("ac_1", {"same_as": "nowhere"}, {"x": 1}, "no case 'nowhere' to take inputs from"),
        ("ac_1", {"same_as": 3}, {"x": 1}, "no case 3"),
        ("vwap_schedule", {"Q": 1, "volume_buckets": [0]}, {"n": [1]}, "no volume"),
        ("ac_1", {**EVEN, "X": 0.0, "S0": 1.0}, {"E_bps": 0}, "zero that must not be"),
        ("propagator_1", {**FADING, "X": 1e308}, {"cost": 1}, "overflow"),
    ],
)
def test_what_cannot_be_evaluated_fails_with_its_reason(
    name: str, inputs: dict[str, Any], expected: dict[str, Any], words: str
) -> None:
    result = evaluate_case(name, inputs, expected)
    assert not result.passed
    assert words in result.reason
    assert result.worst is None


def test_a_wrong_figure_is_the_first_to_look_at() -> None:
    result = evaluate_case("ac_1", EVEN, {"x": [10, 5, 0], "n": [5, 5.1], "V": 25.0})
    assert not result.passed and result.reason == ""
    assert result.worst is not None
    assert (result.worst.name, result.worst.worst.path) == ("n", "n[1]")
    assert [check.passed for check in result.checks] == [True, False, True]


def test_references_within_the_file_and_to_what_ships(tmp_path: Path) -> None:
    first = {"name": "ac_a", "inputs": EVEN, "expected": {"V": 25.0}}
    second = {"name": "ac_b", "inputs": {"same_as": "ac_a", "X": 20.0}, "expected": {"V": 100.0}}
    third = {"name": "ac_c", "inputs": {"same_data": "ac_b", "N": 1}, "expected": {"V": 0.0}}
    shipped = {
        "name": "ac_d",
        "inputs": {"same_as": "ac_discrete_lambda_1e-06", "lambda": 0.0},
        "expected": {"E": 662_500.0},
    }
    results = evaluate(write(tmp_path, third, second, first, shipped))
    assert [(r.passed, r.reason) for r in results] == [(True, "")] * 4


def test_the_file_comes_before_what_ships(tmp_path: Path) -> None:
    own = {"name": "perold_is_buy", "inputs": {"target": 1}, "expected": {"total": 0.0}}
    other = {"name": "perold_x", "inputs": {"same_as": "perold_is_buy"}, "expected": {"avg": 1.0}}
    assert "lack decision" in evaluate(write(tmp_path, own, other))[1].reason


def test_a_case_that_refers_to_itself_fails(tmp_path: Path) -> None:
    loop = {"name": "ac_a", "inputs": {"same_as": "ac_a"}, "expected": {"V": 1.0}}
    assert "refers to itself" in evaluate(write(tmp_path, loop))[0].reason


def test_a_tolerance_that_cannot_be_read_fails() -> None:
    assert "cannot be read" in evaluate_case("ac_1", EVEN, {"V": 1.0}, "roughly").reason
    assert "no tolerance" in evaluate_case("ac_1", EVEN, {"V": 1.0}, "rel 1e-6 (E)").reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a list of cases"),
        ("{}", "not a list of cases"),
        ("[1]", "not a list of cases"),
        ('[{"name": 3}]', "not a list of cases"),
        ('[{"name": "ac", "inputs": {"X": NaN}}]', "not a list of cases"),
        ("[]", "holds no case"),
        ('[{"inputs": {"X": ' + "[" * 5_000 + "]" * 5_000 + "}}]", "nested too deeply"),
    ],
)
def test_what_is_no_file_of_cases_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        evaluate(path)
    with pytest.raises(DataError, match="cannot be read"):
        evaluate(tmp_path / "absent.json")
