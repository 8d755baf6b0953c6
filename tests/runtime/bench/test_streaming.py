"""A history is replayed from Parquet, and what that takes is said on one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from steersman.runtime.bench.files import generated_history


def test_a_history_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    command = [sys.executable, "-m", "steersman.runtime.bench.streaming"]
    command += [str(generated_history(40_000)), "1"]
    ballast_mb = 600
    ballast = bytearray(b"x") * (ballast_mb << 20)  # ours, not the other process's
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["rows"] > 39_000 and found["s"] > 0 and 10 < found["peak_mb"] < ballast_mb
    assert ballast
