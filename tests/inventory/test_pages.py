"""Items, labels and imports as a seller's browser sees them."""

import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from inventory import labels
from inventory.csv_import import imports
from inventory.models import CsvImport, Item, Label, Location, Role, Stock, StockMovement
from tests.factories import NOW, make_channel, make_item, make_label, make_seller, make_user
from tests.inventory.csv_files import bring

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_seller()


@pytest.fixture
def owner(client, seller):
    client.force_login(make_user(seller=seller))
    return client


def login(client, seller, role):
    client.force_login(make_user(f"{role}@example.com", seller=seller, role=role))
    return client


def address(name, seller, *args):
    return reverse(name, args=[seller.slug, *args])


def pages(seller, item, label, csv_import):
    return [
        address("home", seller),
        address("items", seller),
        address("item", seller, item.public_id),
        address("item_listings", seller, item.public_id),
        address("labels", seller),
        address("label", seller, label.public_id),
        address("label", seller, label.public_id) + "?show=excluded",
        address("label", seller, label.public_id) + "?show=rule",
        address("label_state", seller, label.public_id),
        address("import_new", seller),
        address("import_detail", seller, csv_import.public_id),
        address("import_problems", seller, csv_import.public_id),
    ]


@pytest.fixture
def everything(seller):
    item = make_item(seller, "A", on_hand=3)
    label = make_label(seller, items=[item])
    csv_import = bring(seller, "sku,title,price\nB,Bread,1\nC,Cheese,x\n", confirm=False)
    return pages(seller, item, label, csv_import)


def test_every_page_opens_for_a_viewer(client, seller, everything):
    login(client, seller, Role.VIEWER)

    assert {page: client.get(page).status_code for page in everything} == dict.fromkeys(everything, 200)


def test_every_page_is_unknown_to_another_seller(client, seller, everything):
    login(client, make_seller("else"), Role.OWNER)

    assert {page: client.get(page).status_code for page in everything} == dict.fromkeys(everything, 404)


def test_another_sellers_rows_are_unknown_under_ones_own_address(owner, seller, everything):
    other = make_seller("else")
    item, label = make_item(other, "X"), make_label(other)
    csv_import = bring(other, "sku,title\nB,Bread\n", confirm=False)

    foreign = pages(seller, item, label, csv_import)[2:]
    foreign = [page for page in foreign if page not in (address("labels", seller), address("import_new", seller))]
    assert {owner.get(page).status_code for page in foreign} == {404}


def test_a_viewer_changes_nothing(client, seller):
    item, label = make_item(seller, "A"), make_label(seller)
    login(client, seller, Role.VIEWER)
    posts = [
        address("items_bulk", seller),
        address("item", seller, item.public_id),
        address("item_new", seller),
        address("item_stock", seller, item.public_id),
        address("item_labels", seller, item.public_id),
        address("item_status", seller, item.public_id),
        address("labels", seller),
        address("label_rule", seller, label.public_id),
        address("label_items", seller, label.public_id),
        address("label_rename", seller, label.public_id),
        address("label_delete", seller, label.public_id),
        address("import_new", seller),
    ]

    assert {page: client.post(page, {"name": "x"}).status_code for page in posts} == dict.fromkeys(posts, 403)


def test_the_first_page_leads_to_the_only_seller(owner, seller):
    assert owner.get("/").url == address("home", seller)


def test_somebody_with_two_sellers_chooses_and_somebody_without_is_told(client, seller):
    user = make_user(seller=seller)
    other = make_seller("second")
    other.memberships.create(user=user, role=Role.VIEWER)
    client.force_login(user)
    assert b"Second" in client.get("/").content

    client.force_login(make_user("nobody@example.com"))
    assert b"belong to no seller" in client.get("/").content


@pytest.mark.parametrize("zone", ["Mars/X", "", "../etc/passwd", "Europe"])
def test_a_seller_in_a_zone_that_nobody_knows_is_refused(seller, zone):
    seller.time_zone = zone

    with pytest.raises(ValidationError, match="Write it like"):
        seller.clean()


