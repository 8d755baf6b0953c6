"""The test of the news, tiny; and what it says of studies that were made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments import placebo as module
from steersman.tca.study import Study
from tests.tca.test_comparisons import study

GAINS = {"random": 0.0, "rules": 0.1, "keyword": -1.0, "embedded": 2.0}


def made(**gains: float) -> Study:
    return study(GAINS | gains)


def test_only_who_is_cheaper_beats_and_all_advisors_count() -> None:
    rules, keyword, embedded = module.answers(made(), "random", module.QUESTIONS["random"])
    assert (rules.beats, keyword.beats, embedded.beats) == (False, False, True)
    assert keyword.p is not None and keyword.p > 0.95, "one-sided: dearer is no gain"
    assert embedded.p is not None and embedded.p_holm == pytest.approx(3 * embedded.p)
    assert embedded.pair.p == pytest.approx(2 * embedded.p)


def test_a_sentence_for_each_market_and_question() -> None:
    said = module.verdicts({"none": made(embedded=0.05, keyword=0.0), "all": made()})
    assert said[0].startswith(
        "none of the news comes true: of rules, keyword, embedded, cheaper than random: none (gains"
    )
    assert "of keyword, embedded, cheaper than rules: none (gains of more than" in said[1]
    assert said[2].endswith("of rules, keyword, embedded, cheaper than random: embedded")
    assert said[3].endswith("of keyword, embedded, cheaper than rules: embedded")


def test_real_orders_in_markets_of_all_and_of_no_worth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the model: keyword stands for the readers, and for what `random` turns as."""
    monkeypatch.setattr(module, "ARMS", ("neutral", "rules", "keyword"))
    monkeypatch.setattr(module, "QUESTIONS", {"rules": ("keyword",)})
    monkeypatch.setattr(module, "SHARES", {"none": 0.0, "all": 1.0})
    lines = module.run(tmp_path, 8, 1, "5m", 1)
    assert [line.split(" | ")[0] for line in lines[2:4]] == ["| none", "| all"]
    assert lines[4] == "" and len(lines) == 5 + 2
    assert all(0 < float(line.split(" | ")[2]) < 1 for line in lines[2:4])
    again = module.run(tmp_path, 8, 1, "5m", 1)
    assert again == lines, "the studies are kept"
