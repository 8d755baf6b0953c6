"""How long whole commands take and how much memory they need, as a person meets them.

usage: python bench/run.py [--runs 5] [--capture FILE]

Each command runs as a process of its own, `--runs` times in turn with the others; printed are the
medians of wall seconds and the largest peak memory. The first run of each is not counted: it may
compile the kernels. `--capture` adds the import of a raw Binance capture.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ORDER = ["run", "--symbol", "BTCUSDT", "--side", "buy", "--qty", "25", "--horizon", "30m"]
ORDER += ["--seed", "7", "--json"]
COMMANDS = {
    "twap, no advisor": [*ORDER, "--algo", "twap", "--advisor", "none"],
    "adaptive, rules": [*ORDER, "--algo", "adaptive", "--advisor", "rules"],
    "adaptive, embedded model": [*ORDER, "--algo", "adaptive", "--advisor", "embedded"],
}


def measure(arguments: list[str]) -> tuple[float, float]:
    """Return wall seconds and peak memory in MB of one command; raise where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "steersman", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, status, usage = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{arguments} failed: {process.stderr and process.stderr.read().decode()}")
    return took_s, usage.ru_maxrss / 1024


def main() -> None:
    """Measure every command in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--capture", type=Path)
    options = parser.parse_args()
    figures: dict[str, list[tuple[float, float]]] = {}
    for number in range(options.runs + 1):
        with tempfile.TemporaryDirectory() as folder:
            commands = dict(COMMANDS)
            if options.capture:
                out = str(Path(folder) / "history")
                commands["import"] = ["import", "binance-raw", str(options.capture), "--out", out]
            for name, arguments in commands.items():
                figure = measure(arguments)
                if number:
                    figures.setdefault(name, []).append(figure)
    print(f"{'command':28s} {'median s':>9s} {'min':>7s} {'max':>7s} {'peak MB':>8s}")
    for name, runs in figures.items():
        walls = [wall for wall, _ in runs]
        peak = max(memory for _, memory in runs)
        row = f"{statistics.median(walls):9.2f} {min(walls):7.2f} {max(walls):7.2f} {peak:8.0f}"
        print(f"{name:28s} {row}")


if __name__ == "__main__":
    main()
