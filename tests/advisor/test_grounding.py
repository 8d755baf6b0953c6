"""A number in a reasoning is grounded where it was told, in whatever form of rounding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from steersman.advisor.context import gather
from steersman.advisor.grounding import numbers_in, ungrounded
from steersman.domain.advice import Advice
from steersman.domain.market import Signals
from steersman.domain.units import MINUTE_NS
from tests.advisor.questions import headline, question
from tests.engine.desk import BTC, T0, view

SIGNALS = Signals(
    BTC.id,
    T0,
    funding_rate_pct=0.0625,
    next_funding_ns=T0 + 45 * MINUTE_NS + 1,
    liquidation_price=Decimal(64_000),
    exchange_netflow_pct=-2.5,
)
ASKED = question(
    (headline("Bank buys 350 million of coin, up 7.5 %", number=7),),
    view=view(T0, flow_imbalance=-0.62, trend_bps=4.44),
    signals=SIGNALS,
)


def invented(reasoning: str, measured: str = "", **fields: Any) -> list[str]:
    advice = Advice(reasoning=reasoning, **fields)
    return [one.words for one in ungrounded(advice, ASKED, gather(ASKED), measured)[0]]


@pytest.mark.parametrize(
    "reasoning",
    [
        "flow -0.62 speaks against",
        "an imbalance of 0.6",
        "flow is -62 %",
        "trend +4.4 bps, or 4 bps",
        "funding 0.0625 %, 0.06 %, +0.063 %, 6.25 bps",
        "45 min to funding",
        "liquidations at 64,000, or 64000, or 64k",
        "netflow -2.5 %, that is 2.5 % out",
        "headline n7: 350 million, 0.35 bn, up 7.5 percent",
        "mid 60,000 with a spread of 0.03 bps",
        "600 s or 10 min of horizon",
        "order of 10 coins",
        "2 of 3 headlines point up",
        "as of 2024-08-09T12:00:00 and 14:30 in 2026, 24/7",
        "100 % of the schedule's pace",
        "no number at all",
    ],
)
def test_what_was_told_is_grounded(reasoning: str) -> None:
    assert invented(reasoning) == []


@pytest.mark.parametrize(
    ("reasoning", "words"),
    [
        ("flow +0.62 speaks for it", "+0.62"),
        ("flow 0.71", "0.71"),
        ("trend 44 bps", "44 bps"),
        ("funding 0.08 %", "0.08 %"),
        ("90 min to funding", "90 min"),
        ("liquidations at 61,500", "61,500"),
        ("350 billion bought", "350 billion"),
        ("expected to fall 15%", "15%"),
        ("a move of 1e30 bps", "1e30 bps"),
    ],
)
def test_what_was_not_told_is_named(reasoning: str, words: str) -> None:
    assert invented(reasoning) == [words]


def test_an_advice_may_quote_itself() -> None:
    assert invented("pace 137 %, so 37 % faster, for 90 s", pace_pct=137, ttl_s=90) == []
    assert invented("pace 137 %", pace_pct=150) == ["137 %"]


def test_code_may_quote_what_a_model_measured() -> None:
    assert invented("probability 0.8765") == ["0.8765"]
    assert invented("probability 0.88", measured='{"probability":0.8765}') == []


def test_thousands_signs_ranges_and_units_are_read() -> None:
    read = [(n.value, n.sign, n.unit) for n in numbers_in("-1,250.5 bps, 5-17 %, +3 M, .5, 1e3x")]
    assert read == [
        (1250.5, -1, "bps"),
        (17.0, 0, "%"),
        (3e6, 1, ""),
        (0.5, 0, ""),
        (1000.0, 0, ""),
    ]
