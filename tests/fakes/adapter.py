"""The adapter of the marketplace in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime
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
    CommandResult,
    ConnectionFacts,
    Export,
    Kind,
    Limit,
    Line,
    LostSubmission,
    OrderCommand,
    OrderPage,
    Phase,
    ProductField,
    RawOrder,
    Receipt,
    RemoteListing,
    RemoteOrder,
    Report,
    ReturnPage,
)
from tests.fakes.market import MARKETS, FakeMarket, FakeSubmission
from tests.fakes.orders import carry_out, copy_of, remote_order


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
        self.market.content_brings_quantity = self.content_brings_quantity
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
            raws=tuple(RawOrder(remote_id=o["id"], version=o["version"], body=copy_of(o)) for o in page),
            next_cursor=str(page[-1]["version"]) if page else str(after),
            has_more=bool(rest),
            known_until=None if rest else self.market.now,
        )

    def parse_order(self, body: Mapping[str, Any]) -> RemoteOrder:
        try:
            return remote_order(body)
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
            market.command_results[key] = carry_out(market, verb, command)
        if lost == "after":
            raise OutcomeUnknown("The answer was lost.")
        return market.command_results[key]
