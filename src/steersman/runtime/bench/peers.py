"""Talk to other engines, each in a process of its own, under the interpreter that has it.

hftbacktest allows no numpy as new as ours, so peers live in an environment of their own
(`scripts/install bench`). A peer that cannot be started is absent, which is no error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from steersman.domain.instrument import Instrument
from steersman.errors import UsageError

__all__ = ["HFTBACKTEST", "NAUTILUS", "Peer", "find_interpreter"]

HFTBACKTEST: Final = "peer_hftbacktest.py"
NAUTILUS: Final = "peer_nautilus.py"
VARIABLE: Final = "STEERSMAN_PEERS"
FOLDER: Final = ".venv-bench"


def find_interpreter(named: Path | None) -> Path:
    """Return the interpreter of the peers: named, of STEERSMAN_PEERS, of .venv-bench, or ours."""
    own = os.environ.get(VARIABLE)
    chosen = named or (Path(own) if own else None)
    if chosen is not None:
        if not os.access(chosen, os.X_OK) or chosen.is_dir():
            raise UsageError(f"{chosen} is no interpreter", "name a python that has the peers")
        return chosen
    beside = Path(sys.prefix).with_name(FOLDER) / "bin" / "python"
    return beside if beside.exists() else Path(sys.executable)


class Peer:
    """One engine, loaded once with the events in `path` (.npy); `version` is None where absent."""

    def __init__(self, interpreter: Path, script: str, path: Path, instrument: Instrument) -> None:
        command = [str(interpreter), str(Path(__file__).with_name(script)), str(path)]
        self._process = subprocess.Popen(
            [*command, str(instrument.tick), str(instrument.lot)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        hello = self._read()
        self.version: str | None = hello["version"] if hello is not None else None

    def ask(self, case: str) -> dict[str, Any] | None:
        """Return the answer to one case, or None where the peer is absent or has died."""
        if self.version is None or self._process.stdin is None:
            return None
        try:
            self._process.stdin.write(case + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        return self._read()

    def _read(self) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # engines may print what they like
                answer: dict[str, Any] = json.loads(line)
                return answer
        return None

    def close(self) -> None:
        """Let the peer end."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