# Items ---------------------------------------------------------------------------------------------------------------


def skus(response):
    return [row["item"].sku for row in response.context["rows"]]


def test_the_list_is_paged_by_sku_and_back(owner, seller):
    for number in range(120):
        make_item(seller, f"S-{number:03}")

    first = owner.get(address("items", seller))
    second = owner.get(address("items", seller) + first.context["page"].next_url)
    third = owner.get(address("items", seller) + second.context["page"].next_url)
    back = owner.get(address("items", seller) + third.context["page"].previous_url)

    assert skus(first) == [f"S-{n:03}" for n in range(50)]
    assert skus(third) == [f"S-{n:03}" for n in range(100, 120)]
    assert skus(back) == skus(second)
    assert first.context["page"].previous_url == third.context["page"].next_url == ""


def test_a_page_after_nonsense_opens(owner, seller):
    make_item(seller, "A")

    assert skus(owner.get(address("items", seller), {"after": "\x00"})) == ["A"]


def test_the_number_of_queries_does_not_grow_with_the_items(owner, seller, django_assert_num_queries):
    label = make_label(seller)
    for number in range(30):
        item = make_item(seller, f"S-{number:03}", on_hand=1)
        labels.add_items(label, [item.pk], actor=None, now=NOW)

    with django_assert_num_queries(14):
        owner.get(address("items", seller))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apple", ["RED-1"]),
        ("RED", ["RED-1", "RED-2"]),
        ("red-2", ["RED-2"]),
        ("4006381333931", ["PEN"]),
        ("re", []),
        ("pen", ["PEN"]),
        ("100%", []),
        ("a\x00pple", ["PEN", "RED-1", "RED-2"]),
    ],
)
def test_search(owner, seller, text, expected):
    make_item(seller, "RED-1", title="An Apple")
    make_item(seller, "RED-2", title="Pear")
    make_item(seller, "PEN", title="Marker", gtin="4006381333931")

    assert skus(owner.get(address("items", seller), {"q": text})) == expected


def test_filters(owner, seller):
    item = make_item(seller, "LABELLED", on_hand=1)
    label = make_label(seller, items=[item])
    make_item(seller, "BLOCKED", blocked=True, on_hand=1)
    make_item(seller, "EMPTY", price=None)
    make_item(seller, "GONE", archived_at=NOW)

    def found(**query):
        return skus(owner.get(address("items", seller), query))

    assert found() == ["BLOCKED", "EMPTY", "LABELLED"]
    assert found(label=label.public_id) == ["LABELLED"]
    assert found(show="unlabelled") == ["BLOCKED", "EMPTY"]
    assert found(show="out_of_stock") == ["EMPTY"]
    assert found(show="without_price") == ["EMPTY"]
    assert found(show="blocked") == ["BLOCKED"]
    assert found(show="archived") == ["GONE"]
    assert found(show="nonsense") == ["BLOCKED", "EMPTY", "LABELLED"]
    assert found(label="nonsense") == []


def test_ticked_items_are_put_on_a_label(owner, seller):
    one, two = make_item(seller, "A"), make_item(seller, "B")
    label = make_label(seller)

    response = owner.post(
        address("items_bulk", seller),
        {
            "item": [str(one.public_id)],
            "scope-label": "ticked",
            "action": "label",
            "label": label.public_id,
            "filter": "q=abc",
        },
        follow=True,
    )

    assert [item.sku for item in labels.members(label)] == ["A"]
    assert response.redirect_chain[-1][0].endswith("?q=abc")
    assert "1 item put on the label" in response.content.decode()
    assert two.label_items.count() == 0


