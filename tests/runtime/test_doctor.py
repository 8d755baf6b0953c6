"""The doctor looks at what a run stands on, and says what is not as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.advisor import weights
from steersman.runtime.doctor import examine
from steersman.venues import feed


def test_a_sound_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    findings = {finding.name: finding for finding in examine(said.append)}
    assert all(finding.ok for finding in findings.values())
    assert "go on with rules" in findings["model weights"].found
    assert "sync median" in findings["journal disk"].found
    assert any("compiling" in line for line in said)
    assert not list(tmp_path.iterdir()), "nothing is left behind"
    compiled = feed._fill.nopython_signatures  # type: ignore[attr-defined]
    assert compiled, "what record needs is compiled as well"


def test_wrong_weights_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    path = weights.weights_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    findings = {finding.name: finding for finding in examine(lambda _: None)}
    assert not findings["model weights"].ok
