"""Every address there is, who may open it, and a row of everything to stand in it.

The addresses are read from the URL configuration, so that a new page is looked at without being named here.
"""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, reverse

from channels_app.flows import shipping_files
from channels_app.models import (
    CancellationRequest,
    ChangeRequest,
    Channel,
    ChannelJob,
    FeedLine,
    JobRun,
    Listing,
    OrderNote,
    RawOrder,
    ReconcileRun,
    Submission,
)
from inventory import team
from inventory.models import (
    BulkEdit,
    Invitation,
    Item,
    Mail,
    Membership,
    Role,
    SavedView,
    Seller,
)
from marketplace_integration.urls import urlpatterns
from tests.factories import NOW, make_label, make_user
from tests.flows.order_rig import Rig
from tests.inventory.csv_files import bring

#: Addresses for people who are not signed in, and for load balancers.
PUBLIC = {
    *("sign_in", "sign_in_code", "sign_out", "healthz"),
    *("password_reset", "password_reset_done", "password_reset_confirm", "password_reset_complete"),
    *("invitation_link", "invitation"),
}


#: Addresses for everybody who is signed in, whichever seller they belong to.
OWN = {"choose_seller", "password_change", "password_change_done", "security", "second_step_set_up"}


#: What everybody who is signed in may do about their own account.
OWN_DEEDS = {"second_step_begin", "second_step_off", "backup_codes_new"}


OWNERS_ONLY = {
    *("channel_deactivate", "channel_remove"),
    *("team_invite", "invitation_again", "invitation_withdraw", "member_role", "member_remove"),
    *("member_second_step_reset", "team_second_step"),
}


#: What GET alone is for: a form sent there changes nothing.
READ_ONLY = {
    *("home", "search", "search_typed", "items", "items_edit", "label", "label_state"),
    *("import_detail", "import_problems", "item_listings", "item_why"),
    *("marketplaces", "channel_listings", "channel_reconciler", "channel_example", "channel_label_summary"),
    *("orders", "raw_orders", "order", "packing_slips", "activity", "refused_csv", "submission"),
    *("issues", "issue", "issue_csv"),
    *("channel_products", "channel_preview", "preview_count", "preview_csv"),
    "team",
    *("shipping_file", "shipping_file_problems", "to_ship_csv", "items_csv", "listings_csv"),
    *("orders_csv", "reconcile_csv"),
}


#: What every member chooses for themselves, viewers too.
PERSONAL = {"notifications", "order_view_keep", "order_view_forget", "item_view_keep", "item_view_forget"}


#: What support does not see while it visits: what members choose for themselves, and what is made to be taken away.
CLOSED_TO_VISITS = {
    *("notifications", "packing_slips", "refused_csv", "issue_csv", "preview_csv", "to_ship_csv", "items_csv"),
    *("import_problems", "shipping_file_problems", "listings_csv", "orders_csv", "reconcile_csv"),
}


UNSAFE = ("post", "put", "patch", "delete")


#: What walks through a whole catalogue, a whole plan, or all that is to ship.
WALKS = {"preview_count", "preview_csv", "issue_csv", "to_ship_csv", "items_csv", "listings_csv", "reconcile_csv"}


#: What is not there where its query names a label, a location or a day that is not: a file of all would be wrong.
EXACT = {"items_csv", "orders_csv"}


#: Forms that are shown by GET at the address that takes them.
FORMS = {
    "item",
    "item_new",
    "labels",
    "import_new",
    "shipping_files",
    "ship_ticked",
    "import_columns",
    "channel_add",
    "channel_settings",
    "channel_product",
    "notifications",
}


def _patterns(patterns: list[Any]) -> list[URLPattern]:
    found: list[URLPattern] = []
    for one in patterns:
        if isinstance(one, URLPattern):
            found.append(one)
        elif isinstance(one, URLResolver) and one.namespace != "admin":
            found += _patterns(one.url_patterns)
    return found


ADDRESSES = {str(one.name): sorted(one.pattern.converters) for one in _patterns(urlpatterns)}


SELLERS = sorted(ADDRESSES.keys() - PUBLIC - OWN - OWN_DEEDS)


MUTATING = sorted(set(SELLERS) - READ_ONLY)


#: Name of an address -> what stands in each of its places.
Values = dict[str, dict[str, Any]]


@pytest.fixture
def values(rig: Rig) -> Values:
    """Return what stands in the addresses: one row of everything, by the name in the address."""
    common, keys = _of_the_channel(rig)
    public_ids, more_keys = _of_the_seller(rig)
    keys |= more_keys
    return {
        name: common | {"pk": keys.get(name, 0), "public_id": public_ids.get(name.split("_")[0])} for name in SELLERS
    }


