"""What a study leaves on disk: its manifest, and one line of results an order.

    DIR/manifest.json    what the results depend on, and the command that made them
    DIR/results.jsonl    one order a line, in the order in which they were done
    DIR/results.parquet  the same as a table, once the study is done
    DIR/study.json       the document that `study --json` prints, once the study is done

A line is on disk before its order counts as done. What a killed process left of its last line is
cut off, and that order is worked again. Results of different manifests are never mixed. Folders of
the same study merge by (order, arm): what two of them hold must be equal, and is kept once. How
often a study was begun again stands in the manifest, and nowhere in what it says.
"""

from __future__ import annotations

import hashlib
import os
import platform
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Self

import msgspec

import steersman
from steersman.errors import DataError
from steersman.journal.storage import Lock, is_locked
from steersman.marketdata.manifest import NAME as HISTORY_MANIFEST
from steersman.marketdata.manifest import sync_folder
from steersman.tca.results import Drawn, OrderResult, Worked

__all__ = [
    "FREE",
    "Files",
    "Kept",
    "difference",
    "digest_of",
    "read_folder",
    "read_in_order",
    "read_results",
    "surroundings",
]

MANIFEST: Final = "manifest.json"
RESULTS: Final = "results.jsonl"
STUDY: Final = "study.json"
PACKAGES: Final = ("numpy", "numba", "scipy", "msgspec", "xllamacpp")  # that figures depend on
PIECE: Final = 65_536  # of a file, looked at from its end
RESUMED: Final = "resumed"  # how often the study was begun again before it was done
FREE: Final = frozenset({"command", RESUMED})  # what may differ from one start to the next
ANEW: Final = "give another --out, or run the command in its manifest.json"
AS_LEFT: Final = "give the folder as the study left it, or work it anew with another --out"
UNLIKE: Final = "leave it out of --merge, or give the command that its manifest.json holds"
UNEQUAL: Final = "one was worked on a machine or by code that is not as it says: work it anew"


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    drawn: Drawn
    results: tuple[OrderResult, ...]


class _Number(msgspec.Struct, frozen=True):
    order: int


class _Numbered(msgspec.Struct, frozen=True):
    """As much of a line as says which order it is of."""

    drawn: _Number


DECODE_LINE: Final = msgspec.json.Decoder(_Line).decode
DECODE_NUMBER: Final = msgspec.json.Decoder(_Numbered).decode


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

    def merge(self, other: Path) -> None:
        """Add what another folder of the same study holds; what both hold is kept once.

        Raises DataError where it holds another study, and where the two differ in an order.
        """
        _expect_same(other, _read(other / MANIFEST), self.manifest, UNLIKE)
        own = self.folder / RESULTS
        where = _offsets(own, self.manifest["orders"])
        with own.open("rb") as held:
            for _, raw in _lines(other / RESULTS):
                number = _number_of(other / RESULTS, raw, len(where))
                if where[number] < 0:
                    where[number] = self._file.seek(0, os.SEEK_END)
                    self._file.write(raw)
                    self._file.flush()
                else:
                    held.seek(where[number])
                    _expect_equal(self.folder, held.readline(), other, raw)
        os.fsync(self._file.fileno())

    def finish(self, document: dict[str, Any]) -> None:
        """Write what the study says beside its results."""
        _write(self.folder / STUDY, document)


def read_results(folder: Path) -> Iterator[Worked]:
    """Yield the orders of a study as they were done; raise DataError naming a line that is none.

    A last line without its end is no order: it is being written, or its writer was killed.
    """
    path = folder / RESULTS
    for number, (_, raw) in enumerate(_lines(path), 1):
        yield _decoded(raw, f"{path}:{number}")


def read_in_order(folder: Path, orders: int) -> Iterator[Worked]:
    """Yield the orders of a study of so many by their numbers; no more than one is held.

    Raises DataError naming a line that is none.
    """
    path = folder / RESULTS
    where = _offsets(path, orders)
    with path.open("rb") as file:
        for at in where:
            if at >= 0:
                file.seek(at)
                yield _decoded(file.readline(), f"{path} at {at}")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the whole lines of a file, each with where it begins."""
    at = 0
    try:
        with path.open("rb") as file:
            for raw in file:
                if raw.endswith(b"\n"):
                    yield at, raw
                at += len(raw)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "name the folder of a study") from None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the folder of a study holds besides its results.

    `document` is that of a study that is done, None of any other; `torn` tells whether results end
    in the middle of a line, `running` whether somebody works on them now.
    """

    manifest: dict[str, Any]
    document: dict[str, Any] | None
    torn: bool
    running: bool

    @property
    def resumed(self) -> int:
        """How often the study was begun again before it was done."""
        return int(self.manifest.get(RESUMED, 0))


