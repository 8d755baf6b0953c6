"""Decisions judged by counterfactual: a branch is the run itself, and futures are shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from dataclasses import replace as replace_
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from steersman.algos.adaptive import in_effect
from steersman.domain.advice import Action, Advice, NoAdvice, Origin
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    DecisionValued,
    Verdict,
    Viewed,
    Wake,
)
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS, Side
from steersman.domain.valued import Worth
from steersman.engine.engine import process
from steersman.journal import Journal, read
from steersman.runtime import counterfactual
from steersman.runtime.backtest import Fork, Result, run_job, tape_to
from steersman.runtime.counterfactual import Counterfactual, alternatives, future_seed, rest_bps
from steersman.runtime.replay import replay
from steersman.tca.decisions import PASSED, decisions
from steersman.tca.measure import measure
from steersman.tca.results import result_of
from steersman.venues.market import SEED
from steersman.venues.simulated import SimulatedVenue
from tests.runtime.runs import job

STEERED: dict[str, Any] = {"algo": AlgoName.ADAPTIVE, "horizon": "8m", "qty": Decimal(8)}


@dataclass
class Everything:
    """Keep every fork of a run, and judge none."""

    forks: list[Fork] = field(default_factory=list)

    def see(self, fork: Fork) -> None:
        self.forks.append(fork.held())

    def values(self, at_ns: int) -> Iterable[DecisionValued]:
        return ()


@cache
def forked(**changes: Any) -> tuple[Result, list[Fork]]:
    """Run a steered order; return what came of it and a fork before every answer."""
    judge = Everything()
    with Journal.create(None) as journal:
        result = run_job(job(**{**STEERED, **changes}), journal, judge=judge)
    return result, judge.forks


def judged(judge: Counterfactual, **changes: Any) -> tuple[Result, list[DecisionValued]]:
    with Journal.create(None) as journal:
        result = run_job(job(**{**STEERED, **changes}), journal, judge=judge)
    return result, [one for one in result.messages if isinstance(one, DecisionValued)]


def steering(fork: Fork, **changes: Any) -> AdviceArrived:
    """Return the fork's answer with another advice on the same grounds."""
    advice = fork.arrived.answer
    assert isinstance(advice, Advice)
    return replace(fork.arrived, answer=replace(advice, **changes))


def without(fork: Fork) -> AdviceArrived:
    return replace(fork.arrived, answer=NoAdvice("unavailable", ""))


# -- a branch is the run itself -------------------------------------------------------------------
@pytest.mark.parametrize("advisor", ["rules", "oracle:0.7"])
def test_a_branch_with_the_answer_given_is_the_run_up_to_the_next_answer(advisor: str) -> None:
    result, forks = forked(advisor=advisor, regime="news")
    real = [one for one in result.messages if not isinstance(one, DecisionValued)]
    starts = [at for at, one in enumerate(real) if isinstance(one, AdviceArrived)]
    assert len(starts) == len(forks) >= 5
    compared = 0
    for number, (fork, start) in enumerate(zip(forks, starts, strict=True)):
        branch, state = fork.branch(fork.job.venue.copy(), fork.arrived)
        assert state.parents["P1"].terminal
        if number == len(starts) - 1:  # nobody is asked any more: the rest is the run's to the end
            assert branch == real[start : start + len(branch)]
            assert state.parents["P1"] == result.parent
            continue
        # The run is told of the market once more when its next answer comes, the branch is not.
        views = [at for at in range(start, starts[number + 1]) if isinstance(real[at], Viewed)]
        compared += len(views)
        assert branch[: views[-1] + 1 - start] == real[start : views[-1] + 1]
    assert compared > 100


def test_a_fork_stays_where_it_is_while_the_run_and_branches_go_on() -> None:
    _, forks = forked(advisor="oracle:1")
    fork = forks[2]
    first = fork.branch(fork.job.venue.copy(), fork.arrived)
    assert fork.job.venue.now_ns == fork.step.now_ns == fork.arrived.at_ns
    assert fork.branch(fork.job.venue.copy(), fork.arrived) == first


