"""A short validation end to end: the same request, the same figures; what cannot be run is said."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS
from steersman.errors import SteersmanError
from steersman.marketdata.importers.binance_raw import import_binance_raw
from steersman.runtime import validate
from steersman.runtime.stylised import FACTS, HOLD_LEAST, RECORDED, Verdict
from steersman.runtime.watching import is_open
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue

BTC = find("BTCUSDT", category=Category.LINEAR, venue="sim")
AAPL = find("AAPL", category=Category.EQUITY, venue="sim")
CAPTURE = "data/binance_raw_2024/usdm_btcusdt_20240808.gz"


def quiet(share: float) -> None:
    assert 0.0 <= share <= 1.0


def test_the_same_request_gives_the_same_document() -> None:
    told: list[float] = []
    request = validate.request("BTCUSDT.linear", None, 0.05, 5, 2, None)
    first = validate.run(request, lambda share, what: told.append(share))
    again = validate.run(request, lambda share, what: None)
    document = validate.document(first, 5)
    assert document == validate.document(again, 5)
    json.dumps(document, allow_nan=False)
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)
    other = validate.run(validate.request("BTCUSDT.linear", None, 0.05, 6, 0, None), print_nothing)
    assert validate.document(other, 5) != document
    facts = {fact["key"]: fact for fact in document["markets"][0]["facts"]}
    assert facts["kurtosis"]["verdict"] == "too short"
    assert facts["sign_decay"]["verdict"] == "pass" or facts["sign_decay"]["n"] < 5_000
    assert facts["one_tick"]["verdict"] == "pass"
    assert facts["paired_path"]["verdict"] == "too short" and facts["paired_path"]["n"] == 2


def print_nothing(share: float, what: str) -> None:
    assert what and 0.0 <= share <= 1.0


def test_pairs_move_the_price_their_way_and_begin_alike() -> None:
    assert validate.run_pairs(BTC, 1, 0, quiet) is None
    pairs = validate.run_pairs(BTC, 1, 2, quiet)
    assert pairs is not None
    assert (pairs.before == 0.0).all()
    assert (pairs.end[:, -1] > pairs.later[:, -1]).all() and (pairs.later[:, -1] > 0.0).all()
    assert (np.diff(pairs.end.mean(axis=0)) > 0.0).all()
    assert pairs.share[-1] / pairs.share[0] == pytest.approx(100.0)
    assert 5.0 < pairs.sigma_bps < 200.0


def test_shares_are_generated_in_whole_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[tuple[int, int]] = []

    class Stop(Exception):
        pass

    def generated(
        instrument: object, *, seed: int, start_ns: int, end_ns: int, regime: str
    ) -> None:
        assert regime == "mixed"
        spans.append((start_ns, end_ns))
        raise Stop

    monkeypatch.setattr(SimulatedVenue, "generated", generated)
    for rules, hours in ((AAPL, 2.0), (AAPL, 6.6), (BTC, 24.0)):
        with pytest.raises(Stop):
            validate.watch_generated(rules, 1, hours, quiet)
    short, two_days, crypto = spans
    assert short[1] - short[0] == 2 * HOUR_NS
    assert is_open(Category.EQUITY, np.array([short[0], short[0] - 1])).tolist() == [True, False]
    assert two_days[1] - two_days[0] == int(30.5 * HOUR_NS)
    assert crypto == (START_NS, START_NS + 24 * HOUR_NS)


def test_a_recorded_market_is_shown_beside(shared: Path, tmp_path: Path) -> None:
    import_binance_raw(
        [shared / CAPTURE], tmp_path / "history", category=None, append=False,
        latency_ns=10_000_000, progress=lambda share, what: None,
    )  # fmt: skip
    request = validate.request("", tmp_path / "history", 1.0, 1, 0, None)
    (judged,) = validate.run(request, print_nothing)
    assert judged.source == RECORDED and judged.believed
    assert judged.hours == pytest.approx(0.096, abs=0.002)
    found = {finding.fact.key: finding for finding in judged.findings}
    assert found["kurtosis"].verdict is Verdict.SHORT
    assert found["fano"].verdict is Verdict.PASS and 15 < found["fano"].figure.value < 35
    assert found["size_tail"].figure.value == pytest.approx(1.1, abs=0.03)
    assert validate.complaints([judged]) == ()


def test_the_table_names_each_fact_with_its_ranges() -> None:
    request = validate.request("BTCUSDT.linear,AAPL.equity", None, 0.05, 1, 0, None)
    judged = validate.run(request, print_nothing)
    rows = validate.table_rows(judged)
    assert len(rows) == len(FACTS) + 1
    assert {len(row) for row in rows} == {len(validate.headers(judged))} == {4}
    by_title = {row[0]: row for row in rows}
    assert by_title["volatility, % a year"][1] == "50..100, 15..25"
    assert by_title["its fall from 1 to 5 min"][1] == "> 0"
    assert by_title["volatility, % a year"][2].startswith("too short")
    assert by_title["one-tick spread, of time"][2].endswith(" pass")
    held = [str(one.count(Verdict.PASS)) for one in judged]
    assert list(rows[-1]) == ["hold", "", *held]
    assert validate.complaints(judged) == tuple(
        f"{one.name}: {one.count(Verdict.PASS)} facts hold, at least {HOLD_LEAST} must"
        for one in judged
    ), "three minutes hold too few"


def test_presets_are_named_by_symbol_and_category() -> None:
    assert validate.parse_presets(" btcusdt.linear, AAPL.equity,BTCUSDT.linear") == (BTC, AAPL)
    assert validate.parse_presets("") == ()
    assert len(validate.parse_presets(validate.DEFAULT_PRESETS)) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"presets": "BTCUSDT"}, "not a preset"),
        ({"presets": "DOGEUSDT.linear"}, "DOGEUSDT"),
        ({"presets": ""}, "no market"),
        ({"hours": 0.0}, "0 hours"),
        ({"hours": math.nan}, "nan hours"),
        ({"hours": 1e9}, "at most"),
        ({"pairs": -1}, "-1 pairs"),
        ({"pairs": 10**6}, "1000000 pairs"),
        ({"picture": Path("facts.pdf")}, "png"),
        ({"picture": Path("nowhere/facts.png")}, "nowhere"),
        ({"market": Path("nowhere")}, "nowhere"),
    ],
)
def test_what_cannot_be_run_is_refused_before(change: dict[str, object], words: str) -> None:
    fields = {
        "presets": None, "market": None, "hours": 1.0, "seed": 1, "pairs": 0, "picture": None,
    }  # fmt: skip
    with pytest.raises(SteersmanError) as caught:
        validate.request(**(fields | change))  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_a_request_is_complete() -> None:
    request = validate.request(None, None, 24.0, 1, 12, None)
    assert [rules.symbol for rules in request.presets] == ["BTCUSDT", "ETHUSDT", "AAPL"]
    assert request.history is None
