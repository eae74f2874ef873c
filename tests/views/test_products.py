"""Products: which of a channel's categories the seller's are; and the preview of what would be sent."""

from urllib.parse import quote

import pytest
from django.urls import reverse

from channels_app.adapters.types import Capability, Choice, ProductField
from channels_app.flows.describe import anchor_of
from channels_app.flows.mapping import field_as_json
from channels_app.forms.mapping import mark_of
from channels_app.models import CategoryMapping, Channel, ChannelCategory, Listing
from inventory import labels
from inventory.models import Item, Role
from tests.factories import NOW, make_item, make_job, make_user
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db

COLOUR = ProductField(code="colour", name="Colour", required=True, choices=(Choice(code="B1", name="Blue"),))
ROOM = ProductField(code="room", name="Room")


@pytest.fixture
def rig():
    made = Rig()
    made.channel.facts["capabilities"].append(Capability.NEW_PRODUCTS)
    made.channel.save(update_fields=["facts"])
    make_job(made.channel, "categories")
    make_user(seller=made.seller)
    return made


@pytest.fixture
def mugs(rig):
    return ChannelCategory.objects.create(
        channel=rig.channel, code="MUGS", name="Home > Mugs", fields=[field_as_json(COLOUR), field_as_json(ROOM)]
    )


@pytest.fixture
def owner(client, rig):
    client.force_login(rig.seller.memberships.get().user)
    return client


def address(rig, name, **query):
    place = reverse(name, args=[rig.seller.slug, rig.channel.public_id])
    return place + ("?" + "&".join(f"{key}={quote(value)}" for key, value in query.items()) if query else "")


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_the_sellers_categories_stand_beside_what_they_are_there(owner, rig, mugs):
    rig.has_item("A", attributes={"category": "Cups"})
    rig.has_item("B", attributes={"category": "Pots & pans"})
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=mugs, updated_at=NOW)

    page = text(owner.get(address(rig, "channel_products")))

    assert "Home &gt; Mugs" in page
    assert "?own=Pots%20%26%20pans" in page
    assert page.index("Pots &amp; pans") < page.index(">Cups<")


def test_without_any_category_the_page_says_what_to_do(owner, rig):
    rig.has_item("A")

    assert "Give your items the attribute <code>category</code>" in text(owner.get(address(rig, "channel_products")))


def test_a_channel_that_takes_no_new_products_has_no_such_page(owner, rig):
    rig.channel.facts = {"capabilities": [Capability.RECONCILE]}
    rig.channel.save(update_fields=["facts"])

    assert owner.get(address(rig, "channel_products")).status_code == 404
    assert "Products</a>" not in text(owner.get(address(rig, "channel_preview")))


def test_categories_are_offered_by_the_sellers_own_word_and_searched_by_any(owner, rig, mugs):
    ChannelCategory.objects.create(channel=rig.channel, code="SHIRTS", name="Clothing > Shirts")
    ChannelCategory.objects.create(channel=rig.channel, code="OLD", name="Old mugs", is_gone=True)

    own = text(owner.get(address(rig, "channel_product", own="Mugs")))
    assert "Home &gt; Mugs" in own
    assert "Shirts" not in own
    assert "Old mugs" not in own
    assert "Clothing &gt; Shirts" in text(owner.get(address(rig, "channel_product", own="Mugs", q="shirt cloth")))
    assert "No category has these words" in text(owner.get(address(rig, "channel_product", own="Mugs", q="zebra")))


def test_a_category_is_chosen_and_its_questions_answered(owner, rig, mugs):
    rig.has_item("A", attributes={"category": "Cups", "shade": "blue"})
    rig.has_item("B", attributes={"category": "Cups"})
    here = address(rig, "channel_product", own="Cups")

    chosen = owner.post(here, {"action": "choose", "category": "MUGS"}, follow=True)
    assert "0 of 2 items looked at say everything" in text(chosen)
    assert "Colour is missing" in text(chosen)

    answers = {f"from-{mark_of(COLOUR)}": "attribute:shade", f"text-{mark_of(ROOM)}": "Kitchen"}
    saved = owner.post(here, {"action": "answers", "category": "MUGS", **answers}, follow=True)

    assert "1 of 2 items looked at say everything" in text(saved)
    assert CategoryMapping.objects.get().answers == {"colour": "attribute:shade", "room": "text:Kitchen"}

    owner.post(here, {"action": "answers", "category": "MUGS", f"text-{mark_of(COLOUR)}": "blue"})
    assert CategoryMapping.objects.get().answers == {"colour": "text:B1"}


