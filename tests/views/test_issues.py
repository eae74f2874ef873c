"""Issues: one row for each cause, mended in place, sent again, and gone once the marketplace confirms."""

import codecs
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.flows.price import NO_PRICE
from channels_app.models import Channel, Listing, PendingChange, PutOff
from channels_app.views import issues as issues_view
from inventory import catalogue
from inventory.models import Item, Role
from marketplace_integration import clock
from tests.factories import make_item, make_seller, make_user
from tests.flows.feed_rig import Rig
from tests.inventory.csv_files import bring

GTIN = "4006381333931"


@pytest.fixture
def rig(db: None) -> Rig:
    return Rig()


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(make_user(seller=rig.seller))
    return client


def _page(browser: Client, query: str = "") -> str:
    answer = browser.get(f"/s/acme/issues/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def _refuse(rig: Rig, item: Item, reason: str, *, code: str = "E1") -> Listing:
    return Listing.objects.create(
        channel=rig.channel,
        sku=item.sku,
        item=item,
        state="rejected",
        rejected_hash="x",
        rejected_code=code,
        rejected_reason=reason,
        rejected_at=rig.now,
    )


def _at(listing: Listing, what: str = "") -> str:
    return f"/s/acme/issues/{listing.channel.public_id}/{listing.cause}/{what}"


def _inputs(*values: tuple[Item, str], what: str = "price") -> dict[str, str]:
    return {"what": what} | {f"fix-{item.public_id}": value for item, value in values}


def test_skus_with_the_same_cause_are_one_row_with_their_number_and_their_stocks_worth(browser: Client, rig: Rig):
    for sku, on_hand in (("MUG-1", 3), ("MUG-2", 2)):
        _refuse(rig, rig.has_item(sku, on_hand=on_hand), f"{sku} is too cheap at 10.00 USD.")
    _refuse(rig, rig.has_item("CUP-1"), "The brand is not allowed.")

    rows = browser.get("/s/acme/issues/").context["rows"]

    assert [(row["issue"].text, row["issue"].skus, row["worth"].amounts) for row in rows] == [
        ("… is too cheap at … USD.", 2, {"USD": Decimal(50)}),
        ("The brand is not allowed.", 1, {}),
    ]


def test_a_reason_that_the_title_says_already_is_not_said_in_every_row(browser: Client, rig: Rig):
    said_once = [_refuse(rig, rig.has_item(sku), "The brand is not allowed.") for sku in ("CUP-1", "CUP-2")][0]
    one_each = [_refuse(rig, rig.has_item(sku), f"{sku} is too cheap.") for sku in ("MUG-1", "MUG-2")][0]

    assert ">Why</th>" not in browser.get(_at(said_once)).content.decode()
    page = browser.get(_at(one_each)).content.decode()
    assert ">Why</th>" in page
    assert "MUG-2 is too cheap." in page


def test_how_far_a_correction_has_come_is_said_beside_its_row_only(browser: Client, rig: Rig):
    listings = [_refuse(rig, rig.has_item(sku), "The brand is not allowed.") for sku in ("CUP-1", "CUP-2")]
    rig.spread()
    PendingChange.objects.filter(sku="CUP-1").delete()

    page = browser.get(_at(listings[0])).content.decode()

    assert page.count("Waits to be sent.") == 1
    assert page.count("data-empty") == 1


def test_stock_without_a_price_is_counted_in_units(browser: Client, rig: Rig):
    _refuse(rig, rig.has_item("MUG-1", on_hand=7, price=None), NO_PRICE, code="not-sent")

    assert "7 units without a price" in _page(browser)


def test_what_was_never_sent_is_not_offered_to_be_sent_again(browser: Client, rig: Rig):
    listing = _refuse(rig, rig.has_item("MUG-1", price=None), NO_PRICE, code="not-sent")

    assert "Send all again" not in browser.get(_at(listing)).content.decode()
    assert "Send all again" in browser.get(_at(_refuse(rig, rig.has_item("MUG-2"), "No."))).content.decode()


def test_stock_that_is_reserved_or_elsewhere_is_not_at_risk(browser: Client, rig: Rig):
    item = rig.has_item("MUG-1", on_hand=5)
    rig.moves(item, reserved=2)
    _refuse(rig, item, "No.")
    elsewhere = rig.seller.locations.create(code="far", name="Far away")
    rig.channel.channel_locations.create(location=rig.location)
    item.stock.create(location=elsewhere, on_hand=100)

    (row,) = browser.get("/s/acme/issues/").context["rows"]

    assert row["worth"].amounts == {"USD": Decimal(30)}


def test_an_oversold_item_takes_nothing_off_what_others_are_worth(browser: Client, rig: Rig):
    oversold = rig.has_item("MUG-1")
    rig.moves(oversold, reserved=2)
    _refuse(rig, oversold, "No.")
    _refuse(rig, rig.has_item("MUG-2", on_hand=1), "No.")

    (row,) = browser.get("/s/acme/issues/").context["rows"]

    assert row["worth"].amounts == {"USD": Decimal(10)}


def test_the_worth_of_many_is_asked_for_when_the_page_is_there(
    browser: Client, rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(issues_view, "AT_ONCE", 1)
    for sku in ("MUG-1", "MUG-2"):
        _refuse(rig, rig.has_item(sku, on_hand=1), "No.")

    first, then = browser.get("/s/acme/issues/"), browser.get("/s/acme/issues/?worth=1")

    assert 'hx-get="/s/acme/issues/?worth=1"' in first.content.decode()
    assert [row["worth"] for row in first.context["rows"]] == [None]
    assert [row["worth"].amounts for row in then.context["rows"]] == [{"USD": Decimal(20)}]
    assert "hx-get" not in then.content.decode().split('id="issues"')[1]


def test_a_missing_price_is_entered_in_place_and_the_issue_closes_once_the_channel_confirms(browser: Client, rig: Rig):
    item = rig.has_item("MUG-1", on_hand=3, price=None)
    rig.settle()
    listing = rig.listing("MUG-1")
    assert NO_PRICE in _page(browser)

    answer = browser.post(_at(listing, "fix/"), _inputs((item, "12.50")), follow=True)
    assert "1 price saved." in answer.content.decode()
    rig.settle()

    assert rig.listing("MUG-1").confirmed_price == Decimal("12.50")
    assert "No issues" in _page(browser)
    assert "Issue closed" in browser.get(_at(listing)).content.decode()


def test_only_what_was_entered_is_saved(browser: Client, rig: Rig):
    items = [rig.has_item(sku, price=None) for sku in ("MUG-1", "MUG-2")]
    listing = [_refuse(rig, item, NO_PRICE, code="not-sent") for item in items][0]

    browser.post(_at(listing, "fix/"), _inputs((items[0], ""), (items[1], "7")))

    assert list(Item.objects.order_by("sku").values_list("price", flat=True)) == [None, Decimal(7)]


def test_prices_that_were_only_shown_overwrite_nothing_that_changed_meanwhile(browser: Client, rig: Rig):
    shown, entered = rig.has_item("MUG-1"), rig.has_item("MUG-2")
    listing = [_refuse(rig, item, "The price is too low.") for item in (shown, entered)][0]
    page = browser.get(_at(listing))
    catalogue.save_item(shown, {"price": Decimal(99)}, now=rig.now)

    browser.post(_at(listing, "fix/"), _inputs((entered, "20")) | _as_shown(page.context["rows"], but=entered))

    assert list(Item.objects.order_by("sku").values_list("price", flat=True)) == [Decimal(99), Decimal(20)]
    assert f'name="initial-fix-{shown.public_id}" value="10.00"' in page.content.decode()
    assert "it holds on all your channels" in page.content.decode()


def _as_shown(rows: list[dict[str, Any]], *, but: Item) -> dict[str, str]:
    """Return what a browser posts of these rows when nothing is entered, without the visible input of one."""
    inputs = [row["input"] for row in rows]
    posted = {one.html_name: str(one.value()) for one in inputs if one.name != str(but.public_id)}
    return posted | {one.html_initial_name: str(one.initial) for one in inputs}


def test_a_wrong_barcode_is_told_beside_its_item_and_nothing_is_saved(browser: Client, rig: Rig):
    items = [rig.has_item(sku) for sku in ("MUG-1", "MUG-2")]
    listing = [_refuse(rig, item, "This item has no EAN.") for item in items][0]

    wrong = browser.post(_at(listing, "fix/"), _inputs((items[0], "123"), (items[1], GTIN), what="gtin"))

    assert (wrong.status_code, wrong.content.decode().count("This is no barcode")) == (422, 1)
    assert set(Item.objects.values_list("gtin", flat=True)) == {""}


def test_a_barcode_is_entered_in_place(browser: Client, rig: Rig):
    item = rig.has_item("MUG-1")
    listing = _refuse(rig, item, "This item has no EAN.")

    browser.post(_at(listing, "fix/"), _inputs((item, GTIN), what="gtin"))

    item.refresh_from_db()
    assert item.gtin == GTIN


def test_nothing_of_another_seller_is_saved_and_nothing_but_price_and_barcode(browser: Client, rig: Rig):
    listing = _refuse(rig, rig.has_item("MUG-1"), NO_PRICE, code="not-sent")
    theirs = make_item(make_seller("other"), "MUG-1")

    browser.post(_at(listing, "fix/"), _inputs((theirs, "1")))
    browser.post(_at(listing, "fix/"), _inputs((listing.item, "Mine"), what="title"))  # type: ignore[arg-type]

    theirs.refresh_from_db()
    assert theirs.price == Decimal("10.00")
    assert not Item.objects.filter(title="Mine").exists()


def test_a_cause_is_sent_again_whole(browser: Client, rig: Rig):
    rig.has_items("A-REJECT", "B-REJECT")
    rig.settle()
    listing = rig.listing("A-REJECT")
    assert "We do not like it." in _page(browser)

    answer = browser.post(_at(listing, "again/"), follow=True)

    assert "2 will be sent again." in answer.content.decode()
    assert set(PendingChange.objects.values_list("sku", flat=True)) == {"A-REJECT", "B-REJECT"}
    assert not Listing.objects.exclude(rejected_hash="").exists()


def test_a_channel_that_is_not_active_sends_nothing_again(browser: Client, rig: Rig):
    listing = _refuse(rig, rig.has_item("MUG-1"), "No.")
    Channel.objects.update(state="setup", listings_on=False, orders_on=False)

    browser.post(_at(listing, "again/"))

    assert Listing.objects.exclude(rejected_hash="").exists()
    assert "Send all again" not in browser.get(_at(listing)).content.decode()


def test_the_skus_of_a_cause_are_paged_and_can_be_downloaded_to_be_filled_in(browser: Client, rig: Rig):
    items = [rig.has_item(f"MUG-{number:02}", price=None) for number in range(51)]
    listing = [_refuse(rig, item, NO_PRICE, code="not-sent") for item in items][0]

    first = browser.get(_at(listing))
    second = browser.get(_at(listing) + first.context["page"].next_url)
    file = browser.get(_at(listing, "skus.csv")).getvalue().decode("utf-8-sig").splitlines()

    assert [row["listing"].sku for row in second.context["rows"]] == ["MUG-50"]
    assert file[:2] == ["sku,title,barcode,price,currency,What to mend", f"MUG-00,Title of MUG-00,,,USD,{NO_PRICE}"]
    assert len(file) == 52


def test_the_file_of_a_cause_is_imported_as_it_came(browser: Client, rig: Rig):
    listing = [_refuse(rig, rig.has_item(sku, title="+Größe café"), "Too cheap.") for sku in ("-A1", "B1")][0]

    file = browser.get(_at(listing, "skus.csv")).getvalue()
    bring(rig.seller, file)

    assert file.startswith(codecs.BOM_UTF8)
    assert list(Item.objects.order_by("sku").values_list("sku", "title")) == [
        ("-A1", "+Größe café"),
        ("B1", "+Größe café"),
    ]


def test_a_viewer_sees_what_is_wrong_and_enters_nothing(client: Client, rig: Rig):
    listing = _refuse(rig, rig.has_item("MUG-1", price=None), NO_PRICE, code="not-sent")
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    page = client.get(_at(listing)).content.decode()

    assert NO_PRICE in page
    assert "fix-" not in page
    assert "Send all again" not in page


def test_home_leads_to_the_issues_of_the_channel(browser: Client, rig: Rig):
    _refuse(rig, rig.has_item("MUG-1"), "No.")

    home = browser.get("/s/acme/").content.decode()

    assert "Sandbox refused 1 listing." in home
    assert f"/s/acme/issues/?channel={rig.channel.public_id}" in home


def test_the_page_costs_as_few_queries_however_many_causes_there_are(browser: Client, rig: Rig):
    for number, word in enumerate(("one", "two", "three", "four")):
        _refuse(rig, rig.has_item(f"MUG-{number}", on_hand=1), f"Not this {word}.")

    with CaptureQueriesContext(connection) as queries:
        _page(browser)

    assert len(queries) <= 8


def test_the_navigation_tells_how_many_causes_are_open(browser: Client, rig: Rig):
    assert "nav-count" not in browser.get("/s/acme/items/").content.decode()

    for number, reason in enumerate(("No.", "No.", "Never.")):
        _refuse(rig, rig.has_item(f"MUG-{number}"), reason)

    assert 'nav-count">2<span' in browser.get("/s/acme/items/").content.decode()


def test_of_very_many_causes_the_navigation_counts_the_first(browser: Client, rig: Rig):
    for number in range(101):
        _refuse(rig, rig.has_item(f"MUG-{number}"), "No.", code=f"E{number}")

    assert 'nav-count">99+<span' in browser.get("/s/acme/items/").content.decode()


def test_the_causes_with_most_skus_are_shown_first_and_the_others_on_demand(
    browser: Client, rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(issues_view, "SHOWN", 1)
    for number, reason in enumerate(("No.", "Never.", "Never.")):
        _refuse(rig, rig.has_item(f"MUG-{number}"), reason)

    first, everything = browser.get("/s/acme/issues/"), browser.get("/s/acme/issues/?all=1")

    assert [row["issue"].text for row in first.context["rows"]] == ["Never."]
    assert "Show 1 more" in first.content.decode()
    assert [row["issue"].text for row in everything.context["rows"]] == ["Never.", "No."]


def test_issues_of_another_seller_do_not_exist(client: Client, rig: Rig):
    listing = _refuse(rig, rig.has_item("MUG-1"), "A secret reason.")
    client.force_login(make_user("other@example.com", seller=make_seller("other")))

    assert "A secret reason." not in client.get("/s/other/issues/").content.decode()
    assert client.get(_at(listing).replace("acme", "other")).status_code == 404


def test_most_money_at_risk_stands_first_once_it_is_known(browser: Client, rig: Rig, monkeypatch: pytest.MonkeyPatch):
    for number, reason in enumerate(("No.", "No.", "Never.", "Not now.", "Not now.", "Not now.")):
        _refuse(rig, rig.has_item(f"MUG-{number}", on_hand={"No.": 1, "Never.": 9}.get(reason, 0)), reason)
    by_skus, by_worth = ["Not now.", "No.", "Never."], ["Never.", "No.", "Not now."]

    assert [row["issue"].text for row in browser.get("/s/acme/issues/").context["rows"]] == by_worth
    monkeypatch.setattr(issues_view, "AT_ONCE", 1)
    assert [row["issue"].text for row in browser.get("/s/acme/issues/").context["rows"]] == by_skus
    assert [row["issue"].text for row in browser.get("/s/acme/issues/?worth=1").context["rows"]] == by_worth


def test_a_cause_that_names_something_else_on_each_sku_shows_one_of_them(browser: Client, rig: Rig):
    for sku in ("MUG-1", "MUG-2"):
        _refuse(rig, rig.has_item(sku), f"{sku} is too cheap.")
        _refuse(rig, rig.has_item(f"{sku}-B"), "No.")

    page = _page(browser)

    assert "For example: MUG-1 is too cheap." in page
    assert page.count("For example") == 1


def _open(browser: Client) -> list[str]:
    return [row["issue"].text for row in browser.get("/s/acme/issues/").context["rows"]]


def test_a_cause_is_put_off_and_taken_back(browser: Client, rig: Rig):
    listing = _refuse(rig, rig.has_item("MUG-1"), "No.")
    _refuse(rig, rig.has_item("MUG-2"), "Never.")

    browser.post(_at(listing, "put-off/"))

    assert _open(browser) == ["Never."]
    assert "Put off (1)" in _page(browser)
    assert 'nav-count">1<span' in _page(browser)
    assert "Take back" in browser.get(_at(listing)).content.decode()

    browser.post(_at(listing, "take-back/"))

    assert set(_open(browser)) == {"No.", "Never."}
    assert "Put off (" not in _page(browser)
    assert 'nav-count">2<span' in _page(browser)


def test_what_is_put_off_comes_back_after_seven_days(browser: Client, rig: Rig):
    listing = _refuse(rig, rig.has_item("MUG-1"), "No.")
    browser.post(_at(listing, "put-off/"))
    (row,) = PutOff.objects.all()
    assert timedelta(days=6, hours=23) < row.until - clock.now() <= timedelta(days=7)

    PutOff.objects.update(until=clock.now())

    assert _open(browser) == ["No."]
    assert 'nav-count">1<span' in _page(browser)


def test_what_is_put_off_comes_back_once_its_skus_have_doubled(browser: Client, rig: Rig):
    listing = [_refuse(rig, rig.has_item(f"MUG-{number}"), "No.") for number in range(2)][0]
    browser.post(_at(listing, "put-off/"))

    _refuse(rig, rig.has_item("MUG-2"), "No.")
    assert _open(browser) == []
    assert "Nothing else is refused" in _page(browser)
    assert "nav-count" not in _page(browser)

    _refuse(rig, rig.has_item("MUG-3"), "No.")
    assert _open(browser) == ["No."]
    assert 'nav-count">1<span' in _page(browser)


def test_a_viewer_puts_nothing_off_and_a_closed_cause_is_not_put_off(browser: Client, rig: Rig):
    listing = _refuse(rig, rig.has_item("MUG-1"), "No.")
    at = _at(listing, "put-off/")
    viewer = Client()
    viewer.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    assert viewer.post(at).status_code == 403
    assert "Put off" not in viewer.get(_at(listing)).content.decode()
    Listing.objects.update(rejected_hash="")
    browser.post(at)

    assert not PutOff.objects.exists()


def test_a_cause_too_large_to_be_counted_twice_over_comes_back_by_time_alone(
    browser: Client, rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("channels_app.flows.issues.COUNT_LIMIT", 2)
    listing = [_refuse(rig, rig.has_item(f"MUG-{number}"), "No.") for number in range(3)][0]
    browser.post(_at(listing, "put-off/"))
    for number in range(3, 8):
        _refuse(rig, rig.has_item(f"MUG-{number}"), "No.")

    assert _open(browser) == []
    assert "nav-count" not in _page(browser)
    PutOff.objects.update(until=clock.now())
    assert _open(browser) == ["No."]
