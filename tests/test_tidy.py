"""The tree keeps the house style, and each rule of `tidy` is shown to fail on a planted source."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from textwrap import dedent
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests import tidy
from tests.tidy import Problem, Source, judge

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"

# What is excused, each by its key and with its reason.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {
    "steersman.cli.run:run": "a line an option, twice, and nothing else",
    "steersman.cli.study:study": "a line an option, twice",
}
SUPERVISORS: dict[str, str] = {
    "steersman.advisor.background": "outlives a failing model: the base algorithm goes on",
    "steersman.advisor.client": "four libraries under it raise what they like; none is our bug",
    "steersman.cli.root": "the outermost handler: a bug is reported as one, with its trace",
}
UNTESTED: dict[str, str] = {}

# What a requirement is imported as, where its name does not say.
IMPORTED_AS = {"pydantic-ai-slim": "pydantic_ai"}

TEXT_SUFFIXES = {"", ".cfg", ".csv", ".in", ".ini", ".json", ".lock", ".md", ".py", ".toml", ".txt"}


def sources() -> list[Source]:
    """Read every module of the package."""
    return [
        Source(PurePosixPath(path.relative_to(SRC).as_posix()), path.read_text(encoding="utf-8"))
        for path in sorted(SRC.rglob("*.py"))
    ]


def plant(folder: Path, name: str, text: str) -> Source:
    """Write a source below `folder` and read it back as the tree is read."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return Source(PurePosixPath(name), path.read_text(encoding="utf-8"))


