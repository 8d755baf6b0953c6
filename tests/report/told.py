"""Orders told by hand and measured, for reports about them; times in seconds after 2025-01-06."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from steersman.domain.messages import Effect, Input, ParentState
from steersman.domain.order import Style, TimeInForce
from steersman.journal import Journal
from steersman.report.build import Report
from steersman.report.cases import Case, Source, cases_of
from tests.tca.story import Story
from tests.tca.test_decisions import judged

HASH = "ab" * 32


@dataclass
class Told:
    """A story with all that a chart can draw; `words` stand where text comes from outside."""

    words: str = "told so"
    sealed: bool = True
    story: Story = field(default_factory=lambda: Story(qty="10"))

    def whole(self) -> Told:
        """A completed order: 4 taken at 101, 6 made at 99, with advice, while the mid is 100."""
        story = self.story.run("99", "101").schedule("4")
        story.messages += judged(1, self.words)
        story.place("4", "101")
        story.fill(6, "4", "101", fee="0.06").schedule("10").view(8, "99", "101")
        story.place("6", "99", TimeInForce.POST_ONLY, Style.PASSIVE)
        story.fill(12, "6", "99", maker=True, fee="-0.05")
        return self.ended(ParentState.COMPLETED)

    def ended(self, state: ParentState, at: float = 12) -> Told:
        self.story.view(at, "99", "101").change(state, self.words)
        return self

    @property
    def messages(self) -> Sequence[Input | Effect]:
        return self.story.messages

    def cases(self, name: str = "a.journal") -> list[Case]:
        source = Source(name, len(self.messages), HASH, 0, 12 * 10**9, self.sealed)
        return cases_of(self.messages, source)

    def write(self, path: Path) -> Path:
        """Keep the messages in a journal."""
        with Journal.create(path) as journal:
            for message in self.messages:
                journal.append(message)
        return path


def drawings(report: Report) -> list[ElementTree.Element]:
    """Return every drawing of a report, parsed as XML."""
    return [ElementTree.fromstring(chart.svg) for chart in report.charts if chart.svg]