def test_a_branch_asks_nobody() -> None:
    _, forks = forked(advisor="oracle:1")
    messages, _ = forks[0].branch(forks[0].job.venue.copy(), forks[0].arrived)
    assert [type(one) for one in messages].count(AdviceArrived) == 1


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("beyond_ticks", [None, 4_000])
def test_the_rest_of_an_order_costs_what_a_study_counts(
    side: Side, beyond_ticks: int | None
) -> None:
    run: dict[str, Any] = {"advisor": "oracle:1", "side": side}
    if beyond_ticks is not None:  # what its limit keeps from being filled counts at the close
        venue = job(**STEERED).venue
        mid = venue.run(Wake(venue.instrument.id, venue.now_ns, None, None)).view.mid
        assert mid is not None
        ticks = int(mid / venue.instrument.tick) - side.sign * beyond_ticks
        run["limit_price"] = venue.instrument.price(ticks)
    result, forks = forked(**run)
    fork, start = forks[0], result.messages.index(forks[0].arrived)
    assert not fork.state.parents["P1"].filled, "the rest is the whole"
    venue = fork.job.venue.copy()
    branch, _ = fork.branch(venue, fork.arrived)
    messages = (*result.messages[:start], *branch)
    report = measure(messages, "P1", tape_to(venue, fork.job.order.deadline_ns))
    row = result_of(
        report, fork.job.instrument, messages, order=0, arm="a", market="m", journal="j"
    )
    found = rest_bps(fork, fork.job.venue.copy(), fork.arrived)
    assert found == pytest.approx(row.cost_bps, rel=1e-9)
    assert (row.fill_rate < 1) == (beyond_ticks is not None)


# -- what is judged -------------------------------------------------------------------------------
def test_an_idle_decision_changes_nothing_to_the_bit() -> None:
    judge = Counterfactual(3, 100, recorded=True)
    result, values = judged(judge, advisor="neutral")
    assert {one.worth for one in values} == {Worth.IDLE}
    assert len(values) == sum(isinstance(one, AdviceJudged) for one in result.messages) > 5
    _, forks = forked(advisor="neutral")
    for fork in forks:
        with_it, _ = fork.branch(fork.job.venue.copy(), fork.arrived)
        without_it, _ = fork.branch(fork.job.venue.copy(), without(fork))
        assert with_it[2:] == without_it[2:], "all but the answer and its verdict"


def test_the_same_advice_for_as_long_as_it_stands_anyhow_is_idle_and_longer_is_not() -> None:
    _, forks = forked(advisor="oracle:1")
    fork = next(one for one in forks if one.state.parents["P1"].steering.advice is not None)
    order, wheel = fork.job.order, fork.state.parents["P1"].steering
    stands, left_ns = wheel.in_force(fork.arrived.at_ns), wheel.advice_until_ns
    assert stands is not None
    left_s = (left_ns - fork.arrived.asked_ns) // SECOND_NS
    again = replace(stands, ttl_s=left_s)
    longer = replace(stands, ttl_s=left_s + 30)
    for advice, same in ((again, True), (longer, False)):
        # The question is dated so that both times to live end at the same nanosecond.
        asked_ns = left_ns - left_s * SECOND_NS
        answer = replace(fork.arrived, answer=advice, asked_ns=asked_ns)
        after, _ = process(fork.state, answer)
        effect = in_effect(order, after.parents["P1"].steering, answer.at_ns)
        assert (effect == in_effect(order, wheel, answer.at_ns)) is same
        costs = [rest_bps(fork, fork.job.venue.copy(), one) for one in (answer, without(fork))]
        assert (costs[0] == costs[1]) is same


def test_late_and_invalid_answers_are_no_decisions() -> None:
    judge = Counterfactual(3, 100, recorded=True)
    result, values = judged(judge, advisor="rules", advisor_latency="60s")
    verdicts = {one.verdict for one in result.messages if isinstance(one, AdviceJudged)}
    assert Verdict.LATE in verdicts, "what answers in time is a fallback"
    passed = [one for one in decisions(result.messages, "P1") if one.verdict in PASSED]
    assert {one.ask_id for one in values} == {one.ask_id for one in passed}
    assert len(values) == len(passed)