def test_all_that_fit_are_labelled_taken_off_blocked_and_archived(owner, seller):
    for sku in ("RED-1", "RED-2", "BLUE"):
        make_item(seller, sku, title="Thing")
    label = make_label(seller)

    def act(action, filter_query="q=RED"):
        data = {
            "scope-label": "all",
            "scope-more": "all",
            "action": action,
            "label": label.public_id,
            "filter": filter_query,
        }
        assert owner.post(address("items_bulk", seller), data).status_code == 302

    act("label")
    assert labels.member_count(label) == 2
    act("unlabel", "q=RED-1")
    assert labels.member_count(label) == 1
    act("block")
    assert Item.objects.filter(blocked=True).count() == 2
    act("unblock")
    act("archive")
    assert list(Item.objects.filter(archived_at=None).values_list("sku", flat=True)) == ["BLUE"]
    act("bring_back", "q=RED&show=archived")
    assert Item.objects.filter(archived_at=None).count() == 3


@pytest.mark.parametrize("search", ["label=0199a1b2-0000-7000-8000-000000000000", "show=nonsense", f"q={'x' * 201}"])
def test_all_that_fit_a_filter_that_means_nothing_any_more_is_no_item(owner, seller, search):
    """The label was deleted in another tab: "all that fit" must not become all there are."""
    item = make_item(seller, "A")

    sent = {"action": "archive", "scope-more": "all", "filter": search}
    response = owner.post(address("items_bulk", seller), sent, follow=True)

    item.refresh_from_db()
    assert item.archived_at is None
    assert b"so nothing changed" in response.content


def test_another_sellers_items_and_labels_cannot_be_reached_by_a_forged_form(owner, seller):
    stranger = make_item(make_seller("else"), "X")
    label = make_label(stranger.seller)
    data = {"item": [str(stranger.public_id)], "scope-label": "ticked", "scope-more": "ticked"}

    assert owner.post(address("items_bulk", seller), data | {"action": "block"}).status_code == 302
    stranger.refresh_from_db()
    assert not stranger.blocked
    assert (
        owner.post(address("items_bulk", seller), data | {"action": "label", "label": label.public_id}).status_code
        == 404
    )


GOOD = {
    "title": "Lamp",
    "brand": "Acme",
    "gtin": "4006381333931",
    "price": "12.50",
    "currency": "USD",
    "images": "https://example.com/a.jpg\nhttps://example.com/b.jpg",
    "attributes": "Color: Red\nSize: 12: wide",
}


def test_an_item_is_made_and_changed(owner, seller):
    owner.post(address("item_new", seller), GOOD | {"sku": "L-1"})
    item = Item.objects.get(sku="L-1")
    assert (item.price, item.attributes, len(item.images)) == (
        Decimal("12.50"),
        {"Color": "Red", "Size": "12: wide"},
        2,
    )

    owner.post(address("item", seller, item.public_id), GOOD | {"price": "", "sku": "OTHER"})
    item.refresh_from_db()
    assert (item.sku, item.price) == ("L-1", None)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "required"),
        ("price", "-1", "greater than or equal to 0"),
        ("price", "1.23456", "4 decimal places"),
        ("gtin", "4006381333932", "no barcode"),
        ("currency", "dollar", "Write it like USD"),
        ("images", "ftp://x", "no web address"),
        ("attributes", "Color", "needs a name, a colon"),
    ],
)
def test_what_is_wrong_with_an_item_stands_beside_its_field(owner, seller, field, value, words):
    item = make_item(seller, "A")

    response = owner.post(address("item", seller, item.public_id), GOOD | {field: value})

    assert response.status_code == 422
    assert words in response.content.decode()


def test_a_second_item_of_the_same_sku_is_refused(owner, seller):
    make_item(seller, "A")

    response = owner.post(address("item_new", seller), GOOD | {"sku": "A"})

    assert response.status_code == 422
    assert "You have an item with this SKU" in response.content.decode()


