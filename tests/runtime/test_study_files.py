"""A study on disk: what counts is there whole, what does not fit is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from steersman.errors import AnotherInstance, DataError
from steersman.runtime import study_files
from steersman.runtime.study_files import Files, digest_of, read_results, surroundings
from tests.tca.rows import groups

MANIFEST: dict[str, Any] = {"command": ["a"], "arms": {"a": {"seed": 1}}, "orders": 3}
GROUPS = groups({"a": [1.0, 2.0, 3.0]})


def begun(folder: Path) -> None:
    with Files(folder, MANIFEST) as files:
        for group in GROUPS[:2]:
            files.add(group)


def test_results_are_read_as_they_were_added(tmp_path: Path) -> None:
    begun(tmp_path / "new" / "s")
    assert list(read_results(tmp_path / "new" / "s")) == GROUPS[:2]
    with Files(tmp_path / "new" / "s", {**MANIFEST, "command": ["b"]}) as files:
        files.add(GROUPS[2])
        assert files.manifest == MANIFEST, "the first command stays"
        files.finish({"n": 3})
    assert list(read_results(tmp_path / "new" / "s")) == GROUPS
    assert json.loads((tmp_path / "new" / "s" / "study.json").read_text()) == {"n": 3}


def test_a_line_is_on_disk_when_it_counts(tmp_path: Path) -> None:
    with Files(tmp_path, MANIFEST) as files:
        files.add(GROUPS[0])
        assert list(read_results(tmp_path)) == GROUPS[:1]


def test_what_a_killed_process_left_of_a_line_is_cut_off(tmp_path: Path) -> None:
    begun(tmp_path)
    path = tmp_path / "results.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with Files(tmp_path, MANIFEST) as files:
        assert list(read_results(tmp_path)) == GROUPS[:1]
        files.add(GROUPS[1])
    assert path.read_bytes() == whole


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    begun(tmp_path)
    path = tmp_path / "results.jsonl"
    path.write_bytes(b'{"drawn": 1}\n' + path.read_bytes())
    with pytest.raises(DataError, match=r"results.jsonl:1: "):
        list(read_results(tmp_path))
    with pytest.raises(DataError, match="name the folder of a study"):
        list(read_results(tmp_path / "absent"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"orders": 4}, "orders was 3 and is 4"),
        ({"arms": {"a": {"seed": 2}}}, "arms.a.seed was 1 and is 2"),
        ({"arms": {"a": {"seed": 1}, "b": {}}}, "arms.b was None"),
        ({"more": 1}, "more was None and is 1"),
    ],
)
def test_another_study_is_refused_and_the_difference_named(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    begun(tmp_path)
    with pytest.raises(DataError, match=f"holds another study: {words}"):
        Files(tmp_path, {**MANIFEST, **changes})
    begun_again = Files(tmp_path, MANIFEST)
    begun_again.__exit__()


def test_two_runs_of_one_study_do_not_mix(tmp_path: Path) -> None:
    with Files(tmp_path, MANIFEST), pytest.raises(AnotherInstance):
        Files(tmp_path, MANIFEST)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="name a folder"):
        Files(tmp_path / "file", MANIFEST)
    (tmp_path / "results.jsonl").write_text("")
    with pytest.raises(DataError, match="results without a manifest"):
        Files(tmp_path, MANIFEST)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DataError, match=r"manifest.json: "):
        Files(tmp_path, MANIFEST)


def test_what_results_depend_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    around = surroundings()
    assert {"steersman", "code", "python", "numpy", "numba", "msgspec", "xllamacpp"} <= set(around)
    assert around == surroundings()
    assert around["msgspec"] == msgspec.__version__
    monkeypatch.setattr(study_files, "PACKAGES", ("no-such-package",))
    assert surroundings()["no-such-package"] is None, "what an extra would bring"
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 2, "b": 2})
    (tmp_path / "manifest.json").write_text("one")
    first = digest_of(tmp_path)
    (tmp_path / "manifest.json").write_text("two")
    assert digest_of(tmp_path) != first
