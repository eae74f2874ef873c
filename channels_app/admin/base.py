"""What all admin pages of channels have in common: support may look, and nothing is edited or deleted as a row."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.http import HttpRequest

from channels_app.flows.permissions import is_support
from inventory.admin import CappedPaginator

# The stubs know these as generic, Django itself does not.
if TYPE_CHECKING:
    ModelAdminOfAny = admin.ModelAdmin[Any]
    TabularInlineOfAny = admin.TabularInline[Any, Any]
else:
    ModelAdminOfAny, TabularInlineOfAny = admin.ModelAdmin, admin.TabularInline


class LookOnly:
    """Support may see these rows; no one may add, change or delete them here."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_support(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_support(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LookOnlyAdmin(LookOnly, ModelAdminOfAny):
    """A list and a page of rows that are only looked at."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    actions: Sequence[str] | None = None


class LookOnlyInline(LookOnly, TabularInlineOfAny):
    """Rows under their parent, newest first, only the newest of many."""

    extra = 0
    can_delete = False
    show_change_link = False
    ordering = ("-pk",)
    newest = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        parent = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        if parent is None:
            return rows.none()
        newest = rows.filter(**{f"{self.fk_column}_id": parent}).values("pk")[: self.newest]
        return self.model._default_manager.filter(pk__in=newest).order_by("-pk")

    #: The foreign key to the parent.
    fk_column = "channel"


def name_or_nobody(row: Model, field: str) -> str:
    """Return who it was; the system where nobody stands."""
    try:
        person = getattr(row, field)
    except ObjectDoesNotExist:
        person = None
    return str(person) if person else "the clock"
