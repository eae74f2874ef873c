"""Mercur marketplaces and Medusa shops, as channels: one adapter, two flavours."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import NotSupported, RejectedByChannel, SettingsError
from channels_app.adapters.medusa import listings, orders, reading
from channels_app.adapters.medusa.client import MedusaClient
from channels_app.adapters.medusa.commands import OrderDesk
from channels_app.adapters.medusa.content import ContentDesk
from channels_app.adapters.medusa.forms import MedusaAccountForm
from channels_app.adapters.medusa.offers import OfferDesk
from channels_app.adapters.medusa.places import CAPABILITIES, Places
from channels_app.adapters.medusa.shelf import Shelf
from channels_app.adapters.medusa.stock import StockDesk
from channels_app.adapters.types import (
    Account,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Export,
    Kind,
    Limit,
    Line,
    LostSubmission,
    OfferLine,
    OrderCommand,
    OrderPage,
    Phase,
    Receipt,
    RemoteOrder,
    Report,
    WithdrawLine,
)

if TYPE_CHECKING:
    from channels_app.adapters.http import HttpClient
    from channels_app.adapters.tokens import TokenStore

#: The servers have no limits of their own. This one spares a small one, where buyers' pages come from the same process.
_CALLS = Limit(per_second=30, burst=60)


class MedusaAdapter(ChannelAdapter):
    """Speaks Mercur's vendor API for one seller, or Medusa's admin API for a shop.

    Every call is answered at once, so a submission is done when it is sent. Content makes products, prices and
    quantities follow by calls of their own.
    """

    key = "medusa"
    label = "Mercur or Medusa"
    summary = "Marketplaces that run on Mercur, and shops that run on Medusa: open source, hosted by anyone."
    capabilities = CAPABILITIES
    limits = {
        "token": Limit(per_second=1, burst=5),
        "seller": _CALLS,
        "store": _CALLS,
        "locations": _CALLS,
        "profiles": _CALLS,
        "sales_channels": _CALLS,
        "payments": _CALLS,
        "api_keys": _CALLS,
        "find_products": _CALLS,
        "find_sku": _CALLS,
        "create_product": _CALLS,
        "create_products": _CALLS,
        "change_product": _CALLS,
        "options": _CALLS,
        "add_variant": _CALLS,
        "change_variant": _CALLS,
        "delete_variant": _CALLS,
        "price": _CALLS,
        "stock": _CALLS,
        "stock_levels": _CALLS,
        "export": _CALLS,
        "orders": _CALLS,
        "order": _CALLS,
        "fulfil": _CALLS,
        "ship": _CALLS,
        "cancel": _CALLS,
        "capture": _CALLS,
        "refund": _CALLS,
    }
    submission_lines = {Kind.CONTENT: 50, Kind.PRICE: 100, Kind.QUANTITY: 400, Kind.WITHDRAW: 100}
    intervals = {
        "content": 60,
        "offers": 15,
        "results": 300,
        "reconcile": 3600,
        "orders": 30,
        "commands": 30,
    }
    gives_remote_ids = True
    content_brings_quantity = False
    account_form = MedusaAccountForm
    # Source: docs.medusajs.com, "API Key Concepts" and "revoke" of the API key module (read 2026-11-27).
    expiry_help = (
        "Leave it empty: passwords and secret keys do not expire by themselves. If a key is set to be revoked on a "
        "day, the connection check reads that day."
    )

    def __init__(self, account: Account, *, http: "HttpClient", tokens: "TokenStore") -> None:
        super().__init__(account, http=http, tokens=tokens)
        self._client = MedusaClient(account, http=http, tokens=tokens)
        self._places = Places(self._client, account.settings)
        shelf = Shelf(self._client)
        self._content = ContentDesk(self._client, self._places, shelf)
        self._offers = OfferDesk(self._client, shelf, StockDesk(self._client, self._places))
        self._desk = OrderDesk(self._client, self._places)

    @classmethod
    def host(cls, settings: Mapping[str, Any]) -> str:
        return urlsplit(str(settings.get("base_url") or "")).netloc or cls.key

    def check_connection(self) -> ConnectionFacts:
        try:
            return self._places.check()
        except (RejectedByChannel, KeyError) as error:
            reason = f"No {self._client.flavour.name} answers at this address as it should: {error}"
            raise SettingsError(reason, field_errors={"base_url": reason}, code="not_medusa") from error

    def submit(self, kind: Kind, lines: Sequence[Line], *, key: str) -> Receipt:
        return Receipt(handle="", report=self._submit(kind, lines))

    def _submit(self, kind: Kind, lines: Sequence[Line]) -> Report:
        if kind is Kind.CONTENT:
            return self._content.submit(cast("Sequence[ContentLine]", lines))
        if kind is Kind.WITHDRAW:
            return self._offers.withdraw(cast("Sequence[WithdrawLine]", lines))
        offers = cast("Sequence[OfferLine]", lines)
        if kind is Kind.PRICE:
            return self._offers.price(offers)
        if kind is Kind.QUANTITY:
            return self._offers.quantity(offers)
        raise NotSupported("Prices and quantities go out by themselves here.")

    def poll(self, kind: Kind, handle: str) -> Report:
        """Nothing is ever open: what a submission left out is not known, and is sent again."""
        return Report(phase=Phase.DONE)

    def find_submission(self, lost: LostSubmission) -> Receipt | None:
        """Return None: what was done of it is found by SKU when it is sent anew, and then changed, not repeated."""
        return None

    def export_listings(self, handle: str = "") -> Export:
        return listings.export(self._client, self._places, handle)

    def first_cursor(self, since: datetime) -> str:
        return reading.first_cursor(since)

    def fetch_orders(self, cursor: str) -> OrderPage:
        return reading.fetch_orders(self._client, cursor)

    def parse_order(self, body: Mapping[str, Any]) -> RemoteOrder:
        return orders.read_order(body)

    def ship(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.ship(command)

    def cancel(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.cancel(command)

    def refund(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.refund(command, key=key)

    def find_command(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        return self._desk.find(command, key=key)
