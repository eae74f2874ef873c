"""What a channel is told an item costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.flows.price import PriceRule, explain_price, price_to_send, why_no_price

D = Decimal


def amounts(low: str, high: str, places: int = 2) -> st.SearchStrategy[Decimal]:
    return st.decimals(D(low), D(high), places=places, allow_nan=False, allow_infinity=False)


rules = st.builds(
    PriceRule,
    percent=amounts("-99", "300"),
    amount=amounts("-50", "50"),
    ending=st.none() | amounts("0", "0.99"),
    minimum=st.none() | amounts("0", "100"),
    rate=st.none() | amounts("0.000001", "1000", places=6),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
prices = amounts("0", "9999999", places=4)


@pytest.mark.parametrize(
    ("price", "rule", "sent"),
    [
        ("10.00", PriceRule(currency="USD"), "10.00"),
        ("10.005", PriceRule(currency="USD"), "10.01"),
        ("10.00", PriceRule(percent=D(15), currency="USD"), "11.50"),
        ("10.00", PriceRule(percent=D(15), amount=D("-0.75"), currency="USD"), "10.75"),
        ("10.00", PriceRule(ending=D("0.99"), currency="USD"), "10.99"),
        ("10.99", PriceRule(ending=D("0.99"), currency="USD"), "10.99"),
        ("11.00", PriceRule(ending=D("0.50"), currency="USD"), "11.50"),
        ("11.51", PriceRule(ending=D("0.50"), currency="USD"), "12.50"),
        ("10.00", PriceRule(ending=D("0.00"), currency="USD"), "10.00"),
        ("10.00", PriceRule(minimum=D(12), currency="USD"), "12.00"),
        ("10.00", PriceRule(amount=D(-20), currency="USD"), "0.00"),
        ("10.00", PriceRule(rate=D("150.5"), currency="JPY"), "1505"),
        ("10.00", PriceRule(rate=D("150.55"), ending=D("0.99"), currency="JPY"), "1506"),
        ("10.00", PriceRule(rate=D("0.3071"), currency="KWD"), "3.071"),
    ],
)
def test_the_rule_is_applied_in_its_order(price: str, rule: PriceRule, sent: str):
    assert str(price_to_send(D(price), rule)) == sent


@given(prices, rules)
def test_the_price_has_its_currencys_digits_and_respects_the_bound(price: Decimal, rule: PriceRule):
    sent = price_to_send(price, rule)

    assert sent >= 0
    assert sent == sent.quantize(rule.unit)
    if rule.minimum is not None:
        assert sent >= rule.minimum.quantize(rule.unit, rounding="ROUND_FLOOR")


@given(prices, rules)
def test_rounding_to_an_ending_never_lowers_and_adds_less_than_a_unit(price: Decimal, rule: PriceRule):
    plain = PriceRule(percent=rule.percent, amount=rule.amount, rate=rule.rate, currency=rule.currency)
    ending = PriceRule(
        percent=rule.percent, amount=rule.amount, rate=rule.rate, currency=rule.currency, ending=rule.ending
    )

    assert price_to_send(price, plain) <= price_to_send(price, ending) < price_to_send(price, plain) + 1


@given(prices, amounts("0", "1000"), rules)
def test_a_dearer_item_is_never_cheaper_on_the_channel(price: Decimal, more: Decimal, rule: PriceRule):
    assert price_to_send(price, rule) <= price_to_send(price + more, rule)


@given(prices, rules)
def test_the_worked_example_ends_at_what_is_sent(price: Decimal, rule: PriceRule):
    steps = explain_price(price, rule)

    assert steps[0].label == "Price of the item"
    assert (steps[-1].label, steps[-1].value) == ("Sent", str(price_to_send(price, rule)))


def test_the_worked_example_names_what_was_done():
    rule = PriceRule(percent=D("10.00"), amount=D("1.0000"), ending=D("0.99"), minimum=D("20.0000"), currency="USD")

    assert [(s.label, s.value) for s in explain_price(D("10.0000"), rule)] == [
        ("Price of the item", "10.00"),
        ("+10 %", "11.00"),
        ("+1.00", "12.00"),
        ("Up to an ending of 0.99", "12.99"),
        ("Not below the lower bound", "20.00"),
        ("Sent", "20.00"),
    ]


@pytest.mark.parametrize(
    ("price", "currency", "rule", "reason"),
    [
        (D(10), "USD", PriceRule(currency="USD"), ""),
        (None, "USD", PriceRule(currency="USD"), "This item has no price."),
        (D(10), "EUR", PriceRule(currency="USD", rate=D("1.1")), ""),
        (D(0), "USD", PriceRule(currency="USD"), "The price works out at 0."),
    ],
)
def test_an_item_without_a_usable_price_says_why(price: Decimal | None, currency: str, rule: PriceRule, reason: str):
    assert why_no_price(price, currency, rule) == reason


def test_another_currency_needs_a_rate():
    assert "no exchange rate" in why_no_price(D(10), "EUR", PriceRule(currency="USD"))
