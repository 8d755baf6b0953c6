"""Implementation shortfall: the worked cases, and the identity for any order whatever."""

from __future__ import annotations

import json
from decimal import Decimal as D
from decimal import localcontext
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.domain.instrument import Category
from steersman.domain.messages import FundingPaid, ParentState
from steersman.domain.order import Liquidity
from steersman.domain.units import Money, Price, Qty, Side
from steersman.tca import shortfall as module
from steersman.tca.facts import Fill
from steersman.tca.measure import EXACT, measure
from steersman.tca.shortfall import Components, decompose
from steersman.tca.valuation import Touch, Valuation
from tests.tca.story import Story, instrument, ns, tape

EMPTY = tape([])
prices = st.decimals("0.01", 10**6, places=2).map(Price)
touches = st.tuples(prices, prices).map(lambda pair: Touch(*sorted(pair)))
qtys = st.decimals("0.1", 10**5, places=1).map(Qty)
fills = st.builds(
    Fill,
    at_ns=st.just(1),
    venue_ns=st.just(1),
    child_id=st.just("p-1"),
    qty=qtys,
    price=prices,
    fee=st.decimals(-100, 100, places=6).map(Money),
    liquidity=st.sampled_from(Liquidity),
    sent=touches,
    seen=touches,
)


def perold() -> Story:
    """THEORY 2: buy 1000, 800 filled, decided at 100, arrived at 100.1, ended at 100.8."""
    story = Story(decision="100").run("100.05", "100.15")
    for at, (qty, price) in enumerate([("300", "100.20"), ("300", "100.35"), ("200", "100.50")], 1):
        fee = D(qty) * D(price) * D("0.00015")
        story.view(at, "100.10", "100.20")
        story.place(qty, price)
        story.fill(at + 0.5, qty, price, fee=str(fee))
    return story.end(60, "100.79", "100.81", ParentState.EXPIRED)


def test_the_published_case_in_both_conventions(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "vectors.json").read_text())
    expected = {v["name"]: v["expected"] for v in vectors}
    wagner, kissell = expected["perold_is_buy"], expected["perold_alt_convention"]
    report = measure(perold().messages, "p", EMPTY)
    assert report.shortfall is not None
    parts, other = report.shortfall.wagner, report.shortfall.kissell
    assert float(parts.delay) == pytest.approx(wagner["delay"])
    assert parts.spread + parts.impact + parts.timing == D(str(wagner["execution"]))
    assert float(parts.opportunity) == pytest.approx(wagner["opportunity"])
    assert parts.fees == D(str(wagner["fees"]))
    assert float(other.delay) == pytest.approx(kissell["delay_on_full_target"])
    assert float(other.opportunity) == pytest.approx(kissell["opportunity_from_arrival"])
    assert parts.total == other.total == report.shortfall.total == D("437.03975")
    assert report.is_bps == pytest.approx(wagner["total_bps_of_decision_notional"], rel=1e-12)
    assert report.avg_price is not None
    assert float(report.avg_price) == pytest.approx(wagner["avg"])


def test_a_taker_pays_the_spread_it_saw_and_the_rest_is_impact() -> None:
    """Seen 100 / 100.10 when sent, filled at 100.13 after the market had moved."""
    story = Story(qty="10").run("99.90", "100.00")  # arrival mid 99.95
    story.view(5, "100.00", "100.10")
    story.place("10", "100.20")
    story.view(6, "100.04", "100.14").fill(6, "10", "100.13")
    story.end(7, "100", "100.1", ParentState.COMPLETED)
    report = measure(story.messages, "p", tape([(0, "99.90", "100.00"), (5.5, "100.04", "100.14")]))
    assert report.shortfall is not None
    assert report.shortfall.wagner == Components(
        delay=D(0),
        spread=D("0.5"),
        impact=D("0.3"),
        timing=D(1),
        fees=D(0),
        funding=D(0),
        opportunity=D(0),
    )


def test_a_maker_earns_the_spread_just_before_its_fill() -> None:
    """The fill itself moves the book at its own time: what counts is the touch before it."""
    story = Story(qty="10", side=Side.SELL).run("99.90", "100.00")
    story.place("10", "100.10")
    story.view(8, "100.06", "100.16").fill(8, "10", "100.10", maker=True, fee="-0.2")
    story.end(9, "100", "100.1", ParentState.COMPLETED)
    drawn = tape([(0, "99.90", "100.00"), (7, "100.00", "100.10"), (8, "100.06", "100.16")])
    report = measure(story.messages, "p", drawn)
    assert report.shortfall is not None
    assert report.shortfall.wagner == Components(
        delay=D(0),
        spread=D("-0.5"),
        impact=D(0),
        timing=D(-1),
        fees=D("-0.2"),
        funding=D(0),
        opportunity=D(0),
    )


def test_without_a_tape_a_maker_is_measured_by_what_was_seen() -> None:
    story = Story(qty="10").run("99.90", "100.00")
    story.view(8, "99.80", "99.90").fill(8, "10", "99.90", maker=True)
    story.end(9, "100", "100.1", ParentState.COMPLETED)
    report = measure(story.messages, "p", EMPTY)
    assert report.shortfall is not None
    parts = report.shortfall.wagner
    assert (parts.timing, parts.spread, parts.impact) == (D(-1), D("-0.5"), D(1))


