"""Marketplaces that run on Mirakl, as channels: one connection for each shop at an operator."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.mirakl import facts, listings, orders, products, returns
from channels_app.adapters.mirakl.client import OVERLAP, PAGE, MiraklClient, quoted
from channels_app.adapters.mirakl.commands import OrderDesk
from channels_app.adapters.mirakl.decisions import ReturnDesk
from channels_app.adapters.mirakl.feeds import FeedDesk
from channels_app.adapters.mirakl.forms import MiraklAccountForm
from channels_app.adapters.mirakl.offers import OfferTerms, why_nameless
from channels_app.adapters.mirakl.values import build_moment, read_moment
from channels_app.adapters.types import (
    Account,
    Category,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Export,
    Kind,
    Limit,
    Line,
    LostSubmission,
    OrderCommand,
    OrderPage,
    ProductField,
    Receipt,
    RemoteListing,
    RemoteOrder,
    Report,
    ReturnPage,
    Verb,
)

if TYPE_CHECKING:
    from channels_app.adapters.http import Answer, HttpClient
    from channels_app.adapters.tokens import TokenStore

_DAY = 86_400
_MINUTELY = Limit(per_second=1 / 60)
#: What may be called "on each event": a bound for our own mistakes.
_ON_EVENT = Limit(per_second=2, burst=20)
#: Asked for together, when the seller saves another key; some more than one, since the first may be mistyped.
_DAILY = Limit(per_second=1 / _DAY, burst=5)
#: Mirakl states no size; to be confirmed live.
_LINES = 5_000
#: Without Retry-After; Mirakl documents the header, but does not promise it.
_PAUSE_SECONDS = 60.0


class MiraklAdapter(ChannelAdapter):
    """Speaks Mirakl's seller API to one operator.

    Limits are the operator's maximum by Mirakl's "Call Frequency" of each operation, intervals what it recommends.
    """

    key = "mirakl"
    label = "Mirakl marketplace"
    summary = "Any marketplace that runs on Mirakl: Macy's, Carrefour, Decathlon, Best Buy Canada and hundreds more."
    capabilities = facts.CAPABILITIES
    limits = {
        "account": _DAILY,
        "carriers": _DAILY,
        "shipping_types": _DAILY,
        "offer_states": _DAILY,
        "reasons": _DAILY,
        "platform": _DAILY,
        "offers": _MINUTELY,
        "offers_status": _MINUTELY,
        "offers_report": _MINUTELY,
        "find_offers": _MINUTELY,
        # Whether an offer that could not be ended is there at all.
        "offer": _ON_EVENT,
        "offers_with_products": Limit(per_second=1 / 900),
        "categories": Limit(per_second=1 / 3600),
        "product_attributes": Limit(per_second=1 / 3600),
        "value_lists": Limit(per_second=1 / 3600),
        "products_status": _MINUTELY,
        "products_report": _ON_EVENT,
        "prices": _MINUTELY,
        "prices_status": _MINUTELY,
        "prices_report": _MINUTELY,
        "find_prices": _MINUTELY,
        "stock": _MINUTELY,
        "stock_status": Limit(per_second=1 / 15),
        "stock_report": _MINUTELY,
        # The whole list; one that failed is asked for again a day later, as the operator allows.
        "export": Limit(per_second=1 / _DAY),
        "export_status": Limit(per_second=1 / 10),
        "export_file": _ON_EVENT,
        "orders": _MINUTELY,
        # One order, before and after something is done to it.
        "order": _ON_EVENT,
        "accept": _ON_EVENT,
        "tracking": _ON_EVENT,
        "ship": _ON_EVENT,
        "shipments": _ON_EVENT,
        "find_shipments": _ON_EVENT,
        "cancel": _ON_EVENT,
        "cancel_order": _ON_EVENT,
        "refund": _ON_EVENT,
        "returns": Limit(per_second=1 / 300),
        # One return, before and after something is decided about it.
        "return": _ON_EVENT,
        "return_accept": _ON_EVENT,
        "return_receive": _ON_EVENT,
        "return_compliance": _ON_EVENT,
    }
    submission_lines = dict.fromkeys((Kind.CONTENT, Kind.QUANTITY, Kind.PRICE, Kind.WITHDRAW), _LINES)
    intervals = {
        "content": 300,
        "offers": 300,
        "results": 300,
        "reconcile": _DAY,
        "categories": _DAY,
        "orders": 900,
        "commands": 900,
        "returns": 900,
    }
    account_form = MiraklAccountForm
    # Source: developer.mirakl.com, "Authentication" of the seller API (read 2026-11-27): no end of a key is told.
    expiry_help = "Leave it empty unless the operator has told you of an end: Mirakl documents none for shops' keys."

    def __init__(self, account: Account, *, http: "HttpClient", tokens: "TokenStore") -> None:
        super().__init__(account, http=http, tokens=tokens)
        self._client = MiraklClient(
            base_url=str(account.settings.get("base_url", "")),
            shop_id=str(account.settings.get("shop_id") or ""),
            api_key=account.secrets.get("api_key", ""),
            http=http,
        )
        self._terms = OfferTerms.of(account.settings)
        self._parcels = bool(account.settings.get("multi_shipment"))
        self._feeds = FeedDesk(self._client, self._terms)
        self._desk = OrderDesk(self._client, parcels=self._parcels)
        self._return_desk = ReturnDesk(self._client)

    @classmethod
    def host(cls, settings: Mapping[str, Any]) -> str:
        return urlsplit(str(settings.get("base_url", ""))).netloc or cls.key

    @classmethod
    def pause_after(cls, answer: "Answer") -> float | None:
        return _PAUSE_SECONDS if answer.retry_after is None else answer.retry_after

    # --- connection ---------------------------------------------------------------------------------------------------

    def check_connection(self) -> ConnectionFacts:
        """Return what this connection can do. The only place that asks for the account: once a day is allowed."""
        try:
            account = self._client.get("account", "/api/account")
            if "shop_id" not in account:
                raise KeyError("shop_id")
        except (RejectedByChannel, KeyError) as error:
            message = "No Mirakl marketplace answers at this address."
            raise SettingsError(message, field_errors={"base_url": message}, code="not_mirakl") from error
        facts.check_offer_state(self._offer_states(), self._terms.state)
        return facts.read_facts(
            account,
            host=self._client.host,
            carriers=self._list("carriers", "/api/shipping/carriers", "carriers"),
            shipping_types=self._list("shipping_types", "/api/shipping/types", "shipping_types"),
            reasons=self._list("reasons", "/api/reasons", "reasons"),
            platform=self._platform(),
            parcels=self._parcels,
        )

    def _list(self, operation: str, path: str, name: str) -> list[dict[str, Any]]:
        return list(self._client.get(operation, path).get(name) or ())

    def _offer_states(self) -> list[dict[str, Any]]:
        with suppress(RejectedByChannel):
            return self._list("offer_states", "/api/offers/states", "offer_states")
        return []

    def _platform(self) -> dict[str, Any]:
        """Return what the operator has switched on, as far as this key may read it: an administrator's may."""
        try:
            return self._client.get("platform", "/api/platform/configuration")
        except RejectedByChannel:
            return {}
        except SettingsError as error:
            if error.http_status != HTTPStatus.FORBIDDEN:
                raise
            return {}

    # --- listings -----------------------------------------------------------------------------------------------------

    def submit(self, kind: Kind, lines: Sequence[Line], *, key: str) -> Receipt:
        return self._feeds.submit(kind, lines)

    def poll(self, kind: Kind, handle: str) -> Report:
        return self._feeds.poll(kind, handle)

    def find_submission(self, lost: LostSubmission) -> Receipt | None:
        return self._feeds.find(lost)

    def export_listings(self, handle: str = "") -> Export:
        if not handle:
            return Export(handle=self._ask_for_export())
        try:
            status = self._client.get("export_status", f"/api/offers/export/async/status/{quoted(handle)}")
        except RejectedByChannel:
            return Export(handle=handle, rows=())  # forgotten: it is asked for anew in the next run
        if status.get("status") == "FAILED":
            return Export(handle=handle, rows=())
        if status.get("status") != "COMPLETED":
            return Export(handle=handle)
        told = status.get("last_updated")
        return Export(
            handle=handle,
            as_of=read_moment(str(told)) if told else self._client.time,
            complete=True,
            rows=self._iter_listings(list(status.get("urls") or ())),
        )

    def _ask_for_export(self) -> str:
        """Return the number under which the export is looked for. Raises TemporaryError if there is none."""
        number = self._client.ask("export", "/api/offers/export/async", listings.REQUEST).get("tracking_id")
        if not number:
            raise TemporaryError("The marketplace gives the export no number.", code="no_number")
        return str(number)

    def _iter_listings(self, urls: Sequence[str]) -> Iterator[RemoteListing]:
        """Yield the offers of every file. Raises TemporaryError if one cannot be had."""
        for url in urls:
            try:
                chunk = self._client.download("export_file", url)
            except RejectedByChannel as error:
                raise TemporaryError(f"A file of the export is gone: {error}", code="incomplete_export") from error
            yield from listings.read_listings(chunk)

    def why_refused(self, line: ContentLine) -> str:
        return why_nameless(line, self._terms)

    def list_categories(self) -> list[Category]:
        return products.read_categories(self._list("categories", "/api/hierarchies", "hierarchies"))

    def list_fields(self, categories: Sequence[str]) -> Mapping[str, Sequence[ProductField]]:
        """Return what the operator wants to know of all its products: it answers but once an hour."""
        wanted = self._list("product_attributes", "/api/products/attributes", "attributes")
        if not products.needs_lists(wanted):
            return products.read_fields(wanted)
        return products.read_fields(wanted, self._list("value_lists", "/api/values_lists", "values_lists"))

    # --- orders -------------------------------------------------------------------------------------------------------

    def first_cursor(self, since: datetime) -> str:
        return json.dumps({"since": build_moment(since)})

    def fetch_orders(self, cursor: str) -> OrderPage:
        """Return a page of orders by the time of their last change.

        The cursor holds where the round began (`since`), the offset of the page, and the operator's time at the round's
        first page (`until`), from which, less the overlap, the next round begins. An order that changes during a round
        may move to a page that was read: the next round has it.
        """
        place = json.loads(cursor)
        offset = place.get("offset", 0)
        params = {"start_update_date": place["since"], "max": PAGE, "sort": "dateCreated", "order": "asc"}
        page = self._client.get("orders", "/api/orders", params | ({"offset": offset} if offset else {}))
        found = list(page.get("orders") or ())
        until = place.get("until") or self._time_of(found)
        raws = orders.read_raw_orders(found)
        total, offset = int(page.get("total_count") or 0), offset + len(found)
        if offset >= total:
            known_until, next_cursor = self._end_of_round(since=place["since"], until=until)
            return OrderPage(raws=raws, next_cursor=next_cursor, has_more=False, known_until=known_until)
        if not found:
            raise TemporaryError(f"Of {total} orders the marketplace gives {offset}.", code="incomplete_page")
        there = {"since": place["since"], "offset": offset, "until": until}
        return OrderPage(raws=raws, next_cursor=json.dumps(there), has_more=True)

    def _end_of_round(self, *, since: str, until: str | None) -> tuple[datetime, str]:
        """Return up to when orders are known, and where the next round begins."""
        if until is None:  # nobody has said what time it is: from the same moment once more
            return read_moment(since), self.first_cursor(read_moment(since))
        known_until = read_moment(until)
        return known_until, self.first_cursor(known_until - OVERLAP)

    def _time_of(self, found: Sequence[Mapping[str, Any]]) -> str | None:
        """Return the operator's time of this page; if it does not say, that of the last change on it."""
        if self._client.time is not None:
            return self._client.time.astimezone(UTC).isoformat()
        return max((str(order["last_updated_date"]) for order in found), default=None, key=read_moment)

    def parse_order(self, body: Mapping[str, Any]) -> RemoteOrder:
        return orders.read_order(body)

    def accept(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.accept(command)

    def ship(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.ship(command)

    def cancel(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.cancel(command)

    def refund(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.refund(command)

    # --- returns ------------------------------------------------------------------------------------------------------

    def first_returns_cursor(self, since: datetime) -> str:
        return returns.first_cursor(since)

    def fetch_returns(self, cursor: str) -> ReturnPage:
        return returns.read_page(self._client, cursor)

    def handle_return(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._return_desk.handle(command)

    def find_command(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        if command.verb is Verb.HANDLE_RETURN:
            return self._return_desk.find(command)
        return self._desk.find(command)
