"""Compiled kernels are kept by the hash of their sources, where the environment says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from steersman import cache


def test_the_folder_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("STEERSMAN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_dir() == tmp_path / "steersman"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache.cache_dir() == tmp_path / "home" / ".cache" / "steersman"
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path / "own"))
    assert cache.cache_dir() == tmp_path / "own"


def folder_of(tmp_path: Path, **environ: str) -> str:
    code = "import steersman, numba; print(numba.config.CACHE_DIR)"
    environment = {
        **{name: value for name, value in os.environ.items() if name != cache.VARIABLE},
        "STEERSMAN_CACHE": str(tmp_path),
        **environ,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_kernels_are_kept_by_their_sources(tmp_path: Path) -> None:
    folder = Path(folder_of(tmp_path))
    assert folder.parent == tmp_path / "kernels"
    assert len(folder.name) == 16


def test_a_folder_that_someone_chose_is_kept(tmp_path: Path) -> None:
    chosen = str(tmp_path / "chosen")
    assert folder_of(tmp_path, **{cache.VARIABLE: chosen}) == chosen


def test_any_changed_kernel_source_changes_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = []
    for text in ("a = 1", "a = 2"):
        (tmp_path / "venues").mkdir(exist_ok=True)
        (tmp_path / "venues" / "kernel.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
        names.append(cache._sources_hash())
    assert names[0] != names[1]
