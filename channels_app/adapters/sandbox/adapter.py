"""The sandbox marketplace as a channel."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.sandbox import mapping
from channels_app.adapters.sandbox.client import SandboxClient, quoted
from channels_app.adapters.sandbox.forms import SandboxAccountForm
from channels_app.adapters.types import (
    Account,
    Capability,
    CommandResult,
    ConnectionFacts,
    Export,
    Kind,
    Limit,
    Line,
    LineResult,
    LostSubmission,
    OrderCommand,
    OrderPage,
    Phase,
    Receipt,
    RemoteListing,
    RemoteOrder,
    Report,
)

if TYPE_CHECKING:
    from channels_app.adapters.http import HttpClient
    from channels_app.adapters.tokens import TokenStore

_OFTEN = Limit(per_second=200, burst=400)
#: Each round of orders begins this much before the last one ended: seen twice is harmless, missed is not.
OVERLAP = timedelta(seconds=60)
_ORDER_PAGE = 200
_EXPORT_PAGE = 5_000


class SandboxAdapter(ChannelAdapter):
    """Speaks the sandbox's native protocol.

    The input may choose the outcome: a SKU ending in ``-REJECT`` is rejected, one ending in ``-SLOW`` stays pending for
    three polls, the client secret ``bad`` fails the connection check.
    """

    key = "sandbox"
    label = "Sandbox marketplace"
    summary = "A marketplace in a box, to try everything on before real buyers see it."
    capabilities = frozenset(Capability) - {Capability.RETURNS, Capability.NEW_PRODUCTS}
    limits = {
        "token": Limit(per_second=5, burst=10),
        "account": _OFTEN,
        "submit": _OFTEN,
        "submission": _OFTEN,
        "results": _OFTEN,
        "find_submission": _OFTEN,
        "export": Limit(per_second=1, burst=10),
        "export_status": _OFTEN,
        "export_rows": _OFTEN,
        "orders": _OFTEN,
        "accept": _OFTEN,
        "ship": _OFTEN,
        "cancel": _OFTEN,
        "refund": _OFTEN,
        "cancellation_decision": _OFTEN,
        "find_operation": _OFTEN,
    }
    submission_lines = dict.fromkeys(Kind, 5_000)
    intervals = {
        "content": 60,
        "offers": 15,
        "results": 5,
        "reconcile": 3600,
        "orders": 10,
        "commands": 15,
    }
    honours_keys = True
    account_form = SandboxAccountForm
    expiry_help = "Leave it empty: the sandbox itself says when, where it was set to end them."

    def __init__(self, account: Account, *, http: "HttpClient", tokens: "TokenStore") -> None:
        super().__init__(account, http=http, tokens=tokens)
        self._client = SandboxClient(
            base_url=str(account.settings.get("base_url", "")),
            client_id=str(account.settings.get("client_id", "")),
            client_secret=account.secrets.get("client_secret", ""),
            http=http,
            tokens=tokens,
        )

    @classmethod
    def host(cls, settings: Mapping[str, Any]) -> str:
        return urlsplit(str(settings.get("base_url", ""))).netloc or cls.key

    def check_connection(self) -> ConnectionFacts:
        try:
            return mapping.read_facts(self._client.get("account", "/v1/account"))
        except (RejectedByChannel, KeyError) as error:
            message = "No sandbox marketplace answers at this address."
            raise SettingsError(message, field_errors={"base_url": message}, code="not_a_sandbox") from error

    def submit(self, kind: Kind, lines: Sequence[Line], *, key: str) -> Receipt:
        body = {"kind": kind.value, "lines": [mapping.build_line(kind, line) for line in lines]}
        return Receipt(handle=self._client.post("submit", "/v1/submissions", body, key=key)["submission_id"])

    def poll(self, kind: Kind, handle: str) -> Report:
        """Return the phase, and the results as soon as any line has one: a slow line holds up no other."""
        submission = self._client.get("submission", f"/v1/submissions/{quoted(handle)}")
        phase = mapping.read_phase(submission)
        if phase is Phase.FAILED:
            return Report(phase=phase, reason=submission.get("reason") or "The submission failed as a whole.")
        nothing_yet = phase is Phase.OPEN and submission["pending"] == submission["lines"]
        return Report(phase=phase, results=() if nothing_yet else self._iter_results(handle))

    def _iter_results(self, handle: str) -> Iterator[LineResult]:
        for row in self._client.iter_rows("results", f"/v1/submissions/{quoted(handle)}/results", "results"):
            yield mapping.read_result(row)

    def find_submission(self, lost: LostSubmission) -> Receipt | None:
        found = self._client.find("find_submission", "/v1/submissions", {"idempotency_key": lost.key})
        return Receipt(handle=found["submission_id"]) if found else None

    def export_listings(self, handle: str = "") -> Export:
        if not handle:
            asked = self._client.post("export", "/v1/exports", {}, key="")
            return Export(handle=asked["export_id"])
        export = self._client.get("export_status", f"/v1/exports/{quoted(handle)}")
        if export["phase"] != "done":
            return Export(handle=handle)
        return Export(
            handle=handle,
            as_of=mapping.read_moment(export["as_of"]),
            complete=True,
            rows=self._iter_listings(handle, total=export["total"]),
        )

    def _iter_listings(self, handle: str, *, total: int) -> Iterator[RemoteListing]:
        """Yield every row. Raises TemporaryError at the end if the sandbox gave fewer or more than it announced."""
        count = 0
        path = f"/v1/exports/{quoted(handle)}/rows"
        for row in self._client.iter_rows("export_rows", path, "rows", {"limit": _EXPORT_PAGE}):
            count += 1
            yield mapping.read_listing(row)
        if count != total:
            raise TemporaryError(f"The export has {count} rows instead of {total}.", code="incomplete_export")

    def first_cursor(self, since: datetime) -> str:
        return json.dumps({"since": since.astimezone(UTC).isoformat()})

    def fetch_orders(self, cursor: str) -> OrderPage:
        """Return a page of orders by update time.

        The cursor holds where the round began (`since`), the page to read next, and the sandbox's time at the round's
        first page (`until`), from which, less the overlap, the next round begins.
        """
        place = json.loads(cursor)
        params = {"updated_since": place["since"], "limit": _ORDER_PAGE}
        if place.get("page"):
            params["page_token"] = place["page"]
        answer = self._client.get("orders", "/v1/orders", params)
        until = place.get("until") or answer["server_time"]
        raws = tuple(mapping.read_raw_order(order) for order in answer["orders"])
        beyond = answer["next_page_token"]
        if beyond is not None:
            there = {"since": place["since"], "page": beyond, "until": until}
            return OrderPage(raws=raws, next_cursor=json.dumps(there), has_more=True)
        known_until = mapping.read_moment(until)
        return OrderPage(
            raws=raws, next_cursor=self.first_cursor(known_until - OVERLAP), has_more=False, known_until=known_until
        )

    def parse_order(self, body: Mapping[str, Any]) -> RemoteOrder:
        return mapping.read_order(body)

    def accept(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("accept", "accept", command, {}, key=key)

    def ship(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("ship", "shipments", command, mapping.build_shipment(command), key=key)

    def cancel(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("cancel", "cancellations", command, mapping.build_cancellation(command), key=key)

    def refund(self, command: OrderCommand, *, key: str) -> CommandResult:
        return self._do("refund", "refunds", command, mapping.build_refund(command), key=key)

    def answer_cancellation(self, command: OrderCommand, *, key: str) -> CommandResult:
        decision = "approve" if command.approve_request else "refuse"
        return self._do("cancellation_decision", f"cancellation-request/{decision}", command, {}, key=key)

    def _do(self, operation: str, path: str, command: OrderCommand, body: dict[str, Any], *, key: str) -> CommandResult:
        """The sandbox did all of the command, or refused all of it."""
        try:
            self._client.post(operation, f"/v1/orders/{quoted(command.order_remote_id)}/{path}", body, key=key)
        except RejectedByChannel as error:
            return mapping.all_rejected(command, error)
        return mapping.all_accepted(command)

    def find_command(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        found = self._client.find("find_operation", f"/v1/operations/{quoted(key)}")
        return mapping.all_accepted(command) if found else None
