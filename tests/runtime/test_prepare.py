"""A request becomes a job, or one line that names what is wrong with it and what to do."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steersman.config import Settings
from steersman.domain.instrument import Category
from steersman.domain.market import MarketView
from steersman.domain.messages import Filled, Reported, Wake
from steersman.domain.order import AlgoName
from steersman.domain.units import MS_NS, SECOND_NS
from steersman.errors import ConfigError, DataError, SteersmanError, UsageError
from steersman.journal import Journal
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, LAST, SNAPSHOT, TRADE
from steersman.marketdata.rows import Events
from steersman.runtime.backtest import MARKOUT_NS, Job, run_job
from steersman.runtime.prepare import prepare
from steersman.runtime.texts import parse_time_ns
from steersman.tca.measure import measure
from steersman.venues.flow import START_NS, volume_curve
from tests.marketdata.sample import PERP, SPOT, write_history
from tests.marketdata.sample import START_NS as RECORDED_NS
from tests.runtime.runs import job, request

RECORDED_S = 90
TICK = 618_000


def recording(seconds: int = RECORDED_S) -> Events:
    """Record a quiet market: a book of five levels a side, and ten small events a second."""
    rows: list[tuple[int, ...]] = [(RECORDED_NS, RECORDED_NS, 0, 0, CLEAR, 0, 0)]
    for away in range(1, 6):
        for side in (1, -1):
            tick = TICK - side * away
            rows.append((RECORDED_NS, RECORDED_NS, 5_000, tick, SNAPSHOT, side, 0))
    rows[-1] = (*rows[-1][:6], LAST)
    for number in range(1, 10 * seconds + 1):
        at_ns = RECORDED_NS + number * 100 * MS_NS
        side = 1 if number % 2 else -1
        kind, lots = (TRADE, 10) if number % 5 == 0 else (DEPTH, 4_000 + number)
        tick = TICK + side if kind == TRADE else TICK - 2 * side
        rows.append((at_ns, at_ns, lots, tick, kind, side, LAST))
    return np.array(rows, EVENT)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_history(tmp_path_factory.mktemp("prepare") / "history", (PERP, recording())))


def refused(settings: Settings | None = None, **changes: Any) -> SteersmanError:
    """Ask for what cannot be, and check that the refusal is one line with a remedy."""
    with pytest.raises(SteersmanError) as caught:
        job(settings, **changes)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value


def told(settings: Settings | None = None, **changes: Any) -> tuple[Job, list[str]]:
    said: list[str] = []
    return prepare(request(**changes), settings or Settings({}), said.append), said


# -- the generated market -------------------------------------------------------------------------
def test_a_plain_request_becomes_the_job_it_describes() -> None:
    made, said = told(
        limit_price=Decimal("70000.1"), decision_price=Decimal(60_000), urgency=Decimal("0.8")
    )
    order = made.order
    assert said == []
    assert order.instrument == made.instrument.id == made.venue.instrument.id
    assert order.instrument == "sim:BTCUSDT.linear"
    assert order.id == "P1"
    assert [order.qty, order.urgency] == [2, Decimal("0.8")]
    assert [order.limit_price, order.decision_price] == [Decimal("70000.1"), 60_000]
    assert order.decision_ns == order.start_ns == START_NS + 30 * SECOND_NS
    assert order.horizon_ns == 300 * SECOND_NS
    assert (made.seed, made.supervisor, made.news) == (3, None, ())
    assert made.limits.max_position == 2
    assert made.volume_curve == volume_curve("BTCUSDT", Category.LINEAR)
    assert made.venue.now_ns == START_NS


def test_what_was_not_asked_for_is_not_in_the_order() -> None:
    order = job().order
    assert (order.limit_price, order.decision_price, order.decision_ns) == (None, None, None)


def test_settings_decide_where_the_request_says_nothing() -> None:
    tables = {"execution": {"urgency": "0.9"}, "limits": {"max_position": "7"}}
    made, _ = told(Settings(tables))
    assert made.order.urgency == Decimal("0.9")
    assert made.limits.max_position == 7
    assert job(Settings(tables), urgency=Decimal("0.1")).order.urgency == Decimal("0.1")
    with pytest.raises(ConfigError, match="envelope"):
        job(Settings({"execution": {"envelope": "2"}}))
    with pytest.raises(ConfigError, match="max_order_size"):
        job(Settings({"limits": {"max_order_size": "0"}}))


@pytest.mark.parametrize(
    ("start", "after_s"), [(None, 30), ("2m", 120), ("1ms", 0.001), ("2025-01-06T15:10:00", 600)]
)
def test_the_start_is_a_time_or_a_time_after_the_beginning(start: str, after_s: float) -> None:
    assert START_NS == parse_time_ns("2025-01-06T15:00:00")
    assert job(start=start).order.start_ns == START_NS + round(after_s * SECOND_NS)


def test_the_generated_market_lasts_for_the_order_and_its_markouts() -> None:
    made = job(horizon="1m")
    end_ns = made.order.deadline_ns + MARKOUT_NS
    step = made.venue.run(Wake(made.instrument.id, end_ns, None, None))
    assert (step.now_ns, step.ended) == (end_ns, False)
    assert step.view.usable


def test_the_seed_is_that_of_the_market() -> None:
    def seen(seed: int) -> MarketView:
        made = job(seed=seed)
        return made.venue.run(Wake(made.instrument.id, made.order.start_ns, None, None)).view

    assert seen(3) == seen(3)
    assert seen(3) != seen(4)


@pytest.mark.parametrize(
    ("symbol", "category", "qty", "instrument"),
    [
        ("btcusdt", Category.SPOT, "2", "sim:BTCUSDT.spot"),
        ("ETHUSDT", None, "10", "sim:ETHUSDT.linear"),
        ("BTCUSD", None, "5000", "sim:BTCUSD.inverse"),
        ("AAPL", Category.EQUITY, "100", "sim:AAPL.equity"),
    ],
)
def test_each_kind_of_contract_has_its_market(
    symbol: str, category: Category | None, qty: str, instrument: str
) -> None:
    made = job(symbol=symbol, category=category, qty=Decimal(qty))
    assert made.instrument.id == instrument
    step = made.venue.run(Wake(instrument, made.order.start_ns, None, None))
    assert step.view.usable


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": "BTCUSTD"}, "unknown symbol 'BTCUSTD'; did you mean"),
        ({"category": Category.EQUITY}, "no BTCUSDT equity"),
        ({"horizon": "soon"}, "'soon' is not a duration"),
        ({"horizon": "29s"}, "a horizon of 29 s is shorter than one slice of 30 s"),
        ({"start": "soon"}, "'soon' is not a time"),
        ({"start": ""}, "'' is not a time"),
        ({"start": "2020-01-01"}, "sim:BTCUSDT.linear"),
        ({"qty": Decimal("0.0005")}, "not a multiple of the lot 0.001; use 0 or 0.001"),
        ({"qty": Decimal("1.00005")}, "not a multiple of the lot 0.001"),
        ({"qty": Decimal("0.005")}, "quantity 0.005 is below the minimum 0.01; order at least"),
        ({"qty": Decimal(0)}, "quantity must be positive"),
        ({"qty": Decimal(-3)}, "quantity must be positive"),
        ({"qty": Decimal("NaN")}, "quantity must be positive"),
        ({"qty": Decimal("Infinity")}, "quantity must be positive"),
        ({"limit_price": Decimal("60000.05")}, "not a multiple of the tick 0.1"),
        ({"limit_price": Decimal(0)}, "limit_price must be positive"),
        ({"decision_price": Decimal(-1)}, "decision_price must be positive"),
        ({"urgency": Decimal("1.5")}, "urgency must lie between 0 and 1"),
        ({"base": AlgoName.ADAPTIVE}, "base must be a classic algorithm"),
        ({"parent_id": "not an id"}, "parent id 'not an id'"),
    ],
)
def test_what_can_never_be_valid_is_refused_before_anything_runs(
    changes: dict[str, Any], words: str
) -> None:
    error = refused(**changes)
    assert isinstance(error, UsageError)
    assert words in str(error)


def test_the_minimum_is_the_larger_of_the_venues_and_the_settings() -> None:
    small = Settings({"execution": {"min_order_size": "0.001"}})
    assert job(small, qty=Decimal("0.005")).order.qty == Decimal("0.005")
    large = Settings({"execution": {"min_order_size": "5"}})
    error = refused(large, symbol="AAPL", qty=Decimal(1))
    assert str(error) == "AAPL quantity 1 is below the minimum 5; order at least 5 AAPL"
    assert job(symbol="AAPL", qty=Decimal(1)).order.qty == 1
    tiny = Settings({"execution": {"min_order_size": "0.000001"}})
    error = refused(tiny, category=Category.SPOT, qty=Decimal("0.000047"))
    assert "below the minimum 0.000048" in error.message


def test_a_shorter_slice_allows_a_shorter_horizon() -> None:
    assert job(horizon="30s").order.horizon_ns == 30 * SECOND_NS
    short = Settings({"execution": {"slice_s": 10}})
    assert job(short, horizon="10s").order.horizon_ns == 10 * SECOND_NS


@pytest.mark.parametrize(
    "qty", ["1.0000000000000000000000000000001", "2.000999999999999999999999999999999"]
)
def test_a_quantity_off_the_lot_by_however_little_is_refused(qty: str) -> None:
    assert "not a multiple of the lot" in str(refused(qty=Decimal(qty)))


def test_an_absurd_quantity_is_a_usage_error() -> None:
    assert isinstance(refused(qty=Decimal("1e999999")), UsageError)


def test_a_start_before_the_generated_market_is_refused() -> None:
    assert "--start" in refused(start="2025-01-06T14:59:00").remedy


def test_headlines_come_with_the_job(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text('{"time": "2025-01-06T15:01:00", "text": "soon"}', encoding="utf-8")
    assert [item.text for item in job(news=str(path)).news] == ["soon"]
    error = refused(news=str(tmp_path / "absent.jsonl"))
    assert isinstance(error, DataError)


# -- recorded markets -----------------------------------------------------------------------------
def test_a_recorded_market_is_replayed_under_its_own_rules(history: str) -> None:
    made = job(market=history, horizon="1m")
    assert made.instrument == PERP
    assert made.order.instrument == "binance:BTCUSDT.linear"
    with Journal.create(None) as journal:
        result = run_job(made, journal)
    assert result.parent.order == made.order
    assert result.parent.terminal
    assert not result.market_ended
    assert not result.tape.complete, "the recording ends before the last mark-out"


@pytest.mark.parametrize(
    ("horizon", "after_s"),
    [("30s", 30), ("58s", 30), ("60s", 28), ("80s", 8), ("87s", 1)],
)
def test_the_order_starts_warmed_up_or_as_late_as_the_recording_allows(
    history: str, horizon: str, after_s: int
) -> None:
    order = job(market=history, horizon=horizon).order
    assert order.start_ns == RECORDED_NS + after_s * SECOND_NS
    assert order.deadline_ns <= RECORDED_NS + (RECORDED_S - 2) * SECOND_NS


@pytest.mark.parametrize("start", ["20s", "2024-08-09T00:00:20", "2024-08-09T02:00:20+02:00"])
def test_a_recorded_start_may_be_given_either_way(history: str, start: str) -> None:
    order = job(market=history, horizon="30s", start=start).order
    assert order.start_ns == RECORDED_NS + 20 * SECOND_NS


@pytest.mark.parametrize(
    ("horizon", "start", "longest_s"),
    [("5m", None, 87), ("88s", None, 87), ("70s", "20s", 68), ("31s", "58s", 30)],
)
def test_a_horizon_that_does_not_fit_names_the_longest_that_does(
    history: str, horizon: str, start: str | None, longest_s: int
) -> None:
    error = refused(market=history, horizon=horizon, start=start)
    assert isinstance(error, UsageError)
    assert f"an order of {horizon} from 2024-08-09T00:00:" in error.message
    assert "from 2024-08-09T00:00:00 to 2024-08-09T00:01:30" in error.message
    assert error.remedy == f"use --horizon {longest_s}s at most, or another --start"
    assert job(market=history, horizon=f"{longest_s}s", start=start).order.horizon_ns == (
        longest_s * SECOND_NS
    )


@pytest.mark.parametrize(
    "start", ["89s", "5m", "2024-08-09T00:01:29", "2024-08-10", "2030-01-01T00:00:00"]
)
def test_a_start_after_the_recording_leaves_no_horizon_to_advise(history: str, start: str) -> None:
    error = refused(market=history, horizon="30s", start=start)
    assert isinstance(error, UsageError)
    assert error.remedy == "use another --start, or a longer recording"


@pytest.mark.parametrize("start", ["2024-08-08T23:59:59.999999", "2020-01-01", "0001-01-01"])
def test_a_start_before_the_recording_is_refused(history: str, start: str) -> None:
    error = refused(market=history, horizon="30s", start=start)
    assert isinstance(error, UsageError)
    assert "does not fit" in error.message and "--start" in error.remedy


def test_before_the_recording_no_horizon_is_advised(history: str) -> None:
    assert "--horizon" not in refused(market=history, horizon="30s", start="2020-01-01").remedy


def test_a_start_in_another_age_is_a_usage_error(history: str) -> None:
    assert isinstance(refused(market=history, start="9999999d"), UsageError)


def test_what_is_not_recorded_is_named_with_what_is(history: str) -> None:
    for changes in ({"symbol": "ETHUSDT"}, {"category": Category.SPOT}):
        error = refused(market=history, **changes)
        assert isinstance(error, UsageError)
        assert "it holds binance:BTCUSDT.linear" in str(error)


def test_a_symbol_in_two_categories_must_be_named_with_one(tmp_path: Path) -> None:
    folder = str(write_history(tmp_path / "h", (PERP, recording()), (SPOT, recording())))
    error = refused(market=folder, horizon="30s")
    assert isinstance(error, UsageError)
    assert "binance:BTCUSDT.linear, binance:BTCUSDT.spot; say which with --category" in str(error)
    assert job(market=folder, horizon="30s", category=Category.SPOT).instrument == SPOT


def test_an_order_is_checked_against_the_recorded_rules(history: str) -> None:
    error = refused(market=history, horizon="30s", qty=Decimal("1.0005"))
    assert "not a multiple of the lot 0.001" in str(error)


def test_a_folder_that_is_no_history_is_a_problem_of_data(tmp_path: Path, history: str) -> None:
    for market in (tmp_path, tmp_path / "absent", Path(history) / "manifest.json"):
        assert isinstance(refused(market=str(market)), DataError)


def test_a_damaged_history_is_refused_before_the_order_is_worked(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "h", (PERP, recording()))
    (part,) = folder.rglob("*.parquet")
    raw = bytearray(part.read_bytes())
    raw[len(raw) // 2] ^= 1
    part.write_bytes(raw)
    error = refused(market=str(folder), horizon="30s")
    assert isinstance(error, DataError)
    assert "checksum" in error.message


# -- fees -----------------------------------------------------------------------------------------
def test_the_fees_that_apply_are_in_the_instrument_and_its_market() -> None:
    settings = Settings({"fees": {"tier": "vip3"}})
    plain, tiered = job(), job(settings, fee_tier="VIP 1")
    assert [plain.instrument.maker_fee_bps, plain.instrument.taker_fee_bps] == [2, Decimal("5.5")]
    assert [tiered.instrument.maker_fee_bps, tiered.instrument.taker_fee_bps] == [Decimal("1.8"), 4]
    assert tiered.venue.instrument == tiered.instrument
    assert job(settings).instrument.taker_fee_bps == Decimal("3.5")
    assert "choose one of vip0, vip1" in refused(fee_tier="vip9").remedy


def test_a_recorded_market_takes_a_fee_tier(history: str) -> None:
    made = job(market=history, symbol="BTCUSDT", horizon="30s", fee_tier="vip9")
    assert (made.instrument.venue, made.instrument.taker_fee_bps) == ("binance", Decimal("1.7"))


def test_a_rebate_is_paid_by_the_venue_and_measured_as_a_gain() -> None:
    made = job(fee_tier="-1:3")
    with Journal.create(None) as journal:
        result = run_job(made, journal)
    report = measure(result.messages, made.order.id, result.tape)
    fills = [m.report for m in result.messages if isinstance(m, Reported)]
    fees = [(f.liquidity.value, f.fee) for f in fills if isinstance(f, Filled)]
    assert {kind for kind, fee in fees if fee < 0} == {"maker"}
    assert report.shortfall is not None
    assert report.shortfall.wagner.fees == sum(fee for _, fee in fees) == result.parent.fees
    assert report.document()["maker_fee_bps"] == "-1"


# -- funding --------------------------------------------------------------------------------------
def rates_file(tmp_path: Path, times: str) -> Path:
    path = tmp_path / "funding.csv"
    rows = "".join(f"{time},0.0001\n" for time in times.split())
    path.write_text(f"time,rate\n{rows}", encoding="utf-8")
    return path


def test_funding_rates_reach_the_market_they_are_given_for(tmp_path: Path) -> None:
    made, said = told(
        funding=rates_file(tmp_path, "2025-01-06T08:00 2025-01-06T16:00"), horizon="2h"
    )
    due_ns = parse_time_ns("2025-01-06T16:00")
    assert made.venue.funding_between(made.order.start_ns, made.order.deadline_ns) == (
        (due_ns, Decimal(1)),
    )
    assert said == []


def test_what_has_no_funding_takes_no_rates(tmp_path: Path) -> None:
    path = rates_file(tmp_path, "2025-01-06T16:00")
    assert "has no funding" in str(refused(funding=path, category=Category.SPOT))


def test_an_order_over_a_funding_time_without_its_rate_is_told_so(tmp_path: Path) -> None:
    path = rates_file(tmp_path, "2024-01-06T16:00")
    _, said = told(funding=path, horizon="2h")
    assert said == [
        f"no funding is charged: {path} has rates from 2024-01-06T16:00:00 to 2024-01-06T16:00:00"
    ]
    assert told(funding=path)[1] == []  # it ends before 16:00


def test_a_recording_has_the_regimes_it_had(history: str) -> None:
    assert "--regime" in refused(market=history, horizon="1m", regime="calm").remedy


def test_how_much_news_comes_true_is_a_share_of_a_generated_markets(history: str) -> None:
    for share in (-0.1, 1.1, float("nan")):
        error = refused(informativeness=share)
        assert "is no share of the news" in error.message and "from 0" in error.remedy
    assert "--informativeness" in refused(market=history, horizon="1m", informativeness=0.0).remedy
    venues = [job(regime="news", informativeness=share).venue for share in (None, 0.3, 0.0)]
    until_ns = venues[0].now_ns + 240 * SECOND_NS
    own, same, none = (
        venue.run(Wake(venue.instrument.id, until_ns, None, None)).view for venue in venues
    )
    assert own == same != none, "three of ten is what comes true by itself"
