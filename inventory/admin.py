"""The inventory as support sees it: to look at, not to change. Stock moves only by movements."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from inventory import team
from inventory.models import CsvImport, Item, Label, Location, Mail, Membership, Seller, StockMovement, TeamChange
from marketplace_integration import clock

# The stubs know these as generic, Django itself does not.
if TYPE_CHECKING:
    ModelAdminOfAny = admin.ModelAdmin[Any]
    TabularInlineOfAny = admin.TabularInline[Any, Any]
    PaginatorOfAny = Paginator[Any]
else:
    ModelAdminOfAny, TabularInlineOfAny, PaginatorOfAny = admin.ModelAdmin, admin.TabularInline, Paginator

#: Whoever may steer channels may look at what they list. Named, not imported: the app above defines it.
SUPPORT_PERMISSION = "channels_app.support_channels"


#: Lists are not counted further; beyond it one searches anyway.
_COUNTED = 10_000


class CappedPaginator(PaginatorOfAny):
    """Counts no further than 10,000: counting millions costs more than the page."""

    @cached_property
    def count(self) -> int:
        return cast(QuerySet[Any], self.object_list).order_by()[:_COUNTED].count()


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


class ForSuperusers(LookOnly):
    """Support may look; a superuser may add and change. Sellers are not deleted: their orders must stay."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


class MembershipInline(ForSuperusers, TabularInlineOfAny):
    """Who may act for the seller."""

    model = Membership
    fields = ("user", "role")
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(Seller)
class SellerAdmin(ForSuperusers, ModelAdminOfAny):
    prepopulated_fields = {"slug": ["name"]}
    exclude = ("created_at",)
    list_display = ("name", "slug", "currency", "time_zone", "created_at")
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Seller, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Members are the only rows below a seller here: what support does to them is shown on the seller's page."""
        with team.recorded(form.instance, actor=cast(User, request.user), now=clock.now()):
            super().save_formset(request, form, formset, change)


@admin.register(Item)
class ItemAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("sku", "title", "seller", "price", "currency", "blocked", "archived_at")
    list_select_related = ("seller",)
    search_fields = ("sku__icontains", "title__icontains")
    ordering = ("-id",)
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
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
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50


@admin.register(CsvImport)
class CsvImportAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("file_name", "seller", "state", "rows_done", "attempts", "created_at", "finished_at")
    list_select_related = ("seller",)
    ordering = ("-id",)


@admin.register(TeamChange)
class TeamChangeAdmin(LookOnly, ModelAdminOfAny):
    list_display = ("at", "seller", "who", "what", "whom", "before", "after")
    list_select_related = ("seller",)
    search_fields = ("who", "whom", "seller__name")
    ordering = ("-id",)


@admin.register(Mail)
class MailAdmin(LookOnly, ModelAdminOfAny):
    """What was sent, and what the mail server said to what was not."""

    list_display = ("created_at", "seller", "to", "subject", "sent_at", "attempts", "last_error")
    list_select_related = ("seller",)
    search_fields = ("to__exact",)
    ordering = ("-id",)
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
