"""bol.com as a channel."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.bol import choices, downloads, orders, returns
from channels_app.adapters.bol.account import account_id_of
from channels_app.adapters.bol.client import API, LOGIN, BolClient, rows_of
from channels_app.adapters.bol.commands import OrderDesk
from channels_app.adapters.bol.forms import BolAccountForm
from channels_app.adapters.bol.listings import ListingDesk
from channels_app.adapters.bol.offers import OfferTerms, why_not_listed
from channels_app.adapters.bol.problems import pause_after
from channels_app.adapters.bol.values import CURRENCY
from channels_app.adapters.errors import RejectedByChannel, SettingsError
from channels_app.adapters.types import (
    Account,
    Capability,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Export,
    Kind,
    Limit,
    Line,
    LostSubmission,
    Mode,
    OrderCommand,
    OrderPage,
    Receipt,
    RemoteOrder,
    Report,
    ReturnPage,
)
from marketplace_integration import clock

if TYPE_CHECKING:
    from channels_app.adapters.http import Answer, HttpClient
    from channels_app.adapters.tokens import TokenStore

#: Rates are bol.com's less a burst, since it counts by window: 25 a minute are 20 and 5 at once.
_A_SECOND_25 = Limit(per_second=20, burst=5)
_A_MINUTE_25 = Limit(per_second=20 / 60, burst=5)
_A_MINUTE_20 = Limit(per_second=15 / 60, burst=5)


class BolAdapter(ChannelAdapter):
    """Speaks bol.com's Retailer API for one account: one call an offer, and process statuses for orders.

    Its quantity does not net orders that we know: bol.com takes off only what was ordered after the last change of the
    stock (`managedByRetailer`), as other channels count down what they sell. So a rise waits until orders were read.

    Calls of one submission follow each other, and those of another come in between: so they are not declared ordered,
    and the stock of an offer whose content is just being sent waits for that, some seconds, rather than be overwritten.
    """

    key = "bol"
    label = "bol.com"
    summary = "The largest marketplace of the Netherlands and Belgium."
    capabilities = frozenset(
        {
            Capability.RECONCILE,
            Capability.SHIP_PARTIAL,
            Capability.CANCEL_LINE,
            Capability.CANCELLATION_REQUESTS,
            Capability.RETURNS,
            Capability.FULFILLMENTS_REQUIRED,
            Capability.TELLS_SHIPPED,
        }
    )
    limits = {
        "token": Limit(per_second=1 / 10, burst=5),
        "offers": _A_SECOND_25,
        "not_for_sale_reasons": Limit(per_second=10, burst=5),
        # Together at most 50 a second.
        "create_offer": Limit(per_second=10, burst=5),
        "change_offer": Limit(per_second=10, burst=10),
        "end_offer": Limit(per_second=10, burst=5),
        "orders": _A_MINUTE_25,
        "order": _A_SECOND_25,
        "ship": _A_SECOND_25,
        "shipments": _A_MINUTE_25,
        "cancel": _A_SECOND_25,
        "process_status": Limit(per_second=1),
        "find_process": Limit(per_second=1),
        "returns": _A_MINUTE_20,
        "return": _A_MINUTE_20,
        "handle_return": _A_MINUTE_20,
    }
    #: One call a line, or two: a submission must end well within a slice of its job.
    submission_lines = {Kind.CONTENT: 25, Kind.OFFER: 50, Kind.WITHDRAW: 50}
    intervals = {
        "content": 60,
        "offers": 15,
        "results": 120,
        "reconcile": 86_400,
        "orders": 600,
        "commands": 30,
        "returns": 1800,
    }
    gives_remote_ids = True
    #: bol.com checks new offers for up to a day.
    answers_within = timedelta(hours=48)
    account_form = BolAccountForm
    # Source: partnerplatform.bol.com, "Getting access with API Client credentials" and "Renewed API authorisation
    # process" (read 2026-11-27): no end of client credentials is documented, that of authorized parties is shown there.
    expiry_help = (
        "Leave it empty unless bol.com has told you of an end: it documents none for client credentials. Whatever ends "
        "is shown under Settings, Services, API settings."
    )

    def __init__(self, account: Account, *, http: "HttpClient", tokens: "TokenStore") -> None:
        super().__init__(account, http=http, tokens=tokens)
        elsewhere = str(account.settings.get("base_url") or "")
        self._client_id = str(account.settings.get("client_id", ""))
        self._client = BolClient(
            api=elsewhere or API,
            login=str(account.settings.get("login_url") or "") or elsewhere or LOGIN,
            demo=account.mode is Mode.TEST and not elsewhere,
            client_id=self._client_id,
            client_secret=account.secrets.get("client_secret", ""),
            http=http,
            tokens=tokens,
        )
        self._listings = ListingDesk(self._client, OfferTerms.of(account.settings))
        self._desk = OrderDesk(self._client)

    @classmethod
    def host(cls, settings: Mapping[str, Any]) -> str:
        return urlsplit(str(settings.get("base_url") or API)).netloc or cls.key

    @classmethod
    def pause_after(cls, answer: "Answer") -> float | None:
        return pause_after(answer, now=clock.now().timestamp())

    # --- connection ---------------------------------------------------------------------------------------------------

    def check_connection(self) -> ConnectionFacts:
        """Return what this connection can do: a token and one look at the orders; bol.com tells no more."""
        account_id = account_id_of(self._client.token(), self._client_id)
        try:
            rows_of(self._client.get("orders", "/retailer/orders", {"status": "OPEN", "page": 1}), "orders")
        except RejectedByChannel as error:
            message = "No bol.com answers at this address."
            raise SettingsError(message, field_errors={"base_url": message}, code="not_bol") from error
        return ConnectionFacts(
            account_id=account_id,
            account_name=f"bol.com, client {self._client_id[:8]}",
            currency=CURRENCY,
            capabilities=self.capabilities,
            carriers=choices.CARRIERS,
            cancel_reasons=choices.CANCEL_REASONS,
            return_decisions=choices.RETURN_DECISIONS,
        )

    # --- listings -----------------------------------------------------------------------------------------------------

    def why_refused(self, line: ContentLine) -> str:
        return why_not_listed(line)

    def submit(self, kind: Kind, lines: Sequence[Line], *, key: str) -> Receipt:
        return self._listings.submit(lines)

    def poll(self, kind: Kind, handle: str) -> Report:
        return self._listings.poll(handle)

    def find_submission(self, lost: LostSubmission) -> Receipt | None:
        """Return None: its lines are sent anew, and each looks for its offer first."""
        return None

    def export_listings(self, handle: str = "") -> Export:
        return self._listings.export()

    # --- orders and returns -------------------------------------------------------------------------------------------

    def first_cursor(self, since: datetime) -> str:
        return str(downloads.Place.beginning(since))

    def fetch_orders(self, cursor: str) -> OrderPage:
        return downloads.read_page(self._client, cursor)

    def parse_order(self, body: Mapping[str, Any]) -> RemoteOrder:
        return orders.read_order(body)

    def ship(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.ship(command, key=key)

    def cancel(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.cancel(command)

    def answer_cancellation(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.answer_cancellation(command)

    def first_returns_cursor(self, since: datetime) -> str:
        return returns.first_cursor(since)

    def fetch_returns(self, cursor: str) -> ReturnPage:
        return returns.read_page(self._client, cursor)

    def handle_return(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._desk.handle_return(command)

    def poll_commands(self, handles: Sequence[str]) -> Mapping[str, CommandResult]:
        return self._desk.poll(handles)

    def find_command(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        return self._desk.find(command, key=key)
