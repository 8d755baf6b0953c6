"""The fees that apply are those of a named tier, or a pair that somebody states."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from steersman.domain.fees import with_fee_tier
from steersman.domain.instrument import Category
from steersman.domain.specs import SPECS, find
from steersman.errors import UsageError

BTC = find("BTCUSDT", venue="bybit", category=Category.LINEAR)
CHOICES = {
    ("bybit", Category.SPOT): "vip0 vip1 vip2 vip3 vip4 vip5 supreme",
    ("bybit", Category.LINEAR): "vip0 vip1 vip2 vip3 vip4 vip5 supreme pro1 pro2 pro3 pro4 pro5 "
    "pro6",
    ("bybit", Category.INVERSE): "vip0 vip1 vip2 vip3 vip4 vip5 supreme pro1 pro2",
    ("binance", Category.SPOT): "vip0 vip1 vip2 vip3 vip4 vip5 vip6 vip7 vip8 vip9",
    ("binance", Category.LINEAR): "vip0 vip1 vip2 vip3 vip4 vip5 vip6 vip7 vip8 vip9",
}


@pytest.mark.parametrize(
    ("symbol", "category", "venue", "tier", "maker", "taker"),
    [
        ("BTCUSDT", Category.LINEAR, "bybit", "vip1", "1.8", "4"),
        ("BTCUSDT", Category.LINEAR, "bybit", "supreme", "0", "3"),
        ("BTCUSDT", Category.LINEAR, "bybit", "pro6", "0", "1.8"),
        ("BTCUSD", Category.INVERSE, "bybit", "pro2", "0.5", "3.2"),
        ("BTCUSDT", Category.SPOT, "bybit", "vip3", "6.25", "7.5"),
        ("ETHUSDT", Category.LINEAR, "binance", "vip9", "0", "1.7"),
        ("ETHUSDT", Category.SPOT, "binance", "vip5", "2.5", "3.1"),
        ("BTCUSDT", Category.LINEAR, "sim", "vip2", "1.6", "3.75"),  # trades under Bybit's rules
    ],
)
def test_a_tier_gives_its_fees_and_changes_nothing_else(
    symbol: str, category: Category, venue: str, tier: str, maker: str, taker: str
) -> None:
    plain = find(symbol, category=category, venue=venue)
    chosen = with_fee_tier(plain, tier)
    assert (chosen.maker_fee_bps, chosen.taker_fee_bps) == (Decimal(maker), Decimal(taker))
    assert with_fee_tier(chosen, "vip0") == plain


@pytest.mark.parametrize(("venue", "category"), CHOICES)
def test_higher_tiers_never_pay_more_and_makers_never_more_than_takers(
    venue: str, category: Category
) -> None:
    plain = next(s for s in SPECS if (s.venue, s.category) == (venue, category))
    tiers = {name: with_fee_tier(plain, name) for name in CHOICES[venue, category].split()}
    assert tiers["vip0"] == plain
    ladders = [
        [tiers[name] for name in tiers if name.startswith("pro") is pro] for pro in (False, True)
    ]
    for ladder in ladders:
        for lower, higher in pairwise(ladder):
            assert higher.maker_fee_bps <= lower.maker_fee_bps
            assert higher.taker_fee_bps <= lower.taker_fee_bps
            assert higher != lower
    assert all(tier.maker_fee_bps <= tier.taker_fee_bps for tier in tiers.values())


@pytest.mark.parametrize("name", ["vip1", "VIP 1", "vip-1", "Vip_1"])
def test_a_name_is_read_as_people_write_it(name: str) -> None:
    assert with_fee_tier(BTC, name).taker_fee_bps == 4


def test_an_unknown_tier_lists_the_choices() -> None:
    for (venue, category), names in CHOICES.items():
        plain = next(s for s in SPECS if (s.venue, s.category) == (venue, category))
        with pytest.raises(UsageError) as caught:
            with_fee_tier(plain, "gold")
        assert caught.value.message == f"{plain.id} has no fee tier 'gold'"
        assert f"choose one of {', '.join(names.split())}, or give" in caught.value.remedy


def test_a_share_has_no_tiers_but_takes_a_pair() -> None:
    aapl = find("AAPL")
    with pytest.raises(UsageError, match=r"has no fee tier 'vip1'; give maker:taker"):
        with_fee_tier(aapl, "vip1")
    assert with_fee_tier(aapl, "-0.2:0.3").taker_fee_bps == Decimal("0.3")


def test_a_stated_rebate_pays_the_maker() -> None:
    own = with_fee_tier(BTC, "-0.5:2.5")
    assert own.fee(Decimal(60_000), Decimal("0.5"), maker=True) == Decimal("-1.5")
    assert own.fee(Decimal(60_000), Decimal("0.5"), maker=False) == Decimal("7.5")


@pytest.mark.parametrize("pair", [":", "1:", "a:2", "1:2:3", "nan:1", "1:inf", "100.1:1", "1:-101"])
def test_a_pair_that_is_none_is_refused(pair: str) -> None:
    with pytest.raises(UsageError, match="maker:taker"):
        with_fee_tier(BTC, pair)
