"""Examine an installation: what a run stands on, each with what was found.

It also compiles the market kernels once, so that the first order does not wait for them.
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import apsw

from steersman import __version__
from steersman.advisor import weights
from steersman.domain.messages import Tick, Wake
from steersman.domain.specs import find
from steersman.domain.units import SECOND_NS
from steersman.errors import WeightsError
from steersman.journal import Journal
from steersman.marketdata.history import History
from steersman.runtime.record import Recording, record
from steersman.venues.feed import SimulatedFeed
from steersman.venues.flow import START_NS
from steersman.venues.simulated import SimulatedVenue

__all__ = ["Finding", "examine"]

OPTIONAL: Final = ("xllamacpp", "pydantic-ai-slim", "ray")  # without them runs go on all the same
PACKAGES: Final = ("numpy", "numba", "pyarrow", "msgspec", "typer", "rich", *OPTIONAL)
SQLITE_MIN: Final = (3, 51, 3)  # older ones can corrupt a journal in WAL mode
SYNCS: Final = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is as it should be, and what was found."""

    name: str
    ok: bool
    found: str


def examine(say: Callable[[str], None]) -> tuple[Finding, ...]:
    """Look at everything; `say` announces what takes a while."""
    version = platform.python_version()
    findings = [
        Finding("steersman", True, __version__),
        Finding("python", sys.version_info >= (3, 11), f"{version} on {platform.platform()}"),
    ]
    findings += [_package(name) for name in PACKAGES]
    sqlite = apsw.sqlite_lib_version()
    new_enough = tuple(int(part) for part in sqlite.split(".")) >= SQLITE_MIN
    findings.append(Finding("sqlite", new_enough, f"{sqlite} (at least 3.51.3 for the journal)"))
    findings.append(_disk())
    findings.append(_model())
    say("compiling the market kernels: up to a minute the first time, nothing after that")
    findings.append(_kernels())
    return tuple(findings)


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, name in OPTIONAL, "not installed")


def _disk() -> Finding:
    times_ms = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        with Journal.create(Path(folder) / "probe.journal") as journal:
            for number in range(SYNCS):
                started_s = time.perf_counter()
                journal.append(Tick(number))
                journal.sync()
                times_ms.append((time.perf_counter() - started_s) * 1e3)
    times_ms.sort()
    median_ms, worst_ms = times_ms[SYNCS // 2], times_ms[-1]
    return Finding("journal disk", True, f"sync median {median_ms:.2f} ms, worst {worst_ms:.2f} ms")


def _model() -> Finding:
    path = weights.find()
    if path is None:
        return Finding("model weights", True, "not installed: runs go on with rules")
    try:
        weights.verify(path)
    except WeightsError as error:
        return Finding("model weights", False, str(error))
    return Finding("model weights", True, str(path))


def _kernels() -> Finding:
    started_s = time.perf_counter()
    instrument = find("BTCUSDT", venue="sim")
    end_ns = START_NS + 2 * SECOND_NS
    venue = SimulatedVenue.generated(instrument, seed=1, start_ns=START_NS, end_ns=end_ns)
    ready = venue.run(Wake(instrument.id, START_NS + SECOND_NS, None, None)).view.usable
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "history"
        record(Recording(SimulatedFeed(instrument, seed=1, end_ns=end_ns), out, end_ns, SECOND_NS))
        recorded = SimulatedVenue.recorded(instrument, History.open(out).source(instrument))
        step = recorded.run(Wake(instrument.id, START_NS + SECOND_NS, None, None))
    took_s = time.perf_counter() - started_s
    return Finding("market kernels", ready and step.view.usable, f"ready in {took_s:.1f} s")
