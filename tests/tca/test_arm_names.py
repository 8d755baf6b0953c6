"""What arms are by their names."""

from __future__ import annotations

from steersman.tca.arm_names import in_question, is_placebo, oracle_p


def test_names_with_and_without_a_number() -> None:
    assert [is_placebo(name) for name in ("random", "shuffled#2", "rules", "neutral")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [oracle_p(name) for name in ("oracle:0.7", "oracle:1#3", "llm:oracle", "twap")] == [
        0.7, 1.0, None, None,
    ]  # fmt: skip


def test_whose_advice_is_in_question() -> None:
    names = ("rules", "keyword", "llm:x", "embedded#2", "neutral", "random#2", "oracle:0.5#2")
    assert [in_question(name) for name in names] == [True] * 4 + [False] * 3
