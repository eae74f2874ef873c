"""The inventory as support sees it: to look at, not to change. Stock moves only by movements."""

from django.contrib import admin

from inventory.admin.base import LookOnlyAdmin
from inventory.models import CsvImport, Item, Label, Location, Mail, StockMovement, TeamChange
from inventory.shelves import LOOK_UP


@admin.register(Item)
class ItemAdmin(LookOnlyAdmin):
    shelf = LOOK_UP
    list_display = ("sku", "title", "seller", "price", "currency", "blocked", "archived_at")
    list_select_related = ("seller",)
    search_fields = ("sku__icontains", "title__icontains")
    ordering = ("-id",)
    raw_id_fields = ("parent",)


@admin.register(Label)
class LabelAdmin(LookOnlyAdmin):
    shelf = LOOK_UP
    list_display = ("name", "seller", "kind", "recalculated_at")
    list_select_related = ("seller",)
    search_fields = ("name", "seller__name")


@admin.register(Location)
class LocationAdmin(LookOnlyAdmin):
    list_display = ("name", "code", "seller", "is_default")
    list_select_related = ("seller",)


@admin.register(StockMovement)
class StockMovementAdmin(LookOnlyAdmin):
    list_display = ("at", "item", "location", "on_hand_delta", "reserved_delta", "reason", "actor")
    list_select_related = ("item", "location", "actor")
    search_fields = ("item__sku__exact",)
    ordering = ("-id",)


@admin.register(CsvImport)
class CsvImportAdmin(LookOnlyAdmin):
    words = "Imports"
    shelf = LOOK_UP
    list_display = ("file_name", "seller", "state", "rows_done", "attempts", "created_at", "finished_at")
    list_select_related = ("seller",)
    ordering = ("-id",)


@admin.register(TeamChange)
class TeamChangeAdmin(LookOnlyAdmin):
    words = "Changes of teams"
    shelf = LOOK_UP
    list_display = ("at", "seller", "who", "what", "whom", "before", "after")
    list_select_related = ("seller",)
    search_fields = ("who", "whom", "seller__name")
    ordering = ("-id",)


@admin.register(Mail)
class MailAdmin(LookOnlyAdmin):
    """What was sent, and what the mail server said to what was not."""

    words = "E-mails"
    shelf = LOOK_UP
    list_display = ("created_at", "seller", "to", "subject", "sent_at", "attempts", "last_error")
    list_select_related = ("seller",)
    search_fields = ("to__exact",)
    ordering = ("-id",)