def test_at_most_so_many_are_judged_and_which_is_a_hash_of_seed_and_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counterfactual, "ACTIONS", ())
    _, every = judged(Counterfactual(3, 100, recorded=True), advisor="oracle:1")
    all_of_them = [one for one in every if one.worth is not Worth.IDLE]
    assert len(all_of_them) > 4
    for seed in (3, 4):
        _, some = judged(Counterfactual(seed, 2, recorded=True), advisor="oracle:1")
        kept = [one for one in some if one.worth is not Worth.IDLE]
        assert len(kept) == 2 and all(one in all_of_them for one in kept)
        assert [one for one in some if one.worth is Worth.IDLE] == [
            one for one in every if one.worth is Worth.IDLE
        ]
        assert judged(Counterfactual(seed, 2, recorded=True), advisor="oracle:1")[1] == some


def test_every_decision_is_as_likely_to_be_judged_as_any() -> None:
    _, forks = forked(advisor="oracle:1")
    forks = forks[:6]
    drawn: Counter[str] = Counter()
    for seed in range(300):
        judge = Counterfactual(seed, 2, recorded=True)
        for fork in forks:
            judge.see(fork)
        drawn.update(one.arrived.ask_id for one in judge._held.values())
    assert sum(drawn.values()) == 600
    assert all(65 < drawn[fork.arrived.ask_id] < 135 for fork in forks), drawn


# -- what it is compared with ---------------------------------------------------------------------
def test_the_other_actions_rest_on_the_same_grounds_and_pass_the_same_door() -> None:
    given = Advice(
        pace_pct=160, base=AlgoName.VWAP, ttl_s=77, evidence=("flow",),
        provenance={"pace_pct": Origin.RULE},
    )  # fmt: skip
    others = alternatives(given)
    assert [(one.action, one.pace_pct) for one in others] == [
        (Action.HOLD, None), (Action.CONTINUE, 50), (Action.CONTINUE, 100),
        (Action.CONTINUE, 150), (Action.FINISH, None),
    ]  # fmt: skip
    for other in others:
        assert (other.ttl_s, other.evidence, other.base) == (77, ("flow",), None)
        assert other.provenance["action"] is other.provenance["pace_pct"] is Origin.RULE
    told = alternatives(replace(given, provenance={"pace_pct": Origin.MODEL}))
    assert {one.provenance["action"] for one in told} == {Origin.MODEL}
    assert {one.provenance["action"] for one in alternatives(Advice())} == {Origin.MODEL}


def test_an_action_that_does_what_was_advised_is_not_compared_with_it() -> None:
    _, forks = forked(advisor="oracle:1")
    for changes, left in (({"pace_pct": 150}, 4), ({"pace_pct": 0}, 4), ({"pace_pct": 160}, 5)):
        judge = Counterfactual(3, 1, recorded=True)
        fork = forks[2]
        judge.see(replace_(fork, arrived=steering(fork, **changes)))
        (value,) = judge.values(fork.arrived.at_ns)
        assert len(value.over) == left, "a pace of 0 is what hold does"


# -- futures --------------------------------------------------------------------------------------
def test_all_actions_are_worked_in_the_same_futures(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[AdviceArrived, int]] = []

    def spy(fork: Fork, venue: SimulatedVenue, answer: AdviceArrived) -> float:
        market, _ = venue.background()
        seen.append((answer, int(market.s[SEED])))
        assert venue.now_ns == fork.step.now_ns
        return rest_bps(fork, venue, answer)

    monkeypatch.setattr(counterfactual, "rest_bps", spy)
    _, values = judged(Counterfactual(3, 1, 4), advisor="oracle:1", regime="trend_up")
    (value,) = (one for one in values if one.worth is not Worth.IDLE)
    branches = len(seen) // 4
    assert branches in (6, 7) and value.futures == 4
    rows = [seen[at : at + branches] for at in range(0, len(seen), branches)]
    assert all(len({seed for _, seed in row}) == 1 for row in rows), "one future for all branches"
    assert len({row[0][1] for row in rows}) == 4, "and another one each time"
    assert rows[0][0][0].answer != rows[0][1][0].answer
    assert isinstance(rows[0][1][0].answer, NoAdvice), "the second goes without"


