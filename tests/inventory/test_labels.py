"""By hand beats rule, kept off beats both; a parent stands for its variations."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from inventory import labels
from inventory.models import BulkChange, Item, ItemChange, Label, LabelItem
from inventory.rules import RuleError, check_rule, items_matching
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.locks import wait_until_somebody_waits

pytestmark = pytest.mark.django_db

ACME = [{"field": "brand", "op": "is", "value": "acme"}]


@pytest.fixture
def seller():
    return make_seller()


def on(label):
    return sorted(labels.members(label).values_list("sku", flat=True))


def rule_label(seller, rule=ACME):
    label = labels.create_label(seller, "By rule", rule=rule, now=NOW)
    labels.recalculate_label(label.pk, now=NOW)
    return Label.objects.get(pk=label.pk)


def test_a_rule_label_holds_what_its_rule_matches(seller):
    make_item(seller, "A", brand="Acme")
    make_item(seller, "B", brand="Other")
    make_item(make_seller("else"), "C", brand="Acme")

    assert on(rule_label(seller)) == ["A"]


@pytest.mark.parametrize("move", [labels.add_items, labels.remove_items, labels.exclude_items])
def test_choosing_nothing_moves_nothing(seller, move):
    make_item(seller, "A")
    label = make_label(seller)

    choices: list[labels.Chosen] = [[], Item.objects.none(), Item.objects.filter(public_id__in=[])]
    for nothing in choices:
        assert move(label, nothing, actor=None, now=NOW) == 0


def test_an_item_put_on_by_hand_stays_when_the_rule_no_longer_wants_it(seller):
    item = make_item(seller, "A", brand="Acme")
    label = rule_label(seller)
    labels.add_items(label, [item.pk], actor=None, now=NOW)

    item.brand = "Other"
    item.save()
    labels.recalculate_items([item.pk], now=NOW)

    assert on(label) == ["A"]


def test_an_item_kept_off_stays_off_although_the_rule_wants_it(seller):
    item = make_item(seller, "A", brand="Acme")
    label = rule_label(seller)

    labels.remove_items(label, [item.pk], actor=None, now=NOW)
    labels.recalculate_label(label.pk, now=NOW)

    assert not on(label)
    assert LabelItem.objects.get(label=label).source == "excluded"


def test_an_item_given_back_to_the_rule_is_on_the_label_if_the_rule_wants_it(seller):
    wanted, unwanted = make_item(seller, "A", brand="Acme"), make_item(seller, "B")
    label = rule_label(seller)
    labels.exclude_items(label, [wanted.pk], actor=None, now=NOW)
    labels.add_items(label, [unwanted.pk], actor=None, now=NOW)

    labels.return_to_rule(label, [wanted.pk, unwanted.pk], now=NOW)

    assert on(label) == ["A"]


def test_an_item_that_starts_or_stops_matching_moves_when_it_alone_is_recalculated(seller):
    item = make_item(seller, "A")
    label = rule_label(seller)
    item.brand = "ACME"
    item.save()

    labels.recalculate_items([item.pk], now=NOW)
    assert on(label) == ["A"]

    item.brand = ""
    item.save()
    labels.recalculate_items([item.pk], now=NOW)
    assert not on(label)


def test_an_item_is_held_against_a_rule_that_is_still_to_meet_the_others(seller):
    label = labels.create_label(seller, "By rule", rule=ACME, now=NOW)
    item = make_item(seller, "A", brand="Acme")

    labels.recalculate_items([item.pk], now=NOW)

    assert on(label) == ["A"]


def test_labelling_a_parent_labels_its_variations(seller):
    parent = make_item(seller, "SHIRT", is_parent=True)
    make_item(seller, "SHIRT-S", parent=parent, variation={"Size": "S"})
    make_item(seller, "SHIRT-M", parent=parent, variation={"Size": "M"})
    label = make_label(seller)

    labels.add_items(label, [parent.pk], actor=None, now=NOW)
    assert on(label) == ["SHIRT-M", "SHIRT-S"]

    labels.remove_items(label, [parent.pk], actor=None, now=NOW)
    assert not on(label)


def test_blocked_and_archived_items_are_no_members(seller):
    items = [make_item(seller, "A", blocked=True), make_item(seller, "B", archived_at=NOW), make_item(seller, "C")]
    label = make_label(seller)

    labels.add_items(label, [item.pk for item in items], actor=None, now=NOW)

    assert on(label) == ["C"]
    assert not LabelItem.objects.filter(item__sku="B").exists()


def test_another_sellers_items_cannot_be_labelled(seller):
    stranger = make_item(make_seller("else"), "X")
    label = make_label(seller)

    assert labels.add_items(label, [stranger.pk], actor=None, now=NOW) == 0


def test_adding_tells_how_many_were_not_there_before(seller):
    first, second = make_item(seller, "A"), make_item(seller, "B")
    label = make_label(seller, items=[first])

    assert labels.add_items(label, [first.pk, second.pk], actor=None, now=NOW) == 1
    assert labels.remove_items(label, [first.pk, second.pk], actor=None, now=NOW) == 2


def test_a_query_of_items_can_be_labelled_whole(seller):
    make_item(seller, "A")
    make_item(seller, "B")
    label = make_label(seller)

    assert labels.add_items(label, seller.items.filter(sku="B"), actor=None, now=NOW) == 1
    assert on(label) == ["B"]


def test_a_new_rule_waits_for_its_recalculation(seller):
    make_item(seller, "A", brand="Acme")
    label = labels.create_label(seller, "By rule", rule=ACME, now=NOW)

    assert list(labels.stale_labels()) == [label]
    labels.recalculate_label(label.pk, now=NOW)
    assert list(labels.stale_labels()) == []
    assert labels.member_count(label) == 1


@pytest.fixture
def label_in_slices(seller, monkeypatch):
    """Three slices: A and B, C and D, E. All but D match."""
    monkeypatch.setattr(labels, "SLICE", 2)
    for sku in "ABCDE":
        make_item(seller, sku, brand="Other" if sku == "D" else "Acme")
    ItemChange.objects.all().delete()
    return labels.create_label(seller, "By rule", rule=ACME, now=NOW)


def test_all_slices_of_a_label_are_announced_once_at_the_end(label_in_slices):
    labels.recalculate_label(label_in_slices.pk, now=NOW)

    assert on(label_in_slices) == ["A", "B", "C", "E"]
    assert not ItemChange.objects.exists()
    assert BulkChange.objects.get().label_id == label_in_slices.pk


def test_a_recalculation_that_is_interrupted_is_done_again(label_in_slices, monkeypatch):
    apply_rule, slices = labels._apply_rule, []

    def dies_in_the_second_slice(label, among):
        slices.append(label)
        if len(slices) == 2:
            raise KeyboardInterrupt
        apply_rule(label, among)

    monkeypatch.setattr(labels, "_apply_rule", dies_in_the_second_slice)
    with pytest.raises(KeyboardInterrupt):
        labels.recalculate_label(label_in_slices.pk, now=NOW)
    assert on(label_in_slices) == ["A", "B"]
    assert list(labels.stale_labels()) == [label_in_slices]

    labels.recalculate_label(label_in_slices.pk, now=NOW)

    assert on(label_in_slices) == ["A", "B", "C", "E"]
    assert not labels.stale_labels()


def test_a_rule_that_changes_meanwhile_leaves_the_label_to_the_next_recalculation(label_in_slices, monkeypatch):
    apply_rule = labels._apply_rule
    newer = [{"field": "brand", "op": "is", "value": "other"}]

    def changes_after_the_first_slice(label, among):
        apply_rule(label, among)
        labels.save_rule(Label.objects.get(pk=label.pk), newer, now=NOW + timedelta(seconds=1))

    with monkeypatch.context() as patch:
        patch.setattr(labels, "_apply_rule", changes_after_the_first_slice)
        labels.recalculate_label(label_in_slices.pk, now=NOW)
    assert list(labels.stale_labels()) == [label_in_slices]

    labels.recalculate_label(label_in_slices.pk, now=NOW)

    assert on(label_in_slices) == ["D"]


def test_what_a_hand_does_while_the_rule_is_worked_out_is_announced_with_the_rest(label_in_slices, seller):
    labels.add_items(label_in_slices, seller.items.filter(sku="D"), actor=None, now=NOW)
    assert not ItemChange.objects.exists()

    labels.recalculate_label(label_in_slices.pk, now=NOW)

    assert on(label_in_slices) == ["A", "B", "C", "D", "E"]
    assert BulkChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_recalculation_waits_for_what_others_are_writing_meanwhile(label_in_slices, seller):
    item = seller.items.get(sku="D")

    def recalculate():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
            labels.recalculate_label(label_in_slices.pk, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        LabelItem.objects.create(label=label_in_slices, item=item, source="hand")  # whoever writes: not only labels.py
        with pytest.raises(OperationalError, match="lock timeout"):
            other.submit(recalculate).result()
    assert not BulkChange.objects.exists()

    labels.recalculate_label(label_in_slices.pk, now=NOW)

    assert BulkChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_deleting_a_label_holds_no_member_while_it_waits_for_who_writes_members():
    """A slice of a large edit holds the label before its members: the other order meets it in a circle."""
    seller = make_seller()
    label = make_label(seller, items=[make_item(seller, "A")])
    client = Client()
    client.force_login(make_user(seller=seller))

    def delete():
        try:
            client.post(reverse("label_delete", args=[seller.slug, label.public_id]))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            labels.lock(label.pk)
            deleting = other.submit(delete)
            wait_until_somebody_waits()
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'")
            LabelItem.objects.filter(label=label).update(source="excluded")
        deleting.result()

    assert not Label.objects.exists()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "brand", "op": "is_not", "value": "acme"}, ["B", "C"]),
        ({"field": "title", "op": "contains", "value": "of a"}, ["A"]),
        ({"field": "title", "op": "contains_not", "value": "of a"}, ["B", "C"]),
        ({"field": "sku", "op": "starts_with", "value": "b"}, ["B"]),
        ({"field": "price", "op": "at_least", "value": "20"}, ["B"]),
        ({"field": "price", "op": "at_most", "value": "19.99"}, ["A"]),
        ({"field": "available", "op": "at_least", "value": "1"}, ["B"]),
        ({"field": "available", "op": "equals", "value": "0"}, ["A", "C"]),
        ({"field": "attribute:16", "op": "is", "value": "oz"}, ["C"]),
        ({"field": "attribute:Size 100%", "op": "is_not", "value": "L"}, ["A", "B"]),
    ],
)
def test_conditions(seller, condition, expected):
    make_item(seller, "A", brand="Acme", price=Decimal("19.99"))
    make_item(seller, "B", price=Decimal("20"), on_hand=3)
    make_item(seller, "C", price=None, attributes={"16": "OZ", "Size 100%": "L"})

    assert sorted(items_matching([condition], seller.items.all()).values_list("sku", flat=True)) == expected


def test_all_conditions_must_hold(seller):
    make_item(seller, "A", attributes={"Color": "Red", "Size": "L"})
    make_item(seller, "B", attributes={"Color": "Red", "Size": "S"})
    rule = [
        {"field": "attribute:Color", "op": "is", "value": "red"},
        {"field": "attribute:Size", "op": "is", "value": "l"},
    ]

    assert on(rule_label(seller, rule)) == ["A"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ([], "at least one"),
        ([{"field": "nope", "op": "is", "value": "x"}], "looks at"),
        ([{"field": "brand", "op": "nope", "value": "x"}], "compares"),
        ([{"field": "brand", "op": "at_least", "value": "1"}], "does not go"),
        ([{"field": "brand", "op": "is", "value": " "}], "value"),
        ([{"field": "price", "op": "at_least", "value": "cheap"}], "not a number"),
        ([{"field": "price", "op": "at_least", "value": "NaN"}], "not a number"),
        ([{"field": "attribute:", "op": "is", "value": "x"}], "looks at"),
        ([{"field": "brand", "op": "is", "value": "x"}] * 11, "at most 10"),
    ],
)
def test_a_rule_that_cannot_be_understood_says_why(rule, words):
    with pytest.raises(RuleError, match=words):
        check_rule(rule)
