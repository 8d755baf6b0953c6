"""How long the models take.

    python bench/models.py [--runs 15]

Printed are medians over `--runs` calls, each figure beside what is promised for it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from steersman.models.calibration import fit_flow, fit_square_root
from steersman.models.constrained import almgren_chriss_within, obizhaeva_wang_within
from steersman.models.obizhaeva_wang import ObizhaevaWang
from steersman.models.online import CLIP_MADS, RecursiveLeastSquares
from steersman.models.response import fit_propagator, fit_response
from steersman.models.trajectory import AlmgrenChriss

TRADES = 100_000
LAGS = (1, 2, 5, 10, 20, 50)


def median_s(call: Callable[[], object], runs: int) -> float:
    """Return the median wall seconds of a call, the first left out."""
    call()
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def show(what: str, seconds: float, promised: str = "") -> None:
    """Print one line."""
    print(f"{what:52s} {seconds * 1e3:10.4f} ms  {promised}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    for n in (60, 1_000):
        model = AlmgrenChriss(sigma=0.95, eta=2.5e-6, tau=5 / n, gamma=2.5e-7)
        free = median_s(lambda m=model, k=n: m.trajectory(1e6, k, 1e-6), runs)
        show(f"trajectory of {n} intervals", free, "1 ms" if n == 1_000 else "")
        caps = (1.2e6 / n,) * n
        bound = median_s(lambda m=model, c=caps: almgren_chriss_within(m, 1e6, c, 1e-6), runs)
        show(f"  within caps that bind, {n} intervals", bound)
        book = ObizhaevaWang(depth=5_000, resilience=2.0)
        bound = median_s(lambda c=caps, b=book: obizhaeva_wang_within(b, 1e6, 1.0, c), runs)
        show(f"  Obizhaeva-Wang within caps, {n} blocks", bound)
    rng = np.random.default_rng(1)
    signs = np.sign(rng.normal(size=TRADES) + 0.1)
    returns = 0.1 * signs + rng.normal(size=TRADES)
    q = rng.standard_t(3, TRADES) * 100
    dp = 0.003 * q + rng.normal(size=TRADES)
    share = np.exp(rng.uniform(-9, -2, TRADES))

    def everything() -> None:
        fit_flow(dp, q)
        fit_response(returns, signs, LAGS)
        fit_propagator(returns, signs, LAGS)

    show("flow, response and propagator of 100,000 trades", median_s(everything, 5), "1,000 ms")
    sigma, days = np.full(TRADES, 300.0), np.full(TRADES, 0.02)
    costs = 0.8 * 300 * np.sqrt(share) + 24 * rng.normal(size=TRADES)
    own = median_s(lambda: fit_square_root(costs, sigma, share, days), 5)
    show("Y of 100,000 own orders", own, "1,000 ms")
    for name, clip in (("", float("inf")), (", clipped", CLIP_MADS)):
        model_ = RecursiveLeastSquares((0.0, 0.0), clip_mads=clip)
        rows = list(zip(q[:10_000].tolist(), dp[:10_000].tolist(), strict=True))

        def feed(m: RecursiveLeastSquares = model_, r: list[tuple[float, float]] = rows) -> None:
            for flow, change in r:
                m.update((1.0, flow), change)

        show(f"one online update{name}", median_s(feed, 5) / len(rows), "0.02 ms")


if __name__ == "__main__":
    main()
