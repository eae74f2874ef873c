"""A label's page as a seller's browser sees it: by hand, by rule, and what keeps it."""

import re

import pytest

from inventory import labels
from inventory.models import Label, Role
from tests.factories import NOW, make_channel, make_item, make_label, make_user
from tests.inventory.pages_rig import address, owner, seller

__all__ = ["owner", "seller"]

pytestmark = pytest.mark.django_db


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
    data = {"rule-TOTAL_FORMS": len(rows), "rule-INITIAL_FORMS": 0, "match": "all"} | more
    for number, row in enumerate(rows):
        data |= {f"rule-{number}-{name}": value for name, value in row.items()}
    return data


def chosen(response):
    """Return how many conditions must hold, as the page has it ticked."""
    (found,) = re.findall(r'<input type="radio" name="match" value="(\w+)"[^>]*checked', response.content.decode())
    return found


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


def test_a_rule_of_which_any_condition_is_enough_is_previewed_saved_and_told(owner, seller):
    make_item(seller, "A", brand="Acme")
    make_item(seller, "B", attributes={"Color": "Dark red"})
    make_item(seller, "C")
    label = make_label(seller)
    url = address("label_rule", seller, label.public_id)
    page = address("label", seller, label.public_id) + "?show=rule"
    assert chosen(owner.get(page)) == "all"

    preview = owner.post(url, conditions(BRAND, COLOR, match="any", preview="yes"))
    assert preview.context["question"].count.coming == 2
    assert ("match", "any") in preview.context["question"].fields
    assert chosen(preview) == "any"

    owner.post(url, conditions(BRAND, COLOR, match="any"))
    labels.recalculate_label(label.pk, now=NOW)
    assert sorted(labels.members(label).values_list("sku", flat=True)) == ["A", "B"]
    shown = owner.get(page).content.decode()
    assert 'Brand is Acme <span class="muted">or</span> Color contains red' in shown

    owner.post(url, conditions(BRAND, COLOR, match="all"))
    labels.recalculate_label(label.pk, now=NOW)
    assert not labels.members(label).exists()
    assert 'Brand is Acme <span class="muted">and</span> Color contains red' in owner.get(page).content.decode()


def test_who_may_only_look_reads_how_many_conditions_must_hold(client, seller):
    rule = [{"field": "brand", "op": "is", "value": "Acme"}, {"field": "price", "op": "at_most", "value": "5"}]
    label = labels.create_label(seller, "By rule", rule=rule, match=Label.Match.ANY, now=NOW)
    label.refresh_from_db()
    client.force_login(make_user("viewer@example.com", seller=seller, role=Role.VIEWER))

    shown = client.get(address("label", seller, label.public_id) + "?show=rule").content.decode()

    assert "Items are on this label when any of these holds:" in shown


@pytest.mark.parametrize("match", ["", "some"])
def test_a_rule_that_does_not_say_how_many_must_hold_is_not_saved(owner, seller, match):
    label = make_label(seller)

    response = owner.post(address("label_rule", seller, label.public_id), conditions(BRAND, match=match))

    assert response.status_code == 422
    assert Label.objects.get(pk=label.pk).rule == []


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
