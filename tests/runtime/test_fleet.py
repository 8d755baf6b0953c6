"""Orders in arms: the same market before each, the same lines whoever works them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from steersman.config import Settings
from steersman.domain.messages import Submit, Viewed, Wake
from steersman.domain.units import SECOND_NS
from steersman.errors import DataError, UsageError
from steersman.journal import Journal
from steersman.runtime.arms import parse_arms, settings_of
from steersman.runtime.backtest import run_job
from steersman.runtime.drawing import draw, generated_markets, recorded
from steersman.runtime.fleet import Fleet, Worker, market_hash, request_of, work_all
from steersman.runtime.prepare import prepare
from steersman.runtime.record import record
from steersman.runtime.validate import parse_presets
from steersman.tca.results import Drawn
from steersman.tca.tapes import TapeReader
from steersman.venues.presets import START_NS
from tests.advisor.servers import GOOD, Fault, FaultServer, good, openai_reply, says, table
from tests.runtime import runs
from tests.runtime.test_record import job

MARKETS = generated_markets(parse_presets("BTCUSDT.linear"), START_NS)
EMPTY = Settings({})


def order(number: int, horizon: str = "2m") -> Drawn:
    return draw(number, seed=1, markets=MARKETS, regimes=("calm", "news"), horizon=horizon)


def fleet(arms: str, settings: Settings = EMPTY) -> Fleet:
    return Fleet(parse_arms(arms), settings, "generated")


def test_every_arm_begins_in_the_same_market_and_ends_in_another() -> None:
    results = Worker(fleet("immediate,twap,twap-passive,vwap,pov,is,ow,rules")).work(order(3))
    assert len({result.market for result in results}) == 1
    assert len({result.journal for result in results}) == 8
    assert {result.state for result in results} == {"completed"}
    assert {result.sigma_hour_pct for result in results} == {results[0].sigma_hour_pct}
    by_arm = {result.arm: result for result in results}
    assert by_arm["immediate"].maker_share == by_arm["twap"].maker_share == 0
    assert by_arm["immediate"].children == 1 < by_arm["twap"].children
    assert by_arm["immediate"].fees_bps == pytest.approx(5.5, abs=0.01)
    assert (by_arm["twap-passive"].maker_share or 0) > 0.5
    assert by_arm["rules"].asked > 0 == by_arm["vwap"].asked
    other = Worker(fleet("twap")).work(order(4))[0]
    assert other.market != results[0].market


def test_a_line_is_that_of_the_order_run_alone() -> None:
    (arm,) = parse_arms("rules")
    result = Worker(fleet("rules")).work(order(1))[0]
    ready = prepare(request_of(order(1), arm, "generated"), EMPTY, print)
    with Journal.create(None) as journal:
        alone = run_job(ready, journal)
    assert result.journal == alone.journal_hash
    drawn = order(1)
    asked = runs.run(
        qty=Decimal(drawn.qty), horizon="2m", seed=drawn.seed, regime=drawn.regime,
        side=ready.order.side, algo=ready.order.algo, advisor="rules",
    )  # fmt: skip
    assert asked.journal_hash == alone.journal_hash


def test_chance_changes_an_advisors_numbers_and_no_market() -> None:
    for name in ("rules", "oracle:0.5"):
        first, again, second = (
            Worker(fleet(arm)).work(order(1))[0] for arm in (name, name, f"{name}#2")
        )
        assert first == again
        assert first.market == second.market and first.journal != second.journal
    assert first.cost_bps != second.cost_bps, "an oracle that is half right is another one"


def test_controls_are_asked_as_often_and_do_what_their_name_says() -> None:
    by_arm = {
        result.arm: result
        for result in Worker(fleet("twap-passive,neutral,keyword,oracle:1,oracle:0")).work(order(1))
    }
    assert {by_arm[name].asked for name in list(by_arm)[1:]} == {by_arm["neutral"].asked}
    assert by_arm["neutral"].asked > 0 == by_arm["twap-passive"].asked
    assert by_arm["neutral"].cost_bps == by_arm["twap-passive"].cost_bps
    assert by_arm["oracle:1"].cost_bps != by_arm["oracle:0"].cost_bps


def test_an_order_that_never_began_is_valued_at_the_close_long_after() -> None:
    tiny = Settings({"limits": {"max_order_size": Decimal(100)}})
    drawn = order(1, "8m")
    (result,) = Worker(fleet("twap", tiny)).work(drawn)
    assert (result.state, result.fill_rate) == ("refused", 0.0)
    ready = prepare(request_of(drawn, parse_arms("twap")[0], "generated"), EMPTY, print)
    venue, parent = ready.venue, ready.order
    first = venue.run(Wake(parent.instrument, parent.start_ns, None, None)).view.mid
    venue.run(Wake(parent.instrument, parent.deadline_ns + SECOND_NS, None, None))
    close = TapeReader(venue.tape(), ready.instrument).touch_at(parent.deadline_ns)
    assert first is not None and close is not None and close.mid != first
    moved_bps = float((close.mid - first) / first) * 1e4
    assert result.cost_bps == result.unfilled_bps == pytest.approx(parent.side.sign * moved_bps)


def test_the_market_before_is_what_was_seen_and_told() -> None:
    messages = runs.run(horizon="1m").messages
    whole = market_hash(messages)
    begun = [type(message) for message in messages].index(Submit)
    assert market_hash(messages[: begun + 1]) == whole
    at = next(n for n, message in enumerate(messages) if isinstance(message, Viewed))
    assert at < begun
    assert market_hash([*messages[:at], *messages[at + 1 :]]) != whole


def test_a_recording_is_branched_where_the_order_begins(tmp_path: Path) -> None:
    folder = str(tmp_path / "h")
    record(job(tmp_path / "h"))
    markets = recorded(tmp_path / "h", "1m")
    orders = [
        draw(n, seed=2, markets=markets, regimes=("recorded",), horizon="1m", market=folder)
        for n in range(3)
    ]
    arms = Fleet(parse_arms("twap,rules"), EMPTY, folder)
    worker = Worker(arms)
    there = [worker.work(order) for order in orders]
    assert there == [Worker(arms).work(order) for order in orders], "forward and back again"
    for order, results in zip(orders, there, strict=True):
        assert len({result.market for result in results}) == 1
        for arm, result in zip(arms.arms, results, strict=True):
            own = settings_of(arm, EMPTY, 60)
            alone = prepare(request_of(order, arm, folder), own, lambda line: None)
            with Journal.create(None) as journal:
                assert run_job(alone, journal).journal_hash == result.journal


def test_on_a_recording_every_order_draws_for_itself(tmp_path: Path) -> None:
    """All its orders have the study's seed: their questions must not have the same ids."""
    folder = str(tmp_path / "h")
    record(job(tmp_path / "h"))
    markets = recorded(tmp_path / "h", "1m")
    (arm,) = parse_arms("rules")
    orders = [
        draw(n, seed=2, markets=markets, regimes=("recorded",), horizon="1m", market=folder)
        for n in range(3)
    ]
    assert {one.seed for one in orders} == {2}
    ids = [request_of(one, arm, folder).parent_id for one in orders]
    assert ids == ["P1", "P2", "P3"]
    assert {request_of(order(n), arm, "generated").parent_id for n in range(3)} == {"P1"}


