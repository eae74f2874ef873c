"""The marketplace as a contract test sees it from behind, and what the tests do with an adapter again and again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

import pytest

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import (
    Capability,
    CommandLine,
    CommandLineResult,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Export,
    Kind,
    Line,
    LineResult,
    OfferLine,
    OrderCommand,
    Outcome,
    Phase,
    RemoteListing,
    RemoteOrder,
    Verb,
    WithdrawLine,
)

#: What may happen to the next call.
Trouble = Literal[
    "refused",  # nobody listens
    "dropped",  # the connection ends before the work
    "lost",  # the connection ends after the work
    "busy",  # 429, come back in 7 seconds
    "busy_for_who_knows_how_long",  # 429, and not a word on when
    "broken",  # 503
    "forbidden",  # 403
    "gone",  # 404
    "conflict",  # 409
    "signed_out",  # every access token has expired
    "errors_inside",  # 200, with an error in it
    "truncated",  # half an answer
    "html",  # a web page in place of JSON
    "other_type",  # an answer that calls itself something else
]

#: An asynchronous channel has had its say after so many looks.
_LOOKS = 40


class World(Protocol):
    """What a channel's own tests bring: a marketplace where everything works until it is told not to."""

    #: The secrets in use: no log and no error may show them.
    secrets: list[str]
    #: When the world began; orders placed since then are seen.
    began_at: datetime
    #: Prices and quantities that must survive a round trip.
    prices: Sequence[str]
    quantities: Sequence[int]
    #: The channel's numbers of listings, as results brought them.
    remote_ids: dict[str, str]
    #: Every operation that was called.
    operations: set[str]
    #: Whether orders say until when they have to leave.
    tells_ship_by: bool
    #: A category that asks something of its products, and attributes of an item that answer it.
    category: str
    attributes: Mapping[str, str]

    def now(self) -> datetime:
        """The marketplace's own clock."""

    def with_bad_credentials(self) -> ChannelAdapter:
        """An adapter whose secret the marketplace refuses."""

    def settle(self) -> None:
        """Time passes; what was sent is worked on."""

    def passes(self, seconds: float) -> None:
        """Time passes."""

    def content(self, sku: str, *, price: str, quantity: int) -> ContentLine:
        """An item that this marketplace lists, with all that it wants to know of it."""

    def has_order(self, sku: str, quantity: int) -> str:
        """A buyer has bought and paid; the order's remote id."""

    def asks_to_cancel(self, order: str) -> None:
        """The buyer of the order asks to cancel."""

    def sends_back(self, order: str, sku: str, quantity: int) -> None:
        """The buyer of the order, which has left, sends something back."""

    def has(self, trouble: Trouble, *, on_write: int = 0) -> None:
        """The next call meets this trouble; with `on_write`, that write from now (1: the next one)."""

    def calm(self) -> None:
        """Trouble that was ordered and has not struck yet does not."""

    def invents(self) -> None:
        """From now on the marketplace says words, in orders and results, that nobody has heard before."""

    def repeats_pages(self) -> None:
        """From now on the next page of a list may be the same page once more."""

    def clock_is_off(self, seconds: float) -> None:
        """The marketplace's clock goes so far ahead; negative: behind."""

    def shipped(self, order: str) -> int:
        """Units of the order that the marketplace knows to have left."""

    def refunded(self, order: str) -> Decimal:
        """Money that the buyer of the order got back."""

    def content_that_lacks_something(self, sku: str) -> ContentLine | None:
        """An item that this adapter cannot list, and knows it; None if there is no such thing."""


def can(adapter: ChannelAdapter, capability: Capability) -> bool:
    """Say whether this connection can: a marketplace often grants less than it offers."""
    return capability in adapter.check_connection().capabilities


def needs(adapter: ChannelAdapter, *capabilities: Capability) -> None:
    """Skip the test on a connection that does not do this."""
    missing = [one.value for one in capabilities if not can(adapter, one)]
    if missing:
        pytest.skip(f"{adapter.label} declares no {', '.join(missing)}")


# Listings


def plain_content(
    sku: str, *, price: str = "10.00", quantity: int = 5, currency: str = "USD", gtin: str = ""
) -> ContentLine:
    """Return an item with little more than a name."""
    return ContentLine(
        sku=sku,
        title=f"Title of {sku}",
        description=f"All about {sku}.",
        brand="Acme",
        gtin=gtin,
        images=[],
        attributes={},
        variation={},
        parent_sku="",
        price=Decimal(price),
        currency=currency,
        quantity=quantity,
    )


@dataclass
class Sent:
    """What became of a submission: its phase at the end, and every result by SKU."""

    phase: Phase
    results: dict[str, LineResult] = field(default_factory=dict)
    reason: str = ""

    def outcomes(self) -> dict[str, Outcome]:
        return {sku: result.outcome for sku, result in self.results.items()}


def send(adapter: ChannelAdapter, world: World, kind: Kind, lines: Sequence[Line], *, key: str = "k") -> Sent:
    """Submit, and ask until the channel has had its say. Lines it leaves out have what it says of the rest."""
    receipt = adapter.submit(kind, lines, key=key)
    report, told = receipt.report, {result.sku: result for result in receipt.report.results}
    for _ in range(_LOOKS):
        if report.phase is not Phase.OPEN:
            break
        world.settle()
        report = adapter.poll(kind, receipt.handle)
        told |= {result.sku: result for result in report.results}
    if report.rest is not None and report.phase is Phase.DONE:
        told = {line.sku: LineResult(sku=line.sku, outcome=report.rest) for line in lines} | told
    world.remote_ids |= {sku: result.remote_id for sku, result in told.items() if result.remote_id}
    return Sent(report.phase, told, report.reason)


