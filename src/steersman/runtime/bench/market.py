"""How fast the market is: ours and the peers' in turn, on the same events, medians of the runs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from steersman.domain.instrument import Instrument
from steersman.errors import DataError, UsageError
from steersman.marketdata.rows import Events
from steersman.runtime.bench.files import BTC, generated_history, read_events, write_history
from steersman.runtime.bench.ours import generate, replay, work
from steersman.runtime.bench.peers import HFTBACKTEST, NAUTILUS, Peer, find_interpreter

__all__ = ["MarketBench", "document", "measure_market", "prepare_market", "rows"]

RUNS_MAX: Final = 99
GENERATED_HOURS: Final = 4
WHOLE: Final = 0.99  # of the data: a replay that stops before has no throughput
BOOKS: Final = ("vector", "hash")
Figures = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure on, how often, and which interpreter has the peers."""

    data: Path | None
    rows: int
    runs: int
    interpreter: Path


@dataclass(slots=True)
class MarketBench:
    """What was measured: millions of events a second by case and run, and what was traded."""

    rows: int = 0
    meps: Figures = field(default_factory=dict)
    traded: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str | None] = field(default_factory=dict)
    peak_mb: float = 0.0

    def add(self, case: str, rows: int, took_s: float) -> None:
        """Note one run."""
        self.meps.setdefault(case, []).append(rows / took_s / 1e6)

    def median(self, case: str) -> float | None:
        """Return the median of a case's runs, None where it never ran."""
        found = self.meps.get(case)
        return statistics.median(found) if found else None

    def best(self, kind: str) -> float | None:
        """Return the faster of hftbacktest's two books."""
        found = [self.median(f"hftbacktest {kind} {book}") for book in BOOKS]
        return max((one for one in found if one is not None), default=None)


def prepare_market(data: Path | None, rows: int, runs: int, peers: Path | None) -> Request:
    """Return a request that can be run; raise UsageError for any other."""
    if not 1 <= runs <= RUNS_MAX:
        raise UsageError(f"{runs} runs", f"give --runs 1 to {RUNS_MAX}")
    return Request(data, rows, runs, find_interpreter(peers))


def measure_market(request: Request, advance: Callable[[float, str], None]) -> MarketBench:
    """Measure everything, ours and theirs in turn in each run; raise DataError for bad data."""
    advance(0.0, "reading the events")
    folder = generated_history(request.rows) if request.data is None else request.data
    instrument, events = read_events(folder)
    bench = MarketBench(rows=len(events))
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steersman-bench-")))
        np.save(place / "events.npy", events)
        if not folder.is_dir():
            folder = write_history(place / "history", instrument, events)
        hft, nautilus = (
            stack.enter_context(Peer(request.interpreter, script, place / "events.npy", instrument))
            for script in (HFTBACKTEST, NAUTILUS)
        )
        bench.versions = {"hftbacktest": hft.version, "nautilus": nautilus.version}
        cases = _cases(_Round(bench, instrument, events), hft, nautilus)
        for _, run in cases:
            run(False)  # compiles, and fills the caches
        for number in range(request.runs):
            for k, (name, run) in enumerate(cases):
                advance((number + k / len(cases)) / (request.runs + 1), name)
                run(True)
        advance(request.runs / (request.runs + 1), "from Parquet")
        _stream(bench, folder, request.runs)
    return bench


@dataclass(frozen=True, slots=True)
class _Round:
    """One round of the benchmark: each method runs one case and, where it counts, notes it."""

    bench: MarketBench
    instrument: Instrument
    events: Events

    def ours(self, kind: str, counts: bool) -> None:
        first_ns, last_ns = int(self.events["recv_ns"][0]), int(self.events["recv_ns"][-1])
        ran = replay(self.instrument, self.events, first_ns, last_ns, passive=kind == "passive")
        if counts:
            self.bench.add(f"ours {kind}", len(self.events), ran.s)
        said = f"{ran.orders} orders, {ran.filled_lots} of {ran.wanted_lots} lots"
        self.bench.traded[f"ours {kind}"] = said

    def theirs(self, peer: Peer, name: str, case: str, counts: bool) -> None:
        answer = peer.ask(case)
        if answer is None:
            return
        said = f"{answer['orders']} orders, {answer['fills']} fills"
        if answer["done"] < WHOLE:
            said += f", stopped at {answer['done']:.1%}: no throughput"
        elif counts:
            rows = answer.get("rows", len(self.events))
            self.bench.add(f"{name} {case}", rows, answer["s"])
        self.bench.traded[f"{name} {case}"] = said

    def engine(self, name: str, counts: bool) -> None:
        worked = work(self.instrument, self.events, journal=name != "engine")
        if counts:
            self.bench.add(name, len(self.events), worked.s)
            self.bench.meps.setdefault(f"{name} wakes", []).append(worked.wakes / worked.s)
        self.bench.traded[name] = f"{worked.children} children, {worked.wakes} wakes"

    def flow(self, counts: bool) -> None:
        took_s, made = generate(BTC, GENERATED_HOURS)
        if counts:
            self.bench.add("generated", made, took_s)


