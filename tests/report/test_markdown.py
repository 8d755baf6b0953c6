"""The report as Markdown: whole, cut where long, and without markup from outside."""

from __future__ import annotations

import re

from steersman.report.build import report_of
from steersman.report.markdown import ROWS_SHOWN, markdown
from tests.report.told import Told
from tests.tca.story import Story


def test_figures_and_headings_are_there() -> None:
    text = markdown(report_of(Told().whole().cases(), "steersman report a.journal"))
    for heading in ("## Targets", "### T1 Cost", "### T12 Limits", "## Reproduce"):
        assert heading in text
    assert "| spread | −20.000 |" in text
    assert "    steersman report a.journal\n" in text
    assert "    steersman run --symbol TST" in text


def test_tables_are_regular() -> None:
    text = markdown(report_of(Told().whole().cases()))
    lines = text.splitlines()
    for above, rule, row in zip(lines, lines[1:], lines[2:], strict=False):
        if set(rule) <= set("| -:") and rule.startswith("| -"):
            assert above.count("|") == rule.count("|") == row.count("|")


def test_text_from_outside_is_plain_text() -> None:
    text = markdown(
        report_of(Told(words="<img src=x> | [a](http://e.example) **b**\nc").whole().cases())
    )
    assert not re.search(r"(?<!\\)(<img|\[a|\*\*b)", text)
    assert "\\<img src=x\\> \\| \\[a\\](http://e.example) \\*\\*b\\*\\* c" in text


def test_long_tables_are_cut_and_say_so() -> None:
    story = Story(qty="100").run("99", "101")
    for at in range(1, 31):
        story.place("1", "101")
        story.fill(at, "1", "101")
    text = markdown(report_of(Told(story=story).cases()))
    assert f"{30 - ROWS_SHOWN} more rows are in the JSON." in text


def test_problems_come_first() -> None:
    text = markdown(report_of(Told(sealed=False).whole().cases()))
    assert text.index("Read this first") < text.index("## Targets")
