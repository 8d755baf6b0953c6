"""What stood in the way: refusals by rule, alerts, faults, interventions."""

from __future__ import annotations

import pytest

from steersman.domain.market import MarketNote, NoteKind
from steersman.domain.messages import (
    Alert,
    Command,
    Intervened,
    MarketNoted,
    Refused,
    Started,
    Tick,
    Unanswered,
)
from steersman.engine.engine import process, start
from steersman.tca.incidents import incidents, limits_touched
from tests.tca.story import Story, ns


def test_refusals_are_counted_by_rule_with_their_first_words() -> None:
    story = Story().run("99", "101")
    for at, rule, detail in ((1, "pace", "a"), (2, "pace", "b"), (3, "max_spread_bps", "c")):
        story.messages.append(Tick(ns(at)))
        story.messages.append(Refused("p", rule, detail, None))
        story.messages.append(Refused("other", rule, detail, None))
    pace, spread = limits_touched(story.messages, "p")
    assert (pace.rule, pace.refusals, pace.detail) == ("pace", 2, "a")
    assert (pace.first_ns, pace.last_ns) == (ns(1), ns(2))
    assert (spread.rule, spread.refusals) == ("max_spread_bps", 1)


@pytest.mark.parametrize("kind", NoteKind)
def test_a_fault_of_the_data_is_one_incident(kind: NoteKind) -> None:
    """The engine tells people of a note in an alert."""
    story = Story()
    started = story.messages[0]
    assert isinstance(started, Started)
    noted = MarketNoted(ns(1), story.spec.id, MarketNote(kind, 3, ns(1), ns(1)))
    _, effects = process(start(started), noted)
    assert [type(effect) for effect in effects] == [Alert]
    story.messages += [noted, *effects]
    (found,) = incidents(story.messages, "p", story.spec.id)
    severity = "info" if kind is NoteKind.RECOVERED else "warning"
    assert (found.text, found.severity) == (kind.value, severity)


def test_only_what_concerns_the_order_is_told() -> None:
    story = Story().run("99", "101")
    child = story.place("1", "99")
    story.messages += [
        Alert("warning", "shortfall", "p", "dear"),
        Alert("warning", "shortfall", "other", "not ours"),
        Alert("critical", "foreign_order", None, "whose is it?"),
        MarketNoted(ns(2), story.spec.id, MarketNote(NoteKind.GAP, 1, 0, 0)),
        MarketNoted(ns(2), "elsewhere", MarketNote(NoteKind.GAP, 1, 0, 0)),
        Intervened(ns(3), Command.PAUSE, "p", "lunch"),
        Intervened(ns(3), Command.PAUSE, "other", "lunch"),
    ]
    story.report(4, Unanswered(child, ns(4)))
    found = incidents(story.messages, "p", story.spec.id)
    assert [(one.at_ns, one.kind, one.text) for one in found] == [
        (0, "alert", "shortfall: dear"),
        (0, "alert", "foreign_order: whose is it?"),
        (ns(2), "market data", "gap"),
        (ns(3), "intervention", "pause: lunch"),
        (ns(4), "venue", "no answer about p-1"),
    ]
