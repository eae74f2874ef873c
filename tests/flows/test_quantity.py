"""How many a channel is told of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.flows.quantity import QuantityRule, explain_quantity, quantity_to_send

rules = st.builds(
    QuantityRule,
    buffer=st.integers(0, 50),
    floor=st.integers(0, 50),
    mode=st.sampled_from(["all", "cap", "fixed"]),
    limit=st.integers(0, 50),
)


@pytest.mark.parametrize(
    ("available", "rule", "sent"),
    [
        (7, QuantityRule(), 7),
        (-2, QuantityRule(), 0),
        (7, QuantityRule(buffer=2), 5),
        (2, QuantityRule(buffer=2), 0),
        (1, QuantityRule(buffer=2), 0),
        (5, QuantityRule(buffer=2, floor=3), 0),
        (6, QuantityRule(buffer=2, floor=3), 4),
        (90, QuantityRule(mode="cap", limit=10), 10),
        (9, QuantityRule(mode="cap", limit=10), 9),
        (1, QuantityRule(mode="fixed", limit=10), 10),
        (0, QuantityRule(mode="fixed", limit=10), 0),
        (3, QuantityRule(buffer=1, floor=2, mode="fixed", limit=10), 0),
    ],
)
def test_the_rule_is_applied_in_its_order(available: int, rule: QuantityRule, sent: int):
    assert quantity_to_send(available, rule) == sent


@given(st.integers(-100, 1000), rules)
def test_never_below_nothing_and_nothing_without_stock(available: int, rule: QuantityRule):
    sent = quantity_to_send(available, rule)

    assert sent >= 0
    if available <= rule.buffer:
        assert sent == 0
    if rule.mode == "cap":
        assert sent <= max(rule.limit or 0, 0)
    if rule.mode != "fixed":
        assert sent <= max(available - rule.buffer, 0)


@given(st.integers(-100, 1000), st.integers(0, 100), rules)
def test_more_stock_never_sends_less(available: int, more: int, rule: QuantityRule):
    assert quantity_to_send(available, rule) <= quantity_to_send(available + more, rule)


@given(st.integers(-100, 1000), rules)
def test_the_worked_example_ends_at_what_is_sent(available: int, rule: QuantityRule):
    steps = explain_quantity(available, rule)

    assert steps[0].label == "Available"
    assert steps[-1].label == "Sent"
    assert steps[-1].value == str(quantity_to_send(available, rule))
    assert steps[-2].value == steps[-1].value


def test_the_worked_example_names_what_was_done():
    steps = explain_quantity(40, QuantityRule(buffer=2, floor=5, mode="cap", limit=10))

    assert [(s.label, s.value) for s in steps] == [
        ("Available", "40"),
        ("Less the buffer of 2", "38"),
        ("At most 10", "10"),
        ("Sent", "10"),
    ]
