"""What stands at the desk reads like the rest of the product: times, money, yes and no, rules, counts, headings."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from channels_app.models import (
    Channel,
    ChannelHistory,
    Command,
    FeedLine,
    JobRun,
    LedgerCheck,
    Listing,
    ReconcileRun,
    Submission,
)
from inventory.admin.values import lines, lines_of
from inventory.models import CsvImport, Item, Label, Seller, StockMovement
from tests.factories import NOW, make_channel, make_item, make_job, make_label, make_seller
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Nordlicht Outdoor")


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_channel(seller, state="live", name="Main shop", currency="EUR")


def of(row: Model | type[Model]) -> str:
    return f"admin:{row._meta.app_label}_{row._meta.model_name}"


def the_list(desk: Client, model: type[Model], **query: str) -> str:
    return desk.get(reverse(f"{of(model)}_changelist"), query).content.decode()


def the_page(desk: Client, row: Model) -> str:
    return desk.get(reverse(f"{of(row)}_change", args=[row.pk])).content.decode()


def send(channel: Channel, **fields: Any) -> Submission:
    defaults = {"kind": "offer", "key": uuid.uuid4(), "fence": 1, "line_count": 1, "created_at": NOW}
    return Submission.objects.create(**{"channel": channel} | defaults | fields)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"Category": "Linen", "in_stock": True}, ["Category: Linen", "in stock: Yes"]),
        ({"rows": 5000, "sizes": ["S", "M"], "by": {"a": 1}}, ["rows: 5,000", "sizes: S, M", "by: a: 1"]),
        ([{"sku": "MUG-1", "what": "open"}, {"sku": "MUG-2"}], ["sku: MUG-1, what: open", "sku: MUG-2"]),
        (["a.png", "b.png"], ["a.png, b.png"]),
        ({}, []),
        (None, []),
    ],
)
def test_json_is_told_line_by_line(value: Any, told: list[str]):
    assert lines_of(value) == told


def test_lines_are_escaped_and_nothing_is_a_dash():
    assert lines(["<b>", "a"]) == "&lt;b&gt;<br>a"
    assert lines([]) == "–"


def test_times_are_written_as_on_the_sellers_pages_and_the_page_says_in_which_zone(desk: Client, channel: Channel):
    send(channel)

    shown = the_list(desk, Submission)

    assert f"{NOW:%-d %b %Y, %H:%M}" in shown
    assert "p.m." not in shown
    assert "a.m." not in shown
    assert shown.count("Times are in UTC") == 1


def test_amounts_stand_with_their_currency_and_as_many_digits_as_it_has(desk: Client, channel: Channel, seller: Seller):
    item = make_item(seller, "MUG-1", price=Decimal("1009.9900"), currency="EUR")
    Listing.objects.create(channel=channel, sku="MUG-1", item=item, state="listed", confirmed_price=Decimal("9.9900"))

    for shown in (the_list(desk, Listing), the_list(desk, Item)):
        assert "9.99 EUR" in shown
        assert "9.9900" not in shown
    assert "1,009.99 EUR" in the_page(desk, item)


def test_an_orders_amounts_are_in_its_own_currency(desk: Client, rig: Rig):
    rig.item("MUG-1", on_hand=3)
    rig.market.has_order("A-1", lines=[("MUG-1", 1, "10.00")])
    rig.download()
    order = rig.order("A-1")

    shown = the_page(desk, order)

    assert "<h1>Order A-1 of " in shown
    assert shown.count(f"10.00 {order.currency}") >= 2
    assert "10.0000" not in shown


def test_yes_and_no_are_words(desk: Client, seller: Seller):
    shown = the_page(desk, make_item(seller, "MUG-1", attributes={"Category": "Linen", "Department": "Kitchen"}))

    assert "icon-no" not in shown
    assert "icon-yes" not in shown
    assert ">No</div>" in shown
    assert "Category: Linen<br>Department: Kitchen" in shown
    assert "hash" not in shown


def test_what_only_programs_read_is_left_out(desk: Client, channel: Channel):
    listing = Listing.objects.create(
        channel=channel, sku="MUG-1", remote_price=Decimal("9.99"), remote_active=True, remote_as_of=NOW
    )

    shown = the_page(desk, listing)

    for words in ("Price there", "On sale there", "Read there", f"{NOW:%-d %b %Y, %H:%M}"):
        assert words in shown
    assert "Recounted line" not in shown
    for row in (listing, make_job(channel, "orders"), send(channel)):
        assert "Fence:" not in the_page(desk, row)
        assert "Seller id:" not in the_page(desk, row)


def test_rules_counts_and_columns_are_told_in_words(desk: Client, channel: Channel, seller: Seller):
    label = make_label(seller, "Gifts")
    rule = [{"field": "price", "op": "at_most", "value": "25"}, {"field": "brand", "op": "is", "value": "Acme"}]
    Label.objects.filter(pk=label.pk).update(kind="rule", rule=rule, match="any")
    job = make_job(channel, "orders")
    JobRun.objects.create(
        job=job, channel=channel, kind="orders", fence=1, started_at=NOW, outcome="done", counts={"orders": 2}
    )
    csv_import = CsvImport.objects.create(
        seller=seller,
        file_name="items.csv",
        columns=[{"name": "Artikel", "field": "sku"}],
        summary={"rows": 5000, "new": 3, "mark": ","},
        created_at=NOW,
    )

    assert "Price is at most 25<br>Brand is Acme" in the_page(desk, label)
    assert "any of these holds" in the_page(desk, label)
    assert "2 new orders" in the_list(desk, JobRun)
    assert "Artikel → SKU" in the_page(desk, csv_import)
    assert "5,000 rows<br>3 new items" in the_page(desk, csv_import)


def test_a_rows_page_begins_with_what_matters_and_folds_the_rest_away(desk: Client, seller: Seller):
    shown = the_page(desk, make_item(seller, "MUG-1", brand="Acme"))

    in_turn = ("Archived at", "What buyers read", "Acme", "Variations", "<details>", "Everything else", "Currency")
    places = [shown.index(words) for words in in_turn]
    assert places == sorted(places)


def test_a_page_whose_columns_are_few_has_no_groups(desk: Client, channel: Channel, seller: Seller):
    shown = the_page(desk, make_label(seller, "Gifts"))

    assert "Gifts" in shown
    assert "<details>" not in shown


@pytest.mark.parametrize("model", [model for model in admin.site._registry if model is not User])
def test_groups_name_columns_that_there_are_and_each_once(model: type[Model]):
    groups = getattr(admin.site._registry[model], "groups", ())
    named = [name for _, names in groups for name in names]

    assert len(named) == len(set(named))
    for name in named:
        assert hasattr(model, name) or hasattr(admin.site._registry[model], name)


def test_long_texts_are_cut_in_lists_and_whole_in_their_title_and_on_the_page(desk: Client, channel: Channel):
    reason = "The title is too long. " * 20
    listing = Listing.objects.create(channel=channel, sku="MUG-1", state="listed", rejected_reason=reason)

    assert f'<span class="clipped" title="{reason}">' in the_list(desk, Listing)
    assert 'class="clipped"' not in the_page(desk, listing)
    assert reason in the_page(desk, listing)


def test_pages_are_headed_by_what_a_person_calls_their_row(desk: Client, channel: Channel, seller: Seller):
    at = f"{NOW:%-d %b %Y, %H:%M}"
    item = make_item(seller, "MUG-1", on_hand=3)
    job = make_job(channel, "reconcile")
    sent = send(channel, phase="open")
    movement = StockMovement.objects.get(item=item)
    rows = {
        JobRun.objects.create(
            job=job, channel=channel, kind="reconcile", fence=1, started_at=NOW, outcome="done"
        ): f"Reconciler of Main shop, {at}: done",
        job: "Reconciler of Main shop",
        sent: f"Prices and quantities to Main shop, {at}: at the channel",
        FeedLine.objects.create(
            channel=channel, submission=sent, sku="MUG-1", kind="offer", created_at=NOW
        ): f"MUG-1 to Main shop, {at}: sent",
        Listing.objects.create(channel=channel, sku="MUG-1", state="listed"): "MUG-1 on Main shop: listed",
        ChannelHistory.objects.create(
            channel=channel, at=NOW, what="orders_on", before=True, after=False
        ): f"Main shop, {at}: The system switched Orders off",
        ReconcileRun.objects.create(
            channel=channel, state="applied", created_at=NOW
        ): f"Reconciler plan of Main shop, {at}: applied",
        LedgerCheck.objects.create(at=NOW, seconds=1, offences=0): f"Check of {at}: 0 offences",
        movement: f"MUG-1 at {movement.location}, {movement.at:%-d %b %Y, %H:%M}: counted",
    }

    for row, heading in rows.items():
        shown = the_page(desk, row)
        assert f"<h1>{heading}</h1>" in shown
        assert f"<title>{heading} | " in shown


def test_a_commands_page_is_headed_by_its_order(desk: Client, rig: Rig):
    rig.item("MUG-1", on_hand=3)
    rig.market.has_order("A-1", lines=[("MUG-1", 1, "10.00")])
    rig.download()
    order = rig.order("A-1")
    command = Command.objects.create(
        channel=rig.channel,
        order=order,
        line=order.lines.get(),
        kind="ship",
        key=uuid.uuid4(),
        group_key=uuid.uuid4(),
        created_at=NOW,
    )

    assert f"<h1>Shipping notice of order A-1, {NOW:%-d %b %Y, %H:%M}: waiting to be sent</h1>" in the_page(
        desk, command
    )
