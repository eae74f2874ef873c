"""What crosses the adapter border, both ways: frozen values, never rows, never a vendor's dict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a submission carries."""

    CONTENT = "content"  # everything about an item, its first offer included
    OFFER = "offer"  # price and quantity of a listing that is there
    QUANTITY = "quantity"
    PRICE = "price"
    WITHDRAW = "withdraw"  # end the listing


class Mode(StrEnum):
    TEST = "test"
    PRODUCTION = "production"


class Capability(StrEnum):
    """What a connection can do. Flows and forms read these, never an adapter's name."""

    RECONCILE = "reconcile"  # export_listings gives every listing of the account
    ACCEPT = "accept"  # orders must be accepted before they ship
    SHIP_PARTIAL = "ship_partial"  # several parcels, part of a line
    TRACKING_REQUIRED = "tracking_required"
    CANCEL_LINE = "cancel_line"  # the seller may cancel single lines
    CANCEL_PARTIAL = "cancel_partial"  # and some units of a line, while others ship
    REFUND = "refund"
    REFUND_PARTIAL = "refund_partial"
    CANCELLATION_REQUESTS = "cancellation_requests"  # buyers ask, the seller decides
    RETURNS = "returns"  # buyers' returns are read, and the seller decides about them
    NEW_PRODUCTS = "new_products"  # products that the channel does not know yet are described in its own words
    ORDERED_SUBMISSIONS = "ordered_submissions"  # worked off whole, in order of receipt: open lines need no waiting for
    QUANTITY_NETS_ORDERS = "quantity_nets_orders"  # the channel takes its open orders off what we send
    FULFILLMENTS_REQUIRED = "fulfillments_required"  # Fulfillments cannot be switched off
    TELLS_SHIPPED = "tells_shipped"  # orders shipped by others are shown as shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One seller's account on one marketplace, as the adapter needs it."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    mode: Mode = Mode.TEST
    #: Names the token store's and the rate limiter's buckets; never shown.
    scope: str = ""
    #: What the connection check learned of this account's own rates; they take the place of the declared ones.
    limits: Mapping[str, "Limit"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A carrier or a reason as the channel names it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A kind of product, as the channel sorts them. `name` is the whole way to it, say "Home > Kitchen > Mugs"."""

    code: str
    name: str
    #: The categories that it is in, the widest first: what the channel wants to know of theirs, it wants of its too.
    above: tuple[str, ...] = ()


class Part(StrEnum):
    """What every item says of itself, and the category that it was given for the channel."""

    TITLE = "title"
    DESCRIPTION = "description"
    BRAND = "brand"
    SKU = "sku"
    GTIN = "gtin"
    PARENT_SKU = "parent_sku"
    IMAGE = "image"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductField:
    """What a channel wants to know of the products of one category."""

    code: str
    name: str
    required: bool = False
    #: What it may be; empty: any text.
    choices: tuple[Choice, ...] = ()
    #: The part of an item that answers it, unless the seller says otherwise.
    usual: Part | None = None
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How often one operation may be called: `burst` at once, then `per_second`."""

    per_second: float
    burst: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFacts:
    """What the connection check learned. Stored as JSON in Channel.facts."""

    account_id: str
    account_name: str
    currency: str
    capabilities: frozenset[Capability]
    carriers: tuple[Choice, ...] = ()
    cancel_reasons: tuple[Choice, ...] = ()
    refund_reasons: tuple[Choice, ...] = ()
    #: What a seller may decide about a return.
    return_decisions: tuple[Choice, ...] = ()
    #: Rates of this account by operation, where the marketplace tells them.
    limits: Mapping[str, Limit] = field(default_factory=dict)
    #: From when on what the seller entered no longer works, where the marketplace tells it (aware); None: it does not.
    #: Not the end of an access token, which is fetched anew all the time.
    credentials_expire_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """Price and quantity; absolute, so that sending it twice is harmless.

    `remote_id`, here and in the other lines, is the marketplace's own number of the listing, as a result once brought
    it; empty if none ever did: the adapter then looks the listing up by its SKU.
    """

    sku: str
    price: Decimal
    currency: str
    quantity: int
    remote_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentLine:
    """A whole listing with its first offer."""

    sku: str
    title: str
    description: str
    brand: str
    gtin: str
    images: Sequence[str]
    attributes: Mapping[str, str]
    variation: Mapping[str, str]
    parent_sku: str
    price: Decimal
    currency: str
    quantity: int
    remote_id: str = ""
    #: The channel's category, if the seller has said which it is: the channel is told of the product too then.
    category: str = ""
    #: Its fields as `list_fields` names them, with what this product says; what is required of it is there.
    product: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawLine:
    sku: str
    remote_id: str = ""


Line = OfferLine | ContentLine | WithdrawLine


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TRY_AGAIN = "try_again"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """What became of one line. `retry_after` (seconds) is for TRY_AGAIN: it makes no sense sooner."""

    sku: str
    outcome: Outcome
    code: str = ""
    reason: str = ""
    #: The marketplace's own number of the listing, where it gives one; kept, and handed over with later lines.
    remote_id: str = ""
    retry_after: float = 0


class Phase(StrEnum):
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"  # the whole file was refused: no line of it took effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The state of one submission. Its phase says nothing of its lines: their outcomes stand in `results`."""

    phase: Phase
    results: Iterable[LineResult] = ()
    reason: str = ""
    #: What holds, once all is done, for lines that `results` leaves out: some channels list failures only. None: the
    #: channel forgot them, so they are sent again.
    rest: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The channel has the submission. `report` is what it said at once: all of it, on a synchronous channel.

    Lines that the adapter itself found wanting (no GTIN, say) are rejected here while the others are on their way.
    """

    handle: str
    report: Report = Report(phase=Phase.OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSubmission:
    """A submission whose answer was lost, as far as one can look for it. It was sent after `since`."""

    kind: Kind
    key: str
    since: datetime
    line_count: int
    #: When it was sent, by our clock; for channels that know a submission by its moment alone.
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteListing:
    """One listing as the channel shows it."""

    sku: str
    title: str
    price: Decimal | None
    currency: str
    quantity: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """All listings of the account at `as_of`. Not ready yet: `rows` is None and `handle` is to be given again."""

    handle: str
    as_of: datetime | None = None
    complete: bool = False
    rows: Iterable[RemoteListing] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOrder:
    """One order exactly as the channel gave it. `version` rises with every change of it at the channel."""

    remote_id: str
    version: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    raws: tuple[RawOrder, ...]
    next_cursor: str
    has_more: bool
    #: The channel's time up to which its orders are known once this page is stored; None while more pages wait.
    known_until: datetime | None = None


class PaymentStatus(StrEnum):
    PENDING = "pending"
    CLEARED = "cleared"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOrderLine:
    """One line. Amounts as the channel gave them, never re-derived."""

    remote_id: str
    sku: str
    title: str
    quantity: int
    shipped_quantity: int
    cancelled_quantity: int
    unit_price: Decimal
    amount: Decimal
    tax: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCancellationRequest:
    """A buyer asks; the seller decides. Empty `lines` means the whole order."""

    remote_id: str
    reason: str
    requested_at: datetime
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOrder:
    remote_id: str
    version: int
    status: str
    payment: PaymentStatus
    placed_at: datetime
    currency: str
    tax_included: bool
    total: Decimal
    shipping: Decimal
    lines: tuple[RemoteOrderLine, ...]
    buyer: Mapping[str, str]
    ship_to: Mapping[str, str]
    is_accepted: bool
    #: The latest moment by which the marketplace wants the parcel to leave (aware); of several lines the earliest.
    #: None: it does not tell. A day by which the buyer is to have it is not one.
    ship_by: datetime | None = None
    cancellation_request: RemoteCancellationRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteReturnLine:
    """What a buyer sends back of one order line. `decision` is the channel's code once it was decided, else empty.

    The order line is named by its number, by SKU or by GTIN, as far as the channel says; what it does not say is empty.
    """

    remote_id: str
    quantity: int
    order_line_remote_id: str = ""
    sku: str = ""
    gtin: str = ""
    reason: str = ""
    comment: str = ""
    decision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteReturn:
    """A buyer's return of goods from one order. The same return read again takes the place of the earlier reading."""

    remote_id: str
    order_remote_id: str
    requested_at: datetime
    lines: tuple[RemoteReturnLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPage:
    """Returns in any order; pages overlap, as those of orders do."""

    returns: tuple[RemoteReturn, ...]
    next_cursor: str
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """One order line of a command; `amount` and `shipping_amount` are positive and for refunds only."""

    line_remote_id: str
    quantity: int
    amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    reason: str = ""


class Verb(StrEnum):
    """What a command does: the adapter's method of that name."""

    ACCEPT = "accept"
    SHIP = "ship"
    CANCEL = "cancel"
    REFUND = "refund"
    ANSWER_CANCELLATION = "answer_cancellation"
    HANDLE_RETURN = "handle_return"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCommand:
    """Something to be done to lines of one order. An order-level call is the adapter's compression of it."""

    verb: Verb
    order_remote_id: str
    lines: tuple[CommandLine, ...]
    currency: str = ""
    carrier_code: str = ""
    carrier_name: str = ""
    tracking_number: str = ""
    shipped_at: datetime | None = None
    restock: bool = False
    #: For a buyer's cancellation request: True approves, False refuses, None means there was none.
    approve_request: bool | None = None
    #: For a decision about a return: which one. Its lines are named by `line_remote_id`, the decision by `reason`.
    return_remote_id: str = ""
    #: When it was last handed to the adapter: what the channel did after that may be this command's doing.
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLineResult:
    line_remote_id: str
    outcome: Outcome
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What became of a command: one result a line, or a handle to ask `poll_commands` about."""

    handle: str = ""
    results: tuple[CommandLineResult, ...] = ()
