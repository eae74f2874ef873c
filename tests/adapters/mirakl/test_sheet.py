"""Against the facts that this adapter was written from: they lie beside the checkout, where they are at all."""

import json
import re
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from channels_app.adapters.mirakl import bodies, listings
from channels_app.adapters.mirakl.imports import read_failures
from channels_app.adapters.mirakl.orders import read_order
from channels_app.adapters.mirakl.values import as_json
from channels_app.adapters.types import CommandLine, OrderCommand, Outcome, PaymentStatus, Verb
from marketplace_integration.environment import ROOT
from tests.adapters.mirakl.bodies import asks, command, line, order

SHARED = ROOT.parent / "shared" / "channels"
CONTRACT = SHARED / "spec" / "mirakl-contract.json"

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the marketplace's facts are not here")


@cache
def contract() -> dict[str, Any]:
    return dict(json.loads(CONTRACT.read_text()))


def violations(schema: str, body: object) -> list[str]:
    """Return where the body, as it goes over the wire, breaks the schema."""
    validator = OAS31Validator({"$ref": f"#/components/schemas/{schema}", **contract()})
    return [error.message for error in validator.iter_errors(json.loads(as_json(body)))]


def examples() -> dict[str, Any]:
    """Return the checked examples of the sheet by the name of their schema."""
    text = (SHARED / "mirakl.md").read_text() if CONTRACT.exists() else ""
    found = re.findall(r"<!-- check: [^\n]*/(\w+) -->\n```json\n(.*?)```", text, re.DOTALL)
    return {schema: json.loads(example) for schema, example in found}


TAXED = line(taxes=[{"code": "VAT", "amount": 4.3}], shipping_taxes=[{"code": "VAT", "amount": 0.8}])
MONEY = asks(quantity=1, amount=Decimal("12.90"), shipping_amount=Decimal("1.10"), reason="15")
PARCEL = command(asks(quantity=1), carrier_code="UPS", tracking_number="1Z999AA10123456784")
SENT = {
    "AcceptRequest": bodies.build_decisions(["1", "2"], refused={"2"}),
    "TrackingRequest": bodies.build_tracking(PARCEL),
    "ShipmentCreateRequest": bodies.build_shipment(PARCEL),
    "RefundRequest": bodies.build_refunds(command(MONEY), order(TAXED)),
    "CancelRequest": bodies.build_cancelations(command(asks(quantity=1, reason="34")), order(TAXED)),
    "OfferExportRequest": listings.REQUEST,
}


@pytest.mark.parametrize("schema", SENT)
def test_what_we_send_is_what_the_marketplace_takes(schema):
    assert violations(schema, SENT[schema]) == []


def test_the_validator_sees_a_mistake():
    assert violations("AcceptRequest", {"order_lines": [{"id": "1", "acepted": True}]})


def test_our_recorded_orders_are_such_as_the_marketplace_gives():
    assert violations("Order", order(TAXED)) == []


def test_the_orders_of_the_sheet_are_read():
    (body,) = examples()["OrderPage"]["orders"]

    read = read_order(body)

    assert (read.remote_id, read.payment, read.is_accepted) == ("C-10042-A", PaymentStatus.PENDING, False)
    assert (read.total, read.shipping) == (Decimal("30.7"), Decimal("4.9"))
    assert [(one.sku, one.quantity, one.amount) for one in read.lines] == [("MUG-BLUE-01", 2, Decimal("25.8"))]


def test_we_build_the_bodies_of_the_sheet():
    given = examples()
    (body,) = given["OrderPage"]["orders"]
    half = CommandLine(
        line_remote_id="C-10042-A-1",
        quantity=1,
        amount=Decimal("12.90"),
        shipping_amount=Decimal(0),
        reason="15",
    )
    parcel = OrderCommand(
        verb=Verb.SHIP,
        order_remote_id="C-10042-A",
        lines=(half,),
        carrier_code="UPS",
        tracking_number="1Z999AA10123456784",
    )

    assert bodies.build_decisions(["C-10042-A-1"]) == given["AcceptRequest"]
    assert bodies.build_tracking(parcel) == given["TrackingRequest"]
    assert sent(bodies.build_refunds(parcel, body)) == given["RefundRequest"]
    assert given["OfferExportRequest"] == listings.REQUEST
    shipment = bodies.build_shipment(parcel)["shipments"][0]
    (expected,) = given["ShipmentCreateRequest"]["shipments"]
    for units in expected["shipment_lines"]:
        del units["package_reference"]  # ours are not numbered
    assert shipment == expected


def sent(body: object) -> Any:
    return json.loads(as_json(body))


def test_a_report_of_the_sheet_is_read():
    text = re.search(r'"sku";[^\n]*"error-message"\n"MUG[^\n]*\n', (SHARED / "mirakl.md").read_text())
    assert text is not None

    (failed,) = read_failures(text.group().encode(), at_least=1)

    assert (failed.sku, failed.outcome, failed.reason) == (
        "MUG-RED-02",
        Outcome.REJECTED,
        "The product does not exist",
    )
