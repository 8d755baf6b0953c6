"""Masks hide what tells the asset, the venue or the day, and leave the rest as it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.advisor.masking import Mask

MASK = Mask("bybit:BTCUSDT.linear", Decimal(60_000))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (
            "Bitcoin jumps as BTC-USDT and btcusdt trade up",
            "the asset jumps as the asset and the asset trade up",
        ),
        (
            "Bitcoiners sell $BTC, BTC's worst day",
            "the asset sell $the asset, the asset's worst day",
        ),
        (
            "Ether and Solana follow; SOL, ETHUSDT too",
            "another asset and another asset follow; another asset, another asset too",
        ),
        ("Bitcoin Cash splits", "another asset splits"),
        ("Binance and BYBIT halt withdrawals", "a venue and a venue halt withdrawals"),
        ("Ruling of 12 March 2024, not 2024-03-12T10:00:00Z", "Ruling of a date, not a date"),
        ("Due Mar. 5, 2025 or 05/03/25, in May", "Due a date or a date, in a date"),
        ("By Friday 14:30 and 9:15 pm", "By a day a time and a time"),
        (
            "Best year since 2021, Q3 2024 and 1990s highs",
            "Best year since a year, a year and a year highs",
        ),
        ("falls to $58,200 from 60,300", "falls to a price (-3.0 %) from a price (+0.5 %)"),
        ("$64k next?", "a price (+6.7 %) next?"),
        (
            "ETF takes in $450 million, 2,150 BTC, up 3%",
            "ETF takes in $450 million, 2,150 the asset, up 3%",
        ),
        ("dot plot and link in may", "dot plot and link in may"),
        ("Apple pie", "another asset pie"),
        ("", ""),
    ],
)
def test_what_is_hidden(text: str, masked: str) -> None:
    assert MASK.of(text) == masked


def test_each_asset_hides_its_own_names() -> None:
    assert Mask("sim:AAPL.equity", Decimal(200)).of("Apple (AAPL) at $210, AMD at 210") == (
        "the asset (the asset) at a price (+5.0 %), AMD at 210"
    )
    assert Mask("sim:ETHUSDT.linear", None).of("Ethereum at $2,400") == "the asset at $2,400"
    assert Mask("XYZ", None).of("XYZ and xyz-usd, xyzzy") == "the asset and the asset, xyzzy"


def test_hostile_names_are_only_names() -> None:
    assert Mask("a(b:c[d.e", Decimal(1)).of("c[d and (x") == "the asset and (x"
    assert Mask("", None).of("text") == "text"
