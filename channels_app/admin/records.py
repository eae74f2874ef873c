"""Lists to look things up when a seller calls: jobs, their runs, what was sent, listings, plans, checks."""

from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from channels_app.admin.base import ChannelRowsAdmin
from channels_app.admin.channel_page import job_row
from channels_app.admin.filters import OverdueFilter, WhatFilter
from channels_app.flows.ledger import ask_for_check
from channels_app.flows.permissions import NotAllowed
from channels_app.models import (
    Channel,
    ChannelHistory,
    ChannelJob,
    ChannelLedger,
    FeedLine,
    JobRun,
    LedgerCheck,
    Listing,
    ReconcileRun,
    Submission,
)
from channels_app.tasks import check_channel_ledger
from channels_app.views.history_words import describe
from channels_app.views.words import describe_counts
from inventory.admin.base import LookOnlyAdmin
from inventory.admin.values import badge, spell
from inventory.shelves import LOOK_UP
from marketplace_integration import clock


def _counted(row: Any) -> str:
    return describe_counts(row.counts)


def _who(entry: ChannelHistory) -> str:
    return describe(entry).who


def _what(entry: ChannelHistory) -> str:
    return describe(entry).text


@admin.register(ChannelHistory)
class ChannelHistoryAdmin(ChannelRowsAdmin):
    words = "What was changed on channels"
    shelf = LOOK_UP
    list_display = ("at", "of_channel", "actor", "what", "reason")
    list_filter = (WhatFilter,)
    search_fields = ("channel__name", "channel__seller__name", "reason")
    search_help_text = "The channel, the seller or the reason."
    list_select_related = ("channel__seller", "actor")
    fields = ("channel", "at", "actor", "what", "reason")
    sentences: ClassVar = {"actor": _who, "what": _what}

    def heading(self, row: ChannelHistory) -> str:
        told = describe(row)
        return f"{row.channel}, {spell(row.at)}: {told.who} {told.text}"


@admin.register(ChannelJob)
class ChannelJobAdmin(ChannelRowsAdmin):
    words = "Jobs"
    list_display = ("of_channel", "kind", "how", "last_error", "last_success_at", "next_run_at")
    list_filter = ("kind", "enabled", "blocked")
    groups = (
        ("", ("channel", "kind", "how", "last_error", "failures")),
        ("When", ("last_run_at", "last_success_at", "next_run_at", "interval_seconds")),
    )
    ordering = ("-blocked", "-failures", "channel_id", "kind")

    @admin.display(description="how it is")
    def how(self, job: ChannelJob) -> SafeString:
        row = job_row(job, clock.now())
        return badge(row.state, row.words)


@admin.register(LedgerCheck)
class LedgerCheckAdmin(LookOnlyAdmin):
    words = "Nightly checks"
    list_display = ("at", "offences", "seconds")

    def heading(self, row: LedgerCheck) -> str:
        return f"Check of {spell(row.at)}: {row}"


@admin.register(ChannelLedger)
class ChannelLedgerAdmin(ChannelRowsAdmin):
    """What the last check found on each channel; the worst first."""

    words = "Checks by channel"
    shelf = LOOK_UP
    list_display = ("of_channel", "offences", "at", "seconds", "asked_at")
    ordering = ("-offences", "channel_id")
    actions = ("check_now",)

    def heading(self, row: ChannelLedger) -> str:
        return f"{row.channel}: {row}"

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
    sentences: ClassVar = {"counts": _counted}
    groups = (("", ("channel", "kind", "outcome", "error", "counts", "started_at", "finished_at")),)

    def heading(self, row: JobRun) -> str:
        return (
            f"{row.get_kind_display()} of {row.channel}, {spell(row.started_at)}: {row.get_outcome_display().lower()}"
        )


@admin.register(Submission)
class SubmissionAdmin(ChannelRowsAdmin):
    words = "What was sent"
    list_display = ("created_at", "of_channel", "kind", "phase", "line_count", "overdue", "closed_at")
    list_filter = (OverdueFilter, "phase", "kind")
    search_fields = (*ChannelRowsAdmin.search_fields, "handle__exact", "key__exact")
    search_help_text = "The channel, the seller, the whole number or the whole key."
    groups = (
        ("", ("channel", "kind", "phase", "reason", "overdue")),
        ("Its lines", ("line_count", "confirmed_count", "rejected_count", "superseded_count")),
        ("When", ("created_at", "sent_at", "closed_at", "next_poll_at", "poll_count")),
    )

    def heading(self, row: Submission) -> str:
        return f"{row.get_kind_display()} to {row.channel}, {spell(row.created_at)}: {row.get_phase_display().lower()}"


@admin.register(FeedLine)
class FeedLineAdmin(ChannelRowsAdmin):
    words = "What was sent, line by line"
    list_display = ("sku", "of_channel", "kind", "state", "price", "quantity", "created_at", "reason")
    # No filters: what is rare among many millions of lines is found by its SKU or its submission, by no list.
    search_fields = ("sku__exact",)
    search_help_text = "The whole SKU."
    groups = (
        ("", ("sku", "channel", "kind", "state", "price", "quantity")),
        ("What the channel answered", ("reason", "code", "closed_at", "overdue")),
        ("When", ("changed_at", "created_at", "submission")),
    )

    def heading(self, row: FeedLine) -> str:
        return f"{row.sku} to {row.channel}, {spell(row.created_at)}: {row.get_state_display().lower()}"


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
    groups = (
        ("", ("sku", "channel", "item", "state", "rejected_reason", "rejected_code", "rejected_at")),
        ("What the channel confirmed", ("confirmed_price", "confirmed_quantity", "confirmed_at", "remote_id")),
        ("What was sent last", ("sent_price", "sent_quantity", "sent_withdrawn", "last_line_at")),
        ("What the reconciler read", ("remote_price", "remote_quantity", "remote_active", "remote_as_of")),
    )

    def heading(self, row: Listing) -> str:
        return f"{row.sku} on {row.channel}: {row.get_state_display().lower()}"


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ChannelRowsAdmin):
    words = "Reconciler plans"
    list_display = ("created_at", "of_channel", "state", "remote_count", "counts", "reason")
    list_filter = ("state",)
    sentences: ClassVar = {"counts": _counted}
    groups = (
        ("", ("channel", "state", "reason", "counts", "remote_count")),
        ("When and by whom", ("created_at", "as_of", "finished_at", "decided_by")),
    )

    def heading(self, row: ReconcileRun) -> str:
        return f"Reconciler plan of {row.channel}, {spell(row.created_at)}: {row.get_state_display().lower()}"
