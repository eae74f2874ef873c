"""Edits of many items as a seller's browser sees them: set going, followed, stopped, undone."""

import pytest
from django.urls import reverse

from inventory.alone import MAX_ATTEMPTS
from inventory.bulk.doing import do_slice
from inventory.models import BulkEdit, Item, Label, Role
from marketplace_integration import clock
from tests.factories import NOW, make_item, make_label, make_user
from tests.inventory.bulk_rig import Action, State, do, seller, small_slices, work

__all__ = ["seller", "small_slices"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_slices")]

RAISE = {"action": "price", "scope-price": "all", "how": "percent", "value": "10"}


@pytest.fixture
def owner(client, seller):
    for number in range(5):
        make_item(seller, f"MUG-{number}")
    client.force_login(seller.memberships.get().user)
    return client


def address(name, seller, *args):
    return reverse(name, args=[seller.slug, *args])


def begin(owner, seller, **form):
    page = owner.post(address("items_bulk", seller), RAISE | form, follow=True).content.decode()
    return page, BulkEdit.objects.latest("pk")


def act(owner, seller, made, action):
    url = address("items_edit_act", seller, made.public_id)
    page = owner.post(url, {"action": action}, follow=True).content.decode()
    made.refresh_from_db()
    return page


def part(owner, seller, made):
    url = address("items_edit", seller, made.public_id)
    return owner.get(url, headers={"HX-Request": "true"}).content.decode()


def test_many_items_are_set_going_and_the_list_shows_how_far_it_is(owner, seller):
    page, made = begin(owner, seller)
    do_slice(made.pk, now=NOW)

    assert "5 items with +10 % on the price: this is under way." in page
    assert f'hx-get="{address("items_edit", seller, made.public_id)}" hx-trigger="every 1s"' in page
    assert "2 of 5" in owner.get(address("items", seller)).content.decode()


def test_the_page_stops_asking_at_the_end_and_offers_the_list_anew(owner, seller):
    _, made = begin(owner, seller)
    assert "hx-trigger" in part(owner, seller, made)

    work(made)

    shown = part(owner, seller, made)
    assert "hx-trigger" not in shown
    assert "5 items with +10 % on the price" in shown
    assert "Show the list as it is now" in shown


def test_it_can_be_left_and_come_back_to_on_a_page_of_its_own(owner, seller):
    _, made = begin(owner, seller)

    page = owner.get(address("items_edit", seller, made.public_id)).content.decode()

    assert "<h1" in page
    assert "0 of 5" in page


def test_the_worker_is_told_when_it_is_committed(owner, seller, monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr("inventory.tasks.run_bulk_edit.delay", lambda *args: told.append(args))

    with django_capture_on_commit_callbacks(execute=True):
        _, made = begin(owner, seller)

    assert told == [(made.pk,)]


def test_it_is_stopped_goes_on_and_is_undone_from_the_list(owner, seller):
    _, made = begin(owner, seller)
    do_slice(made.pk, now=NOW)

    assert "stopped after 2 of 5" in act(owner, seller, made, "stop")
    act(owner, seller, made, "go_on")
    assert work(made).state == State.DONE
    assert "the undo is under way" in act(owner, seller, made, "undo")
    assert "0 of 5" in part(owner, seller, made)
    assert work(made).state == State.UNDONE
    assert set(Item.objects.values_list("price", flat=True)) == {10}


def test_many_items_are_archived_and_brought_back_by_a_worker_too(owner, seller):
    page, made = begin(owner, seller, action="archive", **{"scope-more": "all"})

    assert "5 items archived: this is under way." in page
    assert Item.objects.filter(archived_at=None).count() == 5
    assert work(made).changed_count == 5
    page, made = begin(owner, seller, action="bring_back", filter="show=archived", **{"scope-more": "all"})
    assert "5 items brought back: this is under way." in page
    work(made)
    act(owner, seller, made, "undo")
    assert work(made).state == State.UNDONE
    assert not Item.objects.filter(archived_at=None).exists()


def test_a_list_of_which_all_is_archived_leads_to_the_archived_items(owner, seller):
    Item.objects.update(archived_at=NOW)

    page = owner.get(address("items", seller)).content.decode()

    assert "All items are archived" in page
    assert '<a href="?show=archived">Show archived items</a>' in page


def test_the_dialog_of_archived_items_only_brings_back_and_says_where_to(owner, seller):
    Item.objects.update(archived_at=NOW)

    page = owner.get(address("items", seller), {"show": "archived"}).content.decode()

    assert "Bring items back" in page
    assert "They come back on no label, but for labels whose rules want them" in page
    assert 'value="archive"' not in page


def test_a_second_click_finds_nothing_to_do(owner, seller):
    _, made = begin(owner, seller)
    work(made)

    assert "That was through already." in act(owner, seller, made, "stop")
    act(owner, seller, made, "go_on")
    act(owner, seller, made, "nonsense")
    assert made.state == State.DONE
    act(owner, seller, made, "undo")
    assert "This was undone already." in act(owner, seller, made, "undo")


def test_a_second_edit_of_the_same_thing_says_what_it_has_to_wait_for(owner, seller):
    _, first = begin(owner, seller)

    page, last = begin(owner, seller, value="20")

    assert last == first
    assert "Nothing changed: “Items with +10 % on the price” is still under way, 0 of 5 are done." in page


def test_what_failed_says_why_and_is_tried_again(owner, seller):
    _, made = begin(owner, seller)
    BulkEdit.objects.update(attempts=MAX_ATTEMPTS)
    work(made)

    page = owner.get(address("items", seller)).content.decode()
    assert "It was interrupted 5 times at the same place." in page
    assert "Try again" in page
    act(owner, seller, made, "go_on")

    assert work(made).state == State.DONE


def test_what_cannot_go_on_is_not_kept_above_the_list(owner, seller):
    made = do(seller, Action.LABEL, label=make_label(seller))
    Label.objects.all().delete()
    BulkEdit.objects.update(made_at=clock.now())
    work(made)

    answer = owner.get(address("items", seller))

    assert answer.context["under_way"] == []
    assert "The label was deleted." in answer.content.decode()


def test_viewers_follow_it_and_touch_nothing(owner, seller, client):
    _, made = begin(owner, seller)
    client.force_login(make_user("viewer@example.com", seller=seller, role=Role.VIEWER))

    page = client.get(address("items", seller)).content.decode()

    assert "0 of 5" in page
    assert "Stop</button>" not in page
    assert client.post(address("items_edit_act", seller, made.public_id), {"action": "stop"}).status_code == 403