def test_a_word_that_the_channel_does_not_know_is_refused_and_kept_for_correction(owner, rig, mugs):
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=mugs, updated_at=NOW)

    sent = {"action": "answers", "category": "MUGS", f"text-{mark_of(COLOUR)}": "Bleu"}
    answer = owner.post(address(rig, "channel_product", own="Cups"), sent)

    assert answer.status_code == 422
    assert "This marketplace does not know “Bleu”." in answer.content.decode()
    assert 'value="Bleu"' in answer.content.decode()
    assert CategoryMapping.objects.get().answers == {}


def test_answers_to_the_questions_of_another_category_are_not_taken_for_those_of_this_one(owner, rig, mugs):
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=mugs, updated_at=NOW)
    sent = {"action": "answers", "category": "SHIRTS", f"text-{mark_of(ROOM)}": "Kitchen"}

    answer = owner.post(address(rig, "channel_product", own="Cups"), sent, follow=True)

    assert "changed in another tab" in text(answer)
    assert CategoryMapping.objects.get().answers == {}


def test_a_mapping_is_taken_out(owner, rig, mugs):
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=mugs, updated_at=NOW)

    answer = owner.post(address(rig, "channel_product", own="Cups"), {"action": "remove"}, follow=True)

    assert "no category there any more" in text(answer)
    assert not CategoryMapping.objects.exists()


def test_what_is_not_offered_cannot_be_chosen(owner, rig, mugs):
    ChannelCategory.objects.create(channel=rig.channel, code="", name="All products")

    for code in ("", "NONE"):
        owner.post(address(rig, "channel_product", own="Cups"), {"action": "choose", "category": code})
    owner.post(address(rig, "channel_product", own="Cups"), {"action": "choose"})

    assert not CategoryMapping.objects.exists()


def test_until_the_channel_has_answered_the_page_waits(owner, rig):
    silent = ChannelCategory.objects.create(channel=rig.channel, code="MUGS", name="Mugs")
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=silent, updated_at=NOW)

    assert "is asked what it wants to know" in text(owner.get(address(rig, "channel_product", own="Cups")))


def test_a_viewer_sees_and_changes_nothing(client, rig, mugs):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=mugs, updated_at=NOW)
    here = address(rig, "channel_product", own="Cups")

    shown = text(client.get(here))
    assert ">Save<" not in shown
    assert '<fieldset class="stack" disabled>' in shown
    assert "You can look at this channel, but not change it." in shown
    client.post(here, {"action": "remove"})

    assert CategoryMapping.objects.exists()


def refuse(rig, sku, reason, *, category="Cups"):
    item = rig.has_item(sku, attributes={"category": category})
    return Listing.objects.create(
        channel=rig.channel, sku=sku, item=item, state="rejected", rejected_hash="x", rejected_reason=reason
    )


MISSING = "Colour is missing, and Home > Mugs needs it. Fill in an attribute of that name."


def test_a_category_of_which_items_are_refused_says_how_many_and_leads_to_them(owner, rig, mugs):
    for own in ("Cups", "Pots", "Pans"):
        CategoryMapping.objects.create(channel=rig.channel, own=own, category=mugs, updated_at=NOW)
    refuse(rig, "A", MISSING)
    refuse(rig, "B", "Colour: this marketplace does not know “Bleu”.")
    refuse(rig, "C", MISSING, category="Pots")
    refuse(rig, "D", "The price is too low.", category="Pans")
    rig.has_item("E", attributes={"category": "Pots"})

    page = text(owner.get(address(rig, "channel_products")))

    assert '<span class="badge badge-bad">2 of 2 refused</span>' in page
    assert '<span class="badge badge-warn">1 of 2 refused</span>' in page
    assert f'href="{address(rig, "channel_preview")}?show=refused&amp;own=Pots"' in page
    assert page.count(">In use<") == 1


