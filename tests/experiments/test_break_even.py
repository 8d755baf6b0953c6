"""The picture of a study with oracles, and of one that has none."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import msgspec
import pytest

from experiments import break_even as module
from steersman.errors import DataError
from tests.report.test_break_even import curve

MANIFEST = {"regimes": ["calm", "news"], "horizon": "30m"}


def write(folder: Path, **document: object) -> Path:
    (folder / "study.json").write_bytes(msgspec.json.encode({"manifest": MANIFEST, **document}))
    return folder


def test_a_study_is_read_and_drawn(tmp_path: Path) -> None:
    drawn = curve()
    found, manifest = module.read(write(tmp_path, break_even=asdict(drawn)))
    assert (found, manifest) == (drawn, MANIFEST)
    for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        module.draw(found, manifest, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    text = (tmp_path / "a.svg").read_text()
    for words in ("rules: pays", "random: placebo", "break-even 0.500"):
        assert words in text, "what is drawn is named"
    with pytest.raises(DataError, match="can be written"):
        module.draw(found, manifest, tmp_path / "none" / "a.png")
    with pytest.raises(DataError, match="can be written"):
        module.draw(found, manifest, tmp_path / "a.txt2")


def test_what_has_no_curve_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the folder of a study that is done"):
        module.read(tmp_path)
    with pytest.raises(DataError, match="needs the arm neutral and two oracles"):
        module.read(write(tmp_path, break_even=None))
