"""What runs, what waits and what failed, told alike whatever it is: one entry on the Activity page each.

A source gathers one kind of work in as many queries however much there is, tells the first few and how many more there
are. The sources of the inventory stand in inventory/working.py, those of channels in channels_app/flows/working.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from inventory.models import Seller

if TYPE_CHECKING:
    from django.db.models.expressions import OrderBy

#: So many of one kind are told in each group.
TOLD = 5
#: What failed and was left alone is told for so long.
TOLD_FOR = timedelta(days=7)

Row = TypeVar("Row", bound=models.Model)


class State(StrEnum):
    """How it stands."""

    RUNNING = "running"
    #: It stopped, or goes wrong time and again.
    FAILED = "failed"
    #: Nothing went wrong; it goes on once a person has decided.
    YOURS = "yours"
    QUEUED = "queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The button that tries it again: a form sent by POST."""

    url: str
    text: str = "Try again"
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One thing that runs, waits or failed."""

    #: Names it among all others, and stays the same between two looks.
    key: str
    state: State
    what: str
    #: The channel that it is of, "" if it is of none.
    where: str = ""
    url: str
    #: What one does there.
    link: str = "Open"
    #: Says more exactly than "Failed" what went wrong: "Overdue".
    word: str = ""
    done: int | None = None
    #: How many `done` becomes; None: not known.
    of: int | None = None
    since: datetime | None = None
    #: When it begins, or is tried again.
    starts: datetime | None = None
    #: A sentence: why it waits or failed, or how far it is where nothing can be counted.
    reason: str = ""
    retry: Retry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """Those of one kind that are not told one by one."""

    state: State
    count: int
    #: What follows the number: "orders that could not be read".
    what: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one source found."""

    rows: list[Work] = field(default_factory=list)
    more: list[More] = field(default_factory=list)

    @classmethod
    def all_of(cls, sources: "Iterable[Found]") -> "Found":
        """Return what several sources found, in their order."""
        told = list(sources)
        return cls(rows=[row for one in told for row in one.rows], more=[more for one in told for more in one.more])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """For whom it is gathered, and when."""

    seller: Seller
    now: datetime
    #: May press the buttons.
    can_manage: bool


Source = Callable[[Asked], Found]


def first_of_each(rows: "QuerySet[Row]", group: F, *, order_by: "Iterable[OrderBy]", most: int = TOLD) -> list[Any]:
    """Return the first `most` rows of each group, each with `of_group`: how many its group has."""
    place = Window(RowNumber(), partition_by=[group], order_by=list(order_by))
    numbered = rows.annotate(place=place, of_group=Window(Count("pk"), partition_by=[group]))
    return list(numbered.filter(place__lte=most).order_by(F("place")))


def beyond(count: int, told: int, state: State, what: str, url: str) -> list[More]:
    """Return the one entry for what is not told one by one, none if all is."""
    return [More(state=state, count=count - told, what=what, url=url)] if count > told else []


def beyond_each(rows: Sequence[Any], states: Mapping[bool, State], what: str, url: str) -> list[More]:
    """Return the same for rows of `first_of_each`, by whether they are at work."""
    more = []
    for is_at_work, state in states.items():
        of_group = [row for row in rows if row.is_at_work is is_at_work]
        if of_group:
            more += beyond(of_group[0].of_group, len(of_group), state, what, url)
    return more


def behind(ahead: int, one: str) -> str:
    """Return why something waits that others of its kind are before: "Behind another file." """
    return f"Behind another {one}." if ahead == 1 else f"Behind {ahead} other {one}s."
