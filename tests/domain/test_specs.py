from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import SPECS, find
from steersman.errors import UsageError


def test_ids_are_unique() -> None:
    assert len({spec.id for spec in SPECS}) == len(SPECS)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_rules_are_consistent(spec: Instrument) -> None:
    assert spec.lots(spec.min_qty) >= 1
    assert spec.maker_fee_bps <= spec.taker_fee_bps
    assert spec.settle == (spec.base if spec.category is Category.INVERSE else spec.quote)
    assert spec.symbol in (spec.base + spec.quote, spec.base)
    assert spec.ticks(Decimal(100_000)) < 2**31


def test_every_market_that_is_promised_ships() -> None:
    shipped = {spec.id for spec in SPECS}
    for venue, symbols in {
        "sim": "BTCUSDT.linear BTCUSDT.spot ETHUSDT.linear ETHUSDT.spot XRPUSDT.linear "
        "BTCUSD.inverse AAPL.equity",
        "binance": "BTCUSDT.linear BTCUSDT.spot ETHUSDT.linear ETHUSDT.spot",
        "bybit": "BTCUSDT.linear BTCUSDT.spot ETHUSDT.linear ETHUSDT.spot XRPUSDT.linear "
        "XRPUSDT.spot BTCUSD.inverse",
    }.items():
        assert {f"{venue}:{symbol}" for symbol in symbols.split()} <= shipped


def test_the_built_in_market_comes_first_and_perpetuals_before_spot() -> None:
    assert find("BTCUSDT").id == "sim:BTCUSDT.linear"
    assert find("btcusdt", category=Category.SPOT).id == "sim:BTCUSDT.spot"
    assert find("BTCUSDT", venue="binance").id == "binance:BTCUSDT.linear"
    assert find("BTCUSD", venue="bybit").id == "bybit:BTCUSD.inverse"
    assert find("AAPL").category is Category.EQUITY


def test_unknown_symbols_are_named_with_what_is_close() -> None:
    with pytest.raises(
        UsageError, match="unknown symbol 'BTCUSTD'; did you mean BTCUSD or BTCUSDT"
    ):
        find("BTCUSTD")
    with pytest.raises(UsageError, match="unknown symbol '§'; known: BTCUSDT, ETHUSDT"):
        find("§")


def test_markets_that_do_not_exist_are_named_with_those_that_do() -> None:
    with pytest.raises(UsageError, match=r"no AAPL spot; there is sim:AAPL\.equity"):
        find("AAPL", category=Category.SPOT)
    with pytest.raises(UsageError, match=r"no XRPUSDT at binance; there is sim:XRPUSDT\.linear"):
        find("XRPUSDT", venue="binance")
    with pytest.raises(UsageError, match="no BTCUSDT inverse at bybit; there is"):
        find("BTCUSDT", category=Category.INVERSE, venue="bybit")


@pytest.mark.parametrize(
    ("name", "category"),
    [("GetLinearInverseSymbols", Category.LINEAR), ("GetSpotSymbols", Category.SPOT)],
)
def test_bybits_rules_are_those_it_publishes(shared: Path, name: str, category: Category) -> None:
    folder = shared / "fixtures/bybit_net_mit/Endpoints/V5Api/ExchangeData"
    text = (folder / f"{name}.txt").read_text(encoding="utf-8-sig")
    (published,) = json.loads(text[text.index("{") :])["result"]["list"]
    spec = find(published["symbol"], category=category, venue="bybit")
    lots: dict[str, Any] = published["lotSizeFilter"]
    assert spec.tick == Decimal(published["priceFilter"]["tickSize"])
    assert spec.lot == Decimal(lots.get("qtyStep") or lots["basePrecision"])
    assert spec.min_qty == Decimal(lots["minOrderQty"])
    assert spec.min_notional >= Decimal(lots.get("minNotionalValue") or lots["minOrderAmt"])
    assert spec.base == published["baseCoin"]
    assert spec.settle == published.get("settleCoin", published["quoteCoin"])
