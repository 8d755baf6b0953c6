"""A study: the same orders in the same markets through every arm, and what can be said of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from steersman.config import Settings
from steersman.domain.units import SECOND_NS
from steersman.errors import DataError, UsageError
from steersman.runtime.arms import (
    NEVER_MIND,
    StudyArm,
    expect_advisors,
    parse_arms,
    settings_of,
)
from steersman.runtime.drawing import (
    RECORDED,
    SIZES,
    Market,
    draw,
    generated_markets,
    parse_regimes,
    recorded,
)
from steersman.runtime.fleet import Fleet, work_all
from steersman.runtime.prepare import GENERATED, check_informativeness
from steersman.runtime.study_files import Files, digest_of, read_results, surroundings
from steersman.runtime.texts import parse_duration_ns
from steersman.runtime.validate import parse_presets
from steersman.tca.columns import collect
from steersman.tca.judged_arms import JudgedArm, judged_arms
from steersman.tca.results import Drawn, Worked
from steersman.tca.study import Study, settled, summarise
from steersman.tca.study_pairs import Made
from steersman.venues.presets import START_NS

__all__ = ["SUITES", "Finished", "Request", "Suite", "request", "run"]

SCHEMA: Final = "steersman.study/1"
ORDERS_MAX: Final = 1_000_000
JOBS_MAX: Final = 256
LOOK: Final = 25  # orders between two looks of a study that may stop early

STOPPED: Final = (
    "stopped early, after {} orders: only anytime_low and anytime_high allow for that; the other "
    "intervals are a little too sure, and the means a little too far from zero"
)

Advance = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Suite:
    """A fixed study: what is compared, over which orders."""

    arms: str = (
        "immediate,twap,twap-passive,vwap,pov,is,ow,rules,embedded,"
        "neutral,random,shuffled,keyword,oracle:0.6"
    )
    regimes: str = "calm,trend_up,volatile,thin,news"
    symbols: str = "BTCUSDT.linear"
    orders: int = 60
    seed: int = 1
    horizon: str = "30m"
    informativeness: float | None = None


DEFAULT: Final = Suite(arms="immediate,twap,twap-passive,vwap,pov,is,ow,rules")
SUITES: Final = {
    "standard": Suite(orders=360),
    "full": Suite(
        regimes="calm,trend_up,trend_down,volatile,thin,news,funding,cascade,weekend",
        symbols="BTCUSDT.linear,ETHUSDT.linear",
        orders=10_800,
    ),
    "break-even": Suite(
        arms=(
            "neutral,oracle:0.3,oracle:0.4,oracle:0.5,oracle:0.6,oracle:0.7,oracle:0.85,oracle:1,"
            "random,rules,keyword,embedded"
        ),
        regimes="calm,trend_up,volatile,news",
        orders=720,
    ),
}


@dataclass(frozen=True, slots=True)
class Request:
    """A study that can be run."""

    arms: tuple[StudyArm, ...]
    regimes: tuple[str, ...]
    markets: tuple[Market, ...]
    market: str
    orders: int
    seed: int
    horizon: str
    jobs: int
    resolve_bps: float | None
    settings: Settings
    models: dict[str, str] = field(default_factory=dict)
    informativeness: float | None = None
    judge: int = 0

    def drawn(self, number: int) -> Drawn:
        """Return the order of a number."""
        return draw(
            number,
            seed=self.seed,
            markets=self.markets,
            regimes=self.regimes,
            horizon=self.horizon,
            market=self.market,
        )

    @property
    def made(self) -> dict[str, Made]:
        """How each arm is made, by which it is compared."""
        return {
            arm.name: Made(arm.base.value, arm.advisor, self._settings_of(arm)) for arm in self.arms
        }

    def _settings_of(self, arm: StudyArm) -> str:
        horizon_s = parse_duration_ns(self.horizon) // SECOND_NS
        return digest_of(settings_of(arm, self.settings, horizon_s).tables)

    def manifest(self, command: Sequence[str]) -> dict[str, Any]:
        """Return all that the results depend on, and the command that asked for them."""
        tables = self.settings.tables
        recording = Path(self.market) if self.market != GENERATED else None
        return {
            "schema": "steersman.study_manifest/1",
            "command": list(command),
            "versions": surroundings(),
            "market": {"name": self.market, "hash": digest_of(recording) if recording else None},
            "arms": {
                arm.name: {
                    "algo": arm.algo.value,
                    "base": arm.base.value,
                    "advisor": arm.advisor,
                    "model": self.models.get(arm.advisor),
                    "settings": self._settings_of(arm),
                }
                for arm in self.arms
            },
            "settings": {
                table: {key: str(value) for key, value in keys.items()}
                for table, keys in tables.items()
            },
            "regimes": list(self.regimes),
            "informativeness": self.informativeness,
            "symbols": {market.name: format(market.day_qty, "f") for market in self.markets},
            "sizes": list(SIZES),
            "horizon": self.horizon,
            "orders": self.orders,
            "seed": self.seed,
            "resolve_bps": self.resolve_bps,
            "judge": self.judge,
        }


@dataclass(frozen=True, slots=True)
class Finished:
    """A study that is done: its figures, and its document for machines.

    `judged` holds what decisions were worth, by arm, where they were judged.
    """

    study: Study
    document: dict[str, Any]
    judged: dict[str, JudgedArm] = field(default_factory=dict)


def request(
    *,
    suite: str | None,
    arms: str | None,
    regimes: str | None,
    symbols: str | None,
    orders: int | None,
    seed: int | None,
    horizon: str | None,
    market: str,
    jobs: int | None,
    resolve_bps: float | None,
    settings: Settings,
    informativeness: float | None = None,
    judge: int = 0,
) -> Request:
    """Return a study that can be run; raise UsageError, DataError or WeightsError for any other."""
    asked: dict[str, Any] = {
        "arms": arms, "regimes": regimes, "symbols": symbols, "orders": orders, "seed": seed,
        "horizon": horizon, "informativeness": informativeness,
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value is not None}
    wanted = replace(_suite(suite, given, market, resolve_bps), **given)
    if not 2 <= wanted.orders <= ORDERS_MAX:
        raise UsageError(
            f"{wanted.orders} orders: one seed shows one outcome, not what an arm is worth",
            f"give from 2 to {ORDERS_MAX} --orders; intervals need 8, differences of 1 bp hundreds",
        )
    workers = jobs if jobs is not None else min(os.cpu_count() or 1, JOBS_MAX)
    if not 1 <= workers <= JOBS_MAX:
        raise UsageError(f"{workers} jobs", f"give from 1 to {JOBS_MAX}")
    if resolve_bps is not None and not 0 < resolve_bps < 1e4:
        raise UsageError(f"{resolve_bps} bps cannot be resolved", "give a positive --resolve")
    check_informativeness(wanted.informativeness, generated=market == GENERATED)
    chosen = parse_arms(wanted.arms)
    parse_duration_ns(wanted.horizon)
    if judge and all(arm.advisor == NEVER_MIND for arm in chosen):
        raise UsageError("no arm is advised, so no decision can be judged", "leave --judge out")
    markets, held = _markets(market, given, wanted, resolve_bps)
    alone = _without_feeds(settings)
    return Request(
        arms=chosen,
        regimes=held,
        markets=markets,
        market=market,
        orders=wanted.orders,
        seed=wanted.seed,
        horizon=wanted.horizon,
        jobs=workers,
        resolve_bps=resolve_bps,
        settings=alone,
        models=expect_advisors(chosen, alone, generated=market == GENERATED),
        informativeness=wanted.informativeness,
        judge=judge,
    )


def _suite(name: str | None, given: dict[str, Any], market: str, resolve: float | None) -> Suite:
    if name is None:
        return DEFAULT
    if name not in SUITES:
        raise UsageError(f"there is no suite {name!r}", f"choose one of {', '.join(SUITES)}")
    changed = [f"--{option}" for option in given]
    changed += ["--market"] if market != GENERATED else []
    changed += ["--resolve"] if resolve is not None else []
    if changed:
        raise UsageError(f"a suite is fixed: {changed[0]} was given", "leave out one of the two")
    return SUITES[name]


def _without_feeds(settings: Settings) -> Settings:
    """Return settings that ask no feed: what one holds changes, and a study can be had again."""
    return Settings(
        {name: keys for name, keys in settings.tables.items() if not name.startswith("feeds.")}
    )


def _markets(
    market: str, given: dict[str, Any], wanted: Suite, resolve: float | None
) -> tuple[tuple[Market, ...], tuple[str, ...]]:
    """Return the markets and the regimes to draw from."""
    if market == GENERATED:
        instruments = parse_presets(wanted.symbols)
        if not instruments:
            raise UsageError("no symbols were named", "name one, such as BTCUSDT.linear")
        regimes = parse_regimes(wanted.regimes, instruments)
        return generated_markets(instruments, START_NS), regimes
    for option in ("regimes", "symbols"):
        if option in given:
            raise UsageError(f"a recorded market has the {option} it has", f"leave --{option} out")
    if resolve is not None:
        raise UsageError(
            "orders of one day on a recording depend on each other: no stopping early",
            "leave --resolve out",
        )
    return recorded(Path(market), wanted.horizon), (RECORDED,)


def run(request: Request, folder: Path, command: Sequence[str], advance: Advance) -> Finished:
    """Work what is left of a study, and say what all of it says.

    Raises DataError where the folder holds another study, and what working an order raises.
    """
    names = tuple(arm.name for arm in request.arms)
    with Files(folder, request.manifest(command)) as files:
        progress = _Progress(names, request.orders, request.resolve_bps)
        for worked in read_results(folder):
            progress.take(worked)
        advance(progress.share, progress.words)
        fleet = Fleet(
            request.arms,
            request.settings,
            request.market,
            request.informativeness,
            request.judge,
        )
        left: Iterable[Drawn] = (request.drawn(number) for number in progress.left())
        if request.market != GENERATED:  # a recording is read forward
            left = sorted(left, key=lambda drawn: (drawn.symbol, drawn.start_s))
        results = work_all(fleet, left, request.jobs)
        for worked in results:
            files.add(worked)
            progress.take(worked)
            advance(progress.share, progress.words)
        counted = progress.counted

        def groups() -> Iterator[Worked]:
            return (one for one in read_results(folder) if one[0].order < counted)

        study = summarise(collect(groups(), names), request.seed)
        judged = judged_arms(groups(), request.seed) if request.judge else {}
        stopped = counted if counted < request.orders else None
        if stopped is not None:
            study = replace(study, warnings=(STOPPED.format(stopped), *study.warnings))
        document = {
            "schema": SCHEMA,
            **study.document(),
            "judged": {name: asdict(arm) for name, arm in judged.items()},
            "stopped_after": stopped,
            "manifest": files.manifest,
        }
        files.finish(document)
    return Finished(study, document, judged)


class _Progress:
    """Which orders are done, and whether they are enough.

    A study that may stop looks at its first 25 orders, 50 and so on, whenever those are complete:
    so it stops after the same order however many workers there are.
    """

    def __init__(self, arms: Sequence[str], orders: int, resolve_bps: float | None) -> None:
        self._arms = arms
        self._orders = orders
        self._resolve_bps = resolve_bps
        self._costs: dict[int, list[float]] = {}
        self._looked = 0
        self._stop: int | None = None

    @property
    def counted(self) -> int:
        """How many orders count, from the first on."""
        return self._orders if self._stop is None else self._stop

    @property
    def share(self) -> float:
        """How much of the study is done."""
        return 1.0 if self._stop is not None else len(self._costs) / self._orders

    @property
    def words(self) -> str:
        """How much of the study is done, in words."""
        return f"{len(self._costs):,} of {self._orders:,} orders"

    def left(self) -> Iterator[int]:
        """Yield the numbers of the orders that are still to be worked, until they are enough."""
        for number in range(self._orders):
            if self._stop is not None:
                return
            if number not in self._costs:
                yield number

    def take(self, worked: Worked) -> None:
        """Take in an order that was worked; raise DataError where it is none of the study's."""
        drawn, results = worked
        costs = {result.arm: result.cost_bps for result in results}
        if set(costs) != set(self._arms) or not 0 <= drawn.order < self._orders:
            raise DataError(f"order {drawn.order} is not of this study", "give another --out")
        if drawn.order in self._costs:
            raise DataError(f"order {drawn.order} was worked twice", "give another --out")
        self._costs[drawn.order] = [costs[name] for name in self._arms]
        if self._resolve_bps is not None:
            self._look(self._resolve_bps)

    def _look(self, resolve_bps: float) -> None:
        while self._stop is None:
            ahead = range(self._looked, self._looked + LOOK)
            if not all(number in self._costs for number in ahead):
                return
            self._looked += LOOK
            costs = np.array([self._costs[number] for number in range(self._looked)])
            if settled(costs, resolve_bps):
                self._stop = self._looked
