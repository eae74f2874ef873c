"""Lists to look things up when a seller calls: jobs, runs, submissions, lines, listings, orders, commands, plans."""

from functools import partial
from typing import cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from channels_app.admin.base import LookOnlyInline, name_or_nobody
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
from inventory.admin.base import LookOnlyAdmin
from marketplace_integration import clock


@admin.register(ChannelHistory)
class ChannelHistoryAdmin(LookOnlyAdmin):
    list_display = ("at", "channel", "who", "what", "before", "after", "reason")
    list_filter = ("what",)
    search_fields = ("channel__name", "channel__seller__name", "reason")
    list_select_related = ("channel", "actor")
    ordering = ("-pk",)

    @admin.display(description="who")
    def who(self, entry: ChannelHistory) -> str:
        return name_or_nobody(entry, "actor")


@admin.register(ChannelJob)
class ChannelJobAdmin(LookOnlyAdmin):
    list_display = ("channel", "kind", "enabled", "blocked", "failures", "next_run_at", "last_success_at", "last_error")
    list_filter = ("kind", "enabled", "blocked")
    search_fields = ("channel__name", "channel__seller__name")
    list_select_related = ("channel",)
    ordering = ("-blocked", "-failures", "channel_id", "kind")


@admin.register(LedgerCheck)
class LedgerCheckAdmin(LookOnlyAdmin):
    list_display = ("at", "offences", "seconds")
    ordering = ("-pk",)


@admin.register(ChannelLedger)
class ChannelLedgerAdmin(LookOnlyAdmin):
    """What the last check found on each channel; the worst first."""

    list_display = ("channel", "offences", "at", "seconds", "asked_at")
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
class JobRunAdmin(LookOnlyAdmin):
    list_display = ("started_at", "channel", "kind", "outcome", "counts", "error")
    list_filter = ("outcome", "kind")
    search_fields = ("channel__name", "channel__seller__name")
    list_select_related = ("channel",)
    ordering = ("-pk",)


@admin.register(Submission)
class SubmissionAdmin(LookOnlyAdmin):
    list_display = ("created_at", "channel", "kind", "phase", "line_count", "poll_count", "overdue", "closed_at")
    list_filter = ("phase", "kind", "overdue")
    search_fields = ("handle__exact", "key__exact", "channel__name")
    list_select_related = ("channel",)
    ordering = ("-pk",)


@admin.register(FeedLine)
class FeedLineAdmin(LookOnlyAdmin):
    list_display = ("sku", "channel", "kind", "state", "price", "quantity", "created_at", "closed_at", "reason")
    # No filters: what is rare among many millions of lines is found by its SKU or its submission, by no list.
    search_fields = ("sku__exact",)
    search_help_text = "The whole SKU."
    list_select_related = ("channel",)
    ordering = ("-pk",)
    raw_id_fields = ("submission",)


@admin.register(Listing)
class ListingAdmin(LookOnlyAdmin):
    list_display = (
        "sku",
        "channel",
        "state",
        "confirmed_price",
        "confirmed_quantity",
        "confirmed_at",
        "rejected_reason",
    )
    list_filter = ("state",)
    search_fields = ("sku__exact",)
    search_help_text = "The whole SKU."
    list_select_related = ("channel",)
    ordering = ("-pk",)
    raw_id_fields = ("item",)


class OrderLineInline(LookOnlyInline):
    model = OrderLine
    fk_column = "order"
    fields = readonly_fields = (
        *("sku", "title", "quantity", "shipped", "cancelled", "remote_shipped", "remote_cancelled"),
        *("amount", "refunded"),
    )


@admin.register(Order)
class OrderAdmin(LookOnlyAdmin):
    list_display = ("remote_id", "channel", "placed_at", "payment_status", "shipping_status", "managed_by", "attention")
    list_filter = ("shipping_status", "payment_status", "managed_by")
    search_fields = ("remote_id__exact",)
    search_help_text = "The channel's order number."
    list_select_related = ("channel",)
    ordering = ("-pk",)
    inlines = (OrderLineInline,)


@admin.register(RawOrder)
class RawOrderAdmin(LookOnlyAdmin):
    """Without the body: it holds buyers' data, which support does not need."""

    list_display = ("remote_id", "version", "channel", "state", "reason", "fetched_at")
    list_filter = ("state",)
    search_fields = ("remote_id__exact",)
    list_select_related = ("channel",)
    ordering = ("-pk",)
    exclude = ("body",)


@admin.register(Command)
class CommandAdmin(LookOnlyAdmin):
    list_display = ("created_at", "channel", "order", "kind", "state", "quantity", "attempts", "reason")
    list_filter = ("state", "kind", "overdue")
    search_fields = ("order__remote_id__exact",)
    search_help_text = "The channel's order number."
    list_select_related = ("channel", "order")
    ordering = ("-pk",)


@admin.register(ShippingFile)
class ShippingFileAdmin(LookOnlyAdmin):
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
class ReturnAdmin(LookOnlyAdmin):
    list_display = ("remote_id", "channel", "order_remote_id", "order", "requested_at", "imported_at")
    search_fields = ("remote_id__exact", "order_remote_id__exact")
    search_help_text = "The channel's number of the return or of the order."
    list_select_related = ("channel", "order")
    ordering = ("-pk",)
    inlines = (ReturnLineInline,)


@admin.register(ReconcileRun)
class ReconcileRunAdmin(LookOnlyAdmin):
    list_display = ("created_at", "channel", "state", "remote_count", "counts", "reason")
    list_filter = ("state",)
    search_fields = ("channel__name",)
    list_select_related = ("channel",)
    ordering = ("-pk",)
