"""Tables of funding rates: several spellings of one schedule, and everything that is none."""

from __future__ import annotations

import gzip
from decimal import Decimal as D
from pathlib import Path

import pytest

from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS
from steersman.errors import DataError
from steersman.marketdata.importers.funding import Rates, read_funding

BTC = find("BTCUSDT", venue="binance")
DAY_NS = 1_723_161_600 * 10**9  # 2024-08-09T00:00 UTC
DAY_MS = 1_723_161_600_000
EXPECTED = ((DAY_NS, D("0.65")), (DAY_NS + 8 * HOUR_NS, D("-1")))


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "funding.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "time,rate\n2024-08-09T00:00:00,0.000065\n2024-08-09T08:00:00Z,-0.0001\n",
        "time,rate\n2024-08-09T02:00:00+02:00,6.5e-5\n2024-08-09T08:00:00.012,-0.0001\n",
        f"calc_time,funding_interval_hours,last_funding_rate\n{DAY_MS},8,0.00006500\n"
        f"{DAY_MS + 28_800_004},8,-0.00010000\n",
        f"symbol,fundingTime,fundingRate,markPrice\nBTCUSDT,{DAY_MS},0.000065,61700\n"
        f"ETHUSDT,{DAY_MS},0.0009,2600\nBTCUSDT,{DAY_MS + 28_800_000},-0.0001,61000\n",
        f"symbol,fundingRate,fundingRateTimestamp\r\nBTCUSDT,0.000065,{DAY_MS}\r\n"
        f"BTCUSDT,-0.0001,{DAY_MS + 28_800_000}\r\n",
        'Symbol,Date,Funding Rate\n"BTC-USDT",2024-08-09 00:00:00.000,0.000065\n'
        "BTC-USDT,2024-08-09 08:00:00.001,-0.0001\n\n",
        "\ufefftime, rate\n2024-08-09 00:00, 0.000065\n2024-08-09 08:00, -0.0001\n",
    ],
)
def test_each_form_gives_the_same_rates_in_bps(tmp_path: Path, text: str) -> None:
    assert read_funding(table(tmp_path, text), BTC) == EXPECTED


def test_times_without_an_offset_are_local_where_that_is_said(tmp_path: Path) -> None:
    path = table(
        tmp_path, "time,rate\n2024-08-09T03:00:00,0.000065\n2024-08-09T08:00:00Z,-0.0001\n"
    )
    assert read_funding(path, BTC, 3) == EXPECTED


def test_the_period_may_change_and_the_table_be_packed(tmp_path: Path) -> None:
    path = tmp_path / "funding.csv.gz"
    times = ["00:00", "08:00", "12:00", "14:00", "15:00", "16:00"]
    rows = "".join(f"2024-08-09T{time},0.0001\n" for time in times)
    path.write_bytes(gzip.compress(f"time,rate\n{rows}".encode()))
    hours = [(at_ns - DAY_NS) // HOUR_NS for at_ns, _ in read_funding(path, BTC)]
    assert hours == [0, 8, 12, 14, 15, 16]


FIRST = "2024-08-09T00:00,0.0001\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,rate\n2024-08-09T00:00,nan\n", r":2: the rate nan is out of range"),
        ("time,rate\n2024-08-09T00:00,\n", r":2: the rate '' is not a number"),
        ("time,rate\n2024-08-09T00:00,0.0501\n", r"0.0501 is out of range"),
        ("time,rate\n2024-08-09T00:00,-inf\n", r"out of range"),
        ("time,rate\n2024-08-09T00:00\n", r":2: 1 fields, the header has 2"),
        (f"time,rate\n{FIRST}{FIRST}", r":3: a second rate for 2024-08-09T00:00Z; keep one"),
        (f"time,rate\n{FIRST}2024-08-08T16:00,0.0001\n", r":3: .* after a later time; sort"),
        (f"time,rate\n{FIRST}2024-08-09T16:00,0.0001\n", r"nothing for the 16 h before"),
        (f"time,rate\n{FIRST}2024-08-09T03:00,0.0001\n", r"nothing for the 3 h before"),
        (
            "time,rate\n2024-08-09T03:00,0.0001\n2024-08-09T11:00,0.0001\n",
            r"8 h periods do not end at 2024-08-09T11:00Z; state .*utc-offset",
        ),
        ("time,rate\n2024-08-09T00:30,0.0001\n", r"not at a whole hour"),
        ("time,rate\n2024-08-09T00:00:01,0.0001\n", r"not at a whole hour"),
        ("time,rate\nyesterday,0.0001\n", r"'yesterday' is not a time"),
        ("time,rate\n1723161600,0.0001\n", r"not a time of this century"),
        ("time,rate\n99999999999999999999,0.0001\n", r"is not a time"),
        ("time,price\n", r"has the columns time, price; begin it with a line `time,rate`"),
        ("date,time,rate\n", r"has the columns date, time, rate"),
        ("time,rate\n", r"has no rate of BTCUSDT"),
        ("symbol,time,rate\nETHUSDT,2024-08-09T00:00,0.0001\n", r"has no rate of BTCUSDT"),
        ("", r"is empty"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_line(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_funding(table(tmp_path, text), BTC)
    assert caught.value.remedy and "\n" not in str(caught.value)


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "funding.csv"
    path.write_bytes(b"time,rate\n\xff\xfe,1\n")
    with pytest.raises(DataError, match=":2: not a row of text"):
        read_funding(path, BTC)


@pytest.mark.parametrize(
    ("venue", "symbol", "rows", "first", "lowest"),
    [
        ("bybit", "BTC", 3_285, ("2021-01-01", "3.4729"), "-21.4698"),
        ("bybit", "ETH", 3_285, ("2021-01-01", "4.0403"), "-34.595"),
        ("binance", "BTC", 4_383, ("2020-01-01", "-1.2359"), "-30"),
        ("binance", "ETH", 4_383, ("2020-01-01", "1"), "-35.6332"),
    ],
)
def test_real_tables_are_read_whole(
    shared: Path, venue: str, symbol: str, rows: int, first: tuple[str, str], lowest: str
) -> None:
    path = shared / "data" / "funding" / f"{symbol}-USDT_{venue}_{first[0]}_2024-01-01.csv"
    spec = find(f"{symbol}USDT", venue=venue)
    rates: Rates = read_funding(path, spec, 3)
    assert len(rates) == rows
    assert all(at_ns % (8 * HOUR_NS) == 0 for at_ns, _ in rates)
    assert rates[0][1] == D(first[1])
    assert min(rate for _, rate in rates) == D(lowest)
    with pytest.raises(DataError, match=r":3: 8 h periods do not end"):
        read_funding(path, spec)  # its times are three hours ahead of UTC