Case = tuple[str, Callable[[bool], None]]


def _cases(one: _Round, hft: Peer, nautilus: Peer) -> list[Case]:
    """Return the cases of one round, ours and theirs alternating."""
    cases: list[Case] = []
    for kind in ("taker", "passive"):
        cases.append((f"ours {kind}", partial(one.ours, kind)))
        for book in BOOKS:
            case = f"{kind} {book}"
            cases.append((f"hftbacktest {case}", partial(one.theirs, hft, "hftbacktest", case)))
    cases.append(("engine", partial(one.engine, "engine")))
    cases.append(("nautilus", partial(one.theirs, nautilus, "nautilus", "taker")))
    cases.append(("engine, journal on", partial(one.engine, "engine, journal on")))
    cases.append(("generated", one.flow))
    return cases


def _stream(bench: MarketBench, folder: Path, runs: int) -> None:
    """Replay from Parquet in a process of its own and note its speed and peak memory."""
    command = [sys.executable, "-m", "steersman.runtime.bench.streaming", str(folder), str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise DataError(f"{folder} cannot be streamed: {last}", "import it again")
    found = json.loads(done.stdout)
    bench.add("from Parquet", int(found["rows"]), float(found["s"]))
    bench.peak_mb = float(found["peak_mb"])


# -- what came of it ------------------------------------------------------------------------------
def document(bench: MarketBench) -> dict[str, Any]:
    """Return the figures as plain data; those of an absent peer are null."""
    ours_taker, ours_passive = bench.median("ours taker"), bench.median("ours passive")
    hft_taker, hft_passive = bench.best("taker"), bench.best("passive")
    return {
        "schema": "steersman.bench_market/1",
        "nautilus_meps": bench.median("nautilus taker"),
        "wakes_per_s": bench.median("engine wakes"),
        "ours_taker_meps": ours_taker,
        "hft_taker_meps": hft_taker,
        "ratio_taker": _ratio(ours_taker, hft_taker),
        "ours_passive_meps": ours_passive,
        "hft_passive_meps": hft_passive,
        "ratio_passive": _ratio(ours_passive, hft_passive),
        "engine_meps": bench.median("engine"),
        "parquet_meps": bench.median("from Parquet"),
        "peak_rss_mb": bench.peak_mb,
        "generated_meps": bench.median("generated"),
    }


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else ours / theirs


def rows(bench: MarketBench) -> list[tuple[str, ...]]:
    """Return one row a case: what, median, least and most of its runs, what was traded."""
    made = []
    for case, found in bench.meps.items():
        if case.endswith("wakes"):
            continue
        figures = (statistics.median(found), min(found), max(found))
        made.append((case, *(f"{one:.2f}" for one in figures), bench.traded.get(case, "")))
    for peer, version in bench.versions.items():
        if version is None:
            made.append((peer, "absent", "", "", "scripts/install bench"))
    said = document(bench)
    for name, title in (("taker", "taker: ours / hftbacktest"), ("passive", "passive: the same")):
        if said[f"ratio_{name}"] is not None:
            made.append((title, f"{said[f'ratio_{name}']:.2f} x", "", "", ""))
    if said["nautilus_meps"] and said["engine_meps"]:
        ratio = said["engine_meps"] / said["nautilus_meps"]
        made.append(("engine: ours / nautilus", f"{ratio:.1f} x", "", "", ""))
    if said["wakes_per_s"]:
        made.append(("engine wakes a second", f"{said['wakes_per_s']:.0f}", "", "", ""))
    made.append(("peak memory from Parquet", f"{bench.peak_mb:.0f} MB", "", "", ""))
    return made
