"""A seller as support sees it: who may act for it, and the way to its pages."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from inventory import team
from inventory.admin.base import DeskAdmin, ForSuperusers, TabularInlineOfAny
from inventory.admin.second_step import reset_second_step
from inventory.admin.visits import begin_visit
from inventory.models import Membership, Seller
from inventory.second_step import device_of
from inventory.shelves import DESK
from marketplace_integration import clock


class MembershipInline(ForSuperusers, TabularInlineOfAny):
    """Who may act for the seller, for those who may change it."""

    model = Membership
    fields = ("user", "role")
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(Seller)
class SellerAdmin(ForSuperusers, DeskAdmin):
    shelf = DESK
    prepopulated_fields = {"slug": ["name"]}
    exclude = ("created_at",)
    list_display = ("name", "slug", "currency", "time_zone", "created_at")
    search_fields = ("name", "slug")
    search_help_text = "The seller's name, or part of its addresses."
    ordering = ("name",)
    change_form_template = "admin/inventory/seller/change_form.html"

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> list[Any]:
        return [MembershipInline] if self.has_change_permission(request, obj) else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        seller = self.get_object(request, object_id)
        members = seller.memberships.select_related("user__second_step").order_by("user__username") if seller else []
        lost = [member for member in members if device_of(member.user) and not member.user.is_staff]
        more = {"team": members, "resettable": lost}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def get_urls(self) -> list[URLPattern]:
        reset = "<int:object_id>/members/<int:pk>/second-step/"
        return [
            self.path_of("<int:object_id>/visit/", begin_visit, "visit"),
            self.path_of(reset, reset_second_step, "second_step"),
            *super().get_urls(),
        ]

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
