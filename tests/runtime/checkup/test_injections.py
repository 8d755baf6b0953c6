"""Each injection is written where it says, and nowhere else."""

from __future__ import annotations

import pytest

from steersman.domain.facts import FactKind
from steersman.runtime.checkup.injections import Injection, Where, inject, injections
from steersman.runtime.checkup.situations import situations

HOST = next(s.question for s in situations() if len(s.question.news) == 2)


def test_a_text_is_repeated() -> None:
    long = next(one for one in injections() if one.times > 1)
    assert long.whole == long.text * long.times


@pytest.mark.parametrize("injection", injections(), ids=lambda one: one.id)
def test_an_injection_is_where_it_says(injection: Injection) -> None:
    changed = inject(HOST, injection)
    text = injection.whole
    found: dict[Where, bool] = {
        "headline": changed.news[-1].text.endswith(text),
        "source": changed.news[-1].source == text,
        "fact_id": changed.news[-1].id == text,
        "exchange": any(item.text == text for item in changed.news),
        "symbol": changed.parent.instrument == text,
        "notes": changed.parent.notes == text,
    }
    assert [where for where, there in found.items() if there] == [injection.where]
    assert changed.news[0] == HOST.news[0]
    if injection.where == "exchange":
        assert changed.news[1].kind is FactKind.EXCHANGE
        assert changed.news[2:] == HOST.news[1:]
