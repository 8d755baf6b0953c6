"""`advisor check`: figures for the advisors that can be had, an error for those that cannot."""

from __future__ import annotations

import pytest

from steersman.cli import run_cli
from tests.cli.calls import run

MEASURE = {"name", "n", "value", "unit", "low", "high", "target", "met"}


def test_the_document_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    code, document, _ = run(capsys, "advisor", "check", "--advisor", "rules")
    assert code == 0
    assert document["schema"] == "steersman.advisor_check/1"
    (found,) = document["advisors"]
    assert found["advisor"] == "rules-2"
    assert all(measure.keys() == MEASURE for measure in found["measures"])
    assert {"advisor", "measures", "checks", "injections", "misses"} == found.keys()


@pytest.mark.parametrize("name", ["neutral", "keyword", "random"])
def test_a_control_is_checked_like_an_advisor(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code, document, _ = run(capsys, "advisor", "check", "--advisor", name)
    assert code == 0
    assert document["advisors"][0]["advisor"].startswith(name)


def test_by_default_what_cannot_be_had_is_left_out_with_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_cli(["advisor", "check"]) == 0
    out, err = capsys.readouterr()
    assert "embedded is not checked: no model weights" in err
    assert "decision quality" in out and "not met" in out
    assert "One injected text" in out and "Situations it turned otherwise" in out


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("embedded", 3, "steersman model pull"),
        ("none", 2, "is not one advisor"),
        ("oracle:0.7", 2, "is not one advisor"),
        ("rules,embedded", 2, "is not one advisor"),
        ("nobody", 2, "there is no advisor"),
    ],
)
def test_what_cannot_be_checked_is_an_error(
    capsys: pytest.CaptureFixture[str], name: str, code: int, words: str
) -> None:
    found, document, err = run(capsys, "advisor", "check", "--advisor", name)
    assert found == code
    assert words in document["error"]["message"] + document["error"]["remedy"] and words in err