def listed(adapter: ChannelAdapter, world: World, *skus: str, price: str = "10.00", quantity: int = 5) -> Sent:
    """The items were sent to be listed, as the feed does it: the quantity follows where content does not bring it."""
    lines = [world.content(sku, price=price, quantity=quantity) for sku in skus]
    return send_content(adapter, world, lines, key=f"list {' '.join(skus)} {price} {quantity}")


def send_content(adapter: ChannelAdapter, world: World, lines: Sequence[ContentLine], *, key: str = "k") -> Sent:
    """Submit content, and after it what it does not bring."""
    sent = send(adapter, world, Kind.CONTENT, lines, key=key)
    if not adapter.content_brings_quantity:
        there = [line for line in lines if sent.outcomes().get(line.sku) is Outcome.ACCEPTED]
        offers = [offer(world, line.sku, line.currency, quantity=line.quantity) for line in there]
        if offers:
            send(adapter, world, Kind.QUANTITY, offers, key=f"{key} quantity")
    return sent


def offer_kinds(adapter: ChannelAdapter) -> list[Kind]:
    """Return the kinds in which prices and quantities go out, as the feed chooses them."""
    return [Kind.OFFER] if Kind.OFFER in adapter.submission_lines else [Kind.QUANTITY, Kind.PRICE]


def offer(world: World, sku: str, currency: str, *, price: str = "10.00", quantity: int = 5) -> OfferLine:
    return OfferLine(
        sku=sku,
        price=Decimal(price),
        currency=currency,
        quantity=quantity,
        remote_id=world.remote_ids.get(sku, ""),
    )


def withdrawal(world: World, sku: str) -> WithdrawLine:
    return WithdrawLine(sku=sku, remote_id=world.remote_ids.get(sku, ""))


def exported(adapter: ChannelAdapter, world: World) -> tuple[Export, dict[str, RemoteListing]]:
    """Return the export and what is on sale, by SKU."""
    export = adapter.export_listings()
    for _ in range(_LOOKS):
        if export.rows is not None:
            break
        world.settle()
        export = adapter.export_listings(export.handle)
    assert export.rows is not None, "the export never got ready"
    return export, {row.sku: row for row in export.rows if row.active}


# Orders


def find_order(adapter: ChannelAdapter, world: World, remote_id: str) -> RemoteOrder | None:
    """Return the newest version of the order that the adapter reads from the beginning on, or None."""
    cursor, found = adapter.first_cursor(world.began_at), None
    for _ in range(100):
        page = adapter.fetch_orders(cursor)
        for raw in page.raws:
            if raw.remote_id == remote_id:
                found = adapter.parse_order(raw.body)
        cursor = page.next_cursor
        if not page.has_more:
            return found
    raise AssertionError("the orders never end")


def order_of(adapter: ChannelAdapter, world: World, remote_id: str) -> RemoteOrder:
    """Return the order as the adapter reads it now."""
    order = find_order(adapter, world, remote_id)
    assert order is not None, "the order is not seen"
    return order


def ordered(adapter: ChannelAdapter, world: World, *, sku: str = "A", quantity: int = 2) -> RemoteOrder:
    """Return an order that may be shipped: accepted where that is needed, and paid."""
    listed(adapter, world, sku, quantity=20)
    order = order_of(adapter, world, world.has_order(sku, quantity))
    if can(adapter, Capability.ACCEPT) and not order.is_accepted:
        assert (
            done(adapter, world, adapter.accept(about(world, Verb.ACCEPT, order, quantity), key="accept"))
            is Outcome.ACCEPTED
        )
        world.settle()
        order = order_of(adapter, world, order.remote_id)
    return order


def about(world: World, verb: Verb, order: RemoteOrder, quantity: int, **more: Any) -> OrderCommand:
    """Return a command about the order's only line."""
    line = {name: more.pop(name) for name in ("amount", "reason", "shipping_amount") if name in more}
    lines = (CommandLine(line_remote_id=order.lines[0].remote_id, quantity=quantity, **line),)
    return OrderCommand(
        verb=verb, order_remote_id=order.remote_id, currency=order.currency, lines=lines, sent_at=world.now(), **more
    )


def parcel(
    world: World, facts: ConnectionFacts, order: RemoteOrder, quantity: int, number: str = "1Z999"
) -> OrderCommand:
    """Return a shipping notice for units of the order's only line."""
    carrier = facts.carriers[0] if facts.carriers else None
    return about(
        world,
        Verb.SHIP,
        order,
        quantity,
        carrier_code=carrier.code if carrier else "",
        carrier_name=carrier.name if carrier else "UPS",
        tracking_number=number,
        shipped_at=world.now(),
    )


def done(adapter: ChannelAdapter, world: World, result: CommandResult) -> Outcome:
    """Return what became of the command's first line, after as many looks as it takes."""
    return told(adapter, world, result).outcome


def told(adapter: ChannelAdapter, world: World, result: CommandResult) -> CommandLineResult:
    handle = result.handle
    for _ in range(_LOOKS):
        if result.results and result.results[0].outcome is not Outcome.PENDING:
            return result.results[0]
        world.settle()
        result = adapter.poll_commands([handle]).get(handle, result)
    raise AssertionError("the command never ends")


def attempt(adapter: ChannelAdapter, world: World, call: Callable[[], CommandResult]) -> CommandLineResult:
    """Return what became of it; a refusal of the whole call is one of its line."""
    try:
        return told(adapter, world, call())
    except RejectedByChannel as error:
        return CommandLineResult(line_remote_id="", outcome=Outcome.REJECTED, code=error.code, reason=str(error))
