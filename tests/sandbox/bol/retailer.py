"""A retailer who speaks bol.com's Retailer API by hand."""

import base64
from typing import Any

import httpx

from tests.sandbox.in_process import InProcessSandbox

V10, V11 = "application/vnd.retailer.v10+json", "application/vnd.retailer.v11+json"
MUG = {
    "ean": "8712345678906",
    "reference": "MUG-BLUE-01",
    "condition": {"category": "NEW"},
    "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 12.90}]},
    "stock": {"amount": 25, "managedByRetailer": True},
    "fulfilment": {
        "method": "FBR",
        "schedule": "MY_DELIVERY_PROMISE",
        "deliveryPromise": {"minimumDaysToCustomer": 1, "maximumDaysToCustomer": 2, "ultimateOrderTime": "15:00"},
    },
    "countryAvailabilities": [{"countryCode": "NL"}, {"countryCode": "BE"}],
}


def ask_for_token(box: InProcessSandbox, client_id: str = "demo", secret: str = "any") -> httpx.Response:  # noqa: S107
    credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Accept": "application/json"}
    return box.http.post("/token", data={"grant_type": "client_credentials"}, headers=headers)


class Retailer:
    """One account; the media types are right unless a test says otherwise."""

    def __init__(self, box: InProcessSandbox) -> None:
        self.box = box
        self.account_id = "acct-demo"
        self.sign_in()

    def sign_in(self) -> None:
        self.token = ask_for_token(self.box).json()["access_token"]

    def call(
        self, method: str, path: str, body: Any = None, *, accept: str = "", content_type: str = "", **params: Any
    ) -> httpx.Response:
        usual = V11 if path.startswith("/retailer/offers") else V10
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept or usual}
        if body is not None:
            headers["Content-Type"] = content_type or usual
        query = {name.replace("_", "-"): value for name, value in params.items()}
        return self.box.http.request(method, path, json=body, headers=headers, params=query)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.call("GET", path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def offers(self, mug: dict[str, Any] | None = None, **changes: Any) -> str:
        """The number of an offer that was checked."""
        answer = self.call("POST", "/retailer/offers", {**(mug or MUG), **changes})
        assert answer.status_code == 201, answer.text
        self.box.settle()
        return str(answer.json()["offerId"])

    def process(self, number: str) -> Any:
        return self.get(f"/shared/process-status/{number}")

    def done(self, answer: httpx.Response) -> Any:
        """What became of a call that was taken in."""
        assert answer.status_code == 202, answer.text
        self.box.settle()
        return self.process(answer.json()["processStatusId"])

    def ship(self, *items: dict[str, Any], **more: Any) -> httpx.Response:
        transport = {"transporterCode": "TNT", "trackAndTrace": "3SBOL0987654321"}
        return self.call("POST", "/retailer/shipments", {"orderItems": list(items), "transport": transport, **more})

    def cancel(self, *item_ids: str, reason: str = "OUT_OF_STOCK") -> httpx.Response:
        items = [{"orderItemId": item_id, "reasonCode": reason} for item_id in item_ids]
        return self.call("PUT", "/retailer/orders/cancellation", {"orderItems": items})

    def order(self, order_id: str) -> Any:
        return self.get(f"/retailer/orders/{order_id}")

    def state(self) -> Any:
        return self.box.control("GET", f"/state?account_id={self.account_id}")