def test_refused_items_are_counted_up_to_a_limit(owner, rig, mugs, monkeypatch):
    monkeypatch.setattr("channels_app.flows.own_categories.COUNT_LIMIT", 2)
    monkeypatch.setattr("channels_app.views.products.COUNT_LIMIT", 2)
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=mugs, updated_at=NOW)
    for sku in "ABCD":
        refuse(rig, sku, MISSING)

    assert "2+ of 2+ refused" in text(owner.get(address(rig, "channel_products")))


def test_queries_of_the_categories_do_not_grow_with_what_is_refused(owner, rig, mugs, django_assert_max_num_queries):
    for number, word in enumerate(("one", "two", "three", "four")):
        CategoryMapping.objects.create(channel=rig.channel, own=word, category=mugs, updated_at=NOW)
        refuse(rig, f"SKU-{number}", f"The {word} is missing.", category=word)

    with django_assert_max_num_queries(11):
        owner.get(address(rig, "channel_products"))


def test_an_issue_of_a_missing_answer_leads_to_the_field_of_the_category(owner, rig, mugs):
    listing = refuse(rig, "A", MISSING, category="Pots & pans")
    CategoryMapping.objects.create(channel=rig.channel, own="Pots & pans", category=mugs, updated_at=NOW)

    page = text(owner.get(reverse("issue", args=[rig.seller.slug, rig.channel.public_id, listing.cause])))
    there, anchor = address(rig, "channel_product", own="Pots & pans").replace("%20", "+"), anchor_of("Colour")

    assert f'href="{there}#{anchor}">Say where Colour stands for Pots &amp; pans</a>' in page
    assert f'id="{anchor}"' in text(owner.get(there))


def test_an_issue_of_items_without_a_category_leads_to_all_categories(owner, rig, mugs):
    listing = refuse(rig, "A", MISSING, category="")

    page = text(owner.get(reverse("issue", args=[rig.seller.slug, rig.channel.public_id, listing.cause])))

    assert f'href="{address(rig, "channel_products")}">Go to Products</a>' in page


# The preview


@pytest.fixture
def stock(rig, mugs):
    """One SKU for each fate."""
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=mugs, updated_at=NOW)
    for sku in ("SAME", "CHANGE", "END"):
        rig.has_item(sku, on_hand=5)
    rig.settle()
    rig.prices(rig.seller.items.get(sku="CHANGE"), "12.00")
    labels.remove_items(rig.label, [rig.seller.items.get(sku="END").pk], actor=None, now=rig.now)
    rig.has_item("NEW", on_hand=5, attributes={"category": "Cups", "colour": "blue"})
    rig.has_item("REFUSED", on_hand=5, attributes={"category": "Cups"})
    rig.has_item("PRICELESS", on_hand=5, price=None)
    return rig


@pytest.mark.parametrize(
    ("show", "skus"),
    [
        ("", {"SAME", "CHANGE", "END", "NEW", "REFUSED", "PRICELESS"}),
        ("same", {"SAME"}),
        ("change", {"CHANGE"}),
        ("end", {"END"}),
        ("new", {"NEW"}),
        ("refused", {"REFUSED", "PRICELESS"}),
        ("nonsense", {"SAME", "CHANGE", "END", "NEW", "REFUSED", "PRICELESS"}),
    ],
)
def test_every_sku_stands_under_what_would_become_of_it(owner, stock, show, skus):
    answer = owner.get(address(stock, "channel_preview", show=show))

    assert {row["told"].sku for row in answer.context["rows"]} == skus


