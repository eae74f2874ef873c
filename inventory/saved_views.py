"""The tabs above a list: those that are always there, and the views that a member keeps by name.

A list tells its tabs and the names in its address; all else is the same for every list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from inventory.models import Membership, SavedView
from inventory.paging import COUNT_LIMIT, text_in
from inventory.templatetags.ui import count

_NONE: Mapping[str, int] = {}
#: Views of one list that a member keeps; more would be found by nobody.
MOST = 12
#: How many of them stand beside ours, the others under "More".
MOST_IN_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TabbedList:
    """A list with tabs."""

    #: The name of its address.
    page: str
    #: What "show" may be in its address -> the words of the tab; "" shows all.
    show: Mapping[str, str]
    #: What else it is asked for, as it stands in the address.
    names: tuple[str, ...]
    #: Those of `show` that are asked for rarely: they stand under "More".
    rare: frozenset[str] = frozenset()

    def asked_in(self, query: QueryDict) -> dict[str, str]:
        """Return what the address or a form asks for, without what it leaves open."""
        found = {name: text_in(query.get(name, "")).strip()[:200] for name in ("show", *self.names)}
        return {name: value for name, value in found.items() if value and (name != "show" or value in self.show)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabs:
    """The tabs of one member, and what can be done with the one that is shown."""

    #: Those in the row: the one that is shown is always among them.
    tabs: list[dict[str, Any]]
    #: Those under "More": ours, and the member's own.
    rare: list[dict[str, Any]]
    further: list[dict[str, Any]]
    #: How many wait in those under "More"; empty: none.
    rare_count: str
    #: What is asked for, by the names in the address.
    asked: dict[str, str]
    #: The member's own that is shown.
    kept: SavedView | None
    #: What is shown is no tab yet.
    can_keep: bool


class KeepForm(forms.Form):
    """What to call the view that is shown."""

    name = forms.CharField(max_length=40, error_messages={"required": "Give the view a name."})

    def __init__(self, tabbed: TabbedList, data: Any) -> None:
        super().__init__(data)
        self._taken = set(tabbed.show.values())

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if name in self._taken:
            raise forms.ValidationError(f"There is a tab “{name}” already.")
        return name


def tabs_of(
    member: Membership | None,
    tabbed: TabbedList,
    query: QueryDict,
    *,
    numbers: Mapping[str, int] = _NONE,
    most: int = COUNT_LIMIT - 1,
) -> Tabs:
    """Return all tabs; the one that asks for just this is marked, else ours that shows the same kind.

    `numbers` stand in tabs of ours, told up to `most`. Support, which is no member, has ours alone.
    """
    asked = tabbed.asked_in(query)
    own = list(views_of(member, tabbed)) if member else []
    kept = next((view for view in own if view.query == asked), None)
    shown = None if kept else asked.get("show", "")
    ours = {
        show: _tab(words, {"show": show}, show == shown, count(numbers[show], most) if numbers.get(show) else "")
        for show, words in tabbed.show.items()
    }
    folded = tabbed.rare - {shown}
    beside = [view for place, view in enumerate(own) if place < MOST_IN_ROW or view == kept]
    waiting = sum(numbers.get(show, 0) for show in folded)
    is_new = kept is None and bool(asked.keys() - {"show"})
    return Tabs(
        tabs=[
            *(tab for show, tab in ours.items() if show not in folded),
            *(_tab(view.name, view.query, view == kept) for view in beside),
        ],
        rare=[tab for show, tab in ours.items() if show in folded],
        further=[_tab(view.name, view.query, is_current=False) for view in own if view not in beside],
        rare_count=count(waiting, most) if waiting else "",
        asked=asked,
        kept=kept,
        can_keep=member is not None and is_new and len(own) < MOST,
    )


def views_of(membership: Membership, tabbed: TabbedList) -> QuerySet[SavedView]:
    """Return what the member keeps of this list, by name."""
    return SavedView.objects.filter(membership=membership, page=tabbed.page).order_by("name")


def keep(membership: Membership, tabbed: TabbedList, query: Mapping[str, str], *, name: str) -> bool:
    """The view is a tab of this member from now on; the same name replaces it. Returns whether there was room."""
    own = views_of(membership, tabbed)
    if own.exclude(name=name).count() >= MOST:
        return False
    SavedView.objects.update_or_create(
        membership=membership, page=tabbed.page, name=name, defaults={"query": dict(query)}
    )
    return True


def address_of(query: Mapping[str, str]) -> str:
    """Return the part of an address that asks for it."""
    return f"?{urlencode({name: value for name, value in query.items() if value})}"


def _tab(words: str, query: Mapping[str, str], is_current: bool, number: str = "") -> dict[str, Any]:
    return {"text": words, "url": address_of(query), "is_current": is_current, "count": number}
