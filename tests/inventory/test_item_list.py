"""The list of items as a seller's browser sees it: paging, search, filters, and what is done to many."""

from decimal import Decimal

import pytest
from django.urls import reverse

from inventory import labels
from inventory.models import Item
from tests.factories import NOW, make_item, make_label, make_seller
from tests.inventory.pages_rig import address, owner, seller

__all__ = ["owner", "seller"]

pytestmark = pytest.mark.django_db


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