def test_it_says_what_would_be_told_and_what_is_wrong(owner, stock):
    rows = {row["told"].sku: row["told"] for row in owner.get(address(stock, "channel_preview")).context["rows"]}

    assert dict(rows["NEW"].product.values) == {"colour": "B1"}
    assert rows["CHANGE"].changes == ["price"]
    assert "Colour is missing" in rows["REFUSED"].problems[0]
    assert rows["PRICELESS"].problems == ["This item has no price."]
    assert list(Listing.objects.filter(sku="NEW")) == []


def test_one_sku_is_found_by_name(owner, stock):
    assert [r["told"].sku for r in owner.get(address(stock, "channel_preview", sku="NEW")).context["rows"]] == ["NEW"]
    assert "neither on the label nor listed" in text(owner.get(address(stock, "channel_preview", sku="NOPE")))


def test_it_is_counted_and_downloaded(owner, stock):
    counted = owner.get(address(stock, "preview_count"))
    lines = b"".join(owner.get(address(stock, "preview_csv")).streaming_content).decode("utf-8-sig").splitlines()

    assert [number for _, _, number in counted.context["fates"]] == [2, 1, 1, 1, 1]
    assert lines[0].startswith("sku,title,what")
    assert "NEW,Title of NEW,Would be listed,,10.00,USD,5,MUGS,colour=B1," in lines
    assert len(lines) == 7


def test_before_activation_the_items_own_currency_is_assumed(owner, rig):
    Channel.objects.filter(pk=rig.channel.pk).update(state="setup", facts={}, currency="", account_id="")
    rig.has_item("A", on_hand=3)

    page = text(owner.get(address(rig, "channel_preview")))

    assert "would be sent if you activated the channel now" in page
    assert ">New<" in page


def test_pages_go_on_where_the_last_one_ended(owner, rig, monkeypatch):
    monkeypatch.setattr("channels_app.views.preview.SIZE", 2)
    monkeypatch.setattr("channels_app.flows.preview.SLICE", 2)
    for sku in ("A", "b", "C-1", "c", "D"):
        make_item(rig.seller, sku, on_hand=1)
    labels.add_items(rig.label, list(rig.seller.items.values_list("pk", flat=True)), actor=None, now=NOW)
    seen, url = [], address(rig, "channel_preview")
    while url:
        answer = owner.get(url)
        seen += [row["told"].sku for row in answer.context["rows"]]
        url = answer.context["next_url"] and address(rig, "channel_preview") + answer.context["next_url"]

    assert sorted(seen) == ["A", "C-1", "D", "b", "c"]


def test_queries_do_not_grow_with_the_rows(owner, stock, django_assert_max_num_queries):
    for number in range(30):
        stock.has_item(f"MORE-{number}", attributes={"category": "Cups", "colour": "blue"})

    with django_assert_max_num_queries(14):
        owner.get(address(stock, "channel_preview"))


def test_what_the_marketplace_refused_stands_there_with_its_reason_and_not_as_new(owner, rig):
    rig.has_item("MUG-REJECT", on_hand=2)
    rig.settle()

    (row,) = owner.get(address(rig, "channel_preview")).context["rows"]

    assert row["told"].fate == "refused"
    assert row["told"].problems == ["We do not like it."]


@pytest.fixture
def many(rig, mugs):
    """SKUs refused for three reasons, one of them named by each in its own word."""
    CategoryMapping.objects.create(channel=rig.channel, own="Cups", category=mugs, updated_at=NOW)
    for sku in ("M1", "M2", "M3"):
        rig.has_item(sku, attributes={"category": "Cups"})
    for sku, colour in (("W1", "Bleu"), ("W2", "Rouge")):
        rig.has_item(sku, attributes={"category": "Cups", "colour": colour})
    rig.has_item("P1", price=None)
    return rig


def causes(owner, rig, **query):
    return [(one.text, one.skus) for _, one in owner.get(address(rig, "preview_count", **query)).context["causes"]]


def shown(owner, rig, query=""):
    answer = owner.get(address(rig, "channel_preview") + query)
    return {row["told"].sku for row in answer.context["rows"]}