def test_an_order_without_fills_is_all_opportunity() -> None:
    story = Story(qty="10", decision="100").run("100.05", "100.15")
    story.end(60, "100.79", "100.81", ParentState.EXPIRED)
    report = measure(story.messages, "p", EMPTY)
    assert report.components_bps is not None and report.kissell_bps is not None
    assert report.is_bps == report.components_bps.opportunity == pytest.approx(80)
    assert report.kissell_bps.delay == pytest.approx(10)
    assert report.kissell_bps.opportunity == pytest.approx(70)


def test_inverse_contracts_cost_in_base() -> None:
    """Long 80,000 of 100,000 contracts: decided at 40,000, bought at 50,000, ended at 50,000."""
    spec = instrument(Category.INVERSE)
    story = Story(spec, qty="100000", decision="40000").run("39999", "40001")
    story.fill(1, "80000", "50000", fee="0.001")
    story.end(60, "49999", "50001", ParentState.CANCELLED)
    report = measure(story.messages, "p", tape([], spec=spec))
    assert report.shortfall is not None and report.currency == "T"
    assert report.shortfall.notional == D("2.5")
    assert report.shortfall.wagner.fees == D("0.001")
    assert report.shortfall.wagner.opportunity == D("0.1")  # 20,000 / 40,000 - 20,000 / 50,000
    assert float(report.shortfall.total) == pytest.approx(0.4 + 0.1 + 0.001)


def test_funding_is_a_cost_beside_the_fees_and_counts_once_while_the_order_is_worked() -> None:
    """Held 10 at 100: paid 0.1 at 10 s (told twice), received 0.03 at 20 s, ended, paid again."""

    def paid(at: float, amount: str) -> FundingPaid:
        mark, rate = Price(D(100)), D(amount) / 1000 * 10_000
        return FundingPaid(
            ns(at) + 1, "p", spec.id, ns(at), Qty(D(10)), mark, rate, Money(D(amount))
        )

    spec = instrument()
    story = Story(qty="10").run("99.95", "100.05").fill(1, "10", "100.05", fee="0.02")
    other = msgspec.structs.replace(paid(20, "9"), parent_id="q")
    story.messages += [paid(10, "0.1"), paid(10, "0.1"), other, paid(20, "-0.03")]
    story.end(30, "99.95", "100.05", ParentState.COMPLETED)
    story.messages.append(paid(40, "0.5"))
    report = measure(story.messages, "p", EMPTY)
    assert report.shortfall is not None and report.components_bps is not None
    assert report.shortfall.wagner.funding == D("0.07")
    assert report.shortfall.total == 10 * D("0.05") + D("0.02") + D("0.07")
    assert report.components_bps.funding == pytest.approx(0.7)  # 0.07 of 1,000
    assert [p["amount"] for p in report.document()["funding"]] == ["0.1", "-0.03"]


def test_what_was_filled_beyond_the_order_is_worth_the_end_price() -> None:
    story = Story(qty="10").run("99.95", "100.05")
    story.fill(1, "12", "100.10")
    story.end(2, "100.49", "100.51", ParentState.HALTED)
    report = measure(story.messages, "p", EMPTY)
    assert report.shortfall is not None
    assert report.shortfall.total == 12 * D("0.1") - 2 * D("0.5")
    assert [report.unfilled_qty, report.fill_rate] == [0, 1.2]


@settings(max_examples=300)
@given(
    st.sampled_from(Category),
    st.sampled_from(Side),
    qtys,
    st.lists(st.tuples(fills, touches), max_size=8),
    prices,
    prices,
    prices,
    st.decimals(-100, 100, places=6).map(Money),
)
def test_the_parts_always_sum_to_the_shortfall(
    category: Category,
    side: Side,
    qty: Qty,
    done: list[tuple[Fill, Touch]],
    decision: Price,
    arrival: Price,
    end: Price,
    funding: Money,
) -> None:
    with localcontext(EXACT):
        valuation = Valuation(instrument(category), side)
        found = decompose(valuation, qty, done, decision, arrival, end, funding)
        assert found.wagner.funding == found.kissell.funding == funding
        for parts in (found.wagner, found.kissell):
            assert abs(parts.total - found.total) <= D("1e-9") * parts.gross
        sign = -side.sign if category is Category.INVERSE else side.sign
        value = instrument(category).notional
        direct = sign * sum((value(f.price, f.qty) - value(decision, f.qty) for f, _ in done), D(0))
        direct += sum((fill.fee for fill, _ in done), funding)
        rest = qty - sum((fill.qty for fill, _ in done), D(0))
        direct += sign * (value(end, rest) - value(decision, rest))
        assert abs(direct - found.total) <= D("1e-9") * (found.wagner.gross + abs(direct))
    shortfall_bps = sum(getattr(found.wagner_bps, name) for name in found.wagner_bps.__slots__)
    scale = float(found.wagner.gross / found.notional) * 1e4
    assert shortfall_bps == pytest.approx(found.total_bps, abs=1e-12 * scale + 1e-12)


def test_a_broken_identity_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_paper_minus_real", lambda *_: Money(D(436)))
    with pytest.raises(AssertionError, match="do not sum to it: delay 80"):
        measure(perold().messages, "p", EMPTY)
