"""What bol.com answers: the shape of its documents, the values made up."""

from decimal import Decimal
from typing import Any

from channels_app.adapters.types import CommandLine, ContentLine, OfferLine, OrderCommand, Verb

OFFER_ID = "6ff736b5-cdd0-4150-8c67-78269ee986f5"
EAN = "8712345678906"


def content(sku: str = "MUG", *, gtin: str = EAN, price: str = "12.90", quantity: int = 5, **more: Any) -> ContentLine:
    return ContentLine(
        sku=sku,
        title="Blue mug",
        description="",
        brand="",
        gtin=gtin,
        images=[],
        attributes=more.pop("attributes", {}),
        variation={},
        parent_sku="",
        price=Decimal(price),
        currency="EUR",
        quantity=quantity,
        **more,
    )


def change(sku: str = "MUG", *, price: str = "12.90", quantity: int = 5, remote_id: str = OFFER_ID) -> OfferLine:
    return OfferLine(sku=sku, price=Decimal(price), currency="EUR", quantity=quantity, remote_id=remote_id)


def offer(sku: str = "MUG", *, offer_id: str = OFFER_ID, for_sale: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "offerId": offer_id,
        "ean": EAN,
        "reference": sku,
        "lastModifiedDateTime": "2026-11-20T09:12:44Z",
        "onHoldByRetailer": False,
        "stock": {"amount": 5, "correctedStock": 3, "managedByRetailer": True},
        "condition": {"category": "NEW"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 12.9}]},
        "fulfilment": {"method": "FBR", "schedule": "MY_DELIVERY_PROMISE"},
        "countryAvailabilities": [{"countryCode": "NL", "forSale": for_sale}],
        **more,
    }


def offers(*found: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    return {"offers": list(found), "page": {"pageSize": 100, "nextCursor": cursor}}


def reasons(*found: dict[str, Any]) -> dict[str, Any]:
    return {"offerId": OFFER_ID, "countries": [{"countryCode": code, "reasons": list(found)} for code in ("NL", "BE")]}


def item(number: int = 1, *, quantity: int = 2, shipped: int = 0, cancelled: int = 0, **more: Any) -> dict[str, Any]:
    """Return an item of an order; without what is None."""
    told = {
        "orderItemId": f"201234567{number}",
        "cancellationRequest": False,
        "fulfilment": {"method": "FBR", "distributionParty": "RETAILER", "timeFrameType": "REGULAR"},
        "offer": {"offerId": OFFER_ID, "reference": "MUG"},
        "product": {"ean": EAN, "title": "Blauwe mok"},
        "quantity": quantity,
        "quantityShipped": shipped,
        "quantityCancelled": cancelled,
        "unitPrice": 12.9,
        "totalPrice": round(12.9 * quantity, 2),
        "discounts": [],
        "commission": 3.1,
        "latestChangedDateTime": "2026-11-20T10:12:45+01:00",
        **more,
    }
    return {name: value for name, value in told.items() if value is not None}


def order(*items: dict[str, Any], order_id: str = "A2K8290LP8", **more: Any) -> dict[str, Any]:
    return {
        "orderId": order_id,
        "pickupPoint": False,
        "orderPlacedDateTime": "2026-11-20T10:12:44+01:00",
        "shipmentDetails": {
            "salutation": "FEMALE",
            "firstName": "Noor",
            "surname": "Visser",
            "streetName": "Dorpstraat",
            "houseNumber": "1",
            "houseNumberExtension": "B",
            "zipCode": "1111ZZ",
            "city": "Utrecht",
            "countryCode": "NL",
            "email": "abc123@verkopen.bol.com",
        },
        "orderItems": list(items) or [item()],
        **more,
    }


def row(number: int, *, changed: str = "2026-11-20T10:12:45+01:00", **more: Any) -> dict[str, Any]:
    """Return an order as the list has it."""
    told = {
        "orderItemId": f"20{number}",
        "ean": EAN,
        "fulfilmentMethod": more.pop("method", "FBR"),
        "fulfilmentStatus": "OPEN",
        "quantity": 1,
        "quantityShipped": 0,
        "quantityCancelled": 0,
        "cancellationRequest": False,
        "latestChangedDateTime": changed,
    }
    placed = more.pop("placed", "2026-11-20T10:12:44+01:00")
    return {"orderId": f"A{number}", "orderPlacedDateTime": placed, "orderItems": [told]}


def status(state: str = "PENDING", *, number: str = "1234567", **more: Any) -> dict[str, Any]:
    return {
        "processStatusId": number,
        "entityId": "2012345671",
        "eventType": "CREATE_SHIPMENT",
        "status": state,
        "description": "Create shipment.",
        "createTimestamp": "2026-11-20T10:05:00+01:00",
        "links": [],
        **more,
    }


def return_of(*items: dict[str, Any], return_id: str = "65921", registered: str = "2026-11-20T10:00:00+01:00") -> Any:
    return {
        "returnId": return_id,
        "registrationDateTime": registered,
        "fulfilmentMethod": "FBR",
        "returnItems": list(items) or [return_item()],
    }


def return_item(number: int = 1, *, order_id: str = "A2K8290LP8", decided: str = "") -> dict[str, Any]:
    results = [{"handlingResult": decided, "processingDateTime": "2026-11-21T10:00:00+01:00", "quantity": 1}]
    return {
        "rmaId": f"8612{number}",
        "orderId": order_id,
        "ean": EAN,
        "expectedQuantity": 1,
        "returnReason": {"mainReason": "Defect", "detailedReason": None, "customerComments": "The handle is off."},
        "handled": bool(decided),
        "processingResults": results if decided else [],
    }


def asks(number: int = 1, quantity: int = 2, **more: Any) -> CommandLine:
    return CommandLine(line_remote_id=f"201234567{number}", quantity=quantity, **more)


def command(*lines: CommandLine, verb: Verb = Verb.SHIP, **more: Any) -> OrderCommand:
    return OrderCommand(verb=verb, order_remote_id="A2K8290LP8", lines=lines or (asks(),), currency="EUR", **more)
