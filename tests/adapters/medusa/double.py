"""A little Medusa in memory, for tests where no real one can be had: as much of it as the adapter calls.

It answers as the real servers were seen to answer, their quirks included. That they still do is what the live test
shows (tests/live), which runs the same promises against them.
"""

import base64
import itertools
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

import httpx

from marketplace_integration import clock
from tests.adapters.medusa.double_orders import Json, Orders, Refusal

SECRET = "the-sellers-secret"
REDACTED = "the-se***ret"
LOCATION, PROFILE, CHANNEL, SELLER = "sloc_1", "sp_1", "sc_1", "sel_1"


class Double:
    """One shop, or one seller's view of a marketplace. Call it with a request."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.root = "/vendor" if kind == "mercur" else "/admin"
        self.products: dict[str, Json] = {}
        #: Inventory item -> its SKU, and what is in stock of it; None before it was counted.
        self.items: dict[str, Json] = {}
        self.location: Json = {"id": LOCATION, "name": "Warehouse", "sales_channels": [{"id": CHANNEL}]}
        self.orders = Orders(self)
        self.skus_of_others: set[str] = set()
        self.keys: list[Json] = [{"id": "apk_1", "redacted": REDACTED, "revoked_at": None}]
        self._numbers = itertools.count(1)
        self._moment = clock.now()
        self._routes = list(self._all_routes())

    def number(self, prefix: str) -> str:
        """Return a number that grows, as theirs do."""
        return f"{prefix}_{next(self._numbers):08}"

    def moment(self) -> str:
        """Return a moment later than all before it."""
        self._moment = max(clock.now(), self._moment + timedelta(milliseconds=1))
        return self._moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    # --- answering ----------------------------------------------------------------------------------------------------

    def __call__(self, request: httpx.Request) -> httpx.Response:
        date = {"date": format_datetime(clock.now(), usegmt=True)}
        try:
            return httpx.Response(200, json=self._answer(request), headers=date)
        except Refusal as no:
            return httpx.Response(no.status, json={"type": no.kind, "message": str(no)}, headers=date)

    def _answer(self, request: httpx.Request) -> Json:
        body: Json = json.loads(request.content) if request.content else {}
        if request.url.path == "/auth/member/emailpass":
            return self._sign_in(body)
        self._check_sign_in(request)
        path = request.url.path.removeprefix(self.root)
        asked = dict(parse_qs(request.url.query.decode()))
        for method, pattern, do in self._routes:
            if request.method == method and (found := re.fullmatch(pattern, path)):
                return do(*found.groups(), asked if method == "GET" else body)
        raise Refusal(404, "not_found", f"Cannot {request.method} {path}")

    def _sign_in(self, body: Json) -> Json:
        if body["password"] != SECRET:
            raise Refusal(401, "unauthorized", "Invalid email or password")
        claims = base64.urlsafe_b64encode(json.dumps({"iat": 0, "exp": 86400}).encode()).decode().rstrip("=")
        return {"token": f"head.{claims}.signed"}

    def _check_sign_in(self, request: httpx.Request) -> None:
        given = request.headers.get("authorization", "")
        key = f"Basic {base64.b64encode(f'{SECRET}:'.encode()).decode()}"
        good = given.endswith(".signed") if self.kind == "mercur" else given == key
        if not good:
            raise Refusal(401, "", "Unauthorized")
        if (
            self.kind == "mercur"
            and request.url.path != "/vendor/sellers"
            and request.headers.get("x-seller-id") != SELLER
        ):
            raise Refusal(400, "not_allowed", "You are not a member of this seller account")

    def _all_routes(self) -> Iterator[tuple[str, str, Callable[..., Json]]]:
        seller = {"id": SELLER, "name": "Alpha", "currency_code": "eur"}
        store = {
            "id": "store_1",
            "name": "Store",
            "default_sales_channel_id": CHANNEL,
            "supported_currencies": [{"currency_code": "eur", "is_default": True}],
        }
        yield "GET", "/sellers", lambda asked: {"seller_members": [{"seller_id": SELLER, "seller": seller}]}
        yield "GET", "/stores", lambda asked: {"stores": [store]}
        yield "GET", "/stock-locations", lambda asked: {"stock_locations": [self.location]}
        yield "GET", "/shipping-profiles", lambda asked: {"shipping_profiles": [{"id": PROFILE, "type": "default"}]}
        yield "GET", "/sales-channels", lambda asked: {"sales_channels": [{"id": CHANNEL, "name": "Default"}]}
        yield "GET", "/payments", lambda asked: {"payments": []}
        yield "GET", "/products", self._list_products
        yield "POST", "/products", lambda body: {"product": self._create(body)}
        if self.kind == "medusa":
            yield "GET", "/api-keys", lambda asked: {"api_keys": self.keys}
            yield "POST", "/products/batch", self._create_many
            yield "POST", "/products/([^/]+)/options/batch", self._add_values
        else:
            yield "POST", "/products/([^/]+)/options/([^/]+)", self._set_values
        yield "POST", "/products/([^/]+)/variants", self._add_variant
        yield "POST", "/products/([^/]+)/variants/([^/]+)", self._change_variant
        yield "DELETE", "/products/([^/]+)/variants/([^/]+)", self._delete_variant
        yield "POST", "/products/([^/]+)", self._change
        yield "GET", "/inventory-items", self._list_items
        yield "POST", "/inventory-items/location-levels/batch", self._count
        yield from self.orders.routes()

    # --- products -----------------------------------------------------------------------------------------------------

    def _list_products(self, asked: Json) -> Json:
        rows = list(self.products.values())
        for name in ("id", "external_id"):
            if f"{name}[]" in asked:
                rows = [row for row in rows if row[name] in asked[f"{name}[]"]]
        return self.page("products", [self._shown(row) for row in rows], asked)

    def page(self, name: str, rows: list[Json], asked: Json) -> Json:
        limit, offset = int(asked.get("limit", ["50"])[0]), int(asked.get("offset", ["0"])[0])
        return {name: rows[offset : offset + limit], "count": len(rows), "offset": offset, "limit": limit}

    def _shown(self, product: Json) -> Json:
        """Return the product with what is in stock of its variants."""
        shown: Json = json.loads(json.dumps(product))
        for variant in shown["variants"]:
            item = variant["inventory_items"][0]["inventory_item_id"]
            variant["inventory_items"][0]["inventory"] = {"location_levels": self._levels(item)}
        return shown

    def _levels(self, item: str) -> list[Json]:
        stocked = self.items[item]["stocked"]
        level = {"location_id": LOCATION, "inventory_item_id": item, "stocked_quantity": stocked}
        return [] if stocked is None else [level | {"reserved_quantity": self.orders.reserved(item)}]

    def _create(self, body: Json) -> Json:
        options = {option["title"]: option["values"] for option in body["options"]}
        product: Json = {
            "id": self.number("prod"),
            "status": body.get("status", "draft"),
            "title": body["title"],
            "external_id": body.get("external_id"),
            "options": [
                {"id": self.number("opt"), "title": title, "values": [{"value": value} for value in values]}
                for title, values in options.items()
            ],
            "variants": [],
        }
        made = [self._make_variant(product, variant) for variant in body["variants"]]
        for variant in made:
            self._put(product, variant)
        self.products[product["id"]] = product
        return self._shown(product)

    def _create_many(self, body: Json) -> Json:
        kept = dict(self.products), dict(self.items)
        try:
            return {"created": [self._create(one) for one in body["create"]], "updated": [], "deleted": []}
        except Refusal:
            self.products, self.items = kept
            raise

    def _make_variant(self, product: Json, body: Json) -> Json:
        """Return the variant. Refuses a SKU or GTIN that is there already, unknown values, and a combination twice."""
        everywhere = [one for other in self.products.values() for one in other["variants"]] + product["variants"]
        if body["sku"] in self.skus_of_others or body["sku"] in [one["sku"] for one in everywhere]:
            raise Refusal(400, "invalid_data", f"Product variant with sku: {body['sku']}, already exists.")
        if body.get("ean") and body["ean"] in [one.get("ean") for one in everywhere]:
            raise Refusal(400, "invalid_data", f"Product variant with ean: {body['ean']}, already exists.")
        for option in product["options"]:
            value = body["options"].get(option["title"])
            if value not in [one["value"] for one in option["values"]]:
                raise Refusal(400, "invalid_data", f"Option value {value} does not exist for option {option['title']}")
        if body["options"] in [_options(one) for one in product["variants"]]:
            raise Refusal(400, "invalid_data", f"Variant ({body['title']}) with provided options already exists.")
        variant: Json = {"id": self.number("variant"), "sku": body["sku"]}
        return variant | _said(body)

    def _put(self, product: Json, variant: Json) -> None:
        item = self.number("iitem")
        self.items[item] = {"sku": variant["sku"], "stocked": None}
        variant["inventory_items"] = [{"inventory_item_id": item}]
        product["variants"].append(variant)

    def _product(self, number: str) -> Json:
        if number not in self.products:
            raise Refusal(404, "not_found", f"Product with id: {number} was not found")
        return self.products[number]

    def _change(self, number: str, body: Json) -> Json:
        product = self._product(number)
        product |= {name: value for name, value in body.items() if name in ("title", "status")}
        if "variants" in body:  # what is not named is deleted
            named = {one.get("id") for one in body["variants"]}
            product["variants"] = [one for one in product["variants"] if one["id"] in named]
        return {"product": self._shown(product)}

    def _add_variant(self, number: str, body: Json) -> Json:
        product = self._product(number)
        self._put(product, self._make_variant(product, body))
        return {"product": self._shown(product)}

    def _change_variant(self, number: str, variant: str, body: Json) -> Json:
        """A variant that is not there is changed with success."""
        product = self._product(number)
        for one in product["variants"]:
            if one["id"] == variant:
                one |= _said(body)
        return {"product": self._shown(product)}

    def _delete_variant(self, number: str, variant: str, body: Json) -> Json:
        product = self._product(number)
        for one in product["variants"]:
            item = one["inventory_items"][0]["inventory_item_id"]
            if one["id"] == variant and self.orders.reserved(item):
                raise Refusal(400, "invalid_data", f"Cannot remove following inventory item(s): [{item}].")
        product["variants"] = [one for one in product["variants"] if one["id"] != variant]
        return {"id": variant, "deleted": True}

    def _set_values(self, number: str, option: str, body: Json) -> Json:
        for one in self._product(number)["options"]:
            if one["id"] == option:
                one["values"] = [{"value": value} for value in body["values"]]
        return {"product": self._shown(self.products[number])}

    def _add_values(self, number: str, body: Json) -> Json:
        for change in body["update"]:
            for one in self._product(number)["options"]:
                if one["id"] == change["product_option_id"]:
                    one["values"] += change["add"]
        return {"product": self._shown(self.products[number])}

    # --- stock --------------------------------------------------------------------------------------------------------

    def _list_items(self, asked: Json) -> Json:
        of = {
            variant["inventory_items"][0]["inventory_item_id"]: {"id": variant["id"], "product_id": product["id"]}
            for product in self.products.values()
            for variant in product["variants"]
        }
        rows = [
            {"id": item, "sku": one["sku"], "variants": [of[item]], "location_levels": self._levels(item)}
            for item, one in self.items.items()
            if item in of and (item in asked.get("id[]", ()) or one["sku"] in asked.get("sku[]", ()))
        ]
        return self.page("inventory_items", rows, asked)

    def _count(self, body: Json) -> Json:
        """One bad row refuses all of them."""
        for row in body.get("update", ()):
            if self.items.get(row["inventory_item_id"], {"stocked": None})["stocked"] is None:
                raise Refusal(
                    404, "not_found", f"Item {row['inventory_item_id']} is not stocked at location {LOCATION}"
                )
        for row in body.get("create", ()):
            if row["inventory_item_id"] not in self.items:
                raise Refusal(404, "not_found", f"You tried to set relationship {row['inventory_item_id']}")
            if self.items[row["inventory_item_id"]]["stocked"] is not None:
                raise Refusal(400, "invalid_data", f"Inventory level {row['inventory_item_id']} already exists.")
        for name in ("create", "update"):
            for row in body.get(name, ()):
                self.items[row["inventory_item_id"]]["stocked"] = row["stocked_quantity"]
        shown = {
            name: [self._levels(row["inventory_item_id"])[0] for row in body.get(name, ())]
            for name in ("create", "update")
        }
        return {"created": shown["create"], "updated": shown["update"]}


def _options(variant: Json) -> dict[str, str]:
    return {one["option"]["title"]: one["value"] for one in variant["options"]}


def _said(body: Json) -> Json:
    """Return what a body says of a variant, as it is shown."""
    said = {name: value for name, value in body.items() if name in ("title", "prices", "ean", "upc", "barcode")}
    if "options" in body:
        said["options"] = [{"value": value, "option": {"title": title}} for title, value in body["options"].items()]
    return said
