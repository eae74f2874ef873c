"""Lists to look things up when a seller calls: jobs, runs, submissions, lines, listings, orders, commands, plans."""

from functools import partial
from typing import cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from channels_app.admin.base import ChannelRowsAdmin, LookOnlyInline, name_or_nobody
from channels_app.admin.channel_page import job_row
from channels_app.flows.ledger import ask_for_check
from channels_app.flows.permissions import NotAllowed
from channels_app.models import (
    Channel,
    ChannelHistory,
    ChannelJob,
    ChannelLedger,
    Command,
    FeedLine,
    JobRun,
    LedgerCheck,
    Listing,
    Order,
    OrderLine,
    RawOrder,
    ReconcileRun,
    Return,
    ReturnLine,
    ShippingFile,
    Submission,
)
from channels_app.tasks import check_channel_ledger
from channels_app.views.history_words import describe
from inventory.admin.base import LookOnlyAdmin
from inventory.shelves import LOOK_UP
from marketplace_integration import clock


@admin.register(ChannelHistory)
class ChannelHistoryAdmin(ChannelRowsAdmin):
    words = "What was changed on channels"
    shelf = LOOK_UP
    list_display = ("at", "of_channel", "who", "changed", "reason")
    list_filter = ("what",)
    search_fields = ("channel__name", "channel__seller__name", "reason")
    list_select_related = ("channel__seller", "actor")
    ordering = ("-pk",)

    @admin.display(description="who")
    def who(self, entry: ChannelHistory) -> str:
        return name_or_nobody(entry, "actor")

    @admin.display(description="what")
    def changed(self, entry: ChannelHistory) -> str:
        return describe(entry).text


@admin.register(ChannelJob)
class ChannelJobAdmin(ChannelRowsAdmin):
    words = "Jobs"
    list_display = ("of_channel", "kind", "how", "last_error", "last_success_at", "next_run_at")
    list_filter = ("kind", "enabled", "blocked")
    search_fields = ("channel__name", "channel__seller__name")
    search_help_text = "The channel or the seller."
    ordering = ("-blocked", "-failures", "channel_id", "kind")

    @admin.display(description="how it is")
    def how(self, job: ChannelJob) -> str:
        return job_row(job, clock.now()).words


@admin.register(LedgerCheck)
class LedgerCheckAdmin(LookOnlyAdmin):
    words = "Nightly checks"
    list_display = ("at", "offences", "seconds")
    ordering = ("-pk",)


@admin.register(ChannelLedger)
class ChannelLedgerAdmin(ChannelRowsAdmin):
    """What the last check found on each channel; the worst first."""

    words = "Checks by channel"
    shelf = LOOK_UP
    list_display = ("of_channel", "offences", "at", "seconds", "asked_at")
    search_fields = ("channel__name", "channel__seller__name")
    list_select_related = ("channel__seller",)
    ordering = ("-offences", "channel_id")
    actions = ("check_now",)

    @admin.action(description="Check now")
    def check_now(self, request: HttpRequest, rows: QuerySet[ChannelLedger]) -> None:
        """A worker checks these channels; each row says so until it has."""
        begun = 0
        for ledger in rows.select_related("channel"):
            begun += self._begin(ledger.channel, request)
        self.message_user(request, f"Checks that have begun: {begun}. Load the page again to see what they found.")

    def _begin(self, channel: Channel, request: HttpRequest) -> bool:
        """Return whether a check has begun: not where one runs, ended a moment ago, or the channel is not active."""
        try:
            asked = ask_for_check(channel, actor=cast(User, request.user), now=clock.now(), as_support=True)
        except NotAllowed:
            return False
        if asked:
            transaction.on_commit(partial(check_channel_ledger.apply_async, args=(channel.pk,)), robust=True)
        return asked


@admin.register(JobRun)
class JobRunAdmin(ChannelRowsAdmin):
    words = "Runs of jobs"
    list_display = ("started_at", "of_channel", "kind", "outcome", "counts", "error")
    list_filter = ("outcome", "kind")
    search_fields = ("channel__name", "channel__seller__name")
    list_select_related = ("channel__seller",)
    ordering = ("-pk",)


@admin.register(Submission)
class SubmissionAdmin(ChannelRowsAdmin):
    words = "What was sent"
    list_display = ("created_at", "of_channel", "kind", "phase", "line_count", "poll_count", "overdue", "closed_at")
    list_filter = ("phase", "kind", "overdue")
    search_fields = ("handle__exact", "key__exact", "channel__name")
    list_select_related = ("channel__seller",)
    ordering = ("-pk",)


