"""Nothing odd in an address or a form breaks a page, and nothing that others write is run."""

from itertools import product

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client

from channels_app.flows.shipping_sheet import COLUMNS
from channels_app.models import (
    CancellationRequest,
    ChangeRequest,
    Channel,
    ChannelHistory,
    ChannelJob,
    Listing,
    Order,
    OrderLine,
    RawOrder,
    ReconcileRun,
    ShippingFile,
    ShippingRow,
)
from inventory.models import (
    BulkEdit,
    CsvImport,
    Invitation,
    Item,
    Label,
    Mail,
    SavedView,
    TeamChange,
)
from tests.factories import NOW
from tests.flows.order_rig import Rig, rig
from tests.views.addresses import EXACT, MUTATING, OWNERS_ONLY, READ_ONLY, SELLERS, Values, url_of, values

__all__ = ["rig", "values"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


#: What people, scanners and old bookmarks put into addresses.
BROKEN = ["\x00", "²", "9" * 5_000, "not-a-key", "2026-03-02T12:00:00_" + "9" * 30]


ODD = [
    *BROKEN,
    "",
    "a\x00b",
    "9" * 30,
    "-1",
    "NaN",
    "<script>alert(1)</script>",
    "0001-01-01T00:00:00+14:00_1",
    "9999-12-31T23:59:59-14:00_1",
    "9999-12-31",
    "0001-01-01",
]


#: Every name that any page reads from its query.
NAMES = [
    *("after", "before", "q", "label", "show", "channel", "tab", "only", "sku", "run", "kind", "order", "parcel", "at"),
    *("worth", "all", "cause", "own", "item", "location", "at_most", "sort", "job", "day", "from", "to"),
    *("label-label", "quantity-buffer", "quantity-quantity_mode", "price-price_percent", "next"),
]


#: Every name that forms send, but for the action; and what makes a rule's form one.
FIELDS = [
    *("item", "label", "scope-label", "filter", "decision", "sku", "show", "name", "mode", "kind", "line", "number"),
    *("ship-key", "ship-units-1", "ship-shipped_at", "cancel-units-1", "refund-amount-1", "key", "location", "how"),
    *("note-text", "sheet", "printed"),
    *("note", "rule-0-value", "label-label", "label-confirmed", "label-new_label", "quantity-buffer", "name-name"),
    *("email", "role", "price-price_percent", "ask-what", "ask-reason", "title", "price", "currency", "images"),
    *("attributes", "column_0", "what", "value", "scope-price", "hour", "order", "match", "sort"),
]


RULE = {"rule-TOTAL_FORMS": "1", "rule-INITIAL_FORMS": "0", "rule-0-field": "title", "rule-0-op": "contains"}


HOSTILE = "<img src=x onerror=alert(1)>"


ACTIVITY_TABS = ("runs", "sent", "refused")


def test_no_page_breaks_on_what_stands_in_its_query(
    client: Client, rig: Rig, values: Values, monkeypatch: pytest.MonkeyPatch
):
    read = names_read(monkeypatch)
    client.force_login(rig.owner)
    client.raise_request_exception = False
    asked: list[tuple[str, dict[str, str]]] = [(name, {}) for name in sorted(READ_ONLY)] + [
        ("activity", {"tab": tab}) for tab in ACTIVITY_TABS
    ]
    answers = {}

    for (name, given), odd, left_out in product(asked, ODD, ("", "before")):
        query = {field: odd for field in NAMES if field != left_out} | given
        answer = client.get(url_of(name, rig.seller, values), query)
        answers[name, str(given), ascii(odd)[:40], left_out] = answer.status_code
        assert b"<script>alert" not in answer.getvalue()

    good = {name: {200, 404} if name in EXACT else {200} for name in READ_ONLY}
    assert {asked: status for asked, status in answers.items() if status not in good[asked[0]]} == {}
    assert read - {*NAMES} == set()


def names_read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return a set that comes to hold every name that a page reads from its query."""
    names: set[str] = set()

    def note(method: str) -> None:
        original = getattr(QueryDict, method)

        def noting(query: QueryDict, name: str, *default: object) -> object:
            if not hasattr(query, name):  # a template looks there for its attributes, too
                names.add(name)
            return original(query, name, *default)

        monkeypatch.setattr(QueryDict, method, noting)

    for method in ("get", "getlist", "__getitem__", "__contains__"):
        note(method)
    return names


def test_no_form_breaks_on_what_is_sent(client: Client, rig: Rig, values: Values):
    client.force_login(rig.owner)
    client.raise_request_exception = False
    answers = {}

    for name, odd, action in product(MUTATING, BROKEN, ("label", "add")):
        if name not in OWNERS_ONLY:
            sent = dict.fromkeys(FIELDS, odd) | RULE | {"action": action}
            answer = client.post(url_of(name, rig.seller, values), sent)
            answers[name, ascii(odd)[:40], action] = answer.status_code

    assert {sent: status for sent, status in answers.items() if status >= 500} == {}


def test_what_buyers_marketplaces_and_colleagues_write_is_shown_as_text(client: Client, rig: Rig, values: Values):
    client.force_login(rig.owner)
    Item.objects.update(title=HOSTILE, brand=HOSTILE, description=HOSTILE, attributes={HOSTILE: HOSTILE})
    Label.objects.filter(name="Spring").update(name=HOSTILE)
    Channel.objects.update(name=HOSTILE, check_error=HOSTILE)
    ChannelJob.objects.update(last_error=HOSTILE, blocked=True)
    Order.objects.update(buyer={"name": HOSTILE}, ship_to={"name": HOSTILE, HOSTILE: HOSTILE}, attention=HOSTILE)
    OrderLine.objects.update(title=HOSTILE, sku=HOSTILE, item=None)
    RawOrder.objects.update(reason=HOSTILE)
    Mail.objects.update(to=HOSTILE, last_error=HOSTILE)
    CsvImport.objects.update(file_name=HOSTILE, error=HOSTILE)
    CancellationRequest.objects.update(reason=HOSTILE)
    ChangeRequest.objects.update(reason=HOSTILE, answer=HOSTILE)
    Listing.objects.update(rejected_reason=HOSTILE, rejected_code=HOSTILE)
    ReconcileRun.objects.update(reason=HOSTILE)
    TeamChange.objects.update(who=HOSTILE, whom=HOSTILE)
    Invitation.objects.update(email=HOSTILE)
    User.objects.filter(email="colleague@example.com").update(username=HOSTILE)
    SavedView.objects.update(name=HOSTILE)
    BulkEdit.objects.update(words=HOSTILE, error=HOSTILE, state="failed")
    ShippingFile.objects.update(file_name=HOSTILE)
    ShippingRow.objects.update(problem=HOSTILE, cells=dict.fromkeys(COLUMNS, HOSTILE))
    ChannelHistory.objects.create(channel=rig.channel, at=NOW, what="label", before=HOSTILE, after=HOSTILE)
    urls = [url_of(name, rig.seller, values) for name in SELLERS if not name.endswith(("_csv", "_problems"))]
    urls += [f"{url_of('packing_slips', rig.seller, values)}?order={values['order']['order']}"]
    urls += [f"{url_of('activity', rig.seller, values)}?tab={tab}" for tab in ACTIVITY_TABS]

    pages = {url: client.get(url) for url in urls}
    texts = {url: page.content.decode() for url, page in pages.items() if page.status_code == 200}

    assert [url for url, text in texts.items() if HOSTILE in text or "<img src=x" in text] == []
    assert sum("&lt;img src=x" in text for text in texts.values()) > 10


def test_a_press_that_names_no_decision_decides_nothing(client: Client, rig: Rig, values: Values):
    client.force_login(rig.owner)
    before = list(CancellationRequest.objects.values()), list(ReconcileRun.objects.values())

    assert client.post(url_of("order_answer", rig.seller, values)).status_code == 400
    client.post(url_of("reconcile_decide", rig.seller, values))

    assert (list(CancellationRequest.objects.values()), list(ReconcileRun.objects.values())) == before
