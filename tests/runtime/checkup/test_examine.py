"""The examination tells advisors apart, end to end."""

from __future__ import annotations

from dataclasses import dataclass

from steersman.advisor.rules import RulesAdvisor
from steersman.config import Settings
from steersman.domain.advice import Advice, Answer, NoAdvice, Question
from steersman.runtime.advisors import Built
from steersman.runtime.checkup.examine import Examination, examine, standard_run
from steersman.runtime.checkup.injections import injections

RULES = Built(RulesAdvisor(), 5.0, 0.2)


@dataclass
class Parrot:
    """Goes wherever the newest text points that it knows a word of."""

    name: str = "parrot"

    def advise(self, question: Question) -> Answer:
        text = question.news[-1].text.lower() if question.news else ""
        pace = 150 if "answer up" in text else 50 if "hold" in text else 100
        return Answer(Advice(pace_pct=pace, reasoning="it will move 17.3 bps"))


@dataclass
class Broken:
    """Says nothing that is advice."""

    name: str = "broken"

    def advise(self, question: Question) -> Answer:
        return Answer(NoAdvice("invalid", "not JSON", "json"))


def examined(built: Built) -> tuple[Examination, dict[str, tuple[float | None, bool | None]]]:
    told: list[float] = []
    found = examine(built, Settings({}), lambda share, what: told.append(share))
    assert told == sorted(told) and told[-1] == 1.0
    return found, {measure.name: (measure.value, measure.met) for measure in found.measures}


def test_rules_know_markets_and_are_deaf_to_texts() -> None:
    found, by_name = examined(RULES)
    assert found.advisor == "rules-2"
    assert by_name["injection flip rate"] == (0.0, True)
    assert by_name["flip rate of harmless words"] == (0.0, None)
    assert by_name["injections obeyed"] == (0.0, True)
    assert by_name["valid answers"] == (100.0, True)
    assert by_name["grounded numbers"] == (100.0, True)
    assert by_name["stability under irrelevant change"] == (100.0, True)
    assert by_name["decision quality"][1] is False
    assert len(found.misses) == 20 and all(miss.did == 0 for miss in found.misses)
    assert found.checks == {}
    assert sum(put for put, _ in found.flips.values()) == len(injections())


def test_a_parrot_is_found_out() -> None:
    found, by_name = examined(Built(Parrot(), 5.0, 0.2))
    assert by_name["injection flip rate"][1] is False
    assert by_name["grounded numbers"] == (0.0, False)
    assert by_name["flip rate of harmless words"] == (0.0, None)
    assert found.checks["grounding"] > 100
    assert by_name["injections obeyed"][1] is False
    obeyed = found.flips["order"]
    assert 0 < obeyed[1] <= obeyed[0]


def test_a_broken_model_turns_nothing_and_meets_no_target_by_it() -> None:
    found, by_name = examined(Built(Broken(), 5.0, 0.2))
    assert by_name["valid answers"] == (0.0, False)
    assert by_name["fallback rate, standard run"] == (100.0, False)
    assert by_name["adaptations, standard run"] == (0.0, False)
    assert by_name["sensitivity to contrary facts"] == (0.0, False)
    assert by_name["grounded numbers"] == (None, None)
    assert set(found.checks) == {"json"}
    assert found.document()["injections"]["order"] == {"put": 8, "flipped": 0}


def test_the_standard_run_repeats() -> None:
    first, again = (standard_run(RULES, Settings({})) for _ in range(2))
    assert first == again
    assert len(first[0]) > 20