def test_the_seeds_of_futures_are_those_of_the_run_and_the_question() -> None:
    seeds = {
        future_seed(run, ask_id, number)
        for run in (1, 2) for ask_id in ("P1-q1", "P1-q2") for number in range(8)
    }  # fmt: skip
    assert len(seeds) == 32 and all(0 <= seed < 1 << 63 for seed in seeds)
    assert future_seed(1, "P1-q1", 0) == future_seed(1, "P1-q1", 0)


def scripted(pace_pct: int, folder: Path) -> str:
    file = folder / f"{pace_pct}.jsonl"
    file.write_text(f'{{"pace_pct": {pace_pct}, "ttl_s": 120}}\n' * 99, encoding="utf-8")
    return f"scripted:{file}"


def test_to_hurry_before_a_rise_is_right_and_to_wait_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trend is in force when the decision is taken, so it is in every fresh future."""
    monkeypatch.setattr(counterfactual, "ACTIONS", ())
    run: dict[str, Any] = {"regime": "trend_up", "horizon": "30m", "qty": Decimal(25)}
    for pace_pct, worth, sign in ((200, Worth.RIGHT, 1), (0, Worth.WRONG, -1)):
        _, values = judged(Counterfactual(3, 3, 12), advisor=scripted(pace_pct, tmp_path), **run)
        worths = Counter(one.worth for one in values)
        assert worths[worth] >= 1 and worths[worth] + worths[Worth.UNDECIDED] == 3
        assert sign * sum(one.gain.mean_bps for one in values) > 0


def test_who_is_told_the_future_gains_in_that_future_and_its_opposite_loses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counterfactual, "ACTIONS", ())
    for advisor, sign in (("oracle:1", 1), ("oracle:0", -1)):
        _, values = judged(
            Counterfactual(3, 100, recorded=True), advisor=advisor, horizon="20m", qty=Decimal(16)
        )
        gains = [one.gain.mean_bps for one in values if one.worth is not Worth.IDLE]
        assert len(gains) > 10 and sign * sum(gains) > 0


def test_a_recording_is_replayed_and_seen_in_hindsight() -> None:
    _, values = judged(Counterfactual(3, 2, recorded=True), advisor="oracle:1")
    for one in (one for one in values if one.worth is not Worth.IDLE):
        assert (one.worth, one.futures) == (Worth.HINDSIGHT, 1)
        assert one.gain.low_bps is None and one.better is None


# -- what is on record ----------------------------------------------------------------------------
def test_the_run_is_the_same_but_for_what_it_was_worth(tmp_path: Path) -> None:
    plain, _ = forked(advisor="oracle:1", watch_after="6m")
    file = tmp_path / "judged.journal"
    judge = Counterfactual(3, 2, 2)
    with Journal.create(file) as journal:
        result = run_job(job(**STEERED, advisor="oracle:1", watch_after="6m"), journal, judge=judge)
    kept = tuple(one for one in result.messages if not isinstance(one, DecisionValued))
    assert kept == plain.messages and result.parent == plain.parent
    assert isinstance(result.messages[-1], Viewed), "the market as seen last stays last"
    again = replay(read(file))
    assert again.journal_hash == result.journal_hash
    values = [one for one in result.messages if isinstance(one, DecisionValued)]
    assert [one for one in (record.message() for record in read(file))
            if isinstance(one, DecisionValued)] == values  # fmt: skip
    assert sum(one.worth is not Worth.IDLE for one in values) == 2


def test_how_far_judging_is_is_told() -> None:
    told: list[tuple[float, str]] = []
    judge = Counterfactual(3, 2, 2, advance=lambda share, words: told.append((share, words)))
    judged(judge, advisor="oracle:1")
    assert [share for share, _ in told] == [0.25, 0.5, 0.75, 1.0]
    assert told[-1][1] == "decision 2 of 2"


def test_in_the_last_slice_nothing_is_steered_any_more() -> None:
    judge = Counterfactual(3, 100, recorded=True)
    result, values = judged(judge, advisor="oracle:0.7", horizon="10m")
    order = job(**{**STEERED, "horizon": "10m"}).order
    at = {one.ask_id: one.at_ns for one in result.messages if isinstance(one, AdviceArrived)}
    late = [one for one in values if at[one.ask_id] >= order.deadline_ns - 60 * SECOND_NS]
    assert late and {one.worth for one in late} == {Worth.IDLE}