def downloaded(owner, rig, query=""):
    lines = b"".join(owner.get(address(rig, "preview_csv") + query).streaming_content).decode("utf-8-sig")
    return {line.partition(",")[0] for line in lines.splitlines()[1:]}


def test_refusals_are_counted_by_what_they_have_in_common_the_largest_first(owner, many):
    assert causes(owner, many) == [
        (
            "Colour is missing, and Home > Mugs needs it."
            " Fill in an attribute of that name, or say under Products where it stands.",
            3,
        ),
        ("Colour: this marketplace does not know … It may be: Blue.", 2),
        ("This item has no price.", 1),
    ]


def test_a_reason_that_one_sku_has_is_told_in_full(owner, many):
    labels.remove_items(many.label, [many.seller.items.get(sku="W2").pk], actor=None, now=many.now)

    assert ("Colour: this marketplace does not know “Bleu”. It may be: Blue.", 1) in causes(owner, many)


def test_a_reason_that_differs_between_skus_has_one_of_them_as_an_example(owner, many):
    page = text(owner.get(address(many, "preview_count")))

    assert "For example: Colour: this marketplace does not know “Bleu”." in page
    assert page.count("For example") == 1


def test_a_quoted_word_that_all_skus_have_is_told(owner, many):
    Item.objects.filter(sku="W2").update(attributes={"category": "Cups", "colour": "Bleu"})

    assert ("Colour: this marketplace does not know “Bleu”. It may be: Blue.", 2) in causes(owner, many)


def test_no_more_causes_are_told_than_the_ten_largest(owner, many, monkeypatch):
    monkeypatch.setattr("channels_app.flows.preview.MOST_CAUSES", 2)

    assert [skus for _, skus in causes(owner, many)] == [3, 2]
    assert "the 2 reasons that concern most SKUs" in text(owner.get(address(many, "preview_count")))


def test_a_cause_filters_the_rows_and_the_file(owner, many):
    counted = owner.get(address(many, "preview_count"))
    query = next(query for query, one in counted.context["causes"] if one.skus == 2)

    assert shown(owner, many, query) == downloaded(owner, many, query) == {"W1", "W2"}
    assert f'href="{address(many, "preview_csv")}{query.replace("&", "&amp;")}" download>Download these' in text(
        owner.get(address(many, "channel_preview") + query)
    )


def test_the_file_holds_what_is_shown(owner, many):
    many.has_item("FINE", on_hand=1)

    assert downloaded(owner, many, "?show=new") == {"FINE"}
    assert downloaded(owner, many, "?sku=M1") == {"M1"}
    assert downloaded(owner, many, "?own=Cups") == shown(owner, many, "?own=Cups") == {"M1", "M2", "M3", "W1", "W2"}
    assert len(downloaded(owner, many)) == 7


def test_items_of_a_category_that_are_not_on_the_label_are_passed_over(owner, many, monkeypatch):
    monkeypatch.setattr("channels_app.flows.preview.SLICE", 2)
    monkeypatch.setattr("channels_app.flows.preview.SLICES", 1)
    labels.remove_items(
        many.label,
        list(many.seller.items.filter(sku__in=("M1", "M2")).values_list("pk", flat=True)),
        actor=None,
        now=NOW,
    )

    first = owner.get(address(many, "channel_preview", own="Cups"))

    assert first.context["rows"] == []
    assert shown(owner, many, first.context["next_url"]) == {"M3", "W1"}


def test_the_count_is_of_the_category_that_is_shown(owner, many):
    many.has_item("OTHER", price=None, attributes={"category": "Pots"})

    assert causes(owner, many, own="Pots") == [("This item has no price.", 1)]


def test_an_unknown_cause_shows_nothing_and_says_so(owner, many):
    assert "No SKU would be refused for this reason" in text(owner.get(address(many, "channel_preview", cause="abc")))


def test_a_row_leads_to_the_field_that_it_lacks(owner, many):
    there = f"{address(many, 'channel_product', own='Cups')}#{anchor_of('Colour')}"

    assert f'href="{there}">Say where Colour stands' in text(owner.get(address(many, "channel_preview", sku="M1")))
