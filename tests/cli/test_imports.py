"""`steersman import` as a program meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calls import run


def test_what_is_no_capture_is_refused_and_nothing_is_left(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "noise.txt").write_text("not a capture\n", encoding="utf-8")
    code, document, _ = run(capsys, "import", "binance-raw", "noise.txt", "--out", "h")
    assert code == 3
    assert "noise.txt" in document["error"]["message"]
    assert not (tmp_path / "h").exists()
