"""How lists at the desk are narrowed down."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from channels_app.admin.deeds import SWITCH_NAMES
from channels_app.flows.desk import OVERDUE
from channels_app.models import ChannelHistory, Submission


class OverdueFilter(admin.SimpleListFilter):
    """What support looks after."""

    title = "what waits"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "Answers that are overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Submission]) -> QuerySet[Submission]:
        return queryset.filter(OVERDUE) if self.value() == "overdue" else queryset


class WhatFilter(admin.SimpleListFilter):
    """By kinds of changes: there are as many names of them as there are settings."""

    title = "what"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("state", "Setup, Testing, Live"),
            ("switches", "Switches"),
            ("requests", "Change requests"),
            ("brake", "Withdrawals that were held"),
            ("settings", "Settings"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ChannelHistory]) -> QuerySet[ChannelHistory]:
        named = {"state": ["state"], "switches": [*SWITCH_NAMES], "requests": ["change request"], "brake": ["brake"]}
        asked = self.value() or ""
        if asked == "settings":
            return queryset.exclude(what__in=[name for names in named.values() for name in names])
        return queryset.filter(what__in=named[asked]) if asked in named else queryset
