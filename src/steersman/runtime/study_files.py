"""What a study leaves on disk: its manifest, and one line of results an order.

    DIR/manifest.json    what the results depend on, and the command that made them
    DIR/results.jsonl    one order a line, in the order in which they were done
    DIR/study.json       the document that `study --json` prints, once the study is done

A line is on disk before its order counts as done. What a killed process left of its last line is
cut off, and that order is worked again. Results of different manifests are never mixed.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Self

import msgspec

import steersman
from steersman.errors import DataError
from steersman.journal.storage import Lock
from steersman.marketdata.manifest import NAME as HISTORY_MANIFEST
from steersman.marketdata.manifest import sync_folder
from steersman.runtime.fleet import Worked
from steersman.tca.results import Drawn, OrderResult

__all__ = ["Files", "digest_of", "read_results", "surroundings"]

MANIFEST: Final = "manifest.json"
RESULTS: Final = "results.jsonl"
STUDY: Final = "study.json"
PACKAGES: Final = ("numpy", "numba", "scipy", "msgspec", "xllamacpp")  # that figures depend on
FREE: Final = frozenset({"command"})  # what may differ from one start to the next
ANEW: Final = "give another --out, or run the command in its manifest.json"


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    drawn: Drawn
    results: tuple[OrderResult, ...]


def surroundings() -> dict[str, Any]:
    """Return what any result depends on besides the request: versions, and a hash of the code."""
    return {
        "steersman": steersman.__version__,
        "code": _code_hash(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # one of an extra
        return None


def _code_hash() -> str:
    digest = hashlib.sha256()
    here = Path(steersman.__file__).parent
    for path in sorted(here.rglob("*")):
        if path.suffix in (".py", ".npz"):
            digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def digest_of(thing: Any) -> str:
    """Return a hash of plain data, or of the manifest of a history's folder."""
    if isinstance(thing, Path):
        return hashlib.sha256((thing / HISTORY_MANIFEST).read_bytes()).hexdigest()[:16]
    return hashlib.sha256(msgspec.json.encode(thing, order="deterministic")).hexdigest()[:16]


class Files:
    """The folder of a study that is being run, locked against another run of it."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        """Begin a study in a folder or go on with it.

        Raises DataError where the folder holds another study or no study at all, AnotherInstance
        where it is being run.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{folder}: {error.strerror}", "name a folder to write in") from None
        self.folder = folder
        with ExitStack() as undo:
            undo.enter_context(Lock(folder / RESULTS))
            self.manifest = _agreed(folder, manifest)
            self._file = undo.enter_context((folder / RESULTS).open("a+b"))
            _cut_torn_line(folder / RESULTS)
            self._held = undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def add(self, worked: Worked) -> None:
        """Write one order's results; they are on disk when this returns."""
        self._file.write(msgspec.json.encode(_Line(*worked)) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def finish(self, document: dict[str, Any]) -> None:
        """Write what the study says beside its results."""
        _write(self.folder / STUDY, document)


def read_results(folder: Path) -> Iterator[Worked]:
    """Yield the orders of a study as they were done; raise DataError naming a line that is none."""
    path = folder / RESULTS
    decode = msgspec.json.Decoder(_Line).decode
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                try:
                    line = decode(raw)
                except msgspec.MsgspecError as error:
                    raise DataError(f"{path}:{number}: {error}", ANEW) from None
                yield line.drawn, line.results
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "name the folder of a study") from None


def _agreed(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest that stands in the folder, once it says what this one says."""
    path = folder / MANIFEST
    if not path.exists():
        if (folder / RESULTS).exists():
            raise DataError(f"{folder} has results without a manifest", ANEW)
        _write(path, manifest)
        return manifest
    try:
        stands: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise DataError(f"{path}: {error}", ANEW) from None
    plain = msgspec.json.decode(msgspec.json.encode(manifest), type=dict[str, Any])
    for key in (key for key in {**stands, **plain} if key not in FREE):
        if stands.get(key) != plain.get(key):
            what = _difference(key, stands.get(key), plain.get(key))
            raise DataError(f"{folder} holds another study: {what}", ANEW)
    return stands


def _difference(key: str, one: Any, other: Any) -> str:
    """Name the first thing in which two values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if one.get(name) != other.get(name):
                return _difference(f"{key}.{name}", one.get(name), other.get(name))
    return f"{key} was {str(one)[:80]} and is {str(other)[:80]}"


def _cut_torn_line(path: Path) -> None:
    whole = path.read_bytes()
    end = whole.rfind(b"\n") + 1
    if end < len(whole):
        os.truncate(path, end)


def _write(path: Path, document: dict[str, Any]) -> None:
    """Write a document so that it is whole or absent, whatever happens."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)
