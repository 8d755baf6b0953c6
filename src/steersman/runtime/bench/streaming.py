"""Replay a history from Parquet, in a process of its own: its peak memory is that and nothing else.

usage: python -m steersman.runtime.bench.streaming HISTORY RUNS

Prints one line of JSON: rows, median seconds from opening to the result, peak memory in MB.
"""

from __future__ import annotations

import json
import resource
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
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": history.rows(instrument), "s": sorted(took[1:])[runs // 2], "peak_mb": peak_mb}


if __name__ == "__main__":
    print(json.dumps(stream(Path(sys.argv[1]), int(sys.argv[2]))))