def test_a_count_and_an_adjustment_sent_twice_move_stock_once(owner, seller):
    item, location = make_item(seller, "A", on_hand=5), Location.objects.get()
    count = {"location": location.pk, "how": "counted", "number": 9, "key": uuid.uuid4()}
    change = {"location": location.pk, "how": "changed", "number": -2, "note": "broken", "key": uuid.uuid4()}

    for data in (count, count, change, change):
        owner.post(address("item_stock", seller, item.public_id), data)

    assert Stock.objects.get(item=item).on_hand == 7
    assert StockMovement.objects.filter(item=item).count() == 3
    assert b"broken" in owner.get(address("item", seller, item.public_id)).content


def test_the_first_location_is_made_when_it_is_first_needed(owner, seller):
    item = make_item(seller, "A")
    seller.locations.all().delete()

    assert b"Count or adjust" in owner.get(address("item", seller, item.public_id)).content
    assert seller.locations.get().is_default


def test_more_units_than_can_be_kept_are_refused_beside_the_field(owner, seller):
    item = make_item(seller, "A", on_hand=2_000_000_000)
    sent = {"location": seller.locations.get().pk, "how": "changed", "number": "999999999", "key": str(uuid.uuid4())}

    response = owner.post(address("item_stock", seller, item.public_id), sent)

    assert response.status_code == 422
    assert b"more units than can be kept" in response.content
    assert Stock.objects.get(item=item).on_hand == 2_000_000_000


def test_a_count_below_0_is_refused(owner, seller):
    item = make_item(seller, "A")
    data = {"location": Location.objects.get().pk, "how": "counted", "number": -1, "key": uuid.uuid4()}

    response = owner.post(address("item_stock", seller, item.public_id), data)

    assert response.status_code == 422
    assert "cannot be below 0" in response.content.decode()


def test_an_item_is_put_on_a_label_taken_off_blocked_and_archived(owner, seller):
    item, label = make_item(seller, "A"), make_label(seller)

    owner.post(address("item_labels", seller, item.public_id), {"action": "add", "label": label.pk})
    assert labels.member_count(label) == 1
    owner.post(address("item_labels", seller, item.public_id), {"action": "remove", "label": label.pk})
    assert labels.member_count(label) == 0
    for action, holds in [("block", (True, False)), ("unblock", (False, False)), ("archive", (False, True))]:
        owner.post(address("item_status", seller, item.public_id), {"action": action})
        item.refresh_from_db()
        assert (item.blocked, bool(item.archived_at)) == holds


# Labels --------------------------------------------------------------------------------------------------------------


def test_a_label_is_made_renamed_and_deleted(owner, seller):
    owner.post(address("labels", seller), {"name": "Outlet", "kind": "manual"})
    label = Label.objects.get()
    owner.post(address("label_rename", seller, label.public_id), {"name": "Sale"})
    label.refresh_from_db()
    assert label.name == "Sale"

    owner.post(address("label_delete", seller, label.public_id))
    assert not Label.objects.exists()


def test_a_second_label_of_the_same_name_is_refused(owner, seller):
    make_label(seller, "Outlet")

    response = owner.post(address("labels", seller), {"name": "Outlet", "kind": "manual"})

    assert response.status_code == 422
    assert "You have a label of this name" in response.content.decode()


def test_a_label_that_a_channel_names_cannot_be_deleted_and_the_page_says_which(owner, seller):
    label = make_label(seller)
    make_channel(seller, label=label, name="My sandbox")

    response = owner.post(address("label_delete", seller, label.public_id), follow=True)

    assert Label.objects.filter(pk=label.pk).exists()
    assert "cannot be deleted: My sandbox lists its items" in response.content.decode()


def conditions(*rows, **more):
    data = {"rule-TOTAL_FORMS": len(rows), "rule-INITIAL_FORMS": 0} | more
    for number, row in enumerate(rows):
        data |= {f"rule-{number}-{name}": value for name, value in row.items()}
    return data


BRAND = {"field": "brand", "op": "is", "value": "Acme"}
COLOR = {"field": "attribute", "attribute": "Color", "op": "contains", "value": "red"}
NOTHING = {"field": "", "op": "is", "value": ""}


