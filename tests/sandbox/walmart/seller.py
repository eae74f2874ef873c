"""A seller who speaks Walmart's Marketplace API by hand."""

import base64
import json
import uuid
from typing import Any
from urllib.parse import quote

import httpx

from tests.sandbox.in_process import InProcessSandbox

GTIN = "00012345678905"
#: A version of the specification of items.
VERSION = "5.0.20260826-17_15_31-api"
PRICES = "2.0.20240126-12_25_52-api"
MATCH = {
    "processMode": "REPLACE",
    "subset": "EXTERNAL",
    "locale": "en",
    "sellingChannel": "mpsetupbymatch",
    "version": "4.2",
}
UNITED_STATES = {"businessUnit": "WALMART_US", "locale": "en"}


def headers() -> dict[str, str]:
    """What every call carries, with a number of its own."""
    correlation = str(uuid.uuid4())
    return {"WM_SVC.NAME": "Walmart Marketplace", "WM_QOS.CORRELATION_ID": correlation, "Accept": "application/json"}


def ask_for_token(box: InProcessSandbox, client_id: str = "demo", secret: str = "any") -> httpx.Response:  # noqa: S107
    credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials"}
    return box.http.post("/v3/token", data=form, headers={**headers(), "Authorization": f"Basic {credentials}"})


def match(sku: str, **more: Any) -> dict[str, Any]:
    """An entry of a feed of offers on products that are known."""
    identifiers = {"productIdType": "GTIN", "productId": GTIN}
    usual = {"sku": sku, "productIdentifiers": identifiers, "ShippingWeight": 0.9, "price": 14.99}
    return {"Item": {**usual, **more}}


def price(sku: str, amount: float) -> dict[str, Any]:
    return {"Promo&Discount": {"sku": sku, "price": amount}}


def stock(sku: str, amount: int) -> dict[str, Any]:
    return {"sku": sku, "quantity": {"unit": "EACH", "amount": amount}}


def units(amount: int) -> dict[str, str]:
    return {"unitOfMeasurement": "EACH", "amount": str(amount)}


#: Feed type -> the file's header and its list.
LAYOUTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "MP_ITEM": ("MPItemFeedHeader", {**UNITED_STATES, "version": VERSION}, "MPItem"),
    "MP_ITEM_MATCH": ("MPItemFeedHeader", MATCH, "MPItem"),
    "PRICE_AND_PROMOTION": ("MPItemFeedHeader", {**UNITED_STATES, "version": PRICES}, "MPItem"),
    "inventory": ("InventoryHeader", {"version": "1.4"}, "Inventory"),
    "MP_INVENTORY": ("inventoryHeader", {"version": "1.5"}, "inventory"),
    "RETIRE_ITEM": ("RetireItemHeader", {"version": "1.0"}, "RetireItem"),
}


