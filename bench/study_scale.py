"""How a study grows: with its processes, and with its orders.

    python bench/study_scale.py [--orders 24] [--seed 1]

Three tables for docs/scale.md, in about four minutes at rest:

  speed    the same orders by one process, by two, and by a Ray cluster of two nodes on this machine
  driver   processor time of the study itself, workers left out, for each order that comes back:
           the slope between two studies of short orders, with few and with many orders under way
  memory   what it takes to finish a study whose orders are all done: read, summarised, tabled. Its
           results are made up, because 120,000 runs are not what is measured
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that `bench` is found, here and where Ray starts nodes

from bench.ray_nodes import ENVIRONMENT, nodes  # noqa: E402
from steersman.config import load_settings  # noqa: E402
from steersman.runtime import study  # noqa: E402
from steersman.runtime.study_files import Files  # noqa: E402
from steersman.tca.results import OrderResult  # noqa: E402

ARMS = "twap,twap-passive,is,rules"
TWELVE = "immediate,twap,twap-passive,vwap,pov,is,ow,neutral,keyword,rules,rules#2,rules#3"
SIZES = (100, 1_000, 10_000)
FILES = ("results.jsonl", "results.parquet")
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Ran:
    """One command: seconds to its first result and to its end, its processor seconds, peaks."""

    first_s: float
    whole_s: float
    cpu_s: float
    peak_mb: float
    worker_mb: float


def run(out: Path, *options: str, workers: Callable[[int], Iterator[int]] | None = None) -> Ran:
    """Run a study; `workers` finds the processes that work for it by its own."""
    command = [sys.executable, "-m", "steersman", "study", "--out", str(out), "--json", *options]
    started_s = time.perf_counter()
    with (out.parent / "out.json").open("wb") as document:
        process = subprocess.Popen(
            command, stdout=document, stderr=subprocess.DEVNULL, env=os.environ | ENVIRONMENT
        )
    first_s, worker_mb = 0.0, 0.0
    results = out / "results.jsonl"
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if not first_s and results.exists() and results.stat().st_size:
            first_s = time.perf_counter() - started_s
        if workers is not None:
            worker_mb = max([worker_mb, *map(peak_mb, workers(process.pid))])
        time.sleep(0.02)
    assert status == 0, f"{' '.join(command)} failed"
    whole_s = time.perf_counter() - started_s
    cpu_s = usage.ru_utime + usage.ru_stime
    return Ran(first_s, whole_s, cpu_s, usage.ru_maxrss / 1024, worker_mb)


def children(parents: tuple[int, ...]) -> Iterator[int]:
    """Yield the processes whose parent is one of these."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) in parents:
                yield int(stat.parent.name)
        except OSError:
            continue


