"""The style rules a machine can see, as pure functions from source text to problems.

Nothing here touches a file: `test_tidy.py` applies the rules to the tree, and to planted sources
that prove that each rule can fail. A rule that must be broken somewhere is excused by name, with a
reason; an excuse that is no longer needed is itself a problem.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "core"})

# The functional core: time is a field of its input, and it has no way out but its return value.
CORE = (
    "steersman.domain",
    "steersman.engine",
    "steersman.algos",
    "steersman.models",
    "steersman.signals",
    "steersman.marketdata.observer",
)
CORE_BANNED_IMPORTS = frozenset(
    """
    time random secrets uuid asyncio threading _thread multiprocessing concurrent subprocess signal
    socket ssl select http urllib requests httpx aiohttp os io sys pathlib shutil tempfile glob
    logging warnings sqlite3 apsw importlib pickle zoneinfo locale platform xllamacpp
    """.split()
)
CORE_BANNED_NAMES = (
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "numpy.random",
    "numpy.load",
    "numpy.save",
    "numpy.memmap",
)
# `hash` of text and `id` differ from process to process, so they may not reach a journal.
CORE_BANNED_BUILTINS = frozenset(
    {"open", "print", "input", "exec", "eval", "__import__", "breakpoint", "id", "hash"}
)

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
REGISTRY_HOSTS = ("pypi", "test.pypi", "npmjs", "registry.npmjs", "deb.debian", "crates")
MACHINE_TRACES = re.compile(
    r"(?<![\w.])/(?:home|Users|root|work|farm)/\w|\bbash[_]jobs\b|\bpython[h]osted\b|"
    + "|".join(rf"\b{re.escape(host)}\.(?:org|io)\b" for host in REGISTRY_HOSTS)
)

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the folder that holds the package, and its text."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def module(self) -> str:
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True)
class Problem:
    """A broken rule; `key` is what an excuse names."""

    key: str
    what: str


def judge(problems: Iterable[Problem], excused: Mapping[str, str]) -> list[str]:
    """Say which problems have no excuse and which excuses have no problem."""
    found = list(problems)
    stale = sorted(set(excused) - {problem.key for problem in found})
    return [p.what for p in found if p.key not in excused] + [f"{k}: stale excuse" for k in stale]


def long_files(source: Source) -> Iterator[Problem]:
    """Find a file that hides more than one decision."""
    lines = len(source.text.splitlines())
    if lines > FILE_LINES_MAX:
        yield Problem(source.module, f"{source.path}: {lines} lines, at most {FILE_LINES_MAX}")


def long_functions(source: Source) -> Iterator[Problem]:
    """Find functions that do not fit on a page, from `def` to the last line."""
    for name, function in _functions(source.tree):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            where = f"{source.path}:{function.lineno}"
            what = f"{where}: {name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
            yield Problem(f"{source.module}:{name}", what)


def vague_names(source: Source) -> Iterator[Problem]:
    """Find modules and packages named after nothing."""
    for part in source.module.split("."):
        if part.strip("_") in VAGUE_NAMES:
            yield Problem(source.module, f"{source.path}: name the concept, not {part!r}")


def unfinished(source: Source) -> Iterator[Problem]:
    """Find what its author meant to come back to."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if match := UNFINISHED.search(line):
            yield Problem(
                source.module, f"{source.path}:{number}: {match[0]}: finish it or drop it"
            )


def core_effects(source: Source) -> Iterator[Problem]:
    """Find the clock, randomness, tasks and I/O in the functional core."""
    if not _within(source.module, CORE):
        return
    names = _imported_names(source.tree)
    for node in ast.walk(source.tree):
        for reached in _reached(node, names):
            yield Problem(
                source.module,
                f"{source.path}:{getattr(node, 'lineno', 0)}: {reached} in the functional core",
            )


def _reached(node: ast.AST, names: Mapping[str, str]) -> Iterator[str]:
    match node:
        case ast.Import(names=aliases):
            yield from (a.name for a in aliases if _banned_module(a.name))
        case ast.ImportFrom(module=str(module), names=aliases):
            full = (f"{module}.{alias.name}" for alias in aliases)
            yield from (name for name in full if _banned_module(name))
        case ast.Attribute():
            dotted = _dotted(node, names)
            if dotted in CORE_BANNED_NAMES or dotted.split(".")[0] in CORE_BANNED_IMPORTS:
                yield dotted
        case ast.Call(func=ast.Name(id=name)) if name in CORE_BANNED_BUILTINS:
            yield f"{name}()"


