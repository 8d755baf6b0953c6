"""T10: what decisions were worth, drawn; where nobody judged them, no figure is made up."""

from __future__ import annotations

from steersman.domain.valued import Worth
from steersman.report.chart import Chart
from steersman.report.judged import ROWS_MAX, counterfactual_chart
from tests.report.told import Told
from tests.tca.story import Story
from tests.tca.test_decisions import judged, valued

OVER = {"finish": -0.4, "continue, pace 50 %": 0.2}


def chart(story: Story) -> Chart:
    return counterfactual_chart(Told(story=story).cases(), "T10")


def story() -> Story:
    return Story(qty="10").run("99", "101")


def test_a_counterfactual_is_not_made_up() -> None:
    found = chart(story())
    assert found.svg == "" and found.tables == ()
    assert "Not measurable from this journal" in found.notes[0] and "--judge" in found.notes[0]


def test_each_decision_is_drawn_against_no_answer_and_against_every_other_action() -> None:
    one = story()
    one.messages += [*judged(1, "hold"), *valued(1, 0.3, over=OVER)]
    one.messages += [*judged(2, "finish"), *valued(2, 0.0, Worth.IDLE)]
    found = chart(one)
    assert "1 right, 0 wrong" in found.about and "1 idle, 0 not judged" in found.about
    assert "Right of the right and wrong: 100 %" in found.about and "> 80 %" in found.about
    for words in ("hold</text>", "over finish</text>", "over pace 50 %</text>"):
        assert words in found.svg
    rows = found.tables[0].records()
    assert [row["over"] for row in rows] == ["no answer", *OVER, "no answer"]
    assert [row["gain, bps"] for row in rows] == [0.3, -0.4, 0.2, 0.0]
    assert (rows[0]["worth"], rows[0]["a better action"]) == ("right", "finish")
    assert found.notes == ()


def test_a_gain_looks_good_and_a_loss_bad() -> None:
    looks = []
    for gain, worth in ((0.5, Worth.RIGHT), (-0.5, Worth.WRONG)):
        one = story()
        one.messages += [*judged(1, "hold"), *valued(1, gain, worth)]
        looks.append(("fgood" in chart(one).svg, "fbad" in chart(one).svg))
    assert looks == [(True, False), (False, True)]


def test_of_many_decisions_the_drawing_has_one_row_each_and_the_table_all() -> None:
    one = story()
    for at in range(ROWS_MAX + 2):
        one.messages += [*judged(at, "hold"), *valued(at, 0.3, over=OVER)]
    found = chart(one)
    assert found.svg.count("hold</text>") == ROWS_MAX and "over finish</text>" not in found.svg
    assert len(found.tables[0].rows) == 3 * (ROWS_MAX + 2)


def test_hindsight_stands_under_its_caveat() -> None:
    one = story()
    one.messages += [*judged(1, "hold"), *valued(1, 0.3, Worth.HINDSIGHT, OVER, half=None)]
    found = chart(one)
    assert "hindsight" in found.notes[0] and "None was right or wrong" in found.about


def test_decisions_that_are_all_idle_are_told_and_not_drawn() -> None:
    one = story()
    one.messages += [*judged(1, "continue"), *valued(1, 0.0, Worth.IDLE)]
    found = chart(one)
    assert found.svg == "" and "nothing otherwise" in found.notes[0]
    assert len(found.tables[0].rows) == 1
