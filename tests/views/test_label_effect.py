"""Before items leave a label that channels list, the person is told what ends there, and agrees."""

import json

import pytest
from django.urls import reverse

from channels_app.models import Channel
from channels_app.views import label_effect
from inventory import foresee, labels
from inventory.models import Item, Label, Role
from tests.factories import make_item, make_user
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db


def rule(*conditions, **more):
    """Return a form with conditions on the brand."""
    form = {"rule-TOTAL_FORMS": len(conditions), "rule-INITIAL_FORMS": 0, "match": "all"} | more
    for number, value in enumerate(conditions):
        form |= {f"rule-{number}-field": "brand", f"rule-{number}-op": "is", f"rule-{number}-value": value}
    return form


@pytest.fixture
def rig():
    """Two mugs of Acme, by rule and listed, and one of Other."""
    made = Rig()
    for sku, name in (("A", "Acme"), ("B", "Acme"), ("C", "Other")):
        make_item(made.seller, sku, brand=name, on_hand=2)
    labels.save_rule(made.label, [{"field": "brand", "op": "is", "value": "Acme"}], now=made.now)
    labels.recalculate_label(made.label.pk, now=made.now)
    made.settle()
    made.label.refresh_from_db()
    return made


@pytest.fixture
def owner(client, rig):
    client.force_login(make_user(seller=rig.seller))
    return client


def address(rig, name="label_effect"):
    return reverse(name, args=[rig.seller.slug, rig.label.public_id])


def rule_of(rig):
    return Label.objects.get(pk=rig.label.pk).rule


def test_a_rule_that_takes_items_off_channels_is_saved_once_the_person_agrees(owner, rig):
    asked = owner.post(address(rig, "label_rule"), rule("Other"))

    assert asked.status_code == 422
    page = asked.content.decode()
    assert "Save this rule?" in page
    assert address(rig) in page
    assert f"Listed by {rig.channel.name}" in page
    assert rule_of(rig) == [{"field": "brand", "op": "is", "value": "Acme"}]

    fields = dict(asked.context["question"].fields)
    answered = owner.post(asked.context["question"].url, fields | {"confirmed": "yes"})

    assert answered.status_code == 302
    assert rule_of(rig) == [{"field": "brand", "op": "is", "value": "Other"}]


def test_a_rule_that_takes_nothing_off_is_saved_at_once(owner, rig):
    owner.post(address(rig, "label_rule"), rule("acme"))

    assert rule_of(rig)[0]["value"] == "acme"


def test_a_rule_whose_end_is_out_of_sight_is_asked_about(owner, rig, monkeypatch):
    monkeypatch.setattr(foresee, "SLICE", 1)
    monkeypatch.setattr("inventory.views.label_change.FIRST_LOOK_SECONDS", 0)

    asked = owner.post(address(rig, "label_rule"), rule("acme"))

    assert asked.status_code == 422
    assert "of the first 1 items" in asked.content.decode()


def test_a_label_that_no_running_channel_lists_asks_nothing(owner, rig):
    Channel.objects.update(listings_on=False, reconciler_on=False)

    owner.post(address(rig, "label_rule"), rule("Other"))

    assert rule_of(rig)[0]["value"] == "Other"


def test_each_channel_says_what_begins_ends_and_cannot_be(owner, rig):
    Item.objects.filter(sku="C").update(price=None)
    other = rig.make_channel(rig.label, name="Sleeping", listings_on=False)

    page = owner.post(address(rig), rule("Other"))

    rows = {row["channel"].pk: row for row in page.context["rows"]}
    assert tuple(rows[rig.channel.pk]["effect"]) == (0, 2, 1)
    assert rows[other.pk]["effect"] is None
    text = page.content.decode()
    assert "Listings are switched off" in text
    assert "Still counting" not in text
    assert "would wait for a manager" not in text


