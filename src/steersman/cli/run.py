"""Work one parent order."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from steersman.cli.printing import Json, print_json, say
from steersman.domain.instrument import Category
from steersman.domain.order import AlgoName
from steersman.domain.units import Side
from steersman.errors import UsageError

__all__ = ["RUN_EXAMPLES", "run"]


def _maybe(text: str | None) -> Decimal | None:
    from steersman.runtime.texts import parse_decimal

    return None if text is None else parse_decimal(text)


FeeTier = Annotated[
    str | None, typer.Option(help="Fees: a tier such as vip1, or maker:taker in bps.")
]
Funding = Annotated[
    Path | None, typer.Option(help="Funding rates of the perpetual: CSV with time and rate.")
]
UtcOffset = Annotated[
    int, typer.Option(min=-12, max=14, help="Hours that the table's times are ahead of UTC.")
]

LatencyText = Annotated[
    str | None,
    typer.Option(help="Of requests and reports: 10ms, 10ms~0.4 (log-normal), or FILE.csv."),
]
FeedLatency = Annotated[
    str | None, typer.Option(help="Of the feed, instead of the market's own: 20ms or 20ms~0.3.")
]
AdvisorLatency = Annotated[
    str | None, typer.Option(help="Of answers, in market time: 250ms~0.4, or measured.")
]
Queue = Annotated[
    str | None,
    typer.Option(help="Recorded: risk-averse (default), power:N, front-power:N or fitted."),
]
Impact = Annotated[
    str | None,
    typer.Option(help="Own impact, recorded: fitted (default), none, or BPS:SCALE:EXPONENT."),
]

Parameters = Annotated[
    Path | None, typer.Option(help="Impact parameters that steersman calibrate --out saved.")
]

WatchAfter = Annotated[
    str | None,
    typer.Option(help="Watch the market so long after the order, and journal it then: 30m."),
]

Judge = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100,
        help="Judge so many decisions by other futures of the market; 5 to 10 s for each.",
    ),
]
Futures = Annotated[
    int | None, typer.Option(min=2, max=1024, help="Futures of each decision judged; default 16.")
]

RUN_EXAMPLES: Final = """
Examples:

  steersman run --qty 25 --algo adaptive

  steersman run --symbol ETHUSDT --side sell --qty 300 --horizon 1h --algo is --urgency 0.8

  steersman run --market history/ --symbol BTCUSDT --qty 25 --horizon 5m --json

  steersman run --market history/ --qty 25 --horizon 5m --queue fitted --latency 10ms~0.4

  steersman run --qty 25 --algo adaptive --advisor rules --judge 4
