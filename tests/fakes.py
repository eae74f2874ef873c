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
from typing import Any, ClassVar, Self, cast

from django import forms

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError
from channels_app.adapters.http import HttpClient
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import (
    Account,
    Capability,
    Category,
    Choice,
    CommandLineResult,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Export,
    Kind,
    Limit,
    Line,
    LineResult,
    LostSubmission,
    OrderCommand,
    OrderPage,
    Outcome,
    PaymentStatus,
    Phase,
    ProductField,
    RawOrder,
    Receipt,
    RemoteCancellationRequest,
    RemoteListing,
    RemoteOrder,
    RemoteOrderLine,
    RemoteReturn,
    RemoteReturnLine,
    Report,
    ReturnPage,
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
            quantity = line.quantity if FakeAdapter.content_brings_quantity else shown
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


class FakeAccountForm(forms.Form):
    account = forms.CharField()
    token = forms.CharField(widget=forms.PasswordInput)


class FakeAdapter(ChannelAdapter):
    """Speaks to a FakeMarket."""

    key = "fake"
    label = "Fake Marketplace"
    summary = "For tests."
    capabilities = frozenset(Capability)
    limits: ClassVar[Mapping[str, Limit]] = {"submit": Limit(per_second=10, burst=10)}
    submission_lines: ClassVar[Mapping[Kind, int]] = {Kind.CONTENT: 1000, Kind.OFFER: 1000, Kind.WITHDRAW: 1000}
    intervals: ClassVar[Mapping[str, int]] = {
        "offers": 30,
        "content": 60,
        "results": 15,
        "reconcile": 3600,
        "orders": 60,
        "commands": 30,
        "returns": 600,
        "categories": 86_400,
    }
    account_form: ClassVar[type[forms.Form]] = FakeAccountForm
    honours_keys = True

    @classmethod
    def of(cls, market: FakeMarket) -> Self:
        """Return an adapter for `market` that needs no registry, no HTTP and no tokens."""
        adapter = cls(
            Account(settings={"account": market.account_id}, secrets={"token": "good"}),
            http=cast(HttpClient, None),
            tokens=cast(TokenStore, None),
        )
        MARKETS[market.account_id] = market
        return adapter

    @property
    def market(self) -> FakeMarket:
        return MARKETS[self.account.settings["account"]]

    def check_connection(self) -> ConnectionFacts:
        self.market.enter("check_connection")
        if self.account.secrets.get("token") == "bad":
            raise SettingsError("The token is wrong.", field_errors={"token": "This token was refused."})
        return ConnectionFacts(
            account_id=self.market.account_id,
            account_name=f"Shop {self.market.account_id}",
            currency=self.market.currency,
            capabilities=frozenset(self.market.capabilities),
            carriers=(Choice(code="ups", name="UPS"), Choice(code="dhl", name="DHL")),
            cancel_reasons=(Choice(code="no_stock", name="Out of stock"),),
            refund_reasons=(Choice(code="damaged", name="Damaged"),),
            return_decisions=(Choice(code="received", name="Received"), Choice(code="refused", name="Refused")),
        )

    def list_categories(self) -> list[Category]:
        self.market.enter("list_categories")
        return self.market.categories

    def list_fields(self, categories: Sequence[str]) -> Mapping[str, Sequence[ProductField]]:
        self.market.enter("list_fields", " ".join(categories))
        return self.market.fields

    def submit(self, kind: Kind, lines: Sequence[Line], *, key: str) -> Receipt:
        self.market.enter("submit", kind)
        lost = self.market.answer()
        if lost == "before":
            raise OutcomeUnknown("The answer was lost.")
        one = self.market.receive(kind, lines, key)
        if lost == "after":
            raise OutcomeUnknown("The answer was lost.")
        return self._receipt(one)

    def _receipt(self, one: FakeSubmission) -> Receipt:
        if self.market.synchronous and one.results is not None:
            return Receipt(handle=one.handle, report=Report(phase=Phase.DONE, results=one.results))
        return Receipt(handle=one.handle)

    def poll(self, kind: Kind, handle: str) -> Report:
        self.market.enter("poll", handle)
        one = self.market.submissions.get(handle)
        if one is None:
            raise RejectedByChannel("No such submission.", code="404")
        one.polls += 1
        if self.market.refuse_files:
            return Report(phase=Phase.FAILED, reason="The file could not be read.")
        slow = any(line.sku.endswith("-SLOW") for line in one.lines)
        if not self.market.manual and (not slow or one.polls >= 3):
            self.market.process(handle)
        if one.results is None:
            return Report(phase=Phase.OPEN)
        return Report(phase=Phase.DONE, results=one.results)

    def find_submission(self, lost: LostSubmission) -> Receipt | None:
        self.market.enter("find_submission", lost.key)
        one = self.market.find(lost.key)
        return None if one is None else self._receipt(one)

    def export_listings(self, handle: str = "") -> Export:
        self.market.enter("export_listings", handle)
        rows = [
            RemoteListing(
                sku=sku,
                title=listing.title,
                price=listing.price,
                currency=listing.currency,
                quantity=listing.quantity,
                active=listing.active,
            )
            for sku, listing in sorted(self.market.listings.items())
        ]
        return Export(handle=handle or "E-1", as_of=self.market.now, complete=True, rows=rows)

    def first_cursor(self, since: datetime) -> str:
        return "0"

    def fetch_orders(self, cursor: str) -> OrderPage:
        self.market.enter("fetch_orders", cursor)
        after = int(cursor or 0)
        found = sorted((o for o in self.market.orders.values() if o["version"] > after), key=lambda o: o["version"])
        page, rest = found[: self.market.page_size], found[self.market.page_size :]
        return OrderPage(
            raws=tuple(RawOrder(remote_id=o["id"], version=o["version"], body=_copy(o)) for o in page),
            next_cursor=str(page[-1]["version"]) if page else str(after),
            has_more=bool(rest),
            known_until=None if rest else self.market.now,
        )

    def parse_order(self, body: Mapping[str, Any]) -> RemoteOrder:
        try:
            return _remote_order(body)
        except (KeyError, ValueError, ArithmeticError) as error:
            raise RejectedByChannel(f"This order cannot be read: {error}") from error

    def accept(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("accept", command, key)

    def ship(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("ship", command, key)

    def cancel(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("cancel", command, key)

    def refund(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("refund", command, key)

    def answer_cancellation(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("answer_cancellation", command, key)

    def first_returns_cursor(self, since: datetime) -> str:
        return since.isoformat()

    def fetch_returns(self, cursor: str) -> ReturnPage:
        self.market.enter("fetch_returns", cursor)
        since = datetime.fromisoformat(cursor)
        found = tuple(one for one in self.market.returns.values() if one.requested_at >= since)
        return ReturnPage(returns=found, next_cursor=self.market.now.isoformat(), has_more=False)

    def handle_return(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("handle_return", command, key)

    def find_command(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        self.market.enter("find_command", key)
        return self.market.command_results.get(key)

    def _do(self, verb: str, command: OrderCommand, key: str) -> CommandResult:
        market = self.market
        market.enter(verb, command.order_remote_id)
        lost = market.answer()
        if lost == "before":
            raise OutcomeUnknown("The answer was lost.")
        if key not in market.command_results:
            market.commands.append((verb, command, key))
            market.command_results[key] = _carry_out(market, verb, command)
        if lost == "after":
            raise OutcomeUnknown("The answer was lost.")
        return market.command_results[key]


def _carry_out(market: FakeMarket, verb: str, command: OrderCommand) -> CommandResult:
    """Change the order as the command asks; a tracking number `REJECT` is refused."""
    if command.tracking_number == "REJECT" or command.order_remote_id not in market.orders:
        refused = [
            CommandLineResult(
                line_remote_id=line.line_remote_id, outcome=Outcome.REJECTED, code="C1", reason="Refused."
            )
            for line in command.lines
        ]
        return CommandResult(results=tuple(refused))
    if verb == "handle_return":
        return _decide(command)
    order = market.orders[command.order_remote_id]
    lines = {line["id"]: line for line in order["lines"]}
    for asked in command.lines:
        line = lines[asked.line_remote_id]
        if verb == "ship":
            line["shipped"] += asked.quantity
        elif verb == "cancel" or (verb == "answer_cancellation" and command.approve_request):
            line["cancelled"] += asked.quantity or line["quantity"]
    if verb == "accept":
        order["accepted"] = True
    if verb == "answer_cancellation":
        order["request"] = None
    market.touch(command.order_remote_id)
    return CommandResult(
        results=tuple(
            CommandLineResult(line_remote_id=line.line_remote_id, outcome=Outcome.ACCEPTED) for line in command.lines
        )
    )


def _decide(command: OrderCommand) -> CommandResult:
    """Take decisions about a return, but never for the reason "refused"."""
    return CommandResult(
        results=tuple(
            CommandLineResult(
                line_remote_id=line.line_remote_id,
                outcome=Outcome.REJECTED if line.reason == "refused" else Outcome.ACCEPTED,
                reason="Not like this." if line.reason == "refused" else "",
            )
            for line in command.lines
        )
    )


def _copy(order: dict[str, Any]) -> dict[str, Any]:
    return {**order, "lines": [dict(line) for line in order["lines"]]}


def _remote_order(body: Mapping[str, Any]) -> RemoteOrder:
    request = body["request"]
    return RemoteOrder(
        remote_id=body["id"],
        version=body["version"],
        status=body["status"],
        payment=PaymentStatus(body["payment"]),
        placed_at=datetime.fromisoformat(body["placed_at"]),
        ship_by=datetime.fromisoformat(body["ship_by"]) if "ship_by" in body else None,
        currency=body["currency"],
        tax_included=body["tax_included"],
        total=Decimal(body["total"]),
        shipping=Decimal(body["shipping"]),
        buyer={"name": "Ada Buyer"},
        ship_to={"name": "Ada Buyer", "city": "Springfield"},
        is_accepted=body["accepted"],
        cancellation_request=request
        and RemoteCancellationRequest(
            remote_id=request["id"],
            reason=request["reason"],
            requested_at=datetime.fromisoformat(request["requested_at"]),
        ),
        lines=tuple(
            RemoteOrderLine(
                remote_id=line["id"],
                sku=line["sku"],
                title=line["sku"],
                quantity=line["quantity"],
                shipped_quantity=line["shipped"],
                cancelled_quantity=line["cancelled"],
                unit_price=Decimal(line["price"]),
                amount=Decimal(line["price"]) * line["quantity"],
            )
            for line in body["lines"]
        ),
    )
