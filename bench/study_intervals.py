"""How often the intervals of a study cover zero where two arms are the same: 93 to 97 % is asked.

    python bench/study_intervals.py [--studies 2000] [--orders 60] [--seed 1]
    python bench/study_intervals.py --study DIR --arms random,random#2 --orders 360

Each study draws the differences of two equal arms anew and has the intervals that `steersman study`
prints. Differences come from distributions with a mean of zero, or from a study that was made (the
A/A test): its orders are drawn with replacement, and which of the two arms is which is drawn for
each. Both are as they would be in a new study: orders come anew, and arms that differ by their
random numbers alone are exchanged as likely as not. So the true difference is zero, exactly,
whatever the study at hand happened to show; and it has no skewness, as between equal arms it must
not.

A pool of orders is not all orders: one far out in it is drawn again and again, and where studies
are nearly as large as the pool, coverage is that pool's. Looking early is tried as well: how often
a study of nothing would have been stopped by the interval that holds at any time, and by looking at
the ordinary one, every 25 orders.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from steersman.errors import UsageError
from steersman.models.inference import wilson_interval
from steersman.runtime.study_files import read_results
from steersman.tca.bootstrap import RESAMPLES_MIN, block_weights, mean_intervals
from steersman.tca.columns import collect
from steersman.tca.study import settled

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Draw = Callable[[np.random.Generator, int], tuple[F64, I64]]
PER_DAY = 5
LOOK = 25
LEAST, MOST = 0.93, 0.97  # of the intervals, asked for
RARE = 0.01


def alone(values: F64) -> tuple[F64, I64]:
    """Return values that are each a block of its own."""
    return values, np.arange(len(values))


def skewed(rng: np.random.Generator, n: int) -> tuple[F64, I64]:
    """Return what is mostly a little and sometimes far too much, less its mean."""
    return alone(np.exp(rng.normal(size=n)) - np.exp(0.5))


def days(rng: np.random.Generator, n: int) -> tuple[F64, I64]:
    """Return orders of days that go up and down together."""
    blocks = np.arange(n) // PER_DAY
    level = rng.normal(size=int(blocks[-1]) + 1)
    return level[blocks] + rng.normal(size=n), blocks


def disasters(rng: np.random.Generator, n: int) -> tuple[F64, I64]:
    """Return what one order in a hundred pays dearly for, less its mean."""
    return alone(rng.normal(size=n) + 30 * ((rng.random(n) < RARE) - RARE))


def resampled(folder: Path, arms: tuple[str, str]) -> Draw:
    """Return a draw of the orders of a study, with its arms exchanged by chance.

    Raises UsageError where its orders are not independent of each other.
    """
    groups = (
        (drawn, [result for result in results if result.arm in arms])
        for drawn, results in read_results(folder)
    )
    data = collect(groups, arms)
    if not data.independent:
        raise UsageError(f"orders of {folder} share days", "give a study of generated markets")
    differences = data.costs[:, 0] - data.costs[:, 1]
    same, far = float(np.mean(differences == 0)), np.sort(np.abs(differences))[-3:]
    print(
        f"{len(differences)} orders of {folder}: mean {differences.mean():+.3f} bps, deviation "
        f"{differences.std():.3f} bps, {same * 100:.0f} % of them alike, the farthest "
        f"{', '.join(f'{value:.1f}' for value in far[::-1])} bps"
    )

    def draw(rng: np.random.Generator, n: int) -> tuple[F64, I64]:
        chosen = differences[rng.integers(len(differences), size=n)]
        return alone(chosen * rng.choice([-1.0, 1.0], size=n))

    return draw


def covered(draw: Draw, studies: int, orders: int, seed: int) -> float:
    """Return the share of studies whose interval holds zero."""
    held = 0
    for number in range(studies):
        values, blocks = draw(np.random.default_rng([seed, number]), orders)
        weights = block_weights(blocks, RESAMPLES_MIN, number)
        found = mean_intervals(values[:, None], blocks, weights)[0]
        assert found.low is not None and found.high is not None
        held += found.low <= 0.0 <= found.high
    return held / studies


def judged(share: float, studies: int) -> str:
    """Say whether the intervals cover as often as is asked, and how sure that is."""
    low, high = wilson_interval(round(share * studies), studies)
    where = "within" if LEAST <= share <= MOST else "outside"
    return (
        f"covered {share * 100:5.1f} % ({low * 100:.1f} to {high * 100:.1f}): "
        f"{where} {LEAST * 100:.0f} to {MOST * 100:.0f} %"
    )


def stopped(draw: Draw, studies: int, orders: int, seed: int) -> tuple[float, float]:
    """Return how often studies of nothing stop: by the interval of any time, and by 1.96."""
    always = naive = 0
    for number in range(studies):
        values, _ = draw(np.random.default_rng([seed, number]), orders)
        pair = np.column_stack([values, np.zeros(orders)])
        looks = range(2 * LOOK, orders + 1, LOOK)
        always += any(settled(pair[:n], 1e-9) for n in looks)
        naive += any(abs(values[:n].mean()) > 1.96 * values[:n].std(ddof=1) / n**0.5 for n in looks)
    return always / studies, naive / studies


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--orders", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--arms", default="random,random#2")
    options = parser.parse_args()
    cases: dict[str, Draw] = {
        "normal": lambda rng, n: alone(rng.normal(size=n)),
        "Student's t, 3 degrees": lambda rng, n: alone(rng.standard_t(3, n)),
        "log-normal": skewed,
        "rare disasters": disasters,
        f"days of {PER_DAY} orders": days,
    }
    if options.study is not None:
        first, second = options.arms.split(",")
        cases = {f"{first} against {second}": resampled(options.study, (first, second))}
    for name, draw in cases.items():
        share = covered(draw, options.studies, options.orders, options.seed)
        told = judged(share, options.studies)
        print(f"{name:32s} n={options.orders:<6d} {told}", flush=True)
    for name, draw in cases.items():
        if not name.startswith("days"):
            always, naive = stopped(draw, options.studies, 500, options.seed)
            said = f"stopped {always * 100:5.1f} %, by 1.96 {naive * 100:5.1f} %"
            print(f"{name:32s} 19 looks   {said}", flush=True)


if __name__ == "__main__":
    main()
