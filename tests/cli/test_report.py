"""`steersman report`: page, Markdown and JSON from one order and from several."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steersman.cli import run_cli
from tests.cli.calls import QUICK, run
from tests.report.studies import write


def test_a_run_becomes_a_page_markdown_and_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("a", "b"):
        _, ran, _ = run(capsys, *QUICK, "--id", name, "--journal", f"{name}.journal")
    args = ["report", "b.journal", "--out", "b.html", "--md", "b.md"]
    code, document, err = run(capsys, *args)
    assert (code, err) == (0, "")
    (order,) = document["orders"]
    assert order["is_bps"] == ran["is_bps"] and order["journal_hash"] == ran["journal_hash"]
    assert document["command"] == "steersman report b.journal --out b.html --md b.md"
    page = (tmp_path / "b.html").read_text(encoding="utf-8")
    assert document["command"] in page and len(page) < 1_000_000
    assert "## Targets" in (tmp_path / "b.md").read_text(encoding="utf-8")
    code, both, _ = run(capsys, "report", "a.journal", "b.journal")
    assert code == 0 and len(both["orders"]) == 2
    assert run_cli(args) == 0
    assert capsys.readouterr().out.splitlines() == [
        "b.html: buy 2 sim:BTCUSDT.linear, 13 charts",
        "b.md: buy 2 sim:BTCUSDT.linear, 13 charts",
    ]


def test_a_name_that_is_no_text_does_not_end_a_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(capsys, *QUICK, "--journal", "a.journal")
    page, journal = (os.fsdecode(b"\xff" + ending) for ending in (b".html", b".journal"))
    try:
        (tmp_path / journal).symlink_to("a.journal")
    except OSError:
        pytest.skip("names are text here")
    args = ["report", "a.journal", "--out", page]
    code, document, _ = run(capsys, *args)
    assert (code, document["command"]) == (0, "steersman report a.journal --out ' .html'")
    assert run_cli(args) == 0 and capsys.readouterr().out.startswith(" .html: buy 2")
    code, document, _ = run(capsys, "report", journal)
    assert code == 3 and "name that is no text" in document["error"]["message"]


def test_what_is_wrong_has_its_exit_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run_cli(["report", "absent.journal"]) == 2, "nothing to write"
    assert "--out" in capsys.readouterr().err
    code, document, _ = run(capsys, "report", "absent.journal")
    assert code == 3 and document["error"]["code"] == "journal"
    run(capsys, *QUICK, "--journal", "a.journal")
    code, document, _ = run(capsys, "report", "a.journal", "--out", str(tmp_path / "no" / "a.html"))
    assert code == 3 and "a.html" in document["error"]["message"]


def test_the_folder_of_a_study_becomes_the_same_kind_of_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(tmp_path / "held")
    args = ["report", "held", "--out", "held.html", "--md", "held.md"]
    code, document, err = run(capsys, *args)
    assert code == 0 and "pairs differ in more than the advice" in err
    assert document["study"]["n"] == 60 and document["command"].startswith("steersman report held")
    assert document["command"] in (tmp_path / "held.html").read_text(encoding="utf-8")
    assert "## Arms" in (tmp_path / "held.md").read_text(encoding="utf-8")
    assert run_cli(args) == 0
    assert "held.html: Study of 6 arms over 60 orders" in capsys.readouterr().out


def test_studies_are_not_mixed_with_journals_nor_with_each_other(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two")
    code, document, _ = run(capsys, "report", "one", "two")
    assert code == 2 and "several studies" in document["error"]["message"]
    code, document, _ = run(capsys, "report", "one", "a.journal")
    assert code == 2 and "journals and a study" in document["error"]["message"]
    (tmp_path / "empty").mkdir()
    code, document, _ = run(capsys, "report", "empty")
    assert code == 3 and "empty is no study" in document["error"]["message"]
