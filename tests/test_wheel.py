"""The wheel is the product: in a clean environment it does what the tree does.

Built without isolation and installed without an index, so this runs offline. The clean environment
sees the third-party packages of this one through a plain path line in a .pth file; .pth files found
on such a path are not processed, so the editable install of the tree stays invisible there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

import steersman

ROOT = Path(__file__).parents[1]
RUN = (
    "run --symbol BTCUSDT --side buy --qty 2 --horizon 5m --algo twap --advisor none "
    "--market generated --seed 7 --json"
).split()


@dataclass(frozen=True)
class Clean:
    """An environment that holds nothing of ours but the wheel."""

    folder: Path
    python: Path

    def run(self, *arguments: str, python: str | None = None) -> str:
        """Run Python outside the tree, with nothing of the tree on its path; return stdout."""
        hidden = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV"}
        env = {k: v for k, v in os.environ.items() if k not in hidden}
        command = [python or str(self.python), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=600,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the tree as it stands."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """Install the wheel, and only it, into an environment of its own."""
    folder = tmp_path_factory.mktemp("clean")
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    made = Clean(folder, venv / "bin" / "python")
    made.run(
        *["-m", "pip", "--python", str(made.python), "--disable-pip-version-check", "install"],
        *["--quiet", "--no-deps", "--no-index", str(wheel)],
        python=sys.executable,
    )
    site = Path(made.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    ours = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site / "third_party.pth").write_text("\n".join(ours) + "\n", encoding="utf-8")
    return made


def pins(text: str) -> Iterator[Requirement]:
    """Read the pinned requirements of a lock file that apply here."""
    for line in text.splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            pin = Requirement(line.split("#")[0].rstrip(" \\"))
            if pin.marker is None or pin.marker.evaluate():
                yield pin


def unmet(needed: list[str], lock: str) -> list[str]:
    """List the requirements that the lock does not satisfy."""
    held = {pin.name.lower(): str(pin.specifier).removeprefix("==") for pin in pins(lock)}
    wanted = [Requirement(line) for line in needed]
    return [
        str(want)
        for want in wanted
        if (want.marker is None or want.marker.evaluate({"extra": ""}))
        and not want.specifier.contains(held.get(want.name.lower(), "0"), prereleases=True)
    ]


def test_unmet_sees_what_is_missing() -> None:
    lock = "numpy==2.4.6 \\\n    --hash=sha256:00\n    # via x\ncolorama==0.4.6 ; os_name == 'nt'\n"
    assert unmet(["numpy<3,>=2"], lock) == []
    assert unmet(["numpy>=3", "rich>=1", "web>=1; extra == 'web'"], lock) == ["numpy>=3", "rich>=1"]


def test_wheel_holds_the_whole_package(wheel: Path) -> None:
    source = ROOT / "src"
    there = {
        path.relative_to(source).as_posix()
        for path in (source / "steersman").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {name for name in ZipFile(wheel).namelist() if name.startswith("steersman/")}
    assert "steersman/py.typed" in there
    assert held == there


def test_lock_satisfies_the_wheel(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode())
    needed = metadata.get_all("Requires-Dist") or []
    assert len(needed) >= 5
    assert metadata["Version"] == steersman.__version__
    assert metadata["License-Expression"] == "MIT"
    assert unmet(needed, (ROOT / "requirements" / "run.lock").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["run.lock", "llm.lock", "ray.lock", "dev.lock"])
def test_lock_pins_everything_and_names_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    held = list(pins(text))
    assert len(held) >= 10
    assert all(str(pin.specifier).startswith("==") and not pin.url for pin in held)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"://|--(?:extra-)?index|--find-links|--trusted-host", text)


def test_clean_environment_runs_the_wheel_and_not_the_tree(clean: Clean) -> None:
    where = Path(clean.run("-c", "import steersman; print(steersman.__file__)").strip())
    assert where.is_relative_to(clean.folder)
    said = clean.run("-m", "steersman", "--version")
    script = clean.run("--version", python=str(clean.python.with_name("steersman")))
    assert steersman.__version__ in said
    assert script == said


def test_clean_environment_repeats_the_run_of_the_tree(clean: Clean) -> None:
    theirs = json.loads(clean.run("-m", "steersman", *RUN))
    tree = json.loads(clean.run("-m", "steersman", *RUN, python=sys.executable))
    assert theirs["journal_hash"]
    assert theirs["journal_hash"] == tree["journal_hash"]
    assert theirs == tree
