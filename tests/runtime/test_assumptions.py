"""What is assumed of a recording: text becomes a model, or a line that says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steersman.domain.units import MS_NS
from steersman.errors import DataError, SteersmanError, UsageError
from steersman.marketdata.history import History
from steersman.marketdata.importers.binance_raw import import_binance_raw
from steersman.marketdata.source import Arrays
from steersman.runtime.assumptions import assume, parse_latency
from steersman.venues.latency import FEED, ORDER, REPORT
from steersman.venues.queues import CAUTIOUS, FRONT_POWER, power
from tests.venues.desk import BOOK, BTC, QUIET, recording

SHORT = Arrays("test", recording((*BOOK, *QUIET)))


def test_a_recording_too_short_to_tell_goes_without_own_impact_and_says_so() -> None:
    lines: list[str] = []
    assumed = assume(BTC, SHORT, None, None, lines.append)
    assert assumed.queue == CAUTIOUS and assumed.impact is None
    assert "could not be fitted" in assumed.words["own impact"]
    assert len(lines) == 1 and "cannot be fitted" in lines[0]


@pytest.mark.parametrize(("queue", "impact"), [("fitted", "none"), (None, "fitted")])
def test_what_was_asked_for_and_cannot_be_fitted_is_an_error(
    queue: str | None, impact: str
) -> None:
    with pytest.raises(DataError, match="cannot be fitted"):
        assume(BTC, SHORT, queue, impact, print)


def test_models_are_read_from_their_text() -> None:
    assumed = assume(BTC, SHORT, "power:2", "0.5:6s:0.6", print)
    assert assumed.queue == power(2.0)
    assert assumed.impact is not None
    # 0.5 bps of 100,000.0 are 50 ticks; 100,000 quote are 1,000 lots of 0.001
    assert assumed.impact.ticks_per_lot == pytest.approx(0.05, rel=1e-3)
    assert assumed.impact.kernel.left(6.0) == pytest.approx(2.0**-0.6)
    assert assume(BTC, SHORT, None, "none", print).impact is None


@pytest.mark.parametrize(
    ("queue", "impact"),
    [
        ("first", None),
        ("power", None),
        ("power:x", None),
        ("power:-1", None),
        (None, "lots"),
        (None, "1:6s"),
        (None, "-1:6s:0.5"),
        (None, "1:soon:0.5"),
        (None, "1:6s:nan"),
    ],
)
def test_what_names_no_model_is_refused_with_examples(queue: str | None, impact: str) -> None:
    with pytest.raises(UsageError) as caught:
        assume(BTC, SHORT, queue, impact or "none", print)
    assert caught.value.remedy


def test_latencies_are_read_from_their_text(tmp_path: Path) -> None:
    constant = parse_latency("25ms", None)
    assert {constant.order.of(1, ORDER, n, n) for n in range(5)} == {25 * MS_NS}
    assert parse_latency("0ms", None).report.of(1, REPORT, 0, 0) == 0
    drawn = [parse_latency("25ms~0.5", None).order.of(1, ORDER, n, 0) for n in range(2_000)]
    assert np.median(drawn) == pytest.approx(25 * MS_NS, rel=0.1)
    path = tmp_path / "trips.csv"
    path.write_text("sent_ns,exchange_ns,received_ns\n10,40,90\n", encoding="utf-8")
    assert parse_latency(str(path), None).report.of(1, REPORT, 0, 0) == 50


def test_the_feed_has_a_latency_of_its_own() -> None:
    assert parse_latency(None, None).feed is None
    feed = parse_latency("10ms", "20ms").feed
    assert feed is not None and feed.of(1, FEED, 0, 0) == 20 * MS_NS
    with pytest.raises(UsageError):
        parse_latency(None, "trips.csv")


@pytest.mark.parametrize("text", ["fast", "10ms~", "10ms~much", "10ms~-1", "nowhere.csv", "61s"])
def test_what_is_no_latency_is_refused(text: str) -> None:
    with pytest.raises(SteersmanError):
        parse_latency(text, None)


def test_a_real_recording_tells_its_queues_and_its_impact(shared: Path, tmp_path: Path) -> None:
    capture = shared / "data" / "binance_raw_2024" / "usdm_btcusdt_20240808.gz"
    import_binance_raw(
        [capture], tmp_path / "h", category=None, append=False,
        latency_ns=10 * MS_NS, progress=lambda share, what: None,
    )  # fmt: skip
    history = History.open(tmp_path / "h")
    (instrument,) = history.instruments()
    lines: list[str] = []
    assumed = assume(instrument, history.source(instrument), "fitted", None, lines.append)
    assert not lines
    assert assumed.queue.kind == FRONT_POWER and 1.1 < assumed.queue.exponent < 1.6
    assert assumed.impact is not None
    # about a twentieth of a basis point for one bitcoin: 0.003 ticks of 0.1 a lot of 0.001
    assert 0.0015 < assumed.impact.ticks_per_lot < 0.006
