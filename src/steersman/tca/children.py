"""The child orders of one parent as a table that people can read (F6).

One row per child order, and one per stretch of waiting in which a limit kept refusing with the
same words. Rows come in the order in which they began.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from steersman.domain.messages import (
    Accepted,
    Amend,
    Amended,
    Cancelled,
    Effect,
    Filled,
    Input,
    Intent,
    Place,
    Refused,
    Rejected,
    Report,
    Reported,
    Resolved,
    Send,
    Unanswered,
)
from steersman.domain.order import Style, TimeInForce
from steersman.domain.units import ZERO_QTY, Price, Qty

__all__ = ["ChildRow", "child_rows"]

PriceType = Literal["limit", "mid", "market"]
RowState = Literal["sent", "open", "filled", "cancelled", "rejected", "unknown", "refused"]


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A child order, or a wait.

    `price_type` is market where it may only take (immediate or cancel, never worse than `price`),
    else mid or limit. `qty` and `price` are the latest after `amends` amendments; `avg_price` is
    weighted by quantity. `reason` says why it was sent, `outcome` why it ended, if a venue said.
    A wait has `at_ns` and `until_ns` of its first and last refusal and counts them in `refusals`.
    """

    at_ns: int
    until_ns: int
    action: Literal["buy", "sell", "wait"]
    child_id: str | None
    qty: Qty | None
    price_type: PriceType | None
    price: Price | None
    filled: Qty
    avg_price: Price | None
    state: RowState
    reason: str
    outcome: str = ""
    amends: int = 0
    refusals: int = 0


def child_rows(messages: Iterable[Input | Effect], parent_id: str) -> list[ChildRow]:
    """Return the rows of one parent order, in time order."""
    table = _Table(parent_id)
    for message in messages:
        table.take(message)
    return table.rows


class _Table:
    def __init__(self, parent_id: str) -> None:
        self.rows: list[ChildRow] = []
        self._parent_id = parent_id
        self._now_ns = 0
        self._index: dict[str, int] = {}
        self._value: dict[str, Decimal] = {}
        self._told: set[tuple[str, str]] = set()

    def take(self, message: Input | Effect) -> None:
        if isinstance(message, Input):
            self._now_ns = message.at_ns
        match message:
            case Send() if message.approved.intent.parent_id == self._parent_id:
                self._sent(message.approved.intent)
            case Reported() if message.report.child_id in self._index:
                self._reported(message.report)
            case Refused() if message.parent_id == self._parent_id:
                self._refused(message)
            case _:
                pass

    def _sent(self, intent: Intent) -> None:
        match intent:
            case Place():
                self._index[intent.child_id] = len(self.rows)
                self._value[intent.child_id] = Decimal(0)
                self.rows.append(self._row_of(intent))
            case Amend():
                row = self.rows[self._index[intent.child_id]]
                self._change(intent.child_id, amends=row.amends + 1)
            case _:
                pass  # the report of the cancel tells

    def _row_of(self, place: Place) -> ChildRow:
        return ChildRow(
            at_ns=self._now_ns,
            until_ns=self._now_ns,
            action="buy" if place.side.sign > 0 else "sell",
            child_id=place.child_id,
            qty=place.qty,
            price_type=_price_type(place),
            price=place.price,
            filled=ZERO_QTY,
            avg_price=None,
            state="sent",
            reason=place.reason,
        )

    def _reported(self, report: Report) -> None:
        child_id = report.child_id
        match report:
            case Accepted():
                self._live(child_id)
            case Filled():
                self._filled(report)
            case Amended():
                self._change(child_id, qty=report.qty, price=report.price)
                self._live(child_id)
            case Cancelled():
                full = self._row(child_id).state == "filled"
                if not full:
                    self._change(child_id, state="cancelled", outcome=report.reason)
            case Rejected():
                self._change(child_id, state="rejected", outcome=report.reason)
            case Unanswered():
                self._change(child_id, state="unknown")
            case Resolved():
                self._resolved(report)
            case _:
                pass  # a refused cancel or amendment leaves the order as it was

    def _live(self, child_id: str) -> None:
        if self._row(child_id).state in ("sent", "unknown"):
            self._change(child_id, state="open")

    def _filled(self, fill: Filled) -> None:
        told = fill.child_id, fill.exec_id
        if told in self._told:
            return
        self._told.add(told)
        row = self._row(fill.child_id)
        self._value[fill.child_id] += fill.qty * fill.price
        filled = Qty(row.filled + fill.qty)
        average = Price(self._value[fill.child_id] / filled)
        self._change(fill.child_id, filled=filled, avg_price=average)
        if row.qty is not None and filled >= row.qty:
            self._change(fill.child_id, state="filled")
        else:
            self._live(fill.child_id)

    def _resolved(self, report: Resolved) -> None:
        if not report.found:
            self._change(report.child_id, state="rejected", outcome="unknown to the venue")
        elif report.live:
            self._live(report.child_id)
        elif self._row(report.child_id).state != "filled":
            self._change(report.child_id, state="cancelled", outcome="over, says the venue")

    def _refused(self, refused: Refused) -> None:
        reason = f"{refused.rule}: {refused.detail}"
        last = self.rows[-1] if self.rows else None
        if last is not None and last.action == "wait" and last.reason == reason:
            again = replace(last, until_ns=self._now_ns, refusals=last.refusals + 1)
            self.rows[-1] = again
            return
        intent = refused.intent
        asked = intent if isinstance(intent, Place | Amend) else None
        self.rows.append(
            ChildRow(
                at_ns=self._now_ns,
                until_ns=self._now_ns,
                action="wait",
                child_id=None,
                qty=asked.qty if asked else None,
                price_type=_price_type(intent) if isinstance(intent, Place) else None,
                price=asked.price if asked else None,
                filled=ZERO_QTY,
                avg_price=None,
                state="refused",
                reason=reason,
                refusals=1,
            )
        )

    def _row(self, child_id: str) -> ChildRow:
        return self.rows[self._index[child_id]]

    def _change(self, child_id: str, **changes: object) -> None:
        index = self._index[child_id]
        until = {"until_ns": self._now_ns, **changes}
        self.rows[index] = replace(self.rows[index], **until)  # type: ignore[arg-type]


def _price_type(place: Place) -> PriceType:
    if place.tif is TimeInForce.IOC:
        return "market"
    return "mid" if place.style is Style.MID else "limit"
