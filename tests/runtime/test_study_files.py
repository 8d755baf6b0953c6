"""A study on disk: what counts is there whole, what does not fit is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from steersman.errors import AnotherInstance, DataError
from steersman.runtime import study_files
from steersman.runtime.study_files import (
    PIECE,
    Files,
    digest_of,
    read_folder,
    read_in_order,
    read_results,
    surroundings,
)
from tests.tca.rows import groups, result

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


def test_a_torn_line_is_read_as_none_and_cut_off_however_long_it_is(tmp_path: Path) -> None:
    begun(tmp_path)
    path = tmp_path / "results.jsonl"
    whole = path.read_bytes()
    for torn in (b"{", b"x" * (2 * PIECE), b"x" * (PIECE - 1)):
        path.write_bytes(whole + torn)
        assert read_folder(tmp_path).torn
        assert list(read_results(tmp_path)) == GROUPS[:2]
        with Files(tmp_path, MANIFEST):
            assert path.read_bytes() == whole
        assert not read_folder(tmp_path).torn
    path.write_bytes(b"x" * PIECE)
    assert list(read_results(tmp_path)) == []


def test_a_study_that_is_begun_again_before_it_is_done_counts_that(tmp_path: Path) -> None:
    begun(tmp_path)
    assert read_folder(tmp_path).resumed == 0
    for times in (1, 2):
        with Files(tmp_path, MANIFEST) as files:
            assert files.manifest == MANIFEST, "it stands in no document"
        assert read_folder(tmp_path).resumed == times
    with Files(tmp_path, MANIFEST) as files:
        files.add(GROUPS[2])
        files.finish({"n": 3})
    with Files(tmp_path, MANIFEST):
        assert read_folder(tmp_path).running
    kept = read_folder(tmp_path)
    assert (kept.resumed, kept.document, kept.running, kept.torn) == (3, {"n": 3}, False, False)


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


def held(folder: Path, *numbers: int) -> Path:
    with Files(folder, {**MANIFEST, "command": [folder.name]}) as files:
        for number in numbers:
            files.add(GROUPS[number])
    return folder


def test_orders_are_read_by_their_numbers_whatever_order_they_were_done_in(tmp_path: Path) -> None:
    held(tmp_path, 2, 0)
    assert list(read_in_order(tmp_path, 3)) == [GROUPS[0], GROUPS[2]]
    with pytest.raises(DataError, match="order 2 is not of this study"):
        list(read_in_order(tmp_path, 2))
    path = tmp_path / "results.jsonl"
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(DataError, match="order 2 was worked twice"):
        list(read_in_order(tmp_path, 3))


def test_folders_of_one_study_merge_and_what_both_hold_is_kept_once(tmp_path: Path) -> None:
    one, two = held(tmp_path / "one", 2), held(tmp_path / "two", 1, 2, 0)
    torn = two / "results.jsonl"
    torn.write_bytes(torn.read_bytes()[:-9])
    with Files(one, MANIFEST) as files:
        files.merge(two)
        assert list(read_results(one)) == [GROUPS[2], GROUPS[1]], "the torn line does not count"
        files.add(GROUPS[0])
        files.merge(held(tmp_path / "three", 0, 1))
        files.merge(one)
    assert list(read_results(one)) == [GROUPS[2], GROUPS[1], GROUPS[0]]


def test_results_that_differ_do_not_merge(tmp_path: Path) -> None:
    one, two = held(tmp_path / "one", 0, 1), tmp_path / "two"
    with Files(two, MANIFEST) as files:
        files.add(GROUPS[0])
        files.add((GROUPS[1][0], (result(1, "a", 2.5),)))
    with Files(one, MANIFEST) as files, pytest.raises(DataError) as caught:
        files.merge(two)
    assert caught.value.message == (
        f"{one} and {two} differ: order 1.a.cost_bps was 2.0 and is 2.5"
    )
    with Files(tmp_path / "other", {**MANIFEST, "orders": 4}):
        pass
    with Files(one, MANIFEST) as files:
        with pytest.raises(DataError, match="other holds another study: orders was 4 and is 3"):
            files.merge(tmp_path / "other")
        with pytest.raises(DataError, match="name the folder of a study"):
            files.merge(tmp_path / "nowhere")
    assert list(read_results(one)) == GROUPS[:2]


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
