"""The inventory as support sees it: to look at, not to change. Stock moves only by movements."""

from typing import ClassVar

from django.contrib import admin

from inventory.admin.base import LookOnlyAdmin, SellerRowsAdmin
from inventory.admin.filters import FailedFilter, GivenUpFilter
from inventory.admin.values import spell
from inventory.csv_import.header import WORDS
from inventory.models import CsvImport, Item, Label, Location, Mail, StockMovement, TeamChange
from inventory.rules import describe_rule
from inventory.shelves import LOOK_UP


@admin.register(Item)
class ItemAdmin(SellerRowsAdmin):
    shelf = LOOK_UP
    list_display = ("sku", "title", "seller", "price", "blocked", "archived_at")
    search_fields = ("sku__icontains", "title__icontains")
    search_help_text = "Part of the SKU or of the title."
    groups = (
        ("", ("sku", "title", "seller", "price", "blocked", "archived_at")),
        ("What buyers read", ("brand", "gtin", "category", "description", "images", "attributes")),
        ("Variations", ("is_parent", "parent", "variation")),
    )


def _rule(label: Label) -> list[str]:
    return describe_rule(label.rule)


@admin.register(Label)
class LabelAdmin(SellerRowsAdmin):
    shelf = LOOK_UP
    list_display = ("name", "seller", "kind", "recalculated_at")
    search_fields = ("name", "seller__name")
    search_help_text = "The label or the seller."
    sentences: ClassVar = {"rule": _rule}


@admin.register(Location)
class LocationAdmin(SellerRowsAdmin):
    list_display = ("name", "code", "seller", "is_default")
    ordering = ("seller__name", "name")


@admin.register(StockMovement)
class StockMovementAdmin(LookOnlyAdmin):
    list_display = ("at", "item", "location", "on_hand_delta", "reserved_delta", "reason", "actor")
    list_select_related = ("item__seller", "location", "actor")
    search_fields = ("item__sku__exact",)
    search_help_text = "The whole SKU."

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
class CsvImportAdmin(SellerRowsAdmin):
    words = "Imports"
    shelf = LOOK_UP
    list_display = ("file_name", "seller", "state", "rows_done", "created_at", "finished_at", "error")
    list_filter = (FailedFilter, "state")
    search_fields = ("seller__name", "file_name")
    search_help_text = "The seller, or part of the file's name."
    groups = (
        ("", ("file_name", "seller", "state", "error", "rows_done", "summary")),
        ("When and by whom", ("created_at", "created_by", "finished_at", "undone_at", "undone_by", "undone")),
        ("How the file is read", ("layout", "columns", "encoding", "location", "label")),
    )
    sentences: ClassVar = {"columns": _columns, "summary": _summary}


@admin.register(TeamChange)
class TeamChangeAdmin(SellerRowsAdmin):
    words = "Changes of teams"
    shelf = LOOK_UP
    list_display = ("at", "seller", "who", "what", "whom", "before", "after")
    search_fields = ("who", "whom", "seller__name")
    search_help_text = "The seller, who did it, or to whom."


@admin.register(Mail)
class MailAdmin(SellerRowsAdmin):
    """What was sent, and what kept back what was not."""

    words = "E-mails"
    shelf = LOOK_UP
    list_display = ("created_at", "seller", "to", "subject", "sent_at", "last_error")
    list_filter = (GivenUpFilter,)
    search_fields = ("to__exact",)
    search_help_text = "The whole e-mail address."
    groups = (
        ("", ("to", "subject", "seller", "sent_at", "last_error")),
        ("When", ("created_at", "attempts", "next_try_at", "expires_at")),
        ("The letter", ("text", "invitation", "unworded")),
    )
