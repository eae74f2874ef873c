"""The tabs above the list of orders: those that are always there, and each member's own."""

import pytest
from django.test import Client

from channels_app.models import SavedSearch
from channels_app.views.order_searches import MOST
from inventory.models import Role
from tests.factories import make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

ORDERS = "/s/acme/orders/"


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    return client


def _current(page) -> str:
    return next(tab["text"] for tab in page.context["searches"].tabs if tab["is_current"])


def _keep(browser: Client, name: str, **query: str):
    return browser.post(f"{ORDERS}searches/", {"name": name, **query}, follow=True)


def test_what_sellers_ask_for_most_are_tabs(browser: Client):
    page = browser.get(f"{ORDERS}?show=to_ship")
    words = [tab["text"] for tab in page.context["searches"].tabs]

    assert words[:3] == ["All orders", "To ship", "Needs attention"]
    assert "Third Party Managed" in words
    assert _current(page) == "To ship"
    assert _current(browser.get(ORDERS)) == _current(browser.get(f"{ORDERS}?show=nonsense")) == "All orders"


def test_a_search_is_kept_by_name_shown_as_a_tab_and_removed(browser: Client, rig: Rig):
    asked = {"show": "to_ship", "channel": str(rig.channel.public_id), "q": "MUG-1"}
    assert "Keep as a tab" in browser.get(ORDERS, asked).content.decode()

    kept = _keep(browser, "Mugs to ship", **asked)
    tab = kept.context["searches"].tabs[-1]

    assert (_current(kept), tab["text"]) == ("Mugs to ship", "Mugs to ship")
    assert _current(browser.get(ORDERS + tab["url"])) == "Mugs to ship"
    search = SavedSearch.objects.get()
    gone = browser.post(f"{ORDERS}searches/{search.pk}/remove/", follow=True)
    assert (_current(gone), gone.context["q"]) == ("To ship", "MUG-1")
    assert not SavedSearch.objects.exists()


def test_the_same_name_again_replaces_the_search(browser: Client):
    _keep(browser, "Mugs", q="MUG-1")
    _keep(browser, "Mugs", q="MUG-2")

    assert SavedSearch.objects.get().query == {"q": "MUG-2"}


def test_a_tab_of_ours_is_not_offered_to_be_kept(browser: Client):
    assert "Keep as a tab" not in browser.get(f"{ORDERS}?show=to_ship").content.decode()


@pytest.mark.parametrize(
    ("name", "query", "words"),
    [
        ("", {"q": "MUG-1"}, "Give the search a name."),
        ("To ship", {"q": "MUG-1"}, "There is a tab “To ship” already."),
        ("Nothing", {}, "Search for something first"),
        ("x" * 41, {"q": "MUG-1"}, "at most 40 characters"),
    ],
)
def test_what_cannot_be_a_tab_says_why(browser: Client, name: str, query: dict[str, str], words: str):
    assert words in _keep(browser, name, **query).content.decode()
    assert not SavedSearch.objects.exists()


def test_there_is_an_end_to_tabs(browser: Client):
    for number in range(MOST + 1):
        page = _keep(browser, f"Search {number}", q=f"MUG-{number}")

    assert "remove one first" in page.content.decode()
    assert SavedSearch.objects.count() == MOST


def test_each_member_has_tabs_of_their_own_viewers_too(browser: Client, rig: Rig, client: Client):
    _keep(browser, "Mugs", q="MUG-1")
    mine = SavedSearch.objects.get()
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    page = _keep(client, "Cups", q="CUP-1")

    assert [tab["text"] for tab in page.context["searches"].tabs][-1] == "Cups"
    assert "Mugs" not in page.content.decode()
    assert client.post(f"{ORDERS}searches/{mine.pk}/remove/").status_code == 404
