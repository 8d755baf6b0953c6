"""Prompts: pure, the constant part first, strangers' text only inside marked blocks."""

from __future__ import annotations

from steersman.advisor.context import gather
from steersman.advisor.prompt import PROMPT_VERSION, prompt_of
from tests.advisor.questions import headline, question


def test_the_constant_part_is_the_same_for_every_question() -> None:
    one = question((headline("Something happened"),))
    two = question()
    prompts = [prompt_of(asked, gather(asked)) for asked in (one, two)]
    assert prompts[0].system == prompts[1].system
    assert prompts[0].version == PROMPT_VERSION
    assert "<data>Something happened</data>" in prompts[0].user


def test_masked_prompts_do_not_name_the_instrument() -> None:
    asked = question()
    assert "BTC" in prompt_of(asked, gather(asked)).user
    assert "BTC" not in prompt_of(asked, gather(asked), masked=True).user
