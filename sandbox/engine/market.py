"""What every part of the marketplace shares: storage, clock, settings, faults."""

import hashlib
import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox import clock
from sandbox.faults import FaultBoard
from sandbox.storage import Storage

CARRIERS = [
    {"code": "UPS", "name": "UPS"},
    {"code": "FEDEX", "name": "FedEx"},
    {"code": "USPS", "name": "US Postal Service"},
    {"code": "DHL", "name": "DHL"},
    {"code": "OTHER", "name": "Another carrier, named by the seller"},
]
CANCEL_REASONS = [
    {"code": "OUT_OF_STOCK", "name": "Out of stock"},
    {"code": "PRICE_ERROR", "name": "Pricing error"},
    {"code": "UNDELIVERABLE", "name": "The address cannot be delivered to"},
    {"code": "BUYER_REQUEST", "name": "The buyer asked for it"},
]
REFUND_REASONS = [
    {"code": "DAMAGED", "name": "Arrived damaged"},
    {"code": "NOT_AS_DESCRIBED", "name": "Not as described"},
    {"code": "RETURNED", "name": "The buyer sent it back"},
    {"code": "LATE", "name": "Arrived too late"},
    {"code": "GOODWILL", "name": "Goodwill"},
]
CAPABILITIES = {
    "submission_kinds": ["content", "offer", "quantity", "price", "withdraw"],
    "asynchronous_submissions": True,
    "ordered_submissions": True,
    "quantity_is_net_of_known_orders": False,
    "export_listings": True,
    "orders": True,
    "accept_required": True,
    "fulfillments_required": False,
    "partial_shipment": True,
    "tracking_required": False,
    "line_cancellation": True,
    "partial_cancellation": True,
    "cancellation_requests": True,
    "refunds": True,
    "partial_refund": True,
    "refund_before_shipment": False,
    "returns": False,
    "shows_shipments": True,
}

MAX_LINES = 10_000
RESULT_PAGE = 5_000
EXPORT_PAGE = 1_000
MAX_EXPORT_PAGE = 5_000
ORDER_PAGE = 100
MAX_ORDER_PAGE = 500


EVENT_FIELDS = (
    "at",
    "received_at",
    "account_id",
    "kind",
    "sku",
    "order_id",
    "submission_id",
    "quantity_before",
    "quantity_after",
    "price_before",
    "price_after",
    "data",
)
_EVENT_SQL = f"INSERT INTO event ({', '.join(EVENT_FIELDS)}) VALUES ({', '.join('?' * len(EVENT_FIELDS))})"


@dataclass(slots=True)
class Settings:
    """What the control API may change while the marketplace runs."""

    #: From receipt of a submission to its processing.
    processing_delay_seconds: float = 0.3
    #: From the request for an export to its snapshot.
    export_delay_seconds: float = 0.3
    token_seconds: int = 900
    #: Any client id that was never seen opens an account, unless its secret is "bad".
    open_registration: bool = True
    default_currency: str = "USD"
    default_tax_included: bool = True
    #: Where accounts that open themselves differ from CAPABILITIES.
    default_capabilities: dict[str, Any] = field(default_factory=dict)
    #: From a purchase until it has to leave, unless the purchase says otherwise.
    handling_days: float = 2
    #: Whether the protocol's own quotas hold.
    quotas: bool = True
    #: Operation -> {"rate_per_s", "burst"}; "*" stands for every operation not named.
    limits: dict[str, dict[str, float]] = field(default_factory=lambda: {"*": {"rate_per_s": 500, "burst": 1000}})


class Market:
    """One marketplace over one SQLite file.

    ``read_clock`` gives microseconds since 1970; a test passes its own.
    """

    def __init__(self, path: str | Path, *, read_clock: Callable[[], int] = clock.now) -> None:
        self.storage = Storage(path)
        self._read_clock = read_clock
        #: What the protocol changes of the settings.
        self._usual: dict[str, Any] = {}
        self.settings = Settings(**self.storage.load("settings", {}))
        self.faults = FaultBoard(self.storage.load("faults", []), lambda faults: self.storage.save("faults", faults))
        #: Kind of errand -> what does it, for an account, as the request says; the protocol brings them.
        self.runners: Mapping[str, Callable[[Market, str, dict[str, Any]], None]] = {}
        #: Set whenever something came in that is worked on in the background.
        self.work_came_in = threading.Event()

    def now(self) -> int:
        """The marketplace's own clock: what it stamps on orders and listings. Skewed while that fault is on."""
        skew = self.faults.standing("clock_skew")
        seconds = skew.number("seconds", 300) if skew else 0
        return self._read_clock() + int(seconds * clock.MICROSECONDS)

    def true_now(self) -> int:
        """The clock without skew, for ``received_at`` and ``applied_at``: what a judge measures with."""
        return self._read_clock()

    def settled_now(self) -> int:
        """The marketplace's clock at a moment when no commit stamped before it is still to come."""
        with self.storage.writing():
            return self.now()

    def change_settings(self, changes: dict[str, Any]) -> Settings:
        """The settings named are changed, and kept over a restart."""
        self.settings = Settings(**{**asdict(self.settings), **changes})
        self.storage.save("settings", asdict(self.settings))
        self.work_came_in.set()
        return self.settings

    def open_accounts_as(self, currency: str, tax_included: bool, capabilities: dict[str, Any]) -> None:
        """Accounts that open themselves are like this, unless the control API has said otherwise."""
        self._usual = {
            "default_currency": currency,
            "default_tax_included": tax_included,
            "default_capabilities": capabilities,
        }
        self.settings = Settings(**{**self._usual, **self.storage.load("settings", {})})

    def record(self, db: sqlite3.Connection, events: list[dict[str, Any]]) -> None:
        """The events stand at the end of the log, in this order; without ``received_at`` they came in now."""
        received_at = self.true_now()
        db.executemany(
            _EVENT_SQL, ([{"received_at": received_at, **event}.get(name) for name in EVENT_FIELDS] for event in events)
        )

    def reset(self) -> None:
        """As on the first day: no accounts, no listings, no orders, no faults, default settings."""
        self.storage.reset()
        self.settings = Settings(**self._usual)
        self.faults.replace([])

    def close(self) -> None:
        """The file is closed."""
        self.storage.close()


def new_id(prefix: str) -> str:
    """An identifier never given before."""
    return f"{prefix}-{uuid.uuid4().hex}"


def fingerprint(value: Any) -> str:
    """The same for equal JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
