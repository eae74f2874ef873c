"""A shop that speaks Mirakl's seller API by hand."""

import csv
import io
from typing import Any

import httpx

from tests.sandbox.in_process import InProcessSandbox

EAN = "4006381333931"
KEY = "8f2c-a-key"


def csv_of(*rows: dict[str, Any]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def lines_of(report: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report), delimiter=";"))


def offer(sku: str, **more: Any) -> dict[str, Any]:
    """A line of an offer file."""
    usual = {"sku": sku, "product-id": EAN, "product-id-type": "EAN", "price": "12.90", "quantity": "25", "state": "11"}
    return {**usual, "update-delete": "update", **{name.replace("_", "-"): value for name, value in more.items()}}


class Shop:
    """One shop, by its API key."""

    def __init__(self, box: InProcessSandbox, key: str = KEY) -> None:
        self.box, self.key = box, key

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": self.key}
        return self.box.http.request(method, f"/api{path}", json=body, headers=headers, **more)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def does(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """What is done and not refused."""
        answer = self.call(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer

    def uploads(self, path: str, *rows: dict[str, Any], **form: str) -> httpx.Response:
        return self.call("POST", path, files={"file": ("file.csv", csv_of(*rows), "text/csv")}, data=form)

    def sends(self, *rows: dict[str, Any], **form: str) -> int:
        """The number of an import of offers."""
        answer = self.uploads("/offers/imports", *rows, import_mode="NORMAL", **form)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["import_id"])

    def imported(self, *rows: dict[str, Any], **form: str) -> Any:
        """What became of an import of offers."""
        number = self.sends(*rows, **form)
        self.box.settle()
        return self.get(f"/offers/imports/{number}")

    def offers_report(self, number: int) -> list[dict[str, str]]:
        return lines_of(self.does("GET", f"/offers/imports/{number}/error_report").text)

    def offer(self, sku: str) -> Any:
        (found,) = self.get("/offers", sku=sku)["offers"]
        return found

    @property
    def account_id(self) -> str:
        (account,) = self.box.control("GET", "/accounts")["accounts"]
        return str(account["account_id"])

    def sells(self, quantity: int = 2, skus: tuple[str, ...] = ("MUG",), **more: Any) -> str:
        """The number of an order about these, listed before."""
        self.imported(*(offer(sku) for sku in skus))
        return str(self.box.buy(self.account_id, *((sku, quantity) for sku in skus), **more)["id"])

    def ready(self, quantity: int = 2, skus: tuple[str, ...] = ("MUG",), **more: Any) -> str:
        """The number of an order that was accepted, and paid for."""
        order_id = self.sells(quantity, skus, **more)
        self.accepts(order_id)
        self.box.pass_seconds(1)
        return order_id

    def accepts(self, order_id: str, *refused: str) -> httpx.Response:
        lines = [line["order_line_id"] for line in self.order(order_id)["order_lines"]]
        decisions = [{"id": line, "accepted": line not in refused} for line in lines]
        return self.call("PUT", f"/orders/{order_id}/accept", {"order_lines": decisions})

    def order(self, order_id: str) -> Any:
        (found,) = self.get("/orders", order_ids=order_id)["orders"]
        return found

    def states(self, order_id: str) -> list[str]:
        return [line["order_line_state"] for line in self.order(order_id)["order_lines"]]

    def refunds(self, line_id: str, amount: float, **more: Any) -> httpx.Response:
        usual = {"order_line_id": line_id, "amount": amount, "shipping_amount": 0, "reason_code": "21"}
        return self.call("PUT", "/orders/refund", {"refunds": [{**usual, **more}]})

    def cancels(self, line_id: str, quantity: int, amount: float, **more: Any) -> httpx.Response:
        usual = {"order_line_id": line_id, "quantity": quantity, "amount": amount, "shipping_amount": 0}
        return self.call("PUT", "/orders/cancel", {"cancelations": [{**usual, "reason_code": "15", **more}]})
