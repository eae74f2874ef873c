"""What all pages of support have in common: it may look, and nothing is edited or deleted as a row."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from inventory.shelves import BEHIND
from inventory.support import is_support

# The stubs know these as generic, Django itself does not.
if TYPE_CHECKING:
    ModelAdminOfAny = admin.ModelAdmin[Any]
    TabularInlineOfAny = admin.TabularInline[Any, Any]
    PaginatorOfAny = Paginator[Any]
else:
    ModelAdminOfAny, TabularInlineOfAny, PaginatorOfAny = admin.ModelAdmin, admin.TabularInline, Paginator

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
        return is_support(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_support(request.user)

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


class DeskAdmin(ModelAdminOfAny):
    """A list at the desk: under a name that people say, on one of its shelves, counted only so far."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    #: How the desk calls these rows.
    words = ""
    shelf = BEHIND
    #: Said of an empty list.
    empty_words = "Nothing of this kind yet."

    def title(self) -> str:
        return self.words or str(self.opts.verbose_name_plural).capitalize()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": self.title(), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        heading = {"list_title": self.title()}
        return super().change_view(request, object_id, form_url, {**heading, **(extra_context or {})})


class LookOnlyAdmin(LookOnly, DeskAdmin):
    """A list and a page of rows that are only looked at."""

    actions: Sequence[str] | None = None

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """People stand by name: Django would link to their accounts, which support may not open."""
        people = {field.name for field in self.opts.fields if field.related_model is User}
        return [_named(name) if name in people else name for name in super().get_fields(request, obj)]


def _named(field: str) -> Callable[[Model], str]:
    """Return the column that names the person in `field`."""

    @admin.display(description=field.replace("_", " "))
    def name(row: Model) -> str:
        person = getattr(row, field)
        return person.get_username() if person else "–"

    return name
