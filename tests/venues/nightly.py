"""Play thousands of drawn streams on the fast markets and their naive twins; print what agreed.

usage: scripts/nightly [--streams 2000] [--seed N]

The seed is printed, and the same seed draws the same streams. A stream that is played differently
is shrunk and printed, and ends the search on that market. Exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import traceback
from collections.abc import Callable
from time import perf_counter

from hypothesis import HealthCheck, seed, settings

from tests.venues.tally import RAN


def twins(streams: int) -> dict[str, Callable[..., None]]:
    """Return the twins' tests, told to draw so many streams."""
    settings.register_profile(
        "streams",
        deadline=None,
        database=None,
        max_examples=streams,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("streams")  # which the tests read when they are imported
    from tests.venues import test_background, test_kernel_twin

    return {
        "recorded market": test_kernel_twin.test_the_kernel_equals_its_twin_after_every_event,
        "generated market": test_background.test_queues_are_exact,
    }


def search(test: Callable[..., None], start: int) -> int:
    """Run one twin's test from a seed; return the number of mismatches, 0 or 1."""
    try:
        seed(start)(test)()
    except Exception:  # noqa: BLE001 - whatever goes wrong is a mismatch, and is printed whole
        traceback.print_exc()
        return 1
    return 0


def main() -> int:
    """Search, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/nightly")
    parser.add_argument("--streams", type=int, default=2_000, help="for each market, at least 200")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}, {asked.streams} streams for each market", flush=True)
    rows, wrong = [], 0
    for market, test in twins(asked.streams).items():
        began_s = perf_counter()
        mismatches = search(test, asked.seed)
        ran, took_s = RAN[market], perf_counter() - began_s
        figures = (ran["streams"], ran["events"], ran["fills"], mismatches)
        rows.append(f"{market:<17}" + "".join(f"{n:>11,}" for n in figures) + f"{took_s:>9.1f}")
        wrong += mismatches
    names = ("streams", "events", "own fills", "mismatches")
    print(f"{'market':<17}" + "".join(f"{name:>11}" for name in names) + f"{'s':>9}")
    print("\n".join(rows))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
