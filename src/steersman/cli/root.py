"""The command line's root: its commands, its exit codes, and the one place where errors end.

Results go to stdout, everything else to stderr. With `--json`, stdout holds exactly one document,
on error too. Exit codes: 0 done, 1 a bug, 2 usage, 3 configuration or data, 4 refused by a limit,
5 venue, 6 incomplete or expired, 7 reconciliation difference, 8 another instance, 9 killed,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from steersman import __version__
from steersman.cli.advise import ADVISE_EXAMPLES, advise
from steersman.cli.advisor import advisor_app
from steersman.cli.bench import bench_app
from steersman.cli.calibrate import calibrate
from steersman.cli.checks import doctor, vectors
from steersman.cli.imports import import_app
from steersman.cli.journal import journal_app
from steersman.cli.market import market_app
from steersman.cli.model import model_app
from steersman.cli.printing import EXIT_BUG, EXIT_DONE, EXIT_INTERRUPTED, print_json
from steersman.cli.read import READ_EXAMPLES, read
from steersman.cli.record import record
from steersman.cli.report import report
from steersman.cli.run import RUN_EXAMPLES, run
from steersman.cli.study import STUDY_EXAMPLES, study
from steersman.errors import SteersmanError, UsageError

__all__ = ["app", "main", "run_cli"]

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
app.command(epilog=RUN_EXAMPLES)(run)
app.command()(record)
app.command(epilog=READ_EXAMPLES)(read)
app.command(epilog=ADVISE_EXAMPLES)(advise)
app.add_typer(advisor_app, name="advisor")
app.add_typer(import_app, name="import")
app.add_typer(model_app, name="model")
app.add_typer(journal_app, name="journal")
app.add_typer(market_app, name="market")
app.add_typer(bench_app, name="bench")
app.command(epilog=STUDY_EXAMPLES)(study)
app.command()(calibrate)
app.command()(report)
app.command()(vectors)
app.command()(doctor)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Sums in another order end in other last digits, and on small matrices many threads wait for
    # each other: the cores are for processes. It counts until numpy is loaded, and for workers.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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
    if code == EXIT_INTERRUPTED:  # as typer says it
        return _fail("interrupted", "interrupted", "", EXIT_INTERRUPTED, as_json)
    return code if isinstance(code, int) else EXIT_DONE


def _fail(code: str, message: str, remedy: str, exit_code: int, as_json: bool) -> int:
    message = message.encode("utf-8", "backslashreplace").decode()  # a file's name may be no text
    if as_json:
        error = {"code": code, "message": message, "remedy": remedy}
        print_json({"schema": "steersman.error/1", "error": error})
    line = f"{message}; {remedy}" if remedy else message
    print(f"steersman: {line}", file=sys.stderr)
    return exit_code


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