def project() -> dict[str, Any]:
    """Read the project's own description."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def layers() -> list[str]:
    """List the modules that the first import contract puts into layers."""
    contract = project()["tool"]["importlinter"]["contracts"][0]
    text = " | ".join(contract["layers"]).replace(":", "|")
    return [f"{contract['containers'][0]}.{name.strip(' ()')}" for name in text.split("|")]


def texts() -> Iterator[tuple[PurePosixPath, str]]:
    """Read every text file of the tree but those of the environment, caches and products."""
    tops = [path for path in sorted(ROOT.iterdir()) if not path.name.startswith(".")]
    for top in [ROOT / ".ci", *tops]:
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and path.suffix in TEXT_SUFFIXES and "node_modules" not in path.parts:
                relative = PurePosixPath(path.relative_to(ROOT).as_posix())
                yield relative, path.read_text(encoding="utf-8", errors="replace")


def expect_none(problems: Iterable[Problem], excused: Mapping[str, str] | None = None) -> None:
    """Fail with one line for each problem that has no excuse, and each excuse without a problem."""
    if left := judge(problems, excused or {}):
        pytest.fail("\n" + "\n".join(left), pytrace=False)


RULES: list[tuple[Callable[[Source], Iterator[Problem]], dict[str, str]]] = [
    (tidy.long_files, LONG_FILES),
    (tidy.long_functions, LONG_FUNCTIONS),
    (tidy.vague_names, {}),
    (tidy.unfinished, {}),
    (tidy.core_effects, {}),
    (tidy.inexact_kernels, {}),
    (tidy.forged_approvals, {}),
    (tidy.broad_handlers, SUPERVISORS),
]


@pytest.mark.parametrize(("rule", "excused"), RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_tree_keeps(rule: Callable[[Source], Iterator[Problem]], excused: dict[str, str]) -> None:
    expect_none((problem for source in sources() for problem in rule(source)), excused)


def test_tree_is_found() -> None:
    assert {"steersman", "steersman.errors"} <= {source.module for source in sources()}


def test_tests_mirror_the_tree() -> None:
    tests = ROOT / "tests"
    held = [PurePosixPath(p.relative_to(tests).as_posix()) for p in tests.rglob("test_*.py")]
    expect_none(tidy.untested(sources(), held), UNTESTED)


def test_each_module_has_a_layer() -> None:
    expect_none(problem for source in sources() for problem in tidy.unlayered(source, layers()))


def test_imports_are_declared() -> None:
    described = project()
    lines = [
        *described["project"]["dependencies"],
        *described["project"]["optional-dependencies"]["llm"],
        *described["project"]["optional-dependencies"]["ray"],
        *described["dependency-groups"]["bench"],
    ]
    names = [Requirement(line).name for line in lines]
    declared = [IMPORTED_AS.get(name, name) for name in names]
    expect_none(problem for source in sources() for problem in tidy.undeclared(source, declared))


def test_tree_has_no_machine_traces() -> None:
    expect_none(p for path, text in texts() for p in tidy.machine_traces(path, text))


# Each rule can fail.


def test_excuses_are_named_and_never_stale() -> None:
    problems = [Problem("a", "a: wrong"), Problem("b", "b: wrong")]
    assert judge(problems, {"a": "because"}) == ["b: wrong"]
    assert judge(problems, {"a": "because", "b": "because"}) == []
    assert judge([], {"a": "because"}) == ["a: stale excuse"]


def test_long_file(tmp_path: Path) -> None:
    most = plant(tmp_path, "steersman/a.py", "x = 1\n" * tidy.FILE_LINES_MAX)
    more = plant(tmp_path, "steersman/b.py", "x = 1\n" * (tidy.FILE_LINES_MAX + 1))
    assert list(tidy.long_files(most)) == []
    assert [p.key for p in tidy.long_files(more)] == ["steersman.b"]


def test_long_function(tmp_path: Path) -> None:
    def written(lines: int) -> str:
        return "class A:\n    def f(self):\n" + "        x = 1\n" * (lines - 1)

    most = plant(tmp_path, "steersman/a.py", written(tidy.FUNCTION_LINES_MAX))
    more = plant(tmp_path, "steersman/b.py", written(tidy.FUNCTION_LINES_MAX + 1))
    assert list(tidy.long_functions(most)) == []
    assert [p.key for p in tidy.long_functions(more)] == ["steersman.b:A.f"]


@pytest.mark.parametrize("name", ["utils.py", "helpers/__init__.py", "_common.py", "core/x.py"])
def test_vague_name(tmp_path: Path, name: str) -> None:
    assert list(tidy.vague_names(plant(tmp_path, f"steersman/{name}", "x = 1\n")))
    assert not list(tidy.vague_names(plant(tmp_path, "steersman/commonality.py", "x = 1\n")))


@pytest.mark.parametrize("line", ["# TODO: later", "x = 1  # FIXME", "raise NotImplementedError"])
def test_unfinished(tmp_path: Path, line: str) -> None:
    assert list(tidy.unfinished(plant(tmp_path, "steersman/a.py", f"{line}\n")))
    assert not list(tidy.unfinished(plant(tmp_path, "steersman/a.py", "x = NotImplemented\n")))


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "import os.path",
        "import numpy.random",
        "from asyncio import sleep",
        "from concurrent.futures import Future",
        "from numpy import random",
        "def f():\n    import uuid",
        "from datetime import datetime\nx = datetime.now()",
        "from datetime import date as d\nx = d.today()",
        "import datetime as dt\nclock = dt.datetime.utcnow",
        "import numpy as np\nx = np.random.default_rng(1)",
        "print(1)",
        "x = open('f')",
        "x = hash('text')",
    ],
)
def test_core_effect(tmp_path: Path, text: str) -> None:
    for name in ("engine/risk.py", "domain/units.py", "marketdata/observer.py"):
        assert list(tidy.core_effects(plant(tmp_path, f"steersman/{name}", text)))
    assert not list(tidy.core_effects(plant(tmp_path, "steersman/runtime/live.py", text)))
    assert not list(tidy.core_effects(plant(tmp_path, "steersman/engineering.py", text)))


def test_core_may_compute(tmp_path: Path) -> None:
    text = """
        from datetime import datetime, timedelta
        import numpy as np
        def f(view, progress):
            at = datetime(2024, 8, 9) + timedelta(hours=1)
            return at, np.sqrt(view.time), progress.open, view.random
    """
    assert list(tidy.core_effects(plant(tmp_path, "steersman/engine/engine.py", text))) == []


def test_inexact_kernel(tmp_path: Path) -> None:
    def kernel(switch: str) -> Source:
        text = f"from numba import njit\n@njit({switch})\ndef f(): ...\n"
        return plant(tmp_path, "steersman/venues/kernel.py", text)

    assert list(tidy.inexact_kernels(kernel("fastmath=True")))
    assert list(tidy.inexact_kernels(kernel("cache=True, parallel=FAST")))
    assert not list(tidy.inexact_kernels(kernel("cache=True, fastmath=False")))


@pytest.mark.parametrize(
    "text",
    [
        "from steersman.domain.messages import Approved\nx = Approved(1)",
        "from steersman.domain.messages import Approved\nx = Approved[int](1)",
        "from steersman.domain.messages import Approved as Ok\nx = Ok(1)",
        "from steersman.domain import messages as m\nx = m.Approved(1)",
    ],
)
def test_forged_approval(tmp_path: Path, text: str) -> None:
    assert list(tidy.forged_approvals(plant(tmp_path, "steersman/engine/engine.py", text)))
    assert not list(tidy.forged_approvals(plant(tmp_path, "steersman/engine/risk.py", text)))


def test_naming_an_approval_is_fine(tmp_path: Path) -> None:
    text = "def send(x: Approved[int]) -> None:\n    assert isinstance(x, Approved)\n"
    assert not list(tidy.forged_approvals(plant(tmp_path, "steersman/venues/base.py", text)))


@pytest.mark.parametrize("caught", ["", " Exception", " (ValueError, BaseException) as e"])
def test_broad_handler(tmp_path: Path, caught: str) -> None:
    text = f"try:\n    f()\nexcept{caught}:\n    raise\n"
    assert list(tidy.broad_handlers(plant(tmp_path, "steersman/a.py", text)))
    narrow = "try:\n    f()\nexcept (ValueError, KeyError):\n    raise\n"
    assert not list(tidy.broad_handlers(plant(tmp_path, "steersman/a.py", narrow)))


def test_untested_module(tmp_path: Path) -> None:
    doing = "def f() -> int:\n    return 1\n"
    declaring = "class P:\n    def f(self) -> int:\n        '''Say.'''\n        ...\n"
    tree = [
        plant(tmp_path, "steersman/algos/twap.py", doing),
        plant(tmp_path, "steersman/cli.py", doing),
        plant(tmp_path, "steersman/venues/base.py", declaring),
    ]
    none = [p.key for p in tidy.untested(tree, [])]
    assert none == ["steersman.algos.twap", "steersman.cli"]
    elsewhere = [PurePosixPath("algos/test_cli.py"), PurePosixPath("test_twap.py")]
    assert [p.key for p in tidy.untested(tree, elsewhere)] == none
    mirrored = [PurePosixPath("algos/test_twap_schedule.py"), PurePosixPath("test_cli.py")]
    assert list(tidy.untested(tree, mirrored)) == []


def test_unlayered_module(tmp_path: Path) -> None:
    known = ["steersman.engine", "steersman.advisor.rules"]
    for name, problems in (("advisor/oracle.py", 1), ("advisor/rules.py", 0), ("engine/a.py", 0)):
        found = list(tidy.unlayered(plant(tmp_path, f"steersman/{name}", "x = 1\n"), known))
        assert len(found) == problems


def test_layers_are_read_from_the_contract() -> None:
    assert {"steersman.engine", "steersman.advisor.rules", "steersman.journal"} <= set(layers())


@pytest.mark.parametrize("text", ["import click", "def f():\n    from click.core import x"])
def test_undeclared_import(tmp_path: Path, text: str) -> None:
    source = plant(tmp_path, "steersman/cli.py", f"import ast\nfrom . import x\n{text}\n")
    assert [p.key for p in tidy.undeclared(source, ["typer"])] == ["steersman.cli"]
    assert not list(tidy.undeclared(source, ["typer", "click"]))


@pytest.mark.parametrize(
    "words",
    [("see /home", "ann/x"), ("--index-url pypi", "org"), ("/work", "main"), ("/root", "x")],
)
def test_machine_trace(words: tuple[str, str]) -> None:
    path = PurePosixPath("docs/a.md")
    joint = "." if words[0].endswith("pypi") else "/"  # whole, this file would break its own rule
    assert list(tidy.machine_traces(path, joint.join(words)))
    assert not list(tidy.machine_traces(path, "the work/home ratio, https://example.org/root/a"))
