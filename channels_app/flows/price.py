"""What a channel is told an item costs: one pure function."""

from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache
from typing import Self

from channels_app.flows.quantity import Step
from channels_app.models import Channel
from inventory.money import exponent_of

NO_PRICE = "This item has no price."
ZERO_PRICE = "The price works out at 0."
HIGH_PRICE = "The price works out higher than any that can be sent. Check the item's price and the channel's rules."
#: What the database holds; one absurd price must not stop the lines beside it.
LARGEST_PRICE = Decimal("9999999999.9999")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class PriceRule:
    """A channel's price settings; amounts are in the channel's currency."""

    percent: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    #: Prices are rounded up to end on this part of a whole unit, e.g. 0.99; None: not rounded.
    ending: Decimal | None = None
    minimum: Decimal | None = None
    #: Item currency to channel currency, for items priced in another one; None: there is none.
    rate: Decimal | None = None
    currency: str = ""

    @classmethod
    def of(cls, channel: Channel) -> Self:
        return cls(
            percent=channel.price_percent,
            amount=channel.price_amount,
            ending=channel.price_ending,
            minimum=channel.price_minimum,
            rate=channel.currency_rate,
            currency=channel.currency,
        )

    def for_currency(self, currency: str) -> Self:
        """Return the rule for items priced in `currency`: those in the channel's own need no rate."""
        return replace(self, rate=None) if currency == self.currency else self

    @property
    def unit(self) -> Decimal:
        """The smallest amount that the channel's currency knows."""
        return _unit_of(self.currency)

    @property
    def rounds_to_ending(self) -> bool:
        """A currency without parts of a unit knows no endings."""
        return self.ending is not None and exponent_of(self.currency) > 0


@cache
def _unit_of(currency: str) -> Decimal:
    return Decimal(1).scaleb(-exponent_of(currency))


def why_no_price(price: Decimal | None, currency: str, rule: PriceRule) -> str:
    """Return why an item of this price cannot be offered on the channel, in the seller's words; "" if it can."""
    if price is None:
        return NO_PRICE
    if currency != rule.currency and rule.rate is None:
        return f"The price is in {currency}, but this channel sells in {rule.currency} and has no exchange rate."
    found = price_to_send(price, rule.for_currency(currency))
    if found <= 0:
        return ZERO_PRICE
    return HIGH_PRICE if found > LARGEST_PRICE else ""


def price_to_send(price: Decimal, rule: PriceRule) -> Decimal:
    """Return what the channel is told, in its currency and with that currency's digits; never below 0.

    `rule` is the one `for_currency` of the item. In this order: exchange rate, percentage, amount, rounding up to the
    ending, lower bound.
    """
    value = _with_amount(_with_percent(_converted(price, rule), rule), rule)
    value = _rounded(max(value, _NOTHING), rule)
    if rule.rounds_to_ending:
        value = _up_to_ending(value, rule)
    if rule.minimum is not None:
        value = max(value, _rounded(rule.minimum, rule))
    return value


def explain_price(price: Decimal, rule: PriceRule) -> list[Step]:
    """Return the steps from the item's price to what is sent; settings that are not used are left out."""
    steps = [Step("Price of the item", _shown(price, rule))]
    value = price
    if rule.rate is not None:
        value = _converted(value, rule)
        steps.append(Step(f"At the rate of {rule.rate.normalize():f}", _shown(value, rule)))
    if rule.percent:
        value = _with_percent(value, rule)
        steps.append(Step(f"{rule.percent.normalize():+f} %", _shown(value, rule)))
    if rule.amount:
        value = _with_amount(value, rule)
        steps.append(Step(f"{_rounded(rule.amount, rule):+f}", _shown(value, rule)))
    if rule.rounds_to_ending:
        value = _up_to_ending(_rounded(max(value, Decimal(0)), rule), rule)
        steps.append(Step(f"Up to an ending of {rule.ending}", _shown(value, rule)))
    sent = price_to_send(price, rule)
    if rule.minimum is not None and _rounded(value, rule) < sent:
        steps.append(Step("Not below the lower bound", _shown(sent, rule)))
    steps.append(Step("Sent", _shown(sent, rule)))
    return steps


def _converted(value: Decimal, rule: PriceRule) -> Decimal:
    return value if rule.rate is None else value * rule.rate


def _with_percent(value: Decimal, rule: PriceRule) -> Decimal:
    return value * (100 + rule.percent) / 100 if rule.percent else value


def _with_amount(value: Decimal, rule: PriceRule) -> Decimal:
    return value + rule.amount if rule.amount else value


def _rounded(value: Decimal, rule: PriceRule) -> Decimal:
    return value.quantize(rule.unit, rounding=ROUND_HALF_UP)


def _up_to_ending(value: Decimal, rule: PriceRule) -> Decimal:
    """Return the smallest amount at or above `value` that ends so; a price of nothing stays nothing."""
    if value == 0:
        return value
    ending = _rounded(rule.ending or Decimal(0), rule)
    whole = value.to_integral_value(rounding=ROUND_FLOOR)
    candidate = whole + ending
    return candidate if candidate >= value else candidate + 1


def _shown(value: Decimal, rule: PriceRule) -> str:
    return f"{_rounded(value, rule):f}"
