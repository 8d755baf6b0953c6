"""Peers answer over a pipe; one that is absent, or dies, is no answer and no error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from steersman.errors import UsageError
from steersman.runtime.bench.files import BTC
from steersman.runtime.bench.peers import HFTBACKTEST, NAUTILUS, Peer, find_interpreter

ANSWERS = """#!/bin/sh
echo noise
echo '{"version": "9.9"}'
read case
echo "{\\"case\\": \\"$case\\", \\"tick\\": $3}"
"""


def test_a_peer_answers_until_it_dies(tmp_path: Path) -> None:
    shell = tmp_path / "python"
    shell.write_text(ANSWERS)
    shell.chmod(0o755)
    with Peer(shell, HFTBACKTEST, tmp_path / "events.npy", BTC) as peer:
        assert peer.version == "9.9"
        assert peer.ask("taker vector") == {"case": "taker vector", "tick": 0.1}
        assert peer.ask("again") is None


@pytest.mark.parametrize("script", [HFTBACKTEST, NAUTILUS])
def test_an_absent_peer_is_no_answer(tmp_path: Path, script: str) -> None:
    with Peer(Path("/bin/false"), script, tmp_path / "events.npy", BTC) as peer:
        assert peer.version is None and peer.ask("taker") is None


def test_the_interpreter_is_the_one_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEERSMAN_PEERS", raising=False)
    assert find_interpreter(Path(sys.executable)) == Path(sys.executable)
    monkeypatch.setenv("STEERSMAN_PEERS", "/bin/sh")
    assert find_interpreter(None) == Path("/bin/sh")
    with pytest.raises(UsageError, match="is no interpreter"):
        find_interpreter(tmp_path / "nothing")
