"""Rows for tests, each with sane defaults; a test names only what it is about."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from channels_app.models import Channel, ChannelJob
from inventory.models import Item, Label, LabelItem, Location, Membership, Reason, Role, Seller, Stock, StockMovement

#: A fixed present for tests that pass time in.
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def make_user(email: str = "owner@example.com", *, seller: Seller | None = None, role: Role = Role.OWNER) -> User:
    user = User.objects.create_user(username=email, email=email, password="a-test-password")  # noqa: S106
    if seller:
        Membership.objects.create(seller=seller, user=user, role=role)
    return user


def make_seller(slug: str = "acme", **fields: Any) -> Seller:
    seller = Seller.objects.create(
        **{"name": slug.title(), "slug": slug, "currency": "USD", "created_at": NOW} | fields,
    )
    Location.objects.create(seller=seller, code="main", name="Main warehouse", is_default=True)
    return seller


def make_item(seller: Seller, sku: str = "MUG-1", *, on_hand: int = 0, **fields: Any) -> Item:
    """Return an item; stock is put at the default location, with the movement that explains it."""
    item = Item.objects.create(
        **{
            "seller": seller,
            "sku": sku,
            "title": f"Title of {sku}",
            "price": Decimal("10.00"),
            "currency": seller.currency,
            "created_at": NOW,
            "updated_at": NOW,
        }
        | fields,
    )
    if on_hand:
        location = seller.locations.get(is_default=True)
        Stock.objects.create(item=item, location=location, on_hand=on_hand)
        StockMovement.objects.create(
            item=item, location=location, on_hand_delta=on_hand, reason=Reason.COUNTED, at=NOW, key=uuid.uuid4()
        )
    item.refresh_from_db()
    return item


def make_label(seller: Seller, name: str = "Outlet", *, items: list[Item] | None = None) -> Label:
    label = Label.objects.create(seller=seller, name=name, created_at=NOW)
    LabelItem.objects.bulk_create(
        LabelItem(label=label, item=item, source=LabelItem.Source.HAND) for item in items or []
    )
    return label


#: Facts of a connection that can do everything.
FACTS: dict[str, Any] = {
    "account_id": "acct-1",
    "account_name": "Acme on the sandbox",
    "currency": "USD",
    "capabilities": [
        "reconcile",
        "accept",
        "ship_partial",
        "tracking_required",
        "cancel_line",
        "cancel_partial",
        "refund",
        "refund_partial",
        "cancellation_requests",
        "ordered_submissions",
        "tells_shipped",
    ],
    "carriers": [{"code": "ups", "name": "UPS"}],
    "cancel_reasons": [{"code": "no_stock", "name": "Out of stock"}],
    "refund_reasons": [{"code": "damaged", "name": "Damaged"}],
    "return_decisions": [{"code": "received", "name": "Received"}, {"code": "refused", "name": "Refused"}],
}


def make_channel(seller: Seller, *, state: str = "testing", label: Label | None = None, **fields: Any) -> Channel:
    """Return a connected channel with all switches on, in any state, without its jobs (see `make_job`)."""
    running = state != "setup"
    defaults = {
        "seller": seller,
        "adapter_key": "sandbox",
        "name": "Sandbox",
        "state": state,
        "label": label or make_label(seller, f"For {uuid.uuid4().hex[:8]}"),
        "facts": FACTS,
        "account_id": f"acct-{uuid.uuid4().hex[:8]}",
        "currency": "USD",
        "listings_on": running,
        "orders_on": running,
        "reconciler_on": False,
        "testing_started_at": NOW - timedelta(days=1) if running else None,
        "testing_ends_at": NOW + timedelta(days=29) if running else None,
        "orders_known_until": NOW,
        "orders_read_at": NOW,
        "created_at": NOW - timedelta(days=2),
    }
    return Channel.objects.create(**defaults | fields)


def make_job(channel: Channel, kind: str, **fields: Any) -> ChannelJob:
    """Return an enabled job that is due."""
    defaults = {
        "channel": channel,
        "seller_id": channel.seller_id,
        "kind": kind,
        "lane": ChannelJob.LANES[kind],
        "host": "sandbox.test:9000",
        "enabled": True,
        "interval_seconds": 300,
        "next_run_at": NOW - timedelta(seconds=1),
    }
    return ChannelJob.objects.create(**defaults | fields)