def test_a_rule_is_previewed_and_saved_and_then_its_items_are_found(owner, seller):
    make_item(seller, "A", brand="Acme", attributes={"Color": "Dark red"})
    label = make_label(seller)
    url = address("label_rule", seller, label.public_id)

    preview = owner.post(url, conditions(BRAND, COLOR, NOTHING, preview="yes"))
    assert preview.status_code == 200
    assert (preview.context["question"].count.coming, preview.context["question"].then) == (1, 1)
    label.refresh_from_db()
    assert label.rule == []

    owner.post(url, conditions(BRAND, COLOR, NOTHING))
    label.refresh_from_db()
    assert [row["field"] for row in label.rule] == ["brand", "attribute:Color"]
    assert b"Finding its items" in owner.get(address("label", seller, label.public_id)).content

    labels.recalculate_label(label.pk, now=NOW)
    assert b"Dark red" not in owner.get(address("label", seller, label.public_id)).content
    assert owner.get(address("label_state", seller, label.public_id))["HX-Refresh"] == "true"
    shown = owner.get(address("label", seller, label.public_id) + "?show=rule").content.decode()
    assert 'value="Color"' in shown


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([NOTHING], "at least one condition"),
        ([BRAND | {"op": "at_least"}], "does not go with this field"),
        ([BRAND | {"value": ""}], "needs a value"),
        ([BRAND | {"op": "nonsense"}], "Correct the conditions"),
    ],
)
def test_a_rule_that_cannot_be_understood_is_shown_again_with_the_reason(owner, seller, rows, words):
    label = make_label(seller)

    response = owner.post(address("label_rule", seller, label.public_id), conditions(*rows))

    assert response.status_code == 422
    assert words in response.content.decode()


def test_items_are_kept_off_a_rule_label_and_given_back(owner, seller):
    item = make_item(seller, "A", brand="Acme")
    label = labels.create_label(seller, "By rule", rule=[{"field": "brand", "op": "is", "value": "Acme"}], now=NOW)
    label.refresh_from_db()
    labels.recalculate_label(label.pk, now=NOW)
    url = address("label_items", seller, label.public_id)

    owner.post(url, {"item": [item.pk], "action": "remove"})
    assert labels.member_count(label) == 0
    assert b">A<" in owner.get(address("label", seller, label.public_id) + "?show=excluded").content
    owner.post(url, {"item": [item.pk], "action": "return"})
    assert labels.member_count(label) == 1


# Imports -------------------------------------------------------------------------------------------------------------


def test_a_file_is_brought_previewed_confirmed_and_its_bad_rows_downloaded(owner, seller):
    label = make_label(seller)
    content = b"sku,title,price,quantity\nA,Apple,1.20,3\nB,Bread,dear,1\n"

    response = owner.post(
        address("import_new", seller),
        {"file": SimpleUploadedFile("stock list.csv", content), "label": label.public_id},
    )
    csv_import = CsvImport.objects.get()
    assert response.url == address("import_detail", seller, csv_import.public_id)
    assert b"being read" in owner.get(response.url).content

    imports.run(csv_import.pk, now=NOW)
    preview = owner.get(response.url).content.decode()
    assert "Import 1 row" in preview
    assert "“dear” is no price" in preview

    for _ in range(2):  # a double click
        owner.post(address("import_act", seller, csv_import.public_id), {"action": "confirm"})
    imports.run(csv_import.pk, now=NOW)
    assert [item.sku for item in labels.members(label)] == ["A"]
    assert "1 row of 2 is in" in owner.get(response.url).content.decode()

    bad = owner.get(address("import_problems", seller, csv_import.public_id))
    text = b"".join(bad.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0] == "sku,title,price,quantity,What to mend"
    assert text.splitlines()[1].startswith('B,Bread,dear,1,"price: “dear” is no price')

    mended = bring(seller, text.replace(",dear,", ",2.50,"))
    assert (mended.summary["errors"], Item.objects.get(sku="B").attributes) == (0, {})


