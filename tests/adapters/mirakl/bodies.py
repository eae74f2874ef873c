"""Orders as OR11 gives them: the shape of the documents, the values made up."""

from typing import Any

from channels_app.adapters.types import CommandLine, OrderCommand, Verb


def line(state: str = "SHIPPING", *, number: int = 1, quantity: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "order_line_id": f"C-1-A-{number}",
        "order_line_index": number,
        "order_line_state": state,
        "offer_id": 770 + number,
        "offer_sku": f"MUG-{number}",
        "product_sku": f"P-{number}",
        "product_title": "Blue mug",
        "quantity": quantity,
        "price_unit": 12.90,
        "price": round(12.90 * quantity, 2),
        "shipping_price": 4.90,
        "total_price": round(12.90 * quantity + 4.90, 2),
        "commission_fee": 3.07,
        "can_refund": False,
        "taxes": [],
        "shipping_taxes": [],
        "refunds": [],
        "cancelations": [],
        **more,
    }


def order(*lines: dict[str, Any], state: str = "SHIPPING", **more: Any) -> dict[str, Any]:
    held = list(lines) or [line(state)]
    return {
        "order_id": "C-1-A",
        "commercial_id": "C-1",
        "order_state": state,
        "created_date": "2026-11-20T09:12:44Z",
        "last_updated_date": "2026-11-20T09:12:50Z",
        "currency_iso_code": "EUR",
        "order_tax_mode": "TAX_INCLUDED",
        "price": round(sum(one["price"] for one in held), 2),
        "shipping_price": round(sum(one["shipping_price"] for one in held), 2),
        "total_price": round(sum(one["total_price"] for one in held), 2),
        "can_cancel": True,
        "can_shop_ship": True,
        "customer": {"firstname": "Ana", "lastname": "Lopes", "shipping_address": None},
        "order_lines": held,
        **more,
    }


def page(*orders: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    return {"orders": list(orders), "total_count": len(orders) if total is None else total}


def command(*lines: CommandLine, verb: Verb = Verb.ACCEPT, **more: Any) -> OrderCommand:
    return OrderCommand(verb=verb, order_remote_id="C-1-A", lines=lines or (asks(),), currency="EUR", **more)


def asks(number: int = 1, quantity: int = 2, **more: Any) -> CommandLine:
    return CommandLine(line_remote_id=f"C-1-A-{number}", quantity=quantity, **more)
