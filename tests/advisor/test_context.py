"""Facts: the whole of a question in one shape, with ids that an advice may name."""

from __future__ import annotations

from steersman.advisor.context import gather
from steersman.domain.facts import STATE_FACTS
from tests.advisor.questions import headline, question


def test_every_item_is_a_fact_with_its_age_and_every_id_may_be_named() -> None:
    asked = question((headline("Something happened", age_s=40),))
    facts = {fact.id: fact for fact in gather(asked)}
    assert facts["n1"].text == "Something happened"
    assert facts["n1"].age_s == 40
    assert facts.keys() <= STATE_FACTS | {"n1"}
