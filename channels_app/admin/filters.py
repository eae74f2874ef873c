"""How lists of channels' rows are narrowed down."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q

from channels_app.adapters import registry
from channels_app.flows import desk
from channels_app.flows.switches import SWITCHES
from channels_app.models import ChangeRequest
from inventory.admin.filters import ConditionFilter, WaitsFilter

Conditions = Mapping[str, tuple[str, Q]]


class OverdueFilter(WaitsFilter):
    def conditions(self, now: datetime) -> Conditions:
        return {"overdue": ("Answers that are overdue", desk.OVERDUE)}


class ChannelWaitsFilter(WaitsFilter):
    def conditions(self, now: datetime) -> Conditions:
        return {"requests": ("Change requests", desk.HAS_ASKED), "jobs": ("Stopped jobs", desk.HAS_STOPPED)}


class MarketplaceFilter(ConditionFilter):
    """By the name that people know."""

    title = "marketplace"
    parameter_name = "adapter_key"

    def conditions(self, now: datetime) -> Conditions:
        return {key: (adapter.label, Q(adapter_key=key)) for key, adapter in registry.adapters().items()}


class WhatFilter(ConditionFilter):
    """By kinds of changes: there are as many names of them as there are settings."""

    title = "what"
    parameter_name = "kind"

    def conditions(self, now: datetime) -> Conditions:
        named = {
            "state": ("Setup, Testing, Live", Q(what="state")),
            "switches": ("Switches", Q(what__in=list(SWITCHES))),
            "requests": ("Change requests", Q(what="change request")),
            "brake": ("Withdrawals that were held", Q(what="brake")),
        }
        settings = Q()
        for _, condition in named.values():
            settings &= ~condition
        return {**named, "settings": ("Settings", settings)}


class StateFilter(ConditionFilter):
    """Of change requests: those that wait, unless asked otherwise."""

    title = "state"
    parameter_name = "state"

    def conditions(self, now: datetime) -> Conditions:
        states = {state.value: (str(state.label), Q(state=state)) for state in ChangeRequest.State}
        return {"all": ("All", Q()), **states}

    def value(self) -> str:
        return super().value() or ChangeRequest.State.OPEN.value

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The first of Django's is "All" by nothing in the address, which here asks for those that wait."""
        return islice(super().choices(changelist), 1, None)
