"""In which order the list of items stands, and its pages: each begins by key, in the order of an index."""

from typing import Any

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat
from django.db.models.lookups import GreaterThan, LessThan
from django.http import QueryDict

from inventory.models import Item
from inventory.models.item import TITLE_KEY
from inventory.paging import SIZE, Page, number_in, page_by_key, page_of, text_in

#: Order -> what the seller reads. Not by what is available: each sale would have to move its item in an index.
ORDERS = {"": "SKU", "title": "Title", "newest": "Newest first"}

#: The last item of a page: its title as it is sorted by, and its number.
TitleKey = tuple[str, int]


def page_of_items(
    items: QuerySet[Item], query: QueryDict, order: str, *, are_few: bool = False, size: int = SIZE
) -> Page[Item]:
    """Return the page of one seller's items that `query` asks for by "after" or "before", in one of ORDERS.

    Plan: of many, the index of the order is walked until the page is full. What looks few among them may stand at its
    other end: where `are_few` says so, they are found by their filter and sorted, since no index has this expression.
    """
    match order:
        case "title":
            title, number = (Concat(TITLE_KEY, Value("")), F("pk") + 0) if are_few else (TITLE_KEY, F("pk"))
            return _page_by_title(items.annotate(title_key=title, age=number), query, _row(title, number), size)
        case "newest":
            return _page_by_newest(items.alias(age=F("pk") + 0 if are_few else F("pk")), query, size)
    return page_by_key(items, query, key="sku", size=size)


def _page_by_newest(aged: QuerySet[Any], query: QueryDict, size: int) -> Page[Item]:
    def fetch(after: int | None, before: int | None, limit: int) -> list[Item]:
        if before is not None:
            return list(aged.filter(age__gt=before).order_by("age")[:limit])
        following = aged if after is None else aged.filter(age__lt=after)
        return list(following.order_by("-age")[:limit])

    after, before = (number_in(query.get(side, "")) for side in ("after", "before"))
    return page_of(fetch, query, after=after, before=before, place_of=lambda item: str(item.pk), size=size)


def _page_by_title(keyed: QuerySet[Any], query: QueryDict, key: Func, size: int) -> Page[Item]:
    def fetch(after: TitleKey | None, before: TitleKey | None, limit: int) -> list[Item]:
        if before is not None:
            preceding = keyed.filter(LessThan(key, _row(*map(Value, before))))
            return list(preceding.order_by("-title_key", "-age")[:limit])
        following = keyed if after is None else keyed.filter(GreaterThan(key, _row(*map(Value, after))))
        return list(following.order_by("title_key", "age")[:limit])

    after, before = (_title_key_in(query.get(side, "")) for side in ("after", "before"))
    return page_of(fetch, query, after=after, before=before, place_of=_title_place, size=size)


def _row(*parts: Combinable) -> Func:
    """Return the parts as one value, compared part by part: one step down the index, however many titles are alike."""
    return Func(*parts, template="(%(expressions)s)", output_field=TextField())


def _title_place(item: Any) -> str:
    return f"{item.pk}_{item.title_key}"


def _title_key_in(text: str) -> TitleKey | None:
    number, mark, title = text_in(text).partition("_")
    pk = number_in(number)
    return None if pk is None or not mark else (title, pk)
