"""What arms are by their names."""

from __future__ import annotations

from steersman.tca.arm_names import is_placebo, oracle_p


def test_names_with_and_without_a_number() -> None:
    assert [is_placebo(name) for name in ("random", "shuffled#2", "rules", "neutral")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [oracle_p(name) for name in ("oracle:0.7", "oracle:1#3", "llm:oracle", "twap")] == [
        0.7, 1.0, None, None,
    ]  # fmt: skip
