"""The script: reply by reply, judged like a model's, and silent at its end."""

from __future__ import annotations

from steersman.advisor.scripted import ScriptedAdvisor
from steersman.domain.advice import Advice, NoAdvice
from tests.advisor.questions import question


def test_replies_are_given_in_order_and_judged_like_a_models() -> None:
    advisor = ScriptedAdvisor(['{"pace_pct": 150}', '{"pace_pct": 1e30}', "buy now"])
    answers = [advisor.advise(question()) for _ in range(4)]
    assert isinstance(answers[0].said, Advice) and answers[0].said.pace_pct == 150
    assert answers[1].raw == '{"pace_pct": 1e30}'
    kinds = [one.said.kind for one in answers[1:] if isinstance(one.said, NoAdvice)]
    assert kinds == ["invalid", "invalid", "unavailable"]
