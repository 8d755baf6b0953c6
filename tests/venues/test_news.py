"""News: seeded, told in plain words, informative exactly as often as asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from steersman.domain.advice import Direction, Severity
from steersman.domain.instrument import Category
from steersman.domain.units import HOUR_NS, SECOND_NS
from steersman.errors import ConfigError, UsageError
from steersman.venues.headlines import SLOTS
from steersman.venues.news import TEMPLATES, NewsModel, Truth, generate_news, hidden_truth
from steersman.venues.presets import PRESETS, START_NS

DAY = START_NS + 24 * HOUR_NS
LONG = START_NS + 240 * HOUR_NS


def truths(model: NewsModel, seed: int = 1) -> tuple[Truth, ...]:
    return hidden_truth(seed, START_NS, LONG, "BTCUSDT", model=model)


def test_templates_are_many_and_varied() -> None:
    texts = [t.text for t in TEMPLATES]
    assert len(texts) >= 150
    assert len({text.lower() for text in texts}) == len(texts)
    kinds = Counter((t.market, t.direction, t.severity) for t in TEMPLATES)
    for market in ("crypto", "equity"):
        for direction in (Direction.UP, Direction.DOWN):
            for severity in (Severity.MINOR, Severity.MAJOR):
                assert kinds[market, direction, severity] >= 10
        assert kinds[market, Direction.FLAT, Severity.NONE] >= 10
    assert all((t.direction is Direction.FLAT) == (t.severity is Severity.NONE) for t in TEMPLATES)


def test_same_seed_same_news_and_more_time_only_adds() -> None:
    items, drift = generate_news(7, START_NS, DAY, "BTCUSDT")
    again, drift_again = generate_news(7, START_NS, DAY, "BTCUSDT")
    assert items == again
    assert drift.tobytes() == drift_again.tobytes()
    longer, _ = generate_news(7, START_NS, DAY + HOUR_NS, "BTCUSDT")
    assert longer[: len(items)] == items
    assert generate_news(8, START_NS, DAY, "BTCUSDT")[0] != items


def test_items_are_ordered_filled_and_delayed() -> None:
    for (symbol, category), _ in PRESETS.items():
        items, _ = generate_news(3, START_NS, DAY, symbol, category)
        assert len({item.id for item in items}) == len(items)
        published = [item.published_ns for item in items]
        assert published == sorted(published)
        assert published[0] >= START_NS
        assert published[-1] < DAY
        assert all(item.received_ns > item.published_ns for item in items)
        assert not any("{" in item.text or "}" in item.text for item in items)
        assert len({item.source for item in items}) >= 4


def test_equity_reads_no_crypto_headlines() -> None:
    items, _ = generate_news(5, START_NS, LONG, "AAPL", Category.EQUITY)
    assert any("Apple" in item.text for item in items)
    assert not any("Bitcoin" in item.text or "wallet" in item.text for item in items)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_share_of_informative_items(share: float) -> None:
    found = truths(NewsModel(informativeness=share))
    n = len(found)
    assert n == pytest.approx(24 * 240, rel=0.06)
    informative = sum(t.informative for t in found) / n
    assert informative == pytest.approx(share, abs=0.025 if 0 < share < 1 else 0)
    _, drift = generate_news(1, START_NS, LONG, "BTCUSDT", model=NewsModel(informativeness=share))
    assert len(drift) == 2 * sum(t.informative for t in found)


def test_what_comes_true() -> None:
    for t in truths(NewsModel()):
        if not t.informative:
            assert t.drift_bps == 0.0
            continue
        assert not t.stale
        assert (t.drift_bps > 0) == (t.direction is Direction.UP)
        low, high = (8, 15) if t.severity is Severity.MAJOR else (2, 5)
        assert low <= abs(t.drift_bps) <= high
        assert t.from_ns < t.to_ns


def test_words_alone_do_not_tell_what_comes_true() -> None:
    found = [t for t in truths(NewsModel()) if t.direction is not Direction.FLAT]
    empty = sum(not t.informative for t in found) / len(found)
    assert 0.4 < empty < 0.75
    ups = sum(t.direction is Direction.UP for t in found) / len(found)
    assert ups == pytest.approx(0.5, abs=0.03)


def test_repeats_tell_an_earlier_headline_again() -> None:
    items, _ = generate_news(2, START_NS, LONG, "BTCUSDT")
    stale = [i for i, t in enumerate(hidden_truth(2, START_NS, LONG, "BTCUSDT")) if t.stale]
    assert len(stale) / len(items) == pytest.approx(0.7 * 0.2, abs=0.02)
    for i in stale[:200]:
        earlier = [item.text for item in items[max(0, i - 6) : i]]
        assert any(text in items[i].text for text in earlier)


def test_drift_begins_after_publication_and_adds_up() -> None:
    items, drift = generate_news(4, START_NS, DAY, "BTCUSDT")
    found = hidden_truth(4, START_NS, DAY, "BTCUSDT")
    for item, t in zip(items, found, strict=True):
        assert t.from_ns > item.published_ns
    assert (np.diff(drift[:, 0]) >= 0).all()
    moved = ((drift[:, 1] - drift[:, 0]) / SECOND_NS * drift[:, 2]).sum()
    told = sum(t.drift_bps for t in found)
    assert moved == pytest.approx(told * 60.0, rel=1e-3, abs=1e-3)  # 60 ticks of 0.1 are 1 bp


def test_no_news() -> None:
    items, drift = generate_news(1, START_NS, DAY, "BTCUSDT", model=NewsModel(rate_per_hour=0.0))
    assert items == ()
    assert drift.shape == (0, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"informativeness": 1.5},
        {"informativeness": float("nan")},
        {"stale": 0.7, "noise": 0.7},
        {"rate_per_hour": -1.0},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="news"):
        replace(NewsModel(), **wrong)  # type: ignore[arg-type]


def test_unknown_instrument_is_refused() -> None:
    with pytest.raises(UsageError, match="no generated market for DOGEUSDT"):
        generate_news(1, START_NS, DAY, "DOGEUSDT")


def test_slots_are_all_used() -> None:
    text = " ".join(t.text for t in TEMPLATES)
    assert all("{" + name + "}" in text for name in SLOTS)
