"""Against the facts that this adapter was written from: they lie beside the checkout, where they are at all."""

import json
import re
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from channels_app.adapters.bol import offers
from channels_app.adapters.bol.commands import build_shipment
from channels_app.adapters.bol.offers import OfferTerms
from channels_app.adapters.bol.orders import read_order
from channels_app.adapters.bol.processes import Told
from channels_app.adapters.bol.values import as_json
from channels_app.adapters.types import Kind, Verb
from marketplace_integration.environment import ROOT
from tests.adapters.bol.bodies import asks, change, command, content, item, order, status

SHARED = ROOT.parent / "shared" / "channels"
SPEC = SHARED / "spec"

pytestmark = pytest.mark.skipif(not SPEC.exists(), reason="the marketplace's facts are not here")


@cache
def document(name: str) -> dict[str, Any]:
    return dict(json.loads((SPEC / name).read_text()))


def violations(name: str, schema: dict[str, Any], body: object) -> list[str]:
    """Return where the body, as it goes over the wire, breaks a schema of the document."""
    validator = OAS30Validator({**schema, "components": document(name)["components"]})
    return [error.message for error in validator.iter_errors(json.loads(as_json(body)))]


def named(schema: str) -> dict[str, Any]:
    return {"allOf": [{"$ref": f"#/components/schemas/{schema}"}]}


def examples() -> dict[str, tuple[str, Any]]:
    """Return the checked examples of the sheet by where their schema stands."""
    text = (SHARED / "bol.md").read_text() if SPEC.exists() else ""
    found = re.findall(r"<!-- check: spec/(\S+)#(\S+) -->\n```json\n(.*?)```", text, re.DOTALL)
    return {pointer: (name, json.loads(example)) for name, pointer, example in found}


TERMS = OfferTerms.of(
    {
        "minimum_days": 1,
        "maximum_days": 2,
        "ultimate_order_time": "15:00",
        "economic_operator_id": "EO-1",
    }
)
V10, V11 = "bol-retailer-v10.json", "bol-offers-v11.json"
SENT = {
    "OffersCreateOfferRequest": (V11, offers.build_offer(content(), TERMS)),
    "PatchOfferRequest": (V11, offers.build_renewal(content(), TERMS)),
    "ShipmentRequest": (V10, build_shipment(command(tracking_number="3S"), [asks()], key="k")),
}


@pytest.mark.parametrize("schema", SENT)
def test_what_we_send_is_what_bol_takes(schema):
    name, body = SENT[schema]

    assert violations(name, named(schema), body) == []


@pytest.mark.parametrize(
    "body", [offers.build_change(change()), offers.build_change(change(price="0.10")), offers.HOLD]
)
def test_a_change_is_a_patch(body):
    assert violations(V11, named("PatchOfferRequest"), body) == []


def test_the_orders_of_our_other_tests_are_orders():
    assert violations(V10, named("Order"), order(item(), item(2, offer=None))) == []
    assert violations("bol-shared-v10.json", named("ProcessStatus"), status()) == []


def test_the_offer_of_the_sheet_is_the_one_that_we_make():
    _, example = examples()[
        "/paths/~1retailer~1offers/post/requestBody/content/application~1vnd.retailer.v11+json/schema"
    ]
    line = content("MUG-BLUE-01", quantity=25)
    made = offers.build_offer(
        line, OfferTerms.of({"minimum_days": 1, "maximum_days": 2, "ultimate_order_time": "15:00"})
    )

    assert json.loads(as_json(made)) == example


def test_the_order_of_the_sheet_is_read():
    pointer = (
        "/paths/~1retailer~1orders~1{order-id}/get/responses/200/content/application~1vnd.retailer.v10+json/schema"
    )

    read = read_order(examples()[pointer][1])

    (line,) = read.lines
    assert (line.sku, line.quantity, line.amount) == ("MUG-BLUE-01", 2, Decimal("25.8"))
    assert (read.total, read.status) == (Decimal("25.8"), "OPEN")


def test_the_process_of_the_sheet_still_runs():
    told = Told()

    told.note_process(["2012345678"], examples()["/components/schemas/ProcessStatus"][1])

    assert json.loads(told.as_result().handle) == {"1234567": ["2012345678"]}


def test_the_bodies_of_the_sheet_are_the_ones_that_we_send(bol):
    wanted = {pointer: body for pointer, (_, body) in examples().items() if "requestBody" in pointer}
    bol.says("POST /shared/process-status", {"processStatuses": []})
    bol.says("PATCH /retailer/offers/1", None)
    bol.says("GET /retailer/orders/A2K8290LP8", order(item(8)))
    bol.says("PUT /retailer/orders/cancellation", status(), status=202)
    bol.says("PUT /retailer/returns/7", status(), status=202)
    adapter = bol.adapter()

    adapter.poll_commands(['{"1234567": []}', '{"1234568": []}'])
    adapter.submit(Kind.OFFER, [change(price="0.10", quantity=7, remote_id="1")], key="k")
    adapter.cancel(command(asks(8, reason="OUT_OF_STOCK"), verb=Verb.CANCEL), key="k")
    decision = command(asks(quantity=1, reason="RETURN_RECEIVED"), verb=Verb.HANDLE_RETURN)
    bol.says("PUT /retailer/returns/2012345671", status(), status=202)
    adapter.handle_return(decision, key="k")

    sent = [json.loads(request.content) for request in bol.calls() if request.content]
    assert [body for body in sent if body not in wanted.values()] == []
