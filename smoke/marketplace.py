"""The sandbox's control API: buyers buy, strays appear, and what it shows is the judge's word."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from smoke.files import Sale

#: Orders in one call.
_ORDERS = 200


@dataclass(frozen=True)
class State:
    """Everything about our account, as the marketplace has it at one moment."""

    listings: dict[str, dict[str, Any]]
    orders: dict[str, dict[str, Any]]
    shipments: list[dict[str, Any]]
    cancellations: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    #: What buyers sent back.
    returns: list[dict[str, Any]] = field(default_factory=list)

    @property
    def active(self) -> dict[str, dict[str, Any]]:
        return {sku: listing for sku, listing in self.listings.items() if listing["status"] == "active"}


class Marketplace:
    def __init__(self, url: str) -> None:
        self.url = url
        self.account_id = ""
        self._client = httpx.Client(base_url=f"{url}/control", timeout=60, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def find_account(self, client_id: str = "") -> str:
        """Return the account that a client id opened, or the only one; the other calls are about it from now on."""
        found = [one for one in self._get("/accounts")["accounts"] if client_id in ("", one["client_id"])]
        if len(found) != 1:
            raise LookupError(f"The marketplace has {len(found)} accounts of {client_id or 'anybody'}.")
        self.account_id = found[0]["account_id"]
        return self.account_id

    def settle_in(self, **settings: Any) -> None:
        """The marketplace is set up like this."""
        self._client.put("/settings", json=settings).raise_for_status()

    def add_fault(self, fault: Mapping[str, Any]) -> None:
        """This fault is on as well."""
        self._post("/faults", fault)

    def remove_faults(self, name: str = "") -> None:
        """The fault of this name is off, or all of them; what was stuck goes on."""
        self._client.delete("/faults", params={"name": name} if name else {}).raise_for_status()

    def events(self) -> list[dict[str, Any]]:
        """Return all that ever changed on the account, in order."""
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            told = self._get("/events", account_id=self.account_id, after=str(after), limit="10000")
            found += told["events"]
            if not told["events"]:
                return found
            after = told["last_event_id"]

    def offer_to_buy(self, sales: Sequence[Sale]) -> dict[str, dict[str, Any]]:
        """Buyers try to place these orders now. Returns each answer by our reference; some may be refused."""
        answer = self._post("/buy-many", {"orders": [self._purchase(sale) for sale in sales]})
        return {sale.ref: result for sale, result in zip(sales, answer["orders"], strict=True)}

    def buy(self, sales: Sequence[Sale]) -> dict[str, str]:
        """Buyers place these orders now. Returns the marketplace's order id by our reference. None may be refused."""
        placed: dict[str, str] = {}
        for start in range(0, len(sales), _ORDERS):
            part = sales[start : start + _ORDERS]
            for ref, result in self.offer_to_buy(part).items():
                if "order_id" not in result:
                    raise RuntimeError(f"The sandbox refused order {ref}: {result}")
                placed[ref] = result["order_id"]
        return placed

    def ask_to_cancel(self, order_id: str) -> None:
        self._post(f"/orders/{order_id}/request-cancellation", {"reason": "I ordered twice."})

    def cancel_by_buyer(self, order_id: str) -> None:
        self._post(f"/orders/{order_id}/cancel", {"reason": "I changed my mind."})

    def send_back(self, order_id: str, sku: str, quantity: int) -> None:
        """The buyer sends back what was shipped."""
        lines = self.state().orders[order_id]["lines"]
        sent = [{"line_id": line["id"], "quantity": quantity} for line in lines if line["sku"] == sku]
        self._post(f"/orders/{order_id}/returns", {"lines": sent[:1]})

    def put_strays(self, skus: Iterable[str]) -> None:
        """Listings exist that nobody of ours made."""
        strays = [{"sku": sku, "title": f"Left over {sku}", "price": "9.99", "quantity": 3} for sku in skus]
        self._post("/listings", {"account_id": self.account_id, "listings": strays})

    def vanish(self, skus: Iterable[str]) -> None:
        """Listings are gone, and nobody was told."""
        self._post("/listings/remove", {"account_id": self.account_id, "skus": list(skus)})

    def state(self) -> State:
        told = self._get("/state", account_id=self.account_id)
        return State(
            listings={listing["sku"]: listing for listing in told["listings"]},
            orders={order["id"]: order for order in told["orders"]},
            shipments=told["shipments"],
            cancellations=told["cancellations"],
            refunds=told["refunds"],
            returns=told.get("returns", []),
        )

    def _purchase(self, sale: Sale) -> dict[str, Any]:
        lines = [{"sku": line.sku, "quantity": line.quantity, "amount": str(line.amount)} for line in sale.lines]
        return {"account_id": self.account_id, "lines": lines, "ref": sale.ref}

    def _get(self, path: str, **params: str) -> Any:
        return self._client.get(path, params=params).raise_for_status().json()

    def _post(self, path: str, body: Any) -> Any:
        answer = self._client.post(path, json=body)
        if answer.is_error:
            raise RuntimeError(f"The sandbox says {answer.status_code} to {path}: {answer.text[:500]}")
        return answer.json()