class Seller:
    """One account, by its client ID."""

    def __init__(self, box: InProcessSandbox, client_id: str = "demo") -> None:
        self.box, self.client_id = box, client_id
        self.account_id = f"acct-{client_id}"
        self.sign_in()

    def sign_in(self) -> None:
        self.token = ask_for_token(self.box, self.client_id).json()["access_token"]

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        said = {**headers(), "WM_SEC.ACCESS_TOKEN": self.token}
        return self.box.http.request(method, f"/v3{path}", json=body, headers=said, **more)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.call("GET", path, params=params or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def does(self, method: str, path: str, body: Any = None) -> Any:
        """What is done and not refused."""
        answer = self.call(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self) -> Any:
        return self.box.control("GET", f"/state?account_id={self.account_id}")

    # Feeds

    def uploads(self, feed_type: str, file: bytes) -> httpx.Response:
        files = {"file": ("feed.json", file, "application/octet-stream")}
        return self.call("POST", "/feeds", params={"feedType": feed_type}, files=files)

    def sends(self, feed_type: str, *entries: Any, **header: Any) -> str:
        """The number of a feed."""
        name, usual, rows = LAYOUTS[feed_type]
        answer = self.uploads(feed_type, json.dumps({name: {**usual, **header}, rows: entries}).encode())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["feedId"])

    def feed(self, feed_id: str, **params: Any) -> Any:
        return self.get(f"/feeds/{quote(feed_id, safe='')}", **{"includeDetails": "true", **params})

    def fed(self, feed_type: str, *entries: Any, **header: Any) -> Any:
        """What became of a feed."""
        feed_id = self.sends(feed_type, *entries, **header)
        self.box.settle()
        return self.feed(feed_id)

    def lists(self, *skus: str, amount: int = 25) -> None:
        """The items are on sale."""
        self.fed("MP_ITEM_MATCH", *(match(sku) for sku in skus))
        self.fed("inventory", *(stock(sku, amount) for sku in skus))

    # Orders

    def sells(self, amount: int = 2, skus: tuple[str, ...] = ("MUG",), **more: Any) -> str:
        """The number of an order about these, listed before."""
        self.lists(*skus)
        return str(self.box.buy(self.account_id, *((sku, amount) for sku in skus), **more)["id"])

    def shipped(self, amount: int = 2, skus: tuple[str, ...] = ("MUG",), **more: Any) -> str:
        """The number of an order that has left."""
        order_id = self.sells(amount, skus, **more)
        self.does("POST", f"/orders/{order_id}/acknowledge")
        lines = [self.parcel(str(place), amount) for place, _ in enumerate(skus, start=1)]
        assert self.ships(order_id, *lines).status_code == 200
        return order_id

    def parcel(self, line: str = "1", amount: int = 2, **changes: Any) -> dict[str, Any]:
        """A line of a shipping notice."""
        tracking = {
            "shipDateTime": self.box.clock // 1000,
            "carrierName": {"carrier": "UPS"},
            "methodCode": "Standard",
            "trackingNumber": "1Z999AA10123456784",
        }
        at_once = {name: value for name, value in {**tracking, **changes}.items() if value is not None}
        status = {"status": "Shipped", "statusQuantity": units(amount), "trackingInfo": at_once}
        statuses = {"orderLineStatus": [status]}
        return {"lineNumber": line, "sellerOrderId": "SO-20017", "orderLineStatuses": statuses}

    def ships(self, order_id: str, *lines: dict[str, Any]) -> httpx.Response:
        body = {"orderShipment": {"orderLines": {"orderLine": list(lines)}}}
        return self.call("POST", f"/orders/{order_id}/shipping", body)

    def cancels(self, order_id: str, amount: int, reason: str, line: str = "1") -> httpx.Response:
        status = {"status": "Cancelled", "cancellationReason": reason, "statusQuantity": units(amount)}
        told = {"lineNumber": line, "orderLineStatuses": {"orderLineStatus": [status]}}
        body = {"orderCancellation": {"orderLines": {"orderLine": [told]}}}
        return self.call("POST", f"/orders/{order_id}/cancel", body)

    def refunds(self, order_id: str, amount: float, *, line: str = "1", **charge: Any) -> httpx.Response:
        usual = {"chargeType": "PRODUCT", "chargeName": "ItemPrice"}
        money = {**usual, "chargeAmount": {"currency": "USD", "amount": amount}, **charge}
        charges = {"refundCharge": [{"refundReason": "DamagedItem", "charge": money}]}
        told = {"lineNumber": line, "isFullRefund": False, "refunds": {"refund": [{"refundCharges": charges}]}}
        body = {"orderRefund": {"purchaseOrderId": order_id, "orderLines": {"orderLine": [told]}}}
        return self.call("POST", f"/orders/{order_id}/refund", body)

    def order(self, order_id: str) -> Any:
        return self.get(f"/orders/{order_id}")

    def line(self, order_id: str, number: str = "1") -> Any:
        (found,) = [one for one in self.order(order_id)["orderLines"]["orderLine"] if one["lineNumber"] == number]
        return found

    def statuses(self, order_id: str, number: str = "1") -> dict[str, int]:
        """Units of a line by their status."""
        rows = self.line(order_id, number)["orderLineStatuses"]["orderLineStatus"]
        return {row["status"]: int(row["statusQuantity"]["amount"]) for row in rows}

    # Returns

    def gets_back(self, order_id: str, *lines: dict[str, Any]) -> str:
        """The number of a return; no lines: of all that was shipped."""
        return str(self.box.control("POST", f"/orders/{order_id}/returns", {"lines": list(lines)})["return_id"])

    def returned(self, return_id: str) -> Any:
        (found,) = self.get("/returns", returnOrderId=return_id)["returnOrders"]
        return found

    def refunds_return(self, return_id: str, customer_order: str, *lines: dict[str, Any]) -> httpx.Response:
        body = {"customerOrderId": customer_order, "refundLines": list(lines)}
        return self.call("POST", f"/returns/{return_id}/refund", body)
