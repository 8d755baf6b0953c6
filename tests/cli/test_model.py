"""The model's commands, and a run with weights that are not the model."""

from __future__ import annotations

import pytest

from steersman.advisor import weights
from tests.cli.calls import QUICK, run


def test_weights_with_a_wrong_hash_are_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    path = weights.weights_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not the model")
    code, document, _ = run(capsys, *QUICK, "--algo", "adaptive")
    assert code == 3
    assert document["error"]["code"] == "weights"
    assert "model pull --force" in document["error"]["remedy"]