"""


def run(
    qty: Annotated[str, typer.Option(help="Quantity in base units.")],
    symbol: Annotated[str, typer.Option(help="What to trade.")] = "BTCUSDT",
    category: Annotated[Category | None, typer.Option(help="Kind of contract.")] = None,
    side: Annotated[Side, typer.Option(help="Buy or sell.")] = Side.BUY,
    start: Annotated[
        str | None,
        typer.Option(help="ISO time, or a time after the market's beginning such as 2m."),
    ] = None,
    horizon: Annotated[str, typer.Option(help="Time to the deadline: 90s, 5m, 4h.")] = "30m",
    limit: Annotated[str | None, typer.Option(help="Never trade at a worse price.")] = None,
    decision_price: Annotated[
        str | None, typer.Option(help="Price when the order was decided; default: at arrival.")
    ] = None,
    urgency: Annotated[str | None, typer.Option(help="0 patient to 1 urgent.")] = None,
    algo: Annotated[AlgoName, typer.Option(help="How to work it.")] = AlgoName.TWAP,
    base: Annotated[AlgoName, typer.Option(help="What adaptive bends.")] = AlgoName.TWAP,
    market: Annotated[
        str, typer.Option(help="'generated', or the folder of an imported history.")
    ] = "generated",
    regime: Annotated[
        str | None,
        typer.Option(help="Of the generated market: mixed (default), or one regime throughout."),
    ] = None,
    informativeness: Annotated[
        float | None,
        typer.Option(help="Of the generated market: share of its news that comes true, 0 to 1."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same run.")] = 1,
    advisor: Annotated[
        str | None,
        typer.Option(help="Who advises, such as rules; default: embedded for adaptive, else none."),
    ] = None,
    advisor_latency: AdvisorLatency = None,
    news: Annotated[
        str | None, typer.Option(help="News: a file or address of JSONL, RSS or Atom.")
    ] = None,
    fee_tier: FeeTier = None,
    funding: Funding = None,
    funding_utc_offset: UtcOffset = 0,
    latency: LatencyText = None,
    feed_latency: FeedLatency = None,
    queue: Queue = None,
    impact: Impact = None,
    parameters: Parameters = None,
    watch_after: WatchAfter = None,
    judge: Judge = None,
    futures: Futures = None,
    journal: Annotated[Path | None, typer.Option(help="Write the journal to this file.")] = None,
    parent_id: Annotated[str, typer.Option("--id", help="The order's id, unique.")] = "P1",
    config: Annotated[Path | None, typer.Option(help="Settings (TOML).")] = None,
    as_json: Json = False,
) -> None:
    """Work one parent order on the generated market or on recorded data."""
    from steersman.runtime.prepare import Request
    from steersman.runtime.texts import parse_decimal

    request = Request(
        symbol=symbol,
        category=category,
        side=side,
        qty=parse_decimal(qty),
        start=start,
        horizon=horizon,
        limit_price=_maybe(limit),
        decision_price=_maybe(decision_price),
        urgency=_maybe(urgency),
        algo=algo,
        base=base,
        market=market,
        regime=regime,
        informativeness=informativeness,
        seed=seed,
        advisor=_advisor(advisor, advisor_latency, algo),
        advisor_latency=advisor_latency,
        news=news,
        parent_id=parent_id,
        fee_tier=fee_tier,
        funding=funding,
        funding_utc_offset_h=funding_utc_offset,
        latency=latency,
        feed_latency=feed_latency,
        queue=queue,
        impact=impact,
        parameters=parameters,
        watch_after=watch_after,
    )
    judged = None if judge is None else (judge, futures)
    if judged is None and futures is not None:
        raise UsageError("no decision is judged in --futures", "say how many with --judge")
    raise typer.Exit(_run(request, journal, config, as_json, judged))


def _advisor(name: str | None, latency: str | None, algo: AlgoName) -> str:
    from steersman.runtime.answering import check_advisors, parse_answer_latency

    name = name or ("embedded" if algo is AlgoName.ADAPTIVE else "none")
    check_advisors(name)
    if latency is not None:
        parse_answer_latency(latency)
        if name == "none":
            raise UsageError("no advisor answers", "leave --advisor-latency out")
    if name != "none" and algo is not AlgoName.ADAPTIVE:
        raise UsageError(
            f"{algo.value} takes no advice, yet --advisor {name} was given",
            f"use --algo adaptive --base {algo.value}",
        )
    return name


def _run(
    request: Any,
    journal_path: Path | None,
    config: Path | None,
    as_json: bool,
    judged: tuple[int, int | None] | None,
) -> int:
    from rich.console import Console

    from steersman.config import load_settings
    from steersman.journal import Journal
    from steersman.runtime.backtest import run_job
    from steersman.runtime.counterfactual import judge_of
    from steersman.runtime.outcome import conclude
    from steersman.runtime.prepare import GENERATED, prepare
    from steersman.screen import Progress
    from steersman.tables import print_outcome, result_console

    settings = load_settings(config, os.environ, Path.home(), Path.cwd())
    job = prepare(request, settings, say)
    console = Console(stderr=True)
    with Journal.create(journal_path) as journal, Progress(job.order, console) as progress:
        judge = (
            None
            if judged is None
            else judge_of(
                job, *judged, recorded=request.market != GENERATED, advance=progress.judging
            )
        )
        result = run_job(job, journal, progress.watch, judge)
    outcome = conclude(job, result)
    if as_json:
        print_json(outcome.document)
    else:
        print_outcome(outcome, result_console())
    if outcome.code:
        say(outcome.summary)
    return outcome.code
