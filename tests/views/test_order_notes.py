"""Notes about an order: who writes, who reads, who takes them back, and where they are seen."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from channels_app.models import Order, OrderNote
from inventory.models import Role
from tests.factories import make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@pytest.fixture
def order(rig: Rig) -> Order:
    rig.item("MUG-1", on_hand=10)
    rig.market.has_order("A-1", sku="MUG-1")
    rig.market.has_order("A-2", sku="MUG-1")
    rig.download()
    return rig.order("A-1")


@pytest.fixture
def packer(rig: Rig) -> User:
    return make_user("packer@example.com", seller=rig.seller, role=Role.MANAGER)


def _url(order: Order, action: str = "") -> str:
    return f"/s/acme/orders/{order.public_id}/{action}"


def _page(client: Client, order: Order) -> str:
    return client.get(_url(order)).content.decode()


def _write(client: Client, user: User, order: Order, text: str) -> int:
    client.force_login(user)
    return client.post(_url(order, "notes/"), {"note-text": text}).status_code


def test_a_note_is_read_by_all_with_who_wrote_it(client: Client, rig: Rig, order: Order, packer: User):
    assert _write(client, packer, order, " The blue one\nis a gift. ") == 302
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    page = _page(client, order)

    assert "The blue one<br>is a gift." in page
    assert "by packer@example.com" in page
    assert "1 note<" in page
    assert "Add the note" not in page
    assert "Delete" not in page


def test_the_list_marks_orders_with_notes(client: Client, rig: Rig, order: Order):
    _write(client, rig.owner, order, "A gift.")

    rows = {row.order.remote_id: row.has_notes for row, _ in client.get("/s/acme/orders/").context["rows"]}

    assert rows == {"A-1": True, "A-2": False}


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 1001])
def test_nothing_and_too_much_are_not_noted_and_what_was_typed_stays(client: Client, rig: Rig, order: Order, text: str):
    client.force_login(rig.owner)

    answer = client.post(_url(order, "notes/"), {"note-text": text})

    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not OrderNote.objects.exists()


def test_what_is_written_is_shown_and_never_run(client: Client, rig: Rig, order: Order):
    _write(client, rig.owner, order, "<script>alert(1)</script>")

    assert "&lt;script&gt;" in _page(client, order)


def test_managers_take_back_their_own_notes_only(client: Client, rig: Rig, order: Order, packer: User):
    _write(client, packer, order, "A gift.")
    note = OrderNote.objects.get()
    url = _url(order, f"notes/{note.pk}/delete/")

    client.force_login(make_user("other@example.com", seller=rig.seller, role=Role.MANAGER))
    assert url not in _page(client, order)
    assert client.post(url).status_code == 404
    client.force_login(packer)
    assert url in _page(client, order)
    assert client.post(_url(rig.order("A-2"), f"notes/{note.pk}/delete/")).status_code == 404
    assert client.post(url).status_code == 302

    assert "A gift." not in _page(client, order)


@pytest.mark.parametrize(
    ("leaves", "words"),
    [
        (False, "Delete the note of packer@example.com? It is gone then, for everybody."),
        (True, "Delete this note of somebody who left? It is gone then, for everybody."),
    ],
)
def test_owners_delete_every_note(client: Client, rig: Rig, order: Order, packer: User, leaves: bool, words: str):
    _write(client, packer, order, "A gift.")
    url = _url(order, f"notes/{OrderNote.objects.get().pk}/delete/")
    if leaves:
        packer.delete()
    client.force_login(rig.owner)

    assert words in _page(client, order)
    assert client.post(url).status_code == 302

    assert not OrderNote.objects.exists()


def test_owners_of_others_delete_nothing(client: Client, rig: Rig, order: Order, packer: User):
    _write(client, packer, order, "A gift.")
    path = _url(order, f"notes/{OrderNote.objects.get().pk}/delete/")
    client.force_login(make_user("else@example.com", seller=make_seller("else")))

    assert client.post(path).status_code == 404
    assert client.post(path.replace("/acme/", "/else/")).status_code == 404
    assert OrderNote.objects.exists()


def test_a_note_outlives_its_authors_account_and_goes_with_its_order(
    client: Client, rig: Rig, order: Order, packer: User
):
    _write(client, packer, order, "A gift.")
    packer.delete()
    client.force_login(rig.owner)
    assert "A gift." in _page(client, order)

    order.delete()

    assert not OrderNote.objects.exists()
