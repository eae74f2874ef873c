"""The engine and the adapter together: from an item on the label to what Walmart was told."""

import json

import pytest

from channels_app.flows.ledger import check_ledger
from tests.adapters.walmart.bodies import feed, feed_item
from tests.adapters.walmart.script import uploaded
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db
FEED = "14066B66@AVMBAgA"


def test_an_item_is_matched_then_its_quantity_follows_and_a_sale_goes_out_at_once(walmart, adapter):
    walmart.on("POST", "/v3/feeds", {"feedId": FEED})
    walmart.on("GET", f"/v3/feeds/{FEED}", feed("INPROGRESS", received=1), feed("PROCESSED", feed_item("MUG")))
    walmart.on("PUT", "/v3/inventory", {"sku": "MUG", "quantity": {"unit": "EACH", "amount": 1}})
    rig = Rig(adapter_key="walmart")
    rig.adapter = adapter
    mug = rig.has_item("MUG", on_hand=7, gtin="4006381333931", price="14.99")
    rig.has_item("NUMBERLESS", on_hand=3)

    rig.settle()
    rig.moves(mug, -2)
    rig.settle()

    sent = [call for call in walmart.calls if call.method != "GET"]
    assert uploaded(sent[0])["MPItem"][0]["Item"]["sku"] == "MUG"
    assert [json.loads(call.content)["quantity"]["amount"] for call in sent[1:]] == [7, 5]
    assert rig.lines("MUG") == [("content", "confirmed"), ("quantity", "confirmed"), ("quantity", "confirmed")]
    assert rig.lines("NUMBERLESS") == [("content", "rejected")]
    assert "enter one for this item" in rig.listing("NUMBERLESS").rejected_reason
    assert check_ledger() == []
