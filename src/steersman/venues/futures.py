"""Fresh futures of a generated market: what stands when it branches, and what is drawn anew.

A copy goes on as the original does, which is one future; to judge a decision by that one would be
hindsight. A fresh future stays where the original stands and draws the rest from another seed:

* What has been drawn stays: the book and who queues where, own orders, what is under way in either
  direction, the hidden orders and factors of everybody else, the next event and the next step of
  the latent price, funding that was set, headlines that were published (received or not) with
  their truth, drift and shock, transfers of minutes that have begun, and which regime is in force.
* What the seed would have drawn later is drawn anew: every event, step, jump, liquidation and delay
  from the next number on, headlines and transfers still to come, how long the regime goes on (given
  how long it has) and which ones follow. The calendar is nobody's draw and stays.

Nothing is read of what the original would have done: its seed goes into the new one, as the market
time does, only so that futures of different markets and times differ; a future by the original's
own seed is as fresh as any.

The market knows a few draws only when it needs them, though they decide what is under way: how long
the next event takes to reach us, a report of a request that has arrived, a report of funding. These
are drawn anew too, given that what has not reached us by now has not: the first seed in a row for
which that is so is an exact draw given it, as no other draw is looked at.
"""

from __future__ import annotations

from itertools import count

from steersman.venues import latent as l_
from steersman.venues import market as m_
from steersman.venues.background import Flow
from steersman.venues.draws import FUTURES, Stream
from steersman.venues.latency import FEED, REPORT, delay_ns
from steersman.venues.latent import Script
from steersman.venues.market import Market
from steersman.venues.netflows import netflows_after
from steersman.venues.news import drift_of, news_after
from steersman.venues.regimes import plan_after
from steersman.venues.scripts import Told, whole_drift

__all__ = ["seed_after", "told_after"]


def seed_after(m: Market, flow: Flow, funding_ns: int, seed: int) -> int:
    """Return the seed of the fresh future `seed` (64 bits) of a generated market as it stands.

    `funding_ns` is the exchange time of the next funding that is to be reported, or NEVER.
    """
    now_ns, before = m.s.item(m_.NOW), m.s.item(m_.SEED)
    draw = Stream(Stream(before, FUTURES).bits(now_ns, seed), FUTURES)
    came = _came(m, flow, funding_ns, before)
    candidates = (draw.bits(n) >> 1 for n in count())  # 63 bits: it is kept as int64
    return next(one for one in candidates if _came(m, flow, funding_ns, one) == came)


def _came(m: Market, flow: Flow, funding_ns: int, seed: int) -> list[bool]:
    """Tell what under way would have reached us by now if its delay were drawn by this seed."""
    s, flow_i = m.s, flow.flow_i
    exch_ns, forced_ns = flow_i.item(l_.CLOCK), flow_i.item(l_.FORCED_NS)
    if 0 < forced_ns < exch_ns:
        exch_ns = forced_ns
    known = [exch_ns + delay_ns(m.feed, seed, FEED, flow_i.item(l_.EVENT), exch_ns)]
    head = s.item(m_.REQ_HEAD)
    if head < s.item(m_.REQ_TAIL):
        exch_ns = m.requests.item(head, m_.ARRIVAL)
        took_ns = delay_ns(m.delays, seed, REPORT, s.item(m_.N_REPORTS), exch_ns)
        known.append(max(exch_ns + took_ns, s.item(m_.RECV), s.item(m_.DELIVERED)))
    if funding_ns < m_.NEVER:
        took_ns = delay_ns(m.delays, seed, REPORT, funding_ns, funding_ns)
        known.append(funding_ns + max(took_ns, m.feed[1:, 1].max().item()))
    return [at_ns <= s.item(m_.NOW) for at_ns in known]


def told_after(told: Told, seed: int, now_ns: int) -> Told:
    """Return what is told of a market that goes on by another seed from `now_ns` on."""
    asked, preset = told.asked, told.asked.preset
    kind = (preset.symbol, preset.category)
    before = [
        (item, truth)
        for item, truth in zip(told.news, told.truths, strict=True)
        if item.published_ns <= now_ns
    ]
    pairs = news_after(before, seed, now_ns + 1, asked.end_ns, *kind, asked.model)
    truths = tuple(truth for _, truth in pairs)
    published, coming = truths[: len(before)], truths[len(before) :]
    plan, regimes = plan_after(
        told.regimes, seed, now_ns, asked.end_ns, preset, asked.regime, published, coming
    )
    netflows = told.netflows
    if netflows is not None:
        share = asked.model.informativeness
        netflows = netflows_after(netflows, seed, now_ns, asked.end_ns, preset, share)
    return Told(
        params=told.params,
        script=Script(whole_drift(drift_of(truths, *kind), netflows), plan),
        news=tuple(item for item, _ in pairs),
        netflows=netflows,
        regimes=regimes,
        truths=truths,
        asked=asked,
    )
