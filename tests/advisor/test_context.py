"""Facts: the whole of a question in one shape, with ids that an advice may name."""

from __future__ import annotations

import pytest

from steersman.advisor.context import gather
from steersman.domain.facts import STATE_FACTS, TOLD_KINDS, Fact, FactKind
from steersman.domain.market import Signals
from steersman.domain.units import Side
from tests.advisor.questions import headline, question
from tests.advisor.situations import full, hostile, quiet, told
from tests.engine.desk import BTC, T0, view


def facts_of(facts: tuple[Fact, ...]) -> dict[str, Fact]:
    assert len({fact.id for fact in facts}) == len(facts)
    return {fact.id: fact for fact in facts}


def test_every_item_is_a_fact_with_its_age_and_every_id_may_be_named() -> None:
    asked = question((headline("Something happened", age_s=40),))
    facts = facts_of(gather(asked))
    assert facts["n1"].text == "Something happened"
    assert facts["n1"].age_s == 40
    assert facts.keys() <= STATE_FACTS | {"n1"}


def test_what_is_not_known_is_not_there() -> None:
    facts = facts_of(gather(quiet()))
    assert facts.keys() == {"view", "progress", "regime", "session"}
    assert "average_against_arrival_bps" not in facts["progress"].numbers
    blind = facts_of(gather(question(view=view(T0, best_bid=None, microprice=None))))
    assert "spread_bps" not in blind["view"].numbers
    empty = facts_of(gather(question(signals=Signals(BTC.id, T0))))
    assert empty["signals"].numbers == {}


def test_the_market_is_told_relative_to_the_order() -> None:
    numbers = facts_of(gather(full()))["view"].numbers
    assert numbers["spread_bps"] == pytest.approx(0.2 / 60_000 * 1e4)
    assert numbers["microprice_bps"] == pytest.approx(0.05 / 60_000 * 1e4)
    assert numbers["touch_imbalance"] == pytest.approx((2 - 5) / 7)
    assert numbers["depth_bid_5bps_x"] == pytest.approx(4 / 6)
    assert numbers["depth_ask_10bps_x"] == pytest.approx(5 / 6)
    assert numbers["volume_per_min_x"] == pytest.approx(2 * 60 / 6)
    assert (numbers["feed_age_ms"], numbers["seen_s"]) == (5, 60)


def test_progress_is_told_in_shares_and_costs_are_positive_when_paid() -> None:
    numbers = facts_of(gather(full()))["progress"].numbers  # a sell
    assert numbers["time_pct"] == 50 and numbers["time_left_min"] == 60
    assert (numbers["filled_pct"], numbers["working_pct"]) == (40, 5)
    assert numbers["schedule_gap_pct"] == -10
    assert numbers["average_against_arrival_bps"] == pytest.approx(30 / 60_100 * 1e4)
    assert numbers["market_against_arrival_bps"] == pytest.approx(100 / 60_100 * 1e4)
    assert numbers["participation_pct"] == pytest.approx(4 / 704 * 100)
    assert numbers["volume_seen_pct"] == pytest.approx(700 / 1200 * 100)


def test_every_signal_that_is_known_is_told() -> None:
    fact = facts_of(gather(full()))["signals"]
    assert fact.age_s == 20
    assert fact.numbers == pytest.approx(
        {
            "funding_rate_pct": 0.06,
            "next_funding_min": 42,
            "last_funding_rate_pct": 0.03,
            "last_funding_min": -438,
            "open_interest_change_pct": -1.2,
            "price_change_pct": -0.8,
            "exchange_netflow_pct": 1.5,
            "chain_congestion_pct": 93,
            "deposits_halted": 0,
            "withdrawals_halted": 1,
            "liquidations_at_bps": -100,
            "liquidations_of_longs": 1,
            "liquidations_m_quote": 12.5,
        }
    )


def test_impact_regime_and_session_are_facts() -> None:
    facts = facts_of(gather(full()))
    assert facts["impact"].numbers["estimated_impact_bps"] == 3.0
    assert facts["impact"].numbers["confidence_high_bps"] == 46.0
    assert facts["regime"].text == "volatile"
    assert facts["session"].text == "Europe and United States"
    assert facts["session"].numbers == {"hour_utc": 14, "weekend": 0}


@pytest.mark.parametrize("kind", sorted(TOLD_KINDS))
def test_every_kind_of_what_is_told_becomes_a_fact_by_text_or_by_figures(kind: FactKind) -> None:
    items = (
        told(1, "in words", 5, kind=kind, trust_pct=70),
        told(2, "", 5, kind=kind, numbers={"change_pct": 1.5}),
    )
    facts = facts_of(gather(question(items)))
    assert (facts["n1"].kind, facts["n1"].text, facts["n1"].trust_pct) == (kind, "in words", 70)
    assert (facts["n2"].kind, facts["n2"].numbers) == (kind, {"change_pct": 1.5})


def test_what_is_left_out_is_told() -> None:
    facts = gather(full())
    assert [fact.id for fact in facts[-5:]] == ["n3", "n1", "n5", "n4", "left_out"]
    assert facts[-1].numbers == {"repeats": 1, "texts_cut": 1}
    assert facts[-1].text == "1 items left out, 1 texts cut"


def test_no_stranger_passes_for_what_is_made_here() -> None:
    facts = gather(hostile())
    ours = [fact for fact in facts if fact.kind not in TOLD_KINDS]
    assert {fact.id for fact in ours} == {"view", "progress", "regime", "session"}
    assert facts_of(facts)["n2"].numbers == {"ok_pct": 2.0}
    assert "\n" not in "".join(fact.text for fact in facts)


def test_the_same_question_gives_the_same_facts_and_the_mirror_image_mirrored_ones() -> None:
    assert gather(full()) == gather(full())
    buy, sell = (
        facts_of(gather(question(side=side, view=view(T0, trend_bps=trend))))
        for side, trend in ((Side.BUY, 3.0), (Side.SELL, -3.0))
    )
    assert buy["view"].numbers["trend_bps"] == -sell["view"].numbers["trend_bps"]
    assert buy["progress"] == sell["progress"]
