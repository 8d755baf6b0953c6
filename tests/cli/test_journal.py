"""The journal's commands: verify, show, export."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.cli.calls import QUICK, run


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
