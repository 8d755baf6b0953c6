"""`advise`: one question and one answer, for people and for machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.cli import run_cli
from tests.cli.calls import run

ASKED = ["advise", "--at", "4m", "--horizon", "5m", "--qty", "2", "--seed", "3"]
RULES = [*ASKED, "--advisor", "rules"]


def test_the_document_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    code, document, _ = run(capsys, *RULES)
    assert code == 0
    assert document.keys() == {
        "schema", "ask_id", "asked_ns", "question", "facts", "prompt", "advisor", "fallback",
        "latency_ms", "reply", "usage", "advice", "checks", "verdict", "text_only", "schedule",
    }  # fmt: skip
    assert document["advisor"] == "rules-2"
    assert document["prompt"].keys() == {"version", "system", "user"}
    assert document["advice"]["provenance"]["pace_pct"] == "rule"
    assert isinstance(document["schedule"][0]["after"], str)


def test_people_read_the_same_and_no_text_commands_their_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    news = tmp_path / "news.jsonl"
    news.write_text('{"time": "2025-01-06T15:01:00", "text": "\\u001b[2J[red]Gone[/red]"}\n')
    assert run_cli([*RULES, "--news", str(news)]) == 0
    out, _ = capsys.readouterr()
    for title in ("Facts", "system, steer-", "user", "reply", "Advice", "verdict", "Schedule"):
        assert title in out
    assert "Gone" in out
    assert "\x1b[2J" not in out and "[red]" not in out


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--at", "never", "--advisor", "rules"], 2, "is not a time"),
        (["--at", "4m", "--advisor", "none"], 2, "nobody advises"),
        (["--at", "4m", "--advisor", "x"], 2, "there is no advisor"),
        (["--at", "4m", "--market", "absent", "--advisor", "rules"], 3, "absent"),
    ],
)
def test_what_cannot_be_shown(
    capsys: pytest.CaptureFixture[str], args: list[str], code: int, words: str
) -> None:
    found, document, _ = run(capsys, "advise", *args)
    assert found == code
    assert words in document["error"]["message"]


def test_without_weights_rules_answer_and_a_line_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, document, err = run(capsys, *ASKED)
    assert code == 0
    assert document["advisor"] == "rules-2"
    assert "going on with rules" in err