def _of_the_channel(rig: Rig) -> tuple[dict[str, Any], dict[str, int]]:
    """Make what belongs to a channel. Returns what stands in addresses of any name, and the key by name."""
    channel = rig.channel
    Channel.objects.filter(pk=channel.pk).update(adapter_key="sandbox")
    item = rig.item("MUG-1", on_hand=10)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00")])
    rig.download()
    order = rig.order("A-1")
    note = OrderNote.objects.create(order=order, author=rig.owner, at=NOW, text="Call her first.")
    raw = RawOrder.objects.create(
        channel=channel, remote_id="B-1", version=1, body={}, hash="x", state="needs_attention", fetched_at=NOW
    )
    asked = CancellationRequest.objects.create(order=order, seller_id=rig.seller.pk, remote_id="C-1", requested_at=NOW)
    wish = ChangeRequest.objects.create(channel=channel, what="listings_off", reason="Holiday.", created_at=NOW)
    run = ReconcileRun.objects.create(channel=channel, created_at=NOW)
    sent = Submission.objects.create(
        channel=channel, kind="offer", key=uuid.uuid4(), fence=1, line_count=1, created_at=NOW
    )
    FeedLine.objects.create(submission=sent, channel=channel, sku="MUG-1", kind="offer", created_at=NOW)
    listing = Listing.objects.create(
        channel=channel, sku="MUG-1", item=item, rejected_hash="x", rejected_reason="Too cheap."
    )
    job = ChannelJob.objects.get(channel=channel, kind="orders")
    JobRun.objects.create(job=job, channel=channel, kind="orders", fence=1, started_at=NOW, outcome="done")
    common = {
        "channel": channel.public_id,
        "order": order.public_id,
        "key": sent.key,
        "group_key": uuid.uuid4(),
        "cause": listing.cause,
        "kind": "orders",
        "adapter_key": "sandbox",
    }
    keys = {
        "raw_order_retry": raw.pk,
        "order_answer": asked.pk,
        "order_note_delete": note.pk,
        "channel_withdraw_request": wish.pk,
        "reconcile_decide": run.pk,
        "reconcile_csv": run.pk,
    }
    return common, keys


def _of_the_seller(rig: Rig) -> tuple[dict[str, uuid.UUID], dict[str, int]]:
    """Make the rest. Returns the public id by the first word of a name, and the key by name."""
    item = Item.objects.get(sku="MUG-1")
    label = make_label(rig.seller, "Spring", items=[item])
    csv_import = bring(rig.seller, "sku,title\nB,Bread\n", confirm=False)
    invitation = _invited(rig.seller, rig.owner)
    member = Membership.objects.get(user=make_user("colleague@example.com", seller=rig.seller, role=Role.MANAGER)).pk
    done = BulkEdit.objects.create(seller=rig.seller, action="block", words="blocked", state="done", made_at=NOW)
    owner = Membership.objects.get(seller=rig.seller, user=rig.owner)
    kept = {
        page: SavedView.objects.create(membership=owner, page=page, name="Mugs", query={"q": "MUG-1"}).pk
        for page in ("orders", "items")
    }
    parcels = shipping_files.receive(
        rig.seller, b"Order,Carrier\nA-1,ups\nB-9,ups\n", file_name="parcels.csv", actor=rig.owner, now=NOW
    )
    public_ids = {
        "items": done.public_id,
        "item": item.public_id,
        "label": label.public_id,
        "import": csv_import.public_id,
        "shipping": parcels.public_id,
        "invitation": invitation.public_id,
    }
    keys = {
        "order_view_forget": kept["orders"],
        "item_view_forget": kept["items"],
        "mail_again": Mail.objects.get(seller=rig.seller).pk,
        "member_role": member,
        "member_remove": member,
        "member_second_step_reset": member,
    }
    return public_ids, keys


def _invited(seller: Seller, owner: User) -> Invitation:
    team.invite(seller, "guest@example.com", Role.VIEWER, actor=owner, site="https://shop.example.com", now=NOW)
    return Invitation.objects.get(seller=seller)


def url_of(name: str, seller: Seller, values: Values) -> str:
    """Return the address of this name at the seller, as a browser asks for it."""
    kwargs = {part: values[name][part] for part in ADDRESSES[name] if part != "seller_slug"}
    return reverse(name, kwargs={"seller_slug": seller.slug, **kwargs})
