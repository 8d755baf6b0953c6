"""Read, check and export the journal of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from steersman.cli.printing import Json, print_json

__all__ = ["journal_app"]

journal_app = typer.Typer(no_args_is_help=True, help="Read, check and export the journal of a run.")
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
        print_json({"schema": "steersman.journal/1", **msgspec.to_builtins(verified)})
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
        print_json({"schema": "steersman.records/1", "records": documents})
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
        print_json({"schema": "steersman.export/1", **document})
    else:
        print(f"{out}: {verified.records} records")
