"""The tabs above the lists of orders and items: those that are always there, and each member's own."""

from dataclasses import dataclass

import pytest
from django.test import Client

from inventory.models import Label, Role, SavedView
from inventory.saved_views import MOST, MOST_IN_ROW
from tests.factories import make_label, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@dataclass(frozen=True)
class Shown:
    """A list, one of the tabs that are always there, and the tab of everything."""

    address: str
    show: str
    words: str
    everything: str


ORDERS = Shown("/s/acme/orders/", "to_ship", "To ship", "All orders")
ITEMS = Shown("/s/acme/items/", "out_of_stock", "Out of stock", "All items")


@pytest.fixture(params=[ORDERS, ITEMS], ids=["orders", "items"])
def shown(request: pytest.FixtureRequest) -> Shown:
    return request.param


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    rig.item("MUG-1")
    client.force_login(rig.owner)
    return client


def _words(page) -> list[str]:
    return [tab["text"] for tab in page.context["tabs"].tabs]


def _current(page) -> str:
    return next(tab["text"] for tab in page.context["tabs"].tabs if tab["is_current"])


def _keep(browser: Client, shown: Shown, name: str, **query: str):
    return browser.post(f"{shown.address}views/", {"name": name, **query}, follow=True)


def test_what_sellers_ask_for_most_are_tabs(browser: Client):
    assert _words(browser.get(ORDERS.address))[:3] == ["All orders", "To ship", "Late"]
    assert _words(browser.get(ITEMS.address))[:3] == ["All items", "Without a label", "Out of stock"]


def test_what_is_asked_for_rarely_stands_under_more_until_it_is_shown(browser: Client):
    page, shown = browser.get(ORDERS.address), browser.get(f"{ORDERS.address}?show=returns")

    rare = ["Cancellation requests", "Returns", "Not paid yet", "Third Party Managed"]
    assert [tab["text"] for tab in page.context["tabs"].rare] == rare
    assert not set(rare) & set(_words(page))
    assert (_current(shown), [tab["text"] for tab in shown.context["tabs"].rare]) == (
        "Returns",
        ["Cancellation requests", "Not paid yet", "Third Party Managed"],
    )


def test_of_many_own_tabs_the_first_and_the_one_shown_stand_in_the_row(browser: Client, shown: Shown):
    for number in range(MOST_IN_ROW + 2):
        page = _keep(browser, shown, f"View {number}", q=f"MUG-{number}")

    beside = [f"View {number}" for number in range(MOST_IN_ROW)]
    assert _words(page)[-MOST_IN_ROW - 1 :] == [*beside, f"View {MOST_IN_ROW + 1}"]
    assert [tab["text"] for tab in page.context["tabs"].further] == [f"View {MOST_IN_ROW}"]
    elsewhere = browser.get(shown.address).context["tabs"].further
    assert [tab["text"] for tab in elsewhere] == [f"View {MOST_IN_ROW}", f"View {MOST_IN_ROW + 1}"]


def test_the_tab_of_what_is_shown_is_marked(browser: Client, shown: Shown):
    assert _current(browser.get(f"{shown.address}?show={shown.show}")) == shown.words
    assert _current(browser.get(shown.address)) == shown.everything
    assert _current(browser.get(f"{shown.address}?show=nonsense")) == shown.everything


def test_a_view_is_kept_by_name_shown_as_a_tab_and_removed(browser: Client, rig: Rig):
    asked = {"show": "to_ship", "channel": str(rig.channel.public_id), "q": "MUG-1"}
    _assert_kept_and_removed(browser, ORDERS, asked)


def test_a_view_of_items_has_text_label_number_and_tab(browser: Client, rig: Rig):
    label = make_label(rig.seller, "Spring")
    asked = {"show": "out_of_stock", "label": str(label.public_id), "q": "MUG", "at_most": "20"}
    _assert_kept_and_removed(browser, ITEMS, asked)


