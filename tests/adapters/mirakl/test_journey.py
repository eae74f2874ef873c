"""The engine and the adapter together: from an item on the label to what the operator was told."""

from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.types import Capability
from channels_app.flows.ledger import check_ledger
from channels_app.models import CategoryMapping, Channel, ChannelCategory, PendingChange
from marketplace_integration import clock
from tests.adapters.mirakl.operator import Operator
from tests.adapters.mirakl.test_feeds import rows, status
from tests.factories import NOW
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db


@pytest.fixture
def rig(operator: Operator) -> Rig:
    rig = Rig(adapter_key="mirakl")
    rig.adapter = operator.adapter(unlimited=True)  # type: ignore[assignment]
    return rig


def test_an_offer_is_listed_then_stock_and_price_go_out_by_themselves_and_it_ends(operator, rig):
    done = status("COMPLETE")
    operator.says("POST /api/offers/imports", {"import_id": 1}, {"import_id": 2}, status=201)
    operator.says("GET /api/offers/imports/1", status("RUNNING"), done)
    operator.says("GET /api/offers/imports/2", done)
    operator.says("POST /api/offers/stock/imports", {"import_id": "S-1"}, status=201)
    operator.says("GET /api/offers/stock/imports/S-1/status", done)
    operator.says("POST /api/offers/pricing/imports", {"import_id": "P-1"}, status=201)
    operator.says("GET /api/offers/pricing/imports", {"data": [done]})
    mug = rig.has_item("MUG", on_hand=7, gtin="4006381333931", price="14.99")
    rig.has_item("NUMBERLESS", on_hand=3)

    rig.settle()
    rig.moves(mug, -2)
    rig.prices(mug, "13.99")
    rig.settle()
    rig.unlabels(mug)
    rig.settle()

    assert sent(operator) == [
        ("/api/offers/imports", [("MUG", "14.99", "7", "update")]),
        ("/api/offers/stock/imports", [("MUG", None, "5", "UPDATE")]),
        ("/api/offers/pricing/imports", [("MUG", "13.99", None, None)]),
        ("/api/offers/imports", [("MUG", "", "", "delete")]),
    ]
    assert rig.lines("MUG") == [
        ("content", "confirmed"),
        ("quantity", "confirmed"),
        ("price", "confirmed"),
        ("withdraw", "confirmed"),
    ]
    assert rig.lines("NUMBERLESS") == [("content", "rejected")]
    assert "GTIN" in rig.listing("NUMBERLESS").rejected_reason
    assert check_ledger() == []


def test_a_refused_line_is_shown_with_the_operators_words(operator, rig):
    operator.says("POST /api/offers/imports", {"import_id": 1}, status=201)
    operator.says("GET /api/offers/imports/1", status("COMPLETE", has_error_report=True, lines_in_error=1))
    report = "sku;product-id;error-line;error-message\nPOT;40063;3;The product does not exist\n"
    operator.says("GET /api/offers/imports/1/error_report", report)
    rig.has_item("MUG", on_hand=7, gtin="4006381333931")
    rig.has_item("POT", on_hand=7, gtin="4006381333948")

    rig.settle()

    assert (rig.lines("MUG"), rig.lines("POT")) == ([("content", "confirmed")], [("content", "rejected")])
    assert rig.listing("POT").rejected_reason == "The product does not exist"
    assert check_ledger() == []


def test_product_data_that_may_not_go_out_yet_is_sent_when_it_may_and_holds_up_nothing(operator, rig):
    rig.adapter = operator.adapter()
    everything_is_mapped(rig.channel)
    operator.says("POST /api/offers/imports", {"import_id": 1, "product_import_id": 9}, {"import_id": 2}, status=201)
    operator.says("GET /api/offers/imports/1", status("COMPLETE"))
    rig.has_item("MUG", on_hand=7, gtin="4006381333931", attributes={"category": "Mugs"})
    rig.settle()

    rig.has_item("POT", on_hand=7, gtin="4006381333948", attributes={"category": "Mugs"})
    rig.send()
    rig.later(60)
    rig.has_item("CUP", on_hand=7, gtin="4006381333955")
    rig.send()

    assert rig.lines("MUG") == [("content", "confirmed")]
    assert rig.lines("POT") == [("content", "superseded")]
    waits = PendingChange.objects.get(sku="POT").not_before
    assert waits is not None
    assert waits - rig.now > timedelta(minutes=12)
    assert rig.lines("CUP") == [("content", "sent")]
    assert [lines[0][0] for _, lines in sent(operator)] == ["MUG", "CUP"]
    assert check_ledger() == []


def everything_is_mapped(channel: Channel) -> None:
    """The seller's mugs are the operator's, which asks nothing of them."""
    channel.facts["capabilities"].append(Capability.NEW_PRODUCTS)
    channel.save(update_fields=["facts"])
    category = ChannelCategory.objects.create(channel=channel, code="MUGS", name="Mugs", fields=[])
    CategoryMapping.objects.create(channel=channel, own="Mugs", category=category, updated_at=NOW)


def test_a_price_file_whose_answer_was_lost_is_found_and_not_sent_again(operator, rig, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: rig.now)
    operator.says("POST /api/offers/imports", {"import_id": 1}, status=201)
    operator.says("GET /api/offers/imports/1", status("COMPLETE"))
    operator.says("POST /api/offers/pricing/imports", httpx.ReadTimeout("no answer"))
    mug = rig.has_item("MUG", on_hand=7, gtin="4006381333931", price="14.99")
    rig.settle()
    rig.prices(mug, "13.99")
    with pytest.raises(OutcomeUnknown):
        rig.send()
    received = {"import_id": "P-1", "status": "COMPLETE", "date_created": rig.now.isoformat(), "lines_in_success": 1}

    rig.later(60)
    date = format_datetime(rig.now, usegmt=True)
    operator.says("GET /api/offers/pricing/imports", {"data": [received]}, headers={"date": date})
    rig.settle()

    assert rig.lines("MUG") == [("content", "confirmed"), ("price", "confirmed")]
    assert [where for where, _ in sent(operator)] == ["/api/offers/imports", "/api/offers/pricing/imports"]


def sent(operator: Operator) -> list[tuple[str, list[tuple[str | None, str | None, str | None, str | None]]]]:
    """Return what was uploaded: where to, and SKU, price, quantity and what to do of each line."""
    files = []
    for place, request in enumerate(operator.requests):
        if request.method == "POST":
            lines = rows(operator.form(place)["file"])
            said = [
                (
                    row.get("sku") or row.get("offer-sku"),
                    row.get("price"),
                    row.get("quantity"),
                    row.get("update-delete"),
                )
                for row in lines
            ]
            files.append((request.url.path, said))
    return files
