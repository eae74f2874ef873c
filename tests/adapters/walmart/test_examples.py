"""The facts' own examples: what we send is equal to them, what Walmart sends is read from them.

They lie beside the checkout, in ../shared, and are no part of the project: without them these tests are skipped.
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator, OAS31Validator

from channels_app.adapters.types import CommandLine, Kind, OfferLine, OrderCommand, Outcome, Phase, Verb
from channels_app.adapters.walmart import commands, content, feeds, files, limits, orders, returns
from channels_app.adapters.walmart.content import ItemDefaults
from tests.adapters.walmart.bodies import charge, order, order_line, return_order
from tests.adapters.walmart.test_items import DEFAULTS, item

SHARED = Path(__file__).parents[4] / "shared" / "channels"
pytestmark = pytest.mark.skipif(not (SHARED / "walmart.md").exists(), reason="the facts are not beside the checkout")
_EXAMPLE = re.compile(r"<!-- check: spec/(\S+) -->\n```json\n(.*?)```", re.DOTALL)


@cache
def examples() -> dict[str, Any]:
    """Return the examples of the sheet by the schema they are checked with."""
    return {where: json.loads(text) for where, text in _EXAMPLE.findall((SHARED / "walmart.md").read_text())}


def example(part: str) -> Any:
    (found,) = (body for where, body in examples().items() if part in where)
    return found


def command(verb: Verb, **line: Any) -> OrderCommand:
    parcel = {name: line.pop(name) for name in ("carrier_code", "tracking_number", "shipped_at") if name in line}
    only = CommandLine(line_remote_id="1", quantity=1, **line)
    return OrderCommand(verb=verb, order_remote_id="1796277083022", currency="USD", lines=(only,), **parcel)


OFFER = OfferLine(sku="MUG-BLUE-01", price=Decimal("13.49"), currency="USD", quantity=25)


def packed(feed_type: str, *entries: dict[str, Any], version: str = "") -> Any:
    found = files.pack(feed_type, [("", entry) for entry in entries], spec_version=version, most_bytes=10_000)
    return json.loads(found.document)


def test_the_facts_hold_the_examples_that_are_meant():
    assert len(examples()) == 11


# What we send


def test_feeds_are_equal_to_their_examples():
    matched = content.build_match(item(), ItemDefaults(weight=Decimal("0.9")))

    assert packed(limits.MP_ITEM_MATCH, matched) == example("$defs/MP_ITEM_MATCH")
    assert packed(limits.INVENTORY, files.build_quantity(OFFER)) == example("$defs/inventory")
    assert packed(limits.PRICE_AND_PROMOTION, files.build_price(OFFER)) == example("$defs/PRICE_AND_PROMOTION")
    assert files.build_quantity(OFFER) == example("walmart-inventory.json")


def test_calls_about_orders_are_equal_to_their_examples():
    shipped_at = datetime.fromtimestamp(1795251600, UTC)
    parcel = command(Verb.SHIP, carrier_code="UPS", tracking_number="1Z999AA10123456784", shipped_at=shipped_at)
    shipped = example("shipping/post")
    (line,) = shipped["orderShipment"]["orderLines"]["orderLine"]
    line["sellerOrderId"] = "1796277083022"  # ours is the number of the order
    del line["orderLineStatuses"]["orderLineStatus"][0]["trackingInfo"]["trackingURL"]  # optional
    standard = order(shippingInfo={"methodCode": "Standard"})
    cancelled = commands.build_cancellation(command(Verb.CANCEL, reason="SELLER_CANCEL_OUT_OF_STOCK"))

    assert commands.build_shipment(parcel, standard, now=shipped_at) == shipped
    assert cancelled == example("cancel/post")


def test_refunds_are_equal_to_their_examples():
    charged = charge("PRODUCT", 14.99, 1.20)
    charged |= {"chargeName": "Item Price", "tax": {**charged["tax"], "taxName": "Item Price Tax"}}
    body = order(order_line(charges=[charged]))
    refunded = example("orders~1{purchaseOrderId}~1refund")
    (line,) = refunded["orderRefund"]["orderLines"]["orderLine"]
    del line["refunds"]["refund"][0]["refundComments"]  # optional
    by_return = returns.build_refund(return_order(), [CommandLine(line_remote_id="1", quantity=1)])

    assert commands.build_refund(command(Verb.REFUND, amount=Decimal("5.40"), reason="DamagedItem"), body) == refunded
    assert by_return == example("walmart-returns.json")


# What Walmart sends


def test_the_example_of_a_feed_is_read():
    feed = example("walmart-feeds.json")

    accepted, rejected = feeds.read_results(Kind.CONTENT, feed)

    assert feeds.read_phase(feed) is Phase.DONE
    assert (accepted.sku, accepted.outcome) == ("MUG-BLUE-01", Outcome.ACCEPTED)
    assert (rejected.outcome, rejected.code) == (Outcome.REJECTED, "ERR_PDI_0001")
    assert rejected.reason == "The product identifier is not valid. (productId)"


def test_the_example_of_an_order_is_read():
    (raw,) = orders.read_page(example("orders/get"), read_at=datetime(2026, 11, 20, tzinfo=UTC))

    read = orders.read_order(raw.body)

    (line,) = read.lines
    assert (read.remote_id, read.total, read.is_accepted) == ("1796277083022", Decimal("16.19"), False)
    assert (line.sku, line.quantity, line.amount, line.tax) == ("MUG-BLUE-01", 1, Decimal("14.99"), Decimal("1.2"))


# Feeds without an example, and all the others, by their schema


def described() -> dict[str, Any]:
    return content.build_item(item(category="Mugs"), DEFAULTS)


@pytest.mark.parametrize(
    ("feed_type", "entry"),
    [
        (limits.MP_ITEM, described()),
        (limits.MP_ITEM_MATCH, content.build_match(item(gtin="4006381333931"), DEFAULTS)),
        (limits.PRICE_AND_PROMOTION, files.build_price(OFFER)),
        (limits.INVENTORY, files.build_quantity(OFFER)),
        (limits.MP_INVENTORY, files.build_node_quantity(OFFER, "N1")),
        (limits.RETIRE_ITEM, files.build_retirement("MUG-BLUE-01")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_feed_keeps_to_its_schema(feed_type, entry):
    schema = json.loads((SHARED / "spec" / "walmart-feed-files.schema.json").read_text())["$defs"][feed_type]

    OAS31Validator(schema).validate(packed(feed_type, entry, version=DEFAULTS.spec_version))


def test_the_quantity_of_one_item_keeps_to_the_schema_of_its_call():
    path = json.loads((SHARED / "spec" / "walmart-inventory.json").read_text())
    schema = {**path["paths"]["/v3/inventory"]["put"]["requestBody"]["content"]["application/json"]["schema"]}

    OAS30Validator({**schema, "components": path["components"]}).validate(files.build_quantity(OFFER))
