"""What a decision was worth: the best of the other actions, and whether it was better for sure."""

from __future__ import annotations

from steersman.domain.valued import DecisionValued, Gain, Over, Worth


def valued(*over: Over) -> DecisionValued:
    return DecisionValued(1, "P1", "P1-q1", Worth.UNDECIDED, 16, Gain(0.1, -0.2, 0.4), over)


def test_the_best_other_action_is_the_one_the_decision_gains_least_over() -> None:
    hold, finish = Over("hold", Gain(0.5, 0.1, 0.9)), Over("finish", Gain(-0.3, -0.7, 0.1))
    assert valued(hold, finish).best == finish
    assert valued().best is None


def test_another_action_is_better_only_where_its_whole_interval_says_so() -> None:
    sure, unsure = Over("wait", Gain(-0.3, -0.5, -0.1)), Over("wait", Gain(-0.3, -0.7, 0.1))
    assert valued(sure).better == sure
    assert valued(unsure).better is None
    assert valued(Over("wait", Gain(-0.3))).better is None, "one future decides nothing"
    assert valued().better is None


def test_a_noisy_action_does_not_hide_one_that_is_better_for_sure() -> None:
    noisy, sure = Over("finish", Gain(-1.0, -4.9, 2.9)), Over("hold", Gain(-0.5, -0.6, -0.4))
    assert valued(noisy, sure).best == noisy
    assert valued(noisy, sure).better == sure
