"""The script of a fresh future: what has begun stays, the rest comes from its own seed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS
from steersman.venues.futures import told_after
from steersman.venues.presets import START_NS
from steersman.venues.regimes import HiddenRegime, RegimeName
from steersman.venues.scripts import Told, script_of
from tests.venues.branching import CHI_SQUARE_7, PRESET, minute, rank, rank_excess

CHAINED = ("calm", "trend_up", "trend_down", "volatile", "thin")


def script(seed: int, hours: float = 6.0, regime: str = "mixed") -> Told:
    return script_of(PRESET, seed, START_NS, START_NS + int(hours * HOUR_NS), None, regime)


def chain(told: Told) -> list[HiddenRegime]:
    return [span for span in told.regimes if span.name.value in CHAINED]


def in_force(told: Told, at_ns: int) -> HiddenRegime:
    (found,) = [span for span in chain(told) if span.from_ns <= at_ns < span.to_ns]
    return found


@pytest.mark.parametrize("regime", ["mixed", "news", "calm", "trend_up", "funding"])
def test_what_has_begun_stays_and_what_has_not_is_gone(regime: str) -> None:
    told = script(8, hours=12.0, regime=regime)
    true = [item for item, truth in zip(told.news, told.truths, strict=True) if truth.informative]
    now_ns = next(i.published_ns for i in true if i.published_ns > minute(300)) + SECOND_NS
    future = told_after(told, 17, now_ns)
    published = [item for item in told.news if item.published_ns <= now_ns]
    n = len(published)
    assert 20 < n < len(told.news) - 20
    assert list(future.news[:n]) == published and future.truths[:n] == told.truths[:n]
    coming = future.news[n:]
    assert 20 < len(coming) and min(item.published_ns for item in coming) > now_ns
    assert not {i.published_ns for i in coming} & {i.published_ns for i in told.news}
    assert [item.id for item in future.news] == [f"n{k}" for k in range(1, len(future.news) + 1)]
    assert [truth.id for truth in future.truths] == [item.id for item in future.news]

    # drift: of headlines and transfers that have been, to the bit, and none of the original's later
    assert told.netflows is not None and future.netflows is not None
    made = told.netflows.transfers * MINUTE_NS <= now_ns
    assert made.any() and not made.all()
    begun = {tuple(row) for row in told.netflows.drift[made].tolist()}
    starts = {float(truth.from_ns) for truth in told.truths[:n] if truth.informative}
    ends = {float(truth.to_ns) for truth in told.truths[:n] if truth.informative}
    rows = {tuple(row) for row in told.script.drift.tolist()}
    kept = begun | {row for row in rows if row[0] in starts or row[1] in ends}
    assert len(kept) == len(begun) + 2 * len(starts) and len(starts) > 5
    assert rows & {tuple(row) for row in future.script.drift.tolist()} == kept
    assert any(row[0] > now_ns for row in kept)  # the newest has yet to begin

    # net flows: figures of minutes that have begun
    known = now_ns // MINUTE_NS + 1 - told.netflows.first_minute
    before, after = told.netflows.pct, future.netflows.pct
    assert len(before) == len(after) and (before[:known] == after[:known]).all()
    assert (before[known:] != after[known:]).all()
    assert future.params is told.params


def test_a_headline_is_kept_from_the_moment_it_is_published() -> None:
    told = script(2)
    for item in told.news[10:40]:
        assert item in told_after(told, 17, item.published_ns).news
        assert item not in told_after(told, 17, item.published_ns - 1).news


def test_rows_are_by_start_and_those_of_the_regimes() -> None:
    future = told_after(script(1), 2, minute(90))
    for rows in (future.script.drift, future.script.plan):
        assert (np.diff(rows[:, 0]) >= 0.0).all() and rows.flags.c_contiguous
        assert (rows[:, 1] > rows[:, 0]).all()
    spans = [(float(span.from_ns), float(span.to_ns)) for span in future.regimes]
    assert [tuple(row) for row in future.script.plan[:, :2].tolist()] == spans


def test_the_regime_in_force_stays_and_nobody_knows_for_how_long() -> None:
    now_ns = minute(100)
    told = script(4)
    futures = [told_after(told, seed, now_ns) for seed in range(40)]
    current = in_force(told, now_ns)
    past = [span for span in chain(told) if span.to_ns <= now_ns]
    for future in futures:
        spans = chain(future)
        assert spans[: len(past)] == past
        held = in_force(future, now_ns)
        assert (held.name, held.from_ns) == (current.name, current.from_ns)
        for one, following in pairwise(spans):
            assert one.to_ns == following.from_ns and one.name is not following.name
        assert spans[-1].to_ns == START_NS + 6 * HOUR_NS
        fixed = [s for s in future.regimes if s.name is RegimeName.FUNDING]
        assert fixed == [s for s in told.regimes if s.name is RegimeName.FUNDING]
    assert len({in_force(future, now_ns).to_ns for future in futures}) == 40
    assert len({chain(future)[len(past) + 1].name for future in futures}) == 4


def test_a_regime_that_holds_throughout_does_so_in_every_future() -> None:
    told = script(4, regime="volatile")
    future = told_after(told, 1, minute(100))
    assert future.regimes == told.regimes and (future.script.plan == told.script.plan).all()


def test_a_published_headline_keeps_its_shock() -> None:
    told = script(3, hours=12.0)
    now_ns = minute(600)
    known = {
        t.from_ns for i, t in zip(told.news, told.truths, strict=True) if i.published_ns <= now_ns
    }

    def shocks(one: Told) -> list[HiddenRegime]:
        news = [span for span in one.regimes if span.name is RegimeName.NEWS]
        return [span for span in news if span.from_ns in known]

    assert len(shocks(told)) > 3
    for seed in range(5):
        assert shocks(told_after(told, seed, now_ns)) == shocks(told)


def test_the_figure_of_net_flows_moves_on_from_where_it_is() -> None:
    told = script(2, hours=12.0).netflows
    assert told is not None
    known = 1 + int(np.abs(told.pct[60:600]).argmax()) + 60
    now_ns = (told.first_minute + known - 1) * MINUTE_NS
    assert abs(told.pct[known - 1]) > 1.0
    later = []
    for seed in range(20):
        future = told_after(script(2, hours=12.0), seed, now_ns).netflows
        assert future is not None
        later.append(future.pct[known])
    assert abs(np.median(later) - told.pct[known - 1]) < 0.3


def test_shocks_follow_published_headlines_and_those_that_come_instead() -> None:
    now_ns = minute(100)
    told = script(3, regime="news")
    future = told_after(told, 1, now_ns)
    published = {item.id for item in told.news if item.published_ns <= now_ns}
    known = {truth.from_ns for truth in told.truths if truth.id in published}
    before, after = set(told.regimes), set(future.regimes)
    assert before & after == {span for span in before if span.from_ns in known}
    coming = {t.from_ns for t in future.truths if t.id not in published}
    assert {span.from_ns for span in after - before} <= coming and len(after - before) > 30


def test_a_script_goes_on_as_one_of_its_futures() -> None:
    """Given what has begun, what the seed decided ranks evenly among what other seeds decide."""
    now_ns = minute(70)

    def measures(told: Told) -> tuple[float, ...]:
        assert told.netflows is not None
        begun = in_force(told, now_ns)
        coming = [item for item in told.news if item.published_ns > now_ns]
        transfers = told.netflows.transfers * MINUTE_NS
        return (
            begun.to_ns,
            sum(s.to_ns - s.from_ns for s in chain(told) if s.name is RegimeName.CALM),
            coming[0].published_ns,
            sum(truth.drift_bps for truth in told.truths),
            told.netflows.pct[-1],
            min([*transfers[transfers > now_ns], np.inf]),
        )

    ranks = []
    ties = np.random.default_rng(1).random(160)
    for seed in range(160):
        told = script(seed, hours=2.5)
        mine = measures(told)
        futures = [measures(told_after(told, 7 * seed + k, now_ns)) for k in range(1_000, 1_007)]
        ranks.append([rank(x, y, ties[seed]) for x, *y in zip(mine, *futures, strict=True)])
    for j, found in enumerate(zip(*ranks, strict=True)):
        assert rank_excess(found) < CHI_SQUARE_7, j
