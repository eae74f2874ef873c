"""The other people at a marketplace: its operator, sellers who register, buyers who order. Plain calls of its API.

None of this is the adapter's: what it shows is what the proofs are judged by.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from tests.live.server import OPERATOR, OPERATOR_PASSWORD

_ADDRESS = {
    "first_name": "Erika",
    "last_name": "Mustermann",
    "address_1": "Hauptstr. 5",
    "city": "Berlin",
    "postal_code": "10117",
    "country_code": "de",
    "phone": "+49301234567",
}
_COUNTRIES = ("de", "fr", "nl", "pl")
_SELLER_PASSWORD = "a-sellers-password"  # noqa: S105
SHIPPING = Decimal(5)

Json = dict[str, Any]


class Refused(Exception):
    """The server said no."""


@dataclass(frozen=True)
class Login:
    """One account as the settings page of the product asks for it."""

    flavour: str
    base_url: str
    email: str
    secret: str
    seller_id: str
    location_id: str


class Api:
    """Calls of one person. `sign_in` gives the headers, again when they have run out."""

    def __init__(self, client: httpx.Client, sign_in: Callable[[], Mapping[str, str]] = dict) -> None:
        self._client = client
        self._sign_in = sign_in
        self._headers = sign_in()

    def __call__(self, method: str, path: str, body: Any = None, **params: Any) -> Json:
        answer = self._send(method, path, body, params)
        if answer.status_code == 401:
            self._headers = self._sign_in()
            answer = self._send(method, path, body, params)
        if answer.is_error:
            raise Refused(f"{answer.status_code} {method} {path}: {answer.text[:500]}")
        told: Json = answer.json()
        return told

    def _send(self, method: str, path: str, body: Any, params: Mapping[str, Any]) -> httpx.Response:
        return self._client.request(method, path, json=body, params=params, headers=self._headers)


class BackOffice:
    """Everything about one server that is not the seller's program."""

    def __init__(self, kind: str, url: str, logins: Sequence[Login] = ()) -> None:
        self.kind = kind
        self.url = url
        self.logins = list(logins)
        self.shipping = SHIPPING
        self._client = httpx.Client(base_url=url, timeout=120, trust_env=False)
        self._sellers: dict[str, Api] = {}

    @cached_property
    def operator(self) -> Api:
        credentials = {"email": OPERATOR, "password": OPERATOR_PASSWORD}
        return Api(self._client, lambda: self._bearer("user", credentials))

    def _bearer(self, kind: str, credentials: Mapping[str, str]) -> dict[str, str]:
        token = Api(self._client)("POST", f"/auth/{kind}/emailpass", dict(credentials))["token"]
        return {"authorization": f"Bearer {token}"}

    def close(self) -> None:
        self._client.close()

    @property
    def has_sellers(self) -> bool:
        return self.kind == "mercur"

    def save(self, path: Path) -> None:
        path.write_text(
            json.dumps({"kind": self.kind, "url": self.url, "logins": [asdict(one) for one in self.logins]})
        )

    @classmethod
    def load(cls, path: Path) -> "BackOffice":
        told = json.loads(path.read_text())
        return cls(told["kind"], told["url"], [Login(**one) for one in told["logins"]])

    # --- set-up -------------------------------------------------------------------------------------------------------

    def open_shop(self, *sellers: str, shipping: Decimal = SHIPPING) -> None:
        """The store sells in euros to some countries, and these sellers (or the shop itself) can sign in."""
        self.shipping = shipping
        store = self.operator("GET", "/admin/stores")["stores"][0]["id"]
        channel = self._sales_channel()
        currencies = [{"currency_code": "eur", "is_default": True}, {"currency_code": "usd", "is_default": False}]
        body = {"default_sales_channel_id": channel, "supported_currencies": currencies}
        self.operator("POST", f"/admin/stores/{store}", body)
        region = {
            "name": "Europe",
            "currency_code": "eur",
            "countries": list(_COUNTRIES),
            "payment_providers": ["pp_system_default"],
        }
        self.operator("POST", "/admin/regions", region)
        self.operator("POST", "/admin/tax-regions", {"country_code": "de", "provider_id": "tp_system"})
        self.logins = [self._register(name) for name in sellers] if self.has_sellers else [self._shop()]

    def _shop(self) -> Login:
        location = self._equip(self.operator, "/admin", "Shop")
        key = self.operator("POST", "/admin/api-keys", {"title": "live", "type": "secret"})["api_key"]["token"]
        return Login(self.kind, self.url, "", key, "", location)

    def _register(self, name: str) -> Login:
        email = f"{name.lower().replace(' ', '-')}@live.example"
        credentials = {"email": email, "password": _SELLER_PASSWORD}
        token = Api(self._client)("POST", "/auth/member/emailpass/register", credentials)["token"]
        body = {"name": name, "email": email, "member_email": email, "first_name": name, "currency_code": "eur"}
        newcomer = Api(self._client, lambda: {"authorization": f"Bearer {token}"})
        seller = newcomer("POST", "/vendor/sellers", body)["seller"]["id"]
        self.operator("POST", f"/admin/sellers/{seller}/approve")
        login = Login(self.kind, self.url, email, _SELLER_PASSWORD, seller, "")
        location = self._equip(self.seller_api(login), "/vendor", name)
        return Login(self.kind, self.url, email, _SELLER_PASSWORD, seller, location)

    def _equip(self, api: Api, root: str, name: str) -> str:
        """The account has a stock location that ships to the region. Returns the location."""
        address = {"address_1": "Lagerweg 1", "city": "Berlin", "postal_code": "10115", "country_code": "de"}
        made = api("POST", f"{root}/stock-locations", {"name": f"{name} warehouse", "address": address})
        place = f"{root}/stock-locations/{made['stock_location']['id']}"
        api("POST", f"{place}/sales-channels", {"add": [self._sales_channel()]})
        api("POST", f"{place}/fulfillment-providers", {"add": ["manual_manual"]})
        body = {"name": f"{name} shipping", "type": "shipping"}
        sets = api("POST", f"{place}/fulfillment-sets", body, fields="*fulfillment_sets")
        fulfillment_set = sets["stock_location"]["fulfillment_sets"][0]["id"]
        zones = [{"type": "country", "country_code": country} for country in _COUNTRIES]
        zone_body = {"name": f"{name} zone", "geo_zones": zones}
        zone = api("POST", f"{root}/fulfillment-sets/{fulfillment_set}/service-zones", zone_body)
        self._add_shipping_option(api, root, name, zone["fulfillment_set"]["service_zones"][0]["id"])
        return str(made["stock_location"]["id"])

    def _add_shipping_option(self, api: Api, root: str, name: str, zone: str) -> None:
        profiles = api("GET", f"{root}/shipping-profiles")["shipping_profiles"] or [
            api("POST", f"{root}/shipping-profiles", {"name": f"{name} profile", "type": "default"})["shipping_profile"]
        ]
        option = {
            "name": f"{name} standard",
            "service_zone_id": zone,
            "shipping_profile_id": profiles[0]["id"],
            "provider_id": "manual_manual",
            "price_type": "flat",
            "type": {"label": "Standard", "description": "2-3 days", "code": "standard"},
            "prices": [{"currency_code": "eur", "amount": float(self.shipping)}],
            "rules": [
                {"attribute": "enabled_in_store", "operator": "eq", "value": "true"},
                {"attribute": "is_return", "operator": "eq", "value": "false"},
            ],
        }
        api("POST", f"{root}/shipping-options", option)

    def _sales_channel(self) -> str:
        return str(self.operator("GET", "/admin/sales-channels")["sales_channels"][0]["id"])

    def seller_api(self, login: Login) -> Api:
        """Return the seller's own way in, as the panel uses it."""
        who = login.email or login.secret
        if who not in self._sellers:
            self._sellers[who] = Api(self._client, lambda: self._headers_of(login))
        return self._sellers[who]

    def _headers_of(self, login: Login) -> dict[str, str]:
        if not self.has_sellers:
            return {"authorization": f"Basic {base64.b64encode(f'{login.secret}:'.encode()).decode()}"}
        credentials = {"email": login.email, "password": login.secret}
        return {**self._bearer("member", credentials), "x-seller-id": login.seller_id}

    # --- what is there ------------------------------------------------------------------------------------------------

    def root(self) -> str:
        return "/vendor" if self.has_sellers else "/admin"

    def listings(self, login: Login) -> dict[str, Json]:
        """Return what the seller has on sale, by SKU: price, what is free, the product and its number of variants."""
        fields = (
            "id,status,external_id,variants.id,variants.sku,variants.prices.amount,variants.prices.currency_code,"
            "variants.inventory_items.inventory_item_id,"
            "variants.inventory_items.inventory.location_levels.stocked_quantity,"
            "variants.inventory_items.inventory.location_levels.reserved_quantity"
        )
        rows = self.seller_api(login)("GET", f"{self.root()}/products", limit=5000, fields=fields)["products"]
        return {
            variant["sku"]: {
                "product": row["id"],
                "variant": variant["id"],
                # For a moment a new variant has no stock that could be counted, and not even the list of its prices.
                "stock": next((item["inventory_item_id"] for item in variant["inventory_items"]), ""),
                "external_id": row["external_id"],
                "variants": len(row["variants"]),
                "price": next((Decimal(str(price["amount"])) for price in variant.get("prices") or []), None),
                "free": _free(variant),
            }
            for row in rows
            if row["status"] == "published"
            for variant in row["variants"]
        }

    def order(self, number: str) -> Json:
        fields = (
            "id,status,total,summary,payment_status,fulfillment_status,updated_at,items.*,items.detail.*,"
            "*fulfillments,*fulfillments.labels,*payment_collections.payments,*payment_collections.payments.refunds"
        )
        order: Json = self.operator("GET", f"/admin/orders/{number}", fields=fields)["order"]
        return order

    def shipped(self, number: str) -> int:
        return sum(int(line["detail"]["shipped_quantity"]) for line in self.order(number)["items"])

    def refunded(self, number: str) -> Decimal:
        payments = [one for group in self.order(number)["payment_collections"] for one in group["payments"]]
        amounts = [Decimal(str(refund["amount"])) for one in payments for refund in one["refunds"]]
        return sum(amounts, Decimal(0))

    # --- buyers and the operator --------------------------------------------------------------------------------------

    def buy(self, lines: Mapping[str, int]) -> list[str]:
        """A buyer orders these variants (by number) and pays. Returns the orders: one for each seller."""
        store, region = self._store
        person = {"email": "buyer@live.example", "shipping_address": _ADDRESS, "billing_address": _ADDRESS}
        cart = store("POST", "/store/carts", {"region_id": region, **person})["cart"]["id"]
        for variant, quantity in lines.items():
            store("POST", f"/store/carts/{cart}/line-items", {"variant_id": variant, "quantity": quantity})
        options = store("GET", "/store/shipping-options", cart_id=cart)["shipping_options"]
        for group in options.values() if isinstance(options, dict) else [options]:
            store("POST", f"/store/carts/{cart}/shipping-methods", {"option_id": group[0]["id"]})
        payment = store("POST", "/store/payment-collections", {"cart_id": cart})["payment_collection"]["id"]
        provider = {"provider_id": "pp_system_default"}
        store("POST", f"/store/payment-collections/{payment}/payment-sessions", provider)
        placed = store("POST", f"/store/carts/{cart}/complete")
        if placed["type"] == "order":
            return [str(placed["order"]["id"])]
        if placed["type"] != "order_group":
            raise Refused(f"The cart was not completed: {placed}")
        group = self.operator("GET", f"/admin/order-groups/{placed['order_group']['id']}", fields="id,orders.id")
        return [str(one["id"]) for one in group["order_group"]["orders"]]

    def place(self, sku: str, quantity: int) -> str:
        """A buyer orders from the first seller. Returns the order."""
        return self.buy({self.listings(self.logins[0])[sku]["variant"]: quantity})[0]

    @cached_property
    def _store(self) -> tuple[Api, str]:
        """The buyers' way in, and the region in which they are."""
        key = self.operator("GET", "/admin/api-keys", type="publishable")["api_keys"][0]["token"]
        region = self.operator("GET", "/admin/regions")["regions"][0]["id"]
        return Api(self._client, lambda: {"x-publishable-api-key": key}), str(region)

    def cancel(self, number: str) -> None:
        """The operator cancels behind the seller's back."""
        self.operator("POST", f"/admin/orders/{number}/cancel")

    def tamper(self, login: Login, skus: Sequence[str], *, stray: str) -> None:
        """Of three listings one costs something else, one has another quantity, one is hidden; a fourth appears."""
        api, root, shown = self.seller_api(login), self.root(), self.listings(login)
        dear, many, hidden = (shown[sku] for sku in skus)
        prices = {"prices": [{"currency_code": "eur", "amount": 99.5}]}
        api("POST", f"{root}/products/{dear['product']}/variants/{dear['variant']}", prices)
        level = {"inventory_item_id": many["stock"], "location_id": login.location_id, "stocked_quantity": 77}
        api("POST", f"{root}/inventory-items/location-levels/batch", {"update": [level]})
        api("POST", f"{root}/products/{hidden['product']}", {"status": "draft"})
        self.make_product(login, stray, ("ONE",))

    def make_product(self, login: Login, name: str, kinds: Sequence[str]) -> Json:
        """The seller made a product by hand, with a variant for each kind. Returns it."""
        api, root = self.seller_api(login), self.root()
        profile = api("GET", f"{root}/shipping-profiles")["shipping_profiles"][0]["id"]
        prices = [{"currency_code": "eur", "amount": 10}]
        body = {
            "title": name,
            "status": "published",
            "shipping_profile_id": profile,
            "sales_channels": [{"id": self._sales_channel()}],
            "options": [{"title": "Kind", "values": list(kinds)}],
            "variants": [
                {"title": kind, "sku": f"{name}-{kind}", "options": {"Kind": kind}, "prices": prices} for kind in kinds
            ],
        }
        fields = "id,variants.id,variants.sku,variants.inventory_items.inventory_item_id"
        made: Json = api("POST", f"{root}/products", body, fields=fields)["product"]
        return made

    def level(self, login: Login, variant: Json, count: int) -> Json:
        """Return a row that counts a variant at the seller's location."""
        item = variant["inventory_items"][0]["inventory_item_id"]
        return {"inventory_item_id": item, "location_id": login.location_id, "stocked_quantity": count}

    def occupy(self, sku: str) -> None:
        """Something else on the server has this SKU."""
        self.operator("POST", "/admin/inventory-items", {"sku": sku})

    def clear(self) -> None:
        """No product and no open order is left of earlier tests."""
        for held in self.operator("GET", "/admin/reservations", limit=1000)["reservations"]:
            self.operator("DELETE", f"/admin/reservations/{held['id']}")
        for product in self.operator("GET", "/admin/products", limit=1000, fields="id")["products"]:
            self.operator("DELETE", f"/admin/products/{product['id']}")
        for item in self.operator("GET", "/admin/inventory-items", limit=1000, fields="id")["inventory_items"]:
            self.operator("DELETE", f"/admin/inventory-items/{item['id']}")


def _free(variant: Json) -> int:
    levels = [level for item in variant["inventory_items"] for level in item["inventory"]["location_levels"]]
    return sum(level["stocked_quantity"] - level["reserved_quantity"] for level in levels)
