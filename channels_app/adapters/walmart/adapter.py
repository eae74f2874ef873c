"""Walmart Marketplace (United States) as a channel."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import NotSupported, RejectedByChannel
from channels_app.adapters.types import (
    Account,
    Capability,
    Category,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Export,
    Kind,
    Line,
    LostSubmission,
    Mode,
    OfferLine,
    OrderCommand,
    OrderPage,
    ProductField,
    Receipt,
    RemoteOrder,
    Report,
    ReturnPage,
    Verb,
    WithdrawLine,
)
from channels_app.adapters.walmart import account as accounts
from channels_app.adapters.walmart import commands, orders, pages, returns, times, traces
from channels_app.adapters.walmart.client import PRODUCTION, SANDBOX, WalmartClient, quoted
from channels_app.adapters.walmart.content import ItemDefaults, why_not
from channels_app.adapters.walmart.exports import Exports
from channels_app.adapters.walmart.forms import WalmartAccountForm
from channels_app.adapters.walmart.limits import FILE_ITEMS, INTERVALS, LIMITS
from channels_app.adapters.walmart.pages import Pages
from channels_app.adapters.walmart.product_types import ProductTypes
from channels_app.adapters.walmart.submissions import Submissions

if TYPE_CHECKING:
    from channels_app.adapters.http import Answer, HttpClient
    from channels_app.adapters.tokens import TokenStore


class WalmartAdapter(ChannelAdapter):
    """Speaks version 3 of the Marketplace API, for one seller account."""

    key = "walmart"
    label = "Walmart"
    summary = "Walmart Marketplace, United States."
    capabilities = frozenset(
        (
            Capability.RECONCILE,
            Capability.NEW_PRODUCTS,
            Capability.ACCEPT,
            Capability.SHIP_PARTIAL,
            Capability.TRACKING_REQUIRED,
            Capability.CANCEL_LINE,
            Capability.CANCEL_PARTIAL,
            Capability.REFUND,
            Capability.REFUND_PARTIAL,
            Capability.CANCELLATION_REQUESTS,
            Capability.RETURNS,
            Capability.FULFILLMENTS_REQUIRED,
            Capability.TELLS_SHIPPED,
        )
    )
    limits = LIMITS
    submission_lines = dict.fromkeys((Kind.CONTENT, Kind.QUANTITY, Kind.PRICE, Kind.WITHDRAW), FILE_ITEMS)
    intervals = INTERVALS
    #: Each brings a schema of some hundred kilobytes.
    categories_at_once = 5
    content_brings_quantity = False
    #: Feeds have no time limit, and items may be under review for a day.
    answers_within = timedelta(hours=48)
    account_form = WalmartAccountForm
    # Source: developer.walmart.com, "Token API" (no end of a client secret is documented) and "Delegated access
    # authorization" (updated 2026-09-28, read 2026-11-27). `expire_at` of /v3/token/detail is the access token's.
    expiry_help = (
        "Leave it empty for a key of your own: Walmart gives it no end. One that was made for a solution provider "
        "(Delegated Access) ends on April 30, 2027."
    )

    def __init__(self, account: Account, *, http: "HttpClient", tokens: "TokenStore") -> None:
        super().__init__(account, http=http, tokens=tokens)
        override = str(account.settings.get("base_url") or "")
        is_test = account.mode is Mode.TEST
        self._client = WalmartClient(
            base_url=override or (SANDBOX if is_test else PRODUCTION),
            is_sandbox=is_test,
            client_id=str(account.settings.get("client_id", "")),
            client_secret=account.secrets.get("client_secret", ""),
            http=http,
            tokens=tokens,
        )
        ship_node = str(account.settings.get("ship_node") or "")
        self._defaults = _item_defaults(account.settings)
        self._submissions = Submissions(
            self._client,
            defaults=self._defaults,
            ship_node=ship_node,
            small_files=is_test and not override,
        )
        self._exports = Exports(self._client, ship_node=ship_node)
        self._pages = Pages(self._client)
        self._product_types = ProductTypes(self._client, version=self._defaults.spec_version)

    @classmethod
    def host(cls, settings: Mapping[str, Any]) -> str:
        return urlsplit(str(settings.get("base_url") or "")).netloc or cls.key

    @classmethod
    def pause_after(cls, answer: "Answer") -> float | None:
        return times.pause_after(answer)

    def check_connection(self) -> ConnectionFacts:
        detail = self._client.get("token_detail", "/v3/token/detail").body
        accounts.check_scopes(detail)
        profile = self._client.get("partner_profile", "/v3/settings/partnerprofile").body
        return accounts.read_facts(detail, profile, capabilities=self.capabilities)

    # Listings

    def submit(self, kind: Kind, lines: Sequence[Line], *, key: str) -> Receipt:
        match kind:
            case Kind.CONTENT:
                return self._submissions.send_content(cast(Sequence[ContentLine], lines))
            case Kind.PRICE:
                return self._submissions.send_prices(cast(Sequence[OfferLine], lines))
            case Kind.QUANTITY:
                return self._submissions.send_quantities(cast(Sequence[OfferLine], lines))
            case Kind.WITHDRAW:
                return self._submissions.send_withdrawals(cast(Sequence[WithdrawLine], lines))
        raise NotSupported("Walmart takes prices and quantities apart.")

    def poll(self, kind: Kind, handle: str) -> Report:
        return self._submissions.poll(kind, handle)

    def find_submission(self, lost: LostSubmission) -> Receipt | None:
        return self._submissions.find(lost)

    def export_listings(self, handle: str = "") -> Export:
        return self._exports.look(handle) if handle else self._exports.begin()

    def why_refused(self, line: ContentLine) -> str:
        return why_not(line, self._defaults)

    def list_categories(self) -> list[Category]:
        return self._product_types.list_all()

    def list_fields(self, categories: Sequence[str]) -> Mapping[str, Sequence[ProductField]]:
        return self._product_types.fields_of(categories)

    # Orders

    def first_cursor(self, since: datetime) -> str:
        return pages.first_place(since)

    def fetch_orders(self, cursor: str) -> OrderPage:
        return self._pages.read_orders(cursor)

    def parse_order(self, body: Mapping[str, Any]) -> RemoteOrder:
        return orders.read_order(body)

    def accept(self, command: OrderCommand, *, key: str) -> CommandResult:
        """The whole order is acknowledged; one that is already is left alone."""
        order = self._pages.read_order(command.order_remote_id).body
        known = traces.done_lines(command, order)
        if len(known.results) == len(command.lines):
            return known
        return self._tell("acknowledge", "acknowledge", command)

    def ship(self, command: OrderCommand, *, key: str) -> CommandResult:
        order = self._pages.read_order(command.order_remote_id)
        try:
            body = commands.build_shipment(command, order.body, now=order.at)
        except RejectedByChannel as error:
            return traces.all_rejected(command, error)
        return self._tell("ship", "shipping", command, body)

    def cancel(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._tell("cancel", "cancel", command, commands.build_cancellation(command))

    def answer_cancellation(self, command: OrderCommand, *, key: str) -> CommandResult:
        """An approved request is a cancellation for the buyer's sake; Walmart is not told of a refusal: it ships."""
        if not command.approve_request:
            return traces.all_accepted(command)
        return self.cancel(command, key=key)

    def refund(self, command: OrderCommand, *, key: str) -> CommandResult:
        """The money goes back from the charges that the order shows now. A call that was taken is one that was done."""
        order = self._pages.read_order(command.order_remote_id).body
        try:
            body = commands.build_refund(command, order)
            self._client.write("refund", "POST", orders.path_of(command.order_remote_id, "refund"), body=body)
        except RejectedByChannel as error:
            return traces.all_rejected(command, error)
        return traces.all_accepted(command)

    def _tell(
        self, operation: str, action: str, command: OrderCommand, body: dict[str, Any] | None = None
    ) -> CommandResult:
        """Make the call, and read from the order that it returns which lines were done."""
        try:
            answer = self._client.write(operation, "POST", orders.path_of(command.order_remote_id, action), body=body)
        except RejectedByChannel as error:
            return traces.all_rejected(command, error)
        return traces.done_lines(command, orders.order_in(answer))

    def find_command(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        if command.verb is Verb.HANDLE_RETURN:
            told = self._read_return(command)
            is_done = all(returns.is_refunded(told, line) for line in command.lines)
            return traces.all_accepted(command) if is_done else None
        return traces.found(command, self._pages.read_order(command.order_remote_id).body)

    # Returns

    def first_returns_cursor(self, since: datetime) -> str:
        return pages.first_place(since)

    def fetch_returns(self, cursor: str) -> ReturnPage:
        return self._pages.read_returns(cursor)

    def handle_return(self, command: OrderCommand, *, key: str) -> CommandResult:
        """The lines are refunded by their return; what Walmart has refunded already is left alone."""
        try:
            told = self._read_return(command)
            due = [line for line in command.lines if not returns.is_refunded(told, line)]
            if due:
                path = f"/v3/returns/{quoted(returns.numbers_of(command)[0])}/refund"
                self._client.write("return_refund", "POST", path, body=returns.build_refund(told, due))
        except RejectedByChannel as error:
            return traces.all_rejected(command, error)
        return traces.all_accepted(command)

    def _read_return(self, command: OrderCommand) -> Mapping[str, Any]:
        number, _ = returns.numbers_of(command)
        return returns.find_return(
            self._client.get_list("returns", "/v3/returns", {"returnOrderId": number}).body, number
        )


def _item_defaults(settings: Mapping[str, Any]) -> ItemDefaults:
    version = str(settings.get("item_spec_version") or "")
    try:
        weight = Decimal(str(settings.get("default_weight") or 1))
    except InvalidOperation:
        weight = Decimal(1)
    return ItemDefaults(weight=weight, spec_version=version)
