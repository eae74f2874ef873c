"""Categories of a channel, what the seller's are there, and what the feed makes of it."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.types import Capability, Category, Choice, ContentLine, ProductField
from channels_app.flows.jobs import job_is_wanted
from channels_app.flows.ledger import check_ledger
from channels_app.flows.mapping import save_mapping
from channels_app.flows.own_categories import attribute_names, own_categories
from channels_app.flows.permissions import NotAllowed
from channels_app.flows.product_lists import FRESH, read_product_lists
from channels_app.models import CategoryMapping, ChannelCategory, ChannelHistory, ChannelJob
from inventory.models import Item, Role
from tests.factories import make_job, make_user
from tests.fakes import FakeAdapter
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db

CATEGORIES = ChannelJob.Kind.CATEGORIES
HOME = Category(code="HOME", name="Home")
MUGS = Category(code="MUGS", name="Home > Mugs", above=("HOME",))
FIELDS = {
    "": [ProductField(code="name", name="Name", required=True)],
    "HOME": [ProductField(code="room", name="Room")],
    "MUGS": [
        ProductField(code="colour", name="Colour", required=True, choices=(Choice(code="B1", name="Blue"),)),
        ProductField(code="name", name="Name of the mug"),
    ],
    "POTS": [],
}


@pytest.fixture
def rig():
    made = Rig()
    made.channel.facts["capabilities"].append(Capability.NEW_PRODUCTS)
    made.channel.save(update_fields=["facts"])
    made.market.categories, made.market.fields = [HOME, MUGS], FIELDS
    make_job(made.channel, CATEGORIES)
    make_user(seller=made.seller)
    return made


def maps(rig, own="Cups", code="MUGS", *, email="owner@example.com", **answers):
    actor = User.objects.get(email=email)
    category = ChannelCategory.objects.get(channel=rig.channel, code=code) if code else None
    return save_mapping(rig.channel, own, category, answers, actor=actor, now=rig.now)


def read_lists(rig):
    """The categories are read, and what is asked of the mapped ones; the cursor stays with the job."""
    claim = rig.claim(CATEGORIES)
    claim.cursor = ChannelJob.objects.get(channel=rig.channel, kind=CATEGORIES).cursor
    read_product_lists(claim, rig.adapter)
    ChannelJob.objects.filter(channel=rig.channel, kind=CATEGORIES).update(cursor=claim.cursor)
    return claim


def sent_content(rig):
    lines = [line for one in rig.market.submissions.values() for line in one.lines if isinstance(line, ContentLine)]
    return {line.sku: (line.category, dict(line.product)) for line in lines}


def test_the_channels_categories_are_read_once_a_day_and_what_is_gone_cannot_be_chosen(rig):
    read_lists(rig)
    rig.market.categories = [MUGS]
    read_lists(rig)
    assert ChannelCategory.objects.filter(is_gone=True).count() == 0

    rig.later(FRESH.total_seconds() + 60)
    read_lists(rig)

    known = ChannelCategory.objects.exclude(code="").values_list("code", "name", "is_gone")
    assert set(known) == {("HOME", "Home", True), ("MUGS", "Home > Mugs", False)}
    assert [verb for verb, _ in rig.market.calls].count("list_categories") == 2


def test_an_empty_list_of_categories_is_no_list(rig):
    read_lists(rig)
    rig.market.categories = []
    rig.later(FRESH.total_seconds() + 60)

    read_lists(rig)

    assert not ChannelCategory.objects.filter(is_gone=True).exists()


def test_what_is_asked_of_a_category_is_read_once_it_is_mapped_and_not_again_the_same_day(rig):
    read_lists(rig)
    assert ("list_fields", "MUGS") not in rig.market.calls

    maps(rig)
    read_lists(rig)
    read_lists(rig)

    assert [call for call in rig.market.calls if call[0] == "list_fields"] == [("list_fields", "MUGS")]
    # More was told than asked for, and is kept.
    assert [field["code"] for field in ChannelCategory.objects.get(code="HOME").fields or ()] == ["room"]


def test_an_item_of_a_mapped_category_brings_its_product_along_and_others_do_not(rig):
    read_lists(rig)
    maps(rig)
    read_lists(rig)
    rig.has_item("MUG", on_hand=2, attributes={"category": "Cups", "colour": "blue", "name": "A mug", "room": "any"})
    rig.has_item("POT", on_hand=2, attributes={"category": "Pots"})
    rig.has_item("PEN", on_hand=2)

    rig.settle()

    assert sent_content(rig) == {
        "MUG": ("MUGS", {"name": "A mug", "room": "any", "colour": "B1"}),
        "POT": ("", {}),
        "PEN": ("", {}),
    }
    assert check_ledger() == []


def test_what_the_channel_wants_and_the_item_lacks_is_refused_before_anything_is_sent(rig):
    read_lists(rig)
    maps(rig)
    read_lists(rig)
    item = rig.has_item("MUG", on_hand=2, attributes={"category": "Cups", "name": "A mug"})

    rig.settle()

    assert sent_content(rig) == {}
    assert rig.listing("MUG").state == "rejected"
    assert rig.listing("MUG").rejected_reason.startswith("Colour is missing")
    assert check_ledger() == []

    Item.objects.filter(pk=item.pk).update(attributes={**item.attributes, "colour": "Blue"})
    rig.settle()

    assert sent_content(rig)["MUG"][1]["colour"] == "B1"
    assert (rig.listing("MUG").state, rig.listing("MUG").rejected_reason) == ("listed", "")
    assert check_ledger() == []


def test_a_listing_whose_new_content_is_incomplete_goes_on_selling_at_the_right_price_and_quantity(rig):
    rig.has_item("MUG", on_hand=2, attributes={"category": "Cups", "name": "A mug"})
    rig.settle()
    read_lists(rig)
    maps(rig)
    read_lists(rig)

    item = Item.objects.get(sku="MUG")
    rig.sets(item, 9)
    rig.prices(item, "12.00")
    rig.settle()

    shown = rig.market.listings["MUG"]
    assert (shown.quantity, str(shown.price)) == (9, "12.00")
    assert "Colour is missing" in rig.listing("MUG").rejected_reason
    assert check_ledger() == []


def test_a_mapping_sends_its_items_anew_and_so_does_another_answer_and_its_end(rig):
    rig.has_item("MUG", on_hand=2, attributes={"category": "Cups", "name": "A mug"})
    rig.has_item("PEN", on_hand=2)
    rig.settle()
    read_lists(rig)

    maps(rig, colour="text:Blue")
    read_lists(rig)
    rig.settle()
    assert sent_content(rig)["MUG"] == ("MUGS", {"name": "A mug", "colour": "B1"})

    maps(rig, colour="text:Blue", room="text:Kitchen")
    rig.settle()
    assert sent_content(rig)["MUG"][1]["room"] == "Kitchen"

    maps(rig, code="")
    rig.settle()
    assert sent_content(rig)["MUG"] == ("", {})
    lines = [one.lines for one in rig.market.submissions.values() if any(line.sku == "PEN" for line in one.lines)]
    assert len(lines) == 1
    assert check_ledger() == []


def test_until_the_channel_has_said_what_it_wants_nothing_changes(rig):
    read_lists(rig)
    maps(rig)
    rig.has_item("MUG", on_hand=2, attributes={"category": "Cups"})

    rig.settle()

    assert sent_content(rig) == {"MUG": ("", {})}


def test_when_the_channel_wants_something_else_the_items_are_sent_anew(rig):
    read_lists(rig)
    maps(rig, colour="text:Blue")
    read_lists(rig)
    rig.has_item("MUG", on_hand=2, attributes={"category": "Cups", "name": "A mug"})
    rig.settle()

    rig.market.fields = FIELDS | {"HOME": [ProductField(code="room", name="Room", required=True)]}
    rig.later(FRESH.total_seconds() + 60)
    read_lists(rig)
    rig.settle()

    assert "Room is missing" in rig.listing("MUG").rejected_reason
    assert check_ledger() == []


def test_when_a_category_moves_its_items_are_sent_anew_with_what_is_asked_there(rig):
    read_lists(rig)
    maps(rig)
    read_lists(rig)
    said = {"category": "Cups", "colour": "Blue", "room": "Kitchen"}
    rig.has_item("MUG", on_hand=1, attributes=said)
    rig.settle()
    before = sent_content(rig)["MUG"][1]

    rig.later(FRESH.total_seconds() + 60)
    rig.market.categories = [HOME, replace(MUGS, above=())]
    read_lists(rig)
    rig.settle()

    assert before["room"] == "Kitchen"
    assert "room" not in sent_content(rig)["MUG"][1]
    assert check_ledger() == []


def test_a_mapping_stands_in_the_history_and_the_same_again_is_none(rig):
    read_lists(rig)

    assert maps(rig, colour="text:Blue")
    assert not maps(rig, colour="text:Blue")

    (entry,) = ChannelHistory.objects.filter(channel=rig.channel, what="products in Cups")
    assert (entry.before, entry.after) == ({}, {"category": "Home > Mugs", "colour": "text:Blue"})
    assert CategoryMapping.objects.get().answers == {"colour": "text:Blue"}


def test_a_viewer_maps_nothing(rig):
    read_lists(rig)
    make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER)

    with pytest.raises(NotAllowed):
        maps(rig, email="viewer@example.com")


def test_the_sellers_categories_are_those_with_items_on_the_label(rig, django_assert_num_queries):
    for number, category in enumerate(["Cups", "Cups", "Pots", ""]):
        rig.has_item(f"I-{number}", attributes={"category": category, f"a{number}": "x"})
    other = rig.has_item("OFF", attributes={"Category": "Elsewhere"})
    rig.unlabels(other)

    with django_assert_num_queries(1):
        assert own_categories(rig.channel) == [("Cups", 2), ("Pots", 1)]
    assert attribute_names(rig.channel, "Cups") == ["a0", "a1", "category"]


def test_a_channel_that_takes_no_new_products_is_asked_nothing(rig):
    read_lists(rig)
    maps(rig)
    read_lists(rig)
    rig.channel.facts = {"capabilities": [Capability.RECONCILE]}
    rig.channel.save(update_fields=["facts"])
    rig.has_item("MUG", on_hand=2, attributes={"category": "Cups"})

    rig.settle()

    assert sent_content(rig) == {"MUG": ("", {})}
    assert not job_is_wanted(rig.channel, CATEGORIES)


def test_a_marketplace_that_cannot_be_asked_changes_nothing(rig):
    rig.market.fail("list_categories", TemporaryError("Busy."))

    with pytest.raises(TemporaryError):
        read_lists(rig)

    assert not ChannelCategory.objects.exists()


def test_what_was_answered_is_kept_before_the_next_question(rig, monkeypatch):
    monkeypatch.setattr(FakeAdapter, "categories_at_once", 1)
    read_lists(rig)
    maps(rig, own="Cups", code="MUGS")
    maps(rig, own="Houses", code="HOME")
    listed = rig.adapter.list_fields

    def once(asked):
        monkeypatch.setattr(rig.adapter, "list_fields", fails)
        return {code: FIELDS[code] for code in asked}

    def fails(asked):
        raise TemporaryError("Enough for this minute.")

    monkeypatch.setattr(rig.adapter, "list_fields", once)
    with pytest.raises(TemporaryError):
        read_lists(rig)

    assert ChannelCategory.objects.filter(fields__isnull=False).count() == 1
    monkeypatch.setattr(rig.adapter, "list_fields", listed)
    read_lists(rig)
    assert ChannelCategory.objects.filter(code__in=["MUGS", "HOME"], fields__isnull=False).count() == 2


def test_an_answer_that_is_corrected_while_the_old_one_is_refused_is_sent(rig):
    rig.market.manual = True
    read_lists(rig)
    maps(rig, colour="text:Blue", room="text:Kitchen")
    read_lists(rig)
    rig.has_item("MUG-REJECT", on_hand=2, attributes={"category": "Cups", "name": "A mug"})
    rig.send()
    assert sent_content(rig)["MUG-REJECT"][1]["room"] == "Kitchen"

    maps(rig, colour="text:Blue", room="text:Office")
    rig.spread()
    rig.market.manual = False
    rig.settle()

    assert sent_content(rig)["MUG-REJECT"][1]["room"] == "Office"
    assert check_ledger() == []
