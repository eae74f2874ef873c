"""How lists at the desk are narrowed down: selects over conditions that have words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from inventory.letters import given_up_lately
from inventory.work import TOLD_FOR
from inventory.working import failed_lately
from marketplace_integration import clock


class ConditionFilter(admin.SimpleListFilter):
    """A select over conditions."""

    def conditions(self, now: datetime) -> Mapping[str, tuple[str, Q]]:
        """Return value in the address -> (words, what a row must meet)."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, words) for value, (words, _) in self.conditions(clock.now()).items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        _, condition = self.conditions(clock.now()).get(self.value() or "", ("", Q()))
        return queryset.filter(condition)


class WaitsFilter(ConditionFilter):
    """What support looks after; the desk's first page links to its values."""

    title = "what waits"
    parameter_name = "waits"


class FailedFilter(WaitsFilter):
    def conditions(self, now: datetime) -> Mapping[str, tuple[str, Q]]:
        return {"failed": (f"Failed in the last {TOLD_FOR.days} days", failed_lately(now))}


class GivenUpFilter(WaitsFilter):
    def conditions(self, now: datetime) -> Mapping[str, tuple[str, Q]]:
        return {"given_up": (f"Given up in the last {TOLD_FOR.days} days", given_up_lately(now))}
