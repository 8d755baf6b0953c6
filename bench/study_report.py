"""How long the report of a large study takes, how much memory, and how large its page is.

    python bench/study_report.py [--orders 10000] [--arms 12] [--seed 1] [--keep DIR]

Nothing is worked: results are drawn, with markets that move by tens of bps and arms that differ by
a few, written as a study writes them, and reported on by a process of its own, whose processor time
and largest memory are printed. `--keep` leaves the study there, to look at.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from steersman.domain.order import AlgoName
from steersman.runtime.arms import parse_arms
from steersman.runtime.study import SUITES
from steersman.runtime.study_files import surroundings

REGIMES = ("calm", "trend_up", "trend_down", "volatile", "thin", "news", "funding", "cascade")
SIZES = (0.0025, 0.01, 0.04)
SYMBOLS = ("BTCUSDT.linear", "ETHUSDT.linear")
GAIN_BPS = 0.4  # what an advisor is worth here in news
SPREAD_BPS = 2.0  # between two arms in one market


def manifest(arms: list[str], orders: int, seed: int) -> dict[str, Any]:
    """Return what stands beside results that were drawn."""
    return {
        "schema": "steersman.study_manifest/1",
        "command": ["python", *sys.argv],
        "versions": surroundings(),
        "market": {"name": "drawn, not worked", "hash": None},
        "arms": {
            arm.name: {
                "algo": arm.algo.value,
                "advisor": arm.advisor,
                "model": None if arm.algo is not AlgoName.ADAPTIVE else f"{arm.advisor}-drawn",
                "settings": "cross" if arm.execution else "plain",
            }
            for arm in parse_arms(",".join(arms))
        },
        "settings": {},
        "regimes": list(REGIMES),
        "symbols": dict.fromkeys(SYMBOLS, "450000"),
        "sizes": list(SIZES),
        "horizon": "30m",
        "orders": orders,
        "seed": seed,
        "resolve_bps": None,
    }


def lines(arms: list[str], orders: int, seed: int) -> Iterator[bytes]:
    """Yield the lines of a study."""
    rng = np.random.default_rng(seed)
    for number in range(orders):
        regime = REGIMES[number % len(REGIMES)]
        market = float(40 * rng.standard_t(4))
        block = str(int(rng.integers(1, 2**53)))
        drawn = {
            "order": number,
            "block": block,
            "seed": int(block),
            "symbol": SYMBOLS[number % 2],
            "regime": regime,
            "side": ("buy", "sell")[int(rng.integers(2))],
            "size": SIZES[number // len(REGIMES) % len(SIZES)],
            "qty": "23.278",
            "start_s": 30,
            "horizon": "30m",
        }
        sigma = float(np.exp(rng.normal(-0.7, 0.4)))
        results = [_result(rng, number, arm, market, regime, sigma) for arm in arms]
        yield msgspec.json.encode({"drawn": drawn, "results": results}) + b"\n"


def _result(
    rng: np.random.Generator, number: int, arm: str, market: float, regime: str, sigma: float
) -> dict[str, Any]:
    steered = arm not in ("immediate", "twap", "twap-passive", "vwap", "pov", "is", "ow")
    taker = arm in ("immediate", "twap")
    fees = 5.5 if taker else float(2 + 3.5 * rng.beta(1, 6))
    gain = GAIN_BPS if arm in ("rules", "embedded") and regime == "news" else 0.0
    whole = bool(rng.random() > 0.01)
    unfilled = 0.0 if whole else float(rng.normal(0, 3))
    return {
        "order": number,
        "arm": arm,
        "market": f"{number:016x}",
        "journal": f"{rng.integers(2**62):064x}",
        "state": "completed" if whole else "expired",
        "reason": "" if whole else "the deadline passed",
        "cost_bps": market + fees + unfilled - gain + float(SPREAD_BPS * rng.standard_t(4)),
        "fees_bps": fees,
        "funding_bps": 0.0,
        "unfilled_bps": unfilled,
        "token_bps": 0.0,
        "fill_rate": 1.0 if whole else 0.9,
        "maker_share": 0.0 if taker else float(rng.beta(6, 1)),
        "participation": float(rng.uniform(0.002, 0.05)),
        "children": 60,
        "asked": 31 if steered else 0,
        "answers": 31 if steered else 0,
        "fallbacks": 0,
        "sigma_hour_pct": sigma,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=10_000)
    options.add_argument("--arms", type=int, default=12)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path)
    given = options.parse_args()
    arms = SUITES["full"].arms.split(",")[-given.arms :]
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch) / "study"
        folder.mkdir(parents=True, exist_ok=True)
        held = manifest(arms, given.orders, given.seed)
        (folder / "manifest.json").write_text(json.dumps(held))
        with (folder / "results.jsonl").open("wb") as file:
            file.writelines(lines(arms, given.orders, given.seed))
        page = Path(scratch) / "page.html"
        began = time.perf_counter()
        words = ["-m", "steersman", "report", str(folder), "--out", str(page)]
        subprocess.run([sys.executable, *words], check=True)
        took = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        results = (folder / "results.jsonl").stat().st_size
        print("| orders | arms | results | time (processor) | memory at most | page |")
        print("|---|---|---|---|---|---|")
        print(
            f"| {given.orders:,} | {given.arms} | {results / 1e6:.0f} MB | {took:.1f} s "
            f"({used.ru_utime + used.ru_stime:.1f} s) | {used.ru_maxrss / 1024:.0f} MB | "
            f"{page.stat().st_size / 1e6:.2f} MB |"
        )


if __name__ == "__main__":
    main()
