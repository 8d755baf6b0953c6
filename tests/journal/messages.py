"""Messages to journal: a few plain ones, and strategies for all that may come."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from steersman.domain.advice import (
    Action,
    Advice,
    NoAdvice,
    Origin,
    Question,
    TrackRecord,
    Usage,
)
from steersman.domain.impact import CostLaw, ImpactEstimate
from steersman.domain.instrument import Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.market import MarketNote, MarketView, NewsItem, NoteKind, Regime, Signals
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    AdvisorWeighed,
    Alert,
    Amend,
    AnswerOutcome,
    Approved,
    Ask,
    AskWhy,
    Cancel,
    Cancelled,
    Command,
    DecisionValued,
    Effect,
    Estimated,
    Filled,
    FundingPaid,
    Input,
    Intent,
    Intervened,
    MarketNoted,
    NewsArrived,
    ParentChanged,
    ParentState,
    Place,
    Query,
    Recalibrated,
    Refused,
    RegimeChanged,
    Rejected,
    Report,
    Reported,
    Scheduled,
    Send,
    SignalsArrived,
    Started,
    Submit,
    Tick,
    Verdict,
    Viewed,
    Wake,
)
from steersman.domain.order import Liquidity, ParentOrder, Progress, Style, TimeInForce
from steersman.domain.specs import SPECS
from steersman.domain.units import Money, Price, Qty, Side
from steersman.domain.valued import Gain, Over, Worth

ORDER = ParentOrder(
    id="p1",
    instrument=SPECS[0].id,
    side=Side.BUY,
    qty=Qty(Decimal("1.5")),
    start_ns=1,
    deadline_ns=100,
)


def run(length: int) -> list[Input | Effect]:
    """Return the beginning of a run: a submission, then reports and what follows from each."""
    messages: list[Input | Effect] = [Submit(1, ORDER)]
    for n in range(2, length + 1):
        if n % 3:
            messages.append(Scheduled("p1", Qty(Decimal(n)), Style.MID, f"step {n}"))
        else:
            fill = Filled(
                child_id=f"p1-{n}",
                exec_id=f"x{n}",
                venue_ns=n,
                qty=Qty(Decimal("0.1")),
                price=Price(Decimal("100.25")),
                fee=Money(Decimal("-0.001")),
                liquidity=Liquidity.MAKER,
            )
            messages.append(Reported(n, fill))
    return messages


ns = st.integers(0, 2**62)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)  # no lone surrogates
numbers = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False)
floats = st.floats(allow_nan=False, allow_infinity=False)
qtys = numbers.map(Qty)
prices = numbers.map(Price)
ids = st.from_regex(r"[A-Za-z0-9_-]{1,24}", fullmatch=True)
child_ids = st.builds("{}-{}".format, ids, st.integers(1, 99))
sides = st.sampled_from(Side)
styles = st.sampled_from(Style)

views = st.builds(
    MarketView,
    instrument=text,
    at_ns=ns,
    exch_ns=ns,
    feed_age_ns=ns,
    best_bid=st.none() | prices,
    best_ask=st.none() | prices,
    bid_qty=qtys,
    ask_qty=qtys,
    depth_bid=st.tuples(qtys, qtys, qtys),
    depth_ask=st.tuples(qtys, qtys, qtys),
    microprice=st.none() | floats,
    market_volume=qtys,
    buy_volume=qtys,
    sell_volume=qtys,
    trades=ns,
    flow_imbalance=floats,
    trend_bps=floats,
    volatility_hour_pct=floats,
    volume_rate_per_s=floats,
    observed_ns=ns,
    usual_volatility_hour_pct=floats,
    volatility_ratio=floats,
    depth_share=floats,
    volume_ratio=floats,
)
orders = st.builds(
    ParentOrder,
    id=ids,
    instrument=text,
    side=sides,
    qty=st.decimals("0.001", 10**6).map(Qty),
    start_ns=st.integers(0, 10**18),
    deadline_ns=st.integers(10**18 + 1, 2**62),
    decision_price=st.none() | st.decimals("0.01", 10**6).map(Price),
    notes=text,
)
fills = st.builds(
    Filled,
    child_id=child_ids,
    exec_id=text,
    venue_ns=ns,
    qty=qtys,
    price=prices,
    fee=numbers.map(Money),
    liquidity=st.sampled_from(Liquidity),
)
reports: st.SearchStrategy[Report] = (
    fills
    | st.builds(Rejected, child_id=child_ids, venue_ns=ns, reason=text)
    | st.builds(Cancelled, child_id=child_ids, venue_ns=ns, cum_filled=qtys, reason=text)
)
advice = st.builds(
    Advice,
    action=st.sampled_from(Action),
    pace_pct=st.none() | st.integers(0, 200),
    ttl_s=st.integers(1, 3600),
    evidence=st.lists(text, max_size=3).map(tuple),
    reasoning=text,
    provenance=st.dictionaries(
        st.sampled_from(Advice.__struct_fields__), st.sampled_from(Origin), max_size=3
    ),
)
news = st.builds(
    NewsItem, id=text, published_ns=ns, received_ns=ns, source=text, text=text | st.just("null")
)
gains = st.builds(Gain, mean_bps=floats, low_bps=st.none() | floats, high_bps=st.none() | floats)
records = st.builds(TrackRecord, right=ns, wrong=ns, undecided=ns)
laws = st.builds(
    CostLaw,
    y=floats,
    y_error=st.floats(1e-3, 10),
    calibrated=st.booleans(),
    source=text,
    volatility_day_bps=st.none() | st.floats(1, 1e4),
)
estimates = st.builds(
    ImpactEstimate,
    base_impact_bps=floats,
    adjustment=floats,
    estimated_impact_bps=floats,
    confidence_low_bps=floats,
    confidence_high_bps=floats,
    reasoning=text,
    provenance=st.dictionaries(text, text, max_size=2),
)
inputs: st.SearchStrategy[Input] = st.one_of(
    st.builds(Tick, at_ns=ns),
    st.builds(
        DecisionValued,
        at_ns=ns,
        parent_id=ids,
        ask_id=text,
        worth=st.sampled_from(Worth),
        futures=ns,
        gain=gains,
        over=st.lists(st.builds(Over, effect=text, gain=gains)).map(tuple),
    ),
    st.builds(Viewed, at_ns=ns, view=views),
    st.builds(Submit, at_ns=ns, parent=orders),
    st.builds(Reported, at_ns=ns, report=reports),
    st.builds(
        MarketNoted,
        at_ns=ns,
        instrument=text,
        note=st.builds(
            MarketNote, kind=st.sampled_from(NoteKind), event=ns, exch_ns=ns, recv_ns=ns
        ),
    ),
    st.builds(
        FundingPaid,
        at_ns=ns,
        parent_id=text,
        instrument=text,
        venue_ns=ns,
        position=qtys,
        mark=prices,
        rate_bps=st.decimals(-500, 500, places=6),
        amount=st.decimals(-1000, 1000, places=10).map(Money),
    ),
    st.builds(NewsArrived, at_ns=ns, instrument=text, items=st.lists(news, max_size=3).map(tuple)),
    st.builds(
        SignalsArrived,
        at_ns=ns,
        signals=st.builds(Signals, instrument=text, at_ns=ns, funding_rate_pct=st.none() | floats),
    ),
    st.builds(
        AdviceArrived,
        at_ns=ns,
        parent_id=ids,
        ask_id=text,
        asked_ns=ns,
        arrived_ns=ns,
        ref_mid=numbers,
        advisor=text,
        fallback=st.booleans(),
        answer=advice | st.builds(NoAdvice, kind=text, why=text),
        usage=st.builds(Usage, tokens_in=ns, cost_usd=numbers, cached=st.booleans()),
        outcome=st.sampled_from(AnswerOutcome),
        why=text,
    ),
    st.builds(
        Intervened,
        at_ns=ns,
        command=st.sampled_from(Command),
        parent_id=st.none() | ids,
        reason=text,
    ),
    st.builds(
        Started,
        at_ns=ns,
        schema=st.integers(1, 9),
        instruments=st.lists(st.sampled_from(SPECS), max_size=2).map(tuple[Instrument, ...]),
        execution=st.just(ExecutionConfig()),
        limits=st.builds(SafetyLimits, max_position=st.decimals("0.1", 10**6)),
        volume_curves=st.dictionaries(text, st.lists(floats, max_size=3).map(tuple), max_size=2),
        seed=st.integers(0, 2**31),
        impact=st.dictionaries(text, laws, max_size=2),
        track_records=st.dictionaries(text, records, max_size=2),
    ),
)
intents: st.SearchStrategy[Intent] = st.one_of(
    st.builds(
        Place,
        child_id=child_ids,
        parent_id=ids,
        instrument=text,
        side=sides,
        qty=qtys,
        price=prices,
        tif=st.sampled_from(TimeInForce),
        style=styles,
        reason=text,
    ),
    st.builds(
        Amend,
        child_id=child_ids,
        parent_id=ids,
        instrument=text,
        side=sides,
        qty=qtys,
        price=prices,
        reason=text,
    ),
    st.builds(Cancel, child_id=child_ids, parent_id=ids, instrument=text, reason=text),
)
questions = st.builds(
    Question,
    ask_id=text,
    asked_ns=ns,
    parent=orders,
    progress=st.builds(
        Progress,
        at_ns=ns,
        filled=qtys,
        open=qtys,
        unknown=qtys,
        unfilled=qtys,
        arrival_price=prices,
        avg_price=st.none() | prices,
        others_volume=qtys,
        expected_volume=qtys,
        scheduled=qtys,
        children=st.integers(0, 99),
    ),
    view=views,
    news=st.lists(news, max_size=2).map(tuple),
    signals=st.none(),
    regime=st.sampled_from(Regime),
)
effects: st.SearchStrategy[Effect] = st.one_of(
    st.builds(Ask, question=questions, why=st.sampled_from(AskWhy)),
    st.builds(
        AdvisorWeighed, parent_id=ids, advisor=text, weight=numbers, record=records, why=text
    ),
    st.builds(Send, approved=st.builds(Approved, intent=intents)),
    st.builds(Refused, parent_id=ids, rule=text, detail=text, intent=st.none() | intents),
    st.builds(Query, child_id=child_ids, instrument=text),
    st.builds(
        Wake,
        instrument=text,
        at_ns=ns,
        touch_bid=st.none() | prices,
        touch_ask=st.none() | prices,
    ),
    st.builds(
        AdviceJudged,
        parent_id=ids,
        ask_id=text,
        advisor=text,
        verdict=st.sampled_from(Verdict),
        fallback=st.booleans(),
        effect=text,
        why=text,
    ),
    st.builds(
        ParentChanged,
        parent_id=ids,
        state=st.sampled_from(ParentState),
        filled=qtys,
        unfilled=qtys,
        reason=text,
    ),
    st.builds(Estimated, parent_id=ids, why=text, estimate=estimates),
    st.builds(
        Recalibrated,
        parent_id=ids,
        sigma_day_bps=floats,
        volume_per_s=floats,
        y=floats,
        y_error=floats,
        replanned=st.booleans(),
    ),
    st.builds(
        RegimeChanged,
        instrument=text,
        regime=st.sampled_from(Regime),
        was=st.sampled_from(Regime),
        why=text,
    ),
    st.builds(Scheduled, parent_id=ids, done=qtys, style=styles, reason=text),
    st.builds(Alert, severity=text, code=text, parent_id=st.none() | ids, text=text),
)
