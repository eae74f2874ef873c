"""The inventory as support sees it: to look at, not to change. Stock moves only by movements."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from inventory.admin.base import LookOnlyAdmin
from inventory.admin.values import spell
from inventory.csv_import.header import WORDS
from inventory.models import CsvImport, Item, Label, Location, Mail, StockMovement, TeamChange
from inventory.rules import describe_rule
from inventory.shelves import LOOK_UP
from inventory.work import TOLD_FOR
from inventory.working import failed_lately
from marketplace_integration import clock


class FailedFilter(admin.SimpleListFilter):
    """What support looks after."""

    title = "what waits"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failed", f"Failed in the last {TOLD_FOR.days} days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CsvImport]) -> QuerySet[CsvImport]:
        return queryset.filter(failed_lately(clock.now())) if self.value() == "failed" else queryset


@admin.register(Item)
class ItemAdmin(LookOnlyAdmin):
    shelf = LOOK_UP
    list_display = ("sku", "title", "seller", "price", "blocked", "archived_at")
    list_select_related = ("seller",)
    search_fields = ("sku__icontains", "title__icontains")
    search_help_text = "Part of the SKU or of the title."
    ordering = ("-id",)
    raw_id_fields = ("parent",)


def _rule(label: Label) -> list[str]:
    return describe_rule(label.rule)


@admin.register(Label)
class LabelAdmin(LookOnlyAdmin):
    shelf = LOOK_UP
    list_display = ("name", "seller", "kind", "recalculated_at")
    list_select_related = ("seller",)
    search_fields = ("name", "seller__name")
    search_help_text = "The label or the seller."
    sentences: ClassVar = {"rule": _rule}


@admin.register(Location)
class LocationAdmin(LookOnlyAdmin):
    list_display = ("name", "code", "seller", "is_default")
    list_select_related = ("seller",)


@admin.register(StockMovement)
class StockMovementAdmin(LookOnlyAdmin):
    list_display = ("at", "item", "location", "on_hand_delta", "reserved_delta", "reason", "actor")
    list_select_related = ("item__seller", "location", "actor")
    search_fields = ("item__sku__exact",)
    search_help_text = "The whole SKU."
    ordering = ("-id",)

    def heading(self, row: StockMovement) -> str:
        return f"{row.item} at {row.location}, {spell(row.at)}: {row.get_reason_display().lower()}"


def _columns(csv_import: CsvImport) -> list[str]:
    return [f"{column['name']} → {WORDS.get(column['field'], column['field'])}" for column in csv_import.columns]


def _summary(csv_import: CsvImport) -> list[str]:
    found = csv_import.summary
    told = [
        ("rows", "rows"),
        ("new", "new items"),
        ("changed", "changed"),
        ("unchanged", "unchanged"),
        ("errors", "rows to mend"),
    ]
    return [f"{found[name]:,} {words}" for name, words in told if isinstance(found.get(name), int)]


@admin.register(CsvImport)
class CsvImportAdmin(LookOnlyAdmin):
    words = "Imports"
    shelf = LOOK_UP
    list_display = ("file_name", "seller", "state", "rows_done", "created_at", "finished_at", "error")
    list_filter = (FailedFilter, "state")
    list_select_related = ("seller",)
    sentences: ClassVar = {"columns": _columns, "summary": _summary}
    ordering = ("-id",)


@admin.register(TeamChange)
class TeamChangeAdmin(LookOnlyAdmin):
    words = "Changes of teams"
    shelf = LOOK_UP
    list_display = ("at", "seller", "who", "what", "whom", "before", "after")
    list_select_related = ("seller",)
    search_fields = ("who", "whom", "seller__name")
    search_help_text = "The seller, who did it, or to whom."
    ordering = ("-id",)


@admin.register(Mail)
class MailAdmin(LookOnlyAdmin):
    """What was sent, and what the mail server said to what was not."""

    words = "E-mails"
    shelf = LOOK_UP
    list_display = ("created_at", "seller", "to", "subject", "sent_at", "last_error")
    list_select_related = ("seller",)
    search_fields = ("to__exact",)
    search_help_text = "The whole e-mail address."
    ordering = ("-id",)
