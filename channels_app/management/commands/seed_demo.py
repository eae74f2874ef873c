"""`manage.py seed_demo`: a seller to look around with, and the people who may. A second call changes nothing."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.core.management.base import BaseCommand
from django.db import transaction

from channels_app.adapters import registry
from channels_app.flows.settings import add_channel
from channels_app.models import Channel
from inventory import catalogue, labels, stock
from inventory.csv_import import imports
from inventory.gtin import check_digit
from inventory.models import Item, Membership, Role, Seller
from marketplace_integration import clock
from marketplace_integration.environment import ROOT

SLUG = "harbor-and-pine"
PASSWORD = "demo-seller"  # noqa: S105 - printed for everyone to see
SUPPORT_PASSWORD = "demo-support"  # noqa: S105
SUPPORT_GROUP = "Support"

PEOPLE = {
    "seller@example.com": Role.OWNER,
    "manager@example.com": Role.MANAGER,
    "viewer@example.com": Role.VIEWER,
}
#: Its items are put on the label "Sandbox".
LISTED_DEPARTMENTS = ("Garden", "Kitchen")
APRON = {"S": 14, "M": 25, "L": 8}

TOLD = f"""Sign in  as seller@example.com, {PASSWORD}: the owner of Harbor & Pine (manager@ and viewer@ have the same)
         or as support@example.com, {SUPPORT_PASSWORD}: support staff, at /support/
Click    Marketplaces > Sandbox: choose the label “Sandbox”, enter any client ID and secret, Save and Activate"""


class Command(BaseCommand):
    help = "Make the demo: a seller with items, stock, labels and a sandbox channel in Setup, and people to sign in as."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not Seller.objects.filter(slug=SLUG).exists():
            seed(now=clock.now())
        self.stdout.write(TOLD)


def seed(*, now: datetime) -> Seller:
    """The demo seller and its people exist."""
    seller = Seller.objects.create(
        name="Harbor & Pine", slug=SLUG, time_zone="America/New_York", currency="USD", created_at=now
    )
    owner = _people(seller)
    stock.default_location(seller)
    _items(seller, owner, now=now)
    _aprons(seller, owner, now=now)
    _labels(seller, owner, now=now)
    if "sandbox" in registry.adapters() and not Channel.objects.filter(seller=seller).exists():
        add_channel(seller, "sandbox", "Sandbox", actor=owner, now=now)
    return seller


def _people(seller: Seller) -> User:
    for email, role in PEOPLE.items():
        Membership.objects.create(seller=seller, user=_person(email, PASSWORD), role=role)
    support = _person("support@example.com", SUPPORT_PASSWORD)
    support.is_staff = True
    support.save(update_fields=["is_staff"])
    group, _ = Group.objects.get_or_create(name=SUPPORT_GROUP)
    group.permissions.add(Permission.objects.get(codename="support_channels"))
    support.groups.add(group)
    return User.objects.get(username=next(iter(PEOPLE)))


def _person(email: str, password: str) -> User:
    user = User.objects.filter(username=email).first()
    return user or User.objects.create_user(username=email, email=email, password=password)


def _items(seller: Seller, owner: User, *, now: datetime) -> None:
    """The items of the demo file are in the inventory, brought as a seller brings them."""
    file = ROOT / "inventory" / "demo" / "items.csv"
    csv_import = imports.receive(
        seller, [file.read_bytes()], file_name=file.name, location=None, label=None, actor=owner, now=now
    )
    imports.run(csv_import.pk, now=now)
    imports.confirm(csv_import)
    imports.run(csv_import.pk, now=now)


def _aprons(seller: Seller, owner: User, *, now: datetime) -> None:
    """One parent with three variations."""
    common = {"brand": "Wharfside", "attributes": {"Department": "Kitchen", "Category": "Linen"}}
    title = "Apron, waxed cotton"
    parent = catalogue.create_item(seller, common | {"sku": "HP-APR", "title": title, "is_parent": True}, now=now)
    for number, (size, count) in enumerate(APRON.items(), 901):
        digits = f"9520001{number:05}"
        values = {
            "sku": f"HP-APR-{size}",
            "title": f"{title}, {size}",
            "gtin": digits + check_digit(digits),
            "price": Decimal("45.00"),
            "parent": parent,
            "variation": {"Size": size},
        }
        item = catalogue.create_item(seller, common | values, now=now)
        stock.set_on_hand(item, stock.default_location(seller), count, actor=owner, now=now, key=uuid.uuid4())


def _labels(seller: Seller, owner: User, *, now: datetime) -> None:
    """One label is kept by hand, one by a rule."""
    by_hand = labels.create_label(seller, "Sandbox", now=now)
    listed = Item.objects.filter(seller=seller, attributes__Department__in=LISTED_DEPARTMENTS)
    labels.add_items(by_hand, listed, actor=owner, now=now)
    gifts = [
        {"field": "price", "op": "at_most", "value": "25"},
        {"field": "available", "op": "at_least", "value": "5"},
        {"field": "attribute:Department", "op": "is", "value": "Home"},
    ]
    by_rule = labels.create_label(seller, "Small gifts", rule=gifts, now=now)
    labels.recalculate_label(by_rule.pk, now=now)
