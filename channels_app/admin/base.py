"""What admin pages of channels have in common."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from inventory.admin.base import InWords, LookOnly, LookOnlyAdmin, TabularInlineOfAny


def currency_of_channel(row: Any) -> str:
    return str(row.channel.currency)


class ChannelRowsAdmin(LookOnlyAdmin):
    """Rows of many channels: each says which, and whose."""

    list_select_related: ClassVar[tuple[str, ...]] = ("channel__seller",)
    search_fields: ClassVar[tuple[str, ...]] = ("channel__name", "channel__seller__name")
    search_help_text = "The channel or the seller."
    currency_of = staticmethod(currency_of_channel)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """The row opens from its first column that is no link of its own."""
        return [name for name in list_display if name != "of_channel"][:1]

    @admin.display(description="channel", ordering="channel__name")
    def of_channel(self, row: Any) -> SafeString:
        page = reverse("admin:channels_app_channel_change", args=[row.channel_id])
        channel, seller = row.channel.name, row.channel.seller.name
        return format_html(
            '<span class="one-line" title="{0} of {1}"><a class="row-link" href="{2}">{0}</a> of {1}</span>',
            channel,
            seller,
            page,
        )


class LookOnlyInline(LookOnly, InWords, TabularInlineOfAny):
    """Rows under their parent, newest first, only the newest of many."""

    template = "admin/rows_below.html"
    extra = 0
    can_delete = False
    ordering = ("-pk",)
    newest = 50

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return self.in_words(super().get_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return self.in_words(super().get_readonly_fields(request, obj))

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        parent = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        if parent is None:
            return rows.none()
        newest = rows.filter(**{f"{self.fk_column}_id": parent}).values("pk")[: self.newest]
        return self.model._default_manager.filter(pk__in=newest).order_by("-pk")

    #: The foreign key to the parent.
    fk_column = "channel"
