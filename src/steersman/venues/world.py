"""What a generated market is besides its book: everybody else, and what is published of them.

It is built from what a seed decides beforehand (`scripts`) and the flow's own state, tells each
thing once and only when it is known, and branches with the market.
"""

from __future__ import annotations

from decimal import Decimal

from steersman.domain.instrument import Instrument
from steersman.domain.market import NewsItem, Signals
from steersman.venues.background import Flow, copied_flow
from steersman.venues.futures import told_after
from steersman.venues.latent import EVENT, NEWS_ROW, PLAN_ROW
from steersman.venues.perpetual import funding_between, newest_minute, signals_of
from steersman.venues.regimes import HiddenRegime, cascades
from steersman.venues.scripts import Told

__all__ = ["World"]


class World:
    """The background of one generated market and what of it will be published."""

    def __init__(self, flow: Flow, told: Told) -> None:
        self.flow = flow
        self._told = told
        self._news = told.news
        self._signalled = -1  # the last minute whose signals were told

    @property
    def events(self) -> int:
        """How many numbered events everybody else has made so far."""
        return int(self.flow.flow_i[EVENT])

    def news_until(self, now_ns: int) -> tuple[NewsItem, ...]:
        """Return the headlines received by `now_ns` that were not returned before, by reception."""
        if not self._news:
            return ()
        came = [item for item in self._news if item.received_ns <= now_ns]
        self._news = tuple(item for item in self._news if item.received_ns > now_ns)
        return tuple(sorted(came, key=lambda item: (item.received_ns, item.published_ns, item.id)))

    def signals_until(self, instrument: Instrument, now_ns: int) -> tuple[Signals, ...]:
        """Return the newest signals of a perpetual published by `now_ns`, once a minute at most."""
        minute, netflows = newest_minute(now_ns), self._told.netflows
        if netflows is None or minute <= self._signalled:
            return ()
        found = signals_of(instrument, self.flow.flow_i, self.flow.flow_f, netflows, minute)
        self._signalled = minute
        return () if found is None else (found,)

    def funding_between(self, from_ns: int, to_ns: int) -> tuple[tuple[int, Decimal], ...]:
        """Return time and rate (bps; longs pay) of each funding in (from, to] that has been set."""
        if self._told.netflows is None:
            return ()
        return funding_between(self.flow.flow_i, self.flow.flow_f, from_ns + 1, to_ns + 1)

    def hidden_regimes(self) -> tuple[HiddenRegime, ...]:
        """Return the truth about which regime held when, by start: to measure, never to trade.

        Scheduled ones of the whole market, and the cascades so far (the last 64).
        """
        happened = cascades(self.flow.flow_i, self.flow.flow_f)
        return tuple(sorted((*self._told.regimes, *happened), key=lambda span: span.from_ns))

    def copy(self) -> World:
        """Return a background that goes on as this one would, independently of it."""
        other = World(copied_flow(self.flow), self._told)
        other._news, other._signalled = self._news, self._signalled
        return other

    def fresh(self, seed: int, now_ns: int) -> World:
        """Return a background that stands where this one does and goes on by another seed."""
        told = told_after(self._told, seed, now_ns)
        flow = copied_flow(self.flow)._replace(script=told.script)
        flow.flow_i[NEWS_ROW] = flow.flow_i[PLAN_ROW] = 0  # it finds its place in the new rows
        other = World(flow, told)
        other._news = tuple(
            item for item in told.news if item.published_ns > now_ns or item in self._news
        )
        other._signalled = self._signalled
        return other