def test_the_count_goes_on_by_itself_and_in_the_end_on_request(owner, rig, monkeypatch):
    monkeypatch.setattr(foresee, "SLICE", 1)
    monkeypatch.setattr(label_effect, "SECONDS", 0)
    monkeypatch.setattr(label_effect, "ROUNDS", 2)

    first = owner.post(address(rig), rule("Other"))
    second = owner.post(address(rig), rule("Other", so_far=first.context["so_far"]))
    third = owner.post(address(rig), rule("Other", so_far=second.context["so_far"]))
    last = owner.post(address(rig), rule("Other", so_far=third.context["so_far"]))

    assert [page.context["goes_on"] for page in (first, second, third, last)] == [True, False, True, False]
    assert b"Count on" in second.content
    assert b"Count on" not in last.content
    assert [page.context["count"].leaving for page in (first, second, third)] == [1, 2, 2]
    assert tuple(last.context["rows"][0]["effect"]) == (1, 2, 0)
    assert last.context["then"] == 1


@pytest.mark.parametrize(
    "odd",
    ["", "\x00", "[]", "{}", "[1,2,3]", '[{"after":"\\u0000"},{},0]', "9" * 5000, "[" * 3000, '[{},{"x":[1]},NaN]'],
)
def test_what_was_counted_before_is_begun_anew_if_it_makes_no_sense(owner, rig, odd):
    page = owner.post(address(rig), rule("Other", so_far=odd))

    assert page.status_code == 200
    assert page.context["count"].leaving == 2


def test_a_place_that_nobody_can_be_at_breaks_nothing(owner, rig):
    told = json.dumps([{"coming": 0, "leaving": 0, "looked_at": 0, "some_coming": [], "some_leaving": []}, {}, 0])
    told = told.replace("}, {}", ', "after": "a\\u0000b"}, {}')

    assert owner.post(address(rig), rule("Other", so_far=told)).status_code == 200


def test_the_brake_is_told_of_before(owner, rig, monkeypatch):
    monkeypatch.setattr("channels_app.flows.brake.ALWAYS_ALLOWED", 1)

    page = owner.post(address(rig), rule("Other")).content.decode()

    assert "The endings would wait for a manager" in page
    assert f"More than 1 listings of {rig.channel.name} would end within an hour" in page


def test_a_rule_that_cannot_be_understood_is_foreseen_by_nobody(owner, rig):
    for name in ("label_effect", "label_effect_csv"):
        assert owner.post(address(rig, name), rule()).status_code == 400
        assert owner.post(address(rig, name), {"rule-TOTAL_FORMS": "x"}).status_code == 400


def test_all_that_moves_is_in_the_file(owner, rig):
    file = owner.post(address(rig, "label_effect_csv"), rule("Other")).getvalue().decode("utf-8-sig")

    assert file.splitlines() == [
        f"sku,label,{rig.channel.name}",
        "C,Comes on,Would be listed",
        "A,Leaves,Would be ended",
        "B,Leaves,Would be ended",
    ]


def test_ticked_items_are_taken_off_once_the_person_agrees_and_the_place_in_the_list_is_kept(owner, rig):
    item = Item.objects.get(sku="A")
    url = address(rig, "label_items") + "?show=items&after=0"

    asked = owner.post(url, {"action": "remove", "item": [item.pk]})

    assert asked.status_code == 422
    assert "Take 1 item off Outlet?" in asked.content.decode()
    assert labels.member_count(rig.label) == 2
    effect = owner.post(address(rig), dict(asked.context["question"].fields))
    assert tuple(effect.context["rows"][0]["effect"]) == (0, 1, 0)

    answered = owner.post(asked.context["question"].url, dict(asked.context["question"].fields) | {"confirmed": "yes"})

    assert answered["Location"] == address(rig, "label") + "?show=items&after=0"
    assert list(labels.members(rig.label).values_list("sku", flat=True)) == ["B"]


def test_the_tabs_and_pages_beside_a_question_lead_back_to_the_label(owner, rig):
    asked = owner.post(address(rig, "label_rule"), rule("Other"))

    for tab in asked.context["tabs"]:
        assert owner.get(str(tab["url"])).status_code == 200


