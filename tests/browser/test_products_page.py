"""Products and the preview in a real browser: a category found, its questions answered, and what would be sent."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.adapters.types import Capability, Choice, Part, ProductField
from channels_app.flows.mapping import field_as_json
from channels_app.models import CategoryMapping, Channel, ChannelCategory
from tests.browser.conftest import assert_good, sign_in
from tests.factories import NOW, make_channel, make_item, make_job, make_label, make_seller, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])

FIELDS = [
    ProductField(code="name", name="Product name", required=True, usual=Part.TITLE),
    ProductField(
        code="colour",
        name="Colour",
        required=True,
        choices=tuple(Choice(code=code, name=name) for code, name in [("B1", "Blue"), ("G1", "Green"), ("R1", "Red")]),
    ),
    ProductField(code="material", name="Material", help="What it is made of, the most of it first."),
    ProductField(code="volume", name="Volume", help="A number of millilitres."),
]


@pytest.fixture
def channel() -> Channel:
    seller = make_seller(name="Nordlicht Outdoor", time_zone="Europe/Berlin")
    make_user(seller=seller)
    items = [
        make_item(seller, f"MUG-{number}", on_hand=4, title=f"Enamel mug no. {number}", attributes=attributes)
        for number, attributes in enumerate(
            [{"shade": "blue"}, {"shade": "green", "material": "Enamel"}, {"shade": "turquoise"}, {}], start=1
        )
    ]
    for item in items:
        item.attributes["category"] = "Mugs"
        item.save()
    items.append(make_item(seller, "TENT-1", on_hand=2, title="Tent for two", attributes={"category": "Tents"}))
    items.append(make_item(seller, "PRICELESS", title="Not for sale yet", price=None))
    made = make_channel(seller, label=make_label(seller, items=items), name="Carrefour")
    made.facts = {**made.facts, "capabilities": [*made.facts["capabilities"], Capability.NEW_PRODUCTS]}
    made.save()
    make_job(made, "categories")
    known = {"HOME": "Home", "MUGS": "Home > Kitchen > Mugs and cups", "TENTS": "Outdoor > Camping > Tents"}
    for code, name in known.items():
        fields = [field_as_json(field) for field in FIELDS] if code == "MUGS" else None
        ChannelCategory.objects.create(channel=made, code=code, name=name, fields=fields)
    return made


@both_sizes
def test_a_category_is_found_its_questions_answered_and_the_preview_shows_what_is_sent(
    page: Page, live_server: LiveServer, channel: Channel
):
    sign_in(page, channel.seller.memberships.get().user, live_server.url)
    page.goto(f"{live_server.url}/s/{channel.seller.slug}/marketplaces/{channel.public_id}/products/")
    assert_good(page)

    page.get_by_role("link", name="Mugs", exact=True).click()
    page.get_by_label("Words of its name").fill("tent")
    expect(page.get_by_label("Outdoor > Camping > Tents")).to_be_visible()
    expect(page.get_by_label("Home > Kitchen > Mugs and cups")).to_have_count(0)
    page.get_by_label("Words of its name").fill("cups")
    assert_good(page)
    page.get_by_label("Home > Kitchen > Mugs and cups").check()
    page.get_by_role("button", name="Use this category").click()

    expect(page.get_by_text("0 of 4 items looked at say everything")).to_be_visible()
    colour = page.get_by_role("group", name="Colour")
    colour.get_by_label("Where it stands").select_option(label="shade")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("2 of 4 items looked at say everything")).to_be_visible()
    expect(page.get_by_text("does not know “turquoise”. It may be: Blue, Green, Red.")).to_be_visible()
    page.get_by_text("Not required").click()
    assert_good(page)
    assert CategoryMapping.objects.get().answers == {"colour": "attribute:shade"}

    expect(colour.get_by_text("What your words mean there: 1 not known yet")).to_be_visible()
    colour.get_by_label("“turquoise”, 1 item").select_option(label="Green")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("3 of 4 items looked at say everything")).to_be_visible()
    assert CategoryMapping.objects.get().meanings == {"colour": {"turquoise": "G1"}}

    page.get_by_role("link", name="Preview").click()
    expect(page.locator(".stat", has_text="Would be refused")).to_contain_text("2")
    expect(page.locator(".stat", has_text="Would be listed")).to_contain_text("4")
    assert_good(page)
    page.get_by_label("Show").select_option(label="Would be refused")
    expect(page).to_have_url(re.compile("show=refused"))
    expect(page.get_by_role("row", name=re.compile("MUG-4"))).to_contain_text("Colour is missing")
    expect(page.get_by_role("row", name=re.compile("MUG-3"))).to_have_count(0)

    page.get_by_role("link", name=re.compile("^Colour is missing")).click()
    expect(page).to_have_url(re.compile("cause="))
    expect(page.get_by_role("table", name="Preview").get_by_role("link", name="MUG-4", exact=True)).to_be_visible()
    expect(page.get_by_role("table", name="Preview").get_by_role("row")).to_have_count(2)
    assert_good(page)
    page.get_by_role("link", name="Say where Colour stands for MUG-4").click()
    expect(page.get_by_role("group", name="Colour")).to_be_in_viewport()

    page.goto(f"{live_server.url}/s/{channel.seller.slug}/marketplaces/{channel.public_id}/products/")
    expect(page.get_by_role("row", name=re.compile("Mugs"))).to_contain_text("In use")
    _refuse(channel, "MUG-4")
    page.reload()
    assert_good(page)
    expect(page.get_by_role("row", name=re.compile("Mugs"))).to_contain_text("1 of 4 refused")
    page.get_by_role("link", name="See why Mugs are refused").click()
    expect(page.get_by_text("Only items of your category Mugs")).to_be_visible()
    assert_good(page)


@pytest.mark.parametrize("phone", [True], indirect=True, ids=["phone"])
def test_the_links_of_a_refused_sku_are_wide_enough_apart_wherever_its_reason_ends(
    page: Page, live_server: LiveServer, channel: Channel
):
    seller, fields = channel.seller, [field_as_json(FIELDS[1])]
    for length in range(1, 31):
        own, name = f"Own {length}", "Home > " + "m" * length
        category = ChannelCategory.objects.create(channel=channel, code=own, name=name, fields=fields)
        CategoryMapping.objects.create(channel=channel, own=own, category=category, updated_at=NOW)
        item = make_item(seller, f"CUP-{length:02}", on_hand=1, attributes={"category": own})
        channel.label.label_items.create(item=item, source="hand")  # type: ignore[union-attr]
    sign_in(page, seller.memberships.get().user, live_server.url)

    page.goto(f"{live_server.url}/s/{seller.slug}/marketplaces/{channel.public_id}/preview/?show=refused")

    expect(page.get_by_role("link", name="Say where Colour stands")).to_have_count(30)
    assert_good(page)


def _refuse(channel: Channel, sku: str) -> None:
    item = channel.seller.items.get(sku=sku)
    why = "Colour is missing, and Home > Kitchen > Mugs and cups needs it."
    channel.listings.create(sku=sku, item=item, state="rejected", rejected_hash="x", rejected_reason=why)


def test_what_the_channel_is_asked_appears_by_itself(page: Page, live_server: LiveServer, channel: Channel):
    sign_in(page, channel.seller.memberships.get().user, live_server.url)
    page.goto(
        f"{live_server.url}/s/{channel.seller.slug}/marketplaces/{channel.public_id}/products/category/?own=Tents"
    )
    page.get_by_label("Outdoor > Camping > Tents").check()
    page.get_by_role("button", name="Use this category").click()
    expect(page.get_by_text("is asked what it wants to know")).to_be_visible()
    assert_good(page)

    ChannelCategory.objects.filter(code="TENTS").update(fields=[field_as_json(FIELDS[0])])

    expect(page.get_by_text("Product name")).to_be_visible(timeout=10_000)
