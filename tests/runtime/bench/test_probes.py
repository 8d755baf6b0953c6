"""We answer every probe rightly, and a wrong answer is told apart from an absent one."""

from __future__ import annotations

from pathlib import Path

from steersman.runtime.bench.probes import (
    Asked,
    measure_probes,
    probe_rows,
    probes_document,
)


def test_every_answer_of_ours_is_right() -> None:
    asked = measure_probes(Path("/bin/false"))
    assert len(asked) == 6
    assert [one.answers["ours"] for one in asked] == [one.right for one in asked]
    assert {one.right for one in asked} >= {"nothing", "an error", "0.008 for 800.00130"}
    probe = probes_document(asked)["probes"][0]
    assert probe["ours"] == "0.010 for 1000.00190" and probe["hftbacktest_partial"] is None


def test_wrong_and_absent_answers_are_marked() -> None:
    answers = {"ours": "nothing", "a": "0.010 for 1", "b": None}
    [row] = probe_rows([Asked("n", "w", "nothing", answers)])
    assert row == ("n", "w", "nothing", "nothing", "WRONG 0.010 for 1", "absent")
