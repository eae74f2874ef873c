"""The inventory as support sees it: to look at, not to change. Stock moves only by movements."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from inventory.models import CsvImport, Item, Label, Location, Membership, Seller, StockMovement

# The stubs know these as generic, Django itself does not.
if TYPE_CHECKING:
    ModelAdminOfAny = admin.ModelAdmin[Any]
    TabularInlineOfAny = admin.TabularInline[Any, Any]
else:
    ModelAdminOfAny, TabularInlineOfAny = admin.ModelAdmin, admin.TabularInline

#: Whoever may steer channels may look at what they list. Named, not imported: the app above defines it.
SUPPORT_PERMISSION = "channels_app.support_channels"


class LookOnly:
    """Nothing can be added, changed or deleted; support and superusers may look."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(SUPPORT_PERMISSION)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(SUPPORT_PERMISSION)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class MembershipInline(LookOnly, TabularInlineOfAny):
    model = Membership
    fields = ("user", "role")


@admin.register(Seller)
class SellerAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("name", "slug", "currency", "time_zone", "created_at")
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)


@admin.register(Item)
class ItemAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("sku", "title", "seller", "price", "currency", "blocked", "archived_at")
    list_select_related = ("seller",)
    search_fields = ("sku__icontains", "title__icontains")
    ordering = ("-id",)
    show_full_result_count = False
    raw_id_fields = ("parent",)


@admin.register(Label)
class LabelAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("name", "seller", "kind", "recalculated_at")
    list_select_related = ("seller",)
    search_fields = ("name", "seller__name")


@admin.register(Location)
class LocationAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("name", "code", "seller", "is_default")
    list_select_related = ("seller",)


@admin.register(StockMovement)
class StockMovementAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("at", "item", "location", "on_hand_delta", "reserved_delta", "reason", "actor")
    list_select_related = ("item", "location", "actor")
    search_fields = ("item__sku__exact",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(CsvImport)
class CsvImportAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("file_name", "seller", "state", "rows_done", "attempts", "created_at", "finished_at")
    list_select_related = ("seller",)
    ordering = ("-id",)