def _assert_kept_and_removed(browser: Client, shown: Shown, asked: dict[str, str]) -> None:
    assert "Keep as a tab" in browser.get(shown.address, asked).content.decode()

    kept = _keep(browser, shown, "Mugs", **asked)

    assert (_current(kept), _words(kept)[-1]) == ("Mugs", "Mugs")
    assert _current(browser.get(shown.address + kept.context["tabs"].tabs[-1]["url"])) == "Mugs"
    view = SavedView.objects.get()
    assert view.query == asked
    gone = browser.post(f"{shown.address}views/{view.pk}/remove/", follow=True)
    assert (_current(gone), gone.context["tabs"].asked) == (shown.words, asked)
    assert not SavedView.objects.exists()


def test_the_same_name_again_replaces_the_view(browser: Client, shown: Shown):
    _keep(browser, shown, "Mugs", q="MUG-1")
    _keep(browser, shown, "Mugs", q="MUG-2")

    assert SavedView.objects.get().query == {"q": "MUG-2"}


def test_each_list_has_views_of_its_own(browser: Client):
    _keep(browser, ORDERS, "Mugs", q="MUG-1")
    _keep(browser, ITEMS, "Mugs", q="MUG-2")

    assert dict(SavedView.objects.values_list("page", "query")) == {"orders": {"q": "MUG-1"}, "items": {"q": "MUG-2"}}
    of_orders = SavedView.objects.get(page="orders")
    assert browser.post(f"{ITEMS.address}views/{of_orders.pk}/remove/").status_code == 404


def test_a_tab_of_ours_is_not_offered_to_be_kept(browser: Client, shown: Shown):
    assert "Keep as a tab" not in browser.get(f"{shown.address}?show={shown.show}").content.decode()


@pytest.mark.parametrize(
    ("name", "query", "words"),
    [
        ("", {"q": "MUG-1"}, "Give the view a name."),
        ("{words}", {"q": "MUG-1"}, "There is a tab “{words}” already."),
        ("Nothing", {}, "Search for something first"),
        ("x" * 41, {"q": "MUG-1"}, "at most 40 characters"),
    ],
)
def test_what_cannot_be_a_tab_says_why(browser: Client, shown: Shown, name: str, query: dict[str, str], words: str):
    answer = _keep(browser, shown, name.format(words=shown.words), **query)

    assert words.format(words=shown.words) in answer.content.decode()
    assert not SavedView.objects.exists()


def test_there_is_an_end_to_tabs(browser: Client, shown: Shown):
    for number in range(MOST + 1):
        page = _keep(browser, shown, f"View {number}", q=f"MUG-{number}")

    assert "remove one first" in page.content.decode()
    assert SavedView.objects.count() == MOST


def test_each_member_has_tabs_of_their_own_viewers_too(browser: Client, shown: Shown, rig: Rig, client: Client):
    _keep(browser, shown, "Mugs", q="MUG-1")
    mine = SavedView.objects.get()
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    page = _keep(client, shown, "Cups", q="CUP-1")

    assert _words(page)[-1] == "Cups"
    assert "Mugs" not in _words(page)
    assert client.post(f"{shown.address}views/{mine.pk}/remove/").status_code == 404


def test_a_view_whose_label_was_deleted_says_so_and_shows_nothing(browser: Client, rig: Rig):
    label = make_label(rig.seller, "Spring")
    kept = _keep(browser, ITEMS, "Outlet", label=str(label.public_id), q="MUG")
    Label.objects.filter(pk=label.pk).delete()

    page = browser.get(ITEMS.address + kept.context["tabs"].tabs[-1]["url"])

    assert page.context["rows"] == []
    assert "“Outlet” shows the items of a label that was deleted" in page.content.decode()
    assert "Remove the tab “Outlet”" in page.content.decode()


def test_a_label_that_is_gone_is_not_offered_to_be_kept(browser: Client):
    page = browser.get(f"{ITEMS.address}?label=0199a1b2-0000-7000-8000-000000000000&q=MUG")

    assert page.context["rows"] == []
    assert "Keep as a tab" not in page.content.decode()
