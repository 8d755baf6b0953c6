"""Does a model slow the engine down? The time of engine steps with none, hanging, and at work.

usage: python bench/advisor_steps.py [--pairs 20] [--horizon 2h] [--seed 1]

The inputs of one adaptive order on the generated market are folded and journaled again and again:

    none        and no question is put to anybody,
    hanging     and every question to an advisor that never answers, in the background,
    flat out    the same, and the embedded model reads one new headline after the other meanwhile.

The engine so does the same each time, and the time of its steps (one input each) can be compared.
A pair is a fold without and one with, in turns; printed are the median over pairs of each
percentile and of the ratio of the p99, with the ratio's quartiles, in wall time and in processor
time of the engine's thread. Where no model is installed, the last is left out and said so. Other
work on the machine drowns wall times; where it is allowed, `chrt -f 1` before the command keeps it
away.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from decimal import Decimal

from steersman.advisor import weights
from steersman.advisor.embedded import NewsReader
from steersman.advisor.priority import step_back
from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Latency, Supervisor
from steersman.config import Settings
from steersman.domain.advice import Answer, NoAdvice, Question
from steersman.domain.messages import Ask, Input, Started
from steersman.domain.order import AlgoName
from steersman.domain.units import Side
from steersman.journal import Journal
from steersman.runtime.backtest import run_job
from steersman.runtime.prepare import Request, prepare
from steersman.runtime.session import Session

PERCENTILES = (50, 90, 99)
Steps = dict[str, list[int]]  # sorted times in ns, by clock


class Hanging:
    """An advisor that never answers, until it is let go."""

    name = "hanging"

    def __init__(self) -> None:
        self.over = threading.Event()

    def advise(self, question: Question) -> Answer:
        """Wait for the end of the run."""
        self.over.wait()
        return Answer(NoAdvice("unavailable", "the run is over"))

    def end(self) -> None:
        """Let it go."""
        self.over.set()


class FlatOut(Hanging):
    """The same, and all the while the model is at work; begun before the run's first step."""

    name = "flat out"

    def __init__(self, reader: NewsReader) -> None:
        super().__init__()
        self.read = 0
        self._reader = reader
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        step_back()  # as the supervisor's thread does
        while not self.over.is_set():
            self._reader.read(f"Exchange {self.read} halts withdrawals after a report of losses")
            self.read += 1

    def end(self) -> None:
        """Let it go, and tell how much the model did."""
        super().end()
        self._thread.join()
        print(f"  {self.read} headlines read meanwhile")


def inputs_of(seed: int, horizon: str) -> list[Input]:
    """Work an order with the rules advising and return all that went into the engine."""
    request = Request(
        symbol="BTCUSDT",
        category=None,
        side=Side.BUY,
        qty=Decimal(25),
        start=None,
        horizon=horizon,
        limit_price=None,
        decision_price=None,
        urgency=None,
        algo=AlgoName.ADAPTIVE,
        base=AlgoName.TWAP,
        market="generated",
        seed=seed,
        advisor="rules",
        news=None,
        parent_id="P1",
    )
    with Journal.create(None) as journal:
        result = run_job(prepare(request, Settings({}), print), journal)
    return [message for message in result.messages if isinstance(message, Input)]


def fold(inputs: list[Input], supervisor: Supervisor | None) -> Steps:
    """Fold the inputs, put the questions, and return how long each step took."""
    wall_ns, cpu_ns = [], []
    started = inputs[0]
    assert isinstance(started, Started)
    with Journal.create(None) as journal:
        session = Session.begin(started, journal)
        for message in inputs[1:]:
            began, began_cpu = time.perf_counter_ns(), time.thread_time_ns()
            effects = session.feed(message)
            cpu_ns.append(time.thread_time_ns() - began_cpu)
            wall_ns.append(time.perf_counter_ns() - began)
            for effect in effects:
                if isinstance(effect, Ask) and supervisor is not None:
                    supervisor.ask(effect.question)
    return {"wall": sorted(wall_ns), "processor": sorted(cpu_ns)}


def percentile(values: list[int], share: int) -> float:
    """Return a percentile of sorted values by nearest rank, in µs."""
    return values[max(0, -(-len(values) * share // 100) - 1)] / 1e3


def compare(
    inputs: list[Input], pairs: int, begin: Callable[[], Hanging]
) -> list[tuple[Steps, Steps]]:
    """Measure pairs, the order of the two alternating."""
    measured = []
    for number in range(pairs):
        both: dict[bool, Steps] = {}
        for busy in (False, True) if number % 2 else (True, False):
            if not busy:
                both[busy] = fold(inputs, None)
                continue
            advisor = begin()
            supervisor = Supervisor(advisor, RulesAdvisor(), Latency(250, 0.4, 1))
            both[busy] = fold(inputs, supervisor)
            supervisor.close()
            advisor.end()
        measured.append((both[False], both[True]))
    return measured


def show(name: str, measured: list[tuple[Steps, Steps]]) -> None:
    """Print the medians of one comparison."""
    for clock in ("wall", "processor"):
        title = f"{name}, {clock} time"
        times = [(without[clock], within[clock]) for without, within in measured]
        for share in PERCENTILES:
            without = statistics.median(percentile(a, share) for a, _ in times)
            within = statistics.median(percentile(b, share) for _, b in times)
            print(f"{title:<24} p{share}  {without:>8.1f} µs without {within:>8.1f} µs with")
        ratios = [percentile(b, 99) / percentile(a, 99) for a, b in times]
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        print(
            f"{title:<24} ratio of p99: median {middle:.3f}, quartiles {low:.3f} to {high:.3f}, "
            f"{len(ratios)} pairs of {statistics.median(len(b) for _, b in times):.0f} steps"
        )


def main() -> None:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--horizon", default="2h")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    inputs = inputs_of(options.seed, options.horizon)
    fold(inputs, None)  # warms up
    show("hanging", compare(inputs, options.pairs, Hanging))
    if weights.find() is None:
        print(f"flat out: no model weights are installed ({weights.PULL})")
        return
    reader = NewsReader()
    reader.load()
    show("flat out", compare(inputs, options.pairs, lambda: FlatOut(reader)))


if __name__ == "__main__":
    main()
