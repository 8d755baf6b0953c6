"""Replay a history from Parquet, in a process of its own: its peak memory is that and nothing else.

usage: python -m steersman.runtime.bench.streaming HISTORY RUNS

Prints one line of JSON: rows, median seconds from opening to the result, peak memory in MB.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from pathlib import Path

from steersman.marketdata.history import History
from steersman.runtime.bench.ours import replay

__all__ = ["stream"]


def stream(folder: Path, runs: int) -> dict[str, float]:
    """Replay a history from Parquet `runs` times; return rows, median seconds and peak memory."""
    history = History.open(folder)
    [instrument] = history.instruments()
    span = history.span(instrument)
    took = []
    for _ in range(runs + 1):  # the first one warms up
        begin_s = time.perf_counter()
        replay(instrument, history.source(instrument), *span, passive=False)
        took.append(time.perf_counter() - begin_s)
    median_s = statistics.median(took[1:])
    return {"rows": history.rows(instrument), "s": median_s, "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    """Return the peak memory of this process.

    Linux lets `ru_maxrss` of a new process begin with the peak of the one that started it, so there
    the high-water mark of its own memory is read; macOS counts bytes.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    print(json.dumps(stream(Path(sys.argv[1]), int(sys.argv[2]))))
