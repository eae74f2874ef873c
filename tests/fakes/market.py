"""A marketplace in memory and its adapter, for tests of flows. What is sent in chooses what comes out:

SKU ending `-REJECT` is rejected, `-AGAIN` must be tried again once, `-SLOW` needs three polls, `-OMIT` gets no result;
the token `bad` fails the connection check. Switches on the market do the rest: `synchronous`, `manual` (submissions are
worked off only by `process`), `fail` (the next call of a verb raises), `lose_answer` (done, but the answer is lost),
`drop` (not done, and the answer is lost).
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from channels_app.adapters.types import (
    Capability,
    Category,
    CommandResult,
    ContentLine,
    Kind,
    Line,
    LineResult,
    OrderCommand,
    Outcome,
    ProductField,
    RemoteReturn,
    RemoteReturnLine,
    WithdrawLine,
)


@dataclass
class FakeListing:
    price: Decimal
    currency: str
    quantity: int
    title: str = ""
    active: bool = True


@dataclass
class FakeSubmission:
    handle: str
    kind: Kind
    key: str
    lines: Sequence[Line]
    polls: int = 0
    results: tuple[LineResult, ...] | None = None


@dataclass
class FakeMarket:
    """One account on the marketplace: what it shows, what it was sent, what was bought."""

    capabilities: set[Capability] = field(default_factory=lambda: {Capability.RECONCILE, Capability.REFUND})
    currency: str = "USD"
    account_id: str = "A-1"
    synchronous: bool = False
    manual: bool = False
    refuse_files: bool = False
    page_size: int = 100
    #: As the adapter that submitted says.
    content_brings_quantity: bool = True
    #: New products whose SKU begins so are refused without a barcode, for this reason.
    wants_barcodes_of: str = ""
    no_barcode: str = "This item has no GTIN (EAN, UPC): the marketplace cannot tell which product it is."
    #: The marketplace's clock.
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    listings: dict[str, FakeListing] = field(default_factory=dict)
    submissions: dict[str, FakeSubmission] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: How it sorts products, and what it asks of them.
    categories: list[Category] = field(default_factory=list)
    fields: Mapping[str, Sequence[ProductField]] = field(default_factory=dict)
    #: What buyers send back, by its number.
    returns: dict[str, RemoteReturn] = field(default_factory=dict)
    #: Every effective command, in order: (verb, command, key).
    commands: list[tuple[str, OrderCommand, str]] = field(default_factory=list)
    command_results: dict[str, CommandResult] = field(default_factory=dict)
    #: Every call, in order: (verb, detail).
    calls: list[tuple[str, str]] = field(default_factory=list)
    _errors: dict[str, list[Exception]] = field(default_factory=dict)
    _losses: list[str] = field(default_factory=list)
    _tried_again: set[str] = field(default_factory=set)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _changes: Any = field(default_factory=lambda: itertools.count(1))

    # Switches

    def fail(self, verb: str, error: Exception, *, times: int = 1) -> None:
        """The next calls of `verb` raise `error` and do nothing."""
        self._errors.setdefault(verb, []).extend([error] * times)

    def lose_answer(self) -> None:
        """The next write is done, but its answer is lost."""
        self._losses.append("after")

    def drop(self) -> None:
        """The next write never arrives, and nobody can tell."""
        self._losses.append("before")

    # What tests look at

    def quantity(self, sku: str) -> int | None:
        """Return what buyers see, or None if the SKU is not offered."""
        listing = self.listings.get(sku)
        return listing.quantity if listing and listing.active else None

    def price(self, sku: str) -> Decimal | None:
        listing = self.listings.get(sku)
        return listing.price if listing and listing.active else None

    def active(self) -> dict[str, int]:
        return {sku: listing.quantity for sku, listing in self.listings.items() if listing.active}

    def sent(self, kind: Kind) -> list[Line]:
        """Return every line of `kind` that arrived, in order."""
        return [line for one in self.submissions.values() if one.kind == kind for line in one.lines]

    # Buyers

    def has_order(
        self,
        remote_id: str,
        *,
        sku: str = "",
        quantity: int = 1,
        price: str = "10.00",
        lines: Sequence[tuple[str, int, str]] = (),
        payment: str = "cleared",
    ) -> dict[str, Any]:
        """A buyer orders; the marketplace takes it off its own quantity, as real ones do. Returns the body."""
        wanted = lines or [(sku, quantity, price)]
        body: dict[str, Any] = {
            "id": remote_id,
            "status": "new",
            "payment": payment,
            "placed_at": self.now.isoformat(),
            "currency": self.currency,
            "tax_included": True,
            "shipping": "0.00",
            "total": str(sum(Decimal(p) * q for _, q, p in wanted)),
            "accepted": Capability.ACCEPT not in self.capabilities,
            "request": None,
            "lines": [
                {"id": f"{remote_id}-{n}", "sku": s, "quantity": q, "price": p, "shipped": 0, "cancelled": 0}
                for n, (s, q, p) in enumerate(wanted, 1)
            ],
        }
        for s, q, _ in wanted:
            if s in self.listings:
                self.listings[s].quantity = max(self.listings[s].quantity - q, 0)
        self.orders[remote_id] = body
        self.touch(remote_id)
        return body

    def touch(self, remote_id: str) -> None:
        """The order changed: it gets a higher version and is seen again."""
        self.orders[remote_id]["version"] = next(self._changes)

    def asks_to_cancel(self, remote_id: str, reason: str = "Changed my mind") -> None:
        self.orders[remote_id]["request"] = {
            "id": f"{remote_id}-R",
            "reason": reason,
            "requested_at": self.now.isoformat(),
        }
        self.touch(remote_id)

    def cancels(self, remote_id: str) -> None:
        """The marketplace itself cancels the whole order."""
        for line in self.orders[remote_id]["lines"]:
            line["cancelled"] = line["quantity"] - line["shipped"]
        self.orders[remote_id]["status"] = "cancelled"
        self.touch(remote_id)

    def has_return(self, remote_id: str, order: str, *lines: RemoteReturnLine) -> None:
        """The buyer of `order` sends something back."""
        self.returns[remote_id] = RemoteReturn(
            remote_id=remote_id, order_remote_id=order, requested_at=self.now, lines=lines
        )

    # Its insides

    def enter(self, verb: str, detail: str = "") -> None:
        self.calls.append((verb, detail))
        if self._errors.get(verb):
            raise self._errors[verb].pop(0)

    def answer(self) -> str:
        """Return what becomes of the answer to the write at hand: "", "before" or "after"."""
        return self._losses.pop(0) if self._losses else ""

    def receive(self, kind: Kind, lines: Sequence[Line], key: str) -> FakeSubmission:
        known = self.find(key)
        if known is not None:
            return known
        one = FakeSubmission(handle=f"H-{next(self._numbers)}", kind=kind, key=key, lines=tuple(lines))
        self.submissions[one.handle] = one
        if self.synchronous:
            self.process(one.handle)
        return one

    def find(self, key: str) -> FakeSubmission | None:
        return next((one for one in self.submissions.values() if one.key == key), None)

    def process(self, handle: str) -> None:
        """Work a submission off, once."""
        one = self.submissions[handle]
        if one.results is None and not self.refuse_files:
            one.results = tuple(
                result for line in one.lines if (result := self._apply(one.kind, line)) and "-OMIT" not in line.sku
            )

    def process_all(self) -> None:
        for handle in list(self.submissions):
            self.process(handle)

    def _apply(self, kind: Kind, line: Line) -> LineResult:
        if line.sku.endswith("-REJECT"):
            return LineResult(sku=line.sku, outcome=Outcome.REJECTED, code="E1", reason="We do not like it.")
        if line.sku.endswith("-AGAIN") and line.sku not in self._tried_again:
            self._tried_again.add(line.sku)
            return LineResult(sku=line.sku, outcome=Outcome.TRY_AGAIN, code="E2", reason="Busy with this item.")
        listing = self.listings.get(line.sku)
        if isinstance(line, WithdrawLine):
            if listing:
                listing.active = False
            return LineResult(sku=line.sku, outcome=Outcome.ACCEPTED)
        if isinstance(line, ContentLine):
            if self.wants_barcodes_of and line.sku.startswith(self.wants_barcodes_of) and not line.gtin:
                return LineResult(sku=line.sku, outcome=Outcome.REJECTED, code="E4", reason=self.no_barcode)
            shown = listing.quantity if listing else 0
            quantity = line.quantity if self.content_brings_quantity else shown
            self.listings[line.sku] = FakeListing(line.price, line.currency, quantity, line.title)
            return LineResult(sku=line.sku, outcome=Outcome.ACCEPTED)
        if listing is None or not listing.active:
            return LineResult(sku=line.sku, outcome=Outcome.REJECTED, code="E3", reason="No such listing.")
        if kind != Kind.QUANTITY:
            listing.price = line.price
        if kind != Kind.PRICE:
            listing.quantity = line.quantity
        return LineResult(sku=line.sku, outcome=Outcome.ACCEPTED)


#: Account name (the form's `account`) to market, so that an adapter opened by the engine finds it.
MARKETS: dict[str, FakeMarket] = {}