def _banned_module(name: str) -> bool:
    return name.split(".")[0] in CORE_BANNED_IMPORTS or _within(name, CORE_BANNED_NAMES)


def inexact_kernels(source: Source) -> Iterator[Problem]:
    """Find compiler switches that make a result depend on the machine or on scheduling."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.keyword) and node.arg in {"fastmath", "parallel"}:
            if isinstance(node.value, ast.Constant) and node.value.value is False:
                continue
            what = f"{source.path}:{node.value.lineno}: {node.arg}= is not bit-identical"
            yield Problem(source.module, what)


def forged_approvals(source: Source) -> Iterator[Problem]:
    """Find `Approved` built anywhere but behind the one door."""
    if source.module == "steersman.engine.risk":
        return
    names = _imported_names(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            made = node.func.value if isinstance(node.func, ast.Subscript) else node.func
            if _dotted(made, names).split(".")[-1] == "Approved":
                what = f"{source.path}:{node.lineno}: only engine.risk constructs Approved"
                yield Problem(source.module, what)


def broad_handlers(source: Source) -> Iterator[Problem]:
    """Find handlers that catch what nobody there can act on."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(c is None or _dotted(c, {}) in {"Exception", "BaseException"} for c in caught):
                yield Problem(
                    source.module,
                    f"{source.path}:{node.lineno}: catch what you can act on; the rest is the "
                    "supervisor's",
                )


def untested(sources: Iterable[Source], tests: Iterable[PurePosixPath]) -> Iterator[Problem]:
    """Find modules that do something and have no `test_<name>.py` or `test_<name>_*.py`."""
    held = {(path.parent, path.stem) for path in tests}
    for source in sources:
        folder, stem = source.path.parent.relative_to("steersman"), f"test_{source.path.stem}"
        mirrored = any(f == folder and (s == stem or s.startswith(f"{stem}_")) for f, s in held)
        if _has_substance(source.tree) and not mirrored:
            what = f"{source.path}: no tests/{folder / stem}.py"
            yield Problem(source.module, what.replace("/./", "/"))


def unlayered(source: Source, layers: Iterable[str]) -> Iterator[Problem]:
    """Find modules that no import layer speaks of, so that nothing holds them back."""
    if source.path.stem not in {"__init__", "__main__"} and not _within(source.module, layers):
        yield Problem(source.module, f"{source.path}: not in any import layer of pyproject.toml")


def undeclared(source: Source, declared: Iterable[str]) -> Iterator[Problem]:
    """Find imports that only work because a development tool happens to bring them along."""
    known = {*sys.stdlib_module_names, *declared, "steersman"}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
        else:
            continue
        for name in names:
            if name.split(".")[0] not in known:
                what = f"{source.path}:{node.lineno}: {name} is not a dependency in pyproject.toml"
                yield Problem(source.module, what)


def machine_traces(path: PurePosixPath, text: str) -> Iterator[Problem]:
    """Find paths of somebody's machine and hosts of package registries."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := MACHINE_TRACES.search(line):
            yield Problem(str(path), f"{path}:{number}: {match[0]!r} does not belong in the tree")


def _within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, AnyFunction]]:
    for node in ast.iter_child_nodes(tree):
        inner = prefix
        if isinstance(node, AnyFunction | ast.ClassDef):
            inner = f"{prefix}{node.name}."
            if not isinstance(node, ast.ClassDef):
                yield f"{prefix}{node.name}", node
        yield from _functions(node, inner)


def _has_substance(tree: ast.Module) -> bool:
    """Tell whether a function does more than declare itself, as a protocol's methods do."""
    return any(
        not isinstance(statement, ast.Pass)
        and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for _, function in _functions(tree)
        for statement in function.body
    )


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """Map local names to what they were imported as, so that no alias hides anything."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.split(".")[0]
                names[alias.asname or head] = alias.name if alias.asname else head
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
    return names


def _dotted(node: ast.AST | None, names: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return names.get(name, name)
        case ast.Attribute(value=value, attr=attr):
            return f"{_dotted(value, names)}.{attr}"
        case _:
            return ""