def read_folder(folder: Path) -> Kept:
    """Read what a study left on disk besides its results; raise DataError where there is none."""
    results, study = folder / RESULTS, folder / STUDY
    if not (folder / MANIFEST).is_file():
        what = "a folder" if folder.is_dir() else "no folder"
        raise DataError(
            f"{folder} is no study: it is {what} without a {MANIFEST}",
            "give the folder that `steersman study --out DIR` wrote, or journals as files",
        )
    running = is_locked(results)  # before reading: what is done afterwards is not called unfinished
    return Kept(
        manifest=_read(folder / MANIFEST),
        document=_read(study) if study.exists() else None,
        torn=results.exists() and _whole_lines(results) < results.stat().st_size,
        running=running,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "name the folder of a study") from None
    except msgspec.MsgspecError as error:
        raise DataError(f"{path}: {error}", AS_LEFT) from None
    return found


def _decoded(raw: bytes, where: str) -> Worked:
    try:
        line = DECODE_LINE(raw)
    except msgspec.MsgspecError as error:
        raise DataError(f"{where}: {error}", AS_LEFT) from None
    return line.drawn, line.results


def _offsets(path: Path, orders: int) -> array[int]:
    """Return where the line of each order begins, -1 for those that are not there."""
    where = array("q", [-1]) * orders
    for at, raw in _lines(path):
        number = _number_of(path, raw, orders)
        if where[number] >= 0:
            raise DataError(f"{path}: order {number} was worked twice", AS_LEFT)
        where[number] = at
    return where


def _number_of(path: Path, raw: bytes, orders: int) -> int:
    try:
        number = DECODE_NUMBER(raw).drawn.order
    except msgspec.MsgspecError as error:
        raise DataError(f"{path}: {error}", AS_LEFT) from None
    if not 0 <= number < orders:
        raise DataError(f"{path}: order {number} is not of this study", AS_LEFT)
    return number


def _expect_equal(folder: Path, mine: bytes, other: Path, theirs: bytes) -> None:
    """Raise DataError where two lines of one order say different things."""
    drawn, results = _decoded(mine, str(folder / RESULTS))
    again, others = _decoded(theirs, str(other / RESULTS))
    one, two = (
        {"drawn": msgspec.to_builtins(what)} | {row.arm: msgspec.to_builtins(row) for row in rows}
        for what, rows in ((drawn, results), (again, others))
    )
    if one != two:
        what = difference(f"order {drawn.order}", one, two)
        raise DataError(f"{folder} and {other} differ: {what}", UNEQUAL)


def _agreed(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest that stands in the folder, once it says what this one says."""
    path = folder / MANIFEST
    if not path.exists():
        if (folder / RESULTS).exists():
            raise DataError(f"{folder} has results without a manifest", ANEW)
        _write(path, manifest)
        return manifest
    stands = _read(path)
    _expect_same(folder, stands, manifest)
    begun = (folder / RESULTS).exists() and not (folder / STUDY).exists()
    if begun and _whole_lines(folder / RESULTS):
        _write(path, {**stands, RESUMED: stands.get(RESUMED, 0) + 1})
    return {key: value for key, value in stands.items() if key != RESUMED}


def _expect_same(
    folder: Path, stands: dict[str, Any], manifest: dict[str, Any], remedy: str = ANEW
) -> None:
    """Raise DataError naming the first thing in which two manifests are of different studies."""
    plain = msgspec.json.decode(msgspec.json.encode(manifest), type=dict[str, Any])
    for key in (key for key in {**stands, **plain} if key not in FREE):
        if stands.get(key) != plain.get(key):
            what = difference(key, stands.get(key), plain.get(key))
            raise DataError(f"{folder} holds another study: {what}", remedy)


def difference(key: str, one: Any, other: Any) -> str:
    """Name the first thing in which two values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if one.get(name) != other.get(name):
                return difference(f"{key}.{name}", one.get(name), other.get(name))
    return f"{key} was {_plain(one)} and is {_plain(other)}"


def _plain(value: Any) -> str:
    return "there" if isinstance(value, dict) else str(value)[:80]  # half a table says nothing


def _cut_torn_line(path: Path) -> None:
    end, size = _whole_lines(path), path.stat().st_size
    if end < size:
        os.truncate(path, end)


def _whole_lines(path: Path) -> int:
    """Return how many bytes of a file are whole lines."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - PIECE)
            file.seek(begin)
            found = file.read(end - begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            end = begin
    return 0


def _write(path: Path, document: dict[str, Any]) -> None:
    """Write a document so that it is whole or absent, whatever happens."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)
