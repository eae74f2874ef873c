"""What all pages of support have in common: it may look, and nothing is edited or deleted as a row."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from inventory.admin.values import column_of
from inventory.shelves import BEHIND
from inventory.support import is_support

# The stubs know these as generic, Django itself does not.
if TYPE_CHECKING:
    ModelAdminOfAny = admin.ModelAdmin[Any]
    TabularInlineOfAny = admin.TabularInline[Any, Any]
    PaginatorOfAny = Paginator[Any]
else:
    ModelAdminOfAny, TabularInlineOfAny, PaginatorOfAny = admin.ModelAdmin, admin.TabularInline, Paginator

#: A heading and the columns below it.
Group = tuple[str, Sequence[Any]]

#: How columns end that say nothing to people.
_FOR_PROGRAMS = ("hash", "fence", "seller_id", "line_id", "last_place")
#: Lists are not counted further; beyond it one searches anyway.
_COUNTED = 10_000
#: What a page shows last, folded away.
_THE_REST = "Everything else"


class CappedPaginator(PaginatorOfAny):
    """Counts no further than 10,000: counting millions costs more than the page."""

    @cached_property
    def count(self) -> int:
        return cast(QuerySet[Any], self.object_list).order_by()[:_COUNTED].count()


def for_support(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view answers 403 to all but support."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_support(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


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


def own_currency(row: Any) -> str:
    return str(getattr(row, "currency", ""))


class InWords:
    """Columns as people read them; see inventory/admin/values.py."""

    #: Row -> the currency of its amounts.
    currency_of: Callable[[Any], str] = staticmethod(own_currency)
    #: Column -> what a row's value means, line by line; for those that mean more than they hold.
    sentences: ClassVar[Mapping[str, Callable[[Any], str | list[str]]]] = {}

    def in_words(self, names: Sequence[Any], *, in_list: bool = False) -> list[Any]:
        """Return the columns of these names, those that Django writes well by name."""
        fields = {field.name: field for field in cast(Any, self).opts.fields}
        return [self._column(fields[name], in_list) or name if name in fields else name for name in names]

    def _column(self, field: Any, in_list: bool) -> Any:
        sentence = self.sentences.get(field.name)
        return column_of(field, in_list=in_list, currency_of=self.currency_of, sentence=sentence)


class DeskAdmin(InWords, ModelAdminOfAny):
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
    #: The newest first.
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)

    def title(self) -> str:
        return self.words or str(self.opts.verbose_name_plural).capitalize()

    def heading(self, row: Any) -> str:
        """Return what a person calls this row."""
        return str(row)

    def path_of(self, route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
        """Return the address, below this list's, of a view for support alone."""
        guarded = self.admin_site.admin_view(for_support(view))
        return path(route, guarded, name=f"{self.opts.app_label}_{self.opts.model_name}_{name}")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self.in_words(super().get_list_display(request), in_list=True)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the address without what was left empty: Django would look for rows with nothing there."""
        if request.method == "GET" and "" in request.GET.values():
            asked = request.GET.copy()
            for name in [name for name, value in request.GET.items() if value == ""]:
                del asked[name]
            return redirect(f"{request.path}?{asked.urlencode()}" if asked else request.path)
        return super().changelist_view(request, {"title": self.title(), **(extra_context or {})})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context["list_title"] = self.title()
        if obj is not None:
            context["heading"] = context["subtitle"] = self.heading(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)


class LookOnlyAdmin(LookOnly, DeskAdmin):
    """A list and a page of rows that are only looked at."""

    actions: Sequence[str] | None = None
    #: What matters on a row's page, the first things first. What no group names follows, folded away.
    groups: ClassVar[Sequence[Group]] = ()

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What only programs read is left out, and people stand by name: their accounts support may not open."""
        grouped = {name for _, names in self.groups for name in names}
        rest = [
            name
            for name in self.get_fields(request, obj)
            if name not in grouped and not str(name).endswith(_FOR_PROGRAMS)
        ]
        shown = [(heading or None, {"fields": self.in_words(names)}) for heading, names in self.groups]
        if not rest:
            return shown
        folded = {"classes": ["collapse"]} if shown else {}
        return [*shown, (_THE_REST if shown else None, {"fields": self.in_words(rest), **folded})]


class SellerRowsAdmin(LookOnlyAdmin):
    """Rows of many sellers: each says whose."""

    list_select_related: ClassVar[tuple[str, ...]] = ("seller",)
    search_fields: ClassVar[tuple[str, ...]] = ("seller__name",)
    search_help_text = "The seller."
