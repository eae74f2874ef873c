"""The worked example: what the rules in the form, saved or not, send for one SKU, step by step."""

from dataclasses import dataclass, field

from django.db.models import Sum

from channels_app.flows.price import PriceRule, explain_price, why_no_price
from channels_app.flows.quantity import QuantityRule, Step, explain_quantity
from channels_app.forms import Part, QuantityPart
from channels_app.models import Channel
from inventory.models import Item, Stock


@dataclass(kw_only=True)
class Example:
    """One SKU under the rules; `problem` says what is missing for it."""

    sku: str
    item: Item | None = None
    on_hand: int = 0
    reserved: int = 0
    quantity_steps: list[Step] = field(default_factory=list)
    price_steps: list[Step] = field(default_factory=list)
    currency: str = ""
    problem: str = ""


def build_example(channel: Channel, sku: str, quantity: Part, price: Part) -> Example:
    """Return the steps for the seller's item `sku`, on hand to what is sent."""
    example = Example(sku=sku.strip(), currency=channel.currency or channel.seller.currency)
    example.item = Item.objects.filter(seller_id=channel.seller_id, sku=example.sku).first()
    if example.item is None:
        example.problem = "Enter one of your SKUs to see what would be sent." if not sku else "You have no such SKU."
        return example
    assert isinstance(quantity, QuantityPart)
    if not (quantity.is_valid() and price.is_valid()):
        example.problem = "Correct the rules to see what they send."
        return example
    _add_quantity(example, quantity)
    _add_price(example, price)
    return example


def _add_quantity(example: Example, part: QuantityPart) -> None:
    values = part.settings()
    stock = Stock.objects.filter(item=example.item)
    if values.get("locations"):
        stock = stock.filter(location__in=values["locations"])
    sums = stock.aggregate(on_hand=Sum("on_hand", default=0), reserved=Sum("reserved", default=0))
    example.on_hand, example.reserved = sums["on_hand"], sums["reserved"]
    rule = QuantityRule(
        buffer=values["buffer"], floor=values["floor"], mode=values["quantity_mode"], limit=values["quantity_limit"]
    )
    example.quantity_steps = explain_quantity(max(example.on_hand - example.reserved, 0), rule)


def _add_price(example: Example, part: Part) -> None:
    item, values = example.item, part.values()
    assert item is not None
    rule = PriceRule(
        percent=values["price_percent"],
        amount=values["price_amount"],
        ending=values["price_ending"],
        minimum=values["price_minimum"],
        rate=values.get("currency_rate"),
        currency=example.currency,
    )
    example.problem = why_no_price(item.price, item.currency, rule)
    if item.price is not None and not example.problem:
        example.price_steps = explain_price(item.price, rule.for_currency(item.currency))