def peak_mb(pid: int) -> float:
    """Return the most memory a process has held, in MiB; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    held = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return held[0] / 1024 if held else 0.0


def speed(folder: Path, orders: int, seed: int, address: str, raylets: tuple[int, ...]) -> float:
    """Print the table of speed; return the processor seconds of an order in an arm."""
    plain = ["--arms", ARMS, "--orders", str(orders), "--seed", str(seed)]
    ray = ["--engine", "ray", "--address", address]
    cases: list[tuple[str, list[str], Callable[[int], Iterator[int]]]] = [
        ("local, 1 process", ["--jobs", "1"], lambda pid: iter([pid])),
        ("local, 2 processes", ["--jobs", "2"], lambda pid: children((pid,))),
        ("Ray, 2 nodes of 1", ray, lambda pid: children(raylets)),
    ]
    count = len(ARMS.split(","))
    print(f"\nspeed: {orders} orders of 30 minutes in {count} arms, seed {seed}")
    print("| engine | orders x arms a minute | s to the first result | study MB | worker MB |")
    print("|---|---|---|---|---|")
    each_s = 0.0
    for number, (name, options, workers) in enumerate(cases):
        ran = run(folder / f"speed-{number}", *plain, *options, workers=workers)
        after_s = ran.whole_s - ran.first_s
        rate = (orders - 1) * count / after_s * 60
        each_s = each_s or ran.cpu_s / orders / count
        print(
            f"| {name} | {rate:,.0f} | {ran.first_s:.1f} | {ran.peak_mb:.0f} | "
            f"{ran.worker_mb:.0f} |",
            flush=True,
        )
    print(f"processor seconds an order and arm, alone: {each_s:.3f}")
    return each_s


def driver(folder: Path, seed: int, address: str, each_s: float) -> None:
    """Print the table of the driver's share."""
    few, many = 50, 450
    plain = ["--arms", "twap", "--horizon", "1m", "--seed", str(seed)]
    ray = ["--engine", "ray", "--address", address]
    print(f"\ndriver: {few} and {many} orders of 1 minute in 1 arm")
    print(
        "| under way at once | ms of the study's processors an order | workers that keep it busy |"
    )
    print("|---|---|---|")
    for jobs in (2, 256):
        spent = [
            run(
                folder / f"driver-{jobs}-{n}", *plain, *ray, "--jobs", str(jobs), "--orders", str(n)
            )
            for n in (few, many)
        ]
        each = (spent[1].cpu_s - spent[0].cpu_s) / (many - few)
        print(f"| {jobs} | {each * 1e3:.1f} | {12 * each_s / each:,.0f} |", flush=True)
    print("workers: of orders of 30 minutes in 12 arms")


def make_up(folder: Path, request: study.Request, command: list[str]) -> None:
    """Write results of all orders, as if they had been worked."""
    rng = np.random.default_rng(request.seed)
    with Files(folder, request.manifest(command)) as files:
        for number in range(request.orders):
            drawn, move = request.drawn(number), float(rng.normal(scale=20.0))
            rows = tuple(
                OrderResult(
                    order=number, arm=arm.name, market=f"{number:016x}", journal=f"{number:064x}",
                    state="completed", reason="", cost_bps=move + float(rng.normal()),
                    fees_bps=3.1, funding_bps=0.0, unfilled_bps=0.0, token_bps=0.0, fill_rate=1.0,
                    maker_share=0.7, participation=0.01, children=90, asked=30, answers=30,
                    fallbacks=0, sigma_hour_pct=float(rng.gamma(4.0, 0.2)),
                )
                for arm in request.arms
            )  # fmt: skip
            files.add((drawn, rows))


def memory(folder: Path, seed: int) -> None:
    """Print the table of memory and storage."""
    settings = load_settings(None, os.environ, Path.home(), Path.cwd())
    print("\nmemory: a study in 12 arms whose orders are all done")
    print("| orders | s to finish | peak MB | results.jsonl MB | results.parquet MB |")
    print("|---|---|---|---|---|")
    for orders in SIZES:
        request = study.request(
            suite=None, arms=TWELVE, regimes=None, symbols=None, orders=orders, seed=seed,
            horizon=None, market="generated", jobs=1, resolve_bps=None, settings=settings,
        )  # fmt: skip
        out = folder / f"memory-{orders}"
        make_up(out, request, ["made", "up"])
        ran = run(out, "--arms", TWELVE, "--orders", str(orders), "--seed", str(seed))
        lines, table = ((out / name).stat().st_size / MB for name in FILES)
        print(
            f"| {orders:,} | {ran.whole_s:.1f} | {ran.peak_mb:.0f} | {lines:.1f} | {table:.2f} |",
            flush=True,
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, load {load:.1f} when begun")
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "ray").mkdir()
        with nodes([1, 1], str(folder / "ray")) as two:
            each_s = speed(folder, options.orders, options.seed, two.address, two.raylets)
            driver(folder, options.seed, two.address, each_s)
        memory(folder, options.seed)


if __name__ == "__main__":
    main()