def test_the_page_behind_the_last_items_is_the_first(owner, rig):
    page = owner.get(address(rig, "label") + "?after=Z")

    assert [item.sku for item in page.context["page"].rows] == ["A", "B"]


def test_each_item_of_a_rule_label_says_why_it_is_on(owner, rig):
    labels.add_items(rig.label, Item.objects.filter(sku="C"), actor=None, now=rig.now)

    page = owner.get(address(rig, "label"))

    assert {item.sku: item.source for item in page.context["page"].rows} == {"A": "rule", "B": "rule", "C": "hand"}


def test_a_label_in_use_offers_no_deletion_that_would_fail(owner, rig):
    page = owner.get(address(rig, "label")).content.decode()
    assert "This label is in use" in page
    assert 'data-open-dialog="delete"' in page
    Channel.objects.filter(label=rig.label).update(state="setup", label=None)

    page = owner.get(address(rig, "label")).content.decode()

    assert "This label is in use" not in page
    assert "with 2 items on it? No channel lists it, so no listing ends" in page


def test_a_viewer_sees_no_button_that_is_not_theirs(client, rig):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    for page in ("", "?show=rule", "?show=excluded"):
        text = client.get(address(rig, "label") + page).content.decode()
        main = text[text.index("<main") : text.index("</main>")]
        assert 'type="submit"' not in main
        assert "data-open-dialog" not in main
    for name in ("label_effect", "label_effect_csv"):
        assert client.post(address(rig, name), rule("Other")).status_code == 403


def test_more_channels_and_items_need_no_more_queries_for_the_items(owner, rig, django_assert_max_num_queries):
    for number in range(40):
        make_item(rig.seller, f"D-{number}", brand="Other", on_hand=1)

    with django_assert_max_num_queries(24):
        owner.post(address(rig), rule("Other"))
    with django_assert_max_num_queries(20):
        owner.post(address(rig, "label_rule"), rule("Other"))


def effect_of(owner, rig, dialog, *skus, **more):
    """Return what the list of items says of these, ticked."""
    keys = [str(item.public_id) for item in Item.objects.filter(sku__in=skus)]
    form = {"dialog": dialog, "item": keys, "label": str(rig.label.public_id)} | more
    answer = owner.post(reverse("items_effect", args=[rig.seller.slug]), form)
    return " ".join(answer.content.decode().replace("<strong>", "").replace("</strong>", "").split())


def test_the_list_of_items_says_what_ends_before_many_are_taken_off_or_archived(owner, rig, monkeypatch):
    name = rig.channel.name

    assert f"Taking off “Outlet” ends 1 listing on {name}." in effect_of(owner, rig, "label", "A", "C")
    assert f"Blocking or archiving ends 2 listings on {name}." in effect_of(owner, rig, "more", "A", "B", "C")
    assert f"Archiving ends 1 listing on {name}." in effect_of(owner, rig, "more", "A", deed="archive")
    assert "ends no listing." in effect_of(owner, rig, "more", "C")
    assert f"ends 2 listings on {name}." in effect_of(owner, rig, "more", **{"scope-more": "all"})
    assert effect_of(owner, rig, "more") == ""  # nothing is ticked, and nobody chose all
    monkeypatch.setattr("channels_app.flows.brake.ALWAYS_ALLOWED", 1)
    assert "so they stay until a manager decides" in effect_of(owner, rig, "more", "A", "B")


def test_what_the_list_of_items_cannot_name_ends_nothing(owner, rig):
    url = reverse("items_effect", args=[rig.seller.slug])

    assert owner.post(url, {"dialog": "nonsense"}).status_code == 400
    assert owner.post(url, {"dialog": "label", "label": "nonsense"}).status_code == 404
    gone = {"dialog": "more", "scope-more": "all", "filter": "show=nonsense"}
    assert owner.post(url, gone).status_code == 400
