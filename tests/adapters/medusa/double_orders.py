"""The orders of the little Medusa in memory."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.adapters.medusa.double import Double

Json = dict[str, Any]


class Refusal(Exception):
    """The answer is no, with Medusa's word for it."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


class Orders:
    """Orders, their fulfillments and payments; what is reserved for them follows."""

    def __init__(self, shop: "Double") -> None:
        self._shop = shop
        self.rows: dict[str, Json] = {}

    def routes(self) -> Iterator[tuple[str, str, Callable[..., Json]]]:
        yield "GET", "/orders", self._list
        yield "GET", "/orders/([^/]+)", lambda number, asked: {"order": self._shown(number)}
        yield "POST", "/orders/([^/]+)/fulfillments", self.fulfil
        yield "POST", "/orders/([^/]+)/fulfillments/([^/]+)/shipments", self._ship
        yield "POST", "/orders/([^/]+)/cancel", self._cancel
        yield "POST", "/payments/([^/]+)/capture", self._capture
        yield "POST", "/payments/([^/]+)/refund", self._refund

    def buy(self, sku: str, quantity: int, *, payment_status: str = "authorized") -> str:
        """A buyer orders and pays. Returns the order's number."""
        variant, product = next(
            (variant, product)
            for product in self._shop.products.values()
            for variant in product["variants"]
            if variant["sku"] == sku
        )
        price = variant["prices"][0]["amount"]
        at = self._shop.moment()
        item: Json = {
            "id": self._shop.number("ordli"),
            "variant_sku": sku,
            "product_title": product["title"],
            "quantity": quantity,
            "unit_price": price,
            "total": round(price * quantity, 2),
            "tax_total": 0,
            "detail": {"shipped_quantity": 0, "fulfilled_quantity": 0},
        }
        number = self._shop.number("order")
        payment = {"id": self._shop.number("pay"), "amount": item["total"], "captured_at": None, "refunds": []}
        self.rows[number] = {
            "id": number,
            "status": "pending",
            "payment_status": payment_status,
            "fulfillment_status": "not_fulfilled",
            "created_at": at,
            "updated_at": at,
            "email": "buyer@example.test",
            "currency_code": "eur",
            "item_total": item["total"],
            "shipping_total": 0,
            "items": [item],
            "shipping_address": {
                "first_name": "Erika",
                "last_name": "Mustermann",
                "address_1": "Hauptstr. 5",
                "city": "Berlin",
                "postal_code": "10117",
                "country_code": "de",
            },
            "fulfillments": [],
            "payment_collections": [{"payments": [payment]}],
            "inventory_item": variant["inventory_items"][0]["inventory_item_id"],
        }
        return number

    def reserved(self, item: str) -> int:
        """Return what of an inventory item is promised to orders and has not been fulfilled."""
        return sum(
            line["quantity"] - line["detail"]["fulfilled_quantity"]
            for order in self.rows.values()
            if order["inventory_item"] == item and order["status"] != "canceled"
            for line in order["items"]
        )

    def _shown(self, number: str) -> Json:
        if number not in self.rows:
            raise Refusal(404, "not_found", f"Order id not found: {number}")
        shown: Json = json.loads(json.dumps(self.rows[number]))
        return shown

    def _list(self, asked: Json) -> Json:
        rows = sorted(self.rows.values(), key=lambda row: str(row["updated_at"]))
        if "id[]" in asked:
            rows = [row for row in rows if row["id"] in asked["id[]"]]
        if "updated_at[$gte]" in asked:
            rows = [row for row in rows if row["updated_at"] >= asked["updated_at[$gte]"][0]]
        return self._shop.page("orders", [self._shown(row["id"]) for row in rows], asked)

    def fulfil(self, number: str, body: Json) -> Json:
        order = self.rows[number]
        for part in body["items"]:
            line = _line(order, part)
            if line["detail"]["fulfilled_quantity"] + part["quantity"] > line["quantity"]:
                raise Refusal(400, "invalid_data", "Quantity to fulfill exceeds the reserved quantity for the item")
        for part in body["items"]:
            _line(order, part)["detail"]["fulfilled_quantity"] += part["quantity"]
            self._shop.items[order["inventory_item"]]["stocked"] -= part["quantity"]
        made = {
            "id": self._shop.number("ful"),
            "shipped_at": None,
            "canceled_at": None,
            "items": [{"line_item_id": part["id"], "quantity": part["quantity"]} for part in body["items"]],
            "labels": [],
        }
        order["fulfillments"].append(made)
        order["updated_at"] = self._shop.moment()
        return {"fulfillment": made} if self._shop.kind == "mercur" else {"order": self._shown(number)}

    def _ship(self, number: str, fulfillment: str, body: Json) -> Json:
        order = self.rows[number]
        parcel = next(one for one in order["fulfillments"] if one["id"] == fulfillment)
        if parcel["shipped_at"]:
            raise Refusal(400, "not_allowed", "Shipment has already been created")
        order["updated_at"] = parcel["shipped_at"] = self._shop.moment()
        parcel["labels"] = body["labels"]
        for part in body["items"]:
            _line(order, part)["detail"]["shipped_quantity"] += part["quantity"]
        left = sum(line["quantity"] - line["detail"]["shipped_quantity"] for line in order["items"])
        order["fulfillment_status"] = "partially_shipped" if left else "shipped"
        return {"order": self._shown(number)}

    def _cancel(self, number: str, body: Json) -> Json:
        order = self.rows[number]
        if order["fulfillments"]:
            raise Refusal(400, "not_allowed", "All fulfillments must be canceled before canceling an order")
        order |= {"status": "canceled", "payment_status": "canceled", "updated_at": self._shop.moment()}
        return {"order": self._shown(number)}

    def _capture(self, number: str, body: Json) -> Json:
        """The money is here, and no date of the order has moved."""
        order, payment = self._payment(number)
        payment["captured_at"] = payment["captured_at"] or self._shop.moment()
        order["payment_status"] = "captured"
        return {"payment": payment}

    def _refund(self, number: str, body: Json) -> Json:
        """It may be a cent more than what is left."""
        order, payment = self._payment(number)
        given_back = sum(one["amount"] for one in payment["refunds"]) + body["amount"]
        if given_back > (payment["amount"] if payment["captured_at"] else 0) + 0.011:
            raise Refusal(400, "invalid_data", "You are not allowed to refund more than the captured amount")
        payment["refunds"].append({"amount": body["amount"], "note": body.get("note")})
        order |= {"payment_status": "partially_refunded", "updated_at": self._shop.moment()}
        return {"payment": payment}

    def _payment(self, number: str) -> tuple[Json, Json]:
        return next(
            (order, payment)
            for order in self.rows.values()
            for payment in order["payment_collections"][0]["payments"]
            if payment["id"] == number
        )


def _line(order: Json, part: Json) -> Json:
    return next(line for line in order["items"] if line["id"] == part["id"])
