"""The rules of labels: conditions on items, all of which must hold, or any. Pure but for building queries.

A rule is a list of conditions, each {"field": .., "op": .., "value": ..}. Fields are the keys of FIELDS, or
"attribute:<name>"; operators are the keys of OPERATORS. Text is compared without regard to case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import (
    DecimalField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce, Greatest

from inventory.models import Item, Label, Stock

Rule = list[dict[str, str]]
Match = Label.Match

ATTRIBUTE = "attribute:"
TEXT, NUMBER = "text", "number"

#: Field -> what the seller reads, and of which kind it is.
FIELDS: dict[str, tuple[str, str]] = {
    "sku": ("SKU", TEXT),
    "title": ("Title", TEXT),
    "brand": ("Brand", TEXT),
    "description": ("Description", TEXT),
    "gtin": ("Barcode", TEXT),
    "price": ("Price", NUMBER),
    "available": ("Available", NUMBER),
}

#: Operator -> what the seller reads, the kind of field it goes with, the lookup, whether it is negated.
OPERATORS: dict[str, tuple[str, str, str, bool]] = {
    "is": ("is", TEXT, "iexact", False),
    "is_not": ("is not", TEXT, "iexact", True),
    "contains": ("contains", TEXT, "icontains", False),
    "contains_not": ("does not contain", TEXT, "icontains", True),
    "starts_with": ("starts with", TEXT, "istartswith", False),
    "at_least": ("is at least", NUMBER, "gte", False),
    "at_most": ("is at most", NUMBER, "lte", False),
    "equals": ("equals", NUMBER, "exact", False),
}

MAX_CONDITIONS = 10


class RuleError(ValueError):
    """A rule cannot be understood; the message is for the seller."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule, checked."""

    field: str
    op: str
    value: str

    @property
    def kind(self) -> str:
        return TEXT if self.field.startswith(ATTRIBUTE) else FIELDS[self.field][1]

    def __str__(self) -> str:
        name = self.field.removeprefix(ATTRIBUTE) if self.field.startswith(ATTRIBUTE) else FIELDS[self.field][0]
        return f"{name} {OPERATORS[self.op][0]} {self.value}"


def check_rule(rule: Sequence[Any]) -> list[Condition]:
    """Return the conditions of `rule`. Raises RuleError with the seller's words if one cannot be understood."""
    if not rule:
        raise RuleError("A rule needs at least one condition.")
    if len(rule) > MAX_CONDITIONS:
        raise RuleError(f"A rule holds at most {MAX_CONDITIONS} conditions.")
    return [_check_condition(row) for row in rule]


def describe_rule(rule: Sequence[Any]) -> list[str]:
    """Return each condition in words; nothing if the rule cannot be understood."""
    try:
        return [str(condition) for condition in check_rule(rule)]
    except RuleError:
        return []


def _check_condition(row: Any) -> Condition:
    condition = Condition(*(str(row.get(name, "")).strip() for name in ("field", "op", "value")))
    is_attribute = condition.field.startswith(ATTRIBUTE) and condition.field != ATTRIBUTE
    if not is_attribute and condition.field not in FIELDS:
        raise RuleError("Choose what the condition looks at.")
    if condition.op not in OPERATORS:
        raise RuleError("Choose how the condition compares.")
    if OPERATORS[condition.op][1] != condition.kind:
        raise RuleError(f"“{OPERATORS[condition.op][0]}” does not go with this field.")
    if not condition.value:
        raise RuleError("A condition needs a value to compare with.")
    if condition.kind == NUMBER:
        _number(condition.value)
    return condition


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** 10:
        raise RuleError(f"“{text}” is not a number. Write it like 12 or 12.50.")
    return number


def items_matching(rule: Sequence[Any], items: QuerySet[Item], match: str = Match.ALL) -> QuerySet[Item]:
    """Keep those of `items` for which all conditions of `rule` hold, or any of them. Raises RuleError."""
    held: list[Q] = []
    for number, condition in enumerate(check_rule(rule)):
        items, holds = _with_condition(items, condition, alias=f"rule_{number}")
        held.append(holds)
    return items.filter(reduce(or_ if match == Match.ANY else and_, held))


def _with_condition(items: QuerySet[Item], condition: Condition, *, alias: str) -> tuple[QuerySet[Item], Q]:
    """Return `items` with what the condition looks at, under `alias` if it is no column, and whether it holds."""
    _, kind, lookup, is_negated = OPERATORS[condition.op]
    column = condition.field
    if condition.field.startswith(ATTRIBUTE):
        column = alias
        # Attributes are free text: one that is missing compares like an empty one.
        name = condition.field.removeprefix(ATTRIBUTE)
        items = items.alias(**{alias: Coalesce(_attribute(name), Value(""), output_field=TextField())})
    elif condition.field == "available":
        column = alias
        # Compared as a number with decimals, as the condition may have them: 2 is not at least 2.5.
        available = ExpressionWrapper(available_at_all_locations(), output_field=DecimalField())
        items = items.alias(**{alias: available})
    value = _number(condition.value) if kind == NUMBER else condition.value
    holds = Q(**{f"{column}__{lookup}": value})
    return items, ~holds if is_negated else holds


def _attribute(name: str) -> Func:
    """Return the text of one attribute. The name may hold anything, so it is a parameter and not a path of lookups."""
    return Func(F("attributes"), Value(name), function="jsonb_extract_path_text", output_field=TextField())


def available_at_all_locations() -> Coalesce:
    """Return the sum over all locations of what can still be sold of an item, for use in a query on items."""
    per_item = (
        Stock.objects.filter(item=OuterRef("pk"))
        .order_by()
        .values("item")
        .annotate(total=Sum(Greatest(F("on_hand") - F("reserved"), 0)))
        .values("total")
    )
    return Coalesce(Subquery(per_item, output_field=IntegerField()), 0)
