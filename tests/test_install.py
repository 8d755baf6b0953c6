"""`scripts/install` is done once, recovers from a cut, and says what a person has to do.

It runs in a copy of the few files that it reads, with a Python that only writes down what it is
asked for, so nothing is downloaded and the real environment is not touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A Python to be told apart by its version; `cut` and `fail` are how a test breaks the next install.
FAKE_PYTHON = """#!/bin/sh
tree=$(pwd)
version="Python 3.12.1"
echo "$*" >>"$tree/asked"
case "$*" in
--version) echo "$version" ;;
*"-m venv"*)
    rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python
    printf '#!/bin/sh\\necho "doctor $*" >>"%s/asked"\\n' "$tree" >.venv/bin/steersman
    chmod +x .venv/bin/steersman ;;
*"-m pip"*)
    if [ -e cut ]; then rm cut; kill -9 $PPID; exit 137; fi
    if [ -e fail ]; then rm fail; echo "no index" >&2; exit 1; fi ;;
-c*) case "$version" in *3.9.*) exit 1 ;; esac ;;
esac
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy what the script reads, and put the fake Python beside it."""
    copy = tmp_path / "tree"
    (copy / "scripts").mkdir(parents=True)
    (copy / "requirements").mkdir()
    for name in ("scripts/install", "pyproject.toml", "requirements/run.lock"):
        shutil.copy(ROOT / name, copy / name)
    for name in ("requirements/llm.lock", "requirements/ray.lock", "requirements/dev.lock"):
        shutil.copy(ROOT / name, copy / name)
    write_python(tmp_path / "python", "3.12.1")
    return copy


def write_python(path: Path, version: str) -> None:
    path.write_text(FAKE_PYTHON.replace("3.12.1", version), encoding="utf-8")
    path.chmod(0o755)


def install(tree: Path, kind: str = "run", python: str = "python") -> tuple[int, str, str]:
    """Run the script; return its exit code, what it said and what it asked of Python."""
    asked = tree / "asked"
    asked.unlink(missing_ok=True)
    env = os.environ | {"PYTHON": str(tree.parent / python)}
    command = [str(tree / "scripts" / "install"), kind]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr, asked.read_text() if asked.exists() else ""


def test_first_call_installs_what_is_locked(tree: Path) -> None:
    code, said, asked = install(tree)
    assert code == 0
    assert "first time" in said
    assert "-m venv --clear .venv" in asked
    assert "--require-hashes -r requirements/run.lock" in asked
    assert "--no-index --no-build-isolation --no-deps --editable ." in asked
    assert "dev.lock" not in asked
    assert "doctor" in asked


def test_second_call_does_nothing_and_says_nothing(tree: Path) -> None:
    install(tree)
    code, said, asked = install(tree)
    assert (code, said) == (0, "")
    assert set(asked.split()) == {"--version"}


def test_dev_serves_run_too_but_not_the_other_way_round(tree: Path) -> None:
    install(tree, "run")
    assert "requirements/dev.lock" in install(tree, "dev")[2]
    for kind in ("run", "llm", "ray", "dev"):
        assert install(tree, kind)[1] == ""


@pytest.mark.parametrize("extra", ["llm", "ray"])
def test_extras_are_asked_for_by_name(tree: Path, extra: str) -> None:
    assert f"{extra}.lock" not in install(tree, "run")[2]
    code, _, asked = install(tree, extra)
    assert code == 0
    assert f"--require-hashes -r requirements/{extra}.lock" in asked
    assert "dev.lock" not in asked
    assert install(tree, "run")[1] == ""


def test_changed_lock_is_installed_into_the_same_environment(tree: Path) -> None:
    install(tree)
    with (tree / "requirements/run.lock").open("a") as lock:
        lock.write("# changed\n")
    code, _, asked = install(tree)
    assert code == 0
    assert "-m pip" in asked
    assert "-m venv" not in asked


def test_cut_install_starts_over(tree: Path) -> None:
    (tree / "cut").touch()
    assert install(tree)[0] != 0
    code, said, asked = install(tree)
    assert code == 0
    assert "starting over" in said
    assert "-m venv --clear .venv" in asked
    assert install(tree)[1] == ""


def test_failed_download_keeps_the_environment_and_is_tried_again(tree: Path) -> None:
    install(tree)
    with (tree / "requirements/run.lock").open("a") as lock:
        lock.write("# changed\n")
    (tree / "fail").touch()
    code, said, _ = install(tree)
    assert code == 1
    assert "package index" in said
    code, _, asked = install(tree)
    assert code == 0
    assert "-m pip" in asked
    assert "-m venv" not in asked


def test_moved_tree_starts_over(tree: Path) -> None:
    install(tree)
    moved = tree.rename(tree.with_name("moved"))
    code, said, asked = install(moved)
    assert code == 0
    assert "starting over" in said
    assert "-m venv" in asked


def test_another_python_starts_over(tree: Path) -> None:
    install(tree)
    write_python(tree.parent / "newer", "3.13.0")
    code, said, _ = install(tree, python="newer")
    assert code == 0
    assert "Python 3.13.0" in said


def test_old_python_is_named_with_the_remedy(tree: Path) -> None:
    write_python(tree.parent / "old", "3.9.2")
    code, said, _ = install(tree, python="old")
    assert code == 1
    assert "3.11 or newer" in said
    assert "Python 3.9.2" in said
    assert "PYTHON=" in said
    assert not (tree / ".venv").exists()


def test_missing_python_is_named_with_the_remedy(tree: Path) -> None:
    code, said, _ = install(tree, python="nowhere")
    assert code == 1
    assert "install Python 3.11" in said


def test_unknown_kind_is_refused(tree: Path) -> None:
    code, said, _ = install(tree, "all")
    assert code == 2
    assert said == "usage: scripts/install run|llm|ray|dev|bench\n"