@admin.register(FeedLine)
class FeedLineAdmin(ChannelRowsAdmin):
    words = "What was sent, line by line"
    list_display = ("sku", "of_channel", "kind", "state", "price", "quantity", "created_at", "closed_at", "reason")
    # No filters: what is rare among many millions of lines is found by its SKU or its submission, by no list.
    search_fields = ("sku__exact",)
    search_help_text = "The whole SKU."
    list_select_related = ("channel__seller",)
    ordering = ("-pk",)
    raw_id_fields = ("submission",)


@admin.register(Listing)
class ListingAdmin(ChannelRowsAdmin):
    shelf = LOOK_UP
    list_display = (
        "sku",
        "of_channel",
        "state",
        "confirmed_price",
        "confirmed_quantity",
        "confirmed_at",
        "rejected_reason",
    )
    list_filter = ("state",)
    search_fields = ("sku__exact",)
    search_help_text = "The whole SKU."
    list_select_related = ("channel__seller",)
    ordering = ("-pk",)
    raw_id_fields = ("item",)


class OrderLineInline(LookOnlyInline):
    model = OrderLine
    fk_column = "order"
    fields = readonly_fields = (
        *("item_link", "title", "quantity", "shipped", "cancelled", "remote_shipped", "remote_cancelled"),
        *("amount", "refunded"),
    )

    @admin.display(description="SKU")
    def item_link(self, line: OrderLine) -> SafeString | str:
        if line.item_id is None:
            return line.sku
        return format_html('<a href="{}">{}</a>', reverse("admin:inventory_item_change", args=[line.item_id]), line.sku)


@admin.register(Order)
class OrderAdmin(ChannelRowsAdmin):
    """Without who bought and where it goes: that is seen on the seller's page, by a visit on record."""

    exclude = ("buyer", "ship_to")
    shelf = LOOK_UP
    list_display = (
        "remote_id",
        "of_channel",
        "placed_at",
        "payment_status",
        "shipping_status",
        "managed_by",
        "attention",
    )
    list_filter = ("shipping_status", "payment_status", "managed_by")
    search_fields = ("remote_id__exact",)
    search_help_text = "The channel's order number."
    list_select_related = ("channel__seller",)
    ordering = ("-pk",)
    inlines = (OrderLineInline,)


@admin.register(RawOrder)
class RawOrderAdmin(ChannelRowsAdmin):
    """Without the body: it holds buyers' data, which support does not need."""

    words = "Orders as downloaded"
    list_display = ("remote_id", "version", "of_channel", "state", "reason", "fetched_at")
    list_filter = ("state",)
    search_fields = ("remote_id__exact",)
    list_select_related = ("channel__seller",)
    ordering = ("-pk",)
    exclude = ("body",)


@admin.register(Command)
class CommandAdmin(ChannelRowsAdmin):
    words = "What marketplaces were told of orders"
    list_display = ("created_at", "of_channel", "order", "kind", "state", "quantity", "attempts", "reason")
    list_filter = ("state", "kind", "overdue")
    search_fields = ("order__remote_id__exact",)
    search_help_text = "The channel's order number."
    list_select_related = ("channel__seller", "order")
    ordering = ("-pk",)


@admin.register(ShippingFile)
class ShippingFileAdmin(LookOnlyAdmin):
    words = "Files of parcels"
    shelf = LOOK_UP
    list_display = ("created_at", "seller", "file_name", "state", "attempts", "confirmed_at", "finished_at")
    list_filter = ("state",)
    search_fields = ("seller__name",)
    list_select_related = ("seller",)
    ordering = ("-pk",)


class ReturnLineInline(LookOnlyInline):
    model = ReturnLine
    fk_column = "of_return"
    fields = readonly_fields = ("remote_id", "sku", "gtin", "quantity", "reason", "decision", "decided_at")


@admin.register(Return)
class ReturnAdmin(ChannelRowsAdmin):
    shelf = LOOK_UP
    list_display = ("remote_id", "of_channel", "order_remote_id", "order", "requested_at", "imported_at")
    search_fields = ("remote_id__exact", "order_remote_id__exact")
    search_help_text = "The channel's number of the return or of the order."
    list_select_related = ("channel__seller", "order")
    ordering = ("-pk",)
    inlines = (ReturnLineInline,)


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ChannelRowsAdmin):
    words = "Reconciler plans"
    list_display = ("created_at", "of_channel", "state", "remote_count", "counts", "reason")
    list_filter = ("state",)
    search_fields = ("channel__name",)
    list_select_related = ("channel__seller",)
    ordering = ("-pk",)
