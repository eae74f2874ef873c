"""Bodies as Walmart sends them, small, each call a new one."""

from typing import Any


def money(amount: float) -> dict[str, Any]:
    return {"currency": "USD", "amount": amount}


def units(quantity: int) -> dict[str, str]:
    return {"unitOfMeasurement": "EACH", "amount": str(quantity)}


def charge(kind: str, amount: float, tax: float = 0) -> dict[str, Any]:
    body: dict[str, Any] = {"chargeType": kind, "chargeName": f"{kind} charge", "chargeAmount": money(amount)}
    if tax:
        body["tax"] = {"taxName": f"{kind} tax", "taxAmount": money(tax)}
    return body


def order_line(number: str = "1", *, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """A line; `statuses` maps a status to its units, `tracking` is the tracking number of what was shipped."""
    tracking = more.pop("tracking", "")
    statuses = more.pop("statuses", {"Created": quantity})
    charges = more.pop("charges", [charge("PRODUCT", 14.99, 1.20)])
    return {
        "lineNumber": number,
        "item": {"productName": "Blue mug", "sku": "MUG-BLUE-01", "condition": "New"},
        "charges": {"charge": charges},
        "orderLineQuantity": units(quantity),
        "statusDate": 1795166000000,
        "orderLineStatuses": {"orderLineStatus": [_status(name, count, tracking) for name, count in statuses.items()]},
        **more,
    }


def _status(status: str, quantity: int, tracking: str) -> dict[str, Any]:
    body: dict[str, Any] = {"status": status, "statusQuantity": units(quantity)}
    if tracking and status == "Shipped":
        body["trackingInfo"] = {
            "shipDateTime": 1795251600000,
            "carrierName": {"carrier": "UPS"},
            "methodCode": "Standard",
            "trackingNumber": tracking,
        }
    return body


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "purchaseOrderId": "1796277083022",
        "customerOrderId": "5281956426648",
        "customerEmailId": "A1B2C3@relay.walmart.com",
        "orderDate": 1795165964000,
        "shippingInfo": {
            "phone": "3155550100",
            "estimatedDeliveryDate": 1795640400000,
            "estimatedShipDate": 1795294800000,
            "methodCode": "Express",
            "postalAddress": {
                "name": "Dana Reed",
                "address1": "12 Elm St",
                "city": "Warners",
                "state": "NY",
                "postalCode": "13164",
                "country": "USA",
                "addressType": "RESIDENTIAL",
            },
        },
        "orderLines": {"orderLine": list(lines) or [order_line()]},
        "shipNode": {"type": "SellerFulfilled"},
        **more,
    }


def order_list(*orders: dict[str, Any], next_cursor: str = "", total: int | None = None) -> dict[str, Any]:
    meta = {"totalCount": len(orders) if total is None else total, "limit": 200, "nextCursor": next_cursor}
    return {"list": {"meta": meta, "elements": {"order": list(orders)}}}


def feed_item(sku: str, status: str = "SUCCESS", code: str = "", description: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {"martId": 0, "sku": sku, "index": 0, "ingestionStatus": status}
    if code:
        error = {"type": status, "code": code, "description": description}
        row["ingestionErrors"] = {"ingestionError": [error]}
    return row


def feed(status: str, *items: dict[str, Any], received: int | None = None) -> dict[str, Any]:
    return {
        "feedId": "14066B66@AVMBAgA",
        "feedStatus": status,
        "itemsReceived": len(items) if received is None else received,
        "itemsSucceeded": sum(item["ingestionStatus"] == "SUCCESS" for item in items),
        "itemsFailed": sum(item["ingestionStatus"].endswith("_ERROR") for item in items),
        "offset": 0,
        "limit": 50,
        "itemDetails": {"itemIngestionStatus": list(items)},
    }


def return_order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "returnOrderId": "R-1",
        "customerOrderId": "5281956426648",
        "returnOrderDate": "2026-11-19T08:00:00Z",
        "returnOrderLines": list(lines) or [return_line()],
        **more,
    }


def return_line(number: int = 1, *, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "returnOrderLineNumber": number,
        "purchaseOrderId": "1796277083022",
        "purchaseOrderLineNumber": 1,
        "item": {"sku": "MUG-BLUE-01"},
        "returnReason": "DAMAGED",
        "returnDescription": "Arrived chipped.",
        "quantity": {"unitOfMeasure": "EACH", "measurementValue": quantity},
        "refundedQty": 0,
        **more,
    }
