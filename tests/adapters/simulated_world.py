"""The world of the adapter contract over one of our simulators, in process: no socket, a clock that stands still."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import httpx

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.http import Answer, HttpClient
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import Account, ContentLine, Limit
from contracts.checking import HERE as CONTRACTS
from contracts.checking import Contract, find_vendor_folder
from contracts.record import Record
from contracts.transport import CheckingTransport
from marketplace_integration import clock
from sandbox.clock import MICROSECONDS
from tests.adapters.contract import Trouble
from tests.adapters.contract.world import plain_content
from tests.sandbox.in_process import MORNING, InProcessSandbox

#: Trouble that the simulator makes, worded as its vendor words it.
FAULTS: dict[str, dict[str, Any]] = {
    "busy": {"name": "rate_limited", "params": {"retry_after": 7}},
    "busy_for_who_knows_how_long": {"name": "rate_limited", "params": {"retry_after": None}},
    "broken": {"name": "http_5xx"},
    "forbidden": {"name": "forbidden"},
    "gone": {"name": "not_found"},
    "conflict": {"name": "conflict"},
    "signed_out": {"name": "expired_token"},
    "errors_inside": {"name": "ok_with_errors_inside"},
    "truncated": {"name": "truncated_body"},
    "html": {"name": "html_instead_of_json"},
    "other_type": {"name": "wrong_content_type"},
    "lost": {"name": "timeout_after_work"},
    "dropped": {"name": "drop_connection"},
}


def gtin_of(sku: str) -> str:
    """Return a valid EAN that belongs to the SKU."""
    digits = f"29{abs(hash_of(sku)) % 10**10:010}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def hash_of(text: str) -> int:
    """Return a number that is the same in every run."""
    return int.from_bytes(text.encode()[-8:].rjust(8, b"\0"))


class SimulatedWorld:
    """One marketplace in a box and one account on it. A channel's tests subclass it and say how to sign in."""

    protocol: ClassVar[str]
    adapter_class: ClassVar[type[ChannelAdapter]]
    #: What the account form would hold.
    settings: ClassVar[Mapping[str, Any]]
    good_secrets: ClassVar[Mapping[str, str]]
    #: Secrets that the simulator refuses.
    bad_secrets: ClassVar[Mapping[str, str]]
    currency: ClassVar[str] = "USD"
    prices: ClassVar[tuple[str, ...]] = ("0.01", "0.99", "10.00", "1234.56", "9999.99")
    category: ClassVar[str] = ""
    attributes: ClassVar[Mapping[str, str]] = {}
    quantities: ClassVar[tuple[int, ...]] = (0, 1, 999)
    tells_ship_by: ClassVar[bool] = True

    began_at = datetime.fromtimestamp(MORNING / MICROSECONDS, UTC)

    def __init__(self, path: Path) -> None:
        self.box = InProcessSandbox(path, protocol=self.protocol)
        self.secrets = list(self.good_secrets.values())
        self.remote_ids: dict[str, str] = {}
        self.operations: set[str] = set()
        self._armed: tuple[Trouble, int] | None = None
        # Our clock and theirs go together, as they do outside, though theirs stands still until it is told to move.
        self._clock = patch.object(clock, "now", self.now)
        self._clock.start()
        self._refuses = False
        self.record = (
            Record(Contract.load(self.protocol, vendor_folder=find_vendor_folder())) if self.has_contract else None
        )
        self._transport = CheckingTransport(self.box.transport, self.record) if self.record else self.box.transport
        #: The next answer is spoiled on purpose; from now on all are.
        self._is_spoiled = self._is_inventive = False
        self._client = httpx.Client(transport=httpx.MockTransport(self._pass_on), trust_env=False)
        self.box.control("PUT", "/settings", {"quotas": False})
        self.prepare()

    def prepare(self) -> None:
        """What else the marketplace needs before the test; for subclasses."""

    @property
    def has_contract(self) -> bool:
        return (CONTRACTS / f"{self.protocol}.json").exists()

    def close(self) -> None:
        """The marketplace is gone; nothing that passed may have been against its contract."""
        self._clock.stop()
        self._client.close()
        self.box.close()
        assert self.record is None or self.record.violations == [], "\n".join(self.record.violations)

    # The adapter

    def open(self, secrets: Mapping[str, str] | None = None) -> ChannelAdapter:
        """Return an adapter whose calls are not slowed down by rates, and are counted."""
        made = self.adapter_class
        account = Account(
            settings=self.settings,
            secrets=self.good_secrets if secrets is None else secrets,
            scope=f"{made.key}:contract",
            limits=dict.fromkeys(made.limits, Limit(per_second=10_000, burst=10_000)),
        )
        http = _Observed(account, made, client=self._client, world=self)
        return made(account, http=http, tokens=TokenStore(account))

    def with_bad_credentials(self) -> ChannelAdapter:
        return self.open(self.bad_secrets)

    def before_call(self, operation: str, *, write: bool) -> None:
        """Trouble that was ordered for this call strikes it."""
        self.operations.add(operation)
        if self._armed is None:
            return
        trouble, on_write = self._armed
        if on_write and not write:
            return
        if on_write > 1:
            self._armed = (trouble, on_write - 1)
            return
        self._armed = None
        self._strike(trouble)

    def _strike(self, trouble: Trouble) -> None:
        # What earlier trouble parked must not keep this call at home.
        for key in shared_redis().scan_iter("limit:*"):
            shared_redis().delete(key)
        if trouble == "refused":
            self._refuses = True
        else:
            self._is_spoiled = True
            self.box.switch_on(**FAULTS[trouble], next_n=1)

    def _pass_on(self, request: httpx.Request) -> httpx.Response:
        if self._refuses:
            self._refuses = False
            raise httpx.ConnectError("Connection refused")
        spoiled, self._is_spoiled = self._is_spoiled or self._is_inventive, False
        return (self.box.transport if spoiled else self._transport).handle_request(request)

    # The marketplace

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.box.clock / MICROSECONDS, UTC)

    def settle(self) -> None:
        self.box.settle()

    def passes(self, seconds: float) -> None:
        """Time passes there; here, where it stands still, tokens are forgotten as if it had passed too."""
        self.box.pass_seconds(seconds)
        for key in shared_redis().scan_iter("token:*"):
            shared_redis().delete(key)

    def content(self, sku: str, *, price: str, quantity: int) -> ContentLine:
        return plain_content(sku, price=price, quantity=quantity, currency=self.currency, gtin=gtin_of(sku))

    def content_that_lacks_something(self, sku: str) -> ContentLine | None:
        return None

    @property
    def account_id(self) -> str:
        """The engine's number of the account that the adapter opened."""
        (account,) = self.box.control("GET", "/accounts")["accounts"]
        return str(account["account_id"])

    def has_order(self, sku: str, quantity: int) -> str:
        return str(self.box.buy(self.account_id, (sku, quantity))["id"])

    def asks_to_cancel(self, order: str) -> None:
        self.box.control("POST", f"/orders/{order}/request-cancellation", {"reason": "Too late"})

    def sends_back(self, order: str, sku: str, quantity: int) -> None:
        (found,) = [one for one in self._state()["orders"] if one["id"] == order]
        lines = [
            {"line_id": line["id"], "quantity": quantity, "reason": "Broken"}
            for line in found["lines"]
            if line["sku"] == sku
        ]
        self.box.control("POST", f"/orders/{order}/returns", {"lines": lines})

    def _state(self) -> dict[str, Any]:
        """Return everything about the account, as the marketplace has it."""
        return dict(self.box.control("GET", f"/state?account_id={self.account_id}"))

    def shipped(self, order: str) -> int:
        (found,) = [one for one in self._state()["orders"] if one["id"] == order]
        return sum(line["quantity_shipped"] for line in found["lines"])

    def refunded(self, order: str) -> Decimal:
        return sum(
            (
                Decimal(line["amount"]) + Decimal(line.get("tax") or 0)
                for refund in self._state()["refunds"]
                if refund["order_id"] == order
                for line in refund["lines"]
            ),
            Decimal(0),
        )

    def has(self, trouble: Trouble, *, on_write: int = 0) -> None:
        self._armed = (trouble, on_write)

    def calm(self) -> None:
        self._armed = None
        self._refuses = False
        self.box.control("DELETE", "/faults")

    def invents(self) -> None:
        self._is_inventive = True
        self.box.switch_on("unknown_enum")

    def repeats_pages(self) -> None:
        self.box.switch_on("repeated_page")

    def clock_is_off(self, seconds: float) -> None:
        self.box.switch_on("clock_skew", params={"seconds": seconds})


class _Observed(HttpClient):
    """Tells the world of every call before it goes out."""

    def __init__(self, *args: Any, world: SimulatedWorld, **more: Any) -> None:
        super().__init__(*args, **more)
        self._world = world

    def call(self, method: str, url: str, *, operation: str, write: bool = False, **more: Any) -> Answer:
        self._world.before_call(operation, write=write)
        return super().call(method, url, operation=operation, write=write, **more)
