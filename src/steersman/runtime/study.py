"""A study: the same orders in the same markets through every arm, and what can be said of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final

from steersman.config import Settings
from steersman.domain.units import SECOND_NS
from steersman.errors import UsageError
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
from steersman.runtime.ray_fleet import AT_ONCE_MAX, Cluster, expect_ray, work_on_ray
from steersman.runtime.study_files import (
    Files,
    digest_of,
    read_in_order,
    read_results,
    surroundings,
)
from steersman.runtime.study_progress import Progress
from steersman.runtime.texts import parse_duration_ns
from steersman.runtime.validate import parse_presets
from steersman.tca.columns import collect
from steersman.tca.judged_arms import JudgedArm, judged_arms
from steersman.tca.results import Drawn, Worked
from steersman.tca.study import Study, summarise
from steersman.tca.study_pairs import Made
from steersman.venues.presets import START_NS

__all__ = [
    "SUITES",
    "Engine",
    "Finished",
    "Request",
    "Suite",
    "numbers_of",
    "request",
    "run",
    "run_part",
]

SCHEMA: Final = "steersman.study/1"
PART_SCHEMA: Final = "steersman.study_part/1"
ORDERS_MAX: Final = 1_000_000
JOBS_MAX: Final = 256

STOPPED: Final = (
    "stopped early, after {} orders: only anytime_low and anytime_high allow for that; the other "
    "intervals are a little too sure, and the means a little too far from zero"
)

Advance = Callable[[float, str], None]


class Engine(StrEnum):
    """Where the orders of a study are worked: by processes of this machine, or on a cluster."""

    LOCAL = "local"
    RAY = "ray"


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
        orders=360,
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
    cluster: Cluster | None = None

    def work(self, orders: Iterable[Drawn]) -> Iterator[Worked]:
        """Yield the orders as they are worked, by processes of this machine or on a cluster."""
        fleet = Fleet(self.arms, self.settings, self.market, self.informativeness, self.judge)
        if self.cluster is not None:
            return work_on_ray(fleet, self.models, orders, self.cluster)
        return work_all(fleet, orders, self.jobs)

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
    engine: Engine = Engine.LOCAL,
    address: str | None = None,
) -> Request:
    """Return a study that can be run; raise UsageError, DataError or WeightsError for any other.

    `address` is that of a Ray cluster's head, None for one of the study's own. Raises ConfigError
    where the engine is not installed.
    """
    asked: dict[str, Any] = {
        "arms": arms, "regimes": regimes, "symbols": symbols, "orders": orders, "seed": seed,
        "horizon": horizon, "informativeness": informativeness,
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value is not None}
    wanted = replace(_suite(suite, given, market, resolve_bps), **given)
    _expect_enough(wanted.orders)
    workers, cluster = _workers(engine, address, jobs)
    if resolve_bps is not None and not 0 < resolve_bps < 1e4:
        raise UsageError(f"{resolve_bps} bps cannot be resolved", "give a positive --resolve")
    check_informativeness(wanted.informativeness, generated=market == GENERATED)
    chosen = parse_arms(wanted.arms)
    parse_duration_ns(wanted.horizon)
    if judge and all(arm.advisor == NEVER_MIND for arm in chosen):
        raise UsageError("no arm is advised, so no decision can be judged", "leave --judge out")
    markets, held = _markets(market, given, wanted, resolve_bps)
    alone = _without_feeds(settings)
    for name in alone.advisors():
        alone.advisor(name)  # a key in the place of its variable's name is refused, and not kept
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
        cluster=cluster,
    )


def _expect_enough(orders: int) -> None:
    if not 2 <= orders <= ORDERS_MAX:
        raise UsageError(
            f"{orders} orders: one seed shows one outcome, not what an arm is worth",
            f"give from 2 to {ORDERS_MAX} --orders; intervals need 8, differences of 1 bp hundreds",
        )


def numbers_of(request: Request, part: str) -> range:
    """Return the numbers of a part's orders: of 2/3 each third one from the second on.

    Raises UsageError for a part that is none, and for a study that may stop early.
    """
    number, _, parts = part.partition("/")
    if not (number.isdecimal() and parts.isdecimal()) or not (
        1 <= int(number) <= int(parts) <= request.orders
    ):
        raise UsageError(f"{part!r} is no part of {request.orders} orders", "give one such as 2/3")
    if request.resolve_bps is not None:
        raise UsageError(
            "a study that may stop early looks at all of its first orders",
            "leave out --part or --resolve",
        )
    return range(int(number) - 1, request.orders, int(parts))


def _workers(engine: Engine, address: str | None, jobs: int | None) -> tuple[int, Cluster | None]:
    """Return how many processes there are on this machine, and the cluster that is used instead."""
    most = JOBS_MAX if engine is Engine.LOCAL else AT_ONCE_MAX
    if jobs is not None and not 1 <= jobs <= most:
        raise UsageError(f"{jobs} jobs", f"give from 1 to {most}")
    here = jobs or min(os.cpu_count() or 1, JOBS_MAX)
    if engine is Engine.RAY:
        expect_ray()
        return here, Cluster(address, jobs if address is not None else here)
    if address is not None:
        raise UsageError("an address is that of a cluster", "give --engine ray with --address")
    return here, None


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


def run(
    request: Request,
    folder: Path,
    command: Sequence[str],
    advance: Advance,
    merge: Sequence[Path] = (),
) -> Finished:
    """Work what is left of a study, and say what all of it says.

    First it takes in what the folders `merge` hold of it. Raises DataError where a folder holds
    another study or other results, and what working an order raises.
    """
    names = tuple(arm.name for arm in request.arms)
    with Files(folder, request.manifest(command)) as files:
        progress = _work(request, files, advance, merge, range(request.orders))
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
        from steersman.runtime.study_parquet import write_parquet  # takes its time to import

        whole = islice(read_in_order(folder, request.orders), counted)
        write_parquet(folder, whole, files.manifest)
        files.finish(document)
    return Finished(study, document, judged)


def run_part(
    request: Request,
    numbers: range,
    folder: Path,
    command: Sequence[str],
    advance: Advance,
    merge: Sequence[Path] = (),
) -> dict[str, Any]:
    """Work what is left of some of a study's orders; say as a document how many are held.

    Raises what `run` does.
    """
    with Files(folder, request.manifest(command)) as files:
        held = _work(request, files, advance, merge, numbers).held
        return {
            "schema": PART_SCHEMA,
            "orders": request.orders,
            "part": len(numbers),
            "held": held,
            "manifest": files.manifest,
        }


def _work(
    request: Request, files: Files, advance: Advance, merge: Sequence[Path], numbers: range
) -> Progress:
    """Take in what there is, and work what is left of some of the orders."""
    for other in merge:
        files.merge(other)
    names = tuple(arm.name for arm in request.arms)
    progress = Progress(names, request.orders, request.resolve_bps, numbers)
    for worked in read_results(files.folder):
        progress.take(worked)
    advance(progress.share, progress.words)
    left: Iterable[Drawn] = (request.drawn(number) for number in progress.left())
    if request.market != GENERATED:  # a recording is read forward
        left = sorted(left, key=lambda drawn: (drawn.symbol, drawn.start_s))
    for worked in request.work(left):
        files.add(worked)
        progress.take(worked)
        advance(progress.share, progress.words)
    return progress