async def hangs(writer: asyncio.StreamWriter, body: bytes) -> None:
    await asyncio.sleep(5)


@pytest.fixture
def model(
    model_requests: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FaultServer]:
    monkeypatch.setenv("STEERSMAN_STATE", str(tmp_path / "state"))
    with FaultServer(reply=openai_reply(json.dumps(GOOD))) as server:
        yield server


def asking(server: FaultServer, timeout_s: str = "10", **limits: Any) -> Fleet:
    tables = {
        "advisors.local": {**table(server.url, latency="100ms"), **limits},
        "limits": {"llm_timeout_s": timeout_s},
    }
    return fleet("twap,llm:local", Settings(tables))


def test_a_model_that_answers_or_answers_badly_has_its_own_result(model: FaultServer) -> None:
    well = Worker(asking(model)).work(order(0))[1]
    assert (well.asked, well.answers, well.fallbacks) == (len(model.seen), well.asked, 0)
    model.fault = says(openai_reply("I would wait."))
    badly = Worker(asking(model)).work(order(0))[1]
    assert badly.answers == badly.fallbacks == 0 < badly.asked
    model.fault = good
    limited = Worker(asking(model, max_calls_per_order=1)).work(order(0))[1]
    assert 0 < limited.fallbacks == limited.asked - 1, "its limit, on any day"


@pytest.mark.parametrize(
    ("given", "fault", "words"),
    [
        ({"max_calls_per_day": 1}, good, "the budget is exhausted: max_calls_per_day is 1"),
        ({"timeout_s": "0.3"}, hangs, r"no answer within 0\.3 s of wall time"),
        ({}, says(b"{}", "503 No"), r"\(503\) failed"),
    ],
)
def test_no_order_is_worked_by_rules_in_the_place_of_a_model(
    model: FaultServer, given: dict[str, Any], fault: Fault, words: str
) -> None:
    model.fault = fault
    with pytest.raises(DataError, match=f"order 0 on .*in the place of llm:local: .*{words}") as it:
        Worker(asking(model, **given)).work(order(0))
    assert "goes on where it was" in it.value.remedy


def test_workers_give_the_lines_of_one_process() -> None:
    orders = [order(number, "1m") for number in range(5)]
    both = fleet("twap,rules")
    alone = dict(zip(range(5), work_all(both, orders, 1), strict=True))
    shared = {worked[0].order: worked for worked in work_all(both, orders, 2)}
    assert shared == alone


def test_an_error_in_a_worker_comes_back_whole() -> None:
    wrong = replace(fleet("twap"), settings=Settings({"execution": {"slice_s": 600}}))
    with pytest.raises(
        UsageError, match=r"order \d on BTCUSDT.linear: .* shorter than one slice"
    ) as caught:
        list(work_all(wrong, [order(0, "1m"), order(1, "1m")], 2))
    assert "slice_s" in caught.value.remedy
