"""Whatever a rule says, all of it or any: on its label is what plain Python finds, however the items are looked at."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from inventory import foresee, labels
from inventory.models import Item, Label, LabelItem, Location, Seller, Stock
from tests.examples import examples
from tests.factories import NOW, make_item, make_seller

pytestmark = pytest.mark.django_db

#: What text is compared with, the marks of patterns and of other languages among it.
_TEXT = ["a", "A", "ab", "%", "_", "\\", "a_", "ä", "Ä", "'", "5"]
_TEXT_FIELDS = ["sku", "title", "brand", "description", "gtin", "attribute:Color", "attribute:50% 'off'"]
_CONDITION = st.one_of(
    st.fixed_dictionaries(
        {
            "field": st.sampled_from(_TEXT_FIELDS),
            "op": st.sampled_from(["is", "is_not", "contains", "contains_not", "starts_with"]),
            "value": st.sampled_from(_TEXT),
        }
    ),
    st.fixed_dictionaries(
        {
            "field": st.sampled_from(["price", "available"]),
            "op": st.sampled_from(["at_least", "at_most", "equals"]),
            "value": st.sampled_from(["0", "1", "2.5", "-1", "3"]),
        }
    ),
)
_RULE = st.lists(_CONDITION, min_size=1, max_size=4)
_MATCH = st.sampled_from([*Label.Match])


def holds(condition: dict[str, str], item: Item, available: int) -> bool:
    """Say whether one condition holds, without any SQL."""
    field, op, value = condition["field"], condition["op"], condition["value"]
    if field in ("price", "available"):
        number: Any = item.price if field == "price" else available
        if number is None:
            return False
        wanted = Decimal(value)
        return {"at_least": number >= wanted, "at_most": number <= wanted, "equals": number == wanted}[op]
    name = field.removeprefix("attribute:")
    text = (item.attributes.get(name, "") if name != field else getattr(item, field)).upper()
    wanted_text = value.upper()
    return {
        "is": text == wanted_text,
        "is_not": text != wanted_text,
        "contains": wanted_text in text,
        "contains_not": wanted_text not in text,
        "starts_with": text.startswith(wanted_text),
    }[op]


def wanted(seller: Seller, rule: list[dict[str, str]], match: str) -> set[str]:
    """Return the SKUs that the rule wants."""
    together = any if match == "any" else all
    found = set()
    for item in seller.items.filter(archived_at=None, is_parent=False).prefetch_related("stock"):
        available = sum(max(row.on_hand - row.reserved, 0) for row in item.stock.all())
        if together(holds(condition, item, available) for condition in rule):
            found.add(item.sku)
    return found


def by_rule(label: Label) -> set[str]:
    return set(LabelItem.objects.filter(label=label, source="rule").values_list("item__sku", flat=True))


@pytest.fixture
def seller() -> Seller:
    """A seller of a dozen items that differ in all that rules look at."""
    seller = make_seller()
    second = Location.objects.create(seller=seller, code="second", name="Second")
    for number, text in enumerate(["", *_TEXT]):
        item = make_item(
            seller,
            f"{text or 'b'}-{number}",
            title=f"x{text}Y",
            brand=text,
            description=text * 2,
            gtin="5" if number % 4 == 0 else "",
            price=None if number % 3 == 0 else Decimal(number) / 2,
            attributes={"Color": text, "50% 'off'": "A_"} if number % 2 else {},
            on_hand=number % 4,
        )
        Stock.objects.create(item=item, location=second, on_hand=1, reserved=number % 3)
    make_item(seller, "PARENT", is_parent=True, brand="a")
    make_item(seller, "GONE", archived_at=NOW, brand="a")
    return seller


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(before=_RULE, before_match=_MATCH, rule=_RULE, match=_MATCH, size=st.sampled_from([1, 5, 10_000]))
def test_what_is_foreseen_worked_out_and_kept_up_is_what_the_conditions_say(
    seller: Seller,
    monkeypatch: pytest.MonkeyPatch,
    before: list[dict[str, str]],
    before_match: Label.Match,
    rule: list[dict[str, str]],
    match: Label.Match,
    size: int,
):
    Label.objects.all().delete()
    label = labels.create_label(seller, "By rule", rule=before, match=before_match, now=NOW)
    labels.recalculate_label(label.pk, now=NOW)
    was = by_rule(label)
    assert was == wanted(seller, before, before_match)

    with monkeypatch.context() as patch:
        patch.setattr(foresee, "SLICE", size)
        patch.setattr(labels, "SLICE", size)
        foreseen = foresee.count(foresee.by_rule(label, rule, match), seconds=60)
        labels.save_rule(label, rule, match, now=NOW)
        labels.recalculate_label(label.pk, now=NOW)

    assert by_rule(label) == wanted(seller, rule, match)
    assert (foreseen.coming, foreseen.leaving) == (len(by_rule(label) - was), len(was - by_rule(label)))
    event(f"{match}: {len(rule)} conditions, {len(by_rule(label))} items")

    changed = list(seller.items.order_by("pk").values_list("pk", flat=True)[:6])
    Item.objects.filter(pk__in=changed).update(brand="ab", price=Decimal("2.5"), title="%")
    labels.recalculate_items(changed, now=NOW)
    assert by_rule(label) == wanted(seller, rule, match)
