"""The adapter of nautilus does the work it is timed for, where nautilus is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steersman.runtime.bench.files import BTC, generated_history, read_events
from steersman.runtime.bench.peers import NAUTILUS, Peer, find_interpreter


def test_it_trades_all_of_a_small_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    _, events = read_events(generated_history(20_000))
    np.save(tmp_path / "events.npy", events)
    with Peer(find_interpreter(None), NAUTILUS, tmp_path / "events.npy", BTC) as peer:
        if peer.version is None:
            pytest.skip("nautilus is not installed: scripts/install bench")
        answer = peer.ask("taker vector")
    assert answer is not None
    assert answer["done"] > 0.9 and answer["orders"] >= 12 and answer["fills"] >= 12