def test_the_state_alone_is_sent_while_the_page_waits(owner, seller):
    csv_import = bring(seller, "sku,title\nA,Apple\n", confirm=False)

    part = owner.get(address("import_detail", seller, csv_import.public_id), headers={"HX-Request": "true"})

    assert b"<html" not in part.content
    assert b'id="import"' in part.content


def test_a_file_that_is_too_big_is_refused_with_its_size(owner, seller, monkeypatch):
    monkeypatch.setattr("inventory.forms.MAX_BYTES", 2_000_000)

    response = owner.post(address("import_new", seller), {"file": SimpleUploadedFile("a.csv", b"x" * 3_000_000)})

    assert response.status_code == 422
    assert "3 MB; at most 2 MB" in response.content.decode()


def test_an_empty_file_and_no_file_are_told(owner, seller):
    response = owner.post(address("import_new", seller), {})
    assert response.status_code == 422

    owner.post(address("import_new", seller), {"file": SimpleUploadedFile("a.csv", b"")})
    csv_import = CsvImport.objects.get()
    imports.run(csv_import.pk, now=NOW)
    assert b"The file is empty" in owner.get(address("import_detail", seller, csv_import.public_id)).content


def test_latin_1_is_offered_to_be_read_as_windows_1252(owner, seller):
    csv_import = bring(seller, "sku,title\nA,Café\n".encode("latin-1"), confirm=False)
    url = address("import_detail", seller, csv_import.public_id)
    assert b"Read it as Windows-1252" in owner.get(url).content

    owner.post(address("import_act", seller, csv_import.public_id), {"action": "read_again"})
    imports.run(csv_import.pk, now=NOW)

    assert "Café" in owner.get(url).content.decode()


def test_an_import_can_be_left_out(owner, seller):
    csv_import = bring(seller, "sku,title\nA,Apple\n", confirm=False)

    owner.post(address("import_act", seller, csv_import.public_id), {"action": "cancel"})

    assert (
        b"Nothing of this file was imported"
        in owner.get(address("import_detail", seller, csv_import.public_id)).content
    )
    assert Item.objects.count() == 0


def test_prices_of_all_that_fit_are_changed_and_the_change_is_undone_from_the_list(owner, seller):
    make_item(seller, "MUG-1", price=Decimal("10.00"))
    make_item(seller, "POT-1", price=Decimal("20.00"))
    sent = {"action": "price", "scope-price": "all", "filter": "q=MUG-1", "how": "percent", "value": "10"}

    listed = owner.post(address("items_bulk", seller), sent, follow=True)

    assert "1 item with +10 % on the price" in listed.content.decode()
    assert dict(seller.items.values_list("sku", "price")) == {"MUG-1": Decimal("11.00"), "POT-1": Decimal("20.00")}
    (made,) = listed.context["edits"]
    undone = owner.post(reverse("items_edit_act", args=[seller.slug, made.public_id]), {"action": "undo"}, follow=True)
    assert "1 item are as before" not in undone.content.decode()
    assert "1 item is as before." in undone.content.decode()
    assert seller.items.get(sku="MUG-1").price == Decimal("10.00")


@pytest.mark.parametrize(
    ("how", "value", "words"),
    [
        ("percent", "-100", "leaves no price"),
        ("fixed", "-1", "cannot be below 0"),
        ("percent", "much", "Enter a number"),
        ("other", "1", "Select a valid choice"),
    ],
)
def test_a_price_change_that_makes_no_sense_changes_nothing(owner, seller, how, value, words):
    make_item(seller, "MUG-1", price=Decimal("10.00"))
    sent = {"action": "price", "scope-price": "all", "how": how, "value": value}

    answer = owner.post(address("items_bulk", seller), sent, follow=True)

    assert words in answer.content.decode()
    assert seller.items.get().price == Decimal("10.00")
